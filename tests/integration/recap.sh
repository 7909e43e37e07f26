#!/usr/bin/env bash
# recap.sh: Recap from shards to results.json, on clips: killed while it pretrains and resumed; the restored faces do not depend on the number of
# ranks, and every frame of a video is scored by the clips that show it.
. "$(dirname "$0")/lib.sh"
must "$program" synth --out "$scratch/videos" --identities 40 --frames 6 --size 160 --fakes all --seed 3
must "$program" preprocess "$scratch/videos" --dataset ffpp --out "$scratch/shards" --size 64 --frames 6
recipes=$here/../../configs/recap
clips=(model.image=64 model.patch=8 model.frames=4 model.width=32 model.depth=2 model.heads=2)
small=("${tiny[@]}" "${clips[@]}" mapping.model.size=small meta.reference=12 meta.samples=2 meta.episodes=2 world.threads=1)
start=(run "$recipes/recap.yaml" data.shards="$scratch/shards" run.dir="$scratch/run" "${small[@]}" pretrain.train.steps=20
  finetune.train.steps=10 finetune.train.batch=8 composite.block=7 mapping.train.steps=4 checkpoint.every=5)

ranks 2 "${start[@]}" >"$scratch/last.log" 2>&1 &
kill_rank "$scratch/run/pretrain" 5 "$scratch/run"
must ranks 2 "${start[@]}"
grep -q "resumed $scratch/run/pretrain at step" "$scratch/last.log" || fail "the pretraining was not resumed"

python3 - "$scratch/run/evaluate" <<'PYTHON' || fail "the scores of clips are not what they should be"
import csv, json, sys
rows = {row["video"]: row for row in csv.DictReader(open(sys.argv[1] + "/scores.csv"))}
results = json.load(open(sys.argv[1] + "/results.json"))
assert results["clips"] == 2 and results["frames"] == 4 and results["branches_without_frame_scores"] == [], results
assert set(results["sets"]["test"]["video"]) == {"all", "Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures"}, results
frames = {}
for row in csv.DictReader(open(sys.argv[1] + "/frame_scores.csv")):
    frames.setdefault(row["video"], {})[int(row["frame"])] = row
assert frames.keys() == rows.keys() and len(rows) > 10
for video, row in rows.items():
    own = frames[video]
    assert row["frames"] == "6" and sorted(own) == list(range(6)), (row, own)  # clips 0 to 3 and 2 to 5
    p = [float(own[i]["p_vit"]) for i in range(6)]
    assert p[0] == p[1] and p[4] == p[5] and abs((p[0] + p[5]) / 2 - p[2]) < 1e-6, p
    assert abs((p[0] + p[5]) / 2 - float(row["p_vit"])) < 1e-6, row
    q = [float(own[i]["p_mapping"]) for i in range(6)]
    assert abs((sum(q[:4]) + sum(q[2:])) / 8 - float(row["p_mapping"])) < 1e-6, row
    assert abs((float(row["p_vit"]) + float(row["p_mapping"])) / 2 - float(row["p_fake"])) < 1e-12, row
PYTHON

must ranks 3 train "$recipes/composite.yaml" weights.mae="$scratch/run/pretrain" data.shards="$scratch/shards" "${clips[@]}" \
  model.decoder_width=32 model.decoder_depth=1 model.decoder_heads=2 composite.block=7 metrics.port=0 world.device=cpu world.threads=1 \
  run.dir="$scratch/composite3"
cmp "$scratch/run/composite/companion.bin" "$scratch/composite3/companion.bin" || fail "the restored faces depend on the number of ranks"
must ranks 2 reconstruct "$scratch/run/pretrain" --mapping "$scratch/run/mapping"
must "$program" report "$scratch/run" --out "$scratch/report.html"
for words in "tells fakes from real videos" "before and after mapping" "alt=\"real faces, [^\"]*: mapped"; do
  grep -qE "$words" "$scratch/report.html" || fail "the report lacks: $words"
done

refused 1 "videos are too short" "$program" train "$recipes/pretrain.yaml" data.shards="$scratch/shards" run.dir="$scratch/wrong" \
  model.size=tiny model.image=64 model.patch=8 model.frames=8 metrics.port=0 world.device=cpu
refused 78 "model.frames" "$program" train "$recipes/pretrain.yaml" data.shards="$scratch/shards" run.dir="$scratch/wrong" model.frames=5
refused 1 "holds no network .vit" "$program" train "$recipes/evaluate.yaml" weights.vit="$scratch/run/pretrain" weights.mapping= weights.recovered= \
  data.shards="$scratch/shards" run.dir="$scratch/wrong" metrics.port=0
