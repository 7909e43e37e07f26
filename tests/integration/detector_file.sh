#!/usr/bin/env bash
# detector_file.sh: a finished run as one file, which says the same as the run; calibrated, so that `detect` says real, fake or uncertain; and
# refused if any byte of it is another.
. "$(dirname "$0")/lib.sh"
must "$program" synth --out "$scratch/videos" --identities 40 --frames 8 --size 160 --fakes all --seed 3
must "$program" preprocess "$scratch/videos" --dataset ffpp --out "$scratch/shards" --size 64 --frames 8
must "$program" run "$here/../../configs/cnn/cnn.yaml" data.shards="$scratch/shards" run.dir="$scratch/run" model.image=64 model.width=8 \
  train.steps=60 train.batch=16 metrics.port=0 world.device=cpu world.threads=1
file=$scratch/detector.safetensors
must "$program" export "$scratch/run" --out "$file"
python3 - <("$program" inspect "$file") "$scratch/run/evaluate/results.json" <<'PYTHON' || fail "the model card does not say what made the detector"
import json, sys
facts, results = json.load(open(sys.argv[1])), json.load(open(sys.argv[2]))
assert facts["kind"] == "detector" and set(facts["metadata"]["networks"]) == {"cnn"}, facts
card = facts["metadata"]["card"]
assert card["results"]["sets"] == results["sets"], card["results"]
cnn = card["networks"]["cnn"]
assert cnn["recipe"]["train"]["steps"] == 60 and cnn["step"] == 60 and cnn["licences"] == [] and cnn["parameters"] > 1000, cnn
assert "data" not in cnn["recipe"] and facts["metadata"]["crops"]["size"] == 64 and facts["metadata"]["calibration"] is None, facts
PYTHON

videos=$(find "$scratch/videos" -path '*youtube*' -name '*.mp4' -o -path '*Deepfakes*' -name '*.mp4' | sort | head -n 4)
"$program" detect $videos --weights "$scratch/run" --json >"$scratch/by_run.json" 2>"$scratch/last.log" || fail "detect by the run folder"
rm -r "$scratch/run"  # nothing is needed beside the file
"$program" detect $videos --weights "$file" --json >"$scratch/by_file.json" 2>"$scratch/last.log" || fail "detect by the file"
must "$program" calibrate "$file" --shards "$scratch/shards" --split test --false-positive-rate 0.25 --out "$scratch/calibrated.safetensors"
"$program" detect $videos --weights "$scratch/calibrated.safetensors" --json >"$scratch/calibrated.json" 2>"$scratch/last.log" || fail "detect calibrated"
python3 - "$scratch"/{by_run,by_file,calibrated}.json <<'PYTHON' || fail "the file says something else than the run"
import json, math, sys
run, file, calibrated = (json.load(open(path)) for path in sys.argv[1:])
assert len(run["files"]) == 4 and file["calibration"] is None
facts = calibrated["calibration"]
assert 0.05 <= facts["temperature"] <= 20 and facts["real_below"] <= facts["fake_above"] and facts["real"] >= 3, facts
for one, other, third in zip(run["files"], file["files"], calibrated["files"]):
    assert abs(one["p_fake"] - other["p_fake"]) < 1e-6 and "verdict" not in other, (one, other)
    raw = min(max(one["p_fake"], 1e-7), 1 - 1e-7)
    expected = 1 / (1 + ((1 - raw) / raw) ** (1 / facts["temperature"]))
    assert abs(third["p_fake"] - expected) < 1e-5, (third["p_fake"], expected)
    says = "fake" if third["p_fake"] > facts["fake_above"] else "real" if third["p_fake"] < facts["real_below"] else "uncertain"
    assert third["verdict"] == says == third["people"][0]["verdict"], third
PYTHON
"$program" detect $videos --weights "$scratch/calibrated.safetensors" >"$scratch/lines" 2>/dev/null
[ "$(grep -cE '^[0-9.]+  (real|fake|uncertain) ' "$scratch/lines")" = 4 ] || fail "no verdict in: $(cat "$scratch/lines")"

# --- what is refused, and leaves the file as it was ---
before=$(sha256sum <"$file")
refused 1 "real videos have a score; for an error rate of 0.001 there must be 999" \
  "$program" calibrate "$file" --shards "$scratch/shards" --split test --false-positive-rate 0.001
[ "$before" = "$(sha256sum <"$file")" ] || fail "a calibration that was refused changed the file"
bytes=$(stat -c %s "$file")
for place in 3 40 400 $((bytes / 4)) $((bytes / 2)) $((bytes - 9)); do
  python3 - "$file" "$scratch/flipped.safetensors" "$place" <<'PYTHON'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[int(sys.argv[3])] ^= 0x04
open(sys.argv[2], "wb").write(data)
PYTHON
  refused 1 "flipped.safetensors" "$program" detect $videos --weights "$scratch/flipped.safetensors"
done
head -c $((bytes / 2)) "$file" >"$scratch/short.safetensors"
refused 1 "short.safetensors.*cut short" "$program" detect $videos --weights "$scratch/short.safetensors"
echo "no weights" >"$scratch/text.safetensors"
refused 1 "text.safetensors" "$program" detect $videos --weights "$scratch/text.safetensors"
must "$program" synth --out "$scratch/other/videos" --identities 6 --frames 4 --size 160 --fakes test --seed 4
must "$program" preprocess "$scratch/other/videos" --dataset ffpp --out "$scratch/other/shards" --size 32 --frames 4
refused 78 "holds crops of 32 x 32 pixels; the model takes 64 x 64" \
  "$program" calibrate "$file" --shards "$scratch/other/shards" --split all
