#!/usr/bin/env python3
"""The peer of RFFR in `make compare`: the same networks in PyTorch, one thread, fp32, one JSON line.

    peer_rffr.py step|test batched|published [--batch N] [--steps N] [--warmup N]

step: one update of the detector, by the very blocks that `stage: rffr` draws in that update from seed 0; test: scores of faces, all 16 blocks. batched: all blocks of all faces in a few passes of the frozen autoencoder without gradients, of which the decoder's head sees hidden patches
alone, as here; published: a pass a block, in which every patch is decoded, as shiliang26/RFFR does it. Sizes are those of `model.size=small`, 224 pixels.
"""
import argparse
import functools
import json
import pathlib
import sys
import time

import torch
from timm.models.vision_transformer import VisionTransformer
from torch import nn
from torch.nn import functional

from peer_pretrain import Mae

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "tests/fixtures"))
from batch_oracle import Generator  # noqa: E402

GRID, SIDE, SEQUENCES = 14, 3, 64
SIZES = {"image": 224, "patch": 16, "width": 384, "depth": 12, "heads": 6, "decoder_width": 192, "decoder_depth": 4, "decoder_heads": 3, "mlp_ratio": 4}
BLOCKS = torch.tensor([[GRID * (1 + SIDE * (block // 4) + i) + 1 + SIDE * (block % 4) + j for i in range(SIDE) for j in range(SIDE)]
                       for block in range(16)])


class Restorer(Mae):
    def restored(self, pictures, blocks, everything):
        """[B, 3, H, W], [k, 9] -> [B * k, 9, 768], or of every patch [B * k, 196, 768]."""
        kept = torch.stack([torch.tensor([i for i in range(GRID ** 2) if i not in set(block.tolist())]) for block in blocks])
        count, faces = len(blocks), len(pictures)
        tokens = (self.patch_embed(pictures) + self.pos_embed[:, 1:]).repeat_interleave(count, 0)
        width = tokens.shape[2]
        ids, hidden = kept.repeat(faces, 1), blocks.repeat(faces, 1)
        tokens = tokens.gather(1, ids[..., None].expand(-1, -1, width))
        tokens = torch.cat([(self.cls_token + self.pos_embed[:, :1]).expand(len(tokens), -1, -1), tokens], 1)
        for block in self.blocks:
            tokens = block(tokens)
        tokens = self.decoder_embed(self.norm(tokens))
        places = self.decoder_pos_embed[0, 1:]
        seen = tokens + torch.cat([self.decoder_pos_embed[:, :1].expand(len(tokens), -1, -1), places[ids]], 1)
        tokens = torch.cat([seen, self.mask_token + places[hidden]], 1)
        for block in self.decoder_blocks:
            tokens = block(tokens)
        return self.decoder_pred(self.decoder_norm(tokens if everything else tokens[:, -hidden.shape[1]:]))


def patches_of(pictures):
    return functional.pixel_unshuffle(pictures, 16).unflatten(1, (3, -1)).flatten(3).permute(0, 3, 2, 1).flatten(2)


class Detector(nn.Module):
    def __init__(self):
        super().__init__()
        norm = functools.partial(nn.LayerNorm, eps=1e-6)
        vit = functools.partial(VisionTransformer, embed_dim=SIZES["width"], depth=SIZES["depth"], num_heads=SIZES["heads"], num_classes=0, norm_layer=norm)
        self.backbone_1, self.backbone_2, self.classifier = vit(), vit(), nn.Linear(2 * SIZES["width"], 2)

    def branch(self, vit, pictures, ids):
        tokens = torch.cat([vit.cls_token.expand(len(pictures), -1, -1), vit.patch_embed(pictures)], 1) + vit.pos_embed
        tokens = tokens[:, torch.cat([torch.zeros(1, dtype=torch.long), ids + 1])]
        for block in vit.blocks:
            tokens = block(tokens)
        return vit.norm(tokens)[:, 0]

    def forward(self, faces, residuals, ids):
        return self.classifier(torch.cat([self.branch(self.backbone_1, faces, ids), self.branch(self.backbone_2, residuals, ids)], 1))


def as_pictures(patches):
    """[B, N, 768] -> [B, 3, H, W]"""
    return patches.unflatten(1, (GRID, GRID)).unflatten(3, (16, 16, 3)).permute(0, 5, 1, 3, 2, 4).flatten(4, 5).flatten(2, 3)


@torch.no_grad()
def residuals(restorer, pictures, blocks, published):
    patches = patches_of(pictures)
    expected = patches.clone()
    if published:
        for block in blocks:
            expected[:, block] = restorer.restored(pictures, block[None], everything=True)[:, -len(block):]
    else:
        for some, part in zip(pictures.split(max(1, SEQUENCES // len(blocks))), expected.split(max(1, SEQUENCES // len(blocks)))):
            part[:, blocks.flatten()] = restorer.restored(some, blocks, everything=False).unflatten(0, (len(some), -1)).flatten(1, 2)
    return as_pictures(((expected - patches) * 4).clamp(-1, 1))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["step", "test"])
    parser.add_argument("way", choices=["batched", "published"])
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--warmup", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    restorer, detector = Restorer(SIZES).eval(), Detector()
    optimizer = torch.optim.Adam(detector.parameters(), lr=2e-5)
    faces, labels = torch.rand(options.batch, 3, 224, 224), torch.arange(options.batch) % 2
    normed = (faces - torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)) / torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)

    def run(update):
        draw = Generator(0, 5, update)  # the purpose of blocks (base/counter_rng.h)
        drawn = [block for block in BLOCKS if draw.uniform() < 0.25] if options.what == "step" else []
        blocks = torch.stack(drawn) if drawn else BLOCKS
        with torch.set_grad_enabled(options.what == "step"):
            logits = detector(normed, residuals(restorer, faces, blocks, options.way == "published"), blocks.flatten())
        if options.what == "step":
            optimizer.zero_grad()
            functional.cross_entropy(logits, labels).backward()
            optimizer.step()
        return len(blocks)

    for update in range(options.warmup):
        run(update)
    start = time.perf_counter()
    blocks = sum(run(options.warmup + update) for update in range(options.steps))
    seconds = time.perf_counter() - start
    print(json.dumps({"images_per_s": options.batch * options.steps / seconds, "ms": {"step": 1000 * seconds / options.steps},
                      "blocks": blocks / options.steps, "torch": torch.__version__}))


if __name__ == "__main__":
    main()
