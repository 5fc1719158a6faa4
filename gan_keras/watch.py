"""Live evaluation: the cheap metrics on the averaged generator while it trains, the best one kept, and alarms."""

import math
from pathlib import Path

import keras
import numpy as np

from gan_keras import data, export, losses, metrics, pictures
from gan_keras.classifier import Classifier

SAMPLES = 2000  # enough to rank a run's epochs in a second or two; too few to compare with an evaluation
ALWAYS = 0.98  # accuracy from which on a discriminator wins always
ALIKE = 0.5  # samples are alike when nearer to each other than this part of what real digits are
PATIENCE = 10  # evaluations without a better one, after which a run has stalled
LASTING = 3  # evaluations in a row that show a sign before it is an alarm: the first samples are often all alike

GENTLER = "Try a lower --learning-rate"
ALARMS = {
    "vanished": "{vanished_classes:.0f} of the classes are missing from the samples: mode collapse. "
    f"{GENTLER} or another --seed.",
    "alike": f"the samples are near copies of each other: mode collapse. {GENTLER} or another --seed.",
    "winning": f"the discriminator wins always, and the generator learns nothing from it. {GENTLER}.",
    "stalled": f"no better samples in the last {PATIENCE + LASTING - 1} evaluations; "
    "the best ones are in best_generator.",
}


class Watch(keras.callbacks.Callback):
    """Measures samples every few epochs and adds the values to the epoch's logs.

    Args:
        every: epochs between two evaluations.
        classifier: whose features count.
        images: real test images uint8, to compare with.
        folder: the run's folder, for `best_generator`.
        history: the rows of history.csv so far, which know the best value of a resumed run.
    """

    def __init__(self, every: int, classifier: Classifier, images: np.ndarray, folder: Path, history: list[dict]):
        super().__init__()
        self.every = every
        self.classifier = classifier
        self.real = images[:SAMPLES]
        self.real_features, _ = classifier(self.real)
        self.real_spread = spread(self.real)
        self.folder = folder
        self.distances = [float(row["fid_mnist"]) for row in history if row.get("fid_mnist")]
        self.streaks = dict.fromkeys(ALARMS, 0)

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every:
            return
        images = pictures.to_uint8(self.model.images_of(self.model.sample_latents(len(self.real))))
        features, logits = self.classifier(images)
        logits = logits.reshape(-1, logits.shape[-1])
        values = metrics.frechet_distance(self.real_features, features) | metrics.score(logits)
        values = {f"{name}_mnist": value for name, value in values.items()}
        values |= metrics.class_balance(logits) | metrics.confidence(logits)
        logs.update(values)
        if values["fid_mnist"] < min(self.distances, default=math.inf):
            export.export_generator(self.model.averaged_generator, self.folder / "best_generator", self.model.classes)
        self.distances.append(values["fid_mnist"])
        self.judge(logs, spread(images))

    def judge(self, logs: dict[str, float], samples_spread: float) -> None:
        """Raise an alarm, once, for each bad sign that lasts."""
        # Other losses have no logit from which on an image is real, or want the discriminator to be ahead.
        plain = self.model.adversarial_loss is losses.non_saturating
        signs = {
            # Before the samples are digits at all, their classes mean nothing.
            "vanished": logs["vanished_classes"] and logs["confident_share"] > 0.5,
            "alike": samples_spread < ALIKE * self.real_spread,
            "winning": plain and min(logs["real_accuracy"], logs["fake_accuracy"]) > ALWAYS,
            "stalled": len(self.distances) > PATIENCE and min(self.distances[-PATIENCE:]) > min(self.distances),
        }
        for name, seen in signs.items():
            self.streaks[name] = self.streaks[name] + 1 if seen else 0
            if self.streaks[name] == LASTING:
                print(f"Alarm: {ALARMS[name].format(**logs)}", flush=True)


def spread(images: np.ndarray) -> float:
    """Return the median distance of an image to the nearest other one."""
    pixels = data.standardise(images).numpy().reshape(len(images), -1)
    return float(np.median(metrics.radii(pixels, 1)))
