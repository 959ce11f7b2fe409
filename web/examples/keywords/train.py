#!/usr/bin/env python3
"""Train the example model of sounds of litequant: which of ten words is said in one second.

The words are spoken by espeak-ng in many voices and mixed with noise. It writes, into the folder it lies in (or --output):

    keywords.tflite    float32 model, 1x8000 samples of sound at 8 kHz in [-1, 1] -> 1x12 probabilities
    labels.txt         one label a line, line i names output index i
    samples.wav        60 labelled seconds to try it on, one after another, 8 bits; voices that training never heard
    calibration.wav    48 seconds to calibrate on, of the training's voices
    samples.json       rate, and the labels of samples.wav
    results.json       the figures quoted in README.md

    python train.py [--epochs N]       # a few minutes of computing

Needs Python 3.11 with tensorflow 2.21, flatbuffers, numpy and scipy, and Debian's espeak-ng.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import wave
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import tensorflow as tf
from model_file import Port, convert, cosine, percent, run, with_metadata
from scipy.signal import lfilter, resample_poly

RATE = 8000
WORDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
OTHERS = (
    "bird", "house", "seven", "tree", "happy", "water", "table", "green", "nine", "cat",
    "follow", "visual", "backward", "learn", "sheila", "morning", "eight", "wow", "apple", "music",
)  # fmt: skip
LABELS = (*WORDS, "other word", "no word")
ACCENTS = (
    "en-gb", "en-us", "en-gb-scotland", "en-gb-x-rp", "en-029", "en-gb-x-gbcwmd", "en-gb-x-gbclan", "en-us-nyc",
)  # fmt: skip
TRAINING_VOICES = (
    "m1", "m2", "m3", "m5", "m7", "f1", "f2", "f3", "klatt", "klatt3", "adam", "linda", "michel", "steph", "travis",
    "victor",
)  # fmt: skip
HELD_OUT_VOICES = ("m4", "m6", "m8", "f4", "f5", "klatt4", "belinda", "edward")
INPUT = Port("sound", "One second of sound, 8000 samples a second.", -1.0, 1.0, sample_rate=RATE)
OUTPUT = Port("probabilities", "Probability of each word.", 0.0, 1.0, labels=LABELS)


def speak(generator: np.random.Generator, word: str, accent: str, voice: str) -> np.ndarray:
    """Return a word spoken with random pitch and speed, without silence around it, float32, largest value 1."""
    pitch, speed = int(generator.integers(25, 75)), int(generator.integers(125, 205))
    line = ["espeak-ng", "-v", f"{accent}+{voice}", "-p", str(pitch), "-s", str(speed), "--stdout", word]
    sound = subprocess.run(line, check=True, capture_output=True).stdout
    with wave.open(io.BytesIO(sound)) as file:
        rate = file.getframerate()
        values = np.frombuffer(file.readframes(1 << 24), np.int16).astype(np.float32)
    values = resample_poly(values, RATE, rate).astype(np.float32)
    loud = np.flatnonzero(np.abs(values) > 0.02 * np.abs(values).max())
    values = values[loud[0] : loud[-1] + 1][: RATE * 95 // 100]
    return values / np.abs(values).max()


def spoken(seed: int, voices: tuple[str, ...], accents: tuple[str, ...], others: int) -> list[tuple[int, np.ndarray]]:
    """Return (class, word) for every keyword in every voice and accent, and `others` other words a voice."""
    generator = np.random.default_rng(seed)
    found = []
    for voice in voices:
        for accent in accents:
            found += [(index, speak(generator, word, accent, voice)) for index, word in enumerate(WORDS)]
        for _ in range(others):
            word, accent = OTHERS[generator.integers(len(OTHERS))], accents[generator.integers(len(accents))]
            found.append((LABELS.index("other word"), speak(generator, word, accent, voice)))
    return found


def noise(generator: np.random.Generator) -> np.ndarray:
    """Return a second of noise, coloured at random, at times with a hum; deviation 1."""
    values = generator.standard_normal(RATE)
    values = lfilter([1], [1, -float(generator.uniform(-0.3, 0.97))], values)
    if generator.random() < 0.3:
        times = np.arange(RATE) / RATE
        tone = np.sin(2 * np.pi * generator.uniform(50, 900) * times + generator.uniform(0, 6))
        values = values / values.std() + tone * generator.uniform(0.3, 2)
    return (values / values.std()).astype(np.float32)


def seconds(seed: int, words: list[tuple[int, np.ndarray]], count: int) -> tuple[np.ndarray, np.ndarray]:
    """Place words in seconds of noise, as loud as it happens.

    Returns sounds float32 (count, RATE) on the steps of 8 bits, and classes int32 (count,), as many of each.
    """
    generator = np.random.default_rng(seed)
    by_class = [[word for kind, word in words if kind == wanted] for wanted in range(len(LABELS))]
    sounds = np.empty((count, RATE), np.float32)
    kinds = np.arange(count, dtype=np.int32) % len(LABELS)
    generator.shuffle(kinds)
    for index, kind in enumerate(kinds):
        loudness = generator.uniform(0.25, 0.95)
        sound = noise(generator) * loudness * 10 ** generator.uniform(-3.2, -1.1)
        if by_class[kind]:
            word = by_class[kind][generator.integers(len(by_class[kind]))]
            start = int(generator.integers(0, RATE - len(word) + 1))
            sound[start : start + len(word)] += word * loudness
        sounds[index] = sound
    steps = np.clip(np.round(sounds * 128), -128, 127)
    return (steps / 128).astype(np.float32), kinds


def build_network() -> tf.keras.Model:
    """Convolutions along time, the first on the sound itself."""
    layers = tf.keras.layers

    def part(tensor: object, channels: int, size: int, stride: int, pool: int) -> object:
        tensor = layers.Conv2D(channels, (1, size), (1, stride), padding="same", use_bias=False)(tensor)
        tensor = layers.ReLU(6.0)(layers.BatchNormalization(momentum=0.97)(tensor))
        return layers.MaxPool2D((1, pool))(tensor)

    sound = tf.keras.Input((RATE,))
    tensor = layers.Reshape((1, RATE, 1))(sound)
    tensor = part(tensor, 40, 80, 8, 4)
    tensor = part(tensor, 56, 3, 1, 2)
    tensor = part(tensor, 72, 3, 1, 4)
    tensor = part(tensor, 88, 3, 1, 4)
    tensor = layers.Flatten()(layers.AveragePooling2D((1, 7))(tensor))
    return tf.keras.Model(sound, layers.Dense(len(LABELS), activation="softmax")(layers.Dropout(0.3)(tensor)))


def write_sounds(sounds: np.ndarray, path: Path) -> None:
    """Write seconds one after another as .wav, 8 bits."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(RATE)
        file.writeframes((sounds * 128 + 128).round().astype(np.uint8).tobytes())


def main() -> None:
    """Speak, train, convert, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path(__file__).parent)
    parser.add_argument("--epochs", type=int, default=10)
    arguments = parser.parse_args()
    tf.keras.utils.set_random_seed(20)

    known = spoken(21, TRAINING_VOICES, ACCENTS, 60)
    unknown = spoken(22, HELD_OUT_VOICES, ACCENTS[:4], 20)
    sounds, kinds = seconds(23, known, 14400)
    calibration, _ = seconds(24, known, 48)
    samples, sample_kinds = seconds(25, unknown, 60)
    test, test_kinds = seconds(26, unknown, 1200)
    print(len(known), "words to train on,", len(unknown), "held out", flush=True)
    network = build_network()
    print(network.count_params(), "parameters", flush=True)
    batch = 48
    network.compile(
        tf.keras.optimizers.Adam(cosine(4e-3, arguments.epochs * len(sounds) // batch)),
        tf.keras.losses.SparseCategoricalCrossentropy(),
        metrics=["accuracy"],
    )
    network.fit(sounds, kinds, batch, arguments.epochs, validation_data=(test, test_kinds), verbose=2)

    shape = (1, RATE)
    model = convert(network, INPUT, OUTPUT, shape)
    models = {
        "float32": with_metadata(model, "keywords", "Tells ten words in one second of sound.", INPUT, OUTPUT),
        "int8": convert(network, INPUT, OUTPUT, shape, calibration),
    }
    results = {}
    found = {name: run(made, test).argmax(-1) for name, made in models.items()}
    for name, made in models.items():
        results[name] = {
            "bytes": len(made),
            "held_out_top1": percent(found[name] == test_kinds),
            "held_out_agreement": percent(found[name] == found["float32"]),
            "samples_top1": percent(run(made, samples).argmax(-1) == sample_kinds),
        }
    print(json.dumps(results))
    output: Path = arguments.output
    (output / "keywords.tflite").write_bytes(models["float32"])
    (output / "labels.txt").write_text("\n".join(LABELS) + "\n", encoding="utf-8")
    write_sounds(samples, output / "samples.wav")
    write_sounds(calibration, output / "calibration.wav")
    description = {"rate": RATE, "labels": sample_kinds.tolist()}
    (output / "samples.json").write_text(json.dumps(description) + "\n", encoding="utf-8")
    (output / "results.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
