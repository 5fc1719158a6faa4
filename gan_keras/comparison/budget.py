"""How long the steps of models take: this turns a budget of time into numbers of steps."""

import math
import time
from collections.abc import Callable

from gan_keras import data
from gan_keras.game.config import Config
from gan_keras.training import setup

STRIDE = 8  # steps are timed in multiples of it, so that several run per Python call
TURNS = 4  # in which the models are timed


def seconds_per_step(unknown: dict[str, Config], dataset: data.Dataset, duration: float) -> dict[str, float]:
    """Return the seconds of a step of untrained models, each timed for about `duration` seconds.

    They take turns, and the fastest turn counts: other load on the machine is not the model's fault.
    """
    watches = {model: stopwatch(options, dataset) for model, options in unknown.items()}
    # How many steps make a turn: the first ones after compiling tell.
    steps = {model: max(1, round(duration / TURNS / watch(5))) for model, watch in watches.items()}
    turns = [{model: watch(steps[model]) for model, watch in watches.items()} for _ in range(TURNS)]
    seconds = {model: min(turn[model] for turn in turns) for model in watches}
    for model, value in seconds.items():
        print(f"{model}: {1000 * value:.0f} ms for a step", flush=True)
    return seconds


def stopwatch(options: Config, dataset: data.Dataset) -> Callable[[int], float]:
    """Return a function that trains a model for a number of steps and returns the seconds that one step took."""
    model = setup.build(options, dataset, STRIDE)
    batches = data.batches(dataset.train, options.images_per_step, options.seed)

    def seconds(steps: int) -> float:
        steps = STRIDE * math.ceil(steps / STRIDE)
        start = time.perf_counter()
        model.fit(batches, steps_per_epoch=steps, verbose=0, shuffle=False)
        return (time.perf_counter() - start) / steps

    seconds(1)  # TensorFlow compiles
    return seconds
