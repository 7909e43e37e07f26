#!/usr/bin/env python3
"""The peer of evaluation in `make compare`: timm's ViT over the same crops, without gradients, one JSON line.

    peer_evaluate.py SHARDS --batch N     videos at once; 1: video by video, as published code does

SHARDS holds five crops of each video, codec raw. They are read before the time begins.
"""
import argparse
import json
import pathlib
import time

import h5py
import numpy
import torch

from peer_ddp import FrameMean
from peer_loader import pictures_of

FRAMES = 5


def videos_of(folder):
    """uint8 [videos, FRAMES, height, width, 3]."""
    parts = []
    for path in sorted(folder.glob("*.h5")):
        with h5py.File(path) as shard:
            parts.append(pictures_of(shard))
    return torch.from_numpy(numpy.concatenate(parts)).unflatten(0, (-1, FRAMES))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shards", type=pathlib.Path)
    parser.add_argument("--batch", type=int, default=8)
    options = parser.parse_args()
    torch.set_num_threads(1)
    model = FrameMean().eval()
    videos = videos_of(options.shards)
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])

    def score(some):
        pixels = (some.float() / 255 - mean) / deviation
        return torch.softmax(model(pixels.permute(0, 1, 4, 2, 3)), -1)[:, 1]

    with torch.no_grad():
        score(videos[:options.batch])
        start = time.perf_counter()
        scores = [score(some) for some in videos.split(options.batch)]
    seconds = time.perf_counter() - start
    assert sum(map(len, scores)) == len(videos)
    print(json.dumps({"images_per_s": len(videos) / seconds, "videos": len(videos), "torch": torch.__version__}))


if __name__ == "__main__":
    main()
