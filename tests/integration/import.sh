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
