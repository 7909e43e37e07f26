#!/usr/bin/env bash
# start_race.sh: two starts at once into one run folder, of configurations that differ: one of them gets it and can be continued, the other
# is refused and leaves no trace in it.
. "$(dirname "$0")/lib.sh"
recipe=$here/../../configs/demo/pretrain.yaml
dataset "$scratch"
start() {  # start NUMBER RATE [OPTIONS]
  "$program" train "$recipe" data.shards="$scratch/shards" "${tiny[@]}" run.dir="$scratch/run$1" train.steps=30 checkpoint.every=10 \
    train.lr_abs="$2" "${@:3}"
}
for round in 1 2 3 4 5; do
  start "$round" 1.0e-3 >"$scratch/one.log" 2>&1 &
  one=$!
  start "$round" 2.0e-3 >"$scratch/two.log" 2>&1 &
  two=$!
  ended_one=0 ended_two=0
  wait "$one" || ended_one=$?
  wait "$two" || ended_two=$?
  cat "$scratch/one.log" "$scratch/two.log" >"$scratch/last.log"
  case "$ended_one $ended_two" in
    "0 "[1-9]*) rate=1.0e-3 ;;
    [1-9]*" 0") rate=2.0e-3 ;;
    *) fail "round $round: expected one winner, got exit codes $ended_one and $ended_two" ;;
  esac
  must start "$round" "$rate" train.steps=40
  grep -q "resumed .* at step 30" "$scratch/last.log" || fail "round $round: the winner's run was not continued"
done
