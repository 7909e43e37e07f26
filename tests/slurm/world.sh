#!/usr/bin/env bash
# Two ranks on two nodes, started by srun: one world, not two singletons; and srun without PMIx is refused with what to do.
. "$(dirname "$0")/../integration/lib.sh"
. "$(dirname "$0")/cluster.sh"
slurm_start
dataset "$scratch"
recipe=$here/../../configs/demo/pretrain.yaml
train=("$program" train "$recipe" "run.dir=$scratch/run" "data.shards=$scratch/shards" "${tiny[@]}" train.steps=20)

must srun --mpi=pmix -N 2 -n 2 "${train[@]}"
size=$("$program" inspect "$scratch/run" --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["world_size"])')
[ "$size" = 2 ] || fail "the checkpoint was written by a world of $size"

srun --mpi=none -N 2 -n 2 "${train[@]}" "run.dir=$scratch/other" >"$scratch/last.log" 2>&1 && fail "two singletons were not refused"
grep -q 'srun --mpi=pmix' "$scratch/last.log" || fail "the refusal does not name srun --mpi=pmix"
