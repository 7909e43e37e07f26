#!/usr/bin/env bash
# resume_bitwise.sh RANKS: a run killed with SIGKILL and started again ends with the very weights of one that was never disturbed.
. "$(dirname "$0")/lib.sh"
count=$1
recipe=$here/../../configs/demo/pretrain.yaml
dataset "$scratch"
options=("${tiny[@]}" data.shards="$scratch/shards" train.steps=600 checkpoint.every=100)

must ranks "$count" train "$recipe" run.dir="$scratch/whole" "${options[@]}"

ranks "$count" train "$recipe" run.dir="$scratch/killed" "${options[@]}" >"$scratch/last.log" 2>&1 &
starter=$!
for _ in $(seq 600); do
  [ ! -d "$scratch/killed/checkpoints/step-200" ] || break
  sleep 0.05
done
[ -d "$scratch/killed/checkpoints/step-200" ] || fail "no checkpoint within 30 s"
# One rank dies hard; under mpirun the others must follow by themselves.
kill -KILL "$(rank_processes "$scratch/killed" | tail -n 1)" || fail "no rank to kill"
wait "$starter"
[ -z "$(rank_processes "$scratch/killed")" ] || fail "a rank outlived the one that was killed"
[ ! -d "$scratch/killed/checkpoints/step-600" ] || fail "the run had ended before it was killed: the test tested nothing"

must ranks "$count" train "$recipe" run.dir="$scratch/killed" "${options[@]}"
grep -q 'resum' "$scratch/last.log" || fail "the second start did not say that it resumed"
whole=$(weights_of "$scratch/whole")
killed=$(weights_of "$scratch/killed")
[ -n "$whole" ] && [ "$whole" = "$killed" ] || fail "weights differ: $whole uninterrupted, $killed killed and resumed"
echo "weights_sha256 $whole, both"
