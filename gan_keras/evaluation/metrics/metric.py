"""What a metric is: a function that declares the names of its values, their meanings, and what it needs."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

MEANING_WIDTH = 23  # characters, so that a line of the report has 80
MATERIAL = {  # what a metric can take as arguments, by their names; real images are test images
    "real_images": "uint8 [count, height, width, channels]",
    "fake_images": "the samples, the same",
    "real_features": "float32 [count, dimensions], from the ruler",
    "fake_features": "the same of the samples",
    "real_places": "float32 [count, dimensions], features of the ruler that keep where something is",
    "fake_places": "the same of the samples",
    "fake_logits": "float32 [count * channels, classes], from the ruler, whatever its classes are",
    "fake_class_logits": "the same, from a ruler that knows the classes of the data",
    "fake_labels": "int [count], the classes that the samples should have",
    "real_digits": "int [count, 3], the digit in each channel of stacked digits",
    "fake_digits": "the same of the samples",
    "real_nearest": "float32 [count], the distance to the nearest training image",
    "fake_nearest": "the same of the samples",
    "real_nearest_label": "int [count], the class of that training image",
    "fake_nearest_label": "the same of the samples",
    "real_probability": "float32 [count, 1], of being real, from the model's discriminator",
    "fake_probability": "the same of the samples",
    "class_probability": "float32 [count, classes], of test images, from the model's own classifier",
    "class_labels": "int [count], the classes of these images",
    "member_probability": "float32 [count, 1], of training images: of being real, from the model's discriminator",
    "unseen_probability": "the same of test images",
    "member_distance": "float32 [count], of training images: the distance to the nearest sample",
    "unseen_distance": "the same of test images",
    "walk_start_features": "float32 [walks, dimensions], of images at points of walks between two latents",
    "walk_end_features": "the same a small step further",
    "teaching_images": "data.Split of labelled samples to teach a classifier",
    "dataset": "data.Dataset to test that classifier on",
    "seed": "int, for its training",
}


class Estimate(float):
    """A value with its standard error: how much it varies from one set of samples to the next of the same size."""

    error: float

    def __new__(cls, value: float, error: float) -> "Estimate":
        estimate = super().__new__(cls, value)
        estimate.error = float(error)
        return estimate


def mean(values: np.ndarray) -> Estimate:
    """Return the mean of a value for each sample."""
    return Estimate(np.mean(values), np.std(values) / np.sqrt(len(values)))


Function = Callable[..., dict[str, float]]
_metrics: dict[str, "Metric"] = {}


class Value(NamedTuple):
    """What one value of a metric means."""

    meaning: str  # for people, in `MEANING_WIDTH` characters
    better: Literal["low", "high", ""] = ""  # which values are good, if either
    of_ruler: bool = False  # whether the ruler becomes part of its name, because others measure it differently


@dataclass(frozen=True)
class Metric:
    """A metric; `needs` are the names of the function's arguments that have no default."""

    function: Function
    values: dict[str, Value]
    needs: tuple[str, ...]


def metric(**values: Value) -> Callable[[Function], Function]:
    """Register a function as a metric that returns a dict of these values: floats, or `Estimate`s if it can.

    It takes what it needs as arguments with names of `MATERIAL`, and is computed where all of that is available.

    Raises:
        ValueError: for an argument that is not in `MATERIAL`, for names that are taken, and for a long meaning.
    """

    def register(function: Function) -> Function:
        parameters = inspect.signature(function).parameters.values()
        needs = tuple(parameter.name for parameter in parameters if parameter.default is inspect.Parameter.empty)
        name = function.__name__
        others = {key: one for key, one in _metrics.items() if one.function.__module__ != function.__module__}
        others |= {key: one for key, one in _metrics.items() if key != name}
        if name in others:
            raise ValueError(f"there is already a metric {name}, in {others[name].function.__module__}.")
        if unknown := set(needs) - MATERIAL.keys():
            raise ValueError(f"the metric {name} needs {', '.join(unknown)}; there are only: {', '.join(MATERIAL)}.")
        if taken := values.keys() & {key for one in others.values() for key in one.values}:
            raise ValueError(f"the metric {name} has the values {', '.join(taken)}, which another metric has.")
        if long := [key for key, one in values.items() if len(one.meaning) > MEANING_WIDTH]:
            raise ValueError(f"the metric {name}: the meaning of {', '.join(long)} is over {MEANING_WIDTH} characters.")
        _metrics[name] = Metric(function, values, needs)
        return function

    return register


def registered() -> dict[str, Metric]:
    """Return all metrics by name; those that everybody asks for first."""
    return dict(sorted(_metrics.items(), key=lambda item: not any(value.of_ruler for value in item[1].values.values())))


def compute(material: Mapping[str, Any]) -> dict[str, float]:
    """Return the values of all metrics whose needs are met.

    Raises:
        ValueError: if a metric returns other values than it declares.
    """
    results: dict[str, float] = {}
    for name, one in registered().items():
        if material.keys() >= set(one.needs):
            values = one.function(**{need: material[need] for need in one.needs})
            if values.keys() != one.values.keys():
                raise ValueError(f"the metric {name} declares {list(one.values)} and returns {list(values)}.")
            results |= {key: value if isinstance(value, Estimate) else float(value) for key, value in values.items()}
    return results


def value(name: str, ruler: str) -> Value:
    """Return what a value in a report means; its name may end in the ruler's."""
    known = {key: found for one in registered().values() for key, found in one.values.items()}
    return known.get(name) or known[name.removesuffix(f"_{ruler}")]


def with_ruler(values: Mapping[str, float], ruler: str) -> dict[str, float]:
    """Name the ruler in the values that others measure differently, such as `fid_mnist`."""
    return {f"{name}_{ruler}" if value(name, ruler).of_ruler else name: number for name, number in values.items()}


def describe() -> str:
    """Return a line for each value that is measured: its name, which values are good, and its meaning."""
    values = [pair for one in registered().values() for pair in one.values.items()]
    return "\n".join(f"  {name:28}{value.better:6}{value.meaning}" for name, value in values)
