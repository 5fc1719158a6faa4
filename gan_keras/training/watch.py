"""Live evaluation during training: cheap metrics of the averaged generator, the best one kept, and alarms."""

import math
from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np

from gan_keras import data
from gan_keras.evaluation.live import LiveEvaluation, spread
from gan_keras.exporting import saved_model
from gan_keras.game import losses
from gan_keras.game.gan import GAN
from gan_keras.game.state import of_network
from gan_keras.training.run_folder import BEST
from gan_keras.ui import files, pictures

ALWAYS = 0.98  # accuracy above which a discriminator counts as always winning
ALIKE = 0.5  # samples are alike when they are nearer to each other than this part of the distance of real digits
PATIENCE = 10  # evaluations without a better one, after which a run has stalled
LASTING = 3  # evaluations in a row that must show a sign before it is an alarm: the first samples are often all alike

MEASURED = ("fid_mnist", "sfid_mnist", "vanished_classes", "confident_share", "samples_spread")

GENTLER = "Try a lower --learning-rate"
ALARMS = {
    "vanished": "{vanished_classes:.0f} of the classes are missing from the samples: mode collapse. "
    f"{GENTLER} or another --seed.",
    "alike": f"the samples are near copies of each other: mode collapse. {GENTLER} or another --seed.",
    "winning": f"the discriminator always wins, and the generator learns nothing from it. {GENTLER}.",
    "stalled": f"no better samples in the last {PATIENCE + LASTING - 1} evaluations; "
    "the run's end exports the best network as best_{sampled}.",
}


class Watch(keras.callbacks.Callback):
    """Measures samples every few epochs and adds the values to the epoch's logs.

    Args:
        every: epochs between two evaluations.
        evaluation: what measures the samples.
        folder: the run's folder, where the weights of the best generator are kept.
        history: the rows of history.csv so far: they hold the best value of a resumed run.
        examples: real images that the samples are made of, if a model does not invent them.
    """

    def __init__(
        self,
        every: int,
        evaluation: LiveEvaluation,
        folder: Path,
        history: list[dict[str, str]],
        examples: data.Batch | None = None,
    ):
        super().__init__()
        self.every = every
        self.evaluation = evaluation
        self.folder = folder
        self.examples = examples or {}
        self.rows = [row for row in history if all(row.get(name) for name in MEASURED)]
        self.distances: list[float] = []
        self.streaks = dict.fromkeys(ALARMS, 0)

    def on_train_begin(self, logs=None):
        """Take the streaks of a resumed run from its history."""
        for row in self.rows:
            values = {name: float(cell) for name, cell in row.items() if cell}
            self.distances.append(distance(values))
            self.count(values)
        self.rows = []

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every:
            return
        model = self.model
        images = pictures.to_uint8(model.measured_images(self.evaluation.count, self.examples))
        values = self.evaluation(images)
        logs.update(values)
        if distance(values) < min(self.distances, default=math.inf):
            keep(model, self.folder)
        self.distances.append(distance(values))
        logs["samples_spread"] = spread(images)
        self.judge(logs)

    def judge(self, logs: Mapping[str, float]) -> None:
        """Raise an alarm, once, for each bad sign that lasts."""
        self.count(logs)
        for name, streak in self.streaks.items():
            if streak == LASTING:
                print(f"Alarm: {ALARMS[name].format(**logs, sampled=self.model.sampled)}", flush=True)

    def count(self, logs: Mapping[str, float]) -> None:
        """Count for how many evaluations each bad sign has lasted."""
        # Other losses have no logit above which an image is real, or work best with a discriminator that is ahead.
        plain = self.model.adversarial_loss is losses.non_saturating and "real_accuracy" in logs
        signs = {
            # Before the samples look like digits, their classes mean nothing.
            "vanished": logs["vanished_classes"] and logs["confident_share"] > 0.5,
            "alike": logs["samples_spread"] < ALIKE * self.evaluation.real_spread,
            "winning": plain and min(logs["real_accuracy"], logs["fake_accuracy"]) > ALWAYS,
            "stalled": len(self.distances) > PATIENCE and min(self.distances[-PATIENCE:]) > min(self.distances),
        }
        for name, seen in signs.items():
            self.streaks[name] = self.streaks[name] + 1 if seen else 0


def keep(model: GAN, folder: Path) -> None:
    """Keep the weights of the averaged generator. To export it takes seconds, and waits for the end of the run."""
    with files.replacing(folder / BEST) as temporary:
        np.savez(
            temporary,
            step=model.steps_done,
            **{name: value.numpy() for name, value in of_network(model.sampler()).items()},
        )


def export_best(model: GAN, folder: Path) -> None:
    """Write the best generator of a run, if one was kept, as a SavedModel."""
    if not (folder / BEST).exists():  # nothing was evaluated
        return
    last_step = model.steps_done
    try:
        with (folder / BEST).open("rb") as file, np.load(file) as content:
            best = dict(content)
        model.step.assign(best.pop("step", last_step))  # a model that grows had another sampler then
        sampler = model.sampler()
        variables = of_network(sampler)
        best = {name: np.reshape(best[name], variable.shape) for name, variable in variables.items()}
    except Exception as error:  # damage makes NumPy raise whatever it comes upon
        print(f"Note: {folder / BEST} is damaged ({error}), so no best_{model.sampled} is exported.")
    else:
        last = {name: variable.numpy() for name, variable in variables.items()}
        for name, variable in variables.items():
            variable.assign(best[name])
        saved_model.export_one(model, model.sampled, sampler, folder / f"best_{model.sampled}")
        for name, variable in variables.items():
            variable.assign(last[name])
    finally:
        model.step.assign(last_step)


def distance(values: Mapping[str, float | str]) -> float:
    """Return one number for both distances: their geometric mean, to which each contributes by its relative change."""
    return math.sqrt(float(values["fid_mnist"]) * float(values["sfid_mnist"]))
