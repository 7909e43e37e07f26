#!/usr/bin/env python3
"""Fine-tunes an encoder that realface pretrained, in PyTorch, on shards: real or fake, frame by frame.

    realface export RUN --to timm --out encoder.safetensors
    python3 finetune.py SHARDS encoder.safetensors [--steps 200] [--batch 32] [--rate 1e-4] [--out detector.safetensors]

RUN is a pretraining (docs/weights.md). Trains on the split "train", then prints the AUC on "test". Wants torch, timm, safetensors, h5py.
"""
import argparse
import json

import numpy as np
import timm
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from shards import Shards

PIXELS = {"imagenet": ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]), "unit": ([0.0] * 3, [1.0] * 3)}


def encoder_of(path):
    """The network, and how it was taught to see pixels; both as the file's own description says."""
    with safe_open(path, "pt") as file:
        said = json.loads(file.metadata()["description"])
    network = timm.create_model("vit_base_patch16_224", num_classes=0, img_size=said["image"], patch_size=said["patch"], embed_dim=said["width"],
                                depth=said["depth"], num_heads=said["heads"], mlp_ratio=said["mlp_ratio"])
    network.load_state_dict(load_file(path), strict=True)
    return network, PIXELS[said["pixels"]]


def batch(shards, numbers, pixels):
    """float32 [N, 3, H, W]."""
    mean, deviation = (torch.tensor(values).view(3, 1, 1) for values in pixels)
    pictures = np.stack([shards.frame(int(number)) for number in numbers])
    return (torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255 - mean) / deviation


def auc(score, fake):
    """The share of pairs of a fake and a real that are in the right order; equal scores count half."""
    difference = score[fake][:, None] - score[~fake][None]
    return float(((difference > 0) + 0.5 * (difference == 0)).mean())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shards")
    parser.add_argument("encoder")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    draws = np.random.default_rng(options.seed)
    encoder, pixels = encoder_of(options.encoder)
    network = nn.Sequential(encoder, nn.Linear(encoder.num_features, 2)).train()
    optimizer = torch.optim.AdamW(network.parameters(), options.rate, weight_decay=0.05)
    train = Shards(options.shards, "train")
    of_label = [np.flatnonzero(train.label == label) for label in (0, 1)]
    for step in range(1, options.steps + 1):
        half = options.batch // 2  # as many reals as fakes
        numbers = np.concatenate([draws.choice(of_label[label], half) for label in (0, 1)])
        loss = nn.functional.cross_entropy(network(batch(train, numbers, pixels)), torch.tensor([0] * half + [1] * half))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 20 == 0 or step == options.steps:
            print(f"step {step}  loss {loss.item():.4f}", flush=True)
    network.eval()
    test = Shards(options.shards, "test")
    with torch.no_grad():
        parts = np.array_split(np.arange(len(test)), max(1, len(test) // options.batch))
        score = np.concatenate([network(batch(test, part, pixels)).softmax(1)[:, 1].numpy() for part in parts])
    known = test.label >= 0
    print(f"AUC of {known.sum()} test frames: {auc(score[known], test.label[known] == 1):.4f}")
    if options.out:
        save_file(network.state_dict(), options.out)


if __name__ == "__main__":
    main()
