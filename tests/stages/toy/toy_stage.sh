#!/usr/bin/env bash
# toy_stage.sh RANKS: a program with one more stage does with it all that it does with its own: configuration errors, --print-config, a system
# of two entries, training, kill, resume, metrics, evaluation, and the same update at 1, 2 and 3 ranks.
. "$(dirname "$0")/../../integration/lib.sh"
count=$1
builtin_program=$program
program=${REALFACE_TOY:?is set by ctest}
dataset "$scratch"
sizes=(model.image=32 model.patch=8 model.width=32 model.depth=1 model.heads=2 model.decoder_width=32 model.decoder_depth=1 model.decoder_heads=2)
common=("${sizes[@]}" train.batch=12 train.log_every=5 data.shards="$scratch/shards" world.device=cpu)
toy=$scratch/toy.yaml
cat >"$toy" <<'YAML'
stage: toy
toy: {width: 3, words: [one, two], pairs: {x: y}}
weights: {teacher: pretrain}
train: {steps: 400, batch: 12, lr_abs: 1.0e-2}
YAML
cat >"$scratch/pretrain.yaml" <<'YAML'
stage: pretrain
train: {steps: 20, lr_abs: 1.0e-3}
YAML
cat >"$scratch/system.yaml" <<'YAML'
run: [pretrain.yaml, {name: first, file: toy.yaml}, {name: second, file: toy.yaml, toy.width: 5}]
YAML

# Configuration errors name the stage's own keys; a program without the stage does not know it.
refused 78 "unknown key 'toy.widht'; did you mean 'toy.width'" "$program" train "$toy" run.dir="$scratch/x" "${common[@]}" toy.widht=3
refused 78 "toy.width is '0'; expected a whole number of at least 1" "$program" train "$toy" run.dir="$scratch/x" "${common[@]}" toy.width=0
refused 78 "toy.words is empty" "$program" train "$toy" run.dir="$scratch/x" "${common[@]}" 'toy.words=[]'
refused 78 "give weights.teacher=RUN" "$program" train "$toy" run.dir="$scratch/x" "${common[@]}"
refused 78 "there is no stage|stage is 'toy'" "$builtin_program" train "$toy" run.dir="$scratch/x" "${common[@]}"
refused 78 "no entry of .* knows the key 'toy.widht'" "$program" run "$scratch/system.yaml" run.dir="$scratch/x" "${common[@]}" toy.widht=3

# What is printed reads back as the same.
must "$program" train "$toy" "${common[@]}" 'toy.words=[a, "b c"]' --print-config
cp "$scratch/last.log" "$scratch/printed.yaml"
must "$program" train "$scratch/printed.yaml" --print-config
cmp "$scratch/last.log" "$scratch/printed.yaml" || fail "the printed configuration does not read back as the same"

# The system: pretraining, then the toy stage twice on its weights; a shared key goes to the entries that know it.
must ranks "$count" run "$scratch/system.yaml" run.dir="$scratch/all" "${common[@]}" metrics.port=-1 second.train.steps=10
for entry in pretrain first second; do [ -e "$scratch/all/$entry/finished.json" ] || fail "$entry is not finished"; done
grep -q '"width": 5' <("$program" inspect "$scratch/all/second") || fail "the entry's own key was not taken"
must ranks "$count" run "$scratch/system.yaml" run.dir="$scratch/all" "${common[@]}" metrics.port=-1 second.train.steps=10
[ "$(grep -c skipping "$scratch/last.log")" = 3 ] || fail "finished entries are not skipped"

# Stopped, killed and resumed, it ends with the weights of the run that was not; log and metrics carry its named values and its evaluation.
run=$scratch/one
train=(train "$toy" weights.teacher="$scratch/all/pretrain" run.dir="$run" "${common[@]}" train.steps=400 run.eval_every=20 checkpoint.every=20)
must ranks "$count" "${train[@]}" run.stop_at=30 metrics.port=-1
ranks "$count" "${train[@]}" metrics.port=-1 >"$scratch/last.log" 2>&1 &
starter=$!
for _ in $(seq 600); do
  [ ! -d "$run/checkpoints/step-60" ] || break
  sleep 0.05
done
kill -KILL "$(rank_processes "$run" | tail -n 1)" || fail "no rank to kill"
wait "$starter"
[ ! -e "$run/finished.json" ] || fail "the run had ended before it was killed: the test tested nothing"
grep -q "resumed .* at step 30" "$scratch/last.log" || fail "it did not resume where it was stopped"
must ranks "$count" "${train[@]}" metrics.port=-1
grep -q "resumed .* at step" "$scratch/last.log" || fail "it did not resume after it was killed"
grep -q "L_left [0-9.e-]*  L_right [0-9.e-]*" "$run/log.txt" || fail "the log lacks the named values"
grep -q '"val_left"' "$run/metrics.jsonl" || fail "metrics.jsonl lacks the evaluation"
[ "$(weights_of "$run")" = "$(weights_of "$scratch/all/first")" ] || fail "a resumed run has other weights"

# The frozen network is part of what a run is.
must ranks "$count" train "$scratch/pretrain.yaml" run.dir="$scratch/other" "${common[@]}" seed=9 train.steps=5 metrics.port=-1
refused 78 "frozen network 'teacher' has other weights" "$program" train "$toy" run.dir="$run" "${common[@]}" \
  weights.teacher="$scratch/other" train.steps=500 run.eval_every=20 checkpoint.every=20 metrics.port=-1

# The same updates at 1, 2 and 3 ranks, within rounding.
for ranks_now in 1 2 3; do
  must ranks $ranks_now train "$toy" weights.teacher="$scratch/all/pretrain" run.dir="$scratch/at$ranks_now" "${common[@]}" train.steps=10 \
    train.log_every=1 metrics.port=-1
done
python3 - "$scratch" <<'PYTHON' || fail "the updates depend on the number of ranks"
import json, sys
curves = [[json.loads(line) for line in open(f"{sys.argv[1]}/at{n}/metrics.jsonl")] for n in (1, 2, 3)]
assert all(len(curve) == 10 for curve in curves), [len(curve) for curve in curves]
for one, two, three in zip(*curves):
    for other in (two, three):
        for name in ("L_left", "L_right"):
            a, b = one["values"][name], other["values"][name]
            assert abs(a - b) <= 1e-4 * abs(a) + 1e-7, (one["step"], name, a, b)
PYTHON
