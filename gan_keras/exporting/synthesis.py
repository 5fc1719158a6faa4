"""Labelled sets of a generator's images, as large as one likes: made in chunks, so that an interrupted one goes on."""

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from gan_keras import distribution
from gan_keras.data import Dataset, Split, writing
from gan_keras.exporting import loading
from gan_keras.ui import files
from gan_keras.ui.console import UserError

SIZE = 5_000  # images that are made at a time
TURNS = 50  # in which the rejected images of a chunk are made again
PARTS = ("train", "test")

Accept = Callable[[np.ndarray, np.ndarray], np.ndarray]  # images, labels → bool [count]


@dataclass(frozen=True)
class Chunk:
    """A few thousand images of a set."""

    part: str
    number: int
    labels: np.ndarray  # int32 [at most SIZE]


@dataclass(frozen=True)
class Real:
    """Real images to mix into the training part."""

    images: Split
    share: float  # of the images of the part


@dataclass(frozen=True)
class Order:
    """What to make: the same order gives the same images."""

    counts: dict[str, int]  # part → number of images
    balance: dict[int, float]  # class → its share
    seed: int
    controls: dict[str, float]  # those of the generator, such as truncation

    def labels(self, part: str) -> np.ndarray:
        """Return the labels int32 [count] of a part, in random order: as many of each class as its share says."""
        count, shares = self.counts[part], np.array(list(self.balance.values()))
        exact = count * shares / shares.sum()
        each = np.floor(exact).astype(int)
        largest_remainders = np.argsort(each - exact, kind="stable")[: count - each.sum()]
        each[largest_remainders] += 1
        labels = np.repeat(np.array(list(self.balance), np.int32), each)
        return np.random.default_rng([self.seed, PARTS.index(part)]).permutation(labels)


def synthesize(
    generator: Any,
    order: Order,
    out: Path,
    kind: str,
    *,
    facts: dict[str, Any],
    measured: dict[str, Any] | None = None,
    accept: Accept | None = None,
    real: Real | None = None,
) -> dict[str, Any]:
    """Write a labelled set in one of `data.writing.FORMATS`, with its card, and return what the card says.

    The chunks that are done wait in a hidden folder beside `out`, so that the same call after an interruption makes
    only the rest; `out` appears when it is whole. Each chunk has a seed of its own.

    Args:
        generator: as `loading.load_generator` returns it.
        order: what to make.
        out: the folder, which must not exist.
        kind: the name of the format.
        facts: what else the card should say, and what must be the same to go on.
        measured: what else the card should say.
        accept: says which images are good enough; the others are made again.
        real: images that take the place of some.

    Raises:
        UserError: if hardly any image is accepted, if the images cannot be written in this format, or if another set
            was begun here.
    """
    shape, names = generator.generate(1, 0).shape[1:], [name.decode() for name in generator.class_names().numpy()]
    writing.check(kind, tuple(shape), len(names))
    work, cluster = out.with_name(f".making-{out.name}"), distribution.sharing()
    with cluster.agreed():
        if cluster.is_chief:
            begin(work, json.loads(json.dumps(facts | {"order": vars(order)})))
    make_chunks(generator, order, work, accept, real)
    if not cluster.is_chief:
        return {}
    drawn = sum(int(np.load(path)["drawn"]) for path in work.glob("*.npz"))
    made = {"class_names": names, "format": kind, "accepted_share": sum(order.counts.values()) / max(1, drawn)}
    card = facts | (measured or {}) | vars(order) | made
    with files.replacing(out) as folder:
        folder.mkdir(parents=True)
        gather(order, work, folder, writing.FORMATS[kind], shape=tuple(shape), names=names)
        files.write_json(folder / "card.json", card)
    files.remove(work)
    return card


def make_chunks(generator: Any, order: Order, work: Path, accept: Accept | None, real: Real | None) -> None:
    """Make the chunks that are not in the folder `work` yet; workers share the making, and the chief writes.

    Raises:
        UserError: if hardly any image is accepted, or if there is no real one to mix in.
    """
    cluster = distribution.sharing()
    wanted = [chunk for part in PARTS for chunk in chunks(order, part)]
    there = cluster.gather(np.array([[place(work, chunk).exists() for chunk in wanted]]))[0]  # in the chief's folder
    missing = [chunk for chunk, exists in zip(wanted, there, strict=True) if not exists]
    for chunk in tqdm(
        missing, total=len(wanted), initial=sum(there), unit="chunk", disable=None if cluster.is_chief else True
    ):
        images, drawn = make(generator, order, chunk, accept)
        if real is not None and chunk.part == "train":
            mix(images, chunk, real, order.seed)
        if cluster.is_chief:
            with files.replacing(place(work, chunk)) as temporary:
                np.savez(temporary, images=images, drawn=drawn)


def place(work: Path, chunk: Chunk) -> Path:
    """Return the file of a chunk."""
    return work / f"{chunk.part}-{chunk.number}.npz"


def gather(
    order: Order, work: Path, folder: Path, form: writing.Format, *, shape: tuple[int, ...], names: list[str]
) -> None:
    """Write the chunks that are in one folder into another, in a format."""
    for part in [part for part in PARTS if order.counts[part]]:  # without test files, readers hold some out
        with form(folder, part, order.counts[part], shape, names) as write:
            for chunk in chunks(order, part):
                with np.load(place(work, chunk)) as content:
                    write(content["images"], chunk.labels)


def begin(work: Path, order: dict[str, Any]) -> None:
    """Make the folder of the chunks, or check that it holds the beginning of the same order.

    Raises:
        UserError: if it holds that of another one.
    """
    path = work / "order.json"
    if not path.exists():
        files.remove(work)
        work.mkdir(parents=True)
        files.write_json(path, order)
        return
    if json.loads(path.read_text(encoding="utf-8")) != order:
        raise UserError(f"{work} holds the beginning of another set. Give its options to go on, or delete it.")


def chunks(order: Order, part: str) -> list[Chunk]:
    """Return the chunks of a part."""
    labels = order.labels(part)
    starts = range(0, len(labels), SIZE)
    return [Chunk(part, number, labels[start : start + SIZE]) for number, start in enumerate(starts)]


def make(generator: Any, order: Order, chunk: Chunk, accept: Accept | None) -> tuple[np.ndarray, int]:
    """Return the images of a chunk, each accepted, and how many were made for it."""
    images, missing, tried = np.empty(0), np.arange(len(chunk.labels)), 0
    for turn in range(TURNS):
        labels, seed = chunk.labels[missing], seed_of(order.seed, chunk, turn)
        made, _ = loading.make(generator, len(missing), seed, labels, **order.controls)
        tried += len(made)
        images = made if turn == 0 else images
        images[missing] = made
        if accept is not None:
            missing = missing[~accept(made, labels)]
        if accept is None or not len(missing):
            return images, tried
    raise UserError(
        f"after {TURNS} attempts {len(missing)} of {len(chunk.labels)} images are still rejected, the first of class "
        f"{chunk.labels[missing[0]]}. Give a lower --min-confidence."
    )


def mix(images: np.ndarray, chunk: Chunk, real: Real, seed: int) -> None:
    """Replace some images of a chunk by real ones of the same classes.

    Raises:
        UserError: if there is none of a class.
    """
    random = np.random.default_rng([seed, len(PARTS), chunk.number])
    for place in random.permutation(len(images))[: round(real.share * len(images))]:
        alike = np.flatnonzero(real.images.labels == chunk.labels[place])
        if not len(alike):
            raise UserError(f"there is no real image of class {chunk.labels[place]} to mix in.")
        images[place] = real.images.images[random.choice(alike)]


def real_images(dataset: Dataset, share: float, generator: Any) -> Real:
    """Return the training images of a data set to mix in.

    Raises:
        UserError: if they have other classes, another size or other colours than the generator's.
    """
    names = [name.decode() for name in generator.class_names().numpy()]
    if dataset.class_names != names or dataset.image_shape != loading.image_shape(generator):
        raise UserError(f"--mix-real needs images as the model makes them, and {dataset.describe()} are others.")
    return Real(dataset.train, share)


def seed_of(seed: int, chunk: Chunk, turn: int) -> int:
    """Return a seed for each attempt at each chunk; the generator takes 31 bits."""
    return int(np.random.default_rng([seed, PARTS.index(chunk.part), chunk.number, turn]).integers(2**31))


def shares(text: str, classes: int, trained_on: Sequence[int] | None = None) -> dict[int, float]:
    """Return the share of each class that is written as "even", "as-data" or "0:10,1:90".

    Args:
        text: what is asked for.
        classes: the number of classes.
        trained_on: how many images of each class the model has seen, if that is known.

    Raises:
        UserError: if it cannot be read, or names a class that there is not.
    """
    if text == "even":
        return dict.fromkeys(range(classes), 1.0)
    if text == "as-data":
        if not trained_on:
            raise UserError(
                "--balance as-data needs the folder of a run that notes how many images of each class it has seen, as "
                "runs do by now. Give shares instead, such as 0:10,1:90."
            )
        return {label: float(count) for label, count in enumerate(trained_on) if count}
    try:
        chosen = {int(label): float(share) for label, share in (part.split(":") for part in text.split(","))}
    except ValueError:
        raise UserError(f"--balance is {text!r}; it must be even, as-data, or shares such as 0:10,1:90.") from None
    if wrong := [label for label, share in chosen.items() if not (0 <= label < classes and 0 < share < math.inf)]:
        raise UserError(f"--balance names class {wrong[0]}; classes are 0 to {classes - 1}, and shares are above 0.")
    return chosen


def weights_sha256(generator: Any) -> str:
    """Return the SHA-256 of a generator's weights."""
    return hashlib.sha256(b"".join(variable.numpy().tobytes() for variable in generator.variables)).hexdigest()
