#!/usr/bin/env python3
"""`realface export` beside the libraries themselves: torch.load, timm and transformers take what it writes, strictly, and compute what our
networks do (network_outputs.cpp). Run by `make test-python`, which sets REALFACE_PROGRAM and REALFACE_OUTPUTS.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy
import timm
import torch
import transformers
from safetensors import safe_open
from safetensors.torch import load_file

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "examples" / "python"))
import shards

PROGRAM, OUTPUTS = os.environ["REALFACE_PROGRAM"], os.environ["REALFACE_OUTPUTS"]
TINY = ["model.image=32", "model.patch=8", "model.width=32", "model.depth=2", "model.heads=2"]
DECODER = ["model.decoder_width=32", "model.decoder_depth=1", "model.decoder_heads=2"]


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"exit code {done.returncode} of {command}:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done.stdout


def train(recipe, folder, shards, *keys):
    run(PROGRAM, "train", ROOT / "configs" / recipe, f"run.dir={folder}", f"data.shards={shards}", "world.device=cpu", "metrics.port=0", "train.steps=2",
        *keys)


def setUpModule():
    """Runs of two updates, after which every kind of parameter is another than at the start."""
    global work
    holder = tempfile.TemporaryDirectory()
    unittest.addModuleCleanup(holder.cleanup)
    work = pathlib.Path(holder.name)
    run(PROGRAM, "synth", "--out", work / "videos", "--identities", 12, "--frames", 4, "--size", 256, "--fakes", "all", "--seed", 1)
    for size in (32, 224):
        run(PROGRAM, "preprocess", work / "videos", "--dataset", "ffpp", "--out", work / f"shards-{size}", "--size", size, "--frames", 4)
    large, small = work / "shards-224", work / "shards-32"
    train("mae/pretrain.yaml", work / "base", large, "train.batch=2", "train.lr_abs=1e-3")
    train("mae/pretrain.yaml", work / "mae", small, *TINY, *DECODER, "train.batch=8", "train.lr_abs=1e-2")
    train("recap/pretrain.yaml", work / "video_mae", small, *TINY, *DECODER, "model.frames=4", "train.batch=4", "train.lr_abs=1e-2")
    train("deepfakemae/finetune.yaml", work / "vit", large, f"weights.mae={work}/base", "finetune.frames=1", "train.batch=2", "train.lr_abs=1e-3")
    train("xception/train.yaml", work / "xception", large, "train.batch=2")


def export(name, target, file):
    """The file, and what the program said of it."""
    path = work / target / name / file
    path.parent.mkdir(parents=True, exist_ok=True)
    return path, run(PROGRAM, "export", work / name, "--to", target, "--out", path)


def computed(name):
    """What our network computes: the tensors of network_outputs.cpp."""
    path, _ = export(name, "safetensors", "weights.safetensors")
    run(OUTPUTS, path, path.with_name("outputs.safetensors"))
    return load_file(path.with_name("outputs.safetensors"))


class WeightsOut(unittest.TestCase):
    def close(self, theirs, ours):
        self.assertEqual(theirs.shape, ours.shape)
        difference = ((theirs.double() - ours.double()).abs().max() / ours.abs().max()).item()
        print(f"{self.id().split('.')[-1]}: largest difference {difference:.2g} of the largest value", file=sys.stderr)
        self.assertLess(difference, 1e-5)

    def timms(self, name, call):
        path, said = export(name, "timm", "weights.safetensors")
        self.assertIn(call, said)
        network = eval(call, {"timm": timm})
        network.load_state_dict(load_file(path), strict=True)
        return network.double().eval()

    def test_torch_reads_what_torch_save_would_have_written(self):
        path, _ = export("mae", "torch", "weights.pth")
        ours, _ = export("mae", "safetensors", "weights.safetensors")
        state = torch.load(path, weights_only=True)
        self.assertIs(type(state), dict)
        wanted = load_file(ours)
        self.assertEqual(set(state), set(wanted))
        for name, tensor in wanted.items():
            self.assertTrue(torch.equal(state[name], tensor) and state[name].dtype == tensor.dtype, name)

    def test_timm_takes_the_encoder_of_a_base_autoencoder(self):
        network = self.timms("base", 'timm.create_model("vit_base_patch16_224", num_classes=0)')
        ours = computed("base")
        with torch.no_grad():
            self.close(network.forward_features(ours["pixels"].double()), ours["encoded"])

    def test_timm_takes_a_tiny_encoder(self):
        network = self.timms("mae", 'timm.create_model("vit_base_patch16_224", img_size=32, patch_size=8, embed_dim=32, depth=2, num_heads=2, num_classes=0)')
        ours = computed("mae")
        with torch.no_grad():
            self.close(network.forward_features(ours["pixels"].double()), ours["encoded"])

    def test_timm_takes_a_fine_tuned_classifier(self):
        network = self.timms("vit", 'timm.create_model("vit_base_patch16_224", global_pool="avg", num_classes=2)')
        ours = computed("vit")
        with torch.no_grad():
            self.close(network(ours["pixels"].double()), ours["logits"])

    def test_timm_takes_an_xception(self):
        ours = computed("xception")
        network = self.timms("xception", f'timm.create_model("legacy_xception", num_classes={ours["logits"].shape[1]})')
        with torch.no_grad():
            self.close(network(ours["pixels"].double()), ours["logits"])

    def transformers_network(self, kind, name):
        path, said = export(name, "transformers", "model.safetensors")
        self.assertIn(f"transformers.{kind.__name__}", said)
        network, report = kind.from_pretrained(path.parent, output_loading_info=True)
        self.assertEqual({key: list(value) for key, value in report.items() if value}, {})
        return network.double().eval()

    def pictures_of(self, name):
        network = self.transformers_network(transformers.ViTMAEForPreTraining, name)
        ours = computed(name)
        mask = ours["mask"]
        noise = mask.double() + torch.linspace(0, 0.5, mask.shape[1], dtype=torch.float64)  # what is kept comes first
        with torch.no_grad():
            output = network(ours["pixels"].double(), noise=noise)
        self.assertTrue(torch.equal(output.mask.bool(), mask))
        self.close(output.logits[mask].view(ours["prediction"].shape), ours["prediction"])

    def test_transformers_takes_a_base_autoencoder(self):
        self.pictures_of("base")

    def test_transformers_takes_a_tiny_autoencoder(self):
        self.pictures_of("mae")

    def test_transformers_takes_an_autoencoder_of_clips(self):
        network = self.transformers_network(transformers.VideoMAEForPreTraining, "video_mae")
        network.decoder.norm.eps = 1e-6  # the library takes PyTorch's own here, whatever its config says (docs/weights.md)
        ours = computed("video_mae")
        with torch.no_grad():
            output = network(ours["pixels"].double(), bool_masked_pos=ours["mask"])
        self.close(output.logits, ours["prediction"])

    def test_what_went_out_says_where_it_is_from(self):
        for target, file in (("safetensors", "weights.safetensors"), ("timm", "weights.safetensors"), ("transformers", "model.safetensors")):
            with safe_open(export("mae", target, file)[0], "pt") as weights:
                said = weights.metadata()
            self.assertRegex(said["exported_from"], "^mae at step 2, weights_sha256 [0-9a-f]{64}$")
            self.assertEqual(json.loads(said["description"])["width"], 32)


class Examples(unittest.TestCase):
    def test_shards_say_what_the_program_says(self):
        dataset = shards.Shards(work / "shards-32", "test")
        facts = json.loads(run(PROGRAM, "inspect", work / "shards-32", "--json"))
        self.assertEqual(len(shards.Shards(work / "shards-32")), facts["totals"]["frames"])
        fakes = [one for one in dataset.videos if one["label"] == 1]
        self.assertEqual({one["method"] for one in fakes}, {"Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures"})
        for codec in ("png", "raw"):  # the same pixels
            folder = work / f"shards-{codec}"
            run(PROGRAM, "preprocess", work / "videos", "--dataset", "ffpp", "--out", folder, "--size", 32, "--frames", 4, "--codec", codec)
            other = shards.Shards(folder, "test")
            self.assertEqual([one["key"] for one in other.videos], [one["key"] for one in dataset.videos])
            for number in range(len(dataset)):
                self.assertTrue(numpy.array_equal(other.frame(number), dataset.frame(number)))

    def test_scores_are_what_timm_computes_from_the_shards(self):
        """The whole way in Python: faces, pixels, network, mean over frames, softmax."""
        run(PROGRAM, "train", ROOT / "configs/deepfakemae/evaluate.yaml", f"weights.vit={work}/vit", "weights.mapping=", "weights.recovered=",
            "evaluate.frames=4", f"data.shards={work}/shards-224", f"run.dir={work}/evaluate", "world.device=cpu", "metrics.port=0")
        scores = shards.scores(work / "evaluate/scores.csv")
        network = timm.create_model("vit_base_patch16_224", global_pool="avg", num_classes=2).eval()
        network.load_state_dict(load_file(export("vit", "timm", "weights.safetensors")[0]))
        dataset = shards.Shards(work / "shards-224", "test")
        videos = {one["key"]: one for one in dataset.videos}
        self.assertEqual(set(scores["video"]), set(videos))
        mean, deviation = numpy.array([0.485, 0.456, 0.406]), numpy.array([0.229, 0.224, 0.225])
        for row in range(0, len(scores["video"]), 5):
            video = videos[scores["video"][row]]
            pictures = numpy.stack([(dataset.frame(number) / 255 - mean) / deviation for number in video["frames"]])
            with torch.no_grad():
                features = network.forward_head(network.forward_features(torch.from_numpy(pictures).permute(0, 3, 1, 2).float()), pre_logits=True)
                fake = network.head(features.mean(0)).softmax(-1)[1].item()
            self.assertAlmostEqual(fake, scores["p_fake"][row], delta=1e-5)
            self.assertEqual(video["label"], scores["label"][row])

    def test_an_encoder_is_fine_tuned(self):
        encoder, _ = export("mae", "timm", "weights.safetensors")
        said = run(sys.executable, ROOT / "examples/python/finetune.py", work / "shards-32", encoder, "--steps", 40, "--batch", 16, "--rate", "1e-3",
                   "--out", work / "tuned.safetensors")
        self.assertRegex(said, r"step 40  loss [0-9.]+\nAUC of [0-9]+ test frames: [01]\.[0-9]{4}\n$")
        tuned, before = load_file(work / "tuned.safetensors"), load_file(encoder)
        self.assertEqual(tuned["1.weight"].shape, (2, 32))
        self.assertFalse(torch.equal(tuned["0.blocks.1.mlp.fc2.weight"], before["blocks.1.mlp.fc2.weight"]))


if __name__ == "__main__":
    unittest.main()
