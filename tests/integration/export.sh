#!/usr/bin/env bash
# export.sh: one trained network for other programs: what is written, said and refused; what comes out goes in again as it was.
. "$(dirname "$0")/lib.sh"
must "$program" synth --out "$scratch/videos" --identities 40 --frames 4 --size 160 --fakes all --seed 3
must "$program" preprocess "$scratch/videos" --dataset ffpp --out "$scratch/shards" --size 32 --frames 4
must "$program" import "$here/../fixtures/weights/mae_pretrain.pth" --as mae --heads 2 --image 32 --out "$scratch/given.safetensors"
pretrain=(train "$here/../../configs/mae/pretrain.yaml" data.shards="$scratch/shards" "${tiny[@]}" world.threads=1 train.steps=2)
run=$scratch/run
must "$program" "${pretrain[@]}" run.dir="$run" checkpoint.every=1
export=("$program" export "$run")

echo "- our own format, with the network's description"
must "${export[@]}" --to safetensors --out "$scratch/ours.safetensors"
grep -q "exported .* tensors of 'mae' for safetensors" "$scratch/last.log" || fail "it is not said what was written"
"$program" inspect "$scratch/ours.safetensors" >"$scratch/facts.json"
python3 - "$scratch/facts.json" "$(weights_of "$run")" <<'PYTHON' || fail "the metadata are not as expected"
import json, sys
metadata = json.load(open(sys.argv[1]))["metadata"]
assert metadata["exported_from"] == "mae at step 2, weights_sha256 " + sys.argv[2], metadata
assert json.loads(metadata["description"])["decoder_heads"] == 2 and "license" not in metadata, metadata
assert metadata["code_version"] and metadata["dataset_digest"], metadata
PYTHON

echo "- whatever the form, it goes in as it was"
must "${export[@]}" --to torch --out "$scratch/ours.pth"
mkdir "$scratch/theirs"
must "${export[@]}" --to transformers --out "$scratch/theirs/model.safetensors"
grep -q "taken by *transformers.ViTMAEForPreTraining" "$scratch/last.log" || fail "the class that takes it is not said"
python3 -c 'import json,sys; assert json.load(open(sys.argv[1]))["hidden_size"] == 32' "$scratch/theirs/config.json" || fail "the config.json is wrong"
for file in ours.safetensors ours.pth theirs/model.safetensors; do
  must "$program" "${pretrain[@]}" init="$scratch/$file" train.lr=1e-30 run.dir="$scratch/again"
  [ "$(weights_of "$scratch/again")" = "$(weights_of "$run")" ] || fail "$file holds other weights than the run"
  rm -r "$scratch/again"
done
must "${export[@]}" --to timm --out "$scratch/encoder.safetensors"
grep -q 'timm.create_model("vit_base_patch16_224", img_size=32, patch_size=8, embed_dim=32, depth=2, num_heads=2, num_classes=0)' \
  "$scratch/last.log" || fail "the call that takes it is not said"

echo "- licences stay, in the file of torch.save too"
must "$program" train "$here/../../configs/deepfakemae/finetune.yaml" data.shards="$scratch/shards" weights.mae="$scratch/given.safetensors" model.image=32 \
  model.patch=4 model.width=8 model.depth=2 model.heads=2 finetune.frames=1 train.batch=4 train.steps=2 metrics.port=0 world.device=cpu world.threads=1 \
  run.dir="$scratch/bound"
must "$program" export "$scratch/bound" --to torch --out "$scratch/bound.pth"
grep -q "licence *CC-BY-NC-4.0 (given.safetensors): not for commercial use" "$scratch/last.log" || fail "the licence is not printed"
must "$program" import "$scratch/bound.pth" --as vit --heads 2 --out "$scratch/back.safetensors"
"$program" inspect "$scratch/back.safetensors" | grep -q '"license": "CC-BY-NC-4.0 (given.safetensors)"' || fail "the licence was lost"

echo "- what is refused leaves the old files"
before=$(cat "$scratch/ours.safetensors" "$scratch/theirs/config.json" | sha256sum)
out=(--out "$scratch/ours.safetensors")
refused 1 "no target 'keras'; known are safetensors, torch, timm, transformers" "${export[@]}" --to keras "${out[@]}"
refused 64 "holds no network 'vit'; --network takes: mae" "${export[@]}" --to torch --network vit "${out[@]}"
cp -r "$run/checkpoints/step-1" "$scratch/step-1"
python3 - "$scratch/step-1/manifest.json" <<'PYTHON' || fail "the manifest is not as expected"
import hashlib, json, sys
manifest = json.load(open(sys.argv[1]))
digest = lambda: hashlib.sha256(json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()
assert manifest.pop("manifest_sha256") == digest()
manifest["parts"]["model.other"] = manifest["parts"]["model.mae"]
manifest["manifest_sha256"] = digest()
open(sys.argv[1], "w").write(json.dumps(manifest, sort_keys=True, indent=1, ensure_ascii=False) + "\n")
PYTHON
refused 64 "holds several networks; choose with --network: mae, other" "$program" export "$scratch/step-1" --to torch "${out[@]}"
refused 64 "\[export\] --network chooses what --to writes" "${export[@]}" --network mae "${out[@]}"
refused 1 "nowhere\] is no folder" "$program" export "$scratch/nowhere" --to torch "${out[@]}"
refused 1 "holds no intact checkpoint" "$program" export "$scratch/videos" --to torch "${out[@]}"
refused 1 "it has mae and video_mae" "$program" export "$scratch/bound" --to transformers "${out[@]}"
mkdir "$scratch/others"
echo '{"hidden_size": 8}' >"$scratch/others/config.json"
refused 1 "others/config.json\] is of another network" "${export[@]}" --to transformers --out "$scratch/others/model.safetensors"
[ ! -e "$scratch/others/model.safetensors" ] || fail "weights were written beside the config.json of another network"
mv "$run/finished.json" "$scratch"
refused 1 "is not finished; .*step-2" "${export[@]}" --to torch "${out[@]}"
must "$program" export "$run/checkpoints/step-1" --to torch --out "$scratch/first.pth"
mv "$scratch/finished.json" "$run"
refused 64 "start it without mpirun" "${mpirun[@]}" -n 2 "${export[@]}" --to torch "${out[@]}"
for to in safetensors torch; do
  (trap '' XFSZ; ulimit -f 8; refused 1 "ours.safetensors.*cannot be written" "${export[@]}" --to $to "${out[@]}") || exit 1
done
[ "$before" = "$(cat "$scratch/ours.safetensors" "$scratch/theirs/config.json" | sha256sum)" ] || fail "a refused export changed a file that was there"
[ -z "$(ls "$scratch" | grep '\.tmp\.')" ] || fail "a refused export left something half-written"
