"""Making only images that the digit classifier is sure of, and what that costs."""

from typing import Any

import numpy as np
from scipy.special import softmax

from gan_keras.evaluation import classifier
from gan_keras.evaluation.live import spread
from gan_keras.exporting import loading, synthesis
from gan_keras.ui.console import UserError

TRIED = 2000  # images by which the cost is measured


def confident(generator: Any, least: float) -> synthesis.Accept:
    """Return a function that says which images the digit classifier finds to be their class, at least so surely.

    Raises:
        UserError: if the generator makes something else than digits of 28x28.
    """
    digits = [str(digit).encode() for digit in range(10)]
    if generator.class_names().numpy().tolist() != digits or loading.image_shape(generator) != (28, 28, 1):
        raise UserError("--min-confidence needs digits of 28x28, and this model makes something else.")
    ruler = classifier.load()

    def accept(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
        probabilities = softmax(ruler(images).logits[:, 0], axis=1)
        return probabilities[np.arange(len(labels)), labels] >= least

    return accept


def variety_kept(generator: Any, order: synthesis.Order, accept: synthesis.Accept) -> float | None:
    """Return how far apart accepted images are, relative to as many images of all: below 1 variety is lost.

    It is the ratio of the median distances to the nearest other image; None if hardly any image is accepted.
    """
    labels = order.labels("train")[:TRIED]
    images, _ = loading.make(generator, len(labels), order.seed, labels, **order.controls)
    accepted = images[accept(images, labels)]
    if len(accepted) < 2:
        return None
    return spread(accepted) / spread(images[: len(accepted)])
