#!/usr/bin/env python3
"""The peer of `realface detect`: OpenCV, dlib and PyTorch, frame by frame on one core; one JSON line.

Of every frame: dlib's HOG detector on the whole picture, upsampled --upsample times; the largest face; a square of 1.3 times its longer side,
resized by OpenCV. Thirty faces at a time go through the plain network (models/cnn) of a detector file. The score of a video is the mean.
"""
import argparse
import json
import time

import cv2
import dlib
import numpy
import safetensors.torch
import torch


def network(path):
    """models/cnn in PyTorch, with the weights of a detector file."""
    weights = {name[4:]: tensor for name, tensor in safetensors.torch.load_file(path).items() if name.startswith("cnn/")}
    layers, channels = [], 3
    for i in range(1, 5):
        out = weights[f"conv{i}.weight"].shape[0]
        layers += [torch.nn.Conv2d(channels, out, 3, 1 if i == 1 else 2, 1, bias=f"conv{i}.bias" in weights),
                   torch.nn.BatchNorm2d(out), torch.nn.ReLU()]
        for layer, name in ((layers[-3], "conv"), (layers[-2], "bn")):
            layer.load_state_dict({key: weights[f"{name}{i}.{key}"] for key in layer.state_dict() if key != "num_batches_tracked"}, strict=False)
        channels = out
    fc = torch.nn.Linear(channels, 2)
    fc.load_state_dict({key: weights[f"fc.{key}"] for key in ("weight", "bias")})
    return torch.nn.Sequential(*layers, torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), fc).eval()


def square(picture, face, side):
    """The crop about the largest face, with edges replicated."""
    centre = ((face.left() + face.right()) / 2, (face.top() + face.bottom()) / 2)
    scale = side / (1.3 * max(face.width(), face.height()))
    transform = [[scale, 0, side / 2 - scale * centre[0]], [0, scale, side / 2 - scale * centre[1]]]
    return cv2.warpAffine(picture, numpy.float32(transform), (side, side), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def scores(model, crops):
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    faces = torch.stack([torch.from_numpy(crop) for crop in crops]).float() / 255
    return torch.softmax(model(((faces - mean) / deviation).permute(0, 3, 1, 2)), 1)[:, 1].tolist()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("videos", nargs="+")
    parser.add_argument("--weights", required=True)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--upsample", type=int, default=0)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    model, detector = network(options.weights), dlib.get_frontal_face_detector()
    frames = with_face = 0
    videos = {}
    with torch.inference_mode():
        for name in options.videos:
            video, crops, found = cv2.VideoCapture(name), [], []
            while True:
                good, picture = video.read()
                if good:
                    frames += 1
                    picture = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
                    faces = detector(picture, options.upsample)
                    if faces:
                        crops.append(square(picture, max(faces, key=lambda box: box.width() * box.height()), options.size))
                if crops and (len(crops) == 30 or not good):
                    found += scores(model, crops)
                    crops = []
                if not good:
                    break
            with_face += len(found)
            videos[name] = sum(found) / len(found) if found else None
    print(json.dumps({"frames": frames, "with_face": with_face, "p_fake": videos, "core_s": time.process_time()}))


if __name__ == "__main__":
    main()
