#!/usr/bin/env python3
"""Train the example segmenter of litequant: which shape does each pixel of a drawn scene belong to.

It writes, into the folder it lies in (or --output):

    shapes.tflite      float32 model, 1x64x64x3 in [-1, 1] -> 1x64x64x5 scores of the classes
    samples.webp       24 scenes to try it on, 8 x 3 tiles of 64 x 64 pixels
    calibration.webp   48 scenes to calibrate on, 8 x 6 tiles
    results.json       the figures quoted in README.md

    python train.py [--epochs N]       # a few minutes of computing

Needs Python 3.11 with tensorflow 2.21, flatbuffers, numpy and pillow.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import tensorflow as tf
from model_file import Port, convert, cosine, percent, run, with_metadata
from scenes import CLASSES, add_noise, draw_scenes, to_values, write_sheet

SIDE = 64
INPUT = Port("image", "A drawn scene, 64 x 64 pixels.", -1.0, 1.0, picture=True)
OUTPUT = Port("classes", "Scores of each class at each pixel.", -30.0, 30.0, labels=CLASSES)


def scenes(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return scenes with a little noise, and their classes."""
    pictures, classes = draw_scenes(seed, count, SIDE)
    return add_noise(seed + 1000, pictures, 0, 14), classes


def build_network() -> tf.keras.Model:
    """Down to 8 x 8 and up again, with the finer features joined on the way up."""
    layers = tf.keras.layers

    def normal(tensor: object) -> object:
        return layers.ReLU(6.0)(layers.BatchNormalization(momentum=0.97)(tensor))

    def separable(tensor: object, channels: int, stride: int = 1) -> object:
        tensor = normal(layers.DepthwiseConv2D(3, stride, padding="same", use_bias=False)(tensor))
        return normal(layers.Conv2D(channels, 1, use_bias=False)(tensor))

    def up(tensor: object, finer: object, channels: int) -> object:
        tensor = layers.UpSampling2D(interpolation="bilinear")(tensor)
        return separable(layers.Concatenate()([tensor, finer]), channels)

    image = tf.keras.Input((SIDE, SIDE, 3))
    whole = normal(layers.Conv2D(12, 3, padding="same", use_bias=False)(image))
    half = separable(whole, 24, 2)
    quarter = separable(separable(half, 40, 2), 40)
    eighth = separable(separable(separable(quarter, 64, 2), 64), 64)
    deepest = separable(separable(separable(eighth, 96, 2), 96), 96)
    tensor = up(deepest, eighth, 64)
    tensor = up(tensor, quarter, 40)
    tensor = up(tensor, half, 24)
    tensor = up(tensor, whole, 20)
    tensor = separable(tensor, 20)
    return tf.keras.Model(image, layers.Conv2D(len(CLASSES), 1)(tensor))


def measure(model: bytes, pictures: np.ndarray, classes: np.ndarray) -> tuple[dict[str, float], np.ndarray]:
    """Return what share of the pixels is right, the mean overlap of the classes, and the classes found."""
    found = run(model, to_values(pictures)).argmax(-1)
    overlaps = [
        np.sum((found == kind) & (classes == kind)) / np.sum((found == kind) | (classes == kind))
        for kind in range(len(CLASSES))
    ]
    return {"bytes": len(model), "pixels": percent([np.mean(found == classes)]), "mean_iou": percent(overlaps)}, found


def main() -> None:
    """Draw, train, convert, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path(__file__).parent)
    parser.add_argument("--epochs", type=int, default=10)
    arguments = parser.parse_args()
    tf.keras.utils.set_random_seed(20)

    pictures, classes = scenes(1, 5000)
    calibration, _ = scenes(2, 48)
    samples, _ = scenes(3, 24)
    test, test_classes = scenes(4, 300)
    network = build_network()
    print(network.count_params(), "parameters", flush=True)
    batch = 32
    network.compile(
        tf.keras.optimizers.Adam(cosine(6e-3, arguments.epochs * len(pictures) // batch)),
        tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    network.fit(to_values(pictures), classes, batch, arguments.epochs, verbose=2)

    shape = (1, SIDE, SIDE, 3)
    float_model = with_metadata(
        convert(network, INPUT, OUTPUT, shape), "shapes", "Finds discs, squares, triangles and stars.", INPUT, OUTPUT
    )
    integer_model = convert(network, INPUT, OUTPUT, shape, to_values(calibration))
    float_result, float_found = measure(float_model, test, test_classes)
    integer_result, integer_found = measure(integer_model, test, test_classes)
    integer_result["agreement"] = percent([np.mean(float_found == integer_found)])
    results = {"float32": float_result, "int8": integer_result}
    print(json.dumps(results))
    output: Path = arguments.output
    (output / "shapes.tflite").write_bytes(float_model)
    write_sheet(samples, output / "samples.webp", 8)
    write_sheet(calibration, output / "calibration.webp", 8)
    (output / "results.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
