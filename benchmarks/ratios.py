#!/usr/bin/env python3
"""Turns the figures of compare.sh into ratios: the median over rounds, each round compared with itself."""
import json
import pathlib
import statistics
import sys

figures = {}
with open(sys.argv[1]) as file:
    for line in file:
        figure = json.loads(line)
        figures.setdefault(figure["label"], {}).setdefault(figure["round"], []).append(figure)


def rates(label):
    """Samples (pictures, clips, videos) per second by round, all ranks and programs of it together."""
    return {number: sum(one["images_per_s"] for one in runs) for number, runs in figures[label].items()}


def milliseconds(label):
    """Of a step, by round."""
    return {number: runs[0]["ms"]["step"] for number, runs in figures[label].items()}


def cpu_flags():
    text = pathlib.Path("/proc/cpuinfo").read_text()
    flags = set(next(line for line in text.splitlines() if line.startswith("flags")).split(":")[1].split())
    return [name for name in ("avx512f", "avx512_bf16", "amx_bf16") if name in flags]


def compare(what, mine, other, wanted):
    a, b = rates(mine), rates(other)
    ratios = [a[number] / b[number] for number in sorted(a)]
    print(f"ratio {what}: {statistics.median(ratios):.3f} (wanted {wanted}; {len(ratios)} runs, "
          f"{min(ratios):.3f} to {max(ratios):.3f}; {statistics.median(a.values()):.1f} against "
          f"{statistics.median(b.values()):.1f} samples/s)")


def compare_times(what, mine, other):
    """How many times longer the other one takes."""
    a, b = milliseconds(mine), milliseconds(other)
    ratios = [b[number] / a[number] for number in sorted(a)]
    print(f"ratio {what}: {statistics.median(ratios):.3f} ({len(ratios)} runs, {min(ratios):.3f} to {max(ratios):.3f}; "
          f"{statistics.median(b.values()):.0f} against {statistics.median(a.values()):.0f} ms)")


print("processor: " + " ".join(cpu_flags()))
# What is wanted of each part: fp32, and bf16 to autocast, on AMD processors with AVX-512.
for part, what, fp32, bf16 in (("step", "MAE", 1.7, 1.6), ("video", "VideoMAE", 1.5, 1.5), ("finetune", "fine-tuning", 1.4, 1.4)):
    ours, peer = f"ours_fp32_{part}", f"peer_fp32_{part}"
    if ours not in figures:
        continue
    compare(f"{what}, fp32 to PyTorch DDP in fp32", ours, peer, f"at least {fp32} on AMD with AVX-512")
    compare(f"{what}, bf16 to PyTorch DDP in bf16 autocast", f"ours_bf16_{part}", f"peer_autocast_{part}",
            f"at least {bf16} on AMD with AVX-512")
    compare(f"{what}, bf16 to PyTorch DDP in fp32", f"ours_bf16_{part}", peer, "at least 1.6 with AMX or AVX512-BF16")
    compare(f"{what}, two ranks to two programs apart", ours, f"apart_fp32_{part}", "at least 0.95")
    if part != "step":
        continue
    starts = [one["startup_s"] for runs in figures[ours].values() for one in runs]
    print(f"{what}, start to first forward: {statistics.median(starts):.2f} s (wanted under 3; {len(starts)} runs, "
          f"{min(starts):.2f} to {max(starts):.2f}); as a ratio to 3 s {statistics.median(starts) / 3:.2f}")
if "ours_evaluation" in figures:
    compare("evaluation, fp32 to timm in batches", "ours_evaluation", "peer_evaluation",
            "at least 1.3 on AMD with AVX-512")
    compare("evaluation, fp32 to timm video by video", "ours_evaluation", "peer_video_by_video", "no figure")
if "ours_episodes" in figures:
    compare_times("episode step, PyTorch's time to ours", "ours_episodes", "peer_episodes")
if "ours_rffr" in figures:
    compare_times("RFFR step, PyTorch's time to ours", "ours_rffr", "peer_rffr")
    compare_times("RFFR step, the time of a pass a block in PyTorch to ours", "ours_rffr", "peer_rffr_published")
    compare("RFFR scores to PyTorch in batches", "ours_rffr_test", "peer_rffr_test", "at least 1.5 on AMD with AVX-512, 1.05 elsewhere")
    compare("RFFR scores to PyTorch with a pass a block", "ours_rffr_test", "peer_rffr_test_published", "no figure")
if "ours_lre" in figures:
    compare_times("LRE step, PyTorch's time to ours", "ours_lre", "peer_lre")
    compare_times("LRE step, the time of the whole extractor for each face in PyTorch to ours", "ours_lre", "peer_lre_published")
if "ours_detection" in figures:
    compare("detect to OpenCV, dlib and PyTorch", "ours_detection", "peer_detection", "at least 1.3")
    compare("detect to the same with pictures upsampled once", "ours_detection", "peer_detection_upsampled", "at least 4")
    own, peer = (figures[label][min(figures[label])][0] for label in ("ours_detection", "peer_detection"))
    off = max(abs(a - b) for a, b in zip(own["p_fake"], peer["p_fake"]))
    print(f"detect: faces in {own['with_face']} and {peer['with_face']} of {own['frames']} frames; scores differ by up to {off:.3f}, since crops do; "
          f"{statistics.median(rates('ours_detection').values()) / 25:.2f} of a video of 25 frames/s on one core")
