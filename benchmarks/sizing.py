#!/usr/bin/env python3
"""What ForgeryNet asks of a node, from the figures of compare_data.sh: disk, reading, cores. Says nothing of what was not measured.

    sizing.py OUT [IMAGES_PER_S]      the folder with compare-data.jsonl and compare-preprocess.jsonl; images a second and node

Frames: 2.9 million images and 30 of each of 221,247 videos, an upper bound. 54,000 images/s is what eight H200 need for a ViT-B masked
autoencoder at 40 % of their bf16 peak, from its 58.7 GFLOP an image.
"""
import json
import pathlib
import statistics
import sys

FRAMES = 2_900_000 + 30 * 221_247
CODECS = {"gdiff-up-zstd": "BM_ours", "png": "BM_opencv_png", "jpeg q95 4:4:4": "BM_turbojpeg_q95_444"}
RAW_BYTES = 3 * 224 * 224


def figures(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def median(rows, name, key="images_per_s"):
    values = [row[key] for row in rows if row.get("name", row["label"]) == name and row["label"] != "apart" and key in row]
    return statistics.median(values) if values else None


def codec_line(codec, kilobytes, a_core, rate):
    cores = f"{rate / a_core:6.1f}" if a_core else "     -"
    print(f"{codec:16} {kilobytes:8.1f} {FRAMES * kilobytes / 1e6:8.0f} {rate * kilobytes / 1e6:8.2f} {cores}")


def main():
    folder, rate = pathlib.Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 54_000.0
    rows = figures(folder / "compare-data.jsonl")
    print(f"ForgeryNet, {FRAMES / 1e6:.2f} million frames of 224 x 224, read at {rate:,.0f} images/s a node, on cores like this one's:")
    print("codec            kB/frame  GB disk   GB read/s  cores that decode (with the CRC where it is ours)")
    for codec, name in CODECS.items():
        if a_core := median(rows, name):
            codec_line(codec, median(rows, name, "kB"), a_core, rate)
    codec_line("raw", RAW_BYTES / 1e3, None, rate)
    for name, what in (("ours_lossless", "gdiff-up-zstd"), ("ours_raw", "raw")):
        if two_workers := median(rows, name):
            print(f"whole loader, {what}: {2 * rate / two_workers:.1f} cores (read, check, decode, augment, batch)")
    for row in rows:
        if row["label"] == "index":
            print(f"index: {row['index_bytes'] / row['frames'] * FRAMES / 1e6:.0f} MB of memory, once a node")
    if ours := [row for row in figures(folder / "compare-preprocess.jsonl") if row["label"] == "ours"]:
        a_second = statistics.median(row["stored"] / row["core_s"] for row in ours)
        print(f"preprocessing: {FRAMES / a_second / 3600:.0f} core-hours, at the size of FaceForensics++ c23 videos")


main()
