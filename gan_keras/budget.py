"""How long the steps of models take: what turns a budget of time into numbers of steps."""

import math
import time
from collections.abc import Callable

from gan_keras import data, train
from gan_keras.config import Config

STRIDE = 8  # steps go by in multiples of it, so that several run without returning to Python
TURNS = 4  # in which the models are timed


def seconds_per_step(unknown: dict[str, Config], dataset: data.Dataset, duration: float) -> dict[str, float]:
    """Time the steps of untrained models, each for about `duration` seconds.

    They take turns, and the fastest one counts: other load on the machine is not the model's.
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
    """Return a function that trains a model for so many steps and returns the seconds that one took."""
    model = train.build(options, dataset, STRIDE)
    batches = data.batches(dataset.train, options.images_per_step, options.seed)

    def seconds(steps: int) -> float:
        steps = STRIDE * math.ceil(steps / STRIDE)
        start = time.perf_counter()
        model.fit(batches, steps_per_epoch=steps, verbose=0, shuffle=False)
        return (time.perf_counter() - start) / steps

    seconds(1)  # TensorFlow compiles
    return seconds
