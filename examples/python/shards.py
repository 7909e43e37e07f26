"""Shards and scores of realface as NumPy arrays (docs/shards.md). Wants h5py, NumPy, zstandard, and Pillow for the codecs png and jpeg.

    python3 shards.py FOLDER [SPLIT]      what is inside

From Python:

    shards = Shards("out/shards", "test")
    shards.frame(0), shards.label[0], shards.landmarks[0], shards.videos[shards.video[0]]
    scores("out/run/evaluate/scores.csv")["p_fake"]
"""
import csv
import io
import json
import pathlib
import sys

import h5py
import numpy as np
import zstandard


def decode(codec, blob, height, width):
    """uint8 [height, width, 3], RGB. Of JPEG another decoder than libjpeg-turbo gives other pixels by a little."""
    if codec == "raw":
        return np.frombuffer(blob, np.uint8).reshape(height, width, 3)
    if codec == "gdiff-up-zstd":
        planes = np.frombuffer(zstandard.ZstdDecompressor().decompress(blob), np.uint8).reshape(3, height, width)
        g, r, b = np.cumsum(planes, axis=1, dtype=np.uint8)
        return np.stack([r + g, g, b + g], axis=-1)
    if codec in ("png", "jpeg"):
        from PIL import Image
        return np.asarray(Image.open(io.BytesIO(blob)).convert("RGB"))
    raise ValueError(f"no codec '{codec}' is known")


class Shards:
    """A dataset, or one split of it. Frames are numbered from 0, shard after shard, those of a video one after another."""

    def __init__(self, folder, split=None):
        folder = pathlib.Path(folder)
        manifest = json.loads((folder / "manifest.json").read_text())
        self.codec, self.height, self.width = manifest["codec"], manifest["height"], manifest["width"]
        names = manifest["names"]["manip"]
        self._files, first, label, landmarks, video, self.videos = [], [0], [], [], [], []
        for shard in manifest["shards"]:
            if split not in (None, shard["split"]):
                continue
            file = h5py.File(folder / shard["name"], "r")
            if file.attrs["schema_major"] != 1 or file.attrs["sealed"] != 1:
                raise ValueError(f"{file.filename}: expected a sealed shard of version 1")
            ends, manip = file["videos/first"][:].astype(np.int64), file["videos/manip"][:]
            for i, key in enumerate(file["videos/key"][:]):
                self.videos.append({"key": key.rstrip(b"\0").decode(), "label": int(file["videos/label"][i]),
                                    "method": names[manip[i]] if manip[i] >= 0 else "", "split": shard["split"],
                                    "frames": range(first[-1] + int(ends[i]), first[-1] + int(ends[i + 1]))})
                video.append(np.full(ends[i + 1] - ends[i], len(self.videos) - 1))
            label.append(file["frames/label"][:]), landmarks.append(file["frames/landmarks"][:])
            self._files.append((file, file["frames/offset"][:], file["masks/offset"][:]))
            first.append(first[-1] + len(label[-1]))
        if not self._files:
            raise ValueError(f"{folder} has no shards of the split '{split}'")
        self._first = np.array(first)
        # Of each frame: 0 real, 1 fake, -1 unknown; [68, 2] as x, y in pixels; its number in `videos`.
        self.label, self.landmarks, self.video = (np.concatenate(parts) for parts in (label, landmarks, video))

    def __len__(self):
        return len(self.label)

    def _blob(self, number, group):
        shard = int(np.searchsorted(self._first, number, "right")) - 1
        file, frames, masks = self._files[shard]
        offset, i = (frames if group == "frames" else masks), number - self._first[shard]
        return file[group]["blob"][offset[i]:offset[i + 1]].tobytes()

    def frame(self, number):
        return decode(self.codec, self._blob(number, "frames"), self.height, self.width)

    def mask(self, number):
        """bool [height, width], true where it was tampered with; None if the dataset does not say."""
        blob = self._blob(number, "masks")
        bits = np.unpackbits(np.frombuffer(zstandard.ZstdDecompressor().decompress(blob), np.uint8), count=self.height * self.width) if blob else None
        return None if bits is None else bits.astype(bool).reshape(self.height, self.width)


def scores(path):
    """scores.csv or frame_scores.csv by columns: text, or numbers (NaN: no usable face)."""
    with open(path, newline="") as file:
        header, *rows = csv.reader(file)
    numbers = lambda name: name.startswith("p_") or name in ("label", "frame", "frames")
    return {name: np.array([float(cell or "nan") if numbers(name) else cell for cell in column])
            for name, column in zip(header, zip(*rows))}


if __name__ == "__main__":
    shards = Shards(*sys.argv[1:])
    print(f"{len(shards)} frames of {len(shards.videos)} videos, {shards.height} x {shards.width}, {shards.codec}")
    for one in shards.videos:
        print(one["key"], ("real", "fake", "unknown")[one["label"]], one["method"], len(one["frames"]))
