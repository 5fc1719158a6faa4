"""Measure a generator, or any images, beside real digits at the same sample count.

Examples:
  python -m gan_keras.evaluate saved_models/dcgan-mnist
  python -m gan_keras.evaluate saved_models/dcgan-mnist/generator --data-dir DIR
  python -m gan_keras.evaluate images.npz --samples 5000

"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import numpy as np
import tensorflow as tf
import tyro

from gan_keras import classifier, config, console, data, files, generate, inception, metrics, report
from gan_keras.config import Between, Folder, Seed, check_ranges
from gan_keras.console import UserError

SUBSETS = 3  # disjoint parts of the samples, whose deviation gives the standard error
LABELLED_EPOCHS = 5  # of the classifier that is trained on generated digits only

# What a good value is: shown beside each metric, in this order.
MEANINGS = {
    "fid": "Fréchet distance of the features: lower is better, 0 is best",
    "score": "sure and varied classes: higher is better, the number of classes is the limit",
    "kernel_distance": "as fid, but unbiased: 0 between real sets",
    "kernel_distance_deviation": "of the kernel distance, over blocks of samples",
    "sliced_wasserstein": "distance of the pixels: lower is better",
    "precision": "share of samples that look real",
    "recall": "share of real digits that the samples reach",
    "density": "as precision, but counts how real: about 1 for real digits",
    "coverage": "share of real digits with a sample nearby",
    "distance_from_uniform": "of the classes: 0 when all are equally frequent",
    "vanished_classes": "classes with less than a tenth of their fair share",
    "confident_share": "samples whose class is beyond doubt",
    "near_copies": "samples as near to a training image as 1 in 1,000 real ones",
    "modes": "combinations found, of 1,000",
    "modes_divergence": "from the real combinations' frequencies: lower is better",
    "label_accuracy": "samples of the class that was asked for",
    "classification_accuracy": "on real test digits, after training on the samples only",
    "discriminator_real_accuracy": "real test images it calls real",
    "discriminator_fake_accuracy": "samples it calls fake",
    "discriminator_precision": "of what it calls real, what is real",
    "discriminator_recall": "of what is real, what it calls real",
    "discriminator_f1": "their harmonic mean; 0.67 when it calls everything real",
}


@dataclass(frozen=True)
class Options:
    """What to measure, and with what."""

    source: tyro.conf.Positional[Path]  # a run's folder, a generator's SavedModel, or uint8 images in .npy or .npz
    samples: Annotated[int, Between(20)] = 10_000  # how many images; no more than there are real test images
    dataset: str | None = None  # the real images: the run's own, or mnist
    data_dir: Folder = None  # holds their four IDX files, gzipped or not: the run's own, or downloaded
    features: Literal["digits", "inception"] = "digits"  # inception: the literature's, slow, and made for photographs
    classifier: Path = classifier.SHIPPED  # whose features count; made by python -m gan_keras.classifier
    labelled: bool = False  # also train a classifier on the labelled samples and test it on real digits: minutes
    out: Folder = None  # for metrics.json, metrics.jsonl and report.png: where the source is, if not given
    seed: Seed = 0  # of the samples

    def __post_init__(self) -> None:
        check_ranges(self)


class Fakes(NamedTuple):
    """The images to be measured, the labels they were asked for, and their discriminator if there is one."""

    images: np.ndarray
    labels: np.ndarray | None
    discriminator: Callable[[tf.Tensor], tf.Tensor] | None


class Sample(NamedTuple):
    """Images with all that the metrics need of them; rows belong together."""

    images: np.ndarray
    features: np.ndarray
    logits: np.ndarray  # [count, channels, classes]
    nearest: np.ndarray  # distance to the nearest training image

    def part(self, number: int) -> "Sample":
        """Return one of the disjoint subsets."""
        return Sample(*(column[number::SUBSETS] for column in self))


@console.command
def main(arguments: Sequence[str] | None = None) -> None:
    """Measure as the command line says."""
    options = tyro.cli(
        Options,
        prog="python -m gan_keras.evaluate",
        args=arguments,
        description=__doc__,
        config=(tyro.conf.FlagCreatePairsOff,),
    )
    evaluate(options)


def evaluate(options: Options) -> dict:
    """Measure the images, write metrics.json, metrics.jsonl and report.png, print the table; returns the metrics.

    Raises:
        UserError: if the source, the data or the classifier cannot be used; nothing is written then.

    """
    start = time.monotonic()
    options = with_defaults(options)
    dataset = data.load(options.dataset, options.data_dir)
    ruler = load_ruler(options, dataset)
    count = min(options.samples, len(dataset.test.images), len(dataset.train.images) // 2)
    fakes = read_fakes(options, count, dataset)
    count = len(fakes.images)

    order = np.random.default_rng(options.seed).permutation(len(dataset.train.images))
    held_out, training = order[:count], np.sort(order[count:])
    training_images = dataset.train.images[training]
    test = np.random.default_rng(options.seed).permutation(len(dataset.test.images))[:count]

    def sample(images: np.ndarray) -> tuple[Sample, np.ndarray]:
        distances, indices = metrics.nearest_training_images(images, training_images)
        return Sample(images, *ruler.measure(images), distances), indices

    reference = Sample(dataset.test.images[test], *ruler.measure(dataset.test.images[test]), np.zeros(count))
    real, _ = sample(dataset.train.images[held_out])
    fake, neighbours = sample(fakes.images)

    values = compare(reference, fake, real)
    floor = compare(reference, real, real)
    errors = standard_errors(reference, fake, real)
    values |= of_labels(options, fakes, fake, dataset)
    values |= of_discriminator(fakes, reference.images)
    result = {
        "source": str(options.source),
        "samples": count,
        "ruler": ruler.name,
        "ruler_sha256": ruler.sha256,
        "data": dataset.facts(),
        "seed": options.seed,
        "date": time.strftime("%Y-%m-%d %H:%M:%S"),
        "metrics": rename(values, ruler.name),
        "standard_errors": rename(errors, ruler.name),
        "real": rename(floor, ruler.name),
        "class_shares": class_shares(fake, dataset),
    }
    write(options.out, result)
    pairs = report.Neighbours(fake.images, training_images[neighbours], fake.nearest)
    report.save(options.out / "report.png", result, fake.images, fake.logits[:, 0].argmax(axis=1), pairs)
    print(table(result))
    print(f"\nIn {options.out}: metrics.json, metrics.jsonl, report.png ({time.monotonic() - start:.0f} s)")
    return result


def with_defaults(options: Options) -> Options:
    """Fill in what is not given: from the run's own config.json where there is one."""
    if not options.source.exists():
        raise UserError(f"there is no {options.source}.")
    folder = options.source if options.source.is_dir() else options.source.parent
    run = next((place for place in (folder, folder.parent) if (place / "config.json").exists()), None)
    saved = config.load(run)[0] if run and options.source.is_dir() else None
    own_data = saved and options.dataset in (None, saved.dataset)
    return replace(
        options,
        dataset=options.dataset or (saved.dataset if saved else "mnist"),
        data_dir=options.data_dir or (saved.data_dir if own_data else None),
        out=options.out or run or folder,
    )


class Ruler(NamedTuple):
    """What the images are measured with: images uint8 → (features, logits)."""

    name: str
    sha256: str
    measure: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def load_ruler(options: Options, dataset: data.Dataset) -> Ruler:
    """Return the ruler that the options ask for, if it fits the data."""
    if options.features == "inception":
        network = inception.load()
        return Ruler("inception", network.sha256, network)
    network = classifier.load_for(dataset.name, options.classifier)
    known = network.card["data"]["name"]
    return Ruler("mnist" if known in classifier.DIGITS else known, network.sha256, network)


def read_fakes(options: Options, count: int, dataset: data.Dataset) -> Fakes:
    """Return `count` images from a file or a generator; fewer if the file has fewer."""
    fakes = from_generator(options, count) if options.source.is_dir() else from_file(options.source, count)
    if options.labelled and fakes.labels is None:
        raise UserError(f"--labelled needs labels, and {options.source} has none.")
    if fakes.images.shape[1:] != dataset.image_shape:
        raise UserError(f"the images are {fakes.images.shape[1:]}, those of {dataset.name} are {dataset.image_shape}.")
    return fakes


def from_generator(options: Options, count: int) -> Fakes:
    """Return images of an exported generator, with labels in turn if it takes labels."""
    generator = generate.load(options.source)
    if len(generator.generate.concrete_functions[0].structured_input_signature[0]) > 2:
        labels = np.arange(count, dtype=np.int32) % 10
        images = generator.generate(count, options.seed, labels).numpy()
    else:
        labels, images = None, generator.generate(count, options.seed).numpy()
    path = options.source / "discriminator"
    unlabelled = labels is None and (path / "saved_model.pb").exists()
    return Fakes(images, labels, tf.saved_model.load(str(path)).serve if unlabelled else None)


def from_file(path: Path, count: int) -> Fakes:
    """Read uint8 images [count, height, width(, channels)] from .npy, or from `images` (and `labels`) in .npz."""
    try:
        content = np.load(path)
        arrays = {"images": content} if isinstance(content, np.ndarray) else dict(content)
        images = arrays.get("images", next(iter(arrays.values())))[:count]
    except (OSError, ValueError, EOFError, StopIteration) as error:
        raise UserError(f"{path} cannot be read as .npy or .npz ({error}).") from None
    images = images[..., None] if images.ndim == 3 else images
    if images.dtype != np.uint8 or images.ndim != 4:
        raise UserError(
            f"{path} has {images.dtype} {images.shape}; it must have uint8 [count, height, width, channels]."
        )
    labels = arrays.get("labels")
    return Fakes(images, None if labels is None else labels[:count].astype(np.int32), None)


def compare(reference: Sample, sample: Sample, real: Sample) -> dict[str, float]:
    """Return every metric of a sample against the reference; real images set the measure for near copies."""
    logits = sample.logits.reshape(-1, sample.logits.shape[-1])
    values = (
        metrics.frechet_distance(reference.features, sample.features)
        | metrics.score(logits)
        | metrics.kernel_distance(reference.features, sample.features)
        | metrics.sliced_wasserstein(reference.images, sample.images)
        | metrics.precision_recall_density_coverage(reference.features, sample.features)
        | metrics.class_balance(logits)
        | metrics.confidence(logits)
        | metrics.near_copies(sample.nearest, real.nearest)
    )
    if sample.logits.shape[1] == 3:
        values |= metrics.stacked_modes(sample.logits.argmax(axis=2), reference.logits.argmax(axis=2))
    return values


def class_shares(sample: Sample, dataset: data.Dataset) -> dict[str, float]:
    """Return the share of each class by name, over all channels."""
    shares = metrics.class_shares(sample.logits.reshape(-1, sample.logits.shape[-1]))
    names = dataset.class_names if len(dataset.class_names) == len(shares) else map(str, range(len(shares)))
    return dict(zip(names, shares.tolist(), strict=True))


def standard_errors(reference: Sample, sample: Sample, real: Sample) -> dict[str, float]:
    """Return the standard error of each metric, from its deviation over disjoint subsets of the samples."""
    parts = [compare(reference.part(n), sample.part(n), real.part(n)) for n in range(SUBSETS)]
    return {name: float(np.std([part[name] for part in parts], ddof=1) / np.sqrt(SUBSETS)) for name in parts[0]}


def of_labels(options: Options, fakes: Fakes, sample: Sample, dataset: data.Dataset) -> dict[str, float]:
    """Return the metrics of labelled samples."""
    if fakes.labels is None:
        return {}
    values = metrics.label_accuracy(sample.logits[:, 0], fakes.labels)
    if options.labelled:
        training = classifier.Options(epochs=LABELLED_EPOCHS, seed=options.seed)
        network = classifier.train(data.Split(fakes.images, fakes.labels), len(dataset.class_names), training)
        values["classification_accuracy"] = classifier.accuracy(network, dataset.test)
    return values


def of_discriminator(fakes: Fakes, real_images: np.ndarray) -> dict[str, float]:
    """Return what the exported discriminator says of held-out real images and of the samples."""
    if fakes.discriminator is None:
        return {}
    probabilities = [
        np.concatenate(
            [fakes.discriminator(data.standardise(images[start : start + 500])) for start in range(0, len(images), 500)]
        )
        for images in (real_images, fakes.images)
    ]
    return metrics.discriminator_accuracy(*probabilities)


def rename(values: dict[str, float], ruler: str) -> dict[str, float]:
    """Name the ruler in the metrics that everybody calls FID and score, so that nobody takes one for another."""
    return {f"{name}_{ruler}" if name in ("fid", "score") else name: value for name, value in values.items()}


def write(folder: Path, result: dict) -> None:
    """Write metrics.json and append to metrics.jsonl."""
    folder.mkdir(parents=True, exist_ok=True)
    with files.replacing(folder / "metrics.json") as temporary:
        temporary.write_text(json.dumps(result, indent=2) + "\n")
    with (folder / "metrics.jsonl").open("a") as lines:
        lines.write(json.dumps(result) + "\n")


def table(result: dict) -> str:
    """Return the metrics as text, each beside its standard error, the value of real images, and its meaning."""
    lines = [
        f"{result['source']}: {result['samples']:,} samples, {result['ruler']} features {result['ruler_sha256'][:12]}",
        "Values from other features or another number of samples do not compare with these.",
        "",
        f"{'':28}{'samples':>10}{'±':>9}{'real':>10}  what it is",
    ]
    for name, value in result["metrics"].items():
        error, floor = (result[column].get(name) for column in ("standard_errors", "real"))
        meaning = MEANINGS.get(name, MEANINGS.get(name.rpartition("_")[0], ""))
        cells = "".join(
            f"{'' if cell is None else f'{cell:.4g}':>{width}}" for cell, width in ((error, 9), (floor, 10))
        )
        lines.append(f"{name:28}{value:10.4g}{cells}  {meaning}")
    return "\n".join(lines)


if __name__ == "__main__":
    main(sys.argv[1:])
