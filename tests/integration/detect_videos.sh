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
