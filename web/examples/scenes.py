"""Drawn scenes: coloured shapes on a textured ground, with the shape that each pixel belongs to.

What the examples `shapes` and `denoise` are trained, calibrated and tried on. Seeds are fixed, so the scenes are the
same in every run with the same library versions.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

CLASSES = ("background", "disc", "square", "triangle", "star")
FINE = 4  # shapes are drawn so many times larger, then reduced


def outline(kind: int, center: np.ndarray, radius: float, angle: float) -> list[tuple[float, float]]:
    """Return the corners of a shape: kind is its index in CLASSES, 1 or more."""
    corners = {1: 48, 2: 4, 3: 3, 4: 10}[kind]
    turns = angle + np.arange(corners) * 2 * np.pi / corners
    lengths = radius * np.where((kind == 4) & (np.arange(corners) % 2 == 1), 0.45, 1.0)
    points = center + lengths[:, None] * np.stack([np.cos(turns), np.sin(turns)], 1)
    return [(float(x), float(y)) for x, y in points]


def draw_ground(generator: np.random.Generator, side: int) -> np.ndarray:
    """Return a slope of colour with a coarse texture, float32 (side, side, 3), 0 to 255."""
    ramp = np.linspace(-0.5, 0.5, side, dtype=np.float32)
    direction = generator.uniform(0, 2 * np.pi)
    slope = ramp[None, :] * np.cos(direction) + ramp[:, None] * np.sin(direction)
    coarse = generator.normal(128, generator.uniform(4, 26), (6, 6, 3)).clip(0, 255)
    texture = Image.fromarray(coarse.astype(np.uint8)).resize((side, side), Image.Resampling.BICUBIC)
    ground = generator.uniform(20, 235, 3) + slope[..., None] * generator.normal(0, 45, 3)
    return np.clip(ground + np.asarray(texture, np.float32) - 128, 0, 255)


def draw_scene(generator: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw one scene.

    Returns the picture, uint8 (side, side, 3), and the class of each pixel, uint8 (side, side).
    """
    large = side * FINE
    ground = draw_ground(generator, side)
    mean = ground.mean((0, 1))
    picture = Image.fromarray(ground.round().astype(np.uint8)).resize((large, large), Image.Resampling.BILINEAR)
    mask = Image.new("L", (large, large), 0)
    for _ in range(int(generator.integers(1, 5))):
        kind = int(generator.integers(1, len(CLASSES)))
        center = generator.uniform(0.12, 0.88, 2) * large
        radius = float(generator.uniform(0.11, 0.26)) * large
        color = generator.uniform(0, 255, 3)
        while np.abs(color - mean).sum() < 110:  # else nobody could see it
            color = generator.uniform(0, 255, 3)
        points = outline(kind, center, radius, float(generator.uniform(0, 2 * np.pi)))
        ImageDraw.Draw(picture).polygon(points, fill=tuple(int(value) for value in color))
        ImageDraw.Draw(mask).polygon(points, fill=kind)
    small = picture.resize((side, side), Image.Resampling.BOX)
    return np.asarray(small), np.asarray(mask)[FINE // 2 :: FINE, FINE // 2 :: FINE]


def draw_scenes(seed: int, count: int, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Return pictures uint8 (count, side, side, 3) and classes uint8 (count, side, side)."""
    generator = np.random.default_rng(seed)
    scenes = [draw_scene(generator, side) for _ in range(count)]
    return np.stack([picture for picture, _ in scenes]), np.stack([classes for _, classes in scenes])


def add_noise(seed: int, pictures: np.ndarray, least: float, most: float) -> np.ndarray:
    """Add to each picture normal noise of a deviation between `least` and `most` (of 255)."""
    generator = np.random.default_rng(seed)
    deviation = generator.uniform(least, most, (len(pictures), 1, 1, 1)).astype(np.float32)
    noise = generator.standard_normal(pictures.shape, np.float32) * deviation
    return np.clip(pictures + noise, 0, 255).round().astype(np.uint8)


def to_values(pictures: np.ndarray) -> np.ndarray:
    """Map pixels 0..255 to float32 -1..1."""
    return (pictures.astype(np.float32) - 127.5) / 127.5


def write_sheet(pictures: np.ndarray, path: str, columns: int) -> None:
    """Write pictures as one WebP, `columns` tiles a row; their count is a multiple of it."""
    count, side = pictures.shape[:2]
    sheet = pictures.reshape(count // columns, columns, side, side, 3).transpose(0, 2, 1, 3, 4)
    image = Image.fromarray(sheet.reshape(count // columns * side, columns * side, 3))
    image.save(path, quality=90, method=6)
