"""The study: does synthetic data help a classifier that has few labelled images?

All random numbers of a cell follow from its seed, so that it gives the same accuracy whenever it is made.
"""

import gc
import json
import logging
import time
from typing import Any

import keras
import numpy as np

from gan_keras import data
from gan_keras.comparison import study_classifier, study_report
from gan_keras.comparison.records import check_terms
from gan_keras.comparison.study_classifier import chosen
from gan_keras.comparison.study_data import Parts, classified, drawn, trained
from gan_keras.comparison.study_plan import METHODS, Cell, Options, cells
from gan_keras.training import callbacks, setup
from gan_keras.ui import files
from gan_keras.ui.console import UserError

FILE = "augmentation.json"


def study(options: Options) -> dict[str, Any]:
    """Make the cells that are missing, and write all files after each; returns what augmentation.json holds.

    Raises:
        UserError: for options or data that do not fit together, before anything is trained.
        KeyboardInterrupt: after Ctrl-C; what was made before is kept.
    """
    # Several models compile the same functions of Keras; TensorFlow warns about it as if it were a mistake.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    files.check_name(options.out)
    dataset = data.load(options.dataset, options.data_dir, options)
    parts = divide(options, dataset)
    result = load_or_begin(options, dataset)
    asked = cells(options)
    with files.locked(options.out):
        files.write_json(options.out / FILE, result)
        try:
            for number, cell in enumerate(asked, start=1):
                if not recorded(result, cell):
                    print(f"\n[{number} of {len(asked)}] {cell.method}, {cell.labels:,} labels, seed {cell.seed}")
                    values = measure(cell, parts, options)
                    print(values.get("failed") or f"{values['accuracy']:.2%} of the test images right", flush=True)
                    result["cells"].append(cell._asdict() | values | {"date": time.strftime("%Y-%m-%d")})
                    files.write_json(options.out / FILE, result)
                    study_report.save(result, options)
                    keras.backend.clear_session()
                    gc.collect()
        except KeyboardInterrupt:
            print("The same command of gan_keras.augment goes on.")
            raise
        study_report.save(result, options)  # fewer methods or labels than before make another table
    return result


def divide(options: Options, dataset: data.Dataset) -> Parts:
    """Return the parts of a data set.

    Raises:
        UserError: if there are no labels, no test images, or fewer images than are to be labelled.
    """
    parts = Parts.of(dataset)
    if parts.classes < 2 or not len(parts.test.images):
        raise UserError(f"the study needs labels and test images, and these are {dataset.describe()}.")
    for count in options.labels:
        if not parts.classes <= count <= len(parts.pool.images):
            raise UserError(
                f"--labels has {count}; it must be from {parts.classes} classes to {len(parts.pool.images)} images, "
                "which are left beside those that validate."
            )
    return parts


def load_or_begin(options: Options, dataset: data.Dataset) -> dict[str, Any]:
    """Return what augmentation.json holds: that of this study so far, or of a new one.

    Raises:
        UserError: if the folder holds a study on other terms, or something else.
    """
    terms = {
        "data": dataset.sha256,
        "test_images": len(dataset.test.images),
        "gan_steps": options.gan_steps,
        "classifier_steps": options.classifier_steps,
        "classifier_filters": list(study_classifier.FILTERS),
    }
    path = options.out / FILE
    if path.exists():
        try:
            result = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise UserError(f"{path} is damaged ({error}). Give another --out.") from None
        if not is_sound(result):
            raise UserError(f"{path} is damaged: a part of it is missing or of another kind. Give another --out.")
        check_terms(f"the study in {options.out}", result["terms"], terms)
        return result
    if options.out.exists() and (not options.out.is_dir() or not all(map(files.is_ours, options.out.iterdir()))):
        raise UserError(f"{options.out} is not empty and holds no study. Give another --out.")
    return {"terms": terms, **setup.facts(dataset, None), "cells": []}


def is_sound(result: Any) -> bool:
    """Return whether this is what a study writes: its terms, versions, data, and cells that are measured or failed."""
    if not isinstance(result, dict) or not isinstance(result.get("cells"), list):
        return False
    facts = all(isinstance(result.get(name), dict) for name in ("terms", "versions", "data"))
    return facts and all(
        isinstance(cell, dict)
        and {*Cell._fields, "date"} <= cell.keys()
        and (isinstance(cell.get("failed"), str) or isinstance(cell.get("accuracy"), float))
        for cell in result["cells"]
    )


def recorded(result: dict[str, Any], cell: Cell) -> dict[str, Any] | None:
    """Return the record of a cell that was made before."""
    return next((one for one in result["cells"] if Cell(*(one[name] for name in Cell._fields)) == cell), None)


def measure(cell: Cell, parts: Parts, options: Options) -> dict[str, Any]:
    """Train what a cell needs, and return its values; a cell whose GAN diverged has "failed" instead of an accuracy."""
    method, run = METHODS[cell.method], None
    if method.gan:
        try:
            run = trained(method.gan, cell, parts, options.gan_steps, options.out)
        except callbacks.Diverged as error:
            return {"failed": error.cause}
        if method.of_gan:
            return {"accuracy": float(np.mean(classified(run, parts.test.images) == parts.test.labels))}
    return chosen(
        parts.labelled(cell.labels, cell.seed),
        drawn(run, cell.seed) if run else None,
        parts,
        moves=method.moves,
        steps=options.classifier_steps,
        seed=cell.seed,
    )
