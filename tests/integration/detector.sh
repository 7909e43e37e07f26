#!/usr/bin/env bash
# detector.sh: DeepfakeMAE from shards to results.json, stage by stage; killed while it fine-tunes and resumed; the scores do not depend on the
# number of ranks, and the metrics are those that a few lines of Python compute from scores.csv.
. "$(dirname "$0")/lib.sh"
must "$program" synth --out "$scratch/videos" --identities 40 --frames 6 --size 160 --fakes all --seed 3
must "$program" preprocess "$scratch/videos" --dataset ffpp --out "$scratch/shards" --size 32 --frames 6
system=$here/../../configs/deepfakemae/deepfakemae.yaml
start=(run "$system" data.shards="$scratch/shards" run.dir="$scratch/run" "${tiny[@]}" pretrain.train.steps=10 finetune.train.steps=40 finetune.train.batch=8
  finetune.train.lr_abs=1.0e-3 checkpoint.every=5 finetune.checkpoint.every=5)

ranks 2 "${start[@]}" >"$scratch/last.log" 2>&1 &
for _ in $(seq 3000); do
  [ ! -e "$scratch/run/finetune/checkpoints/step-10" ] || break
  sleep 0.02
done
processes=$(rank_processes "$scratch/run")
[ -n "$processes" ] || fail "nothing was fine-tuning"
kill -KILL $(echo "$processes" | tail -n 1)
wait
[ ! -e "$scratch/run/finetune/finished.json" ] || fail "the fine-tuning had ended before the kill: the test tested nothing"
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
    assert row["p_vit"] == row["p_fake"] and (row["method"] == "") == (row["label"] == "0"), row
PYTHON

for count in 1 3; do
  must ranks "$count" train "$here/../../configs/deepfakemae/evaluate.yaml" weights.vit="$scratch/run/finetune" data.shards="$scratch/shards" \
    run.dir="$scratch/again$count" model.image=32 model.patch=8 model.width=32 model.depth=2 model.heads=2 metrics.port=0 world.device=cpu evaluate.batch=2
done
python3 - "$scratch"/{run/evaluate,again1,again3}/scores.csv <<'PYTHON' || fail "scores depend on the number of ranks"
import csv, sys
two, one, three = ({row["video"]: row for row in csv.DictReader(open(path))} for path in sys.argv[1:])
assert two.keys() == one.keys() == three.keys()
for video in two:
    scores = [float(rows[video]["p_fake"]) for rows in (one, two, three)]
    assert max(scores) - min(scores) < 1e-5, (video, scores)
PYTHON
refused 1 "holds no network 'vit'" "$program" train "$here/../../configs/deepfakemae/evaluate.yaml" weights.vit="$scratch/run/pretrain" \
  data.shards="$scratch/shards" run.dir="$scratch/wrong" model.image=32 model.patch=8 model.width=32 model.depth=2 model.heads=2 metrics.port=0
refused 78 "weights.vit" "$program" train "$here/../../configs/deepfakemae/evaluate.yaml" data.shards="$scratch/shards" run.dir="$scratch/wrong"
