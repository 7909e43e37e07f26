#!/usr/bin/env bash
# Weights of other programs: what `import` writes, says and refuses, and that a training takes it.
. "$(dirname "$0")/lib.sh"
files=$here/../fixtures/weights
told=(--heads 2 --decoder-heads 2)

echo "- imported, with what shapes do not say"
must "$program" import "$files/mae_pretrain.pth" --as mae "${told[@]}" --out "$scratch/mae.safetensors"
grep -q "licence *CC-BY-NC-4.0: not for commercial use" "$scratch/last.log" || fail "the licence is not printed"
"$program" inspect "$scratch/mae.safetensors" >"$scratch/facts.json"
python3 - "$scratch/facts.json" <<'PYTHON' || fail "the metadata are not as expected"
import json, sys
metadata = json.load(open(sys.argv[1]))["metadata"]
assert metadata["license"] == "CC-BY-NC-4.0" and metadata["imported_as"] == "mae", metadata
assert metadata["imported_from"].startswith("mae_pretrain.pth, SHA-256 "), metadata
assert json.loads(metadata["description"])["heads"] == 2, metadata
PYTHON
must "$program" import "$files/mae_pretrain.pth" --as mae "${told[@]}" --inflate 4,2 --image 16 --out "$scratch/clips.safetensors"
must "$program" import "$files/vit_timm.pth" --as vit "${told[@]}" --grid 6 --out "$scratch/vit.safetensors"

echo "- what is refused leaves the old file"
before=$(sha256sum "$scratch/mae.safetensors")
out=(--out "$scratch/mae.safetensors")
refused 1 "holds no layer1.0.conv1.weight" "$program" import "$files/mae_pretrain.pth" --as resnet18 "${out[@]}"
refused 1 "norm.weight" "$program" import "$files/vit_timm.pth" --as mae "${told[@]}" "${out[@]}"
refused 1 "give --heads" "$program" import "$files/mae_pretrain.pth" --as mae "${out[@]}"
refused 1 "there is no kind 'mea'" "$program" import "$files/mae_pretrain.pth" --as mea "${out[@]}"
refused 1 "state_dict\(\)" "$program" import "$files/whole_module.pth" --as mae "${out[@]}"
head -c 9000 "$files/mae_pretrain.pth" >"$scratch/cut.pth"
refused 1 "cut.pth\] at byte .*cut short" "$program" import "$scratch/cut.pth" --as mae "${out[@]}"
refused 1 "nowhere.pth" "$program" import "$scratch/nowhere.pth" --as mae "${out[@]}"
refused 64 "did you mean --inflate" "$program" import "$files/mae_pretrain.pth" --as mae --inflat 1,2 "${out[@]}"
[ "$before" = "$(sha256sum "$scratch/mae.safetensors")" ] || fail "a refused import changed the file that was there"
[ -z "$(ls "$scratch" | grep '\.tmp\.')" ] || fail "a refused import left something half-written"

echo "- a training takes it and keeps the licence; it reads the original file too"
must "$program" synth --out "$scratch/videos" --identities 12 --frames 2 --size 160 --fakes all --seed 3
must "$program" preprocess "$scratch/videos" --dataset ffpp --out "$scratch/shards" --size 32 --frames 2
must "$program" import "$files/mae_pretrain.pth" --as mae "${told[@]}" --image 32 --out "$scratch/larger.safetensors"
finetune=(train "$here/../../configs/deepfakemae/finetune.yaml" data.shards="$scratch/shards" model.image=32 model.patch=4 model.width=8 model.depth=2
  finetune.frames=1 train.batch=2 train.steps=1 metrics.port=0 world.device=cpu)
must ranks 2 "${finetune[@]}" model.heads=2 weights.mae="$scratch/larger.safetensors" run.dir="$scratch/run"
python3 - "$scratch"/run/checkpoints/step-1/manifest.json <<'PYTHON' || fail "the checkpoint does not say the licence"
import json, sys
assert json.load(open(sys.argv[1]))["parts"]["model.vit"]["licences"] == ["CC-BY-NC-4.0 (larger.safetensors)"], sys.argv
PYTHON
refused 1 "heads is 2 there and 4 here" "${mpirun[@]}" -n 2 "$program" "${finetune[@]}" model.heads=4 weights.mae="$scratch/larger.safetensors" run.dir="$scratch/other"
refused 1 "pos_embed is 1x17x8 there and 1x65x8 here" "$program" "${finetune[@]}" model.heads=2 weights.mae="$files/mae_pretrain.pth" run.dir="$scratch/grid"
