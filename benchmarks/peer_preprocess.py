#!/usr/bin/env python3
"""The peer of `realface preprocess`: OpenCV and dlib as DeepfakeBench's settings use them, on one core; one JSON line.

For every video: 32 frames spread evenly over it; dlib's HOG detector on the whole picture, upsampled once; the largest face;
landmarks; a similarity transform of five of them onto a template, with margin 1.3, to 256 x 256; detector and landmarks
again on that crop, and the frame is dropped where either finds no face; a PNG and its landmarks on disk. Written anew from
a description of that pipeline; its 81 landmarks are the 68 of Debian's model here.
"""
import argparse
import json
import pathlib

import cv2
import dlib
import numpy

# A point of each upper lid, the nose's tip, and the two points of the mouth that those settings name (0-based, of 68).
FIVE = [37, 44, 30, 49, 55]
# Where they go: a face of 112 x 112, eight pixels further right.
TEMPLATE = numpy.float32([[30.2946, 51.6963], [65.5318, 51.5014], [48.0252, 71.7366], [33.5493, 92.3655], [62.7299, 92.2041]]) \
    + numpy.float32([8, 0])


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("videos", nargs="+")
    parser.add_argument("--out", required=True)
    parser.add_argument("--model", default="/usr/share/dlib/shape_predictor_68_face_landmarks.dat")
    parser.add_argument("--frames", type=int, default=32)
    parser.add_argument("--choose", choices=["spread", "stride"], default="spread",
                        help="spread: evenly over the whole video; stride: from the start, every fourth at most")
    return parser.parse_args()


def chosen(count, wanted, how):
    if how == "spread":
        return set(numpy.linspace(0, count - 1, wanted, dtype=int).tolist())
    step = min(max((count - 1) // (wanted - 1), 1), 4)
    return set(range(0, min(count, wanted * step), step))


def points(shape):
    return numpy.float32([[part.x, part.y] for part in shape.parts()])


def similarity(source, target):
    """Umeyama's least squares: scale, rotation and shift that bring `source` to `target`, 2 x 3."""
    mean_s, mean_t = source.mean(0), target.mean(0)
    s, t = source - mean_s, target - mean_t
    u, d, v = numpy.linalg.svd(t.T @ s / len(s))
    sign = numpy.diag([1, numpy.sign(numpy.linalg.det(u) * numpy.linalg.det(v))])
    rotation = u @ sign @ v
    scale = (d * numpy.diag(sign)).sum() / s.var(0).sum()
    return numpy.hstack([scale * rotation, (mean_t - scale * rotation @ mean_s)[:, None]])


def aligned(picture, detector, predictor, size=256, margin=1.3):
    """The crop and its landmarks, or None where no face is found, in the picture or in the crop."""
    faces = detector(picture, 1)
    if not faces:
        return None
    face = max(faces, key=lambda box: box.width() * box.height())
    shape = points(predictor(picture, face))
    border = size * (margin - 1) / 2
    target = (TEMPLATE * (size / 112) + border) * size / (size + 2 * border)
    crop = cv2.warpAffine(picture, similarity(shape[FIVE], target), (size, size))
    again = detector(crop, 1)
    return (crop, points(predictor(crop, again[0]))) if again else None


def main():
    options = arguments()
    cv2.setNumThreads(1)
    detector, predictor = dlib.get_frontal_face_detector(), dlib.shape_predictor(options.model)
    considered = stored = 0
    for number, name in enumerate(options.videos):
        folder = pathlib.Path(options.out) / str(number)
        folder.mkdir(parents=True)
        video = cv2.VideoCapture(name)
        count = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
        wanted = chosen(count, options.frames, options.choose)
        for index in range(max(wanted) + 1):
            good, picture = video.read()
            if not good:
                break
            if index not in wanted:
                continue
            considered += 1
            found = aligned(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), detector, predictor)
            if found is None:
                continue
            crop, landmarks = found
            cv2.imwrite(str(folder / f"{index:03d}.png"), cv2.cvtColor(crop, cv2.COLOR_RGB2BGR))
            numpy.save(folder / f"{index:03d}.npy", landmarks)
            stored += 1
    print(json.dumps({"considered": considered, "stored": stored, "with_face": stored, "dlib": dlib.__version__,
                      "opencv": cv2.__version__}))


if __name__ == "__main__":
    main()
