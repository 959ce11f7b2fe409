#!/usr/bin/env python3
"""Train the example classifier of litequant: characters in many fonts, on clutter.

The script renders its own data, trains a small depthwise-separable network,
converts it to a float32 TensorFlow Lite model and measures that model and the
quantized versions that TensorFlow's own converter makes of it. It writes, into
the folder it lies in (or ``--output``):

    characters.tflite   float32 model, 1x32x32x3 in [-1, 1] -> 1x36 probabilities
    labels.txt          one label a line, line i names output index i
    samples.png         200 held-out samples, 20 x 10 tiles of 32 x 32 pixels
    calibration.png     100 samples of the training distribution, 20 x 5 tiles
    samples.json        labels of both sheets and how to cut and normalise them
    results.json        the accuracies quoted in README.md

Usage:

    python train.py                          # 15 minutes of computing
    python train.py --quick                  # a few minutes, lower accuracy
    python train.py --work DIR               # also keep what is made on the way:
                                             # data, weights, quantized models
    python train.py --work DIR --reuse       # skip the training: take the
                                             # weights of an earlier run

Requirements: Python 3.11 or newer with tensorflow 2.21, flatbuffers, numpy and
pillow; the command ``fc-list`` (Debian package fontconfig); and the fonts of
the Debian packages that are the keys of TRAINING_FONTS and HELD_OUT_FONTS:

    apt-get install fontconfig fonts-3270 fonts-bebas-neue fonts-breip \\
        fonts-cabin fonts-cantarell fonts-comfortaa fonts-courier-prime \\
        fonts-crosextra-caladea fonts-crosextra-carlito fonts-dancingscript \\
        fonts-dejavu-core fonts-dosis fonts-ebgaramond fonts-firacode \\
        fonts-freefont-ttf fonts-goudybookletter fonts-hack fonts-humor-sans \\
        fonts-inconsolata fonts-isabella fonts-jetbrains-mono fonts-jura \\
        fonts-kaushanscript fonts-lato fonts-league-spartan fonts-liberation \\
        fonts-linuxlibertine fonts-lobstertwo fonts-mononoki fonts-open-sans \\
        fonts-play fonts-prociono fonts-quicksand fonts-radisnoir \\
        fonts-roboto-unhinted fonts-rufscript fonts-sil-andika \\
        fonts-sil-charis fonts-sil-gentium fonts-tomsontalks fonts-urw-base35 \\
        fonts-vollkorn

All random numbers come from fixed seeds, so the data are the same in every run
with the same fonts and library versions. Trained weights can still differ in
their last digits between processors.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import flatbuffers
import numpy as np
import tensorflow as tf
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from tensorflow.lite.python import schema_py_generated as schema

LABELS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
TILE = 32  # side of one sample, pixels
GLYPH = 64  # side of one rendered glyph mask, pixels
COLUMNS = 20  # tiles in one row of a sheet
SAMPLE_COUNT = 200  # tiles of samples.png
CALIBRATION_COUNT = 100  # tiles of calibration.png
MEAN = 127.5  # input normalisation: (pixel - MEAN) / STANDARD_DEVIATION
STANDARD_DEVIATION = 127.5

# Debian package -> file names without extension. Two disjoint sets of families.
TRAINING_FONTS: dict[str, tuple[str, ...]] = {
    "fonts-3270": ("3270-Regular",),
    "fonts-bebas-neue": ("BebasNeue-Regular", "BebasNeue-Thin"),
    "fonts-cantarell": ("Cantarell-Regular", "Cantarell-ExtraBold"),
    "fonts-comfortaa": ("Comfortaa-Light", "Comfortaa-Bold"),
    "fonts-crosextra-carlito": ("Carlito-Regular", "Carlito-BoldItalic"),
    "fonts-dancingscript": ("DancingScript-Bold",),
    "fonts-dejavu-core": (
        "DejaVuSans",
        "DejaVuSans-Bold",
        "DejaVuSansMono",
        "DejaVuSansMono-Bold",
        "DejaVuSerif",
        "DejaVuSerif-Bold",
    ),
    "fonts-dosis": ("Dosis-Light", "Dosis-Bold"),
    "fonts-ebgaramond": ("EBGaramond12-Regular", "EBGaramond12-Italic"),
    "fonts-freefont-ttf": (
        "FreeMonoBold",
        "FreeSans",
        "FreeSansBoldOblique",
        "FreeSerif",
        "FreeSerifBoldItalic",
    ),
    "fonts-inconsolata": ("Inconsolata",),
    "fonts-isabella": ("Isabella",),
    "fonts-jura": ("Jura-Light", "Jura-Bold"),
    "fonts-lato": ("Lato-Regular", "Lato-Black", "Lato-LightItalic"),
    "fonts-league-spartan": ("LeagueSpartan-Regular", "LeagueSpartan-Black"),
    "fonts-liberation": (
        "LiberationMono-Regular",
        "LiberationMono-BoldItalic",
        "LiberationSans-Regular",
        "LiberationSans-Bold",
        "LiberationSerif-Bold",
        "LiberationSerif-Italic",
    ),
    "fonts-linuxlibertine": ("LinBiolinum_R", "LinLibertine_R", "LinLibertine_RBI"),
    "fonts-lobstertwo": ("LobsterTwo-Regular",),
    "fonts-mononoki": ("mononoki-Regular", "mononoki-Bold"),
    "fonts-quicksand": ("Quicksand-Light", "Quicksand-Bold"),
    "fonts-roboto-unhinted": (
        "Roboto-Regular",
        "Roboto-Black",
        "Roboto-LightItalic",
        "RobotoCondensed-Bold",
    ),
    "fonts-rufscript": ("Rufscript010",),
    "fonts-sil-andika": ("Andika-Regular", "Andika-Bold"),
    "fonts-sil-gentium": ("Gentium-R", "Gentium-I"),
    "fonts-tomsontalks": ("TomsonTalks",),
    "fonts-urw-base35": (
        "C059-Roman",
        "NimbusMonoPS-Bold",
        "URWBookman-Demi",
        "URWGothic-Book",
    ),
    "fonts-vollkorn": ("Vollkorn-Regular", "Vollkorn-BlackItalic"),
}
HELD_OUT_FONTS: dict[str, tuple[str, ...]] = {
    "fonts-breip": ("Breip",),
    "fonts-cabin": ("Cabin-Regular", "Cabin-BoldItalic"),
    "fonts-courier-prime": ("Courier Prime", "Courier Prime Sans Bold"),
    "fonts-crosextra-caladea": ("Caladea-Regular", "Caladea-BoldItalic"),
    "fonts-firacode": ("FiraCode-Regular", "FiraCode-Bold"),
    "fonts-goudybookletter": ("GoudyBookletter1911",),
    "fonts-hack": ("Hack-Regular", "Hack-BoldItalic"),
    "fonts-humor-sans": ("Humor-Sans",),
    "fonts-jetbrains-mono": ("JetBrainsMono-Regular", "JetBrainsMono-ExtraBold"),
    "fonts-kaushanscript": ("KaushanScript-Regular",),
    "fonts-open-sans": ("OpenSans-Regular", "OpenSans-BoldItalic"),
    "fonts-play": ("Play-Regular", "Play-Bold"),
    "fonts-prociono": ("Prociono",),
    "fonts-radisnoir": ("RadisSans-medium",),
    "fonts-sil-charis": ("CharisSIL-Regular", "CharisSIL-BoldItalic"),
}


# --------------------------------------------------------------------- data


def find_fonts(wanted: dict[str, tuple[str, ...]]) -> list[Path]:
    """Return the font files of a table, in the table's order.

    Raises SystemExit naming every Debian package of which a file is missing.
    """
    listing = subprocess.run(
        ["fc-list", "--format", "%{file}\n"], check=True, capture_output=True, text=True
    ).stdout
    by_stem: dict[str, Path] = {}
    for line in sorted(listing.splitlines()):
        path = Path(line)
        if path.suffix.lower() in {".ttf", ".otf"}:
            by_stem[path.stem] = path
    missing = [
        package for package, stems in wanted.items() if not all(stem in by_stem for stem in stems)
    ]
    if missing:
        raise SystemExit("fonts missing, install: " + " ".join(missing))
    return [by_stem[stem] for stems in wanted.values() for stem in stems]


def render_glyph(font_file: Path, character: str) -> np.ndarray:
    """Draw one character as large as a square allows, centred.

    Returns a coverage mask, uint8 of shape (GLYPH, GLYPH), 0 background to 255.
    """
    font = ImageFont.truetype(str(font_file), 96)
    left, top, right, bottom = font.getbbox(character)
    width, height = right - left, bottom - top
    canvas = Image.new("L", (width + 8, height + 8), 0)
    ImageDraw.Draw(canvas).text((4 - left, 4 - top), character, fill=255, font=font)
    box = canvas.getbbox()
    if box is None:
        raise ValueError(f"{font_file.name} has no glyph for {character!r}")
    ink = canvas.crop(box)
    # Every glyph fills 44 pixels in height (or 52 in width if it is wide).
    factor = min(44 / ink.height, 52 / ink.width)
    size = (max(1, round(ink.width * factor)), max(1, round(ink.height * factor)))
    ink = ink.resize(size, Image.Resampling.LANCZOS)
    square = Image.new("L", (GLYPH, GLYPH), 0)
    square.paste(ink, ((GLYPH - size[0]) // 2, (GLYPH - size[1]) // 2))
    return np.asarray(square)


def render_glyphs(font_files: list[Path]) -> np.ndarray:
    """Return the masks of all classes in all fonts.

    Shape (fonts, classes, GLYPH, GLYPH), uint8.
    """
    return np.stack(
        [np.stack([render_glyph(font_file, label) for label in LABELS]) for font_file in font_files]
    )


def place_glyph(
    mask: np.ndarray,
    scale: float,
    angle: float,
    shear: float,
    stretch: float,
    center: tuple[float, float],
) -> Image.Image:
    """Draw a glyph mask into a tile.

    scale: tile pixels per mask pixel; angle: radians; shear: horizontal shift
    per unit of height; stretch: width factor; center: (x, y) in tile pixels.
    Returns a mode L image of TILE x TILE pixels.
    """
    cosine, sine = np.cos(angle), np.sin(angle)
    forward = (
        np.array([[cosine, -sine], [sine, cosine]])
        @ np.array([[1.0, shear], [0.0, 1.0]])
        @ np.diag([scale * stretch, scale])
    )
    inverse = np.linalg.inv(forward)
    offset = np.full(2, GLYPH / 2) - inverse @ np.asarray(center)
    coefficients = (*inverse[0], offset[0], *inverse[1], offset[1])
    # The mask is reduced in size: a slight blur first avoids aliasing.
    source = Image.fromarray(mask).filter(ImageFilter.GaussianBlur(0.35 / scale))
    return source.transform(
        (TILE, TILE), Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR
    )


def random_color(generator: np.random.Generator) -> np.ndarray:
    """Return an RGB colour, float32 of shape (3,), 0 to 255."""
    return generator.uniform(0, 255, 3).astype(np.float32)


def draw_background(generator: np.random.Generator, base: np.ndarray) -> np.ndarray:
    """Return a background around a base colour, float32 (TILE, TILE, 3), 0 to 255.

    A colour gradient, a coarse random texture, and lines and discs.
    """
    ramp = np.linspace(-0.5, 0.5, TILE, dtype=np.float32)
    direction = generator.uniform(0, 2 * np.pi)
    slope = ramp[None, :] * np.cos(direction) + ramp[:, None] * np.sin(direction)
    image = base + slope[..., None] * generator.normal(0, 35, 3)
    coarse = generator.normal(0, generator.uniform(2, 22), (4, 4, 3)) + 128
    texture = Image.fromarray(np.clip(coarse, 0, 255).astype(np.uint8))
    image = (
        image
        + np.asarray(texture.resize((TILE, TILE), Image.Resampling.BICUBIC), dtype=np.float32)
        - 128
    )
    canvas = Image.fromarray(np.clip(image, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(canvas)
    for _ in range(generator.integers(0, 4)):
        color = tuple(int(value) for value in np.clip(base + generator.normal(0, 38, 3), 0, 255))
        x0, y0, x1, y1 = (float(value) for value in generator.uniform(-6, TILE + 6, 4))
        if generator.random() < 0.6:
            draw.line((x0, y0, x1, y1), fill=color, width=int(generator.integers(1, 4)))
        else:
            radius = float(generator.uniform(2, 8))
            draw.ellipse((x0 - radius, y0 - radius, x0 + radius, y0 + radius), fill=color)
    return np.asarray(canvas, dtype=np.float32)


def blend(image: np.ndarray, mask: Image.Image, color: np.ndarray, opacity: float) -> np.ndarray:
    """Paint a colour through a coverage mask; image and result (TILE, TILE, 3)."""
    coverage = np.asarray(mask, dtype=np.float32)[..., None] * (opacity / 255)
    return image * (1 - coverage) + color * coverage


def draw_sample(
    generator: np.random.Generator, glyphs: np.ndarray, font: int, label: int
) -> np.ndarray:
    """Render one sample.

    glyphs: (fonts, classes, GLYPH, GLYPH) uint8. Returns uint8 (TILE, TILE, 3).
    """
    ink = random_color(generator)
    base = random_color(generator)
    contrast = generator.uniform(70, 200)  # least distance of the two colours
    while np.linalg.norm(ink - base) < contrast:
        ink, base = random_color(generator), random_color(generator)
    image = draw_background(generator, base)

    # Fragments of neighbours, as in a line of text, mostly outside the tile.
    scale = generator.uniform(0.36, 0.58)
    for side in (-1, 1):
        if generator.random() < 0.35:
            neighbour = glyphs[font, generator.integers(len(LABELS))]
            center = (
                TILE / 2 + side * generator.uniform(19, 25),
                TILE / 2 + generator.uniform(-3, 3),
            )
            mask = place_glyph(neighbour, scale, 0.0, 0.0, 1.0, center)
            image = blend(image, mask, ink, 1.0)

    mask = place_glyph(
        glyphs[font, label],
        scale,
        angle=generator.normal(0, 0.14),
        shear=generator.normal(0, 0.12),
        stretch=generator.uniform(0.75, 1.15),
        center=tuple(TILE / 2 + generator.uniform(-3, 3, 2)),
    )
    if generator.random() < 0.3:  # drop shadow or outline of another colour
        shift = tuple(int(value) for value in generator.integers(-2, 3, 2))
        shadow = Image.new("L", (TILE, TILE), 0)
        shadow.paste(mask, shift)
        image = blend(image, shadow, random_color(generator), 0.6)
    image = blend(image, mask, ink, generator.uniform(0.75, 1.0))

    canvas = Image.fromarray(np.clip(image, 0, 255).astype(np.uint8))
    if generator.random() < 0.4:  # strokes and spots over the character
        draw = ImageDraw.Draw(canvas)
        for _ in range(generator.integers(1, 3)):
            source = base if generator.random() < 0.5 else random_color(generator)
            color = tuple(int(value) for value in source)
            x0, y0, x1, y1 = (float(value) for value in generator.uniform(0, TILE, 4))
            if generator.random() < 0.5:
                draw.line((x0, y0, x1, y1), fill=color, width=int(generator.integers(1, 3)))
            else:
                side_x, side_y = (float(value) for value in generator.uniform(3, 9, 2))
                draw.rectangle((x0, y0, x0 + side_x, y0 + side_y), fill=color)
    canvas = canvas.filter(ImageFilter.GaussianBlur(float(generator.uniform(0, 1.1))))
    noise = generator.normal(0, 1, (TILE, TILE, 3)) * min(generator.exponential(7), 32)
    return np.clip(np.asarray(canvas) + noise, 0, 255).round().astype(np.uint8)


def draw_samples(seed: int, glyphs: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Render samples with balanced classes and random fonts, in random order.

    Returns images uint8 (count, TILE, TILE, 3) and labels int32 (count,).
    """
    generator = np.random.default_rng(seed)
    labels = np.arange(count, dtype=np.int32) % len(LABELS)
    generator.shuffle(labels)
    images = np.empty((count, TILE, TILE, 3), np.uint8)
    for index, label in enumerate(labels):
        font = int(generator.integers(len(glyphs)))
        images[index] = draw_sample(generator, glyphs, font, int(label))
    return images, labels


def mix(
    first: tuple[np.ndarray, np.ndarray], second: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Interleave two sets of samples of equal size."""
    images = np.stack([first[0], second[0]], 1).reshape(-1, TILE, TILE, 3)
    labels = np.stack([first[1], second[1]], 1).reshape(-1)
    return images, labels


def normalise(images: np.ndarray) -> np.ndarray:
    """Map pixels 0..255 to float32 -1..1."""
    return (images.astype(np.float32) - MEAN) / STANDARD_DEVIATION


# -------------------------------------------------------------------- model


def build_network() -> tf.keras.Model:
    """Build the network: inverted residual blocks as in MobileNetV2, 36 classes.

    Input float32 (batch, TILE, TILE, 3); output logits (batch, 36).
    """
    layers = tf.keras.layers

    def normalisation() -> tf.keras.layers.Layer:
        return layers.BatchNormalization(momentum=0.97, epsilon=1e-3)

    def convolution(tensor: object, channels: int, size: int, stride: int) -> object:
        return layers.Conv2D(channels, size, stride, padding="same", use_bias=False)(tensor)

    def block(tensor: object, hidden: int, channels: int, stride: int) -> object:
        inner = normalisation()(convolution(tensor, hidden, 1, 1))
        inner = layers.ReLU(6.0)(inner)
        inner = layers.DepthwiseConv2D(3, stride, padding="same", use_bias=False)(inner)
        inner = layers.ReLU(6.0)(normalisation()(inner))
        inner = normalisation()(convolution(inner, channels, 1, 1))
        if stride == 1 and tensor.shape[-1] == channels:
            return layers.Add()([tensor, inner])
        return inner

    image = tf.keras.Input((TILE, TILE, 3), name="image")
    tensor = layers.ReLU(6.0)(normalisation()(convolution(image, 24, 3, 2)))  # 16 x 16
    tensor = block(tensor, 48, 24, 1)
    tensor = block(tensor, 96, 40, 2)  # 8 x 8
    tensor = block(tensor, 120, 40, 1)
    tensor = block(tensor, 120, 40, 1)
    tensor = block(tensor, 160, 64, 2)  # 4 x 4
    tensor = block(tensor, 192, 64, 1)
    tensor = layers.ReLU(6.0)(normalisation()(convolution(tensor, 128, 1, 1)))
    tensor = layers.GlobalAveragePooling2D()(tensor)
    return tf.keras.Model(image, layers.Dense(len(LABELS))(tensor))


def spread_ranges(network: tf.keras.Model, spread: float, exponent: float) -> None:
    """Give the channels before each depthwise layer unequal ranges, in place.

    Large networks come out of long training with depthwise layers in which a
    few channels have far larger weights than the rest; a network of this size
    trained for minutes does not. This rescaling brings it there without another
    function: gain and offset of the normalisation before the layer are
    multiplied by a factor per channel, the depthwise filter is divided by it.
    That is exact as long as the ReLU6 between them does not reach 6, where the
    factors (at most 1) only move the limit outwards.

    spread: the smallest factor is 1 / spread; exponent: the higher, the fewer
    channels have a small factor. Factors have no unit.
    """
    generator = np.random.default_rng(7)
    for before, _, depthwise in zip(
        network.layers, network.layers[1:], network.layers[2:], strict=False
    ):
        if not isinstance(depthwise, tf.keras.layers.DepthwiseConv2D):
            continue
        channels = depthwise.kernel.shape[2]
        rank = (generator.permutation(channels) + 0.5) / channels
        factor = spread ** -(rank**exponent)
        before.gamma.assign(before.gamma * factor)
        before.beta.assign(before.beta * factor)
        depthwise.kernel.assign(depthwise.kernel / factor[:, None])


def train(
    network: tf.keras.Model,
    images: np.ndarray,
    labels: np.ndarray,
    validation: tuple[np.ndarray, np.ndarray],
    epochs: int,
) -> None:
    """Train in place: Adam, one-cycle learning rate, no weight decay."""
    batch = 64
    steps = len(images) // batch
    peak = 4e-3
    schedule = tf.keras.optimizers.schedules.CosineDecay(
        1e-3, steps * epochs, alpha=0.0, warmup_target=peak, warmup_steps=steps // 2
    )
    network.compile(
        tf.keras.optimizers.Adam(schedule),
        tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )

    def to_float(pixels: tf.Tensor, label: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return (tf.cast(pixels, tf.float32) - MEAN) / STANDARD_DEVIATION, label

    data = (
        tf.data.Dataset.from_tensor_slices((images, labels))
        .shuffle(len(images), seed=1, reshuffle_each_iteration=True)
        .batch(batch, drop_remainder=True)
        .map(to_float)
        .prefetch(2)
    )
    network.fit(
        data,
        epochs=epochs,
        shuffle=False,  # the data set shuffles itself
        validation_data=(normalise(validation[0]), validation[1]),
        validation_batch_size=512,
        verbose=2,
    )


def save(network: tf.keras.Model, folder: Path) -> None:
    """Save as a SavedModel with one signature: image -> probabilities, batch 1."""
    # As constants: the converter does not freeze variables of a Keras network here.
    trainable = [tf.constant(value.numpy()) for value in network.trainable_variables]
    other = [tf.constant(value.numpy()) for value in network.non_trainable_variables]

    class Classifier(tf.Module):
        """The network with its softmax."""

        @tf.function(input_signature=[tf.TensorSpec((1, TILE, TILE, 3), tf.float32, name="image")])
        def classify(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
            """Map images (1, TILE, TILE, 3) in [-1, 1] to probabilities (1, 36)."""
            logits, _ = network.stateless_call(trainable, other, image, training=False)
            return {"probabilities": tf.nn.softmax(logits)}

    module = Classifier(name="characters")
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.classify})


# --------------------------------------------------- conversion, measurement


@dataclass(frozen=True)
class Mode:
    """What the converter shall make of the weights and the arithmetic."""

    half: bool = False  # float16 weights
    integer: bool = False  # calibrated 8-bit integers; else 8-bit weights only
    per_channel: bool = True  # one scale per output channel of a weight
    io_type: tf.DType = tf.float32  # type of the model's input and output


MODES: dict[str, Mode] = {
    "float16": Mode(half=True),
    "dynamic": Mode(),
    "int8_float_io": Mode(integer=True),
    "int8_int8_io": Mode(integer=True, io_type=tf.int8),
    "int8_uint8_io": Mode(integer=True, io_type=tf.uint8),
    "int8_per_tensor": Mode(integer=True, per_channel=False),
}


def convert(saved_model: Path, mode: Mode | None, calibration: np.ndarray) -> bytes:
    """Convert a SavedModel to TensorFlow Lite; without a mode, to float32.

    calibration: uint8 (count, TILE, TILE, 3), used for integer modes.
    """

    def representative() -> Iterator[list[np.ndarray]]:
        for image in calibration:
            yield [normalise(image[None])]

    converter = tf.lite.TFLiteConverter.from_saved_model(str(saved_model))
    if mode is None:
        return converter.convert()
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter._experimental_disable_per_channel = not mode.per_channel
    if mode.half:
        converter.target_spec.supported_types = [tf.float16]
    if mode.integer:
        converter.representative_dataset = representative
    if mode.io_type != tf.float32:
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = mode.io_type
        converter.inference_output_type = mode.io_type
    return converter.convert()


def classify(model: bytes, images: np.ndarray) -> np.ndarray:
    """Run a TensorFlow Lite model with the interpreter's own kernels.

    images: uint8 (count, TILE, TILE, 3). Returns class indices int64 (count,).
    """
    interpreter = tf.lite.Interpreter(
        model_content=model,
        num_threads=1,
        experimental_op_resolver_type=(
            tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        ),
    )
    interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]
    target = interpreter.get_output_details()[0]
    inputs = normalise(images)
    if source["dtype"] != np.float32:
        scale, zero_point = source["quantization"]
        limits = np.iinfo(source["dtype"])
        inputs = np.clip(np.round(inputs / scale) + zero_point, limits.min, limits.max)
        inputs = inputs.astype(source["dtype"])
    result = np.empty(len(images), np.int64)
    for index in range(len(images)):
        interpreter.set_tensor(source["index"], inputs[index : index + 1])
        interpreter.invoke()
        result[index] = interpreter.get_tensor(target["index"])[0].argmax()
    return result


def percent(values: np.ndarray) -> float:
    """Return the share of true values in percent, two decimals."""
    return round(100 * float(np.mean(values)), 2)


# ----------------------------------------------------------------- metadata


def write_table(builder: flatbuffers.Builder, fields: dict[int, tuple[str, object]]) -> int:
    """Write a FlatBuffer table and return its offset.

    fields: field id -> (kind, value) where kind is "byte" or "offset" (of a
    string, vector or table already written).
    """
    builder.StartObject(max(fields) + 1)
    for slot, (kind, value) in fields.items():
        if kind == "byte":
            builder.PrependUint8Slot(slot, value, 0)
        else:
            builder.PrependUOffsetTRelativeSlot(slot, value, 0)
    return builder.EndObject()


def write_vector(builder: flatbuffers.Builder, values: list[int] | list[float]) -> int:
    """Write a vector of offsets (int) or of float32 (float); return its offset."""
    builder.StartVector(4, len(values), 4)
    for value in reversed(values):
        if isinstance(value, float):
            builder.PrependFloat32(value)
        else:
            builder.PrependUOffsetTRelative(value)
    return builder.EndVector()


def describe() -> bytes:
    """Return the TFLITE_METADATA FlatBuffer (identifier M001) of the model.

    It names the input an RGB image with its normalisation, and the output
    probabilities whose classes are the lines of the associated labels.txt.
    """
    builder = flatbuffers.Builder(1024)

    def text(value: str) -> tuple[str, int]:
        return "offset", builder.CreateString(value)

    def table(fields: dict[int, tuple[str, object]]) -> tuple[str, int]:
        return "offset", write_table(builder, fields)

    def vector(*values: object) -> tuple[str, int]:
        plain = [value[1] if isinstance(value, tuple) else value for value in values]
        return "offset", write_vector(builder, plain)

    # NormalizationOptions: 0 mean, 1 std. ProcessUnit: 0 tag (1), 1 options.
    normalisation = table({0: vector(MEAN), 1: vector(STANDARD_DEVIATION)})
    unit = table({0: ("byte", 1), 1: normalisation})
    # ImageProperties: 0 color space (1 = RGB). Content: 0 tag (2 = image, 1 = feature).
    image_content = table({0: ("byte", 2), 1: table({0: ("byte", 1)})})
    empty = write_table(builder, {0: ("byte", 0)})
    feature_content = table({0: ("byte", 1), 1: ("offset", empty)})
    # AssociatedFile: 0 name, 1 description, 2 type (2 = labels of an axis).
    labels = table(
        {
            0: text("labels.txt"),
            1: text("The characters of the classes, in the order of the output."),
            2: ("byte", 2),
        }
    )
    # TensorMetadata: 0 name, 1 description, 3 content, 4 process units,
    # 5 stats (0 max, 1 min), 6 associated files.
    source = table(
        {
            0: text("image"),
            1: text("One character in the middle of a 32 x 32 RGB image."),
            3: image_content,
            4: vector(unit),
            5: table({0: vector(1.0), 1: vector(-1.0)}),
        }
    )
    target = table(
        {
            0: text("probabilities"),
            1: text("Probability of each of the 36 classes."),
            3: feature_content,
            5: table({0: vector(1.0), 1: vector(0.0)}),
            6: vector(labels),
        }
    )
    # ModelMetadata: 0 name, 1 description, 3 subgraphs (2 inputs, 3 outputs), 7 parser.
    root = table(
        {
            0: text("characters"),
            1: text("Classifies digits and capital letters in many fonts on clutter."),
            3: vector(table({2: vector(source), 3: vector(target)})),
            7: text("1.0.0"),
        }
    )
    builder.Finish(root[1], b"M001")
    return bytes(builder.Output())


def attach_metadata(model: bytes) -> bytes:
    """Return a float32 model with its metadata and, as a ZIP tail, labels.txt."""
    content = schema.ModelT.InitFromObj(schema.Model.GetRootAs(model, 0))
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(describe(), np.uint8)
    entry = schema.MetadataT()
    entry.name = "TFLITE_METADATA"
    entry.buffer = len(content.buffers)
    content.buffers.append(buffer)
    content.metadata = [*(content.metadata or []), entry]
    builder = flatbuffers.Builder(len(model) + 4096)
    builder.Finish(content.Pack(builder), b"TFL3")
    stream = io.BytesIO(bytes(builder.Output()))
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr(zipfile.ZipInfo("labels.txt"), "\n".join(LABELS) + "\n")
    return stream.getvalue()


# -------------------------------------------------------------------- files


def write_sheet(images: np.ndarray, path: Path) -> None:
    """Write samples as a PNG, COLUMNS tiles a row, row by row.

    images: uint8 (count, TILE, TILE, 3), count a multiple of COLUMNS.
    """
    rows = len(images) // COLUMNS
    sheet = images.reshape(rows, COLUMNS, TILE, TILE, 3).transpose(0, 2, 1, 3, 4)
    Image.fromarray(sheet.reshape(rows * TILE, COLUMNS * TILE, 3)).save(path, optimize=True)


def write_description(samples: np.ndarray, calibration: np.ndarray, path: Path) -> None:
    """Write samples.json; arguments are the labels (indices) of the two sheets."""
    description = {
        "tile": TILE,
        "columns": COLUMNS,
        "sheet": "samples.png",
        "rows": len(samples) // COLUMNS,
        "labels": samples.tolist(),
        "calibration": {
            "sheet": "calibration.png",
            "rows": len(calibration) // COLUMNS,
            "labels": calibration.tolist(),
        },
        "normalisation": {"mean": MEAN, "std": STANDARD_DEVIATION, "color": "RGB"},
        "class_names": list(LABELS),
    }
    text = json.dumps(description, indent=2)
    # Keep each list on one line.
    parts = text.split("[")
    text = parts[0] + "".join(
        "[" + " ".join(body.split()) + "]" + rest
        for body, rest in (part.split("]", 1) for part in parts[1:])
    )
    path.write_text(text + "\n", encoding="utf-8")


def cached(path: Path, make: Callable[[], Iterable[np.ndarray]]) -> list[np.ndarray]:
    """Return the arrays that make() gives, from the file if an earlier run kept them."""
    if path.exists():
        with np.load(path) as stored:
            return [stored[name] for name in stored.files]
    arrays = list(make())
    np.savez(path, *arrays)
    return arrays


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path(__file__).parent)
    parser.add_argument("--work", type=Path, help="folder for intermediate results")
    parser.add_argument("--reuse", action="store_true", help="take the weights in --work")
    parser.add_argument("--quick", action="store_true", help="less data, fewer epochs")
    parser.add_argument("--epochs", type=int, help="passes over the training data")
    parser.add_argument("--spread", type=float, default=96.0, help="see spread_ranges")
    parser.add_argument("--exponent", type=float, default=8.0, help="see spread_ranges")
    arguments = parser.parse_args()
    if arguments.reuse and arguments.work is None:
        parser.error("--reuse needs --work")
    with tempfile.TemporaryDirectory(prefix="characters-") as scratch:
        run(arguments, arguments.work or Path(scratch))


def run(arguments: argparse.Namespace, work: Path) -> None:
    """Make the data, train, convert, measure and write all files.

    work: folder for intermediate results.
    """
    output: Path = arguments.output
    work.mkdir(parents=True, exist_ok=True)
    tf.keras.utils.set_random_seed(20)
    tf.config.experimental.enable_op_determinism()

    train_count = 36_000 if arguments.quick else 72_000
    test_count = 3_600
    epochs = arguments.epochs or (2 if arguments.quick else 3)
    start = time.time()

    def make_data() -> Iterator[np.ndarray]:
        known = render_glyphs(find_fonts(TRAINING_FONTS))
        unknown = render_glyphs(find_fonts(HELD_OUT_FONTS))
        # Held-out samples: half in training fonts, half in fonts never trained on.
        yield from draw_samples(1, known, train_count)
        yield from mix(
            draw_samples(2, known, test_count // 2), draw_samples(3, unknown, test_count // 2)
        )
        yield from mix(
            draw_samples(4, known, SAMPLE_COUNT // 2),
            draw_samples(5, unknown, SAMPLE_COUNT // 2),
        )
        yield from draw_samples(6, known, CALIBRATION_COUNT)

    data = cached(work / f"data-{train_count}.npz", make_data)
    train_images, train_labels, test_images, test_labels = data[:4]
    sample_images, sample_labels, calibration_images, calibration_labels = data[4:]
    print(f"data ready after {time.time() - start:.0f} s", flush=True)

    network = build_network()
    weights = work / "characters.weights.h5"
    if arguments.reuse:
        network.load_weights(weights)
    else:
        print(f"{network.count_params()} parameters")
        train(network, train_images, train_labels, (test_images, test_labels), epochs)
        network.save_weights(weights)
        print(f"trained after {time.time() - start:.0f} s", flush=True)
    spread_ranges(network, arguments.spread, arguments.exponent)
    saved_model = work / "saved_model"
    save(network, saved_model)

    (output / "labels.txt").write_text("\n".join(LABELS) + "\n", encoding="utf-8")
    write_sheet(sample_images, output / "samples.png")
    write_sheet(calibration_images, output / "calibration.png")
    write_description(sample_labels, calibration_labels, output / "samples.json")

    models = {"float32": attach_metadata(convert(saved_model, None, calibration_images))}
    (output / "characters.tflite").write_bytes(models["float32"])
    for name, mode in MODES.items():
        models[name] = convert(saved_model, mode, calibration_images)
        (work / f"characters_{name}.tflite").write_bytes(models[name])

    known_font = np.arange(test_count) % 2 == 0  # see mix()
    results: dict[str, dict[str, float]] = {}
    reference: dict[str, np.ndarray] = {}
    for name, model in models.items():
        test = classify(model, test_images)
        samples = classify(model, sample_images)
        if name == "float32":
            reference = {"test": test, "samples": samples}
        right = test == test_labels
        results[name] = {
            "bytes": len(model),
            "held_out_top1": percent(right),
            "held_out_top1_training_fonts": percent(right[known_font]),
            "held_out_top1_new_fonts": percent(right[~known_font]),
            "held_out_agreement": percent(test == reference["test"]),
            "samples_top1": percent(samples == sample_labels),
            "samples_agreement": percent(samples == reference["samples"]),
        }
        print(name, json.dumps(results[name]), flush=True)
    (output / "results.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
