"""The digit classifier whose features and logits the metrics use. One is shipped with the package."""

import functools
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from gan_keras import data
from gan_keras.layers import BatchNormalization
from gan_keras.layers.copies import fused, portable
from gan_keras.layers.precision import precision
from gan_keras.layers.statistics import measure_statistics
from gan_keras.options import Count, Rate, Seed, check_ranges
from gan_keras.ui import files
from gan_keras.ui.console import UserError

DIGITS = ("mnist", "emnist_digits", "emnist_mnist", "stacked_mnist")  # data sets whose images one classifier can judge
PLACES = 7  # side of the maps of places
PLACE_CHANNELS = 8  # channels that show where something is; not all, as in Nash et al. 2021, for a small covariance
CLASSES, ROTATIONS = "classes", "rotations"  # what a classifier tells apart
SHIPPED = Path(__file__).parent / "digit_classifier"
BATCH = 500  # images that are classified at a time
STATISTICS = 20  # batches by which batch normalisation is measured at the end of a training


@dataclass(frozen=True, kw_only=True)
class Training:
    """How to train a classifier."""

    epochs: Count = 15  # passes over the images; 15 give 99.5 % of MNIST's test digits
    batch_size: Count = 128  # images in a batch
    learning_rate: Rate = 1e-3  # learning rate at the start; Adam's default, it falls to 0 along a cosine
    seed: Seed = 0  # seed of the weights and of the order of the images

    def __post_init__(self) -> None:
        check_ranges(self)


class Measured(NamedTuple):
    """What a ruler says of images."""

    features: np.ndarray  # float32 [count, dimensions]: what is in an image, wherever it is
    places: np.ndarray  # float32 [count, dimensions]: where, and how sharp
    logits: np.ndarray  # float32 [count, channels, classes]


@dataclass(frozen=True)
class Classifier:
    """A trained classifier and its card."""

    network: Callable[[np.ndarray], tuple[tf.Tensor, tf.Tensor, tf.Tensor]]  # uint8 images → features, places, logits
    card: dict[str, Any]

    @property
    def sha256(self) -> str:
        return self.card["sha256"]

    @property
    def knows_classes(self) -> bool:
        """Whether it was taught the classes of its data; data without labels have none."""
        return self.card.get("task", CLASSES) == CLASSES

    def __call__(self, images: np.ndarray) -> Measured:
        """Classify images uint8 [count, height, width, channels]; a classifier of grey images takes each channel alone.

        Each image or channel gives 128 features and 7 * 7 * 8 places.
        """
        count, height, width, channels = images.shape
        taken = self.card["data"]["image_shape"][-1]
        channels //= taken
        stack = np.moveaxis(images.reshape(count, height, width, channels, taken), 3, 1).reshape(
            count * channels, height, width, taken
        )
        features, places, logits = data.in_batches(self.network, stack, BATCH)
        return Measured(features.reshape(count, -1), places.reshape(count, -1), logits.reshape(count, channels, -1))


def build(image_shape: tuple[int, int, int], classes: int) -> keras.Sequential:
    """Return an untrained network from images in [-1, 1] to logits; its last layer but one gives the features.

    Args:
        image_shape: (height, width, channels) of the images.
        classes: the number of classes.
    """

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


def train(images: data.Split, classes: int, options: Training, verbose: int = 2) -> keras.Model:
    """Return a network of plain Keras layers in float32, trained on slightly shifted, turned and scaled images.

    Images of one class, which leave nothing to tell apart, teach it to see by how many quarters each is turned (Gidaris
    et al. 2018, arXiv:1803.07728).
    """
    if classes == 1:
        images, classes = quarters(images), 4
    batches = data.batches(images, options.batch_size, options.seed)
    network = functools.partial(build, images.images.shape[1:], classes)
    return train_on(batches, network, options, len(images.images) // options.batch_size, verbose=verbose)


def train_on(
    batches: tf.data.Dataset,
    make_network: Callable[[], keras.Model],
    options: Training,
    steps: int,
    *,
    moves: bool = True,
    verbose: int = 2,
) -> keras.Model:
    """Return a network of plain Keras layers in float32, trained on endless batches as `data.batches` makes them.

    Args:
        batches: what to train on; `options.batch_size` is not used.
        make_network: returns the untrained network, from images in [-1, 1] to logits; it is called when the seed and
            the precision are set.
        options: how to train.
        steps: batches in an epoch.
        moves: whether each image is slightly shifted, turned and scaled at random.
        verbose: 2 for a line after each epoch, 0 for none.
    """
    keras.utils.set_random_seed(options.seed)
    move = keras.Sequential(
        [
            layers.RandomTranslation(0.08, 0.08, fill_mode="constant", fill_value=-1.0),
            layers.RandomRotation(0.03, fill_mode="constant", fill_value=-1.0),
            layers.RandomZoom(0.1, 0.1, fill_mode="constant", fill_value=-1.0),
        ]
    )
    shown = batches.map(lambda batch: (move(batch["image"], training=moves), batch["label"]))
    with precision("auto"):
        network = make_network()
    total = options.epochs * steps
    schedule = keras.optimizers.schedules.CosineDecay(options.learning_rate, total)
    trainee = keras.Model(network.inputs, network.outputs)  # so that `network` itself is saved without an optimizer
    trainee.compile(
        # The average of the weights covers about the last seventh of the training, however long that is.
        optimizer=keras.optimizers.Adam(schedule, use_ema=True, ema_momentum=max(0.0, 1 - 7 / total)),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"] if verbose else [],
        jit_compile=False,
    )
    trainee.optimizer.build(trainee.trainable_variables)  # or else the step would be traced twice
    trainee.fit(shown.prefetch(2), epochs=options.epochs, steps_per_epoch=steps, shuffle=False, verbose=verbose)
    # `fit` has put the averaged weights in at its end.
    measure_statistics(network, (batch["image"] for batch in batches.take(STATISTICS)))
    return portable(network)


def quarters(split: data.Split) -> data.Split:
    """Return images as they are and turned by one, two and three quarters; the number of quarters is the label."""
    turned = [np.rot90(split.images, number, axes=(1, 2)) for number in range(4)]
    labels = np.repeat(np.arange(4, dtype=np.int32), len(split.images))
    return data.Split(np.concatenate(turned), labels)


def accuracy(network: keras.Model, split: data.Split) -> float:
    """Return the share of images whose class a network gets right."""
    (logits,) = data.in_batches(lambda part: (network(data.standardise(part), training=False),), split.images, BATCH)
    return float(np.mean(logits.argmax(axis=1) == split.labels))


def weights_sha256(network: keras.Model) -> str:
    """Return the SHA-256 of a network's weights, which does not depend on how a file stores them."""
    return hashlib.sha256(b"".join(weight.tobytes() for weight in network.get_weights())).hexdigest()


def load(folder: Path | None = None) -> Classifier:
    """Load a classifier, by default the one that is shipped.

    Raises:
        UserError: if the folder holds none, or if its weights are not those of its card.
    """
    return _load(folder) if folder else _shipped()


@functools.cache  # loading and compiling it takes a second, and a comparison needs it twice in each run
def _shipped() -> Classifier:
    return _load(SHIPPED)


def _load(folder: Path) -> Classifier:
    try:
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        name, sha256 = card["data"]["name"], card["sha256"]
        network = keras.models.load_model(folder / "classifier.keras")  # it runs no code from the file
    except Exception as error:  # damage makes Keras raise whatever it comes upon
        problem = str(error).partition("\n")[0]
        raise UserError(f"there is no intact classifier in {folder} ({type(error).__name__}: {problem}).") from None
    if weights_sha256(network) != sha256 or not isinstance(name, str):
        raise UserError(f"the weights in {folder}/classifier.keras are not those of its card.json.")
    network = fused(network)
    # The maps after the first stride of 2, before the network has learned to ignore shifts and blur.
    _, _, maps, *_ = [layer.output for layer in network.layers if isinstance(layer, layers.ReLU)]
    pool = max(1, maps.shape[1] // PLACES)
    places = layers.Flatten()(layers.AveragePooling2D(pool)(maps)[..., :PLACE_CHANNELS])
    whole = keras.Model(network.inputs, [network.layers[-2].output, places, network.outputs[0]])
    classify = tf.function(lambda images: whole(data.standardise(images), training=False), reduce_retracing=True)
    return Classifier(classify, card)


def load_for(dataset: data.Dataset, folder: Path | None = None) -> Classifier:
    """Load a classifier that was trained on the images of a data set.

    Without a folder it is the one that is shipped, for digits, or one in the current folder or in saved_models/ that
    was trained on the same images.

    Raises:
        UserError: if there is none, or if it was trained on others.
    """
    known = load(folder or (None if is_of_digits(dataset) else found(dataset)))
    trained_on = known.card["data"]
    same = trained_on["sha256"] == dataset.sha256 or trained_on["name"] == dataset.name
    if not (same and trained_on["image_shape"] == list(dataset.image_shape)) and not (
        trained_on["name"] in DIGITS and is_of_digits(dataset)
    ):
        raise UserError(
            f"{folder or 'the classifier of the package'} knows {trained_on['name']}, not {dataset.name}. To measure "
            "such images, train a classifier on the same data: python -m gan_keras.classifier with the same --dataset, "
            "--data-dir and so on, and --out my_classifier; `evaluate` finds it there. If they are MNIST's digits in "
            "other files, say --dataset mnist."
        )
    return known


def is_of_digits(dataset: data.Dataset) -> bool:
    """Return whether the classifier that is shipped can judge the images of a data set."""
    return dataset.name in DIGITS and dataset.image_shape[:2] == (28, 28)


def found(dataset: data.Dataset) -> Path | None:
    """Return the folder, near at hand, of a classifier that was trained on the same images."""
    for card in sorted((*Path().glob("*/card.json"), *Path("saved_models").glob("*/card.json"))):
        try:
            if json.loads(card.read_text(encoding="utf-8"))["data"]["sha256"] == dataset.sha256:
                return card.parent
        except (OSError, ValueError, KeyError, TypeError):
            continue  # the card of something else
    return None


def write(network: keras.Model, card: dict[str, Any], folder: Path) -> None:
    """Write a classifier with its card."""
    with files.replacing(folder) as temporary:
        temporary.mkdir()
        network.save(temporary / "classifier.keras")
        files.write_json(temporary / "card.json", card)


def describe(network: keras.Model, dataset: data.Dataset, command: str, seconds: float) -> dict[str, Any]:
    """Return the card of a classifier: what it is, how it was made, and how good it is."""
    of_classes = len(dataset.class_names) > 1
    return {
        "what": "convolutional classifier; its last layer but one gives the features, its last the logits",
        "command": command,
        "data": dataset.facts(),
        "task": CLASSES if of_classes else ROTATIONS,
        "test_accuracy": accuracy(network, dataset.test if of_classes else quarters(dataset.test)),
        "weights": network.count_params(),
        "minutes": round(seconds / 60, 1),
        "date": time.strftime("%Y-%m-%d"),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "sha256": weights_sha256(network),
    }
