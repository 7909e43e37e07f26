#!/usr/bin/env bash
# Speed beside PyTorch, in one sitting, here and there in turn. Prints one line with the word `ratio` for each figure.
#
#   compare.sh PROGRAM        ROUNDS=3 STEPS=10 WARMUP=3 in the environment
#
# PARTS="step video finetune evaluate episodes rffr lre detect" chooses: a step of pretraining (step: pictures, transformers' ViTMAE; video: clips, its VideoMAE)
# and of fine-tuning (timm's ViT) beside DistributedDataParallel, the same model, optimizer, dtype and batch, two ranks of one thread
# each; evaluate, the scores of videos beside timm's ViT over the same crops, one thread; episodes, one update of `stage: mapping` beside
# plain torch.autograd, one thread; rffr, one update of its detector and its scores of faces, one thread, beside the same in PyTorch and beside a pass a block as
# published; lre, one update of its detector likewise; detect, frames of drawn videos of 640 x 640 pixels, every one looked at, for each second of processor time
# (all threads and processes, from start to end), beside OpenCV, dlib and PyTorch with the same network. Python's side lives in .deps/ (python_side.sh).
# The raw figures stay in out/compare.jsonl.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/.." && pwd)
program=$(realpath "$1")
rounds=${ROUNDS:-3} steps=${STEPS:-10} warmup=${WARMUP:-3} parts=" ${PARTS:-step video finetune evaluate episodes rffr lre detect} "
wanted() { [[ $parts == *" $1 "* ]]; }

# The recipe of ours, the model of theirs and the samples a rank of a part.
declare -A recipe=([step]="mae/pretrain.yaml" [video]="recap/pretrain.yaml mask.kind=tube mask.ratio=0.9" [finetune]="deepfakemae/finetune.yaml weights.mae=")
declare -A peer=([step]=mae [video]=video_mae [finetune]=vit)
declare -A batch=([step]=16 [video]=2 [finetune]=4)

ours() {  # part, dtype, ranks; prints one JSON line
  local file=${recipe[$1]%% *} keys=${recipe[$1]#* }
  [ "$keys" != "$file" ] || keys=
  mpirun --oversubscribe --bind-to none -n "$3" "$program" bench step "$root/configs/$file" $keys model.size=small train.dtype="$2" \
    train.batch=$((batch[$1] * $3)) world.threads=1 world.device=cpu --json --steps "$steps" --warmup "$warmup"
}

theirs() {  # part, dtype
  local port options=(--model "${peer[$1]}" --batch "${batch[$1]}" --dtype "$2" --steps "$steps" --warmup "$warmup")
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  export WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=$port
  RANK=1 timeout 600 python3 "$here/peer_ddp.py" "${options[@]}" &
  RANK=0 timeout 600 python3 "$here/peer_ddp.py" "${options[@]}"
  wait $!
}

# Two programs of one rank at the same time: what two ranks would reach if they had nothing to tell each other.
apart() {  # part, dtype
  local other=$(mktemp)
  ours "$1" "$2" 1 >"$other" &
  ours "$1" "$2" 1
  wait $!
  cat "$other"
  rm -f "$other"
}

# Drawn videos of five crops of 224 pixels, and a classifier of them.
prepare_evaluation() {
  "$program" synth --out "$scratch/videos" --identities 12 --frames 5 --size 256 --seed 1
  "$program" preprocess "$scratch/videos" --dataset ffpp --out "$scratch/shards" --size 224 --frames 5 --codec raw
  "$program" train "$root/configs/deepfakemae/finetune.yaml" weights.mae= model.size=small train.steps=1 train.batch=4 \
    data.shards="$scratch/shards" run.dir="$scratch/finetune" world.device=cpu metrics.port=0
}

videos_a_second() {  # of an evaluation's run
  python3 -c '
import json, sys
step = json.loads(open(sys.argv[1] + "/metrics.jsonl").readlines()[-1])
videos = len(open(sys.argv[1] + "/scores.csv").readlines()) - 1
print(json.dumps({"images_per_s": videos / step["seconds"], "videos": videos}))' "$1"
}

ours_evaluation() {
  rm -rf "$scratch/evaluate"
  "$program" train "$root/configs/deepfakemae/evaluate.yaml" weights.vit="$scratch/finetune" weights.mapping= weights.recovered= evaluate.split=all \
    evaluate.frames=5 data.shards="$scratch/shards" run.dir="$scratch/evaluate" world.threads=1 world.device=cpu metrics.port=0 >&2
  videos_a_second "$scratch/evaluate"
}

theirs_evaluation() { python3 "$here/peer_evaluate.py" "$scratch/shards" --batch "$1"; }

ours_episodes() {
  "$program" bench step "$root/configs/deepfakemae/mapping.yaml" model.size=small model.image=64 meta.reference=8 meta.episodes=1 weights.recovered=x \
    weights.mae= world.threads=1 world.device=cpu metrics.port=0 --json --steps "$steps" --warmup "$warmup"
}

theirs_episodes() { python3 "$here/peer_episodes.py" --steps "$steps" --warmup "$warmup"; }

# An autoencoder of residuals, and a detector that saw one update.
prepare_rffr() {
  "$program" synth --out "$scratch/people" --identities 12 --frames 2 --size 256 --seed 1
  "$program" preprocess "$scratch/people" --dataset ffpp --out "$scratch/people-shards" --size 224 --frames 2 --codec raw
  local keys=(model.size=small train.steps=1 train.batch=4 data.align=any data.shards="$scratch/people-shards" world.device=cpu metrics.port=0)
  "$program" train "$root/configs/rffr/pretrain.yaml" "${keys[@]}" run.dir="$scratch/restorer"
  "$program" train "$root/configs/rffr/detector.yaml" "${keys[@]}" weights.mae="$scratch/restorer" run.dir="$scratch/residuals"
}

ours_rffr() {
  "$program" bench step "$root/configs/rffr/detector.yaml" model.size=small weights.mae="$scratch/restorer" train.batch=8 data.align=any world.threads=1 \
    world.device=cpu metrics.port=0 --json --steps "$steps" --warmup "$warmup"
}

theirs_rffr() { python3 "$here/peer_rffr.py" "$1" "$2" --batch 8 --steps "$steps" --warmup "$warmup"; }

ours_rffr_test() {
  rm -rf "$scratch/evaluate"
  "$program" train "$root/configs/rffr/evaluate.yaml" weights.rffr="$scratch/residuals" weights.mae="$scratch/restorer" evaluate.split=all evaluate.batch=8 \
    data.align=any data.shards="$scratch/people-shards" run.dir="$scratch/evaluate" world.threads=1 world.device=cpu metrics.port=0 >&2
  videos_a_second "$scratch/evaluate"
}

# An autoencoder and an extractor, which saw one update.
prepare_lre() {
  "$program" synth --out "$scratch/people" --identities 12 --frames 2 --size 256 --seed 1
  "$program" preprocess "$scratch/people" --dataset ffpp --out "$scratch/people-shards" --size 224 --frames 2 --codec raw
  local keys=(train.steps=1 train.batch=4 data.align=any data.shards="$scratch/people-shards" world.device=cpu metrics.port=0)
  "$program" train "$root/configs/lre/pretrain.yaml" "${keys[@]}" model.size=small run.dir="$scratch/local"
  "$program" train "$root/configs/lre/extractor.yaml" "${keys[@]}" run.dir="$scratch/extractor"
}

ours_lre() {
  "$program" bench step "$root/configs/lre/detector.yaml" weights.mae="$scratch/local" weights.extractor="$scratch/extractor" train.batch=8 data.align=any \
    world.threads=1 world.device=cpu metrics.port=0 --json --steps "$steps" --warmup "$warmup"
}

theirs_lre() { python3 "$here/peer_lre.py" "$1" --batch 8 --steps "$steps" --warmup "$warmup"; }

# A plain network of the demo's size as a detector file, and videos that it has not seen.
prepare_detection() {
  "$program" synth --out "$scratch/few" --identities 8 --frames 4 --size 256 --seed 1
  "$program" preprocess "$scratch/few" --dataset ffpp --out "$scratch/few-shards" --size 64 --frames 4
  "$program" run "$root/configs/cnn/cnn.yaml" model.image=64 train.steps=20 train.batch=8 data.shards="$scratch/few-shards" run.dir="$scratch/cnn" \
    world.device=cpu metrics.port=0
  "$program" export "$scratch/cnn" --out "$scratch/detector.safetensors"
  "$program" synth --out "$scratch/films" --identities 6 --frames 75 --size 640 --fakes none --seed 2
  "$here/python_packages.sh" requirements-data.txt "$root/.deps/python-data"
}
films() { find "$scratch/films" -name '*.mp4' | sort; }

ours_detection() {
  local before after shell=$BASHPID
  before=$(awk '{print $16 + $17}' "/proc/$shell/stat")  # of children that ended, in hundredths of a second
  "$program" detect $(films) --weights "$scratch/detector.safetensors" --every 1 --json >"$scratch/detect.json"
  after=$(awk '{print $16 + $17}' "/proc/$shell/stat")
  python3 -c '
import json, sys
files = json.load(open(sys.argv[1]))["files"]
frames, seconds = sum(one["frames"] for one in files), int(sys.argv[2]) / 100
print(json.dumps({"images_per_s": frames / seconds, "with_face": sum(one["people"][0]["frames"] for one in files if one["people"]), "frames": frames,
                  "p_fake": [one["p_fake"] for one in files]}))' "$scratch/detect.json" $((after - before))
}

theirs_detection() {  # how often pictures are upsampled
  PYTHONPATH=$root/.deps/python-data:$PYTHONPATH python3 "$here/peer_detect.py" $(films) --weights "$scratch/detector.safetensors" --upsample "$1" | python3 -c '
import json, sys
found = json.load(sys.stdin)
print(json.dumps({"images_per_s": found["frames"] / found["core_s"], "with_face": found["with_face"], "frames": found["frames"],
                  "p_fake": list(found["p_fake"].values())}))'
}

record() {  # round, label, command...
  local round=$1 label=$2
  shift 2
  "$@" 2>"$errors" | grep '^{' | sed "s/^{/{\"round\": $round, \"label\": \"$label\", /" >>"$figures" \
    || { cat "$errors" >&2; echo "compare: '$*' failed" >&2; exit 1; }
}

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_btl_vader_single_copy_mechanism=none OMP_NUM_THREADS=1
"$here/python_side.sh"
export PYTHONPATH=$root/.deps/libtorch-cuda:$root/.deps/python
mkdir -p "$root/out"
figures=$root/out/compare.jsonl errors=$root/out/compare.stderr
scratch=$(mktemp -d "${TMPDIR:-/tmp}/realface-compare.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
: >"$figures"
if wanted evaluate; then prepare_evaluation >"$errors" 2>&1 || { cat "$errors" >&2; exit 1; }; fi
if wanted rffr; then prepare_rffr >"$errors" 2>&1 || { cat "$errors" >&2; exit 1; }; fi
if wanted lre; then prepare_lre >"$errors" 2>&1 || { cat "$errors" >&2; exit 1; }; fi
if wanted detect; then prepare_detection >"$errors" 2>&1 || { cat "$errors" >&2; exit 1; }; fi
for round in $(seq "$rounds"); do
  echo "compare: round $round of $rounds" >&2
  for part in step video finetune; do
    wanted "$part" || continue
    record "$round" "ours_fp32_$part" ours "$part" fp32 2
    record "$round" "peer_fp32_$part" theirs "$part" fp32
    record "$round" "apart_fp32_$part" apart "$part" fp32
    record "$round" "ours_bf16_$part" ours "$part" bf16 2
    record "$round" "peer_autocast_$part" theirs "$part" autocast
  done
  if wanted evaluate; then
    record "$round" ours_evaluation ours_evaluation
    record "$round" peer_evaluation theirs_evaluation 8
    record "$round" peer_video_by_video theirs_evaluation 1
  fi
  if wanted episodes; then
    record "$round" ours_episodes ours_episodes
    record "$round" peer_episodes theirs_episodes
  fi
  if wanted rffr; then
    record "$round" ours_rffr ours_rffr
    record "$round" peer_rffr theirs_rffr step batched
    record "$round" peer_rffr_published theirs_rffr step published
    record "$round" ours_rffr_test ours_rffr_test
    record "$round" peer_rffr_test theirs_rffr test batched
    record "$round" peer_rffr_test_published theirs_rffr test published
  fi
  if wanted lre; then
    record "$round" ours_lre ours_lre
    record "$round" peer_lre theirs_lre batched
    record "$round" peer_lre_published theirs_lre published
  fi
  if wanted detect; then
    record "$round" ours_detection ours_detection
    record "$round" peer_detection theirs_detection 0
    record "$round" peer_detection_upsampled theirs_detection 1
  fi
done
python3 "$here/ratios.py" "$figures"
