"""Measure a generator, or any images, beside real digits at the same sample count.

Examples:
  python -m gan_keras.evaluate saved_models/proposed-mnist
  python -m gan_keras.evaluate saved_models/proposed-mnist/generator --data-dir DIR
  python -m gan_keras.evaluate images.npz --samples 5000
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import numpy as np
import tyro

from gan_keras import classifier, config, console, data, files, inception, metrics, report, sources
from gan_keras.config import Between, Folder, Seed, Switch, check_ranges
from gan_keras.console import UserError

SUBSETS = 3  # disjoint parts of the samples, whose deviation gives the standard error
FEWEST = 20  # images: each of the subsets must have more than there are neighbours in precision and recall
LABELLED_STEPS = 2000  # of the classifier that is trained on generated digits only: it learns no more after that

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
    "classification_accuracy": "on real test digits, after training on samples only",
    "discriminator_real_accuracy": "real test images it calls real",
    "discriminator_fake_accuracy": "samples it calls fake",
    "discriminator_precision": "of what it calls real, what is real",
    "discriminator_recall": "of what is real, what it calls real",
    "discriminator_f1": "their harmonic mean; 0.67 when it calls everything real",
}


@dataclass(frozen=True)
class Options:
    """What to measure, and with what."""

    # A run's folder, a generator's SavedModel, or a file .npy or .npz of uint8 `images`, and perhaps `labels`.
    source: tyro.conf.Positional[Path]
    samples: Annotated[int, Between(FEWEST)] = 10_000  # how many images; no more than there are real test images
    dataset: str | None = None  # the real images: the run's own, or mnist
    data_dir: Folder = None  # holds their four IDX files, gzipped or not: the run's own, or downloaded
    features: Literal["digits", "inception"] = "digits"  # inception: the literature's, slow, and made for photographs
    classifier: Folder = None  # whose features count, made by python -m gan_keras.classifier: the shipped one
    labelled: Switch = False  # also train a classifier on labelled samples, as many as there are training images
    out: Folder = None  # for metrics.json, metrics.jsonl and report.png: where the source is, if not given
    seed: Seed = 0  # of the samples

    def __post_init__(self) -> None:
        check_ranges(self)


class Sample(NamedTuple):
    """Images with what the metrics need of them; the rows of all columns belong together."""

    images: np.ndarray  # uint8 [count, height, width, channels]
    features: np.ndarray
    logits: np.ndarray  # [count, channels, classes]
    nearest: np.ndarray  # distance to the nearest training image, other than itself
    labels: np.ndarray | None  # the classes they were asked for or are known to be
    probability: np.ndarray | None  # of being real, by the discriminator

    def part(self, number: int) -> "Sample":
        """Return one of the disjoint subsets."""
        return Sample(*(None if column is None else np.array_split(column, SUBSETS)[number] for column in self))


@console.command
def main(arguments: Sequence[str] | None = None) -> None:
    """Measure as the command line says."""
    options = tyro.cli(Options, prog="python -m gan_keras.evaluate", args=arguments, description=__doc__)
    evaluate(options)


def evaluate(options: Options) -> dict:
    """Measure the images, write metrics.json, metrics.jsonl and report.png, print the table; returns the metrics.

    Raises:
        UserError: if the source, the data or the classifier cannot be used; nothing is written then.
    """
    start = time.monotonic()
    options = with_defaults(options)
    source = sources.load(options.source)  # what is wrong with it is known at once
    dataset = data.load(options.dataset, options.data_dir)
    note_other_data(options.source, dataset)
    ruler = load_ruler(options, dataset)
    count = min(options.samples, len(dataset.test.images), len(dataset.train.images))
    images, labels = source.draw(count, options.seed, dataset)
    check_images(options, images, labels, dataset)
    count = len(images)
    if count < options.samples:
        print(
            f"Note: {count:,} samples in the place of {options.samples:,}: there are no more, or no more test images."
        )
    discriminate = sources.load_discriminator(options.source)

    random = np.random.default_rng(options.seed)
    test = random.permutation(len(dataset.test.images))[:count]
    drawn = random.permutation(len(dataset.train.images))[:count]
    sets = [
        (dataset.test.images[test], dataset.test.labels[test]),
        (dataset.train.images[drawn], dataset.train.labels[drawn]),
        (images, labels),
    ]
    own = np.concatenate([np.full(count, -1), drawn, np.full(count, -1)])
    distances, neighbours = metrics.nearest_training_images(
        np.concatenate([images for images, _ in sets]), dataset.train.images, own
    )
    reference, real, fake = (
        Sample(images, *ruler.measure(images), nearest, labels, discriminate(images, labels))
        for (images, labels), nearest in zip(sets, np.split(distances, 3), strict=True)
    )

    pairs = [(reference, fake), (reference, real)]
    pairs += [(reference.part(number), fake.part(number)) for number in range(SUBSETS)]
    with ThreadPoolExecutor(2) as pool:  # much of this is NumPy on one core
        values, floor, *parts = pool.map(lambda pair: compare(ruler, *pair), pairs)
    errors = {name: float(np.std([part[name] for part in parts], ddof=1) / np.sqrt(SUBSETS)) for name in parts[0]}
    if options.labelled:
        # As many samples as there are real training images, in whose place they stand; a file has what it has.
        labelled = data.Split(*source.draw(len(dataset.train.images), options.seed, dataset))
        drawn = random.permutation(len(dataset.train.images))[: len(labelled.images)]
        as_many_real = data.Split(dataset.train.images[drawn], dataset.train.labels[drawn])
        print(
            f"Training a classifier on {len(labelled.images):,} samples, and one on as many real images: minutes each."
        )
        values |= classification_accuracy(labelled, dataset, options.seed)
        floor |= classification_accuracy(as_many_real, dataset, options.seed)
    result = {
        "source": str(options.source),
        "samples": count,
        "ruler": ruler.name,
        "ruler_sha256": ruler.sha256,
        "data": dataset.facts(),
        "seed": options.seed,
        "date": time.strftime("%Y-%m-%d %H:%M:%S"),
        "metrics": rename(values, ruler),
        "standard_errors": rename(errors, ruler),
        "real": rename({name: floor[name] for name in values}, ruler),
    }
    result |= {"class_shares": class_shares(fake, dataset)} if ruler.knows_classes else {}
    result |= {"labelled_samples": len(labelled.images)} if options.labelled else {}
    write(options.out, result)
    report.save(options.out / "report.png", result, fake, dataset.train.images[neighbours[-count:]])
    print(table(result))
    print(f"\nIn {options.out}: metrics.json, metrics.jsonl, report.png ({time.monotonic() - start:.0f} s)")
    return result


def with_defaults(options: Options) -> Options:
    """Fill in what is not given: from the run's own config.json where there is one."""
    source = options.source
    if not source.exists():
        raise UserError(f"there is no {source}.")
    run = run_of(source)
    saved = config.read(run)["options"] if run else {"dataset": "mnist", "data_dir": None}
    own_data = options.dataset in (None, saved["dataset"])
    # Only a run's own generator is the run: other sources beside it must not overwrite its metrics.
    is_run = run and source in (run, run / "generator")
    return replace(
        options,
        dataset=options.dataset or saved["dataset"],
        data_dir=options.data_dir or (Path(saved["data_dir"]) if own_data and saved["data_dir"] else None),
        out=options.out or (run if is_run else source.with_name(f"{source.stem}-metrics")),
    )


def run_of(source: Path) -> Path | None:
    """Return the folder of the run that a source is, or is a part of."""
    places = (source, source.parent) if source.is_dir() else ()
    return next((place for place in places if (place / "config.json").exists()), None)


def note_other_data(source: Path, dataset: data.Dataset) -> None:
    """Say so if a run was trained on other images than those of the same name that it is measured with."""
    run, facts = run_of(source), dataset.facts()
    trained_on = config.read(run).get("data", facts) if run else facts
    if trained_on["name"] == facts["name"] and trained_on["sha256"] != facts["sha256"]:
        print(f"Note: {run} was trained on {trained_on['source']}, and is measured with {dataset.source}.")


class Ruler(NamedTuple):
    """What the images are measured with: images uint8 → (features, logits)."""

    name: str
    sha256: str
    measure: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
    knows_classes: bool  # whether its classes are those of the data


def load_ruler(options: Options, dataset: data.Dataset) -> Ruler:
    """Return the ruler that the options ask for, if it fits the data."""
    if options.features == "inception":
        network = inception.load()
        return Ruler("inception", network.sha256, network, False)
    network = classifier.load_for(dataset.name, options.classifier)
    known = network.card["data"]["name"]
    return Ruler("mnist" if known in classifier.DIGITS else known, network.sha256, network, True)


def check_images(options: Options, images: np.ndarray, labels: np.ndarray | None, dataset: data.Dataset) -> None:
    """Raise a `UserError` if the images cannot be compared with the data, or are too few."""
    if images.shape[1:] != dataset.image_shape:
        raise UserError(f"the images are {images.shape[1:]}, those of {dataset.name} are {dataset.image_shape}.")
    if len(images) < FEWEST:
        raise UserError(f"{len(images)} images are too few to measure; it takes {FEWEST}.")
    if options.labelled and labels is None:
        raise UserError(f"--labelled needs labels, and {options.source} has none.")


def compare(ruler: Ruler, reference: Sample, sample: Sample) -> dict[str, float]:
    """Return every metric of a sample against the reference, real test images."""
    logits = sample.logits.reshape(-1, sample.logits.shape[-1])
    values = (
        metrics.frechet_distance(reference.features, sample.features)
        | metrics.score(logits)
        | metrics.kernel_distance(reference.features, sample.features)
        | metrics.sliced_wasserstein(reference.images, sample.images)
        | metrics.precision_recall_density_coverage(reference.features, sample.features)
        | metrics.near_copies(sample.nearest, reference.nearest)
    )
    if ruler.knows_classes:
        values |= metrics.class_balance(logits) | metrics.confidence(logits)
        if sample.logits.shape[1] == 3:
            values |= metrics.stacked_modes(sample.logits.argmax(axis=2), reference.logits.argmax(axis=2))
        elif sample.labels is not None:
            values |= metrics.label_accuracy(logits, sample.labels)
    if sample.probability is not None:
        values |= metrics.discriminator_accuracy(reference.probability, sample.probability)
    return values


def classification_accuracy(split: data.Split, dataset: data.Dataset, seed: int) -> dict[str, float]:
    """Train a classifier on labelled images and test it on real ones (Ravuri and Vinyals 2019, arXiv:1905.10887)."""
    batch_size = min(128, len(split.images))
    epochs = -(-LABELLED_STEPS // (len(split.images) // batch_size))
    training = classifier.Options(epochs=epochs, batch_size=batch_size, seed=seed)
    network = classifier.train(split, len(dataset.class_names), training)
    return {"classification_accuracy": classifier.accuracy(network, dataset.test)}


def class_shares(sample: Sample, dataset: data.Dataset) -> dict[str, float]:
    """Return the share of each class by name, over all channels."""
    shares = metrics.class_shares(sample.logits.reshape(-1, sample.logits.shape[-1]))
    names = dataset.class_names if len(dataset.class_names) == len(shares) else map(str, range(len(shares)))
    return dict(zip(names, shares.tolist(), strict=True))


def rename(values: dict[str, float], ruler: Ruler) -> dict[str, float]:
    """Name the ruler in the metrics that everybody calls FID and score, so that nobody takes one for another."""
    return {f"{name}_{ruler.name}" if name in ("fid", "score") else name: value for name, value in values.items()}


def write(folder: Path, result: dict) -> None:
    """Write metrics.json and append to metrics.jsonl."""
    folder.mkdir(parents=True, exist_ok=True)
    files.write_json(folder / "metrics.json", result)
    with (folder / "metrics.jsonl").open("a") as lines:
        lines.write(json.dumps(result) + "\n")


def table(result: dict) -> str:
    """Return the metrics as text, each beside its standard error, the value of real images, and its meaning."""
    lines = [
        f"{result['source']}: {result['samples']:,} samples, {result['ruler']} features {result['ruler_sha256'][:12]}",
        "Values from other features or another number of samples do not compare with these.",
        "",
        f"{'':28}{'samples':>10}{'±':>11}{'real':>11}  what it is",
    ]
    for name, value in result["metrics"].items():
        error, floor = (result[column].get(name) for column in ("standard_errors", "real"))
        meaning = MEANINGS[name.removesuffix(f"_{result['ruler']}")]
        cells = "".join(
            f"{'' if cell is None else f'{cell:.4g}':>{width}}" for cell, width in ((error, 11), (floor, 11))
        )
        lines.append(f"{name:28}{value:10.4g}{cells}  {meaning}")
    return "\n".join(lines)


if __name__ == "__main__":
    main(sys.argv[1:])
