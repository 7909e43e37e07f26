#!/usr/bin/env bash
# A decoder that dies costs at most its video: killed from outside it costs nothing, a file that kills or stops every decoder has a
# status of its own, and all other bytes are those of an undisturbed run.
. "$(dirname "$0")/lib.sh"
must "$program" synth --out "$scratch/videos" --identities 16 --frames 8 --size 160 --fakes test --seed 5
arguments=(preprocess "$scratch/videos" --dataset ffpp --size 32 --frames 8)
digest() { (cd "$1" && sha256sum -- *.h5 manifest.json | sha256sum | cut -d' ' -f1); }
facts() {  # facts SHARDS WHAT
  "$program" inspect "$1" --json | python3 -c 'import json,sys; print(json.load(sys.stdin)'"$2"')' || fail "no $2 in what inspect says of $1"
}
must ranks 2 "${arguments[@]}" --out "$scratch/calm"
victim=videos/$(basename "$(find "$scratch/videos/original_sequences" -name '*.mp4' | sort | head -n 1)")

echo "- a decoder killed from outside"
"$program" "${arguments[@]}" --threads 1 --out "$scratch/shot" >"$scratch/last.log" 2>&1 &
starter=$!
shots=0
while kill -0 "$starter" 2>/dev/null; do
  # In the middle of the work, and once only: a second shot at the same video would be its end.
  if [ "$shots" = 0 ] && [ "$(find "$scratch/shot/.parts" -name '*.part' 2>/dev/null | wc -l)" -ge 3 ]; then
    pkill -SEGV -x realface-decode -P "$starter" && shots=1
  fi
  sleep 0.01
done
wait "$starter" || fail "preprocessing ended with code $?"
[ "$shots" = 1 ] || fail "no decoder was shot: the test tested nothing"
[ "$(digest "$scratch/shot")" = "$(digest "$scratch/calm")" ] || fail "a decoder that was shot changed the shards"

echo "- a file that kills every decoder"
REALFACE_FAILPOINT=decoder.abort:$victim must ranks 2 "${arguments[@]}" --masks none --out "$scratch/abort"
grep -q "crashed: .*died of signal 6" "$scratch/last.log" || fail "the report does not name the crash"
[ "$(facts "$scratch/abort" '["videos_by_status"]["crashed"]')" = 1 ] || fail "one video should have the status crashed"
must "$program" verify "$scratch/abort"

echo "- a file at which every decoder falls silent"
REALFACE_FAILPOINT=decoder.hang:$victim must "$program" "${arguments[@]}" --masks none --patience 3 --out "$scratch/hang"
grep -q "crashed: .*no sign of life for 3 s" "$scratch/last.log" || fail "the report does not name the silence"
frames=$(facts "$scratch/abort" '["totals"]["frames"]') && [ "$frames" -ge 8 ] || fail "no frames"
[ "$(facts "$scratch/hang" '["totals"]["frames"]')" = "$frames" ] || fail "other videos were lost too"

echo "- a preprocessing that dies leaves no decoder behind"
REALFACE_FAILPOINT=decoder.hang:mp4 "$program" "${arguments[@]}" --patience 600 --threads 1 --out "$scratch/gone" >"$scratch/last.log" 2>&1 &
starter=$!
for _ in $(seq 400); do
  decoder=$(pgrep -x realface-decode -P "$starter") && [ -d "$scratch/gone/.parts" ] && break
  sleep 0.02
done
sleep 2  # it has its first file by now, and hangs
[ -n "$decoder" ] || fail "there is no decoder"
kill -KILL "$starter"
wait "$starter" 2>/dev/null
for _ in $(seq 100); do
  [ -d "/proc/$decoder" ] || break
  sleep 0.05
done
[ ! -d "/proc/$decoder" ] || fail "the decoder lives on"
must "$program" "${arguments[@]}" --out "$scratch/gone"
[ "$(digest "$scratch/gone")" = "$(digest "$scratch/calm")" ] || fail "shards after a kill differ"
