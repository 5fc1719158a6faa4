"""The pictures of a comparison: quality and samples against time."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
from matplotlib.figure import Figure

from gan_keras.evaluation import live
from gan_keras.ui import files, pictures

CURVES = {
    "fid_mnist": f"fid_mnist of {live.SAMPLES:,} samples (low is good)",
    "sfid_mnist": f"sfid_mnist of {live.SAMPLES:,} samples (low is good)",
    "score_mnist": f"score_mnist of {live.SAMPLES:,} samples (high is good)",
}
SHORT = 2  # minutes; shorter runs are shown in seconds
COLUMNS = 5  # points in time in the picture of samples
DIGITS = 4  # digits on each side of the square that is shown

Curve = Sequence[dict[str, float]]  # a point for each frame: "minutes", and values by name


def save_curves(path: Path, runs: Sequence[tuple[str, Curve]]) -> None:
    """Plot each of `CURVES` against the time of training: a line for each run, a colour for each model."""
    models = list(dict.fromkeys(model for model, _ in runs))
    short = max(curve[-1]["minutes"] for _, curve in runs) < SHORT
    unit, scale = ("seconds", 60) if short else ("minutes", 1)
    figure = Figure(figsize=(14, 4.5), layout="constrained")
    for axes, (name, title) in zip(figure.subplots(1, len(CURVES)), CURVES.items(), strict=True):
        for model, curve in runs:
            points = [(scale * point["minutes"], point[name]) for point in curve if name in point]
            axes.plot(*zip(*points, strict=True), marker=".", color=f"C{models.index(model)}")
        axes.set(title=title, xlabel=f"{unit} of training", yscale="linear" if name == "score_mnist" else "log")
        axes.grid(alpha=0.3)
    for index, model in enumerate(models):
        axes.plot([], [], color=f"C{index}", label=model)
    figure.legend(loc="outside lower center", ncols=min(5, len(models)))
    with files.replacing(path) as temporary:
        figure.savefig(temporary, dpi=120)


def save_samples(path: Path, runs: Mapping[str, tuple[Path, Curve]]) -> None:
    """Show samples of a run of each model in a row, with a column for each of some points in time.

    Each row shows the samples nearest to the time of the column. A run that ended before has an empty cell there.

    Args:
        path: the PNG.
        runs: model → the folder of its run and the run's curve.
    """
    minutes = {model: [point["minutes"] for point in curve] for model, (_, curve) in runs.items()}
    times, frames = timetable(minutes)
    figure = Figure(figsize=(2 * len(times) + 0.5, 2.1 * len(runs) + 0.3), layout="constrained")
    cells = figure.subplots(len(runs), len(times), squeeze=False)
    for row, (model, (folder, _)) in zip(cells, runs.items(), strict=True):
        for axes, frame in zip(row, frames[model], strict=True):
            if frame is None:
                axes.set_facecolor("none")
                axes.spines[:].set_visible(False)
            else:
                picture = corner(imageio.imread(folder / "samples" / f"epoch_{frame + 1:04d}.png"))
                axes.imshow(picture, cmap="gray", vmin=0, vmax=255)
            axes.set(xticks=[], yticks=[])
        row[0].set_ylabel(textwrap.fill(model, 20))
    for axes, moment in zip(cells[0], times, strict=True):
        axes.set_title(f"{moment:.1f} min" if moment >= 1 else f"{60 * moment:.2g} s")
    with files.replacing(path) as temporary:
        figure.savefig(temporary, dpi=100)


def timetable(minutes: Mapping[str, Sequence[float]]) -> tuple[list[float], dict[str, list[int | None]]]:
    """Return points in time, further and further apart, and which frame each model shows at each of them.

    A frame is shown once, at the time that is nearest to it; a time at which no model has a frame is left out.
    """
    times = np.geomspace(min(each[0] for each in minutes.values()), max(each[-1] for each in minutes.values()), COLUMNS)
    frames: dict[str, list[int | None]] = {}
    for model, each in minutes.items():
        apart = np.abs(np.subtract.outer(np.array(each), times))  # [frames, times]
        nearest_frame, nearest_time = apart.argmin(axis=0), apart.argmin(axis=1)
        frames[model] = [
            int(frame) if nearest_time[frame] == column else None for column, frame in enumerate(nearest_frame)
        ]
    used = [column for column in range(COLUMNS) if any(row[column] is not None for row in frames.values())]
    return [float(times[column]) for column in used], {
        model: [row[column] for column in used] for model, row in frames.items()
    }


def corner(grid: np.ndarray) -> np.ndarray:
    """Return the first digits of a picture of many."""
    side = DIGITS * pictures.ZOOM * (28 + pictures.MARGIN)
    return grid[:side, :side]
