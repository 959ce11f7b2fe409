#!/usr/bin/env python3
"""Train the example of pictures in and out of litequant: noise taken off drawn scenes.

It writes, into the folder it lies in (or --output):

    denoise.tflite     float32 model, 1x96x96x3 in [-1, 1] -> the same without noise
    samples.webp       16 noisy scenes to try it on, 8 x 2 tiles of 96 x 96 pixels
    calibration.webp   32 noisy scenes to calibrate on, 8 x 4 tiles
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
from model_file import Port, convert, cosine, run, with_metadata
from scenes import add_noise, draw_scenes, to_values, write_sheet

SIDE = 96
TRAINED_SIDE = 48  # the network looks at neighbourhoods only: smaller scenes train it as well
LEAST_NOISE, MOST_NOISE = 14.0, 42.0
INPUT = Port("noisy", "A drawn scene with noise, 96 x 96 pixels.", -1.0, 1.0, picture=True)
OUTPUT = Port("clean", "The scene without the noise.", -1.0, 1.0, picture=True)


def build_network(side: int) -> tf.keras.Model:
    """Convolutions on squares of 2 x 2 pixels find the noise; it is taken off the picture."""
    layers = tf.keras.layers

    def convolution(tensor: object, channels: int) -> object:
        return layers.Conv2D(channels, 3, padding="same", activation="relu")(tensor)

    picture = tf.keras.Input((side, side, 3))
    tensor = layers.Lambda(lambda value: tf.nn.space_to_depth(value, 2))(picture)
    first = convolution(tensor, 32)
    tensor = first
    for _ in range(2):
        inner = convolution(tensor, 32)
        inner = layers.Conv2D(32, 3, padding="same")(inner)
        tensor = layers.ReLU()(layers.Add()([tensor, inner]))
    tensor = layers.Conv2D(12, 3, padding="same")(layers.Concatenate()([tensor, first]))
    noise = layers.Lambda(lambda value: tf.nn.depth_to_space(value, 2))(tensor)
    return tf.keras.Model(picture, layers.Subtract()([picture, noise]))


def decibels(pictures: np.ndarray, clean: np.ndarray) -> float:
    """Return the mean over all pictures of the peak signal-to-noise ratio in dB; values lie in [-1, 1]."""
    errors = np.mean((np.clip(pictures, -1, 1) - clean) ** 2, axis=(1, 2, 3))
    return round(float(np.mean(10 * np.log10(4 / errors))), 2)


def main() -> None:
    """Draw, train, convert, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path(__file__).parent)
    parser.add_argument("--epochs", type=int, default=10)
    arguments = parser.parse_args()
    tf.keras.utils.set_random_seed(20)

    def noisy(seed: int, count: int, side: int = SIDE) -> tuple[np.ndarray, np.ndarray]:
        clean, _ = draw_scenes(seed, count, side)
        return add_noise(seed + 1000, clean, LEAST_NOISE, MOST_NOISE), clean

    pictures, clean = noisy(11, 5000, TRAINED_SIDE)
    calibration, _ = noisy(12, 32)
    samples, _ = noisy(13, 16)
    test, test_clean = noisy(14, 60)
    trained = build_network(TRAINED_SIDE)
    print(trained.count_params(), "parameters", flush=True)
    batch = 16
    trained.compile(
        tf.keras.optimizers.Adam(cosine(3e-3, arguments.epochs * len(pictures) // batch)),
        tf.keras.losses.MeanSquaredError(),
    )
    trained.fit(to_values(pictures), to_values(clean), batch, arguments.epochs, verbose=2)
    network = build_network(SIDE)
    network.set_weights(trained.get_weights())

    shape = (1, SIDE, SIDE, 3)
    float_model = with_metadata(
        convert(network, INPUT, OUTPUT, shape), "denoise", "Takes noise off drawn scenes.", INPUT, OUTPUT
    )
    integer_model = convert(network, INPUT, OUTPUT, shape, to_values(calibration))
    values, wanted = to_values(test), to_values(test_clean)
    results = {
        "noisy": {"psnr_db": decibels(values, wanted)},
        "float32": {"bytes": len(float_model), "psnr_db": decibels(run(float_model, values), wanted)},
        "int8": {"bytes": len(integer_model), "psnr_db": decibels(run(integer_model, values), wanted)},
    }
    print(json.dumps(results))
    output: Path = arguments.output
    (output / "denoise.tflite").write_bytes(float_model)
    write_sheet(samples, output / "samples.webp", 8)
    write_sheet(calibration, output / "calibration.webp", 8)
    (output / "results.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
