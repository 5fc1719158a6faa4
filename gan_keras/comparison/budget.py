"""How long the steps of models take: this turns a budget of time into numbers of steps."""

import functools
import math
import time
from collections.abc import Callable

from gan_keras import data
from gan_keras.game.config import Config
from gan_keras.training import setup

CALIBRATION = 1 / 15  # the part of the budget that is spent on timing a model's steps, or those of each of its stages
STRIDE = 8  # steps are timed in multiples of it, so that several run per Python call
TURNS = 4  # in which the models are timed


def seconds_per_step(unknown: dict[str, Config], dataset: data.Dataset, budget: float) -> dict[str, float]:
    """Return the seconds of a step of untrained models: the mean of all steps that fit into a budget of seconds.

    They take turns, and the fastest turn counts: other load on the machine is not the model's fault.
    """
    watches = {
        (model, first): watch
        for model, options in unknown.items()
        for first, watch in stopwatches(options, dataset).items()
    }
    # How many steps make a turn: the first ones after compiling tell.
    steps = {stage: max(1, round(budget * CALIBRATION / TURNS / watch(5))) for stage, watch in watches.items()}
    turns = [{stage: watch(steps[stage]) for stage, watch in watches.items()} for _ in range(TURNS)]
    seconds = {}
    for model in unknown:
        costs = {first: min(turn[name, first] for turn in turns) for name, first in watches if name == model}
        seconds[model] = budget / steps_within(budget, costs)
        print(f"{model}: {1000 * seconds[model]:.0f} ms for a step", flush=True)
    return seconds


def steps_within(budget: float, costs: dict[int, float]) -> float:
    """Return how many steps fit into a budget of seconds.

    Args:
        budget: the seconds.
        costs: first step of a stage → seconds that each of its steps takes, in the order of the stages.
    """
    steps = 0.0
    for (first, cost), following in zip(costs.items(), [*list(costs)[1:], math.inf], strict=True):
        here = min(budget / cost, following - first)
        steps, budget = steps + here, budget - here * cost
    return steps


def stopwatches(options: Config, dataset: data.Dataset) -> dict[int, Callable[[int], float]]:
    """Return a stopwatch for each stage of a model, by the stage's first step.

    A stopwatch trains the model for a number of steps and returns the seconds that one step took.
    """
    dataset = options.complete(dataset)
    model = setup.build(options, dataset, STRIDE)
    starts = model.stage_starts()
    batches = setup.batches(options, dataset.train, dataset.partner, skip=0)

    def seconds(first: int, steps: int) -> float:
        if len(starts) > 1:
            model.step.assign(first)
        steps = STRIDE * math.ceil(steps / STRIDE)
        start = time.perf_counter()
        model.fit(batches, steps_per_epoch=steps, verbose=0, shuffle=False)
        return (time.perf_counter() - start) / steps

    seconds(0, 1)  # TensorFlow compiles
    return {first: functools.partial(seconds, first) for first in starts}
