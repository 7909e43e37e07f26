#!/usr/bin/env bash
# The first minutes on a GPU: what holds, how fast it is beside eager PyTorch, and where the time goes. Under 8 minutes on one GPU; goes on after a
# failure, and ends with a table on standard output, in OUT/gpu.txt and, with every figure, in OUT/gpu.json.
#
#   run.sh BUNDLE OUT      BUNDLE: made by `make gpu-bundle`; OUT: a folder. DEVICE=cpu in the environment tries it out without a GPU.
set -uo pipefail
bundle=$(realpath "$1")
mkdir -p "$2"
out=$(realpath "$2")
here=$(cd "$(dirname "$0")" && pwd)
. "$here/environment.sh"
device=${DEVICE:-cuda} limit=${LIMIT:-400}
peer=$bundle/tests/gpu/peer_ddp.py configs=$bundle/configs
rm -rf "$out"/*.jsonl "$out"/*.log "$out"/trace.json "$out/run"

# step NAME SECONDS COMMAND...: its output goes to OUT/NAME.log, whether it held to OUT/checks.jsonl; not begun after the limit.
step() {
  local name=$1 seconds=$2 begun=$SECONDS code=0
  shift 2
  if [ "$SECONDS" -ge "$limit" ]; then code=skipped; else timeout -k 10 "$seconds" "$@" >"$out/$name.log" 2>&1 || code=$?; fi
  echo "{\"check\": \"$name\", \"code\": \"$code\", \"seconds\": $((SECONDS - begun))}" >>"$out/checks.jsonl"
  echo "$name: exit code $code after $((SECONDS - begun)) s" >&2
}

# figure LABEL COMMAND...: one line of JSON into OUT/figures.jsonl.
figure() {
  local label=$1
  shift
  step "$label" 60 "$@"
  [ ! -s "$out/$label.log" ] || grep '^{' "$out/$label.log" | tail -n 1 | sed "s/^{/{\"label\": \"$label\", /" >>"$out/figures.jsonl"
}

ours() {  # LABEL FILE SETTING...
  local label=$1 file=$2
  shift 2
  figure "$label" realface bench step "$configs/$file" "$@" world.device="$device" world.nccl=$nccl metrics.port=-1 --json --steps "${STEPS:-20}" --warmup 5
}
python3 -c 'import transformers' 2>/dev/null && peers=yes || { peers=no; echo "gpu: python3 has no transformers, so there is no eager PyTorch to compare with" >&2; }
theirs() {  # LABEL OPTION...
  local label=$1
  shift
  [ "$peers" = yes ] || return 0
  figure "$label" python3 "$peer" "$@" --device "$device" --steps "${STEPS:-20}" --warmup 5
}
nccl=auto
[ "$device" = cpu ] || nccl=always

{ nvidia-smi; python3 -c 'import torch; print(torch.__version__, torch.cuda.is_available())'; realface --version; } >"$out/machine.log" 2>&1
export REALFACE_TEST_DEVICE=$device REALFACE_TEST_SHARDS=$bundle/shards
step gpu_tests 180 gpu_tests --gtest_brief=1
[ "$device" = cpu ] || step step_costs 120 bash "$bundle/tests/gpu/step_costs.sh"

step shards 60 realface train "$configs/demo/pretrain.yaml" model.image=32 data.shards="$bundle/shards" run.dir="$out/run" train.steps=200 train.log_every=100 \
  world.device="$device" world.nccl=$nccl metrics.port=-1
step resume 90 bash "$bundle/tests/integration/resume_bitwise.sh" 1
size=(model.size=base) peer_size=base batches="${BATCHES:-8 64 256}"
if [ "$device" = cpu ]; then size=(model.size=small) peer_size=small batches=${BATCHES:-2}; fi
step trace 60 realface bench step "$configs/mae/pretrain.yaml" "${size[@]}" train.batch="${batches##* }" train.dtype=bf16 world.device="$device" metrics.port=-1 \
  --steps 5 --warmup 5 --trace "$out/trace.json"
for batch in $batches; do
  ours "mae-bf16-$batch" mae/pretrain.yaml "${size[@]}" train.batch="$batch" train.dtype=bf16
  theirs "peer-mae-bf16-$batch" --model mae --size $peer_size --batch "$batch" --dtype autocast
  ours "mae-tf32-$batch" mae/pretrain.yaml "${size[@]}" train.batch="$batch" world.tf32=true
  theirs "peer-mae-tf32-$batch" --model mae --size $peer_size --batch "$batch" --dtype tf32
  ours "mae-fp32-$batch" mae/pretrain.yaml "${size[@]}" train.batch="$batch"
  theirs "peer-mae-fp32-$batch" --model mae --size $peer_size --batch "$batch" --dtype fp32
done
few=${FEW:-16}
ours video-bf16 recap/pretrain.yaml "${size[@]}" mask.kind=tube mask.ratio=0.9 train.batch="$few" train.dtype=bf16
theirs peer-video-bf16 --model video_mae --size $peer_size --batch "$few" --dtype autocast
ours finetune-bf16 deepfakemae/finetune.yaml "${size[@]}" train.batch="$few" train.dtype=bf16
[ "$device" = cpu ] || ours mapping deepfakemae/mapping.yaml world.tf32=true
[ "$device" = cpu ] || ours localization delocate/localization.yaml world.tf32=true
ours xception xception/train.yaml world.tf32=true train.batch="$few"
python3 "$here/table.py" "$out" | tee "$out/gpu.txt"
