#!/usr/bin/env python3
"""The peer of Local Reconstruction Errors in `make compare`: one update of the same networks in PyTorch, one thread, fp32, one JSON line.

    peer_lre.py batched|published [--batch N] [--steps N] [--warmup N]

batched: the frozen networks without gradients, the extractor once, of both faces, up to the last block that is looked at, as here; published: as one would write
it down, the whole extractor for each face. The autoencoder is that of `model.size=small`, the Xceptions are timm's, 224 pixels.
"""
import argparse
import json
import time

import timm
import torch
from torch.nn import functional

from peer_rffr import GRID, SIZES, Restorer, as_pictures, patches_of

TAPS, HIDDEN = (2, 3, 11), 147


class Extractor(torch.nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def stem(self, x):
        return self.net.act2(self.net.bn2(self.net.conv2(self.net.act1(self.net.bn1(self.net.conv1(x))))))

    def taps(self, x):
        x, found = self.stem(x), []
        for i in range(1, TAPS[-1] + 1):
            x = getattr(self.net, f"block{i}")(x)
            found += [x] * (i in TAPS)
        return found

    def whole(self, x, maps=()):
        """The logits, and what the taps gave before it was multiplied by the maps, if there are any."""
        x, found = self.stem(x), []
        for i in range(1, 13):
            x = getattr(self.net, f"block{i}")(x)
            if i in TAPS:
                found.append(x)
                x = x * maps[TAPS.index(i)] if maps else x
        x = self.net.act3(self.net.bn3(self.net.conv3(x)))
        return self.net.forward_head(self.net.act4(self.net.bn4(self.net.conv4(x)))), found


def restored(restorer, faces, hidden):
    """hidden: [B, 147]. The autoencoder's own pixels are those in [0, 1] here."""
    seen = torch.ones(len(faces), GRID ** 2, dtype=torch.bool).scatter(1, hidden, False).nonzero()[:, 1].view(len(faces), -1)
    tokens = restorer.patch_embed(faces) + restorer.pos_embed[:, 1:]
    tokens = tokens.gather(1, seen[..., None].expand(-1, -1, tokens.shape[2]))
    tokens = torch.cat([(restorer.cls_token + restorer.pos_embed[:, :1]).expand(len(faces), -1, -1), tokens], 1)
    for block in restorer.blocks:
        tokens = block(tokens)
    tokens, places = restorer.decoder_embed(restorer.norm(tokens)), restorer.decoder_pos_embed[0, 1:]
    tokens = tokens + torch.cat([restorer.decoder_pos_embed[:, :1].expand(len(faces), -1, -1), places[seen]], 1)
    tokens = torch.cat([tokens, restorer.mask_token + places[hidden]], 1)
    for block in restorer.decoder_blocks:
        tokens = block(tokens)
    predicted = restorer.decoder_pred(restorer.decoder_norm(tokens[:, -hidden.shape[1]:])).clamp(0, 1)
    return as_pictures(patches_of(faces).scatter(1, hidden[..., None].expand_as(predicted), predicted))


def maps_of(extractor, faces, others, published):
    if published:
        pairs = zip(extractor.whole(faces)[1], extractor.whole(others)[1])
    else:
        pairs = [both.chunk(2) for both in extractor.taps(torch.cat([faces, others]))]
    return [((1 - functional.cosine_similarity(a, b, dim=1, eps=1e-8)) / 2)[:, None] for a, b in pairs]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way", choices=["batched", "published"])
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--warmup", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    restorer = Restorer(SIZES).eval()
    extractor = Extractor(timm.create_model("legacy_xception", num_classes=2)).eval().to(memory_format=torch.channels_last)
    detector = Extractor(timm.create_model("legacy_xception", num_classes=1)).to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(detector.parameters(), lr=1e-4)
    faces, labels = torch.rand(options.batch, 3, 224, 224), (torch.arange(options.batch) % 2).float()

    def run():
        with torch.no_grad():
            hidden = torch.rand(options.batch, GRID ** 2).argsort(1)[:, :HIDDEN]
            halves = (2 * faces - 1).to(memory_format=torch.channels_last)
            others = (2 * restored(restorer, faces, hidden) - 1).to(memory_format=torch.channels_last)
            maps = maps_of(extractor, halves, others, options.way == "published")
        optimizer.zero_grad()
        functional.binary_cross_entropy_with_logits(detector.whole(halves, maps)[0][:, 0], labels).backward()
        optimizer.step()

    for _ in range(options.warmup):
        run()
    start = time.perf_counter()
    for _ in range(options.steps):
        run()
    seconds = time.perf_counter() - start
    print(json.dumps({"images_per_s": options.batch * options.steps / seconds, "ms": {"step": 1000 * seconds / options.steps}, "torch": torch.__version__}))


if __name__ == "__main__":
    main()
