"""What translations between two domains keep of the classes, and what they are worth as training data."""

import json
import math
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

from gan_keras import data
from gan_keras.evaluation import classifier
from gan_keras.evaluation.metrics import teaching
from gan_keras.exporting import translation
from gan_keras.ui import files, pictures
from gan_keras.ui.console import UserError

MEANINGS = {  # the values: shares of test images, all good when high
    "kept_to_target": "source to target: the target's classifier sees the class",
    "kept_to_source": "target to source: the source's classifier sees the class",
    "kept_there_and_back": "source to target to source: the source's classifier sees it",
    "unadapted_accuracy": "target's images, by a classifier of the source's",
    "adapted_accuracy": "the same, by one of translated source images",
}
STEPS = 300  # training steps of each classifier: 99 % of MNIST's test digits, in a minute or two
PAIRS = 20  # images of each direction in a row of the picture


def evaluate(run: Path, dataset: data.Dataset, samples: int, seed: int, out: Path) -> dict[str, Any]:
    """Measure the translators of a run, and write metrics.json, metrics.jsonl and report.png.

    Three classifiers are trained in equally many steps: on the source's images, on the target's, and on the source's
    translated with their labels. The last one is what the translation is worth where the target has no labels.

    Args:
        run: the folder of the run.
        dataset: the source, and as its `partner` the target.
        samples: the number of test images of each domain, at most.
        seed: of the classifiers, and of which test images are taken.
        out: the folder to write to.

    Returns:
        What metrics.json holds.

    Raises:
        UserError: if the two domains do not have the same classes, or if the run has no translators.
    """
    target = dataset.partner
    if target is None or dataset.class_names != target.class_names or len(target.class_names) < 2:
        raise UserError("translations are measured by their classes, and these domains do not have the same ones.")
    to_target, to_source = (translation.load(run, name) for name in (translation.TO_TARGET, translation.TO_SOURCE))
    print(
        "Training three classifiers, on the source's, the target's and translated images: minutes in all.", flush=True
    )
    taught = [some(split, STEPS * teaching.BATCH, seed) for split in (dataset.train, target.train)]
    taught.append(data.Split(to_target(taught[0].images), taught[0].labels))
    of_source, of_target, adapted = (
        teaching.taught_by(split, len(target.class_names), seed, STEPS) for split in taught
    )
    sources, targets = (some(split, samples, seed) for split in (dataset.test, target.test))
    there, back = to_target(sources.images), to_source(targets.images)
    values = {
        "kept_to_target": accuracy(of_target, there, sources),
        "kept_to_source": accuracy(of_source, back, targets),
        "kept_there_and_back": accuracy(of_source, to_source(there), sources),
        "unadapted_accuracy": accuracy(of_source, targets.images, targets),
        "adapted_accuracy": accuracy(adapted, targets.images, targets),
    }
    of_targets = accuracy(of_target, targets.images, targets)
    real = dict.fromkeys(values, of_targets)
    real |= dict.fromkeys(("kept_to_source", "kept_there_and_back"), accuracy(of_source, sources.images, sources))
    counts = dict.fromkeys(values, len(targets.images))
    counts |= dict.fromkeys(("kept_to_target", "kept_there_and_back"), len(sources.images))
    result = {
        "source": str(run),
        "domains": {"source": dataset.describe(), "target": target.describe()},
        "test_images": {"source": len(sources.images), "target": len(targets.images)},
        "seed": seed,
        "date": time.strftime("%Y-%m-%d %H:%M:%S"),
        "metrics": values,
        "standard_errors": {name: math.sqrt(share * (1 - share) / counts[name]) for name, share in values.items()},
        "real": real,
    }
    write(result, [sources.images, there, targets.images, back], out)
    return result


def write(result: dict[str, Any], rows: list[np.ndarray], out: Path) -> None:
    """Write what was measured, and a picture with the first images of each row."""
    out.mkdir(parents=True, exist_ok=True)
    files.write_json(out / "metrics.json", result)
    with (out / "metrics.jsonl").open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(result) + "\n")
    columns = min(PAIRS, *map(len, rows))
    pictures.save_png(out / "report.png", pictures.grid(np.concatenate([row[:columns] for row in rows]), columns))


def accuracy(network: keras.Model, images: np.ndarray, split: data.Split) -> float:
    """Return the share of images that a classifier gives the labels of a split."""
    return classifier.accuracy(network, data.Split(images, split.labels))


def some(split: data.Split, count: int, seed: int) -> data.Split:
    """Return at most `count` images of a split, chosen at random."""
    chosen = np.random.default_rng(seed).permutation(len(split.images))[:count]
    return data.Split(split.images[chosen], split.labels[chosen])


def table(result: dict[str, Any]) -> str:
    """Return the values as text, each beside its standard error and what it is for real images."""
    lines = [
        f"{result['source']}",
        *(f"{name}: {text}" for name, text in result["domains"].items()),
        "",
        f"{'':27}{'value':>8}{'±':>8}{'real':>8}",
    ]
    for name, value in result["metrics"].items():
        cells = (value, result["standard_errors"][name], result["real"][name])
        lines.append(f"{name:27}{''.join(f'{cell:8.3f}' for cell in cells)} {MEANINGS[name]}")
    return "\n".join(lines)
