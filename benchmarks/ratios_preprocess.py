#!/usr/bin/env python3
"""Turns the figures of compare_data_preprocess.sh into ratios: the median over rounds, each round compared with itself."""
import json
import statistics
import sys

figures = {}
with open(sys.argv[1]) as file:
    for line in file:
        figure = json.loads(line)
        figures.setdefault(figure["label"], []).append(figure)


def rate(figure):
    return figure["stored"] / figure["core_s"]


def share(label):
    return sum(one["with_face"] for one in figures[label]) / sum(one["considered"] for one in figures[label])


def line(what, mine, peers, wanted):
    ratios = [rate(a) / rate(b) for a, b in zip(figures[mine], figures[peers])]
    rates = [statistics.median(rate(one) for one in figures[label]) for label in (mine, peers)]
    return (f"ratio {what}: {statistics.median(ratios):.2f} ({wanted}{len(ratios)} runs, {min(ratios):.2f} to {max(ratios):.2f}; "
            f"{rates[0]:.2f} against {rates[1]:.2f} frames stored a core-second)")


peer = figures["peer"][0]
print(f"preprocess: the peer has OpenCV {peer['opencv']}, dlib {peer['dlib']}")
print(line("preprocess to OpenCV and dlib at DeepfakeBench's settings", "ours", "peer", "wanted at least 4; "))
if "peer_stride" in figures:
    print(line("preprocess to the same with the frames that we choose", "ours", "peer_stride", ""))
print(f"ratio preprocess, share of frames with a face: {share('ours') / share('peer'):.3f} (wanted at least 1; "
      f"{100 * share('ours'):.1f} % against {100 * share('peer'):.1f} %)")
print(f"ratio preprocess, frames stored of those searched: ours {figures['ours'][0]['stored']} of "
      f"{figures['ours'][0]['considered']}, the peer's {peer['stored']} of {peer['considered']}")
