"""Measure a generator, or any images, beside real digits.

Examples:
  python -m gan_keras.evaluate saved_models/quick
  python -m gan_keras.evaluate saved_models/quick/generator --data-dir DIR
  python -m gan_keras.evaluate images.npz --samples 5000
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from gan_keras import data, distribution
from gan_keras.evaluation import metrics, report, ruler, sources, translation
from gan_keras.evaluation.evaluation import Evaluation
from gan_keras.evaluation.options import Options
from gan_keras.exporting.translation import is_translator
from gan_keras.options import flag, read_options
from gan_keras.training import run_folder
from gan_keras.ui import console
from gan_keras.ui.console import UserError


@console.command
def main(arguments: Sequence[str] | None = None) -> None:
    """Measure as the command line says."""
    about = f"{__doc__}\nMetrics, which of their values are good, and what they are:\n{metrics.describe()}"
    evaluate(read_options(Options, "evaluate", arguments, about))


def evaluate(options: Options) -> dict[str, Any]:
    """Measure, write the report and print the table; returns what metrics.json holds.

    Raises:
        UserError: if the source, the data or the ruler cannot be used.
    """
    start = time.monotonic()
    with distribution.shared_work("Start all of them again.") as cluster:
        if not is_translator(options.source):
            with cluster.agreed():
                evaluation = prepare(options)
            result, out = evaluation.run(), evaluation.out
            text = report.table(result)
        elif cluster.is_chief:  # alone: these are few images
            with distribution.Cluster().sharing():
                result, text, out = of_translations(options)
    if not cluster.is_chief:
        print("Measured; the first worker says what.")
        return {}
    print(f"{text}\n\nIn {out}: metrics.json, metrics.jsonl, report.png ({time.monotonic() - start:.0f} s)")
    return result


def of_translations(options: Options) -> tuple[dict[str, Any], str, Path]:
    """Measure a run that translates; returns what metrics.json holds, the table, and the folder."""
    others = [
        field.name for field in fields(Options) if field.name not in ("source", "samples", "data_dir", "out", "seed")
    ]
    if given := [flag(name) for name in others if getattr(options, name) != getattr(Options, name)]:
        raise UserError(f"{options.source} translates images, which is measured without {', '.join(given)}.")
    dataset, out = run_folder.load_data(options.source, options.data_dir), options.out or options.source
    result = translation.evaluate(options.source, dataset, options.samples, options.seed, out)
    return result, translation.table(result), out


def prepare(options: Options) -> Evaluation:
    """Return the evaluation that the options ask for; what is not given is the run's own, where there is a run.

    Raises:
        UserError: if the source, the data or the ruler cannot be used.
    """
    place = options.source
    if not place.exists():
        raise UserError(f"there is no {place}.")
    source = sources.load(place)
    run = run_folder.containing(place)
    saved: dict[str, Any] = run_folder.read(run) if run else {"options": {"dataset": "", "data_dir": None}}
    name, data_dir = saved["options"]["dataset"], saved["options"]["data_dir"]
    if options.dataset not in (None, name):
        name, data_dir = options.dataset, None
    converted = {field.name: saved["options"].get(field.name, field.default) for field in fields(data.Conversion)}
    dataset = data.load(name, options.data_dir or (data_dir and Path(data_dir)), data.Conversion(**converted))
    trained_on = saved.get("data", dataset.facts())
    if trained_on["name"] == dataset.name and trained_on["sha256"] != dataset.facts()["sha256"]:
        print(f"Note: {run} was trained on {trained_on['source']}, and is measured with {dataset.source}.")
    # Only a run's own generator stands for the run: other sources in its folder must not overwrite its metrics.
    own = run if run and place in (run, run / "generator") else place.with_name(f"{place.stem}-metrics")
    return Evaluation(
        source=source,
        dataset=dataset,
        ruler=ruler.load(options.features, dataset, options.classifier),
        out=options.out or own,
        samples=options.samples,
        labelled=options.labelled,
        repeats=options.repeats,
        seed=options.seed,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
