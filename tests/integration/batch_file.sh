#!/usr/bin/env bash
# batch_file.sh: `inspect RUN --batch STEP --out FILE` writes what docs/step.md says: samples, flips and masks equal those that a Python
# program computes from that page's text, in the first epoch and later ones.
. "$(dirname "$0")/lib.sh"
recipe=$here/../../configs/demo/pretrain.yaml
dataset "$scratch"
run=$scratch/run
must "$program" train "$recipe" run.dir="$run" data.shards="$scratch/shards" "${tiny[@]}" mask.kind=random mask.ratio=0.75 train.steps=40 seed=5
# Frames of the training split, and those that lie before them in the dataset.
read -r items offset <<<"$(python3 - "$scratch/shards/manifest.json" <<'PYTHON'
import json, sys
shards = json.load(open(sys.argv[1]))["shards"]
first = next(i for i, shard in enumerate(shards) if shard["split"] == "train")
print(sum(s["frames"] for s in shards if s["split"] == "train"), sum(s["frames"] for s in shards[:first]))
PYTHON
)"
for step in 1 2 40; do
  must "$program" inspect "$run" --batch "$step" --out "$scratch/$step.safetensors"
  must python3 "$here/../fixtures/batch_oracle.py" "$scratch/$step.safetensors" "$items" "$offset" 5 12 "$step" 4 0.75
  grep -q "12 of 12" "$scratch/last.log" || fail "not 12 samples"
done
refused 64 "needs --out FILE" "$program" inspect "$run" --batch 1
refused 78 "is not a run folder" "$program" inspect "$scratch/shards" --batch 1 --out "$scratch/x.safetensors"
