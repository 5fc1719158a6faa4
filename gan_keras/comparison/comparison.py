"""A comparison: its runs are trained and measured one after the other, and can be interrupted at any time."""

import gc
import json
import logging
from typing import Any

import keras
import numpy as np

from gan_keras import data
from gan_keras.comparison import plots, tables
from gan_keras.comparison.options import Options
from gan_keras.comparison.plan import Run, folder_name, plan, within_terms
from gan_keras.comparison.records import check_terms, is_sound
from gan_keras.evaluation import classifier, report, ruler, sources
from gan_keras.evaluation.evaluation import Evaluation
from gan_keras.options import command, flag
from gan_keras.training import callbacks, history, setup
from gan_keras.training.run import run as train
from gan_keras.ui import files
from gan_keras.ui.console import UserError


def compare(options: Options) -> dict[str, Any]:
    """Train what is not trained yet, measure it, and write comparison.json, tables and pictures after each run.

    Raises:
        UserError: for options or data that do not fit together, before anything is trained.
        KeyboardInterrupt: after Ctrl-C, when what can be saved is saved.
    """
    # Several models compile the same functions of Keras; TensorFlow warns about it as if it were a mistake.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    runs = plan(options)
    published = tables.published(options.paper, {run.model for run in runs})
    dataset = data.load("mnist", options.data_dir)
    for run in runs:
        whole = dataset if run.facts else run.options.complete(dataset)
        setup.check_data(run.options, whole, run.facts)
    result = load_or_begin(options, dataset)
    try:
        runs = within_terms(options, runs, dataset, result["seconds_per_step"])
        save(options, result)
        missing = [run for run in runs if recorded(result, run) is None]
        for run in missing:
            print(f"\n[{runs.index(run) + 1} of {len(runs)}] {run.model}, seed {run.options.seed}", flush=True)
            result["runs"].append(measure(options, run, dataset))
            save(options, result)
            show(options, result, runs, published)
            keras.backend.clear_session()
            gc.collect()
    except KeyboardInterrupt:
        print("The same command of gan_keras.compare continues the whole comparison.")
        raise
    if not missing:  # other published values, or fewer models than before, make other tables
        show(options, result, runs, published)
    return result


def load_or_begin(options: Options, dataset: data.Dataset) -> dict[str, Any]:
    """Return what comparison.json holds: that of this comparison so far, or of a new one.

    Raises:
        UserError: if the folder holds a comparison on other terms, or something else.
    """
    terms = {
        "budget_seconds": options.seconds,
        "epochs": options.epochs,
        "samples": min(options.samples, len(dataset.test.images)),
        "data": dataset.facts()["sha256"],
        "ruler": classifier.load_for(dataset).sha256,
    }
    path = options.out / "comparison.json"
    if path.exists():
        try:
            result = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise UserError(f"{path} is damaged ({error}). Give another --out.") from None
        if not is_sound(result):
            raise UserError(f"{path} is damaged: a part of it is missing or of another kind. Give another --out.")
        check_terms(f"the comparison in {options.out}", result["terms"], terms)
        return result
    if options.out.exists() and (not options.out.is_dir() or any(options.out.iterdir())):
        raise UserError(f"{options.out} is not empty and holds no comparison. Give another --out.")
    return {"terms": terms, **setup.facts(dataset, None), "seconds_per_step": {}, "runs": []}


def recorded(result: dict[str, Any], run: Run) -> dict[str, Any] | None:
    """Return the record of a run that was measured before, or that failed.

    Raises:
        UserError: if that run had other options than this one.
    """
    for one in result["runs"]:
        if (one["model"], one["options"]["seed"]) == (run.model, run.options.seed):
            options = run.options.to_json()
            for name in options.keys() - {"data_dir"}:
                if one["options"].get(name) != options[name]:
                    raise UserError(
                        f"the comparison holds {run.model} with {flag(name)} {one['options'].get(name)}, "
                        f"not {options[name]}. Give another --out."
                    )
            return one
    return None


def measure(options: Options, run: Run, dataset: data.Dataset) -> dict[str, Any]:
    """Train a run if it is not finished, evaluate it, and return its record: values, curve, and options."""
    folder = run.options.folder
    record = {"model": run.model, "options": run.options.to_json()}
    if run.facts is None:
        try:
            train(run.options)
        except callbacks.Diverged as error:
            print(f"{run.model}, seed {run.options.seed}, failed: {error.cause}")
            return record | {"failed": error.cause}
    evaluation = Evaluation(
        source=sources.load(folder),
        dataset=dataset,
        ruler=ruler.load("digits", dataset),
        out=options.out / f"{folder_name(run.model)}-metrics" if run.facts else folder,  # a given run stays as it is
        samples=options.samples,
    )
    evaluated = evaluation.run()
    print(report.table(evaluated))
    rows = history.read(folder / "history.csv")
    images_per_epoch = setup.steps_of_an_epoch(run.options, dataset) * run.options.images_per_step
    minutes = np.cumsum([images_per_epoch / float(row["images_per_second"]) / 60 for row in rows]).tolist()
    values = evaluated["metrics"] | {
        "epochs": len(rows) * images_per_epoch / len(dataset.train.images),
        "minutes": minutes[-1],
    }
    accuracies = [values[name] for name in tables.ACCURACIES if name in values]
    values |= {"accuracy": sum(accuracies) / len(accuracies)} if accuracies else {}
    curve = [
        {"minutes": minute} | {name: float(row[name]) for name in plots.CURVES if row.get(name)}
        for minute, row in zip(minutes, rows, strict=True)
    ]
    return record | {"date": evaluated["date"], "values": values, "real": evaluated["real"], "curve": curve}


def show(options: Options, result: dict[str, Any], runs: list[Run], published: tables.Published) -> None:
    """Write comparison.md, curves.png and samples.png of this command's runs, as far as they are measured."""
    folder = options.out
    records = [(record, run.options.folder) for run in runs if (record := recorded(result, run))]
    files.write_text(
        folder / "comparison.md",
        tables.text(result, [record for record, _ in records], command_line(options), published, options.paper),
    )
    trained = [(record, place) for record, place in records if "failed" not in record]
    if trained:
        plots.save_curves(folder / "curves.png", [(record["model"], record["curve"]) for record, _ in trained])
        first = {record["model"]: (place, record["curve"]) for record, place in reversed(trained)}
        plots.save_samples(folder / "samples.png", dict(reversed(first.items())))


def save(options: Options, result: dict[str, Any]) -> None:
    """Write comparison.json."""
    options.out.mkdir(parents=True, exist_ok=True)
    files.write_json(options.out / "comparison.json", result)


def command_line(options: Options) -> str:
    """Return the command that makes this comparison."""
    return command("compare", **{name: value for name, value in vars(options).items() if value is not None})
