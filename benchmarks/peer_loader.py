#!/usr/bin/env python3
"""The peers of the loader comparison: h5py with PyTorch's DataLoader, and WebDataset, over the same pictures.

  peer_loader.py prepare RAW_SHARDS OUT       writes the pictures of shards of codec raw as HDF5 and as tar files of PNG
  peer_loader.py KIND OUT [--seconds S]       KIND: h5py-raw, h5py-png, webdataset-png; prints one JSON line

Each worker reads a picture and its landmarks, decodes, mirrors half of the pictures, and the loader makes batches. Two
workers, batches of 64, five batches a worker ahead: what both sides of the comparison use.
"""
import argparse
import io
import json
import pathlib
import tarfile
import time

import h5py
import numpy
import torch
from PIL import Image

COPIES = 16  # of each picture, so that an epoch is long against its start


def pictures_of(shard):
    """uint8 [frames, height, width, 3] of an open shard of codec raw."""
    assert shard.attrs["codec"] in (b"raw", "raw"), "shards of codec raw are wanted"
    return shard["frames/blob"][:].reshape(-1, int(shard.attrs["height"]), int(shard.attrs["width"]), 3)


def prepare(source, out):
    out.mkdir(parents=True, exist_ok=True)
    pictures, landmarks = [], []
    for path in sorted(source.glob("*.h5")):
        with h5py.File(path) as shard:
            pictures.append(pictures_of(shard))
            landmarks.append(shard["frames/landmarks"][:])
    pictures = numpy.concatenate([numpy.concatenate(pictures)] * COPIES)
    landmarks = numpy.concatenate([numpy.concatenate(landmarks)] * COPIES)
    with h5py.File(out / "raw.h5", "w") as file:  # contiguous: the fastest layout that h5py reads
        file["pictures"], file["landmarks"] = pictures, landmarks
    encoded = []
    for picture in pictures:
        stream = io.BytesIO()
        Image.fromarray(picture).save(stream, "PNG", compress_level=6)
        encoded.append(stream.getvalue())
    with h5py.File(out / "png.h5", "w") as file:
        file["blob"] = numpy.frombuffer(b"".join(encoded), numpy.uint8)
        file["offset"] = numpy.cumsum([0] + [len(one) for one in encoded])
        file["landmarks"] = landmarks
    write_tars(out, encoded, landmarks)


def write_tars(out, encoded, landmarks, shards=8):
    for shard in range(shards):
        with tarfile.open(out / f"part-{shard:02}.tar", "w") as tar:
            for i in range(shard, len(encoded), shards):
                for suffix, content in (("png", encoded[i]), ("npy", landmarks[i].tobytes())):
                    entry = tarfile.TarInfo(f"{i:07}.{suffix}")
                    entry.size = len(content)
                    tar.addfile(entry, io.BytesIO(content))


def mirrored(picture, landmarks):
    if torch.rand(()) < 0.5:
        return picture.flip(1), landmarks * torch.tensor([-1.0, 1.0]) + torch.tensor([picture.shape[1] - 1.0, 0.0])
    return picture, landmarks


class H5Pictures(torch.utils.data.Dataset):
    """Opens its file in the worker, since a handle must not cross a fork."""

    def __init__(self, path):
        self.path, self.file = path, None
        with h5py.File(path) as file:
            self.length = len(file["landmarks"])

    def __len__(self):
        return self.length

    def __getitem__(self, i):
        if self.file is None:
            self.file = h5py.File(self.path)
            self.offset = self.file["offset"][:] if "offset" in self.file else None
        if self.offset is None:
            picture = torch.from_numpy(self.file["pictures"][i])
        else:
            blob = self.file["blob"][self.offset[i]:self.offset[i + 1]]
            picture = torch.from_numpy(numpy.array(Image.open(io.BytesIO(blob.tobytes()))))
        return mirrored(picture, torch.from_numpy(self.file["landmarks"][i]))


def webdataset_loader(out):
    import webdataset

    def sample(one):
        picture = torch.from_numpy(numpy.array(Image.open(io.BytesIO(one["png"]))))
        return mirrored(picture, torch.from_numpy(numpy.frombuffer(one["npy"], numpy.float32).reshape(68, 2).copy()))

    files = [str(path) for path in sorted(out.glob("part-*.tar"))]
    data = webdataset.WebDataset(files, shardshuffle=len(files), nodesplitter=webdataset.split_by_node).shuffle(1000)
    return webdataset.WebLoader(data.map(sample).batched(64), batch_size=None, num_workers=2, prefetch_factor=5)


def loader_of(kind, out):
    if kind == "webdataset-png":
        return webdataset_loader(out)
    data = H5Pictures(out / ("raw.h5" if kind == "h5py-raw" else "png.h5"))
    return torch.utils.data.DataLoader(data, batch_size=64, shuffle=True, num_workers=2, prefetch_factor=5,
                                       persistent_workers=True)


def measure(kind, out, seconds):
    loader = loader_of(kind, out)
    images = start = 0
    warm = 20  # batches
    while True:
        for number, (pictures, _) in enumerate(loader):
            if warm > 0:
                warm -= 1
                start = time.perf_counter()
                continue
            images += len(pictures)
            if time.perf_counter() - start > seconds:
                return images / (time.perf_counter() - start)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["prepare", "h5py-raw", "h5py-png", "webdataset-png"])
    parser.add_argument("paths", nargs="+", type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.kind == "prepare":
        prepare(*options.paths)
        return
    print(json.dumps({"images_per_s": measure(options.kind, options.paths[0], options.seconds)}))


if __name__ == "__main__":
    main()
