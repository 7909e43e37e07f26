#!/usr/bin/env bash
# delocate.sh: Delocate from shards to results.json with masks; its localisation killed and resumed; then `detect` on videos, pictures and files
# that are none.
. "$(dirname "$0")/lib.sh"
must "$program" synth --out "$scratch/videos" --identities 40 --frames 8 --size 160 --fakes all --seed 3
must "$program" preprocess "$scratch/videos" --dataset ffpp --out "$scratch/shards" --size 64 --frames 8
recipes=$here/../../configs/delocate
network=(model.image=64 model.patch=8 model.frames=4 model.width=32 model.depth=2 model.heads=2)
small=("${tiny[@]}" "${network[@]}" localization.model.size=small localization.model.encoder=small meta.reference=12 meta.samples=2
  meta.episodes=2 meta.steps=2 world.threads=1 train.batch=4)
start=(run "$recipes/delocate.yaml" data.shards="$scratch/shards" run.dir="$scratch/run" "${small[@]}" pretrain.train.steps=10
  finetune.train.steps=10 composite.block=7 localization.train.steps=4 checkpoint.every=5)
must ranks 2 "${start[@]}"
python3 - "$scratch/run/evaluate" <<'PYTHON' || fail "results.json says nothing right of the masks"
import csv, json, sys
found = json.load(open(sys.argv[1] + "/results.json"))["sets"]["test"]
masks = found["localization"]
assert set(masks) == set(found["video"]) and len(masks) == 5, masks
for method, one in masks.items():
    assert one["unknown"] == 0 and one["fakes"]["frames"] > 0, (method, one)
    assert 0 < one["fakes"]["positive"] < 0.6 and one["all"]["frames"] > one["fakes"]["frames"], (method, one)
    for part in ("fakes", "all"):
        assert all(0 <= one[part][key] <= 1 for key in ("iou", "iou_pooled", "pbca")), one
assert masks["all"]["fakes"]["frames"] == sum(one["fakes"]["frames"] for method, one in masks.items() if method != "all")
rows = list(csv.DictReader(open(sys.argv[1] + "/scores.csv")))
for row in rows:
    assert abs((float(row["p_vit"]) + float(row["p_localizer"])) / 2 - float(row["p_fake"])) < 1e-12, row
PYTHON

localization=(train "$recipes/localization.yaml" weights.recovered="$scratch/run/composite" weights.mae="$scratch/run/pretrain"
  data.shards="$scratch/shards" model.size=small model.encoder=small model.image=64 meta.reference=12 meta.samples=2 meta.episodes=2 meta.steps=2
  train.steps=6 checkpoint.every=2 metrics.port=0 world.device=cpu world.threads=1)
must ranks 2 "${localization[@]}" run.dir="$scratch/whole"
ranks 2 "${localization[@]}" run.dir="$scratch/killed" >"$scratch/last.log" 2>&1 &
kill_rank "$scratch/killed" 2
must ranks 2 "${localization[@]}" run.dir="$scratch/killed"
[ "$(weights_of "$scratch/whole")" = "$(weights_of "$scratch/killed")" ] || fail "a resumed localisation has other weights"

# --- export ---
must "$program" export "$scratch/whole" --to torch --network localizer --out "$scratch/one.pth"
refused 1 "timm has no network like this one" "$program" export "$scratch/whole" --to timm --network localizer --out "$scratch/one.safetensors"

# --- detect ---
real=$(find "$scratch/videos" -path '*youtube*' -name '*.mp4' | sort | head -n 1)
fake=$(find "$scratch/videos" -path '*Deepfakes*' -name '*.mp4' | sort | head -n 1)
mkdir "$scratch/some"
cp "$real" "$scratch/some/real.mp4"
cp "$fake" "$scratch/some/fake.mp4"
python3 - "$scratch/some" <<'PYTHON'
import struct, sys, zlib
chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
def png(path, side):
    rows = zlib.compress((b"\0" + b"\x60" * side) * side)
    open(path, "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)) + chunk(b"IDAT", rows) + chunk(b"IEND", b""))
png(sys.argv[1] + "/grey.png", 96)
png(sys.argv[1] + "/huge.png", 20000)
PYTHON
head -c $(($(stat -c %s "$real") * 3 / 4)) "$real" >"$scratch/some/short.mp4"
echo "no video" >"$scratch/some/text.mp4"
seen=0
mkdir "$scratch/empty"
"$program" detect "$scratch/some" "$scratch/absent.mp4" "$scratch/empty" --weights "$scratch/run" --json >"$scratch/detect.json" 2>"$scratch/last.log" || seen=$?
[ "$seen" = 1 ] || fail "expected exit code 1 of files that cannot be read, got $seen"
grep -q "files could not be read" "$scratch/last.log" || fail "it is not said that files could not be read"
python3 - "$scratch/detect.json" <<'PYTHON' || fail "detect's JSON is wrong: $(cat "$scratch/detect.json" | head -c 2000)"
import json, os, sys
found = {os.path.basename(one["file"]): one for one in json.load(open(sys.argv[1]))["files"]}
assert set(found) == {"real.mp4", "fake.mp4", "grey.png", "huge.png", "short.mp4", "text.mp4", "absent.mp4", "empty"}, set(found)
for name in ("real.mp4", "fake.mp4"):
    one = found[name]
    assert one["status"] == "ok" and 0 <= one["p_fake"] <= 1 and one["frames"] == 8, one
    person = one["people"][0]
    assert person["p_fake"] == one["p_fake"] and 4 <= person["frames"] == len(person["timeline"]), person
    assert abs((person["p_vit"] + person["p_localizer"]) / 2 - person["p_fake"]) < 1e-9, person
    assert all(len(frame["box"]) == 4 for frame in person["timeline"]), person
assert found["grey.png"]["status"] == "no_face" and found["grey.png"]["p_fake"] is None, found["grey.png"]
assert "empty] holds no video and no picture" in found["empty"]["why"], found["empty"]
for name in ("huge.png", "text.mp4", "absent.mp4", "empty"):
    assert found[name]["status"] == "unreadable" and found[name]["why"], found[name]
assert found["short.mp4"]["status"] in ("unreadable", "truncated"), found["short.mp4"]
PYTHON
must "$program" detect "$real" "$fake" --weights "$scratch/run" --out "$scratch/looked"
for made in "$(basename "$real")" "$(basename "$fake")"; do
  for end in json png overlay.mp4; do [ -s "$scratch/looked/$made.$end" ] || fail "detect --out left no $made.$end"; done
done
# Whether a face is still found below box and number is a matter of the finder: its sample table says what the overlay shows, and when.
python3 - "$scratch/looked/$(basename "$fake").overlay.mp4" "$scratch/looked/$(basename "$fake").json" <<'PYTHON' || fail "an overlay does not show what was looked at"
import json, struct, sys
film, looked = open(sys.argv[1], "rb").read(), json.load(open(sys.argv[2]))
scale = struct.unpack(">I", film[film.index(b"mdhd") + 16:][:4])[0]
table = film[film.index(b"stts") + 8:]
times, now = [], 0
for i in range(struct.unpack(">I", table[:4])[0]):
    count, delta = struct.unpack(">II", table[4 + 8 * i:12 + 8 * i])
    for _ in range(count):
        times.append(now / scale)
        now += delta
assert len(times) == looked["frames"] == 8, (times, looked)
for one in looked["people"][0]["timeline"]:
    assert abs(one["s"] - times[one["frame"]]) < 0.002, (one, times)
PYTHON
# A disk that takes small files alone: what cannot be kept is said, and the scores are there nevertheless.
seen=0
(trap '' XFSZ; ulimit -f 4; exec "$program" detect "$real" "$fake" --weights "$scratch/run" --out "$scratch/full" --json) \
  2> >(cat >"$scratch/last.log") | cat >"$scratch/full.json"
[ "${PIPESTATUS[0]}" = 1 ] && grep -q "of 2 files not everything could be kept in $scratch/full" "$scratch/last.log" || fail "a full disk is not said"
python3 - "$scratch/full.json" <<'PYTHON' || fail "the scores are lost on a full disk"
import json, sys
files = json.load(open(sys.argv[1]))["files"]
assert len(files) == 2 and all(0 <= one["p_fake"] <= 1 for one in files), files
PYTHON
[ -z "$(find "$scratch/full" -name '*overlay*')" ] || fail "half an overlay is left on a full disk"
must "$program" detect "$real" --weights "$scratch/run" --rule mean --every 2
grep -qE "^0\.[0-9]{3}  1 person  $real" "$scratch/last.log" || fail "detect says something else of one person: $(cat "$scratch/last.log")"
refused 1 "expected the run folder of a whole system" "$program" detect "$real" --weights "$scratch/run/pretrain"

refused 78 "model.maps and model.locates are both false" "$program" "${localization[@]}" model.maps=false model.locates=false run.dir="$scratch/wrong1"
refused 78 "weights.recovered is not set" "$program" "${localization[@]}" weights.recovered= run.dir="$scratch/wrong2"
