"""What handwriting looks like: its slant, width and thickness; and which directions of a latent space change them."""

from typing import Any

import numpy as np

from gan_keras.evaluation import latent_space
from gan_keras.exporting import loading

LATENTS, PLACE = 100, 2.0  # latents that are moved along a direction, and how far to both sides
CLEAR = 1.5  # a change by so many deviations of the trait within a class gives a direction its name,
STEADY = 2.0  # if it is so many times as large as it varies from latent to latent


def traits(images: np.ndarray) -> dict[str, np.ndarray]:
    """Return traits of grey images [count, height, width, 1] by name, each [count], from moments of their ink.

    The slant is a shear: columns to the right for each row up. The width is that after the shear is undone.
    """
    ink = images[..., 0] / 255
    total = np.maximum(ink.sum(axis=(1, 2)), 1e-6)
    down, right = np.mgrid[: ink.shape[1], : ink.shape[2]]

    def mean(values: np.ndarray) -> np.ndarray:
        return (ink * values).sum(axis=(1, 2)) / total

    x = right - mean(right)[:, None, None]
    y = down - mean(down)[:, None, None]
    shear = mean(x * y) / np.maximum(mean(y * y), 1e-6)
    upright = x - shear[:, None, None] * y
    return {"slant": -shear, "width": np.sqrt(mean(upright**2)), "thickness": total}


def named(generator: Any, vectors: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Return directions in latent space by name: that of the trait that one changes clearly, or its number.

    A direction with the name of a trait points to where there is more of it.

    Args:
        generator: a loaded SavedModel of grey images; those of others get numbers.
        vectors: float32 [count, latent_dim], of length 1; a name goes to the first of those that it fits.
        seed: of the latents by which they are measured.
    """
    found: dict[str, np.ndarray] = {}
    classes = latent_space.classes(generator)
    latents = latent_space.normal(generator, LATENTS, seed)
    labels = np.arange(LATENTS) % classes

    def measured(moved: np.ndarray) -> dict[str, np.ndarray]:
        return traits(loading.images_of(generator, moved, labels, seed))

    is_grey = loading.image_shape(generator)[2] == 1
    spread = {name: _within(values, labels) for name, values in measured(latents).items()} if is_grey else {}
    for number, vector in enumerate(vectors, start=1):
        middle = latents - (latents @ vector)[:, None] * vector
        ends = [measured(middle + place * vector) for place in (-PLACE, PLACE)] if is_grey else []
        name, towards = f"direction {number}", 1.0
        changes = {trait: (ends[1][trait] - ends[0][trait]) / spread[trait] for trait in spread if trait not in found}
        if changes:
            trait = max(changes, key=lambda each: abs(changes[each].mean()))
            change = changes[trait]
            if abs(change.mean()) > max(CLEAR, STEADY * change.std()):
                name, towards = trait, np.sign(change.mean())
        found[name] = np.float32(towards) * vector
    return found


def _within(values: np.ndarray, labels: np.ndarray) -> float:
    """Return the deviation of values within classes."""
    variances = [values[labels == label].var() for label in np.unique(labels)]
    return max(float(np.sqrt(np.mean(variances))), 1e-6)
