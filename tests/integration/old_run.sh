#!/usr/bin/env bash
# old_run.sh: shards and a stopped run that an earlier version wrote (tests/fixtures/made-by-e67985f) still load: they verify, the checkpoint
# has the weights that it had then, and the run goes on with the losses that the earlier version went on with.
. "$(dirname "$0")/lib.sh"
cp -r "$here/../fixtures/made-by-e67985f/." "$scratch"
cd "$scratch" || exit 1  # the run's configuration names its folders relative to this one

must "$program" verify shards
must "$program" verify run
weights=$(weights_of run)
[ "$weights" = e8ba11c37e722fe9b8ecda80656838eeb776674d45803ac7d07073d322fa8b22 ] || fail "the checkpoint's weights are $weights"
must ranks 2 train run/config.yaml run.stop_at=0
grep -q "resumed run at step 3" last.log || fail "the run was not resumed"
[ -e run/finished.json ] || fail "the run is not finished"
python3 - <<'PYTHON' || fail "the run went on in another way than the version that began it"
import json
then = {4: (0.5291639864444733, 0.3381907045841217), 5: (0.5590729117393494, 0.3266560435295105), 6: (0.5170202106237411, 0.3190058767795563)}
now = {line["step"]: line for line in map(json.loads, open("run/metrics.jsonl"))}
for step, (loss, norm) in then.items():
    assert abs(now[step]["loss"] - loss) < 1e-5, (step, now[step]["loss"], loss)
    assert abs(now[step]["grad_norm"] - norm) < 1e-4, (step, now[step]["grad_norm"], norm)
PYTHON
must "$program" train run/config.yaml run.stop_at=0
grep -q "resumed run at step 6" last.log || fail "a run that has ended begins again"
