#!/usr/bin/env bash
# While a run on 2 ranks is under way, each rank serves /metrics, and promtool accepts the scrape.
. "$(dirname "$0")/lib.sh"
command -v promtool >/dev/null || skip "metrics needs promtool (Debian package prometheus)"
dataset "$scratch"
ranks 2 train "$here/../../configs/demo/pretrain.yaml" run.dir="$scratch/run" data.shards="$scratch/shards" "${tiny[@]}" \
  train.steps=100000 checkpoint.every=20 >"$scratch/last.log" 2>&1 &
starter=$!
for _ in $(seq 600); do [ ! -d "$scratch/run/checkpoints/step-20" ] || break; sleep 0.05; done
python3 - "$scratch/run" "$scratch" <<'PYTHON' || fail "scrape"
import glob, json, sys, urllib.request
run, out = sys.argv[1:]
targets = [t for f in glob.glob(run + "/prometheus/*.json") for group in json.load(open(f)) for t in group["targets"]]
print("targets", targets)
assert len(targets) == 2, targets
for rank, target in enumerate(targets):
    text = urllib.request.urlopen(f"http://{target}/metrics", timeout=5).read().decode()
    open(f"{out}/scrape-{rank}.txt", "w").write(text)
    names = ["phase_seconds_total", "data_errors_total", "heartbeat_timestamp_seconds"]
    if rank == 0:  # what belongs to the whole run
        names += ["train_loss", "learning_rate", "grad_norm", "steps_total", "samples_total", "checkpoint_last_success_timestamp_seconds"]
    for name in names:
        assert any(line.startswith("realface_" + name) for line in text.splitlines()), f"{name} is missing on rank {rank}"
PYTHON
for scrape in "$scratch"/scrape-*.txt; do must promtool check metrics <"$scrape"; done
kill -TERM "$starter"
wait "$starter"
code=$?
[ "$code" = 75 ] || [ "$code" = 143 ] || fail "SIGTERM ended the run with code $code"
