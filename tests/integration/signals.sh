#!/usr/bin/env bash
# signals.sh: however many signals ask a run to stop, it ends with 75 and a checkpoint; and what used to end it by a signal does not: an
# output that nobody reads, and a file size limit.
. "$(dirname "$0")/lib.sh"
recipe=$here/../../configs/demo/pretrain.yaml
dataset "$scratch"
options=("${tiny[@]}" data.shards="$scratch/shards")

# storm RUN SIGNAL...: to every rank of the run, over and over until no rank is left.
storm() {
  local run=$1 process signal
  shift
  while [ -n "$(rank_processes "$run")" ]; do
    for signal in "$@"; do
      for process in $(rank_processes "$run"); do kill "-$signal" "$process" 2>/dev/null; done
    done
  done
}

echo "- a storm of signals"
for round in 1 2 3 4; do
  count=$((round % 2 + 1))
  run=$scratch/storm$round
  ranks "$count" train "$recipe" run.dir="$run" "${options[@]}" train.steps=1000000 checkpoint.every=50 >"$scratch/last.log" 2>&1 &
  starter=$!
  for _ in $(seq 600); do [ ! -d "$run/checkpoints/step-50" ] || break; sleep 0.05; done
  [ -d "$run/checkpoints/step-50" ] || fail "no checkpoint within 30 s"
  storm "$run" USR1 TERM USR2
  code=0
  wait "$starter" || code=$?
  [ "$code" = 75 ] || fail "round $round: expected exit code 75, got $code"
  must "$program" verify "$run"
done

echo "- an output that nobody reads"
{ "$program" train "$recipe" run.dir="$scratch/unread" "${options[@]}" train.steps=200 checkpoint.every=50 2>&1; echo $? >"$scratch/code"; } |
  head -n 1 >/dev/null
[ "$(cat "$scratch/code")" = 0 ] || fail "exit code $(cat "$scratch/code") with an output that nobody reads"
[ -e "$scratch/unread/finished.json" ] || fail "the run did not finish"
"$program" train "$recipe" run.dir="$scratch/closed" "${options[@]}" train.steps=20 checkpoint.every=5 >&- 2>&- || fail "with a closed output"
must "$program" verify "$scratch/closed"
[ "$(weights_of "$scratch/unread" | wc -c)" -gt 60 ] || fail "no weights"

echo "- a file size limit"
code=0
(ulimit -f 100 && exec "$program" train "$recipe" run.dir="$scratch/limited" "${options[@]}" train.steps=20 checkpoint.every=5) \
  >"$scratch/last.log" 2>&1 || code=$?
[ "$code" = 1 ] || fail "expected exit code 1 where no checkpoint fits the limit, got $code"
grep -q "File too large" "$scratch/last.log" || fail "the limit is not named"
grep -q " W " "$scratch/last.log" || fail "no warning of the checkpoints before the last"
