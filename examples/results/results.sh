#!/usr/bin/env bash
# make results: leave one manipulation out. Each system is trained on the fakes of all manipulations but one and tested on that one's, of
# people that training never saw; out/results/table.txt has the AUCs (docs/results.md keeps the last).
#
#   results.sh PROGRAM [SYSTEM...]     SEEDS="1 2 3" in the environment; systems: cnn, deepfakemae, recap
#
# Each system is one `realface protocol`, whose trainings are out/results/SYSTEM/SEED/MANIPULATION: a second call goes on with what is missing,
# and a folder that is removed is made again. A system takes 75 minutes on two cores, the plain network half of it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
program=$(realpath "$1")
shift
systems=${*:-cnn deepfakemae recap}
manipulations="Deepfakes Face2Face FaceSwap NeuralTextures FaceShifter LipSync"
out=$root/out/results
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
two_ranks=(mpirun --oversubscribe --bind-to none -n 2 "$program")

mkdir -p "$out/data"
"$program" synth --level hard --out "$out/data/videos" --identities 100 --held-out 40 --frames 16 --size 192 --seed 1
"${two_ranks[@]}" preprocess "$out/data/videos" --dataset ffpp --out "$out/data/shards" --size 64 --frames 16
seeds=()
for seed in ${SEEDS:-1 2 3}; do
  seeds+=("$seed")
  for system in $systems; do
    echo "results: $system, seeds ${seeds[*]}" >&2
    "${two_ranks[@]}" protocol "$root/configs/protocols/leave-one-out.yaml" system="$root/configs/results/$system.yaml" \
      "methods=[${manipulations// /,}]" "seeds=[$(IFS=,; echo "${seeds[*]}")]" run.dir="$out/$system" data.shards="$out/data/shards" \
      world.device=cpu >"$out/$system.txt" 2>"$out/log.txt" || { tail -n 20 "$out/log.txt" >&2; exit 1; }
    python3 "$here/table.py" "$out" >"$out/table.txt"
  done
done
cat "$out/table.txt"
