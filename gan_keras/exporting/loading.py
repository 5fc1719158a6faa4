"""Loading what was exported, and making images with it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from gan_keras import data, distribution
from gan_keras.game.networks import CHUNK
from gan_keras.ui import files, pictures
from gan_keras.ui.console import UserError

SHIPPED = Path(__file__).parent / "digits"  # the generator that comes with the package, as gan_keras.pack writes one
BATCH = 500  # images that are made or discriminated at a time


def load_generator(path: Path) -> Any:
    """Load a generator from the folder of a run or of a SavedModel.

    Raises:
        UserError: if there is none, or if it was not exported by this package.
    """
    for folder in (path / "generator", path):
        if (folder / "saved_model.pb").exists():
            generator = load_saved_model(folder)
            if not hasattr(generator, "generate"):
                raise UserError(f"the SavedModel in {folder} has no `generate`: it is not a generator of gan_keras.")
            return generator
    raise UserError(
        f"there is no generator in {path}. Give the folder of a run or of its generator; to train one: "
        "python -m gan_keras.train"
    )


def load_saved_model(folder: Path) -> Any:
    """Load a SavedModel. It can do all that a program can: load only those of people whom you trust."""
    files.check_name(folder)
    try:
        return tf.saved_model.load(str(folder))
    except Exception as error:  # damage makes TensorFlow raise whatever it comes upon
        problem = str(error).partition("\n")[0]
        raise UserError(f"the SavedModel in {folder} is damaged ({type(error).__name__}: {problem}).") from None


def make(
    generator: Any,
    count: int,
    seed: int,
    labels: Sequence[int] | np.ndarray | None = None,
    spread: float = 1.0,
    **controls: float,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return images uint8 [count, height, width, channels] of a generator and their labels int32 [count].

    Without `labels` each class comes in turn. A generator that takes no labels ignores them, and returns None for them.
    The latents are `spread` times as wide as in training. The `controls` are those of the generator, such as
    `truncation`.

    Raises:
        UserError: for a label that is not one of the generator's classes.
    """
    if not hasattr(generator, "classes"):
        return _images(generator, count, seed, spread, controls), None
    classes = int(generator.classes())
    labels = np.asarray(np.arange(count) % classes if labels is None else labels, np.int32)
    if (strange := labels[(labels < 0) | (labels >= classes)]).size:
        raise UserError(f"the model has no class {strange[0]}; its classes are 0 to {classes - 1}.")
    return _images(generator, count, seed, spread, controls, labels=labels), labels


def _images(
    generator: Any, count: int, seed: int, spread: float, controls: dict[str, float], **labels: np.ndarray
) -> np.ndarray:
    """Return what `generate` makes; workers that share their work make a part each, which gives the same images."""
    noise = inputs_of(generator).keys() - {"latent", "label", *controls}  # only `generate` draws that
    if spread == 1 and (noise or distribution.sharing().workers == 1):
        return generator.generate(count, seed, **labels, **controls).numpy()
    values = {"latent": spread * tf.random.stateless_normal([count, latent_dim(generator)], [seed, 0]).numpy()}
    if labels:
        values["label"] = labels["labels"]
    values |= {name: np.full(count, value, np.float32) for name, value in controls.items()}

    def make_rows(rows: np.ndarray) -> tuple[np.ndarray]:
        images = generator.serve(**{name: tf.constant(values[name][rows]) for name in inputs_of(generator)})
        return (pictures.to_uint8(images),)

    return data.in_batches(make_rows, np.arange(count), CHUNK)[0]


def inputs_of(generator: Any) -> dict[str, tf.TensorSpec]:
    """Return what a generator's `serve` takes, by name."""
    return generator.signatures["serving_default"].structured_input_signature[1]


def image_shape(generator: Any) -> tuple[int, int, int]:
    """Return the (height, width, channels) of a generator's images."""
    (image,) = generator.signatures["serving_default"].structured_outputs.values()
    return tuple(image.shape[1:])


def latent_dim(generator: Any) -> int:
    """Return the size of a generator's latents."""
    return inputs_of(generator)["latent"].shape[1]


def without_latents(generator: Any, labels: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Return by name all that a generator takes besides latents, for as many images as there are labels.

    Args:
        generator: a loaded SavedModel.
        labels: int [count]; left out for a generator that takes none.
        seed: of the noise that some generators take; styles are not truncated.
    """
    count, random = len(labels), np.random.default_rng([seed, len(labels)])
    known = {"label": labels.astype(np.int32), "truncation": np.ones(count, np.float32)}
    shapes = {name: value.shape[1:] for name, value in inputs_of(generator).items() if name != "latent"}
    return {
        name: known[name] if name in known else random.standard_normal((count, *shape), np.float32)
        for name, shape in shapes.items()
    }


def images_of(generator: Any, latents: np.ndarray, labels: np.ndarray, seed: int) -> np.ndarray:
    """Return a generator's images of latents float32 [count, latent_dim], not yet rounded.

    The other arguments are those of `without_latents`. The images are float32 [count, height, width, channels] from 0
    to 255.
    """
    batch = {"latent": latents, **without_latents(generator, labels, seed)}

    def make(rows: np.ndarray) -> tuple[tf.Tensor]:
        return (generator.serve(**{name: tf.constant(value[rows]) for name, value in batch.items()}),)

    return data.in_batches(make, np.arange(len(latents)), BATCH)[0] * 127.5 + 127.5


def controls_of(generator: Any, run: Path, truncation: float | None, spread: float = 1.0) -> dict[str, float]:
    """Return the arguments of `make` for a truncation and a spread, none for those that change nothing.

    Raises:
        UserError: if the generator, which is that of `run`, has no styles to truncate, or more than latents to spread.
    """
    inputs = inputs_of(generator).keys()
    if truncation is not None and "truncation" not in inputs:
        raise UserError(f"the model in {run} has no styles, so it takes no --truncation.")
    if spread != 1 and inputs - {"latent", "label"}:
        raise UserError(f"the model in {run} has styles, so it takes no --spread. Give a --truncation above 1.")
    return ({} if truncation is None else {"truncation": truncation}) | ({} if spread == 1 else {"spread": spread})


def mix_styles(generator: Any, count: int, seed: int) -> np.ndarray:
    """Return a table of styles as images uint8 [(count + 1)², height, width, channels], row by row.

    Its first column and its first row hold the images of two sets of styles. Each other image has the coarse styles of
    its row, those of the first half of the layers, and the fine ones of its column: Karras et al. 2019
    (arXiv:1812.04948), figure 3. The corner is black.
    """
    inputs = generator.map.concrete_functions[0].structured_input_signature[0]
    latents = tf.random.stateless_normal([2 * count, inputs[0].shape[1]], [seed, 0])
    labels = [tf.range(2 * count) % generator.classes()] if len(inputs) > 1 else []
    styles = generator.map(latents, *labels)
    layers = generator.synthesize.concrete_functions[0].structured_input_signature[0][0].shape[1]
    is_coarse = (tf.range(layers) < (layers + 1) // 2)[:, None]
    rows, columns = (tf.repeat(each[:, None], layers, axis=1) for each in tf.split(styles, 2))
    mixed = tf.where(is_coarse, rows[:, None], columns[None])
    table = tf.concat([rows[:, None], mixed], axis=1)
    first = tf.concat([rows[:1], columns], axis=0)
    table = tf.reshape(tf.concat([first[None], table], axis=0), [-1, layers, styles.shape[1]])
    images = np.concatenate([generator.synthesize(part, seed) for part in tf.split(table, count + 1)])
    images = pictures.to_uint8(images)
    images[0] = 0
    return images


Discriminate = Callable[[np.ndarray, np.ndarray | None], np.ndarray | None]


def load_discriminator(run: Path) -> Discriminate:
    """Return a function from images and their labels to the probability [count, 1] of being real.

    It returns None if the path has no discriminator, as a file or a generator alone.
    """
    path = run / "discriminator"
    if not (path / "saved_model.pb").exists():
        return lambda images, labels: None
    discriminator = load_saved_model(path)
    takes_labels = "label" in discriminator.signatures["serving_default"].structured_input_signature[1]

    def discriminate(images: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        def part(rows: np.ndarray) -> tuple[tf.Tensor]:
            image = data.standardise(images[rows])
            if takes_labels and labels is not None:
                return (discriminator.serve(image, labels[rows]),)
            return (discriminator.serve(image),)

        return data.in_batches(part, np.arange(len(images)), BATCH)[0]

    return discriminate


def load_classifier(run: Path) -> Callable[[np.ndarray], np.ndarray] | None:
    """Return a function from images to the probabilities [count, classes], `None` if the model has no classifier."""
    path = run / "classifier"
    if not (path / "saved_model.pb").exists():
        return None
    classifier = load_saved_model(path)

    def classify(images: np.ndarray) -> np.ndarray:
        return data.in_batches(lambda part: (classifier.serve(data.standardise(part)),), images, BATCH)[0]

    return classify
