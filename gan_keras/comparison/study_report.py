"""What the study found: its table, the shares that validation chose, and a plot."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from gan_keras.comparison.study_plan import METHODS, Cell, Options, cells
from gan_keras.comparison.tables import number
from gan_keras.options import command
from gan_keras.ui import files

Record = dict[str, Any]
Groups = dict[str, dict[int, list[Record]]]  # method → number of labels → the records of its seeds


def save(result: dict[str, Any], options: Options) -> None:
    """Write augmentation.md and augmentation.png of the cells that a command asks for, as far as they are made."""
    asked = cells(options)
    made = [one for one in result["cells"] if Cell(*(one[name] for name in Cell._fields)) in asked]
    groups: Groups = {method: {labels: [] for labels in options.labels} for method in options.methods}
    for one in made:
        if "failed" not in one:
            groups[one["method"]][one["labels"]].append(one)
    failed = [f"{one['method']}, {one['labels']:,} labels, seed {one['seed']}" for one in made if "failed" in one]
    files.write_text(options.out / "augmentation.md", text(result, groups, failed, options))
    if len(failed) < len(made):
        plot(groups, options)


def text(result: dict[str, Any], groups: Groups, failed: list[str], options: Options) -> str:
    """Return the tables in Markdown, what their rows mean, and how they were made."""
    versions, terms, facts = result["versions"], result["terms"], result["data"]
    days = sorted({one["date"] for columns in groups.values() for group in columns.values() for one in group})
    lines = [
        "# Augmentation",
        "",
        f"`{command('augment', **vars(options))}`",
        "",
        f"{' to '.join(days[:1] + days[1:][-1:])}; {versions['machine']}; TensorFlow {versions['tensorflow']}, "
        f"{versions['native_precision']}. {facts['name']}: accuracy in % on {terms['test_images']:,} test images after "
        f"{terms['classifier_steps']:,} steps of each classifier and {terms['gan_steps']:,} of each GAN; mean ± "
        "standard deviation over the seeds, each with other labelled images.",
        "",
        *table("labelled images", groups, accuracy),
        "",
    ]
    mixing = {method: columns for method, columns in groups.items() if METHODS[method].mixes}
    if mixing:
        lines += ["The shares of synthetic images that validation images chose, seed by seed:", ""]
        lines += [*table("labelled images", mixing, shares), ""]
    lines += [f"- `{method}`: {METHODS[method].about}" for method in groups]
    if failed:
        lines += ["", f"The GAN's training diverged: {'; '.join(failed)}."]
    return "\n".join(lines) + "\n"


def table(corner: str, groups: Groups, cell: Callable[[list[Record]], str]) -> list[str]:
    """Return the lines of a Markdown table with a row for each method."""
    head = [corner, *(f"{labels:,}" for labels in next(iter(groups.values())))]
    body = [[f"`{method}`", *map(cell, columns.values())] for method, columns in groups.items()]
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *body)]


def accuracy(group: list[Record]) -> str:
    """Return the mean accuracy of some records in %, with the deviation if there are several."""
    return number(*spread(group)) if group else ""


def shares(group: list[Record]) -> str:
    """Return the share that each seed chose."""
    return ", ".join(f"{one['share']:g}" for one in sorted(group, key=lambda one: one["seed"]))


def spread(group: list[Record]) -> tuple[float, float | None]:
    """Return the mean of some accuracies in %, and their deviation; None for a single one."""
    values = [100 * one["accuracy"] for one in group]
    return float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else None


def plot(groups: Mapping[str, Mapping[int, list[Record]]], options: Options) -> None:
    """Plot the accuracy against the number of labelled images: a line for each method, with its deviation."""
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    for index, (method, columns) in enumerate(groups.items()):
        points = [(labels, *spread(columns[labels])) for labels in sorted(columns) if columns[labels]]
        if points:
            labels, means, deviations = zip(*points, strict=True)
            # Lines that would hide each other's bars stand a little apart.
            places = np.array(labels) * 1.02 ** (index - len(groups) / 2)
            bars = [deviation or 0 for deviation in deviations]
            axes.errorbar(places, means, bars, marker=".", capsize=2, label=method)
    axes.set(xscale="log", xlabel="labelled images", ylabel="test images right, %")
    axes.set_xticks(sorted(options.labels), [f"{labels:,}" for labels in sorted(options.labels)])
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(alpha=0.3)
    axes.legend()
    with files.replacing(options.out / "augmentation.png") as temporary:
        figure.savefig(temporary, dpi=120)
