#!/usr/bin/env bash
# make results: leave one manipulation out. Each system is trained on the fakes of all manipulations but one and tested on that one's, of
# people that training never saw; out/results/table.txt has the AUCs (docs/results.md keeps the last).
#
#   results.sh PROGRAM [SYSTEM...]     SEEDS="1 2 3" in the environment; systems: cnn, deepfakemae, recap
#
# A cell of the table is one run folder, out/results/SYSTEM/SEED/MANIPULATION: a second call goes on with what is missing, and a folder that
# is removed is made again. A system takes 75 minutes on two cores, the plain network half of it.
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

all_but() { tr ' ' '\n' <<<"$manipulations" | grep -vx "$1" | paste -sd,; }

# Real faces do not depend on what is left out: a cell takes these stages from another of its seed, if one has finished them.
share() {  # cell
  local stage other
  for stage in pretrain composite; do
    [ ! -e "$1/$stage" ] || continue
    for other in "$(dirname "$1")"/*/; do
      [ -e "$other/finetune" ] && [ -e "$other/$stage" ] || continue
      mkdir -p "$1"
      cp -al "$other/$stage" "$1/$stage"
      break
    done
  done
}

cell() {  # system, seed, manipulation left out
  local folder=$out/$1/$2/$3 rest options=()
  rest=$(all_but "$3")
  case $1 in
    cnn) options=("train.train.methods=[$rest]") ;;
    *) share "$folder"
       options=("finetune.train.methods=[$rest]" "mapping.meta.domains=[$rest]" "plain.meta.domains=[$rest]") ;;
  esac
  echo "results: $1, seed $2, without $3" >&2
  "${two_ranks[@]}" run "$root/configs/results/$1.yaml" run.dir="$folder" data.shards="$out/data/shards" seed="$2" world.device=cpu \
    ${options[@]+"${options[@]}"} >"$out/log.txt" 2>&1 || { tail -n 20 "$out/log.txt" >&2; exit 1; }
}

mkdir -p "$out/data"
"$program" synth --level hard --out "$out/data/videos" --identities 100 --held-out 40 --frames 16 --size 192 --seed 1
"${two_ranks[@]}" preprocess "$out/data/videos" --dataset ffpp --out "$out/data/shards" --size 64 --frames 16
for seed in ${SEEDS:-1 2 3}; do
  for manipulation in $manipulations; do
    for system in $systems; do
      cell "$system" "$seed" "$manipulation"
      python3 "$here/table.py" "$out" $manipulations >"$out/table.txt"
    done
  done
done
cat "$out/table.txt"
