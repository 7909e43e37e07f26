#!/usr/bin/env bash
# Every bad input ends in one clear message and a non-zero code, and nothing already written is lost.
. "$(dirname "$0")/lib.sh"
recipe=$here/../../configs/demo/pretrain.yaml
dataset "$scratch"
good=$(cd "$scratch/shards" && sha256sum -- *)
train=("$program" train "$recipe" run.dir="$scratch/run" "${tiny[@]}" train.steps=10 checkpoint.every=5)

echo "- videos"
mkdir "$scratch/none"
refused 1 "no videos|no video" "$program" preprocess "$scratch/none" --out "$scratch/x"
mkdir "$scratch/text" && echo "not a video" >"$scratch/text/a.mp4"
refused 1 "a\.mp4" "$program" preprocess "$scratch/text" --out "$scratch/x1"
refused 64 "did you mean --out instead of --uot" "$program" preprocess "$scratch/videos" --uot "$scratch/x"
refused 1 "no such|not exist|no folder" "$program" preprocess "$scratch/absent" --out "$scratch/x"
touch "$scratch/file"
refused 1 "$scratch/file" "$program" preprocess "$scratch/videos" --dataset ffpp --out "$scratch/file/shards"

echo "- masks"
cp -r "$scratch/videos" "$scratch/tree"
forged=$scratch/tree/manipulated_sequences/Deepfakes
names=($(ls "$forged/masks/videos"))
must "$program" synth --out "$scratch/brief" --identities 40 --frames 2 --size 160 --fakes test --methods Deepfakes --seed 3
python3 - "$forged/masks/videos/${names[0]}" <<'PYTHON'
import struct, sys, zlib
chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
rows = zlib.compress((b"\0" + b"\xff" * 160) * 80)
open(sys.argv[1], "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 160, 80, 8, 0, 0, 0, 0)) + chunk(b"IDAT", rows) + chunk(b"IEND", b""))
PYTHON
rm "$forged/masks/videos/${names[1]}"
cp "$scratch/brief/manipulated_sequences/Deepfakes/masks/videos/${names[2]}" "$forged/masks/videos/"
echo "not a video" >"$forged/masks/videos/${names[3]}"
must "$program" preprocess "$scratch/tree" --dataset ffpp --methods Deepfakes --out "$scratch/masked" --size 32 --frames 4
for words in "${names[0]%.mp4}: its mask cannot be used: .* has masks of 160 x 80 and belongs to frames of 160 x 160" "1 of the ${#names[@]} videos have no mask" \
  "${names[2]%.mp4}: there are 2 masks for its 4 frames; 2 frames have no mask" "${names[3]%.mp4}: its mask cannot be used: .*is not a video"; do
  grep -qE "$words" "$scratch/last.log" || fail "preprocess does not say: $words"
done
must "$program" verify "$scratch/masked"
"$program" inspect "$scratch/masked" --json | python3 -c '
import json, sys
facts, fakes = json.load(sys.stdin), int(sys.argv[1])
assert facts["videos_by_status"] == {"ok": 40 + fakes}, facts["videos_by_status"]
assert facts["videos_by_mask_source"] == {"dataset": fakes - 3, "difference": 1, "none": 42}, facts["videos_by_mask_source"]' "${#names[@]}" ||
  fail "one mask that cannot be used cost others theirs"

echo "- shards"
damage() {  # damage NAME COMMAND: a copy of the shards on which the command, given a shard, is run
  cp -r "$scratch/shards" "$scratch/$1"
  "$2" "$(ls "$scratch/$1"/train-*.h5 | head -n 1)"
}
flip_byte() { printf '\xAA' | dd of="$1" bs=1 seek=$(($(stat -c %s "$1") / 2)) conv=notrunc status=none; }
cut_short() { truncate -s -5000 "$1"; }
damage flipped flip_byte
refused 1 "\.h5" "$program" verify "$scratch/flipped"
damage short cut_short
refused 1 "\.h5" "$program" verify "$scratch/short"
refused 1 "\.h5" "${train[@]}" data.shards="$scratch/short"
refused 1 "manifest" "${train[@]}" data.shards="$scratch/none"

echo "- configuration"
refused 78 "train\.steps" "${train[@]}" data.shards="$scratch/shards" train.step=10
refused 78 "train\.batch" "${mpirun[@]}" -n 3 "${train[@]}" data.shards="$scratch/shards" train.batch=16

echo "- memory"
(ulimit -v 4000000 && refused 1 "^realface: \[memory\] .*train\.batch" "${train[@]}" data.shards="$scratch/shards" model.width=65536) || exit 1
! grep -q "frame #" "$scratch/last.log" || fail "a stack trace"

echo "- checkpoints"
must "${train[@]}" data.shards="$scratch/shards"
before=$(weights_of "$scratch/run")
refused 78 "model\.width" "${train[@]}" data.shards="$scratch/shards" model.width=64
[ "$(weights_of "$scratch/run")" = "$before" ] || fail "a refused start changed the run"

echo "- a rank that dies"
ranks 2 train "$recipe" run.dir="$scratch/dying" "${tiny[@]}" train.steps=100000 checkpoint.every=10 \
  data.shards="$scratch/shards" >"$scratch/last.log" 2>&1 &
starter=$!
for _ in $(seq 600); do [ ! -d "$scratch/dying/checkpoints/step-10" ] || break; sleep 0.05; done
kill -KILL "$(rank_processes "$scratch/dying" | tail -n 1)" || fail "no rank to kill"
started=$SECONDS
wait "$starter" && fail "mpirun reported success though a rank was killed"
[ $((SECONDS - started)) -le 30 ] || fail "the other rank lived on for $((SECONDS - started)) s"
must "$program" verify "$scratch/dying"

[ "$(cd "$scratch/shards" && sha256sum -- *)" = "$good" ] || fail "the good shards were changed"
