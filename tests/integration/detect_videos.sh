#!/usr/bin/env bash
# detect_videos.sh REMAKE_VIDEO: `detect` on videos as telephones film them, stored turned and at uneven times.
. "$(dirname "$0")/lib.sh"
remake_video=$1
must "$program" synth --out "$scratch/videos" --identities 40 --frames 8 --size 160 --fakes all --seed 3
must "$program" preprocess "$scratch/videos" --dataset ffpp --out "$scratch/shards" --size 64 --frames 8 --crop frame
cnn=(run "$here/../../configs/cnn/cnn.yaml" model.image=64 model.width=8 train.steps=120 train.lr_abs=1.0e-2 train.flip=false
  train.batch=16 metrics.port=0 world.device=cpu world.threads=1)
must "$program" "${cnn[@]}" data.shards="$scratch/shards" run.dir="$scratch/run"

mkdir "$scratch/made"
real=$(find "$scratch/videos" -path '*youtube*' -name '*.mp4' | sort | head -n 1)
fake=$(find "$scratch/videos" -path '*Deepfakes*' -name '*.mp4' | sort | head -n 1)
for name in real fake; do
  for degrees in 0 90 180 270; do must "$remake_video" "${!name}" "$scratch/made/$name-$degrees.mp4" turned "$degrees"; done
  "$remake_video" "${!name}" "$scratch/made/$name-uneven.mp4" uneven >"$scratch/times" || fail "no video at uneven times"
done
"$program" detect "$scratch/made" --weights "$scratch/run" --json >"$scratch/detect.json" 2>"$scratch/last.log" || fail "detect of turned and uneven videos"
python3 - "$scratch/detect.json" "$scratch/times" <<'PYTHON' || fail "turned or uneven videos are seen otherwise than upright ones"
import json, os, sys
def overlap(a, b):
    both = max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))
    area = lambda box: (box[2] - box[0]) * (box[3] - box[1])
    return both / (area(a) + area(b) - both)
found = {os.path.basename(one["file"])[:-4]: one for one in json.load(open(sys.argv[1]))["files"]}
times = [float(line) for line in open(sys.argv[2])]
assert len(found) == 10 and len(times) == 8, (list(found), times)
for name in ("real", "fake"):
    upright = found[name + "-0"]
    for way in ("0", "90", "180", "270", "uneven"):
        one = found[f"{name}-{way}"]
        assert one["status"] == "ok" and one["frames"] == 8, one
        assert abs(one["p_fake"] - upright["p_fake"]) < 0.05, (way, one["p_fake"], upright["p_fake"])
        assert len(one["people"]) == len(upright["people"]) == 1, one
        seen, expected = one["people"][0]["timeline"], upright["people"][0]["timeline"]
        assert [span["frame"] for span in seen] == [span["frame"] for span in expected] and len(seen) >= 6, seen
        for span, other in zip(seen, expected):
            assert overlap(span["box"], other["box"]) > 0.5, (way, span, other)  # a detector's boxes come in steps of a fifth
            at = times[span["frame"]] if way == "uneven" else span["frame"] / 25
            assert abs(span["s"] - at) < 1e-6, (way, span, at)
low, high = ([one["p_fake"] for key, one in found.items() if key.startswith(name)] for name in ("real", "fake"))
assert max(low) < min(high), (low, high)  # of faces that the detector was trained on
PYTHON

# --- a detector of aligned faces: its file says so, and detect cuts out by that as preprocess did ---
align=(preprocess "$scratch/videos" --dataset ffpp --methods Deepfakes --size 64 --frames 8 --align)
must "$program" "${align[@]}" similarity --out "$scratch/aligned"
must "$program" verify "$scratch/aligned"
"$program" inspect "$scratch/aligned" --json | grep -q "clip; align similarity to ArcFace's five points; bicubic" || fail "inspect does not say how faces are aligned"
refused 78 "align .\"similarity\" there, \"none\" now. differ" "$program" "${align[@]}" none --out "$scratch/aligned"
refused 64 "align upright is unknown; say none or similarity" "$program" "${align[@]}" upright --out "$scratch/wrong"
refused 78 "data.align. is similarity, but the faces in $scratch/shards are aligned by none" \
  "$program" "${cnn[@]}" data.shards="$scratch/shards" run.dir="$scratch/wrong1" data.align=similarity
refused 78 "data.compression. is c40, but the videos in $scratch/aligned are c23" \
  "$program" "${cnn[@]}" data.shards="$scratch/aligned" run.dir="$scratch/wrong2" data.compression=c40
must "$program" "${cnn[@]}" data.shards="$scratch/aligned" run.dir="$scratch/upright" data.align=similarity data.compression=c23 evaluate.frames=8
must "$program" export "$scratch/upright" --out "$scratch/upright.safetensors"
refused 78 'cut out in another way.*align "similarity" .here "none"' \
  "$program" calibrate "$scratch/upright.safetensors" --shards "$scratch/shards" --split all
tested=$(cut -d, -f3 "$scratch/upright/evaluate/scores.csv" | sed -nE \
  "s#ffpp/youtube/(.*/)(.*)#$scratch/videos/original_sequences/youtube/\1videos/\2.mp4#p; s#ffpp/(Deep.*/)(.*)#$scratch/videos/manipulated_sequences/\1videos/\2.mp4#p")
"$program" detect $tested --weights "$scratch/upright.safetensors" --json >"$scratch/upright.json" 2>"$scratch/last.log" || fail "detect of aligned faces"
python3 - "$scratch/upright.json" "$scratch/upright/evaluate/scores.csv" <<'PYTHON' || fail "detect aligns otherwise than preprocess does"
import csv, json, sys
scores = [float(row["p_fake"]) for row in csv.DictReader(open(sys.argv[2]))]
files = json.load(open(sys.argv[1]))["files"]
assert len(files) == len(scores) == 12, (len(files), len(scores))
# preprocess stores a frame without a face too, with the landmarks of its neighbour; detect leaves it out.
whole = [(one["p_fake"], score) for one, score in zip(files, scores) if one["people"][0]["frames"] == 8]
assert len(whole) >= 4 and all(abs(one - other) < 1e-4 for one, other in whole), whole
assert max(score for _, score in whole) - min(score for _, score in whole) > 0.01, whole
PYTHON
