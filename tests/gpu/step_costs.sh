#!/usr/bin/env bash
# step_costs.sh: on a GPU, an update of any stage allocates nothing from the driver once it is warm, and the host never waits for the device,
# except for the choice of an inner step; and the loss is the CPU's.
. "$(dirname "$0")/../integration/lib.sh"
configs=$here/../../configs
vit=(model.image=32 model.patch=8 model.width=32 model.depth=2 model.heads=2 train.batch=4 metrics.port=-1)
mae=("${vit[@]}" model.decoder_width=32 model.decoder_depth=1 model.decoder_heads=2)
network=(model.image=64 metrics.port=-1 model.size=small)

# costs WAITS STAGE_FILE SETTING...: WAITS of the host in each update.
costs() {
  local waits=$1 file=$2
  shift 2
  local command=("$program" bench step "$configs/$file" "$@" world.threads=1 --steps 3 --warmup 4 --json)
  "${command[@]}" world.device=cuda world.nccl=always >"$scratch/gpu.json" 2>"$scratch/last.log" || fail "on the GPU: $file $*"
  "${command[@]}" world.device=cpu >"$scratch/cpu.json" 2>"$scratch/last.log" || fail "on the CPU: $file $*"
  python3 - "$waits" "$scratch/gpu.json" "$scratch/cpu.json" <<'PYTHON' || fail "$file $*"
import json, sys
waits, (gpu, cpu) = int(sys.argv[1]), [json.load(open(path)) for path in sys.argv[2:]]
print(gpu["stage"], gpu["gpu"], "loss", gpu["loss"], "on the CPU", cpu["loss"])
assert gpu["gpu"]["allocations"] == 0, "blocks were allocated"
assert gpu["gpu"]["waits"] == 3 * waits, f"the host waited, in 3 updates, {gpu['gpu']['waits']} times"
assert abs(gpu["loss"] - cpu["loss"]) < 1e-3 * abs(cpu["loss"]), "another loss than on the CPU"
PYTHON
}

costs 0 mae/pretrain.yaml "${mae[@]}"
costs 0 deepfakemae/pretrain.yaml "${mae[@]}"
costs 0 recap/pretrain.yaml "${mae[@]}" model.frames=4
costs 0 deepfakemae/finetune.yaml "${vit[@]}"
costs 0 recap/finetune.yaml "${vit[@]}" model.frames=4
costs 0 cnn/train.yaml model.image=32 train.batch=8 metrics.port=-1
costs 0 lre/extractor.yaml "${network[@]}" train.batch=4
# An inner loop of each of the three domains it is trained on: the host chooses by the reference set's scores which step's graph goes on.
costs 3 deepfakemae/mapping.yaml "${network[@]}" meta.samples=2 meta.episodes=1 meta.steps=1 meta.reference=4
costs 3 delocate/localization.yaml "${network[@]}" model.encoder=small meta.samples=2 meta.episodes=1 meta.steps=1 meta.reference=4
costs 0 delocate/localization.yaml "${network[@]}" model.encoder=small meta.mode=none meta.samples=2 meta.episodes=1

data=(data.align=any data.shards="$scratch/shards")
dataset "$scratch" 4 all
must "$program" train "$configs/rffr/pretrain.yaml" "${mae[@]}" "${data[@]}" mask.kind=random model.patch=4 train.steps=1 run.dir="$scratch/rffr"
costs 0 rffr/detector.yaml "${vit[@]}" model.patch=4 rffr.blocks=2 rffr.share=0.5 weights.mae="$scratch/rffr"
must "$program" train "$configs/lre/pretrain.yaml" "${mae[@]}" "${data[@]}" train.steps=1 run.dir="$scratch/mae"
must "$program" train "$configs/lre/extractor.yaml" model.size=small model.image=32 train.batch=4 metrics.port=-1 "${data[@]}" train.steps=1 run.dir="$scratch/extractor"
costs 0 lre/detector.yaml model.image=32 model.size=small model.patch=8 train.batch=4 metrics.port=-1 'lre.taps=[block2,block3,block5]' \
  weights.mae="$scratch/mae" weights.extractor="$scratch/extractor"
