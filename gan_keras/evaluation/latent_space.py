"""What is where in a generator's latent space: walks, a table of hands, directions, and the latent of a given image."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from scipy.spatial.distance import cdist
from tqdm import tqdm

from gan_keras.evaluation import classifier
from gan_keras.evaluation.sources import on_sphere
from gan_keras.exporting import loading
from gan_keras.ui.console import UserError

SEARCHED = 1000  # latents among which one is looked for
POINTS, STEP = 20, 0.05  # latents at which directions are measured, and the step that is tried along each
JUMP = 10.0  # a step that changes images this many times as much as the step back leads to another mode
REACH = 3.0  # how far a sheet of directions goes, in deviations of the latent
STEPS, STARTS, RATE = 300, 4, 0.05  # of the search for the latent of an image: steps, starts, learning rate
FEATURES = 0.1  # weight of the features beside the pixels
PRIOR = 0.01  # weight of the latent's distance from the lengths that normal ones have


def normal(generator: Any, count: int, seed: int) -> np.ndarray:
    """Return latents float32 [count, latent_dim]."""
    return np.random.default_rng(seed).standard_normal((count, loading.latent_dim(generator)), np.float32)


def classes(generator: Any) -> int:
    """Return the number of a generator's classes; 1 if it takes no labels."""
    return int(generator.classes()) if hasattr(generator, "classes") else 1


def walk(generator: Any, digits: Sequence[int], frames: int, seed: int) -> np.ndarray:
    """Return images uint8 [frames, height, width, channels] on the way from digit to digit, and back to the first.

    The latent moves along the sphere on which normal latents lie. A generator that takes labels draws the digit that is
    nearer; for others, latents are looked for that the digit classifier is surest of.

    Raises:
        UserError: for a class that the generator does not have, or if the classifier cannot read its images.
    """
    labels = np.array([*digits, digits[0]])
    if hasattr(generator, "classes"):
        if labels.max() >= classes(generator):
            raise UserError(f"the model has no class {labels.max()}; its classes are 0 to {classes(generator) - 1}.")
        stops = normal(generator, len(digits), seed)
    else:
        stops = looked_for(generator, digits, seed)
    stops = np.concatenate([stops, stops[:1]])
    places = np.linspace(0, len(digits), frames, endpoint=False)
    before = np.floor(places).astype(int)
    part = (places - before)[:, None].astype(np.float32)
    latents = on_sphere(stops[before], stops[before + 1], part)
    nearer = labels[np.floor(places + 0.5).astype(int)]
    return rounded(loading.images_of(generator, latents, nearer, seed))


def looked_for(generator: Any, digits: Sequence[int], seed: int) -> np.ndarray:
    """Return for each digit the latent, of `SEARCHED`, whose image the digit classifier is surest of."""
    if loading.image_shape(generator) != (28, 28, 1):
        raise UserError("the digit classifier cannot read this model's images; give --walk of a model with labels.")
    latents = normal(generator, SEARCHED, seed)
    images = loading.images_of(generator, latents, np.zeros(SEARCHED), seed)
    logits = classifier.load()(images).logits[:, 0]
    surest = tf.nn.log_softmax(logits).numpy()[:, list(digits)].argmax(axis=0)
    return latents[surest]


def table(generator: Any, hands: int, seed: int) -> np.ndarray:
    """Return images uint8 [hands * classes, …]: a row for each latent, a column for each class."""
    columns = classes(generator)
    latents = np.repeat(normal(generator, hands, seed), columns, axis=0)
    return rounded(loading.images_of(generator, latents, np.tile(np.arange(columns), hands), seed))


class Directions(NamedTuple):
    """Orthogonal directions in latent space, those first that change the images most."""

    vectors: np.ndarray  # float32 [latent_dim, latent_dim], a direction in each row, of length 1
    changes: np.ndarray  # float [latent_dim], the mean squared change of a pixel per step along it


def directions(generator: Any, seed: int) -> Directions:
    """Return the directions that change the images most, found without labels.

    They are the eigenvectors of E[JᵀJ], where J is the derivative of the image by the latent: Wang and Ponce 2021
    (arXiv:2101.06006), equation 2, with differences for derivatives and pixels for distances. Where a step leads to
    another of a generator's modes, the step back counts.
    """
    size, totals = loading.latent_dim(generator), 0.0
    steps = STEP * np.concatenate([np.eye(size), -np.eye(size)]).astype(np.float32)
    for number, latent in enumerate(tqdm(normal(generator, POINTS, seed), unit="latent", disable=None, leave=False)):
        near = np.concatenate([latent[None], latent + steps])
        labels = np.full(len(near), number % classes(generator))
        images = loading.images_of(generator, near, labels, seed).reshape(len(near), -1)
        forth, back = np.split((images[1:] - images[0]) / STEP, 2)
        jumped = (forth**2).sum(axis=1) > JUMP * (back**2).sum(axis=1)
        slopes = np.where(jumped[:, None], -back, forth)
        totals = totals + slopes @ slopes.T / slopes.shape[1]
    changes, vectors = np.linalg.eigh(totals / POINTS)
    return Directions(vectors.T[::-1].astype(np.float32), changes[::-1])


def sheet(generator: Any, vectors: np.ndarray, columns: int, seed: int) -> np.ndarray:
    """Return images uint8 [vectors * columns, …]: a row along each direction, through the same latent in its middle."""
    (middle,) = normal(generator, 1, seed)
    places = np.linspace(-REACH, REACH, columns, dtype=np.float32)
    rows = [middle - (middle @ vector) * vector + places[:, None] * vector for vector in vectors]
    labels = np.full(len(vectors) * columns, min(2, classes(generator) - 1))
    return rounded(loading.images_of(generator, np.concatenate(rows), labels, seed))


class Inverted(NamedTuple):
    """The latents of given images."""

    latents: np.ndarray  # float32 [count, latent_dim]
    labels: np.ndarray  # int32 [count]
    images: np.ndarray  # uint8, what the generator makes of them
    errors: np.ndarray  # float [count], root of the mean squared difference of the pixels, of 255


def invert(generator: Any, images: np.ndarray, labels: np.ndarray, seed: int) -> Inverted:
    """Look for the latents from which a generator makes given digits, by gradient descent from several starts.

    These are the latents, of `SEARCHED`, whose images are nearest: no descent leads from one mode to another. What is
    compared are the pixels and the features of the digit classifier, as far as it can read the images; latents are kept
    at the lengths that normal ones have.

    Args:
        generator: a loaded SavedModel.
        images: uint8 [count, height, width, channels], of the generator's shape.
        labels: int [count]; not used by a generator that takes none.
        seed: of the starts.
    """
    ruler = classifier.load() if images.shape[1:] == (28, 28, 1) else None
    count, size = len(images), loading.latent_dim(generator)
    wanted = tf.constant(np.repeat(images, STARTS, axis=0), tf.float32)
    features = ruler.network(wanted)[0] if ruler else tf.zeros([1, 1])
    others = loading.without_latents(generator, np.repeat(labels, STARTS), seed)
    given = {name: tf.constant(value) for name, value in others.items()}
    latents = tf.Variable(starts(generator, images, labels, seed))
    optimizer = tf.keras.optimizers.Adam(RATE)

    def distances() -> tuple[tf.Tensor, tf.Tensor]:
        made = generator.serve(latent=latents, **given) * 127.5 + 127.5
        pixels = tf.reduce_mean(((made - wanted) / 255) ** 2, axis=[1, 2, 3])
        if ruler is None:
            return pixels, pixels
        unlike = tf.reduce_mean((ruler.network(made)[0] - features) ** 2, axis=1) / tf.reduce_mean(features**2)
        return pixels, pixels + FEATURES * unlike

    @tf.function
    def descend() -> None:
        with tf.GradientTape() as tape:
            _, distance = distances()
            length = tf.reduce_sum(latents**2, axis=1) / size
            loss = tf.reduce_sum(distance + PRIOR * (length - 1) ** 2)
        optimizer.apply([tape.gradient(loss, latents)], [latents])

    for _ in tqdm(range(STEPS), unit="step", disable=None, leave=False):
        descend()
    pixels = distances()[0].numpy().reshape(count, STARTS)
    best = np.arange(count) * STARTS + pixels.argmin(axis=1)
    found = latents.numpy()[best]
    inputs = {name: tf.gather(value, best) for name, value in given.items()}
    made = rounded(generator.serve(latent=tf.constant(found), **inputs).numpy() * 127.5 + 127.5)
    return Inverted(found, np.asarray(labels, np.int32), made, 255 * np.sqrt(pixels.min(axis=1)))


def starts(generator: Any, images: np.ndarray, labels: np.ndarray, seed: int) -> np.ndarray:
    """Return latents float32 [count * STARTS, latent_dim], of which a generator makes what is nearest to each image."""
    latents = normal(generator, SEARCHED, seed)
    labels = labels if classes(generator) > 1 else np.zeros(len(images), int)
    nearest = np.empty([len(images), STARTS], int)
    for label in np.unique(labels):
        made = loading.images_of(generator, latents, np.full(SEARCHED, label), seed).reshape(SEARCHED, -1)
        distances = cdist(images[labels == label].reshape(-1, made.shape[1]), made)
        nearest[labels == label] = distances.argsort(axis=1)[:, :STARTS]
    return latents[nearest.ravel()]


def rounded(images: np.ndarray) -> np.ndarray:
    """Return images from 0 to 255 as uint8."""
    return np.clip(np.rint(images), 0, 255).astype(np.uint8)
