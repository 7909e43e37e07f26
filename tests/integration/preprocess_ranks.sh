#!/usr/bin/env bash
# The shards are the same bytes at 1, 2 and 3 ranks, and after a kill in the middle.
. "$(dirname "$0")/lib.sh"
must "$program" synth --out "$scratch/videos" --identities 40 --frames 4 --size 160 --fakes test --seed 5
arguments=(preprocess "$scratch/videos" --dataset ffpp --size 32 --frames 4)
digest() { (cd "$1" && sha256sum -- *.h5 manifest.json | sha256sum | cut -d' ' -f1); }

for count in 1 2 3; do
  must ranks "$count" "${arguments[@]}" --out "$scratch/by-$count"
done
first=$(digest "$scratch/by-1")
for count in 2 3; do
  [ "$(digest "$scratch/by-$count")" = "$first" ] || fail "shards at $count ranks differ from those at 1"
done

"$program" "${arguments[@]}" --out "$scratch/killed" >"$scratch/last.log" 2>&1 &
starter=$!
for _ in $(seq 400); do
  [ "$(find "$scratch/killed" -type f 2>/dev/null | wc -l)" -lt 12 ] || break
  sleep 0.02
done
# Stopped, it still holds the folder; killed, it does not.
kill -STOP "$starter" 2>/dev/null || fail "preprocessing had ended before it was stopped: the test tested nothing"
refused 1 'another realface writes to this folder' "$program" "${arguments[@]}" --out "$scratch/killed"
kill -KILL "$starter"
wait "$starter" 2>/dev/null
[ ! -e "$scratch/killed/manifest.json" ] || fail "a manifest stands beside unfinished work"
must ranks 2 "${arguments[@]}" --out "$scratch/killed"
[ "$(digest "$scratch/killed")" = "$first" ] || fail "shards after a kill differ"
must "$program" verify "$scratch/killed"
echo "digest $first at 1, 2, 3 ranks and after a kill"
