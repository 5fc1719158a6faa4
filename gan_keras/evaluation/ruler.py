"""The ruler: the network whose features and logits the metrics use."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from gan_keras import data
from gan_keras.evaluation import classifier, inception
from gan_keras.evaluation.classifier import Measured


class Ruler(NamedTuple):
    """What images are measured with."""

    name: str  # becomes part of the names of some values, such as fid_mnist
    sha256: str  # hash of its weights
    measure: Callable[[np.ndarray], Measured]  # images uint8 → features, places, logits
    knows_classes: bool  # whether its classes are those of the data


def load(features: Literal["digits", "inception"], dataset: data.Dataset, folder: Path | None = None) -> Ruler:
    """Return a ruler for a data set.

    Args:
        features: "digits" for a classifier of the data's classes, "inception" for the literature's network.
        dataset: the real images.
        folder: the classifier's folder; by default the one that is shipped, or one that is found.

    Raises:
        UserError: if it does not fit the data, or is not available.
    """
    if features == "inception":
        network = inception.load()
        return Ruler("inception", network.sha256, network, False)
    known = classifier.load_for(dataset, folder)
    trained_on = known.card["data"]["name"]
    return Ruler("mnist" if trained_on in classifier.DIGITS else trained_on, known.sha256, known, known.knows_classes)
