#!/usr/bin/env bash
# make results: the systems beside each other. Each is trained on the fakes of all manipulations, and once more for each of them on all but that
# one, and tested on people that training never saw; out/results/table.txt has the AUCs (docs/results.md keeps the last).
#
#   results.sh PROGRAM [SYSTEM...]     systems: files of configs/results; by default all that table.py knows. In the environment:
#                                      SEEDS="1 2 3" PROTOCOLS="intra-dataset leave-one-out"
#
# Each system is two `realface protocol`s, whose trainings are out/results/PROTOCOL/SYSTEM/SEED/MANIPULATION: a second call goes on with what is
# missing, and a folder that is removed is made again.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
program=$(realpath "$1")
shift
systems=${*:-cnn xception deepfakemae recap delocate rffr lre}
manipulations="Deepfakes Face2Face FaceSwap NeuralTextures FaceShifter LipSync"
out=$root/out/results
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
two_ranks=(mpirun --oversubscribe --bind-to none -n 2 "$program")

mkdir -p "$out/data"
"$program" synth --level hard --out "$out/data/videos" --identities 100 --held-out 40 --frames 16 --size 192 --seed 1
"${two_ranks[@]}" preprocess "$out/data/videos" --dataset ffpp --out "$out/data/shards" --size 64 --frames 16
# Real faces of many more people, for autoencoders, which learn these few by heart.
"$program" synth --level hard --fakes none --out "$out/data/more-videos" --identities 1000 --held-out 6 --frames 8 --size 192 --seed 1001
"${two_ranks[@]}" preprocess "$out/data/more-videos" --dataset ffpp --out "$out/data/more-shards" --size 64 --frames 8
for protocol in ${PROTOCOLS:-intra-dataset leave-one-out}; do
  mkdir -p "$out/$protocol"
  seeds=()
  for seed in ${SEEDS:-1 2 3}; do
    seeds+=("$seed")
    for system in $systems; do
      echo "results: $protocol, $system, seeds ${seeds[*]}" >&2
      more=()
      for entry in $(grep -oE 'name: (pretrain|vit)' "$root/configs/results/$system.yaml" | cut -d ' ' -f 2); do
        more+=("$entry.data.shards=[$out/data/shards,$out/data/more-shards]")
      done
      "${two_ranks[@]}" protocol "$root/configs/protocols/$protocol.yaml" system="$root/configs/results/$system.yaml" \
        "methods=[${manipulations// /,}]" "seeds=[$(IFS=,; echo "${seeds[*]}")]" run.dir="$out/$protocol/$system" data.shards="$out/data/shards" \
        "${more[@]}" world.device=cpu >"$out/$protocol/$system.txt" 2>"$out/log.txt" || { tail -n 20 "$out/log.txt" >&2; exit 1; }
      python3 "$here/table.py" "$out" >"$out/table.txt"
    done
  done
done
cat "$out/table.txt"
