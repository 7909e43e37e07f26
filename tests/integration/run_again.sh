#!/usr/bin/env bash
# run_again.sh RANKS: what a run folder goes through besides training: a start that fails, an init file that goes away, an
# earlier stop_at, and reconstructions of other shards.
. "$(dirname "$0")/lib.sh"
count=${1:-1}
dataset "$scratch/one"
dataset "$scratch/two" 3
recipe=$here/../../configs/demo/pretrain.yaml
train() { ranks "$count" train "$recipe" data.shards="$scratch/one/shards" "${tiny[@]}" checkpoint.every=10 "$@"; }
result_of() { python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$1/reconstruction.json" "$2"; }

# A start that is refused by its data does not keep the corrected one away.
run=$scratch/run
refused 78 'crops of 32 x 32' "$program" train "$recipe" data.shards="$scratch/one/shards" run.dir="$run" "${tiny[@]}" model.image=64
[ -e "$run/config.yaml" ] || fail "the start was refused before it claimed the folder: the test tests nothing"
must train run.dir="$run" train.steps=20

# Its weights begin another run, which needs the file only then.
init=$scratch/init.safetensors
python3 - "$run/checkpoints/step-20" "$init" <<'PYTHON' || fail "the weights were not cut out"
import glob, json, struct, sys
tensors, blob = {}, b""
for path in sorted(glob.glob(sys.argv[1] + "/rank-*.safetensors")):
    data = open(path, "rb").read()
    size = struct.unpack("<Q", data[:8])[0]
    for name, entry in json.loads(data[8:8 + size]).items():
        short = name.removeprefix("model.mae/")
        if short == name: continue
        begin, end = entry["data_offsets"]
        piece = data[8 + size + begin:8 + size + end]
        tensors[short] = {"dtype": entry["dtype"], "shape": entry["shape"], "data_offsets": [len(blob), len(blob) + len(piece)]}
        blob += piece
header = json.dumps(tensors).encode()
header += b" " * (-len(header) % 8)
open(sys.argv[2], "wb").write(struct.pack("<Q", len(header)) + header + blob)
PYTHON
digest=$(sha256sum "$init" | cut -d' ' -f1)
more=$scratch/more
must train run.dir="$more" train.steps=20 run.stop_at=10 init="$init"
grep -q "SHA-256 $digest" "$more/log.txt" || fail "the log does not say which file the run began with"
rm "$init"
must train run.dir="$more" train.steps=20 run.stop_at=15 init="$init"
grep -q "$digest" "$more/checkpoints/step-15/manifest.json" || fail "the checkpoint does not say which file the run began with"

# Asked to stop before where it is, a run is not finished.
must train run.dir="$more" train.steps=20 run.stop_at=5 init="$init"
[ ! -e "$more/finished.json" ] || fail "a run of 15 of 20 steps is called finished"

# Whom training saw is known of the shards that it read, and of no others.
must ranks "$count" reconstruct "$more"
[ "$(result_of "$more" seen_in_training)" = 0 ] || fail "seen_in_training: $(result_of "$more" seen_in_training)"
must "$program" report "$more" --out "$scratch/report.html"
grep -q "faces it has never seen" "$scratch/report.html" || fail "the report does not say that the faces are new"
must ranks "$count" reconstruct "$more" --shards "$scratch/two/shards"
[ "$(result_of "$more" seen_in_training)" = None ] || fail "seen_in_training of other shards: $(result_of "$more" seen_in_training)"
find "$more/reconstruction" -name "*masked*" -delete
must "$program" report "$more" --out "$scratch/report.html"
! grep -q "never seen" "$scratch/report.html" || fail "the report says that faces of other shards are new"
