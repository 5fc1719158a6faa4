"""What a search found: a table of its trials and a picture of what each option does."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import optuna
from matplotlib.figure import Figure
from optuna.trial import FrozenTrial, TrialState

from gan_keras import models
from gan_keras.options import command, flag
from gan_keras.ui import files

SHOWN = 20  # trials in the table
COLUMNS = 4  # plots in a row
FEWEST = 4  # trials that can say which options matter


def written(model: str, params: Mapping[str, Any]) -> str:
    """Return the options of a trial that are not the model's own, as in "--model proposed --learning-rate 0.002"."""
    own = vars(models.load(model).Config())
    parts = [f"--model {model}"]
    for name, value in params.items():
        if value == own[name]:
            continue
        parts.append(flag(f"no_{name}" if value is False else name))
        if not isinstance(value, bool):
            parts.append(str(value))
    return " ".join(parts)


def save(study: optuna.Study, folder: Path) -> None:
    """Write search.md, search.png, and the best trial's options as best.json, which `--config` takes."""
    files.write_text(folder / "search.md", text(study, folder))
    whole = [trial for trial in study.trials if trial.state is TrialState.COMPLETE]
    if whole:
        best = min(whole, key=lambda trial: trial.values)
        files.write_json(folder / "best.json", {"options": {"model": study.user_attrs["model"], **best.params}})
        with files.replacing(folder / "search.png") as temporary:
            plot(whole, importances(study, whole)).savefig(temporary, dpi=100)


def importances(study: optuna.Study, trials: Sequence[FrozenTrial]) -> dict[str, float]:
    """Return how much of what differs between the trials each option explains, by fANOVA; nothing if they are too few.

    Hutter et al. 2014, "An Efficient Approach for Assessing Hyperparameter Importance".
    """
    if len(trials) < FEWEST or len({trial.value for trial in trials}) == 1:
        return {}
    return optuna.importance.get_param_importances(study, evaluator=optuna.importance.FanovaImportanceEvaluator(seed=0))


def text(study: optuna.Study, folder: Path) -> str:
    """Return the best trials as a table in Markdown, the first of them as a command."""
    terms = study.user_attrs
    best = sorted(study.get_trials(states=[TrialState.COMPLETE]), key=lambda trial: trial.values)
    early = len(study.get_trials(states=[TrialState.PRUNED]))
    names = [*terms["space"]]
    columns = ["trial", "distance", "`fid_mnist`", "`sfid_mnist`", "steps", *(f"`{name}`" for name in names)]
    lines = [
        "# Search",
        "",
        f"{len(best)} trials of `{terms['model']}`, each with {terms['images']:,} digits and {terms['budget']}, and "
        f"{early} that ended early. The distance is the geometric mean of the two beside it; all are from "
        "validation digits that no trial was trained on. One seed: confirm the best with others.",
        "",
        f"| {' | '.join(columns)} |",
        f"| {' | '.join(['---'] * len(columns))} |",
    ]
    for trial in best[:SHOWN]:
        values = trial.user_attrs["values"]
        cells = [trial.number, trial.value, values["fid_mnist"], values["sfid_mnist"], trial.user_attrs["steps"]]
        lines.append(f"| {' | '.join(map(cell, [*cells, *(trial.params[name] for name in names)]))} |")
    if best:
        steps, again = best[0].user_attrs["steps"], command("train", config=folder / "best.json")
        lines += [
            "",
            "The best one:",
            "",
            f"    python -m gan_keras.train {written(terms['model'], best[0].params)}",
            "",
            f"Its options are in best.json too: `{again}`. `--epochs 1 --steps-per-epoch {steps}` trains as long.",
        ]
    return "\n".join(lines) + "\n"


def cell(value: Any) -> str:
    """Return a value as it stands in the table."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def plot(trials: list[FrozenTrial], important: Mapping[str, float]) -> Figure:
    """Return a picture of the best distance so far, which options matter, and the distances against each option."""
    names = [*trials[0].params]
    rows = math.ceil((2 + len(names)) / COLUMNS)
    figure = Figure(figsize=(3.5 * COLUMNS, 3 * rows), layout="constrained")
    first, second, *others = figure.subplots(rows, COLUMNS, squeeze=False).flat
    distances = [trial.values[0] for trial in trials]
    numbers = [trial.number for trial in trials]
    first.plot(numbers, distances, ".", numbers, [min(distances[: end + 1]) for end in range(len(distances))], "-")
    first.set(title="each trial, and the best so far", xlabel="trial", ylabel="distance (low is good)", yscale="log")
    second.barh([*important][::-1], [*important.values()][::-1])
    second.set(title="what matters", xlabel="share of the variance explained")
    for axes, name in zip(others, names, strict=False):
        values = [trial.params[name] for trial in trials]
        numeric = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
        axes.plot(values if numeric else list(map(str, values)), distances, ".")
        axes.set(title=name, yscale="log")
        if numeric and min(values) > 0 and max(values) >= 10 * min(values):
            axes.set_xscale("log")  # not at all for words: any scale would make numbers of them
    for axes in others[len(names) :]:
        axes.set_axis_off()
    return figure
