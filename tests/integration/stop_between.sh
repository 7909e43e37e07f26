#!/usr/bin/env bash
# stop_between.sh: a signal that comes between two entries of a system ends it with 75, like one that comes in the middle of one, and the
# same command goes on.
. "$(dirname "$0")/lib.sh"
dataset "$scratch"
printf 'stage: pretrain\ntrain: {steps: 10, lr_abs: 1.0e-3}\n' >"$scratch/pretrain.yaml"
printf 'run: [{name: one, file: pretrain.yaml}, {name: two, file: pretrain.yaml, train.steps: 2000}]\n' >"$scratch/system.yaml"
for round in 1 2 3; do
  start=("$program" run "$scratch/system.yaml" run.dir="$scratch/run$round" data.shards="$scratch/shards" "${tiny[@]}")
  "${start[@]}" >"$scratch/last.log" 2>&1 &
  run=$!
  for _ in $(seq 6000); do
    [ ! -e "$scratch/run$round/one/finished.json" ] || break
    sleep 0.005
  done
  kill -TERM "$run"
  code=0
  wait "$run" || code=$?
  [ "$code" = 75 ] || fail "round $round: expected exit code 75, got $code"
  [ ! -e "$scratch/run$round/two/finished.json" ] || fail "the second entry had ended before the signal: the test tested nothing"
done
must "${start[@]}" two.train.steps=20
grep -q "skipping one" "$scratch/last.log" || fail "the first entry was not skipped"
