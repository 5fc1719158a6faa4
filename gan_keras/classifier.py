"""The digit classifier whose features and logits the metrics use; one is shipped with the package.

Train it anew:
  python -m gan_keras.classifier --data-dir DIR --out my_classifier
"""

import functools
import hashlib
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
import tyro
from keras import layers

from gan_keras import console, data, files
from gan_keras.config import Count, Folder, Rate, Seed, check_ranges
from gan_keras.console import UserError
from gan_keras.layers import BatchNormalization, fused, portable
from gan_keras.precision import precision

DIGITS = ("mnist", "emnist_digits", "stacked_mnist")  # data sets whose images one classifier knows
SHIPPED = Path(__file__).parent / "digit_classifier"
BATCH = 500  # images classified at a time


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to train a classifier."""

    dataset: str = "mnist"  # the digits; another data set needs a classifier of its own
    data_dir: Folder = None  # holds the data set's four IDX files, gzipped or not; downloaded if not given
    out: Path = Path("digit_classifier")  # a new folder for classifier.keras and card.json
    epochs: Count = 15  # enough for 99.5 % of MNIST's test digits, and a little more
    batch_size: Count = 128
    learning_rate: Rate = 1e-3  # Adam's own, falling to 0 by a cosine
    seed: Seed = 0

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True)
class Classifier:
    """A trained classifier and its card."""

    network: Callable[[np.ndarray], tuple[tf.Tensor, tf.Tensor]]  # uint8 images → features, logits
    card: dict

    @property
    def sha256(self) -> str:
        return self.card["sha256"]

    def __call__(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Classify each channel of images uint8 [count, 28, 28, channels].

        Returns features float32 [count, 128 * channels] and logits float32 [count, channels, classes].
        """
        count, height, width, channels = images.shape
        stack = np.moveaxis(images, 3, 1).reshape(count * channels, height, width, 1)
        features, logits = data.in_batches(self.network, stack, BATCH)
        return features.reshape(count, -1), logits.reshape(count, channels, -1)


def build(image_shape: tuple[int, int, int], classes: int) -> keras.Sequential:
    """Return an untrained network from images in [-1, 1] to logits; its last layer but one gives the features."""

    def convolution(filters: int, kernel: int, strides: int = 1) -> list[keras.layers.Layer]:
        convolve = layers.Conv2D(filters, kernel, strides=strides, padding="same", use_bias=False)
        return [convolve, BatchNormalization(), layers.ReLU()]

    return keras.Sequential(
        [
            keras.Input(image_shape),
            *convolution(32, 3),
            *convolution(32, 3),
            *convolution(32, 5, strides=2),
            layers.Dropout(0.3),
            *convolution(64, 3),
            *convolution(64, 3),
            *convolution(64, 5, strides=2),
            layers.Dropout(0.3),
            *convolution(128, 3, strides=2),
            layers.GlobalAveragePooling2D(),
            layers.Dense(128, activation="relu"),
            layers.Dense(classes, dtype="float32"),
        ],
        name="classifier",
    )


def train(images: data.Split, classes: int, options: Options) -> keras.Model:
    """Return a network trained on images that are shifted, turned and scaled a little; float32, plain Keras."""
    keras.utils.set_random_seed(options.seed)
    steps = len(images.images) // options.batch_size
    move = keras.Sequential(
        [
            layers.RandomTranslation(0.08, 0.08, fill_mode="constant", fill_value=-1.0),
            layers.RandomRotation(0.03, fill_mode="constant", fill_value=-1.0),
            layers.RandomZoom(0.1, 0.1, fill_mode="constant", fill_value=-1.0),
        ]
    )
    batches = data.batches(images, options.batch_size, options.seed).map(
        lambda batch: (move(batch["image"], training=True), batch["label"])
    )
    with precision("auto"):
        network = build(images.images.shape[1:], classes)
    total = options.epochs * steps
    schedule = keras.optimizers.schedules.CosineDecay(options.learning_rate, total)
    trainee = keras.Model(network.inputs, network.outputs)  # so that `network` itself is saved without an optimizer
    trainee.compile(
        # The average reaches back over about a seventh of the training, however long that is.
        optimizer=keras.optimizers.Adam(schedule, use_ema=True, ema_momentum=max(0.0, 1 - 7 / total)),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False,
    )
    trainee.fit(batches.prefetch(2), epochs=options.epochs, steps_per_epoch=steps, shuffle=False, verbose=2)
    return portable(network)  # with the averaged weights, which `fit` put in at its end


def accuracy(network: keras.Model, split: data.Split) -> float:
    """Return the share of images whose class a network gets right."""
    logits = network.predict(data.standardise(split.images), batch_size=BATCH, verbose=0)
    return float(np.mean(logits.argmax(axis=1) == split.labels))


def weights_sha256(network: keras.Model) -> str:
    """Return the SHA-256 of a network's weights, which does not depend on how a file packs them."""
    return hashlib.sha256(b"".join(weight.tobytes() for weight in network.get_weights())).hexdigest()


def load(folder: Path | None = None) -> Classifier:
    """Load a classifier, by default the one that is shipped.

    Raises:
        UserError: if the folder holds none, or one whose weights are not those of its card.
    """
    return _load(folder) if folder else _shipped()


@functools.cache  # to load and to compile it takes a second, and a comparison needs it twice for each run
def _shipped() -> Classifier:
    return _load(SHIPPED)


def _load(folder: Path) -> Classifier:
    try:
        card = json.loads((folder / "card.json").read_text())
        network = keras.models.load_model(folder / "classifier.keras")
    except (OSError, ValueError) as error:
        raise UserError(f"there is no sound classifier in {folder} ({error}).") from None
    if weights_sha256(network) != card.get("sha256"):
        raise UserError(f"the weights in {folder}/classifier.keras are not those of its card.json.")
    network = fused(network)
    both = keras.Model(network.inputs, [network.layers[-2].output, network.outputs[0]])
    classify = tf.function(lambda images: both(data.standardise(images), training=False), reduce_retracing=True)
    return Classifier(classify, card)


def load_for(dataset: str, folder: Path | None = None) -> Classifier:
    """Load a classifier that knows the images of a data set.

    Raises:
        UserError: if it knows others.
    """
    network = load(folder)
    known = network.card["data"]["name"]
    if dataset != known and not (known in DIGITS and dataset in DIGITS):
        raise UserError(
            f"the classifier in {folder or SHIPPED} knows {known}, not {dataset}, and live evaluation has no other. "
            f"For an evaluation train one: python -m gan_keras.classifier --dataset {dataset} --out my_classifier, and "
            "give --classifier my_classifier."
        )
    return network


@console.command
def main(arguments: Sequence[str] | None = None) -> None:
    """Train a classifier and write it with its card."""
    options = tyro.cli(Options, prog="python -m gan_keras.classifier", args=arguments, description=__doc__)
    if options.out.exists():
        raise UserError(f"{options.out} is there already. Give another --out.")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    dataset = data.load(options.dataset, options.data_dir)
    if not len(dataset.test.images):
        raise UserError(
            f"{dataset.source}: no image is left for the test. Each class needs at least {data.TEST_EVERY}."
        )
    start = time.monotonic()
    network = train(dataset.train, len(dataset.class_names), options)
    card = {
        "what": "convolutional classifier; its last layer but one gives the features, its last the logits",
        "command": f"python -m gan_keras.classifier --dataset {options.dataset} --epochs {options.epochs} "
        f"--batch-size {options.batch_size} --learning-rate {options.learning_rate} --seed {options.seed}",
        "data": dataset.facts(),
        "test_accuracy": accuracy(network, dataset.test),
        "weights": network.count_params(),
        "minutes": round((time.monotonic() - start) / 60, 1),
        "date": time.strftime("%Y-%m-%d"),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "sha256": weights_sha256(network),
    }
    with files.replacing(options.out) as temporary:
        temporary.mkdir()
        network.save(temporary / "classifier.keras")
        files.write_json(temporary / "card.json", card)
    print(f"{card['test_accuracy']:.2%} of {len(dataset.test.images):,} test images right; in {options.out}")


if __name__ == "__main__":
    main(sys.argv[1:])
