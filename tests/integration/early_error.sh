#!/usr/bin/env bash
# An error of any rank before it has joined the others is said, and ends them all; the same error of all ranks is said once.
. "$(dirname "$0")/lib.sh"
recipe=$here/../../configs/demo/pretrain.yaml
missing=$scratch/missing.yaml
common=(run.dir="$scratch/run" data.shards="$scratch/shards")

refused 78 "realface: rank 1: .*missing\.yaml" "${mpirun[@]}" -n 1 "$program" train "$recipe" "${common[@]}" : \
  -n 1 "$program" train "$missing" "${common[@]}"
refused 78 "realface: .*missing\.yaml" "${mpirun[@]}" -n 2 "$program" train "$missing" "${common[@]}"
[ "$(grep -c "missing\.yaml" "$scratch/last.log")" = 1 ] || fail "the same error of two ranks is said twice"
