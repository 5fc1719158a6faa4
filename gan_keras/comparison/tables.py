"""The tables of a comparison: the paper's Tables 2 and 3, with its own values beside the measured ones."""

import csv
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gan_keras.ui.console import UserError

PAPER = Path(__file__).with_name("paper.csv")
# The values of the paper's Table 2, and more.
QUALITY = ("fid_mnist", "sfid_mnist", "score_mnist", "epochs", "minutes", "accuracy", "label_accuracy", "runs")
ACCURACIES = ("discriminator_real_accuracy", "discriminator_fake_accuracy")
DISCRIMINATOR = (*ACCURACIES, "discriminator_f1")  # Table 3
NOTE = (
    "The paper (A. V. Patil, Adversarial Insights: Leveraging GANs for Handwritten Digits) does not say which features "
    "its FID and score use, of how many samples or over how many runs. Only its order of models can be compared with "
    "this one; its numbers cannot."
)

Values = dict[str, tuple[float, float | None]]  # name → mean and standard deviation; None for a single run
Published = dict[str, dict[str, str]]  # model → name → published value


def published(path: Path | None, compared: Collection[str]) -> Published:
    """Return published values by model and name; those of the paper if no other file is given.

    Raises:
        UserError: if the file does not exist, has no column `model`, or has a column that no table has.
    """
    try:
        with (path or PAPER).open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="")
            columns, rows = reader.fieldnames or [], list(reader)
    except FileNotFoundError:
        raise UserError(f"there is no file {path}.") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} cannot be read as CSV ({error}).") from None
    known = [*QUALITY, *DISCRIMINATOR]
    if "model" not in columns or set(columns) - {"model", *known}:
        raise UserError(f"{path} has the columns {', '.join(columns)}; it must have model, and any of {known}.")
    values = {row["model"].strip(): {name: row[name].strip() for name in columns} for row in rows}
    if path and (others := values.keys() - compared):
        print(f"Note: {path} has values of {', '.join(sorted(others))}, which --models does not name.")
    return values


def text(
    result: dict[str, Any],
    records: Sequence[dict[str, Any]],
    command: str,
    published: Published,
    file: Path | None = None,
) -> str:
    """Return both tables in Markdown, and how they were made.

    Args:
        result: what comparison.json holds.
        records: those of its runs that the tables are about.
        command: the command that made the comparison.
        published: values to show beside the measured ones.
        file: where these come from; by default the paper.
    """
    by_model: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        if "failed" not in record:
            by_model.setdefault(record["model"], []).append(record)
    failed = [f"{record['model']}, seed {record['options']['seed']}" for record in records if "failed" in record]
    versions, terms = result["versions"], result["terms"]
    rows = {model: summary([record["values"] for record in group]) for model, group in by_model.items()}
    floor = {name: value for group in by_model.values() for name, value in group[0]["real"].items()}
    days = sorted({record["date"].split()[0] for group in by_model.values() for record in group})
    where = f"`{file.name}`" if file else "the paper"
    lines = [
        "# Comparison",
        "",
        f"`{command}`",
        "",
        f"{' to '.join(days[:1] + days[1:][-1:])}; {versions['machine']}; TensorFlow {versions['tensorflow']}, "
        f"{versions['native_precision']}. Mean ± standard deviation over the runs, {terms['samples']:,} samples of "
        f"each, digit features {terms['ruler'][:12]}. Values from other features or another number of samples do not "
        "compare with these.",
        "",
        "## Table 2: quality",
        "",
        *table(
            QUALITY, rows | {"*real digits*": {name: (value, None) for name, value in floor.items()}}, published, where
        ),
        "",
        *([NOTE, ""] if file is None and any(model in rows for model in published) else []),
        *([f"The training diverged: {'; '.join(failed)}.", ""] if failed else []),
        "## Table 3: the discriminator",
        "",
        *table(DISCRIMINATOR, rows, published, where),
        "",
        "A Wasserstein critic or a relativistic discriminator has no value above which an image is real, and so no "
        "accuracy.",
    ]
    points = {model: [point for record in group for point in record["curve"]] for model, group in by_model.items()}
    if unwatched := [model for model in points if not any("fid_mnist" in point for point in points[model])]:
        lines += ["", f"Trained without --evaluate-every, and so not in curves.png: {', '.join(unwatched)}."]
    return "\n".join(lines) + "\n"


def summary(values: Sequence[dict[str, float]]) -> Values:
    """Return mean and standard deviation of each value over the runs of a model, and the number of `runs`."""
    columns = {name: [one[name] for one in values] for name in values[0]}
    return {"runs": (len(values), None)} | {
        name: (float(np.mean(column)), float(np.std(column, ddof=1)) if len(column) > 1 else None)
        for name, column in columns.items()
    }


def table(names: Sequence[str], rows: dict[str, Values], published: Published, where: str) -> list[str]:
    """Return the lines of a Markdown table, without empty columns."""
    columns = {}
    for name in names:
        columns[f"`{name}`"] = [number(*row[name]) if name in row else "" for row in rows.values()]
        columns[f"`{name}` in {where}"] = [published.get(model, {}).get(name, "") for model in rows]
    columns = {title: cells for title, cells in columns.items() if any(cells)}
    body = zip(rows, *columns.values(), strict=True)
    return [f"| {' | '.join(cells)} |" for cells in (["model", *columns], ["---"] * (1 + len(columns)), *body)]


def number(mean: float, deviation: float | None) -> str:
    """Return a mean, to three digits but no more than three decimals, with its deviation; a count as it is."""
    if isinstance(mean, int):
        return str(mean)
    decimals = min(3, max(0, 2 - int(np.floor(np.log10(abs(mean)))))) if mean else 2
    return f"{mean:.{decimals}f}" + ("" if deviation is None else f" ± {deviation:.{decimals}f}")
