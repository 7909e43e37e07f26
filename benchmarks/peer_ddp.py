#!/usr/bin/env python3
"""The peer of `make compare`: Python's networks trained by PyTorch's own DistributedDataParallel, one JSON line.

Run it once for each rank with RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT set (or alone, without them). It does the
same work as `realface bench step`: one fixed synthetic batch a rank, forward, backward, all-reduce, fused AdamW.
"""
import argparse
import contextlib
import json
import os
import resource
import time

import torch


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=["mae", "video_mae", "vit"], default="mae")
    parser.add_argument("--size", choices=["small", "base"], default="small")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="cuda: one rank, eager")
    parser.add_argument("--dtype", choices=["fp32", "tf32", "autocast", "bf16"], default="fp32")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--warmup", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--no-communicate", action="store_true")
    return parser.parse_args()


def encoder(size):
    width = {"small": 384, "base": 768}[size]
    return dict(hidden_size=width, num_hidden_layers=12, num_attention_heads=width // 64, intermediate_size=4 * width)


def decoder(width, heads, depth):
    return dict(decoder_hidden_size=width, decoder_num_hidden_layers=depth, decoder_num_attention_heads=heads,
                decoder_intermediate_size=4 * width)


def mae(batch, size):
    """MAE of 12 blocks, decoder 192 x 4 with 3 heads or, of base, 512 x 8 with 16; 224 pixels, 75 % masked."""
    from transformers import ViTMAEConfig, ViTMAEForPreTraining
    config = ViTMAEConfig(**encoder(size), **(decoder(512, 16, 8) if size == "base" else decoder(192, 3, 4)),
                          image_size=224, patch_size=16, mask_ratio=0.75, layer_norm_eps=1e-6,
                          attn_implementation="sdpa")
    return ViTMAEForPreTraining(config), [torch.randn(batch, 3, 224, 224)], lambda output: output.loss


def video_mae(batch, size):
    """VideoMAE of the same encoders, decoder of 4 blocks: 16 frames in tubelets of 2, 90 % tubes."""
    from transformers import VideoMAEConfig, VideoMAEForPreTraining
    config = VideoMAEConfig(**encoder(size), **(decoder(384, 6, 4) if size == "base" else decoder(192, 3, 4)),
                            layer_norm_eps=1e-6, use_mean_pooling=False, norm_pix_loss=False,
                            attn_implementation="sdpa")
    tubes = torch.zeros(batch, 196, dtype=torch.bool)
    for tube in tubes:
        tube[torch.randperm(196)[:176]] = True
    inputs = [torch.randn(batch, 16, 3, 224, 224), tubes.repeat(1, 8)]
    return VideoMAEForPreTraining(config), inputs, lambda output: output.loss


class FrameMean(torch.nn.Module):
    """timm's ViT as DeepfakeMAE fine-tunes it: the features of five frames are averaged, then classified."""

    def __init__(self, width):
        super().__init__()
        import timm
        self.vit = timm.models.VisionTransformer(embed_dim=width, depth=12, num_heads=width // 64, num_classes=2,
                                                 global_pool="avg", drop_path_rate=0.1)

    def forward(self, videos):
        features = self.vit.forward_head(self.vit.forward_features(videos.flatten(0, 1)), pre_logits=True)
        return self.vit.head(features.unflatten(0, videos.shape[:2]).mean(1))


def vit(batch, size):
    """Fine-tuning of a ViT of 12 blocks on five frames of 224 pixels."""
    def loss(logits):
        return torch.nn.functional.cross_entropy(logits, torch.arange(batch, device=logits.device) % 2)
    return FrameMean(encoder(size)["hidden_size"]), [torch.randn(batch, 5, 3, 224, 224)], loss


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world > 1:
        torch.distributed.init_process_group("gloo")
    model, inputs, loss_of = {"mae": mae, "video_mae": video_mae, "vit": vit}[options.model](options.batch, options.size)
    model.train().to(options.device)
    inputs = [x.to(options.device) for x in inputs]
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = options.dtype == "tf32"
    torch.backends.cudnn.benchmark = True
    # A GPU is at work after a call has returned: waited for only where time is taken of the whole.
    wait = torch.cuda.synchronize if options.device == "cuda" else lambda: None
    if options.dtype == "bf16":
        model = model.bfloat16()
    trained = model
    if world > 1 and not options.no_communicate:
        trained = torch.nn.parallel.DistributedDataParallel(model, gradient_as_bucket_view=True)
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=1e-4, betas=(0.9, 0.95), weight_decay=0.05, fused=True)
    if options.dtype == "bf16":
        inputs = [x.bfloat16() if x.is_floating_point() else x for x in inputs]
    autocast = torch.autocast(options.device, torch.bfloat16) if options.dtype == "autocast" else contextlib.nullcontext()

    forward = backward = update = 0.0
    for step in range(options.warmup + options.steps):
        if step == options.warmup:
            forward = backward = update = 0.0
            if world > 1:
                torch.distributed.barrier()
            wait()
            if options.device == "cuda":
                torch.cuda.reset_peak_memory_stats()
            begin = time.perf_counter()
        start = time.perf_counter()
        with autocast:
            loss = loss_of(trained(*inputs))
        forwarded = time.perf_counter()
        loss.backward()
        backwarded = time.perf_counter()
        optimizer.step()
        optimizer.zero_grad(set_to_none=options.no_communicate or world == 1)
        end = time.perf_counter()
        forward += forwarded - start
        backward += backwarded - forwarded
        update += end - backwarded
    wait()
    total = torch.tensor([time.perf_counter() - begin])
    if world > 1:
        torch.distributed.all_reduce(total, torch.distributed.ReduceOp.MAX)
    if int(os.environ.get("RANK", "0")) == 0:
        steps = options.steps
        print(json.dumps({
            "images_per_s": world * options.batch * steps / total.item(),
            "ms": {"step": 1e3 * total.item() / steps, "forward": 1e3 * forward / steps,
                   "backward": 1e3 * backward / steps, "optimizer": 1e3 * update / steps},
            "threads": options.threads, "ranks": world, "dtype": options.dtype, "torch": torch.__version__,
            "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "device": options.device,
            "gpu": {"peak_mb": torch.cuda.max_memory_allocated() / 2**20} if options.device == "cuda" else None,
        }), flush=True)
    if world > 1:
        torch.distributed.barrier()  # a rank that leaves early now and then leaves the other waiting for ever
        torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main()
