#!/usr/bin/env bash
# detector.sh: DeepfakeMAE from shards to results.json, stage by stage; killed while it fine-tunes and resumed; the restored faces and the scores
# do not depend on the number of ranks, and the metrics are those that a few lines of Python compute from scores.csv.
. "$(dirname "$0")/lib.sh"
must "$program" synth --out "$scratch/videos" --identities 40 --frames 6 --size 160 --fakes all --seed 3
must "$program" preprocess "$scratch/videos" --dataset ffpp --out "$scratch/shards" --size 64 --frames 6
recipes=$here/../../configs/deepfakemae
network=(model.image=64 model.patch=8 model.width=32 model.depth=2 model.heads=2)
small=("${tiny[@]}" "${network[@]}" mapping.model.size=small meta.reference=12 meta.samples=2 meta.episodes=2 world.threads=1)
start=(run "$recipes/deepfakemae.yaml" data.shards="$scratch/shards" run.dir="$scratch/run" "${small[@]}" pretrain.train.steps=10
  finetune.train.steps=40 finetune.train.batch=8 finetune.train.lr_abs=1.0e-3 composite.block=7 mapping.train.steps=4
  checkpoint.every=5 finetune.checkpoint.every=5)

ranks 2 "${start[@]}" >"$scratch/last.log" 2>&1 &
kill_rank "$scratch/run/finetune" 10 "$scratch/run"
must ranks 2 "${start[@]}"
grep -q "skipping pretrain" "$scratch/last.log" || fail "pretraining was not skipped"
grep -q "resumed $scratch/run/finetune at step" "$scratch/last.log" || fail "the fine-tuning was not resumed"

python3 - "$scratch/run/evaluate" <<'PYTHON' || fail "results.json is not what scores.csv says"
import csv, json, sys
rows = list(csv.DictReader(open(sys.argv[1] + "/scores.csv")))
sets = json.load(open(sys.argv[1] + "/results.json"))["sets"]
assert list(sets) == ["test"], sets
assert len({row["video"] for row in rows}) == len(rows) > 10, rows
assert {row["set"] for row in rows} == {"test"} and {row["dataset"] for row in rows} == {"ffpp"}, rows
methods = {row["method"] for row in rows if row["label"] == "1"}
assert methods == set(sets["test"]["video"]) - {"all"} and len(methods) == 4, (methods, sets)
for method, found in sets["test"]["video"].items():
    real = [float(row["p_fake"]) for row in rows if row["label"] == "0" and row["p_fake"]]
    fake = [float(row["p_fake"]) for row in rows if row["label"] == "1" and row["p_fake"] and method in ("all", row["method"])]
    assert (found["real"], found["fake"]) == (len(real), len(fake)), found
    wins = sum((f > r) + 0.5 * (f == r) for f in fake for r in real)
    assert abs(found["auc"] - wins / len(real) / len(fake)) < 1e-12, (method, found)
for row in rows:
    assert abs((float(row["p_vit"]) + float(row["p_mapping"])) / 2 - float(row["p_fake"])) < 1e-12, row
    assert (row["method"] == "") == (row["label"] == "0"), row
frames = list(csv.DictReader(open(sys.argv[1] + "/frame_scores.csv")))
assert len(frames) == 5 * len(rows), (len(frames), len(rows))
for row in rows:
    own = [float(frame["p_mapping"]) for frame in frames if frame["video"] == row["video"]]
    assert abs(sum(own) / 5 - float(row["p_mapping"])) < 1e-6, row
real = [float(row["p_fake"]) for row in frames if row["label"] == "0"]
fake = [float(row["p_fake"]) for row in frames if row["label"] == "1"]
found = sets["test"]["frame"]["all"]
wins = sum((f > r) + 0.5 * (f == r) for f in fake for r in real)
assert abs(found["auc"] - wins / len(real) / len(fake)) < 1e-12 and found["auc_low"] <= found["auc"] <= found["auc_high"], found
PYTHON

composite=(train "$recipes/composite.yaml" weights.mae="$scratch/run/pretrain" data.shards="$scratch/shards" "${network[@]}" model.decoder_width=32
  model.decoder_depth=1 model.decoder_heads=2 composite.block=7 metrics.port=0 world.device=cpu world.threads=1)
for count in 1 3; do
  must ranks "$count" "${composite[@]}" run.dir="$scratch/composite$count"
  cmp "$scratch/run/composite/companion.bin" "$scratch/composite$count/companion.bin" || fail "the restored faces depend on the number of ranks"
  must ranks "$count" train "$recipes/evaluate.yaml" weights.vit="$scratch/run/finetune" weights.mapping="$scratch/run/mapping" \
    weights.recovered="$scratch/run/composite" data.shards="$scratch/shards" run.dir="$scratch/again$count" metrics.port=0 world.device=cpu evaluate.batch=2
done
python3 - "$scratch"/{run/evaluate,again1,again3}/scores.csv <<'PYTHON' || fail "scores depend on the number of ranks"
import csv, json, sys
two, one, three = ({row["video"]: row for row in csv.DictReader(open(path))} for path in sys.argv[1:])
assert two.keys() == one.keys() == three.keys()
for video in two:
    scores = [float(rows[video]["p_fake"]) for rows in (one, two, three)]
    assert max(scores) - min(scores) < 1e-5, (video, scores)
likeness = [json.load(open(path.replace("scores.csv", "results.json")))["sets"]["test"]["similarity"] for path in sys.argv[1:]]
for when in ("before", "after"):
    for one in likeness:
        assert 0 < one[when]["nearest"] < one[when]["farthest"] < 1 and abs(sum(one[when]["real"]) - 1) < 1e-9, one
        assert abs(one[when]["farthest"] - likeness[0][when]["farthest"]) < 1e-5, likeness
PYTHON
must "$program" compare "$scratch/run" "$scratch/again1" --json
python3 -c 'import json,sys; s=json.load(open(sys.argv[1]))["sets"]["test"]; assert abs(s["all"]["difference"]) < 1e-3 and len(s) == 5, s' \
  "$scratch/last.log" || fail "compare does not say that two equal detectors are equal"
must "$program" report "$scratch/run" --out "$scratch/report.html"
grep -q "tells fakes from real videos" "$scratch/report.html" || fail "the report says nothing of the detector"

mapping=(train "$recipes/mapping.yaml" weights.recovered="$scratch/run/composite" weights.mae="$scratch/run/pretrain" data.shards="$scratch/shards"
  model.size=small model.image=64 meta.reference=12 meta.samples=2 meta.episodes=2 train.steps=6 checkpoint.every=2 metrics.port=0 world.device=cpu
  world.threads=1)
must ranks 2 "${mapping[@]}" run.dir="$scratch/whole"
ranks 2 "${mapping[@]}" run.dir="$scratch/killed" >"$scratch/last.log" 2>&1 &
kill_rank "$scratch/killed" 2
must ranks 2 "${mapping[@]}" run.dir="$scratch/killed"
[ "$(weights_of "$scratch/whole")" = "$(weights_of "$scratch/killed")" ] || fail "a resumed mapping has other weights"

refused 1 "holds no network 'vit'" "$program" train "$recipes/evaluate.yaml" weights.vit="$scratch/run/pretrain" weights.mapping= weights.recovered= \
  data.shards="$scratch/shards" run.dir="$scratch/wrong" metrics.port=0
evaluate=("$program" train "$recipes/evaluate.yaml" weights.mapping= weights.recovered= metrics.port=0 world.device=cpu)
must "$program" train "$recipes/finetune.yaml" weights.mae="$scratch/run/pretrain" data.shards="$scratch/shards" "${network[@]}" finetune.frames=2 \
  metrics.port=0 world.device=cpu train.batch=4 train.steps=4 run.stop_at=2 run.dir="$scratch/half"
refused 78 "weights.vit is .*/half', which is no finished run" "${evaluate[@]}" weights.vit="$scratch/half" data.shards="$scratch/shards" run.dir="$scratch/wrong0"
[ ! -e "$scratch/wrong0" ] || fail "a refused evaluation left a folder"
refused 1 "does not fit this network.*same model" "$program" train "$recipes/finetune.yaml" weights.mae="$scratch/run/pretrain" data.shards="$scratch/shards" \
  model.size=small model.image=64 model.patch=8 metrics.port=0 world.device=cpu run.dir="$scratch/wrong0"
grep -q "width is 32 there and 384 here" "$scratch/last.log" || fail "it is not said how the presets differ"
must "$program" preprocess "$scratch/videos" --dataset ffpp --split train --methods original --out "$scratch/untested" --size 64 --frames 1
refused 1 "data.shards. .*/untested holds no faces of split 'test', only of train" "${evaluate[@]}" weights.vit="$scratch/run/finetune" \
  data.shards="$scratch/untested" run.dir="$scratch/wrong00"
refused 1 "data.sets.b. .*/untested holds no faces of split 'test'" "${evaluate[@]}" weights.vit="$scratch/run/finetune" data.shards="$scratch/shards" \
  "data.sets.a=$scratch/shards" "data.sets.b=$scratch/untested" run.dir="$scratch/wrong00"
[ ! -e "$scratch/wrong00/scores.csv" ] || fail "an evaluation that cannot end has scored some of its sets"
refused 78 "weights.vit" "$program" train "$recipes/evaluate.yaml" weights.vit= weights.mapping= weights.recovered= data.shards="$scratch/shards" run.dir="$scratch/wrong"
must "$program" train "$recipes/pretrain.yaml" data.shards="$scratch/shards" run.dir="$scratch/other" "${tiny[@]}" "${network[@]}" train.steps=1
refused 1 "it is stale" "$program" "${mapping[@]}" weights.mae="$scratch/other" run.dir="$scratch/wrong1"
refused 1 "of the manipulation Morphing .it knows: Deepfakes" "$program" "${mapping[@]}" "meta.domains=[Deepfakes,Morphing]" run.dir="$scratch/wrong2"
refused 1 "meta.reference. 64 faces" "$program" "${mapping[@]}" meta.reference=64 run.dir="$scratch/wrong3"
refused 78 "meta.test is 4, but there are 4 domains" "$program" "${mapping[@]}" meta.test=4 run.dir="$scratch/wrong4"
must "$program" synth --out "$scratch/few" --identities 6 --frames 6 --size 160 --seed 4
must "$program" preprocess "$scratch/few" --dataset ffpp --out "$scratch/wide" --size 64 --frames 6 --margin 1.6
refused 78 "cut out in another way.*margin 1.3 .here 1.6" "$program" train "$recipes/evaluate.yaml" weights.vit="$scratch/run/finetune" weights.mapping= weights.recovered= \
  data.shards="$scratch/wide" run.dir="$scratch/wrong5" metrics.port=0 world.device=cpu
refused 1 "neither scores.csv nor" "$program" compare "$scratch/run/pretrain" "$scratch/run"

must "$program" train "$recipes/evaluate.yaml" weights.vit="$scratch/run/finetune" weights.mapping="$scratch/run/mapping" weights.recovered= \
  "data.sets.seen=$scratch/shards" evaluate.select=seen data.shards="$scratch/shards" run.dir="$scratch/chosen" metrics.port=0 world.device=cpu
python3 - "$scratch/chosen" <<'PYTHON' || fail "the chosen checkpoints are not those with the highest AUC"
import json, re, sys
results = json.load(open(sys.argv[1] + "/results.json"))
assert results["sets"]["seen"]["oracle"] and results["selected"]["by"] == "seen", results
log = open(sys.argv[1] + "/log.txt").read()
for branch, chosen in results["selected"]["branches"].items():
    seen = {step: float(auc) for step, auc in re.findall(branch + r" (step-\d+): AUC ([\d.e-]+) on seen", log)}
    assert len(seen) == chosen["candidates"] >= (3 if branch == "vit" else 1) and seen[chosen["checkpoint"]] == max(seen.values()), (seen, chosen)
PYTHON
must "$program" compare "$scratch/chosen" "$scratch/chosen"
grep -q "seen: an oracle for B" "$scratch/last.log" || fail "compare does not say that a set was an oracle"
must "$program" train "$recipes/evaluate.yaml" weights.vit="$scratch/run/finetune" weights.mapping= weights.recovered= evaluate.select=val \
  evaluate.split=all data.shards="$scratch/shards" run.dir="$scratch/chosen2" metrics.port=0 world.device=cpu
grep -q '"oracle"' "$scratch/chosen2/results.json" || fail "a set that holds the videos of the selection is not called an oracle"
refused 78 "evaluate.select. there is no set 'other'" "$program" train "$recipes/evaluate.yaml" weights.vit="$scratch/run/finetune" weights.mapping= \
  weights.recovered= evaluate.select=other data.shards="$scratch/shards" run.dir="$scratch/wrong6" metrics.port=0 world.device=cpu

must ranks 2 run "$here/../../configs/cnn/cnn.yaml" data.shards="$scratch/shards" run.dir="$scratch/cnn" model.image=64 model.width=8 train.steps=150 \
  train.batch=24 train.flip=false train.log_every=50 metrics.port=0 world.device=cpu
python3 - "$scratch/cnn" <<'PYTHON' || fail "the baseline did not learn from its labels"
import csv, json, sys
curve = [json.loads(line) for line in open(sys.argv[1] + "/train/metrics.jsonl")]
assert curve[-1]["values"]["accuracy"] > 0.65 and curve[-1]["loss"] < 0.65, curve  # 0.78 and 0.53 when it was written
rows = list(csv.DictReader(open(sys.argv[1] + "/evaluate/scores.csv")))
assert len(rows) == 30 and all(row["p_cnn"] == row["p_fake"] for row in rows), rows
assert json.load(open(sys.argv[1] + "/evaluate/results.json"))["sets"]["test"]["frame"]["all"]["fake"] == 120
PYTHON
