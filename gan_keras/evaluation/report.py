"""The report of an evaluation: a table for the console, and a picture."""

import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gan_keras.evaluation import metrics
from gan_keras.ui import files, pictures

ROWS = 8  # samples of each class
NUMBERS = (  # values on the picture
    "fid",
    "sfid",
    "score",
    "kernel_distance",
    "sliced_wasserstein",
    "precision",
    "recall",
    "coverage",
    "confident_share",
    "near_copies",
    "label_accuracy",
    "classification_accuracy",
    "modes",
)


def table(result: dict[str, Any]) -> str:
    """Return the metrics as text, each beside its standard error, the value of real images, and its meaning."""
    lines = [
        f"{result['source']}: {result['samples']:,} samples",
        f"Ruler: {result['ruler']} features {result['ruler_sha256'][:12]}. Values from other features or another",
        "number of samples do not compare with these.",
        *textwrap.wrap(f"Note: {result['note']}." if result.get("note") else "", 80),
        "",
        f"{'':27}{'value':>8}{'±':>8}{'real':>8} good",
    ]
    for name, value in result["metrics"].items():
        error, floor = (result[column].get(name) for column in ("standard_errors", "real"))
        meaning = metrics.value(name, result["ruler"])
        cells = "".join(f"{'' if cell is None else short(cell):>8}" for cell in (value, error, floor))
        lines.append(f"{name:27}{cells} {meaning.better:4} {meaning.meaning}")
    return "\n".join(lines)


def short(value: float) -> str:
    """Return a number in at most seven characters, with up to three digits."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) < 1e-3 and value:
        return f"{value:.0e}"
    digits = f"{value:.3g}"
    return digits if len(digits) <= 7 else f"{value:.2g}"


def save(
    path: Path,
    result: dict[str, Any],
    *,
    images: np.ndarray,
    classes: np.ndarray | None,
    nearest: np.ndarray,
    neighbours: np.ndarray,
    neighbour_labels: np.ndarray,
) -> None:
    """Draw the picture of an evaluation.

    Args:
        path: the PNG.
        result: what metrics.json holds.
        images: the samples uint8 [count, height, width, channels].
        classes: int [count], as the ruler sees them; None if it does not know the classes of the data.
        nearest: float [count], the distance of each sample to the nearest training image.
        neighbours: that image, for each sample.
        neighbour_labels: int [count], its class.
    """
    shares = result.get("class_shares", {})
    panels: list[tuple[float, Callable[[Axes], None]]] = [(2.4, lambda axes: _numbers(axes, result))]
    if shares:
        panels.append((1.2, lambda axes: _histogram(axes, shares)))
    if "discriminator_real_accuracy" in result["metrics"]:
        panels.append((1.0, lambda axes: _discriminator(axes, result["metrics"])))
    figure = Figure(figsize=(12, 8), layout="constrained")
    figure.suptitle(f"{result['source']}: {result['samples']:,} samples", fontsize=13)
    halves: Any = figure.subfigures(1, 2, width_ratios=[1, 1.1])
    left, right = halves
    upper, lower = left.subplots(2, 1, height_ratios=[ROWS, 2.4])
    by_class = None if classes is None else [np.flatnonzero(classes == number) for number in range(len(shares))]
    _samples(upper, images, by_class)
    _pairs(lower, images, neighbours, nearest, None if by_class is None else neighbour_labels)
    drawn = np.atleast_1d(right.subplots(len(panels), 1, height_ratios=[height for height, _ in panels]))
    for axes, (_, panel) in zip(drawn, panels, strict=True):
        panel(axes)
    with files.replacing(path) as temporary:
        figure.savefig(temporary, dpi=100)


def _show(axes: Axes, images: np.ndarray, columns: int, title: str) -> None:
    axes.imshow(pictures.grid(images, columns), cmap="gray", vmin=0, vmax=255)
    axes.set_title(title, fontsize=11)
    axes.set_axis_off()


def _samples(axes: Axes, images: np.ndarray, by_class: list[np.ndarray] | None) -> None:
    """Show some samples: a column for each class, where the classes are known; one without samples stays black."""
    if by_class is None:
        _show(axes, images[: 10 * ROWS], 10, "Samples")
        return
    columns = []
    for members in by_class[: pictures.MOST_COLUMNS]:
        chosen = images[members[:ROWS]]
        columns.append(np.concatenate([chosen, np.zeros((ROWS - len(chosen), *images.shape[1:]), np.uint8)]))
    _show(axes, np.stack(columns, axis=1).reshape(-1, *images.shape[1:]), len(columns), "Samples, a column per class")


def _pairs(
    axes: Axes, images: np.ndarray, neighbours: np.ndarray, nearest: np.ndarray, labels: np.ndarray | None
) -> None:
    """Show the sample that is nearest to a training image of each class, above that image."""
    if labels is None:
        chosen = np.argsort(nearest)[:10]
    else:
        groups = [np.flatnonzero(labels == label) for label in np.unique(labels)[: pictures.MOST_COLUMNS]]
        chosen = np.array([group[nearest[group].argmin()] for group in groups])
    pairs = np.concatenate([images[chosen], neighbours[chosen]])
    _show(axes, pairs, len(chosen), "Above: the sample nearest to a training image. Below: that image")


def _numbers(axes: Axes, result: dict[str, Any]) -> None:
    """Show the most important values beside those of real images."""
    ruler = result["ruler"]
    rows = []
    for name in NUMBERS:
        name = next(iter(metrics.with_ruler({name: 0.0}, ruler)))  # noqa: PLW2901  (fid → fid_mnist)
        if name in result["metrics"]:
            value, error = result["metrics"][name], result["standard_errors"].get(name)
            shown = short(value) + ("" if error is None else f" ± {short(error)}")
            rows.append([name, shown, short(result["real"][name]), metrics.value(name, ruler).better])
    axes.set_axis_off()
    axes.set_title(f"Measured with {ruler} features {result['ruler_sha256'][:12]}", fontsize=11)
    table = axes.table(
        rows,
        colLabels=["", "samples", "real", "good"],
        colWidths=[0.4, 0.28, 0.2, 0.12],
        cellLoc="center",
        loc="center",
        edges="horizontal",
    )
    table.auto_set_font_size(False)
    table.set_fontsize(10)
    table.scale(1, 1.25)


def _histogram(axes: Axes, shares: Mapping[str, float]) -> None:
    axes.bar(list(shares), list(shares.values()))
    axes.axhline(1 / len(shares), color="grey", linestyle="--", linewidth=1)
    axes.set_title("Share of each class (dashed: all equal)", fontsize=11)
    axes.tick_params(labelsize=9 if len(shares) <= pictures.MOST_COLUMNS else 6)


def _discriminator(axes: Axes, values: Mapping[str, float]) -> None:
    names: Sequence[str] = ("real_accuracy", "fake_accuracy", "precision", "f1")
    labels = ("right on\nreal images", "right on\nsamples", "precision", "F1")
    bars = axes.bar(labels, [values[f"discriminator_{name}"] for name in names], color="tab:green")
    axes.bar_label(bars, fmt="%.2f", fontsize=9)
    axes.axhline(0.5, color="grey", linestyle="--", linewidth=1)
    axes.set_ylim(0, 1.15)
    axes.tick_params(labelsize=9)
    axes.set_title("The discriminator (dashed: it guesses)", fontsize=11)
