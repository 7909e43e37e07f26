#!/usr/bin/env bash
# bench_kernels.sh: `bench kernels` measures both kernels of a pair and the chosen one, whatever the processor.
. "$(dirname "$0")/lib.sh"
must "$program" bench kernels --json --rounds 2 --filter "784 x 384 x 1152"
python3 - "$scratch/last.log" <<'PYTHON' || fail "not the figures of one shape's rows"
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1]) if line.startswith("{")]
assert len(lines) == 1, lines
figures = lines[0]
assert figures["bench"] == "kernels" and figures["threads"] == 1 and figures["processor"], figures
assert [row["row"] for row in figures["rows"]] == ["linear, forward", "linear, forward and backward", "GELU after linear, forward"], figures
for row in figures["rows"]:
    assert row["shape"] == "784 x 384 x 1152" and row["dtype"] == "fp32", row
    ratio = row["default_ms"] / row["alternative_ms"]
    assert abs(ratio - row["default_over_alternative"]) < 1e-9 and 0.02 < ratio < 50, row
    # The chosen kernel is one of the two; the machine may be busy.
    assert row["auto_ms"] < 5 * max(row["default_ms"], row["alternative_ms"]), row
    products = 3 if "backward" in row["row"] else 1
    assert abs(row["default_gflop_per_s"] * row["default_ms"] / 1e3 - products * 2e-9 * 784 * 384 * 1152) < 1e-9, row
PYTHON
refused 64 "no row of bench kernels contains 'atention'" "$program" bench kernels --filter atention
refused 64 "without mpirun" "${mpirun[@]}" -n 2 "$program" bench kernels
must "$program" bench kernels --rounds 1 --filter "fp32 16 x 6 x 50 x 64"
grep -q "attention, forward and backward .* x), auto" "$scratch/last.log" || fail "no line of text for attention"
