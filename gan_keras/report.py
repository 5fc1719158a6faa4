"""The picture of an evaluation: samples by class, class histogram, nearest training images, accuracies."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from gan_keras import files, pictures

if TYPE_CHECKING:
    from gan_keras.evaluate import Sample

ROWS = 8  # of samples for each class
PAIRS = 10  # of a sample and its nearest training image


def save(path: Path, result: dict, sample: "Sample", neighbours: np.ndarray) -> None:
    """Draw the report of an evaluation; `neighbours` are the training images nearest to each of the sample's."""
    figure = Figure(figsize=(12, 9), layout="constrained")
    axes = figure.subplots(2, 2)
    figure.suptitle(
        f"{result['source']}: {result['samples']:,} samples\n"
        f"{result['ruler']} features {result['ruler_sha256'][:12]}; values from others do not compare"
    )
    if shares := result.get("class_shares"):
        _by_class(axes[0, 0], sample.images, sample.logits[:, 0].argmax(axis=1))
        _histogram(axes[0, 1], shares)
    else:  # the features are of a network that does not know the classes
        _unsorted(axes[0, 0], sample.images)
        axes[0, 1].set_axis_off()
    _pairs(axes[1, 0], sample, neighbours)
    _accuracies(axes[1, 1], result["metrics"])
    with files.replacing(path) as temporary:
        figure.savefig(temporary, dpi=100)


def _unsorted(axes, images: np.ndarray) -> None:
    """Show some samples."""
    axes.imshow(pictures.grid(images[: 10 * ROWS], columns=10), cmap="gray")
    axes.set(title="Samples", xticks=[], yticks=[])


def _by_class(axes, images: np.ndarray, classes: np.ndarray) -> None:
    """Show some samples of each class, a column each; a class that has none stays black."""
    columns = []
    for number in range(min(10, classes.max() + 1)):
        chosen = images[classes == number][:ROWS]
        columns.append(np.concatenate([chosen, np.zeros((ROWS - len(chosen), *images.shape[1:]), np.uint8)]))
    axes.imshow(pictures.grid(np.stack(columns, axis=1).reshape(-1, *images.shape[1:]), len(columns)), cmap="gray")
    axes.set(title="Samples by class", xticks=[], yticks=[])


def _histogram(axes, shares: dict[str, float]) -> None:
    axes.bar(list(shares), list(shares.values()))
    axes.axhline(1 / len(shares), color="grey", linestyle="--", label="equally many")
    axes.set(title="Share of each class")
    axes.legend()


def _pairs(axes, sample: "Sample", neighbours: np.ndarray) -> None:
    """Show the samples that are nearest to a training image above that image."""
    nearest = np.argsort(sample.nearest)[:PAIRS]
    images = np.concatenate([sample.images[nearest], neighbours[nearest]])
    axes.imshow(pictures.grid(images, columns=len(nearest)), cmap="gray")
    axes.set(title="Above: nearest to a training image. Below: that image", xticks=[], yticks=[])


def _accuracies(axes, metrics: dict[str, float]) -> None:
    shown = {
        "discriminator_real_accuracy": "discriminator\non real",
        "discriminator_fake_accuracy": "discriminator\non samples",
        "discriminator_f1": "discriminator\nF1",
        "label_accuracy": "class is\nas asked",
        "classification_accuracy": "classifier trained\non samples",
        "confident_share": "confident",
        "precision": "precision",
        "recall": "recall",
    }
    values = {label: metrics[name] for name, label in shown.items() if name in metrics}
    bars = axes.bar(list(values), list(values.values()), color="tab:green")
    axes.bar_label(bars, fmt="%.2f")
    axes.tick_params(axis="x", labelsize=7)
    axes.set(title="Accuracies", ylim=(0, 1.1))
