#!/usr/bin/env bash
# make demo: the whole walk on one small machine, from videos to out/demo/report.html.
#
#   demo.sh PROGRAM [VIDEOS]
#
# Without VIDEOS it draws a dataset of talking faces; with VIDEOS, a folder of face videos, it takes those.
set -euo pipefail
program=$(realpath "$1")
videos=${2:-}
root=$(cd "$(dirname "$0")/../.." && pwd)
out=$root/out/demo
recipe=$root/configs/demo/pretrain.yaml
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
two_ranks=(mpirun --oversubscribe --bind-to none -n 2 "$program")
# One rank a GPU: with fewer of them than ranks both ranks compute on the CPU.
gpus=$(nvidia-smi -L 2>/dev/null | grep -c '^GPU') || true
device=()
[ "$gpus" -ge 2 ] || device=(world.device=cpu)
say() { printf '\n== %s\n' "$*"; }

rm -rf "$out"
mkdir -p "$out"
if [ -z "$videos" ]; then
  say "1/5 drawing a dataset of talking faces, real and manipulated"
  videos=$out/videos
  "$program" synth --out "$videos" --identities 200 --frames 12 --size 192 --fakes test --seed 1
  dataset=(--dataset ffpp)
else
  videos=$(realpath "$videos")
  # Every fifth or so of one's own videos is kept out of training, to be restored afterwards.
  dataset=(--dataset folder --split hash)
fi

say "2/5 finding faces and writing shards, on 2 ranks"
"${two_ranks[@]}" preprocess "$videos" "${dataset[@]}" --out "$out/shards" --size 64 --frames 12
"$program" inspect "$out/shards" --sheet "$out/faces.png"

train=("${two_ranks[@]}" train "$recipe" "run.dir=$out/run" "data.shards=$out/shards" "${device[@]}")
say "3/5 pretraining a masked autoencoder on real faces, on 2 ranks, until rank 1 is killed"
"${train[@]}" &
starter=$!
until ls -d "$out"/run/checkpoints/step-*[0-9] >/dev/null 2>&1; do
  kill -0 "$starter" 2>/dev/null || { wait "$starter"; exit 1; }
  sleep 0.2
done
pkill -KILL -P "$starter" -n || true
wait "$starter" && { echo "demo: the run should have been killed, but it ended well" >&2; exit 1; }

say "4/5 the same command again: it resumes"
"${train[@]}"

say "5/5 restoring faces of people it has never seen, and the report"
"${two_ranks[@]}" reconstruct "$out/run"
"$program" report "$out/run" --out "$out/report.html"
printf '\nThe report: %s\nThe faces:  %s\n' "$out/report.html" "$out/faces.png"
