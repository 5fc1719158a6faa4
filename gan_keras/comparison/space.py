"""What a search tries: options of a model, each with a range or with some values."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from gan_keras import models
from gan_keras.comparison.plan import TERMS
from gan_keras.ui.console import UserError, nearest

Distribution = CategoricalDistribution | IntDistribution | FloatDistribution

LOGARITHMIC = 10  # a range that spans this factor is searched in logarithms
SPACE = (  # what is searched if nothing else is asked for, as far as a model has it, and the model's own values
    "learning_rate=0.0005..0.005",
    "beta_1=0,0.5",
    "beta_2=0.9,0.99,0.999",
    "schedule=constant,cooldown,linear",
    "cooldown=0.1..0.9",
    "batch_size=32,64,128",
    "filters=16,32,64",
    "average_decay=0.99,0.998,0.9995",
    "augment=false,true",
    "units=64,128,256",
    "embedding=10,50",
    "loss=non_saturating,hinge",
    "gradient_penalty=0,0.1",
)


def space(model: str, over: Sequence[str]) -> dict[str, BaseDistribution]:
    """Return what is searched, by the name of the option; without `over` those of `SPACE` that the model has.

    Raises:
        UserError: for an option that the model does not have, or a value that it cannot have.
    """
    own = vars(models.load_sampled(model).Config())
    usual = [text for text in SPACE if text.partition("=")[0] in own]
    found = dict(read(text, model) for text in over or usual)
    return {name: one if over else widened(one, own[name]) for name, one in found.items()}


def read(text: str, model: str) -> tuple[str, Distribution]:
    """Return the name and the values of an option that is written as "filters=16,32" or "learning_rate=1e-4..1e-2".

    Raises:
        UserError: if it cannot be read, or if the model cannot have a value.
    """
    name, _, written = text.partition("=")
    name = name.strip().strip("-").replace("-", "_")
    config = models.load(model).Config
    elsewhere = [one for group in ("basic", "data", "output") for one in config.groups[group]]  # these train nothing
    own = vars(config())
    if name not in (known := own.keys() - {*TERMS, *elsewhere}):
        raise nearest(f"option of {model}", name, sorted(known))
    ends = written.split("..")
    values = [value_of(one) for one in (ends if len(ends) == 2 else written.split(","))]
    for value in values:
        config(**{name: value})  # raises for one that it cannot have
    if len(ends) != 2:
        return name, CategoricalDistribution(values)
    low, high = (float(value) if type(value) in (int, float) else math.nan for value in values)
    if not low < high:
        raise UserError(f"--over {text} has no range; write {name}=LOW..HIGH with two numbers.")
    whole = all(isinstance(value, int) for value in values) and not isinstance(own[name], float)
    return name, interval(low, high, whole)


def interval(low: float, high: float, whole: bool) -> Distribution:
    """Return the distribution of numbers, or of `whole` ones, from one to another; in logarithms if it is wide."""
    logarithmic = low > 0 and high / low >= LOGARITHMIC
    if whole:
        return IntDistribution(int(low), int(high), log=logarithmic)
    return FloatDistribution(low, high, log=logarithmic)


def widened(distribution: Distribution, value: Any) -> Distribution:
    """Return a distribution that also contains a value, so that a search can begin with it."""
    if contains(distribution, value):
        return distribution
    if isinstance(distribution, CategoricalDistribution):
        return CategoricalDistribution([*distribution.choices, value])
    low, high = min(distribution.low, value), max(distribution.high, value)
    return interval(low, high, isinstance(distribution, IntDistribution))


def contains(distribution: BaseDistribution, value: object) -> bool:
    """Return whether a value is one of those to be tried."""
    if isinstance(distribution, CategoricalDistribution):
        return value in distribution.choices
    return isinstance(value, int | float) and distribution.low <= value <= distribution.high  # type: ignore[attr-defined]


def largest_step(model: str, spaces: Mapping[str, BaseDistribution]) -> int:
    """Return the number of images that a step uses, at most."""
    config = models.load(model).Config()

    def largest(name: str) -> int:
        tried = spaces.get(name)
        if isinstance(tried, CategoricalDistribution):
            return max(int(value or 0) for value in tried.choices)
        return int(getattr(tried, "high", getattr(config, name)))

    return largest("batch_size") * largest("critic_steps")


def value_of(text: str) -> bool | int | float | str:
    """Return what a written value means."""
    text = text.strip()
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    try:
        return float(text)
    except ValueError:
        return text
