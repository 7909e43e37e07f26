#!/usr/bin/env bash
# lre.sh: Local Reconstruction Errors from shards to results.json: killed while the detector learns and resumed; the scores of a test do not
# depend on the number of ranks, and say which extractor there was; networks that do not fit are refused.
. "$(dirname "$0")/lib.sh"
must "$program" synth --out "$scratch/videos" --identities 40 --frames 4 --size 160 --fakes all --seed 3
must "$program" preprocess "$scratch/videos" --dataset ffpp --out "$scratch/shards" --size 32 --frames 4
recipes=$here/../../configs/lre
run=$scratch/run
common=(data.shards="$scratch/shards" data.align=any "${tiny[@]}" world.threads=1 checkpoint.every=5)
small=(extractor.model.size=small detector.model.size=small "detector.lre.taps=[block2,block3,block5]")
start=(run "$recipes/lre.yaml" run.dir="$run" "${common[@]}" "${small[@]}" train.steps=10 detector.train.steps=30 evaluate.frames=2)

ranks 2 "${start[@]}" >"$scratch/last.log" 2>&1 &
kill_rank "$run/detector" 5 "$run"
must ranks 2 "${start[@]}"
grep -q "resumed $run/detector at step" "$scratch/last.log" || fail "the detector was not resumed"
grep -q "begins with the weights of $run/extractor" "$run/detector/log.txt" || fail "the detector did not begin as the extractor"

test=(train "$recipes/evaluate.yaml" data.shards="$scratch/shards" data.align=any metrics.port=0 world.device=cpu world.threads=1 weights.lre="$run/detector"
  weights.mae="$run/pretrain" weights.extractor="$run/extractor" evaluate.frames=2)
must "$program" "${test[@]}" run.dir="$scratch/alone" seed=9
python3 - "$run/evaluate" "$scratch/alone" <<'PYTHON' || fail "the scores are not what they should be"
import csv, json, sys
two, one = ({row["video"]: row for row in csv.DictReader(open(folder + "/scores.csv"))} for folder in sys.argv[1:])
assert two.keys() == one.keys() and len(two) > 10
assert all(abs(float(two[video]["p_lre"]) - float(one[video]["p_lre"])) < 1e-5 for video in two), "they depend on ranks or seed"
assert len({row["p_lre"] for row in two.values()}) > len(two) / 2
results = json.load(open(sys.argv[1] + "/results.json"))
partners = results["partners"]["lre"]
assert "/extractor/" in partners["extractor"] and "/pretrain/" in partners["mae"] and "sha256" in partners["extractor"], partners
of = results["sets"]["test"]
assert 0 <= of["video"]["all"]["acc"] <= 1 and 0 <= of["frame"]["all"]["auc"] <= 1, of
PYTHON

# One file holds the detector and both frozen networks, says the same as the run, and can be calibrated.
must "$program" export "$run" --out "$scratch/detector.safetensors"
must "$program" calibrate "$scratch/detector.safetensors" --shards "$scratch/shards" --split test --false-positive-rate 0.25 --out "$scratch/calibrated.safetensors"
fake=$(ls "$scratch"/videos/manipulated_sequences/FaceSwap/*/videos/*.mp4 | head -n 1)
says_the_same "$run" "$scratch/detector.safetensors" "$fake"
"$program" detect "$fake" --weights "$scratch/calibrated.safetensors" --out "$scratch/looked" --json >"$scratch/calibrated.json" 2>"$scratch/last.log" || fail "detect calibrated"
[ -s "$scratch/looked/$(basename "$fake").overlay.mp4" ] || fail "detect --out left no overlay"
python3 - "$scratch/calibrated.json" <<'PYTHON' || fail "the calibrated file gives no verdict"
import json, sys
calibrated = json.load(open(sys.argv[1]))["files"][0]
assert calibrated["verdict"] in ("real", "fake", "uncertain"), calibrated
PYTHON

one=(data.shards="$scratch/shards" data.align=any model.image=32 train.batch=12 metrics.port=0 world.device=cpu world.threads=1)
must "$program" train "$recipes/extractor.yaml" "${one[@]}" model.size=small train.steps=5 seed=7 run.dir="$scratch/other"
refused 78 "other weights than 'lre'" "$program" "${test[@]}" weights.extractor="$scratch/other" run.dir="$scratch/wrong"
detector=(train "$recipes/detector.yaml" "${one[@]}" run.dir="$scratch/wrong" weights.mae="$run/pretrain" weights.extractor="$run/extractor"
  model.patch=8)
refused 1 "does not fit this network" "$program" "${detector[@]}"
refused 78 "there is no 'block11'" "$program" "${detector[@]}" model.size=small
refused 78 "weights.mae restores patches of 8" "$program" "${detector[@]}" model.size=small "lre.taps=[block2]" model.patch=4
refused 1 "holds no network 'xception'" "$program" "${detector[@]}" model.size=small "lre.taps=[block2]" weights.extractor="$run/pretrain"

must ranks 2 reconstruct "$run/pretrain" --mapping "$run/detector" --pictures 2
ls "$run/pretrain/reconstruction/" | grep -q third_differences || fail "no maps of differences were shown"
must "$program" report "$run" --out "$scratch/report.html"
grep -q "differences, third tap" "$scratch/report.html" || fail "the report lacks the maps of differences"
