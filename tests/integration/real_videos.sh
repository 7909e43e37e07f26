#!/usr/bin/env bash
# Preprocesses all real videos of the test data, checks the faces found, and pretrains 30 steps on 2 ranks.
. "$(dirname "$0")/lib.sh"
videos=${REALFACE_TEST_DATA:-}/real-videos
[ -d "$videos" ] || skip "real_videos needs $videos (REALFACE_TEST_DATA names the test data)"
must ranks 2 preprocess "$videos" --out "$scratch/shards" --size 64
grep -v '^[0-9:]* I' "$scratch/last.log" | tail -n 20
"$program" inspect "$scratch/shards" --json >"$scratch/inspect.json" || fail "inspect"
python3 - "$scratch/inspect.json" <<'PYTHON' || fail "faces found"
import json, sys
shards = json.load(open(sys.argv[1]))
videos, frames = shards["totals"]["videos"], shards["totals"]["frames"]
print(f"{videos} videos, {frames} frames with a face")
# Ten videos are given: one of 15 frames, the others longer than 30; two fade in from black.
sys.exit(0 if videos == 10 and frames >= 270 else 1)
PYTHON
must "$program" verify "$scratch/shards"
must ranks 2 train "$here/../../configs/demo/pretrain.yaml" run.dir="$scratch/run" data.shards="$scratch/shards" "${tiny[@]}" model.image=64 train.steps=30
[ "$(wc -l <"$scratch/run/metrics.jsonl")" -ge 6 ] || fail "metrics.jsonl has too few lines"
python3 - "$scratch/run/metrics.jsonl" <<'PYTHON' || fail "the loss did not fall"
import json, sys
losses = [json.loads(line)["loss"] for line in open(sys.argv[1])]
print("loss", losses[0], "->", losses[-1])
sys.exit(0 if losses[-1] < losses[0] else 1)
PYTHON
