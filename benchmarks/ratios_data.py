#!/usr/bin/env python3
"""Turns the figures of compare_data.sh into ratios: the median over rounds, each round compared with itself."""
import json
import statistics
import sys

rounds, index = {}, None
with open(sys.argv[1]) as file:
    for line in file:
        figure = json.loads(line)
        if figure["label"] == "index":
            index = figure
            continue
        key = figure.get("name", figure["label"])
        key = "two_processes" if figure["label"] == "apart" else key
        one = rounds.setdefault(figure["round"], {})
        one[key] = one.get(key, 0) + figure["images_per_s"]


def compare(what, mine, others, wanted):
    usable = [one for one in rounds.values() if mine in one and all(other in one for other in others)]
    if not usable:
        return
    ratios = [one[mine] / max(one[other] for other in others) for one in usable]
    best = max(others, key=lambda other: statistics.median(one[other] for one in usable))
    rates = [statistics.median(one[name] for one in usable) for name in (mine, best)]
    print(f"ratio {what}: {statistics.median(ratios):.2f} ({wanted}{len(ratios)} runs, {min(ratios):.2f} to {max(ratios):.2f}; "
          f"{rates[0]:.0f} against {rates[1]:.0f} images/s)")


compare("lossless decode with CRC to OpenCV's PNG, one thread", "BM_ours", ["BM_opencv_png"], "wanted at least 7; ")
compare("the same to turbojpeg q95 4:4:4", "BM_ours", ["BM_turbojpeg_q95_444"], "wanted at least 2; ")
compare("pread path to a plain pread loop", "BM_loader_pread", ["BM_plain_pread"], "wanted at least 0.9; ")
compare("two threads that read, check and decode to two processes", "BM_read_check_decode/threads:2", ["two_processes"],
        "wanted at least 0.95; ")
compare("loader, lossless, to h5py + DataLoader and WebDataset over PNG, the better", "ours_lossless",
        ["h5py-png", "webdataset-png"], "wanted at least 5; ")
compare("loader, raw, to h5py + DataLoader over raw pictures", "ours_raw", ["h5py-raw"], "wanted at least 5; ")
compare("loader, lossless, to the fastest peer whatever it stores", "ours_lossless",
        ["h5py-raw", "h5py-png", "webdataset-png"], "")
for name in ("BM_order_global", "BM_order_windowed"):
    rates = [one[name] for one in rounds.values() if name in one]
    if rates:
        ns = 1e9 / statistics.median(rates)
        print(f"{name[3:]}: {ns:.0f} ns a sample at 9.5 million; as a ratio to 100 ns {ns / 100:.2f}")
if index is not None:
    print(f"index of {index['frames']} frames in {index['shards']} shards: opens in {index['open_s']:.2f} s "
          f"(as a ratio to 3 s {index['open_s'] / 3:.2f}), {index['index_bytes'] / 1e6:.0f} MB once a node "
          f"(as a ratio to 500 MB {index['index_bytes'] / 5e8:.2f}); this process grew by {index['grown_bytes'] / 1e6:.0f} MB, "
          f"and after epochs of the order by {', '.join(f'{b / 1e6:.1f}' for b in index['epochs_grown_bytes'])} MB more")
