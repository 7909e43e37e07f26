#!/usr/bin/env bash
# rffr.sh: RFFR from shards to results.json, killed in the middle of the detector and resumed; what is looked at while it learns changes nothing
# of what it learns; a detector is scored with the autoencoder that it was trained with, and with no other.
. "$(dirname "$0")/lib.sh"
must "$program" synth --out "$scratch/videos" --identities 40 --frames 4 --size 160 --fakes all --seed 3
must "$program" preprocess "$scratch/videos" --dataset ffpp --out "$scratch/shards" --size 64 --frames 4
recipes=$here/../../configs/rffr
shards=(data.shards="$scratch/shards" data.align=any)
small=("${tiny[@]}" model.image=64 world.threads=1 pretrain.mask.blocks=2 detector.rffr.blocks=2 "${shards[@]}"
  pretrain.train.steps=20 detector.train.steps=12 detector.train.lr_abs=1e-3 checkpoint.every=4)
start=(run "$recipes/rffr.yaml" "${small[@]}" run.dir="$scratch/run")

ranks 2 "${start[@]}" >"$scratch/last.log" 2>&1 &
kill_rank "$scratch/run/detector" 4 "$scratch/run"
must ranks 2 "${start[@]}"
grep -q "resumed $scratch/run/detector at step" "$scratch/last.log" || fail "the detector was not resumed"

encoder=()  # without the decoder's keys
for key in "${tiny[@]}"; do [[ $key == model.decoder_* ]] || encoder+=("$key"); done
detector=(train "$recipes/detector.yaml" "${encoder[@]}" model.image=64 world.threads=1 rffr.blocks=2 "${shards[@]}"
  train.steps=12 train.lr_abs=1e-3 checkpoint.every=4 weights.mae="$scratch/run/pretrain")
must ranks 2 "${detector[@]}" run.dir="$scratch/watched" run.eval_every=3 data.sets.unseen="$scratch/shards" run.eval_split=test
[ "$(weights_of "$scratch/watched")" = "$(weights_of "$scratch/run/detector")" ] || fail "what was looked at changed what was learned"
grep -q '"auc/unseen/FaceSwap"' "$scratch/watched/metrics.jsonl" || fail "the curve of a manipulation is missing"

python3 - "$scratch" <<'PYTHON' || fail "the curve ends elsewhere than the evaluation"
import json, sys
scratch = sys.argv[1]
records = [json.loads(line) for line in open(scratch + "/watched/metrics.jsonl")]
curve = [r["values"]["auc/unseen"] if "values" in r else r["auc/unseen"] for r in records if "auc/unseen" in json.dumps(r)]
tested = json.load(open(scratch + "/run/evaluate/results.json"))["sets"]["test"]["video"]["all"]
assert len(curve) >= 2 and abs(curve[-1] - tested["auc"]) < 1e-9, (curve, tested)
PYTHON

must "$program" reconstruct "$scratch/run/pretrain" --mapping "$scratch/run/detector"
ls "$scratch"/run/pretrain/reconstruction/*-residual-*.png >/dev/null || fail "there is no picture of a residual"
must "$program" report "$scratch/run" --out "$scratch/report.html"
grep -q "alt=\"[^\"]*: residual" "$scratch/report.html" || fail "the report shows no residual"

must "$program" export "$scratch/run" --out "$scratch/detector.safetensors"
fake=$(ls "$scratch"/videos/manipulated_sequences/FaceSwap/*/videos/*.mp4 | head -n 1)
says_the_same "$scratch/run" "$scratch/detector.safetensors" "$fake"

# Its autoencoder learns from the real faces of two datasets as if they were one, and of neither twice.
must "$program" synth --out "$scratch/more" --identities 12 --frames 4 --size 160 --seed 4
must "$program" preprocess "$scratch/more" --dataset ffpp --out "$scratch/more-shards" --size 64 --frames 4
pretrain=(train "$recipes/pretrain.yaml" "${tiny[@]}" model.image=64 mask.blocks=2 train.steps=4 data.align=any run.dir="$scratch/both")
must ranks 2 "${pretrain[@]}" data.shards="[$scratch/shards,$scratch/more-shards]"
refused 1 "was listed before" "$program" "${pretrain[@]}" data.shards="[$scratch/shards,$scratch/shards]"

# Others are refused before the first step, and shards that are not aligned as the recipe asks.
refused 78 "align" "$program" train "$recipes/pretrain.yaml" "${tiny[@]}" model.image=64 mask.blocks=2 data.shards="$scratch/shards" run.dir="$scratch/wrong"
must "$program" train "$recipes/pretrain.yaml" "${tiny[@]}" model.image=64 mask.blocks=2 train.steps=2 seed=9 "${shards[@]}" \
  run.dir="$scratch/other"
evaluate=(train "$recipes/evaluate.yaml" weights.rffr="$scratch/run/detector" "${shards[@]}" run.dir="$scratch/wrong" metrics.port=0)
refused 78 "holds other weights than 'rffr'" "$program" "${evaluate[@]}" weights.mae="$scratch/other"
refused 78 "weights.mae\] is not set" "$program" "${evaluate[@]}" weights.mae=
must "$program" train "$recipes/pretrain.yaml" "${tiny[@]}" model.image=64 mask.blocks=2 model.pixels=imagenet train.steps=2 "${shards[@]}" \
  run.dir="$scratch/imagenet"
refused 78 "model.pixels=unit" "$program" "${detector[@]}" run.dir="$scratch/wrong" weights.mae="$scratch/imagenet"
refused 78 "rffr.blocks is 4, which does not divide the 6" "$program" "${detector[@]}" run.dir="$scratch/wrong" rffr.blocks=4
