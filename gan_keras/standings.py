"""What a comparison shows: the paper's Tables 2 and 3, a plot of quality against time, and samples against time."""

import csv
import textwrap
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import imageio.v3 as imageio
import numpy as np
from matplotlib.figure import Figure

from gan_keras import files, pictures, watch
from gan_keras.console import UserError

QUALITY = {  # Table 2: what to show under which title
    "fid_mnist": "FID (digit features)",
    "score_mnist": "score (digit classes)",
    "epochs": "epochs reached",
    "minutes": "minutes",
    "accuracy": "discriminator's accuracy",
    "label_accuracy": "label accuracy",
    "runs": "runs",
}
DISCRIMINATOR = {  # Table 3
    "discriminator_real_accuracy": "accuracy on real",
    "discriminator_fake_accuracy": "accuracy on fake",
    "discriminator_f1": "F1",
}
CURVES = {
    "fid_mnist": f"Fréchet distance of digit features, {watch.SAMPLES:,} samples (lower is better)",
    "score_mnist": f"Score of digit classes, {watch.SAMPLES:,} samples (higher is better)",
}
COLUMNS = 5  # points in time of the picture of samples
DIGITS = 4  # of a side of the square that is shown of a grid of samples

Values = dict[str, tuple[float, float | None]]  # mean and standard deviation; None if there is one seed only
Published = dict[str, dict[str, str]]  # values from elsewhere, by model and column


def read_published(path: Path, compared: Collection[str]) -> Published:
    """Return a table of published values by model and column.

    Raises:
        UserError: if there is no such file, or it has no column `model`, or one that no table has.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="")
            columns, rows = reader.fieldnames or [], list(reader)
    except FileNotFoundError:
        raise UserError(f"there is no file {path}.") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} cannot be read as CSV ({error}).") from None
    known = [*QUALITY, *DISCRIMINATOR]
    if "model" not in columns or set(columns) - {"model", *known}:
        raise UserError(f"{path} has the columns {', '.join(columns)}; it must have model, and any of {known}.")
    published = {row["model"].strip(): {name: row[name].strip() for name in columns} for row in rows}
    if others := published.keys() - compared:
        print(f"Note: {path} has values of {', '.join(sorted(others))}, which --models does not name.")
    return published


def write(
    folder: Path, result: dict[str, Any], runs: Sequence[tuple[dict, Path]], command: str, published: Published
) -> None:
    """Write comparison.md, curves.png and samples.png of runs: what comparison.json holds of each, and its folder."""
    by_model: dict[str, list[dict]] = {}
    folders: dict[str, Path] = {}  # of each model's first run
    for run, place in runs:
        if "failed" not in run:
            by_model.setdefault(run["model"], []).append(run)
            folders.setdefault(run["model"], place)
    failed = [f"{run['model']}, seed {run['options']['seed']}" for run, _ in runs if "failed" in run]
    with files.replacing(folder / "comparison.md") as temporary:
        temporary.write_text(text(result, by_model, failed, command, published))
    if by_model:
        curves = {model: [run["curve"] for run in group] for model, group in by_model.items()}
        save_curves(folder / "curves.png", curves)
        save_progress(folder / "samples.png", {model: (folders[model], curves[model][0]) for model in curves})


def text(
    result: dict[str, Any], by_model: dict[str, list[dict]], failed: list[str], command: str, published: Published
) -> str:
    """Return both tables in Markdown, and how they were made."""
    versions, terms = result["versions"], result["terms"]
    rows = {model: summary([run["values"] for run in group]) for model, group in by_model.items()}
    floor = {name: value for group in by_model.values() for name, value in group[0]["real"].items()}
    days = sorted({run["date"].split()[0] for group in by_model.values() for run in group})
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
        *table(QUALITY, rows | {"*real digits*": {name: (value, None) for name, value in floor.items()}}, published),
        "",
        *([f"No number any more, at some step: {'; '.join(failed)}.", ""] if failed else []),
        "## Table 3: the discriminator",
        "",
        *table(DISCRIMINATOR, rows, published),
        "",
        "A Wasserstein critic or a relativistic discriminator has no value from which on an image is real: its "
        "accuracies mean little.",
    ]
    points = {model: [point for run in group for point in run["curve"]] for model, group in by_model.items()}
    if unwatched := [model for model in points if not any("fid_mnist" in point for point in points[model])]:
        lines += ["", f"Trained without --evaluate-every, and so not in curves.png: {', '.join(unwatched)}."]
    return "\n".join(lines) + "\n"


def summary(values: Sequence[dict[str, float]]) -> Values:
    """Return mean and standard deviation of each value over the runs of a model, and how many `runs` there are."""
    columns = {name: [one[name] for one in values] for name in values[0]}
    return {"runs": (len(values), None)} | {
        name: (float(np.mean(column)), float(np.std(column, ddof=1)) if len(column) > 1 else None)
        for name, column in columns.items()
    }


def table(titles: dict[str, str], rows: dict[str, Values], published: Published) -> list[str]:
    """Return the lines of a Markdown table, without the columns in which nothing stands."""
    columns = {}
    for name, title in titles.items():
        columns[title] = [number(*row[name]) if name in row else "" for row in rows.values()]
        columns[f"{title} in the paper"] = [published.get(model, {}).get(name, "") for model in rows]
    columns = {title: cells for title, cells in columns.items() if any(cells)}
    body = zip(rows, *columns.values(), strict=True)
    return [f"| {' | '.join(cells)} |" for cells in (["model", *columns], ["---"] * (1 + len(columns)), *body)]


def number(mean: float, deviation: float | None) -> str:
    """Return a mean, to three digits but no more than three decimals, with its deviation; a count as it is."""
    if isinstance(mean, int):
        return str(mean)
    decimals = min(3, max(0, 2 - int(np.floor(np.log10(abs(mean)))))) if mean else 2
    return f"{mean:.{decimals}f}" + ("" if deviation is None else f" ± {deviation:.{decimals}f}")


def save_curves(path: Path, curves: dict[str, list[list[dict[str, float]]]]) -> None:
    """Plot each of `CURVES` against the minutes of training: a line for each run, a colour for each model."""
    figure = Figure(figsize=(11, 4.5), layout="constrained")
    for axes, (name, title) in zip(figure.subplots(1, len(CURVES)), CURVES.items(), strict=True):
        for index, (model, runs) in enumerate(curves.items()):
            for run, curve in enumerate(runs):
                points = [(point["minutes"], point[name]) for point in curve if name in point]
                axes.plot(*zip(*points, strict=True), marker=".", color=f"C{index}", label=None if run else model)
        axes.set(title=title, xlabel="minutes of training", yscale="log" if name.startswith("fid") else "linear")
        axes.grid(alpha=0.3)
        axes.legend()
    with files.replacing(path) as temporary:
        figure.savefig(temporary, dpi=120)


def save_progress(path: Path, runs: dict[str, tuple[Path, list[dict[str, float]]]]) -> None:
    """Show samples of a run of each model in a row, with a column for each of some points in time.

    The times grow apart, from the first epoch of any to the last; each row shows its samples from nearest to them.
    """
    first, last = ([curve[epoch]["minutes"] for _, curve in runs.values()] for epoch in (0, -1))
    times = np.geomspace(min(first), max(last), COLUMNS)
    figure = Figure(figsize=(2 * COLUMNS, 2.2 * len(runs)), layout="constrained")
    for row, (model, (folder, curve)) in zip(
        figure.subplots(len(runs), COLUMNS, squeeze=False), runs.items(), strict=True
    ):
        minutes = [point["minutes"] for point in curve]
        for axes, moment in zip(row, times, strict=True):
            epoch = int(np.abs(np.subtract(minutes, moment)).argmin())
            samples = corner(imageio.imread(folder / "samples" / f"epoch_{epoch + 1:04d}.png"))
            axes.imshow(samples, cmap="gray", vmin=0, vmax=255)
            axes.set(title=f"{minutes[epoch]:.1f} min", xticks=[], yticks=[])
        row[0].set_ylabel(textwrap.fill(model, 20))
    with files.replacing(path) as temporary:
        figure.savefig(temporary, dpi=100)


def corner(grid: np.ndarray) -> np.ndarray:
    """Return the first digits of a picture of many."""
    side = DIGITS * pictures.ZOOM * (28 + pictures.MARGIN)
    return grid[:side, :side]
