"""An evaluation: samples are measured beside real images, all against the same real test images."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gan_keras import data, distribution
from gan_keras.evaluation import metrics, report, sources
from gan_keras.evaluation.metrics.classes import class_shares
from gan_keras.evaluation.metrics.copies import nearest_training_images
from gan_keras.evaluation.ruler import Ruler
from gan_keras.exporting.loading import Discriminate, load_classifier, load_discriminator
from gan_keras.ui import files
from gan_keras.ui.console import UserError

WALKS = 1000  # walks between two latents
MEMBERS = 4000  # training images, and as many test images, that membership is guessed of
FEWEST = 20  # images: precision and recall need more than they have neighbours


@dataclass(frozen=True)
class Evaluation:
    """What to measure, and with what."""

    source: sources.Source  # where the samples come from
    dataset: data.Dataset
    ruler: Ruler
    out: Path  # folder for metrics.json, metrics.jsonl and report.png
    samples: int = 10_000  # as many as there are real test images, at most
    labelled: bool = False  # also train a classifier on labelled samples
    repeats: int = 1  # sets of samples that are drawn and measured; the deviation of several is the standard error
    seed: int = 0

    def run(self) -> dict[str, Any]:
        """Measure the images and write the report; returns what metrics.json holds.

        Raises:
            UserError: if the images cannot be used; nothing is written then.
        """
        count = min(self.samples, len(self.dataset.test.images), len(self.dataset.train.images))
        images, labels = self.source.draw(count, self.seed, self.dataset)
        self.check(images, labels)
        if len(images) < self.samples:
            what = "real test images are available" if len(images) == count else "images are in the file"
            print(f"Note: only {len(images):,} {what}, so {len(images):,} samples are measured, not {self.samples:,}.")
        fake, values, errors, floor = self.compare(images, labels)
        extra: dict[str, Any] = {}
        if self.ruler.knows_classes:
            extra["class_shares"] = self.class_shares(fake)
        if self.labelled:
            taught, extra["labelled_samples"] = self.teach()
            values, floor = values | taught[0], floor | taught[1]
        result = {
            "source": str(self.source.path),
            "samples": len(images),
            "ruler": self.ruler.name,
            "ruler_sha256": self.ruler.sha256,
            "data": self.dataset.facts(),
            "note": self.dataset.note,
            "seed": self.seed,
            "date": time.strftime("%Y-%m-%d %H:%M:%S"),
            "metrics": metrics.with_ruler(values, self.ruler.name),
            "standard_errors": metrics.with_ruler(errors, self.ruler.name),
            "real": metrics.with_ruler({name: floor[name] for name in values if name in floor}, self.ruler.name),
            **extra,
        }
        if distribution.sharing().is_chief:
            self.write(result, fake)
        return result

    def check(self, images: np.ndarray, labels: np.ndarray | None) -> None:
        """Raise a `UserError` if images cannot be compared with the data, or are too few."""
        if images.shape[1:] != self.dataset.image_shape:
            raise UserError(
                f"the images are {images.shape[1:]}, those of {self.dataset.name} are {self.dataset.image_shape}."
            )
        if len(images) < FEWEST:
            raise UserError(f"{len(images)} images are too few to measure; it takes {FEWEST}.")
        if self.labelled and labels is None:
            raise UserError(f"--labelled needs labels, and {self.source.path} has none.")
        if self.repeats > 1 and not isinstance(self.source, sources.Generator):
            raise UserError(f"--repeats draws several sets of samples, and {self.source.path} is a file with one.")

    def compare(
        self, images: np.ndarray, labels: np.ndarray | None
    ) -> tuple["Sample", dict[str, float], dict[str, float], dict[str, float]]:
        """Return what was measured of the samples, their values, the errors of these, and the values of real images."""
        train, test = self.dataset.train, self.dataset.test
        random = np.random.default_rng(self.seed)
        tested, drawn = (random.permutation(len(split.images))[: len(images)] for split in (test, train))
        discriminate = load_discriminator(self.source.path)
        reference = self.measure(test.images[tested], test.labels[tested], discriminate)
        real = self.measure(train.images[drawn], train.labels[drawn], discriminate, own=drawn)
        fake = self.measure(images, labels, discriminate)
        with ThreadPoolExecutor(2) as pool:  # much of this is NumPy on one core
            values, floor = pool.map(
                lambda sample: metrics.compute(material(self.ruler, reference, sample)), (fake, real)
            )
        values |= metrics.compute(self.walk(self.seed) | self.read(tested) | membership(real, reference, fake))
        errors = {name: value.error for name, value in values.items() if isinstance(value, metrics.Estimate)}
        if self.repeats > 1:
            draws = [values, *self.measure_again(real, reference, len(images), discriminate)]
            errors |= {name: float(np.std([draw[name] for draw in draws], ddof=1)) for name in draws[-1]}
        return fake, values, errors, floor

    def measure(
        self,
        images: np.ndarray,
        labels: np.ndarray | None,
        discriminate: Discriminate,
        own: np.ndarray | None = None,
    ) -> "Sample":
        """Return images with what the metrics need of them; `own` are their indices, if they are training images."""
        distances, neighbours = nearest_training_images(images, self.dataset.train.images, own)
        classes = self.dataset.train.labels[neighbours]
        probability = discriminate(images, labels)
        return Sample(images, *self.ruler.measure(images), distances, neighbours, classes, labels, probability)

    def walk(self, seed: int) -> dict[str, np.ndarray]:
        """Return the material of the metrics about walks between latents; files have none."""
        if not isinstance(self.source, sources.Generator):
            return {}
        images = self.source.walk(WALKS, seed, metrics.smoothness.STEP)
        return {
            f"walk_{name}_features": self.ruler.measure(one).features
            for name, one in zip(("start", "end"), images, strict=True)
        }

    def read(self, tested: np.ndarray) -> dict[str, np.ndarray]:
        """Return what a model's own classifier says of some test images; most models have none."""
        classify = load_classifier(self.source.path)
        if classify is None:
            return {}
        test = self.dataset.test
        return {"class_probability": classify(test.images[tested]), "class_labels": test.labels[tested]}

    def measure_again(
        self, real: "Sample", reference: "Sample", count: int, discriminate: Discriminate
    ) -> Iterator[dict[str, float]]:
        """Yield the values of further sets of samples, each with the next seed."""
        for number in range(1, self.repeats):
            print(f"Measuring set {number + 1} of {self.repeats}", flush=True)
            images, labels = self.source.draw(count, self.seed + number, self.dataset)
            sample = self.measure(images, labels, discriminate)
            found = material(self.ruler, reference, sample) | membership(real, reference, sample)
            yield metrics.compute(found | self.walk(self.seed + number))

    def teach(self) -> tuple[list[dict[str, float]], int]:
        """Train a classifier on samples and one on as many real images; return the values of both and the number."""
        train = self.dataset.train
        images, labels = self.source.draw(len(train.images), self.seed, self.dataset)
        samples = data.Split(images, np.asarray(labels))  # `check` has made sure that there are labels
        count = len(images)
        drawn = np.random.default_rng(self.seed).permutation(len(train.images))[:count]
        real = data.Split(train.images[drawn], train.labels[drawn])
        print(f"Training a classifier on {count:,} samples, and one on as many real images: minutes each.")
        material = {"dataset": self.dataset, "seed": self.seed}
        return [metrics.compute(material | {"teaching_images": split}) for split in (samples, real)], count

    def class_shares(self, sample: "Sample") -> dict[str, float]:
        """Return the share of each class by name, over all channels."""
        shares = class_shares(flat(sample.logits))
        names = self.dataset.class_names
        names = names if len(names) == len(shares) else [str(number) for number in range(len(shares))]
        return dict(zip(names, shares.tolist(), strict=True))

    def write(self, result: dict[str, Any], fake: "Sample") -> None:
        """Write metrics.json and report.png, and append to metrics.jsonl."""
        self.out.mkdir(parents=True, exist_ok=True)
        files.write_json(self.out / "metrics.json", result)
        with (self.out / "metrics.jsonl").open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(result) + "\n")
        classes = fake.logits[:, 0].argmax(axis=1) if self.ruler.knows_classes else None
        neighbours = self.dataset.train.images[fake.neighbour]
        report.save(
            self.out / "report.png",
            result,
            images=fake.images,
            classes=classes,
            nearest=fake.nearest,
            neighbours=neighbours,
            neighbour_labels=fake.nearest_label,
        )


class Sample(NamedTuple):
    """Images with what the metrics need of them, row by row."""

    images: np.ndarray  # uint8 [count, height, width, channels]
    features: np.ndarray
    places: np.ndarray
    logits: np.ndarray  # [count, channels, classes]
    nearest: np.ndarray  # distance to the nearest training image, other than itself
    neighbour: np.ndarray  # index of that image
    nearest_label: np.ndarray  # class of that image
    labels: np.ndarray | None  # the classes that were asked for or are known
    probability: np.ndarray | None  # that it is real, by the discriminator


def material(ruler: Ruler, reference: Sample, sample: Sample) -> dict[str, Any]:
    """Return what there is for the metrics of a sample, by the names that they use."""
    found: dict[str, Any] = {"fake_logits": flat(sample.logits)}
    for name in ("images", "features", "places", "nearest", "nearest_label"):
        found |= {f"real_{name}": getattr(reference, name), f"fake_{name}": getattr(sample, name)}
    if ruler.knows_classes:
        found["fake_class_logits"] = flat(sample.logits)
        if sample.logits.shape[1] == 3:  # stacked digits
            found |= {"real_digits": reference.logits.argmax(axis=2), "fake_digits": sample.logits.argmax(axis=2)}
        elif sample.labels is not None:
            found["fake_labels"] = sample.labels
    if sample.probability is not None:
        found |= {"real_probability": reference.probability, "fake_probability": sample.probability}
    return found


def membership(members: Sample, unseen: Sample, sample: Sample) -> dict[str, Any]:
    """Return the material of the metrics about training images (`members`) and test images (`unseen`)."""
    found: dict[str, Any] = {}
    for name, images in (("member", members), ("unseen", unseen)):
        found[f"{name}_distance"], _ = nearest_training_images(images.images[:MEMBERS], sample.images)
        if images.probability is not None:
            found[f"{name}_probability"] = images.probability[:MEMBERS]
    return found


def flat(logits: np.ndarray) -> np.ndarray:
    """Return logits [count, channels, classes] as [count * channels, classes]."""
    return logits.reshape(-1, logits.shape[-1])
