#!/usr/bin/env python3
"""The table of run.sh: what held, how fast, and where the time of a step goes.

    table.py OUT        reads OUT/checks.jsonl, figures.jsonl, machine.log and trace.json; writes OUT/gpu.json. Exit code 1 if a
                        check failed
"""
import collections
import json
import pathlib
import sys

# FLOP/s of the tensor cores in bf16, dense, by a part of the GPU's name (NVIDIA's data sheets).
PEAKS = {"H100": 989e12, "H200": 989e12, "A100": 312e12}


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def transformer(tokens, width, depth):
    """Multiplications and additions of a forward pass: linear layers, then attention."""
    return depth * (24 * tokens * width**2 + 4 * tokens**2 * width)


def mae_flops():
    """Of one picture's update of the masked autoencoder ViT-B/16 at 75 %: backward is twice the forward pass."""
    patches = 2 * 196 * 768
    return 3 * (transformer(50, 768, 12) + transformer(197, 512, 8) + patches * 768 / 4 + 2 * 50 * 768 * 512 + patches * 512)


def peak(out):
    machine = out / "machine.log"
    text = machine.read_text() if machine.exists() else ""
    return next((flops for name, flops in PEAKS.items() if name in text), None)


def speed(figures, flops):
    print("| step | samples/s | ms | eager PyTorch, ms | ratio | of the bf16 peak | memory, MB (PyTorch) | allocations, waits |\n|" + "---|" * 8)
    for label, one in figures.items():
        if label.startswith("peer-"):
            continue
        ms, peer = one["ms"]["step"], figures.get("peer-" + label)
        gpu = one.get("gpu") or {}
        share = f"{one['images_per_s'] * mae_flops() / flops:.1%}" if label.startswith("mae-") and flops else ""
        theirs = f"{peer['ms']['step']:.2f} | {peer['ms']['step'] / ms:.2f}" if peer else " | "
        memory = f"{gpu['peak_mb']:.0f}" + (f" ({peer['gpu']['peak_mb']:.0f})" if peer and peer["gpu"] else "") if gpu else ""
        waits = f"{gpu['allocations']}, {gpu['waits']}" if gpu else ""
        print(f"| {label} | {one['images_per_s']:.0f} | {ms:.2f} | {theirs} | {share} | {memory} | {waits} |")


def time_of_trace(path):
    """Milliseconds by kind of event, and the longest kernels; of all steps that were traced."""
    events = json.loads(path.read_text())["traceEvents"]
    kinds, kernels = collections.Counter(), collections.Counter()
    count = collections.Counter()
    for event in events:
        if event.get("ph") != "X":
            continue
        kind = event.get("cat", "")
        if kind == "cuda_runtime":
            kind = event["name"]
        elif kind not in ("kernel", "gpu_memcpy", "gpu_memset"):
            continue
        kinds[kind] += event["dur"] / 1e3
        count[kind] += 1
        if kind == "kernel":
            kernels[event["name"][:90]] += event["dur"] / 1e3
    print("\n| of the trace | number | ms |\n|---|---|---|")
    for kind, ms in kinds.most_common(10):
        print(f"| {kind} | {count[kind]} | {ms:.2f} |")
    print("\n| kernel | ms |\n|---|---|")
    for name, ms in kernels.most_common(12):
        print(f"| `{name}` | {ms:.2f} |")
    return {"ms": kinds, "number": count, "kernels_ms": kernels.most_common(40)}


def main():
    out = pathlib.Path(sys.argv[1])
    checks, figures = lines(out / "checks.jsonl"), {one["label"]: one for one in lines(out / "figures.jsonl")}
    result = {"checks": checks, "figures": figures}
    print("| check | exit code | s |\n|---|---|---|")
    for check in checks:
        if check["check"] not in figures or check["code"] != "0":
            print(f"| {check['check']} | {check['code']} | {check['seconds']} |")
    print()
    speed(figures, peak(out))
    if (out / "trace.json").exists():
        result["trace"] = time_of_trace(out / "trace.json")
    (out / "gpu.json").write_text(json.dumps(result, indent=1))
    sys.exit(any(check["code"] not in ("0", "77", "skipped") for check in checks))


if __name__ == "__main__":
    main()
