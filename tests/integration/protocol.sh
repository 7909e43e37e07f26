#!/usr/bin/env bash
# protocol.sh: leave one manipulation out, over two seeds: what is shared is trained once, a killed rank is resumed, no training sees what it left
# out, and the table is what a few lines of Python compute from every scores.csv.
. "$(dirname "$0")/lib.sh"
must "$program" synth --out "$scratch/videos" --identities 20 --frames 2 --size 160 --seed 3 --methods Deepfakes FaceSwap
must "$program" preprocess "$scratch/videos" --dataset ffpp --out "$scratch/shards" --size 64 --frames 2
recipes=$here/../../configs
cat >"$scratch/system.yaml" <<YAML
run:
  - {name: pretrain, file: $recipes/mae/pretrain.yaml, train.steps: 6}
  - {name: composite, file: $recipes/deepfakemae/composite.yaml, mask.kind: random}
  - {name: finetune, file: $recipes/deepfakemae/finetune.yaml, train.steps: 20, train.batch: 4, checkpoint.every: 5}
  - {name: mapping, file: $recipes/deepfakemae/mapping.yaml, model.size: small, meta.share: 0.5, meta.reference: 2, meta.samples: 2, meta.episodes: 2, train.steps: 2}
  - {name: evaluate, file: $recipes/deepfakemae/evaluate.yaml, evaluate.frames: 2}
YAML
cat >"$scratch/protocol.yaml" <<YAML
protocol: leave-one-out
system: system.yaml
seeds: [1, 2]
methods: [Deepfakes, FaceSwap]
YAML
run=$scratch/run
start=(protocol "$scratch/protocol.yaml" data.shards="$scratch/shards" run.dir="$run" "${tiny[@]}" model.image=64 world.threads=1)

must "$program" "${start[@]}" --table
grep -qE "^evaluate +all but FaceSwap +test, FaceSwap +0 of 2$" "$scratch/last.log" || fail "what is not run is not empty"
[ ! -e "$run" ] || fail "--table wrote a run folder"
refused 1 "no fakes of 'FaceSwop' in split .*did you mean 'FaceSwap'" "$program" "${start[@]}" "methods=[Deepfakes,FaceSwop]"
refused 1 "$scratch/none.*manifest.json" "$program" "${start[@]}" "data.sets.other=$scratch/none" protocol=cross-dataset
refused 78 "seeds names 1 twice" "$program" "${start[@]}" "seeds=[1,1]"
refused 78 "nowhere.yaml" "$program" "${start[@]}" system=nowhere.yaml
refused 78 "entry finetune: its stream 'videos' holds fakes of Deepfakes, but" "$program" "${start[@]}" \
  "finetune.train.methods=[Deepfakes,FaceSwap]"
[ ! -e "$run" ] || fail "a refused protocol wrote a run folder"

ranks 2 "${start[@]}" >"$scratch/last.log" 2>&1 &
kill_rank "$run/1/FaceSwap/finetune" 5 "$run"
must "$program" "${start[@]}" --table
grep -qE "^evaluate +all but Deepfakes +test, Deepfakes .* 1 of 2$" "$scratch/last.log" || fail "the table lacks what is finished"
grep -q "^not finished: $run/1/FaceSwap$" "$scratch/last.log" || fail "the table does not name what is unfinished"
must ranks 2 "${start[@]}" --json
for words in "skipping $run/1/Deepfakes: it is finished" "skipping pretrain: $run/1/shared/pretrain is" "resumed $run/1/FaceSwap/finetune at step"; do
  grep -q "$words" "$scratch/last.log" || fail "the log lacks: $words"
done
cp "$run/protocol.json" "$scratch/first.json"
must ranks 2 "${start[@]}"
[ -z "$(find "$run" -name finished.json -newer "$scratch/first.json")" ] || fail "a finished protocol trained again"
cmp "$run/protocol.json" "$scratch/first.json" || fail "a finished protocol has another table"

python3 - "$run" "$scratch/shards" <<'PYTHON' || fail "a training saw what it left out, or the table is not that of the scores"
import csv, glob, json, os, statistics, sys
run, shards = sys.argv[1:]
counts = {}  # videos of the training split with faces in them, by class
for shard in json.load(open(shards + "/manifest.json"))["shards"]:
    for name, count in shard["classes"].items():
        counts[shard["split"], name] = counts.get((shard["split"], name), 0) + count["videos"]
methods = ("Deepfakes", "FaceSwap")
for seed in "12":
    assert sorted(os.listdir(f"{run}/{seed}")) == ["Deepfakes", "FaceSwap", "shared"], os.listdir(f"{run}/{seed}")
    assert sorted(os.listdir(f"{run}/{seed}/shared")) == ["composite", "pretrain"]
    for left_out in methods:
        assert sorted(os.listdir(f"{run}/{seed}/{left_out}")) == ["evaluate", "finetune", "mapping"]
        for entry in ("finetune", "mapping"):
            manifest = json.load(open(glob.glob(f"{run}/{seed}/{left_out}/{entry}/checkpoints/step-*/manifest.json")[-1]))
            streams = {name: part for name, part in manifest["parts"].items() if name.startswith("data.") and "train real" not in part["order"]}
            assert streams, manifest
            for name, part in streams.items():
                other, = set(methods) - {left_out}
                assert other in part["order"] and left_out not in part["order"], (name, part)
                if entry == "finetune":
                    assert part["samples"] == counts["train", "real"] + counts["train", "fake/" + other], (name, part, counts)

def auc(seed, left_out, column):
    rows = list(csv.DictReader(open(f"{run}/{seed}/{left_out}/evaluate/scores.csv")))
    real = [float(row[column]) for row in rows if row["label"] == "0"]
    fake = [float(row[column]) for row in rows if row["method"] == left_out]
    wins = sum((f > r) + 0.5 * (f == r) for f in fake for r in real)
    return wins / len(real) / len(fake), len(real), len(fake)

table = json.load(open(f"{run}/protocol.json"))
assert table["unfinished"] == [] and table["seeds"] == [1, 2] and len(table["lines"]) == 9, table
for column in ("p_fake", "p_vit", "p_mapping"):
    lines = [line for line in table["lines"] if line["score"] == column]
    by_seed = []
    for line, left_out in zip(lines, methods):
        expected = [auc(seed, left_out, column) for seed in "12"]
        aucs = [one[0] for one in expected]
        by_seed.append(aucs)
        assert (line["method"], line["real"], line["fake"]) == (left_out, *expected[0][1:]), line
        assert abs(line["auc"] - statistics.mean(aucs)) < 1e-12 and abs(line["auc_deviation"] - statistics.stdev(aucs)) < 1e-12, line
        assert line["auc_low"] <= line["auc"] <= line["auc_high"], line
    means = [statistics.mean(pair) for pair in zip(*by_seed)]
    assert lines[2]["mean_of"] == 2 and abs(lines[2]["auc"] - statistics.mean(means)) < 1e-12, lines[2]
    assert abs(lines[2]["auc_deviation"] - statistics.stdev(means)) < 1e-12, lines[2]
PYTHON
must ranks 2 "${start[@]}" --table
[ "$(grep -c "^leave-one-out of" "$scratch/last.log")" = 1 ] || fail "--table is printed by each rank"
must "$program" "${start[@]}" --table
grep -qE "^evaluate, p_vit +test, mean of 2 .* 2 of 2$" "$scratch/last.log" || fail "the table has no mean"
for other in finetune.train.batch=8 protocol=cross-manipulation; do
  refused 78 "belongs to another configuration" "$program" "${start[@]}" --table "$other"
done
rm -r "$run/1/shared/composite"
must "$program" "${start[@]}" finetune.train.steps=21 --table
grep -qE "^evaluate +all but Deepfakes +test, Deepfakes +0 of 2$" "$scratch/last.log" || fail "AUCs of 20 steps are shown as those of 21"
cp "$run/1/FaceSwap/evaluate/results.json" "$scratch/results.json"
must ranks 2 "${start[@]}" finetune.train.steps=21
grep -q "evaluating in $run/1/FaceSwap/evaluate again, since $run/1/FaceSwap/finetune has changed" "$scratch/last.log" || fail "a longer training is not evaluated"
[ -e "$run/1/shared/composite/finished.json" ] || fail "a shared run that was removed is not made again"
! cmp -s "$run/1/FaceSwap/evaluate/results.json" "$scratch/results.json" || fail "the results are those of the shorter training"
