#!/usr/bin/env python3
"""The peer of `make compare` for the episode step of `stage: mapping`, written with plain torch.autograd, one JSON line.

It does the same work as `realface bench step configs/deepfakemae/mapping.yaml model.size=small model.image=64 meta.reference=8`
(docs/decisions.md, D9 to D13): faces of four domains, three drawn for meta-train, five second-order inner steps of the head
on each, the step with the best accuracy on the domain's reference set, the losses of the adapted heads on their own domain
and on the meta-test, one fused SGD step. Faces and targets are random and stay the same; it is one process.
"""
import argparse
import json
import random
import resource
import time

import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional
from torchvision.models.resnet import BasicBlock

PIXELS, DOMAINS, SAMPLES, INNER_STEPS, INNER_RATE, REFERENCE = 64, 4, 4, 5, 1e-4, 8  # SAMPLES: real, and as many fake
MEAN, DEVIATION = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
LABELS = torch.tensor([0, 1]).repeat_interleave(SAMPLES)  # of the faces of a domain
REFERENCE_LABELS = torch.arange(REFERENCE) % 2


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--warmup", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--layout", choices=["channels_first", "channels_last"], default="channels_last")
    parser.add_argument("--profile", action="store_true", help="also print torch.profiler's table of the measured steps")
    return parser.parse_args()


def stage(into, width, stride):
    shortcut = None
    if into != width:
        shortcut = nn.Sequential(nn.Conv2d(into, width, 1, stride, bias=False), nn.BatchNorm2d(width))
    return nn.Sequential(BasicBlock(into, width, stride, shortcut), BasicBlock(width, width))


class Trunk(nn.Module):
    """ResNet-18 at a quarter of its width up to layer3, its three stages side by side at the size of the first."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 7, 2, 3, bias=False), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
        self.layer1, self.layer2, self.layer3 = stage(16, 16, 1), stage(16, 32, 2), stage(32, 64, 2)

    def forward(self, x):
        one = self.layer1(self.stem(x))
        two = self.layer2(one)
        three = self.layer3(two)
        return torch.cat([one, functional.interpolate(two, scale_factor=2), functional.interpolate(three, scale_factor=4)], 1)


class Head(nn.Module):
    def __init__(self):
        super().__init__()
        layers = []
        for into, width in ((112, 56), (56, 28), (28, 3)):
            layers += [nn.Conv2d(into, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
        self.conv, self.fc = nn.Sequential(*layers), nn.Linear(3 * 16 * 16, 2)

    def forward(self, features):
        mapped = self.conv(features)
        return mapped, self.fc(functional.adaptive_avg_pool2d(mapped, 16).flatten(1))


def accuracy(logits, labels):
    return (logits.argmax(1) == labels).float().mean()


class Episodes:
    def __init__(self, layout):
        self.layout = torch.channels_last if layout == "channels_last" else torch.contiguous_format
        self.trunk, self.head = Trunk().to(memory_format=self.layout), Head().to(memory_format=self.layout)
        self.parameters = [*self.trunk.parameters(), *self.head.parameters()]
        self.optimizer = torch.optim.SGD(self.parameters, lr=0.1 * 32 / 256, momentum=0.9, weight_decay=5e-4, fused=True)
        # Forwards that are not to move the head's running statistics move these.
        self.scratch = {name: buffer.clone() for name, buffer in self.head.named_buffers()}
        self.faces = [self.bytes(2 * SAMPLES) for _ in range(DOMAINS)]
        self.targets = [torch.rand(2 * SAMPLES, 3, PIXELS // 4, PIXELS // 4).half() for _ in range(DOMAINS)]
        self.references = [self.normalised(self.bytes(REFERENCE)) for _ in range(DOMAINS)]  # the same in all updates

    @staticmethod
    def bytes(count):
        return torch.randint(256, (count, PIXELS, PIXELS, 3), dtype=torch.uint8)

    def normalised(self, pictures):
        scaled = torch.addcmul(-MEAN / DEVIATION, pictures.float(), 1 / (255 * DEVIATION))
        return scaled.permute(0, 3, 1, 2).contiguous(memory_format=self.layout)

    def mapped(self, parameters, features):
        return functional_call(self.head, (parameters, self.scratch), (features,))

    def adapted(self, features, reference):
        """The parameters after the inner step with the best accuracy on the reference set, the later of equals, and its number."""
        now, best = dict(self.head.named_parameters()), (-1.0, None, 0)
        for step in range(1, INNER_STEPS + 1):
            # The first forward is of the unadapted head and moves its running statistics.
            _, logits = self.head(features) if step == 1 else self.mapped(now, features)
            gradients = torch.autograd.grad(functional.cross_entropy(logits, LABELS), list(now.values()), create_graph=True)
            now = {name: value - INNER_RATE * gradient for (name, value), gradient in zip(now.items(), gradients)}
            with torch.no_grad():
                score = accuracy(self.mapped(now, reference)[1], REFERENCE_LABELS).item()
            best = max(best, (score, now, step), key=lambda one: (one[0], one[2]))
        return best[1:]

    def losses(self):
        """The sum over the meta-train domains, and their mean chosen step."""
        order = random.sample(range(DOMAINS), DOMAINS)
        train, test = order[:-1], order[-1]
        self.trunk.eval()
        with torch.no_grad():
            references = self.trunk(torch.cat([self.references[domain] for domain in train])).split(REFERENCE)
        self.trunk.train()
        features = [self.trunk(self.normalised(pictures)) for pictures in self.faces]
        targets = [target.float() for target in self.targets]
        total, chosen = 0.0, 0.0
        for i, own in enumerate(train):
            parameters, step = self.adapted(features[own], references[i])
            for domains in ([own], [test, train[(i + 1) % len(train)]]):
                mapped, logits = self.mapped(parameters, torch.cat([features[domain] for domain in domains]))
                total = total + functional.cross_entropy(logits, LABELS.repeat(len(domains)))
                total = total + functional.mse_loss(mapped, torch.cat([targets[domain] for domain in domains]))
            chosen += step / len(train)
        return total, chosen

    def update(self):
        nn.utils.clip_grad_norm_(self.parameters, 5.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    random.seed(0)
    episodes = Episodes(options.layout)
    forward = backward = update = seconds = chosen = 0.0
    profiler = torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) if options.profile else None
    for step in range(options.warmup + options.steps):
        if step == options.warmup:
            forward = backward = update = seconds = chosen = 0.0
            if profiler:
                profiler.start()
        start = time.perf_counter()
        loss, k = episodes.losses()
        forwarded = time.perf_counter()
        loss.backward()
        backwarded = time.perf_counter()
        episodes.update()
        end = time.perf_counter()
        forward += forwarded - start
        backward += backwarded - forwarded
        update += end - backwarded
        seconds += end - start
        chosen += k
    steps = options.steps
    if profiler:
        profiler.stop()
        print(profiler.key_averages().table(sort_by="self_cpu_time_total", row_limit=40, max_name_column_width=70))
    print(json.dumps({
        "images_per_s": DOMAINS * 2 * SAMPLES * steps / seconds,
        "ms": {"step": 1e3 * seconds / steps, "forward": 1e3 * forward / steps, "backward": 1e3 * backward / steps,
               "optimizer": 1e3 * update / steps},
        "k": chosen / steps, "threads": options.threads, "ranks": 1, "dtype": "fp32", "torch": torch.__version__,
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }), flush=True)


if __name__ == "__main__":
    main()
