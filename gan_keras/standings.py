"""What a comparison shows: the paper's Tables 2 and 3, a plot of quality against time, and samples against time."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import imageio.v3 as imageio
import numpy as np
from matplotlib.figure import Figure

from gan_keras import files, pictures

QUALITY = {  # Table 2: what to show under which title
    "fid_mnist": "FID (digit features)",
    "score_mnist": "score (digit classes)",
    "epochs": "epochs reached",
    "minutes": "minutes",
    "accuracy": "discriminator's accuracy",
    "label_accuracy": "label accuracy",
}
DISCRIMINATOR = {  # Table 3
    "discriminator_real_accuracy": "accuracy on real",
    "discriminator_fake_accuracy": "accuracy on fake",
    "discriminator_f1": "F1",
}
COLUMNS = 5  # points in time of the picture of samples
DIGITS = 4  # of a side of the square that is shown of a grid of samples

Values = dict[str, tuple[float, float | None]]  # mean and standard deviation; None if there is one seed only
Published = dict[str, dict[str, str]]  # values from elsewhere, by model and column


def write(folder: Path, result: dict[str, Any], runs: Sequence[dict], command: str, published: Published) -> None:
    """Write comparison.md, curves.png and samples.png of the runs that are measured so far."""
    by_model: dict[str, list[dict]] = {}
    for run in runs:
        by_model.setdefault(run["model"], []).append(run)
    with files.replacing(folder / "comparison.md") as temporary:
        temporary.write_text(text(result, by_model, command, published))
    save_curves(folder / "curves.png", {model: [run["curve"] for run in group] for model, group in by_model.items()})
    save_progress(folder / "samples.png", {model: group[0] for model, group in by_model.items()})


def text(result: dict[str, Any], by_model: dict[str, list[dict]], command: str, published: Published) -> str:
    """Return both tables in Markdown, and how they were made."""
    versions, samples = result["versions"], result["terms"]["samples"]
    seeds = max(len(group) for group in by_model.values())
    spread = f"Mean ± standard deviation over {seeds} seeds" if seeds > 1 else "One seed"
    rows = {model: summary([run["values"] for run in group]) for model, group in by_model.items()}
    real = {name: (value, None) for name, value in next(iter(by_model.values()))[0]["real"].items()}
    lines = [
        "# Comparison",
        "",
        f"`{command}`",
        "",
        f"{time.strftime('%Y-%m-%d')}; {versions['machine']}; TensorFlow {versions['tensorflow']}, "
        f"{versions['native_precision']}. {spread}, {samples:,} samples of each run. Values from other features or "
        "another number of samples do not compare with these.",
        "",
        "## Table 2: quality",
        "",
        *table(QUALITY, rows | {"*real digits*": real}, published),
        "",
        "## Table 3: the discriminator",
        "",
        *table(DISCRIMINATOR, rows, published),
        "",
        "A Wasserstein critic scores, and no value of it says that an image is real: its accuracies mean little.",
    ]
    return "\n".join(lines) + "\n"


def summary(values: Sequence[dict[str, float]]) -> Values:
    """Return mean and standard deviation of each value over the runs of a model."""
    columns = {name: [one[name] for one in values] for name in values[0]}
    return {
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
    """Return a mean, to three digits or two decimals, with its deviation."""
    decimals = min(3, max(0, 2 - int(np.floor(np.log10(abs(mean)))))) if mean else 2
    return f"{mean:.{decimals}f}" + ("" if deviation is None else f" ± {deviation:.{decimals}f}")


def save_curves(path: Path, curves: dict[str, list[list[dict[str, float]]]]) -> None:
    """Plot the Fréchet distance and the score against the minutes of training: a line for each model and seed."""
    figure = Figure(figsize=(11, 4.5), layout="constrained")
    distance, score = figure.subplots(1, 2)
    for index, (model, seeds) in enumerate(curves.items()):
        for axes, name in ((distance, "fid_mnist"), (score, "score_mnist")):
            for number, curve in enumerate(seeds):
                minutes, values = ([point[column] for point in curve] for column in ("minutes", name))
                axes.plot(minutes, values, marker=".", color=f"C{index}", label=None if number else model)
    distance.set(title="Fréchet distance of digit features (lower is better)", yscale="log")
    score.set(title="Score of digit classes (higher is better)")
    for axes in (distance, score):
        axes.set(xlabel="minutes of training")
        axes.grid(alpha=0.3)
        axes.legend()
    with files.replacing(path) as temporary:
        figure.savefig(temporary, dpi=120)


def save_progress(path: Path, runs: dict[str, dict]) -> None:
    """Show samples of a run of each model in a row, at points in time that grow apart."""
    figure = Figure(figsize=(2 * COLUMNS, 2.2 * len(runs)), layout="constrained")
    grid = figure.subplots(len(runs), COLUMNS, squeeze=False)
    for row, (model, run) in zip(grid, runs.items(), strict=True):
        frames = sorted((Path(run["folder"]) / "samples").glob("epoch_*.png"))
        last = len(frames) - 1
        for axes, share in zip(row, np.geomspace(min(0.1, 1 / last), 1, COLUMNS), strict=True):
            frame = round(share * last)
            axes.imshow(corner(imageio.imread(frames[frame])), cmap="gray")
            minutes = run["values"]["minutes"] * frame / last
            axes.set(title=f"{minutes:.1f} min", xticks=[], yticks=[])
        row[0].set_ylabel(model)
    with files.replacing(path) as temporary:
        figure.savefig(temporary, dpi=100)


def corner(grid: np.ndarray) -> np.ndarray:
    """Return the first digits of a picture of many."""
    side = DIGITS * pictures.ZOOM * (28 + pictures.MARGIN)
    return grid[:side, :side]
