#!/usr/bin/env bash
# make demo: the whole walk of a detector on one small machine, from videos to out/demo/SYSTEM/report.html.
#
#   demo.sh PROGRAM SYSTEM [VIDEOS]
#
# SYSTEM names configs/demo/SYSTEM.yaml. Without VIDEOS it draws a dataset of talking faces, once, into out/demo/data; with VIDEOS, a folder
# with real/ and fake/ in it, it takes those.
set -euo pipefail
program=$(realpath "$1")
system=$2
videos=${3:-}
root=$(cd "$(dirname "$0")/../.." && pwd)
recipe=$root/configs/demo/$system.yaml
data=$root/out/demo/data
run=$root/out/demo/$system
[ -f "$recipe" ] || { echo "demo: there is no system '$system'; known: $(cd "$root/configs/demo" && ls *.yaml | grep -v '^pretrain' | sed 's/\.yaml//' | xargs)" >&2; exit 64; }
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
two_ranks=(mpirun --oversubscribe --bind-to none -n 2 "$program")
# One rank a GPU: with fewer of them than ranks both ranks compute on the CPU.
gpus=$(nvidia-smi -L 2>/dev/null | grep -c '^GPU') || true
options=()
[ "$gpus" -ge 2 ] || options+=(world.device=cpu)
say() { printf '\n== %s\n' "$*"; }

if [ -z "$videos" ]; then
  dataset=(--dataset ffpp)
  people=100 frames=16
  # A transformer that begins without weights of ImageNet learns so few people by heart.
  if [ "$system" = rffr ]; then people=400 frames=8 data=$root/out/demo/data-of-400; fi
  videos=$data/videos
  say "1/5 drawing a dataset of talking faces, real and manipulated (kept for the next time)"
  "$program" synth --out "$videos" --identities "$people" --held-out 40 --frames "$frames" --size 192 --seed 1
else
  # Every fifth or so of one's own videos is kept out of training. Nothing is known of how the fakes were made.
  dataset=(--dataset folder --split hash)
  videos=$(realpath "$videos")
  data=$root/out/demo/own
  rm -rf "$data"
  ! grep -q 'meta\.' "$recipe" || options+=('meta.domains=[any]' meta.reference=0)
fi

say "2/5 finding faces and writing shards, on 2 ranks"
mkdir -p "$data"
"${two_ranks[@]}" preprocess "$videos" "${dataset[@]}" --out "$data/shards" --size 64 --frames "${frames:-16}"
"$program" inspect "$data/shards" --sheet "$data/faces.png"

rm -rf "$run"
train=("${two_ranks[@]}" run "$recipe" "run.dir=$run" "data.shards=$data/shards" "${options[@]}")
say "3/5 training the detector stage by stage, on 2 ranks, until rank 1 is killed"
"${train[@]}" &
starter=$!
first=$(grep -oE 'name: (finetune|extractor|detector)' "$recipe" | head -n 1 | cut -d ' ' -f 2)  # that learns from fakes
until ls -d "$run/$first"/checkpoints/step-*[0-9] >/dev/null 2>&1; do
  kill -0 "$starter" 2>/dev/null || { wait "$starter"; exit 1; }
  sleep 0.2
done
pkill -KILL -P "$starter" -n || true
wait "$starter" && { echo "demo: the run should have been killed, but it ended well" >&2; exit 1; }

say "4/5 the same command again: finished stages are skipped, the interrupted one goes on"
"${train[@]}"

say "5/5 restoring faces of people it has never seen, and the report"
mapped=()
for detector in mapping localization detector; do
  [ ! -d "$run/$detector" ] || mapped=(--mapping "$run/$detector")
done
"${two_ranks[@]}" reconstruct "$run/pretrain" "${mapped[@]}"
"$program" report "$run" --out "$run/report.html"
printf '\nPeople it has never seen: %s\nThe report: %s\nThe faces:  %s\n' "$(sed -n 's/.*\(AUC .*\)/\1/p' "$run/evaluate/log.txt" | tail -n 1)" "$run/report.html" "$data/faces.png"
