#!/usr/bin/env bash
# bench_step.sh: `bench step` measures the stage that a file names, without a dataset, on one rank and on two.
. "$(dirname "$0")/lib.sh"
recipe=$here/../../configs/demo/pretrain.yaml
small=("${tiny[@]:0:9}" model.image=32 world.device=cpu)
for count in 1 2; do
  must ranks "$count" bench step "$recipe" "${small[@]}" train.batch=12 --steps 5 --warmup 1 --json --profile
  python3 - "$scratch/last.log" "$count" <<'PYTHON' || fail "not the figures of 5 steps on $count ranks"
import json, math, sys
lines = [json.loads(line) for line in open(sys.argv[1]) if line.startswith("{")]
assert len(lines) == 1, lines
figures = lines[0]
assert figures["bench"] == "step" and figures["stage"] == "pretrain" and figures["steps"] == 5, figures
assert figures["ranks"] == int(sys.argv[2]), figures
assert math.isfinite(figures["loss"]) and figures["loss"] > 0, figures
assert figures["batch"] * figures["ranks"] == 12, figures
assert abs(figures["images_per_s"] * figures["ms"]["step"] / 1e3 - 12) < 1e-6, figures
operators = figures["operators_ms"]
assert operators["aten::gelu"] > 0 and operators["aten::mm"] > 0, operators
assert 0 < sum(operators.values()) < 10 * figures["ms"]["step"], operators
PYTHON
done
refused 78 "there is no stage|stage is 'nosuch'" "$program" bench step "$recipe" stage=nosuch
refused 78 "world.kernels" "$program" bench step "$recipe" world.kernels=fast
refused 78 "unknown key 'train.btach'" "$program" bench step "$recipe" train.btach=3
