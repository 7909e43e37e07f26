#!/usr/bin/env python3
"""The peer of `stage: pretrain`: the same masked autoencoder, trained in PyTorch on the same faces by the same recipe, one JSON line.

    peer_pretrain.py RUN OUT [--seed S] [--steps N] [--threads T]

RUN is the folder of a pretraining by realface on shards of codec raw; its config.yaml names the shards and says how to train. OUT becomes
a safetensors file that `init` of a recipe takes, so that `realface reconstruct` measures both networks.

The network is facebookresearch/mae's: timm's blocks, its initial weights, its groups of weight decay. All draws are torch's own: a seed
does not mean here what it means in realface.
"""
import argparse
import functools
import json
import math
import pathlib
import time

import h5py
import numpy
import torch
import yaml
from safetensors.torch import save_file
from timm.data import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD
from timm.models.vision_transformer import Block, PatchEmbed
from timm.optim import param_groups_weight_decay
from torch import nn
from torch.nn import functional

from peer_loader import pictures_of

JAW = 17  # landmarks, from ear to ear
# Keys of the recipe that this program knows one value of.
KNOWN = {"model": {"architecture": "mae", "norm_pix": False, "pixels": "imagenet"},
         "mask": {"kind": "part", "parts": "literal", "only": "all", "equalise": 0},
         "train": {"dtype": "fp32", "flip": True, "crop": 1, "shift": 0, "optimizer": "adamw", "schedule": "cosine", "warmup_start": 0}}


def positions(width, grid):
    """Sines and cosines of the column in one half of the width, of the row in the other; zeros for the class token. Not trained."""
    angles = torch.arange(grid).double()[:, None] / 10000 ** (torch.arange(width // 4).double() / (width // 4))
    waves = torch.cat([angles.sin(), angles.cos()], 1)
    table = torch.cat([waves.repeat(grid, 1), waves.repeat_interleave(grid, 0)], 1)
    return nn.Parameter(functional.pad(table, (0, 0, 1, 0)).float()[None], requires_grad=False)


class Mae(nn.Module):
    """Parameters are named as in facebookresearch/mae. There the encoder leaves masked patches out; here it hides them from attention,
    which gives the same result and lets each picture have its own number of them."""

    def __init__(self, sizes):
        super().__init__()
        self.patch, grid = sizes["patch"], sizes["image"] // sizes["patch"]
        width, narrow = sizes["width"], sizes["decoder_width"]
        norm = functools.partial(nn.LayerNorm, eps=1e-6)

        def blocks(depth, size, heads):
            return nn.ModuleList(Block(size, heads, sizes["mlp_ratio"], qkv_bias=True, norm_layer=norm) for _ in range(depth))

        self.cls_token, self.mask_token = nn.Parameter(torch.empty(1, 1, width)), nn.Parameter(torch.empty(1, 1, narrow))
        self.pos_embed, self.decoder_pos_embed = positions(width, grid), positions(narrow, grid)
        self.patch_embed = PatchEmbed(sizes["image"], self.patch, 3, width)
        self.blocks, self.norm = blocks(sizes["depth"], width, sizes["heads"]), norm(width)
        self.decoder_embed = nn.Linear(width, narrow)
        self.decoder_blocks = blocks(sizes["decoder_depth"], narrow, sizes["decoder_heads"])
        self.decoder_norm, self.decoder_pred = norm(narrow), nn.Linear(narrow, self.patch ** 2 * 3)
        for token in (self.cls_token, self.mask_token):
            nn.init.normal_(token, std=0.02)
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                nn.init.xavier_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)
        nn.init.xavier_uniform_(self.patch_embed.proj.weight.data.flatten(1))  # as a linear layer's; the bias stays a convolution's

    def predict(self, pictures, masks):
        """[B, 3, H, W] and bool [B, N] -> [B, N, P * P * 3]"""
        masks = functional.pad(masks, (1, 0))  # the class token is never masked
        tokens = functional.pad(self.patch_embed(pictures), (0, 0, 1, 0))
        tokens = tokens + self.pos_embed + functional.pad(self.cls_token, (0, 0, 0, masks.shape[1] - 1))
        for block in self.blocks:
            tokens = block(tokens, attn_mask=~masks[:, None, None])
        tokens = torch.where(masks[..., None], self.mask_token, self.decoder_embed(self.norm(tokens))) + self.decoder_pos_embed
        for block in self.decoder_blocks:
            tokens = block(tokens)
        return self.decoder_pred(self.decoder_norm(tokens))[:, 1:]

    def loss(self, pictures, masks):
        """The squared error, averaged over all masked patches of the batch."""
        patches = functional.pixel_unshuffle(pictures, self.patch).unflatten(1, (3, -1)).flatten(3).permute(0, 3, 2, 1).flatten(2)
        return (self.predict(pictures, masks) - patches)[masks].square().mean()


def real_faces(folder):
    """The training split's: normalised pictures [F, 3, H, W] and landmarks of jaws [F, JAW, 2]."""
    pictures, jaws = [], []
    for path in sorted(pathlib.Path(folder).glob("*.h5")):
        with h5py.File(path) as shard:
            real = shard["frames/label"][:] == 0
            if shard.attrs["split"] in (b"train", "train"):
                pictures.append(pictures_of(shard)[real])
                jaws.append(shard["frames/landmarks"][:, :JAW][real])
    mean, deviation = torch.tensor(IMAGENET_DEFAULT_MEAN), torch.tensor(IMAGENET_DEFAULT_STD)
    pixels = (torch.from_numpy(numpy.concatenate(pictures)).float() / 255 - mean) / deviation
    return pixels.permute(0, 3, 1, 2), torch.from_numpy(numpy.concatenate(jaws))


def mirrored(picture, jaw):
    return picture.flip(-1), jaw.flip(0) * torch.tensor([-1.0, 1.0]) + torch.tensor([picture.shape[-1] - 1.0, 0.0])


def part_mask(jaw, patch, grid, ratio):
    """Hides a share of the patches of the eyes, the nose or the lips (docs/decisions.md, G2)."""
    patches = grid * grid
    column, row = (jaw / patch).floor().long().clamp(0, grid - 1).unbind(1)
    nose, eyes = (grid * row + column)[-2:].tolist()  # the last patch of each
    if nose <= eyes:
        nose = min(eyes + grid, patches - 1)
    first, end = [(0, eyes + 1), (eyes + 1, nose + 1), (nose + 1, patches)][torch.randint(3, ())]
    count = max(1, int(ratio * (end - first)))
    if nose + 1 == patches:  # no lips are left: any patches
        first, end, count = 0, patches, max(1, int(ratio / 3 * patches))
    mask = torch.zeros(patches, dtype=torch.bool)
    mask[first + torch.randperm(end - first)[:count]] = True
    return mask


def batches(pictures, jaws, size, mask_of):
    """Without end: every face once an epoch, half of them mirrored."""
    order = []
    while True:
        while len(order) < size:
            order += torch.randperm(len(pictures)).tolist()
        faces = [(pictures[i], jaws[i]) if torch.rand(()) < 0.5 else mirrored(pictures[i], jaws[i]) for i in order[:size]]
        del order[:size]
        yield torch.stack([picture for picture, _ in faces]), torch.stack([mask_of(jaw) for _, jaw in faces])


def rate_at(step, train, steps, steps_per_epoch):
    """Of an update counted from 0."""
    peak = train["lr_abs"] or train["lr"] * train["batch"] / 256
    warmup = min(train["warmup"] * steps, (train["warmup_epochs"] or math.inf) * steps_per_epoch)
    if step < warmup:
        return peak * step / warmup
    return train["lr_min"] + (peak - train["lr_min"]) * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup))) / 2


def fit(network, stream, train, steps, steps_per_epoch):
    """Returns the loss of each update."""
    groups = param_groups_weight_decay(network, train["weight_decay"])
    eps = float(train["eps"])  # written 1e-08, which PyYAML takes for text
    optimizer = torch.optim.AdamW(groups, betas=(train["beta1"], train["beta2"]), eps=eps)
    losses = []
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = rate_at(step, train, steps, steps_per_epoch)
        loss = network.loss(*next(stream))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), train["clip"] or math.inf)
        optimizer.step()
        losses.append(loss.item())
    return losses


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, help="updates; as many as RUN's by default")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    config = yaml.safe_load((options.run / "config.yaml").read_text())
    for group, keys in KNOWN.items():
        for key, value in keys.items():
            assert config[group][key] == value, f"{group}.{key} is {config[group][key]}; expected {value}"
    model, train = config["model"], config["train"]
    grid, ratio, steps = model["image"] // model["patch"], config["mask"]["ratio"], options.steps or train["steps"]
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    network = Mae(model)
    pictures, jaws = real_faces(config["data"]["shards"])
    stream = batches(pictures, jaws, train["batch"], lambda jaw: part_mask(jaw, model["patch"], grid, ratio))
    start = time.perf_counter()
    losses = fit(network, stream, train, steps, math.ceil(len(pictures) / train["batch"]))
    seconds = time.perf_counter() - start
    save_file(network.state_dict(), options.out)
    print(json.dumps({"loss": numpy.mean(losses[-50:]), "faces": len(pictures), "steps": steps, "seed": options.seed,
                      "images_per_s": steps * train["batch"] / seconds, "torch": torch.__version__}))


if __name__ == "__main__":
    main()
