"""The cheap metrics that are measured while a model trains."""

import numpy as np

from gan_keras import data
from gan_keras.evaluation import metrics
from gan_keras.evaluation.classifier import Classifier
from gan_keras.evaluation.metrics.manifolds import radii

SAMPLES = 2000  # enough to rank the epochs of a run within two seconds; too few to compare with an evaluation
RULER = "mnist"


class LiveEvaluation:
    """Compares samples with real images.

    Args:
        classifier: the ruler.
        images: real images uint8 [count, height, width, channels] that no training sees; the first `SAMPLES` are used.
    """

    def __init__(self, classifier: Classifier, images: np.ndarray):
        self.classifier = classifier
        self.count = len(images[:SAMPLES])
        self.real = classifier(images[:SAMPLES])
        self.real_spread = spread(images[:SAMPLES])

    def __call__(self, images: np.ndarray) -> dict[str, float]:
        """Return the values of samples uint8 [count, height, width, channels], such as `fid_mnist`."""
        features, places, logits = self.classifier(images)
        logits = logits.reshape(-1, logits.shape[-1])
        values = (
            metrics.distances.frechet_distance(self.real.features, features)
            | metrics.distances.spatial_frechet_distance(self.real.places, places)
            | metrics.classes.score(logits)
            | metrics.classes.class_balance(logits)
            | metrics.classes.confidence(logits)
        )
        return metrics.with_ruler(values, RULER)


def spread(images: np.ndarray) -> float:
    """Return the median distance of an image to the nearest other one."""
    pixels = data.standardise(images).numpy().reshape(len(images), -1)
    return float(np.median(radii(pixels, 1)))
