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

ALARMS = {
    "vanished": "{} of the classes are missing from the samples: mode collapse. Try a lower --learning-rate or another "
    "--seed.",
    "alike": "the samples are near copies of each other: mode collapse. Try a lower --learning-rate or another --seed.",
    "winning": "the discriminator wins always, and the generator learns nothing from it. Try a lower --learning-rate.",
    "stalled": f"no better samples in the last {PATIENCE} evaluations; the best ones are in best_generator.",
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
        self.raised = set()

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
        """Raise the alarms that the values call for, each once until the program ends."""
        # Before the samples are digits at all, their classes mean nothing.
        if logs["vanished_classes"] and logs["confident_share"] > 0.5:
            self.alarm("vanished", int(logs["vanished_classes"]))
        if samples_spread < ALIKE * self.real_spread:
            self.alarm("alike")
        # Other losses have no logit from which on an image is real, or want the discriminator to be ahead.
        plain = self.model.adversarial_loss is losses.non_saturating
        if plain and min(logs["real_accuracy"], logs["fake_accuracy"]) > ALWAYS:
            self.alarm("winning")
        if len(self.distances) > PATIENCE and min(self.distances[-PATIENCE:]) > min(self.distances):
            self.alarm("stalled")

    def alarm(self, name: str, *facts) -> None:
        if name not in self.raised:
            self.raised.add(name)
            print(f"Alarm: {ALARMS[name].format(*facts)}", flush=True)


def spread(images: np.ndarray) -> float:
    """Return the median distance of an image to the nearest other one."""
    pixels = data.standardise(images).numpy().reshape(len(images), -1)
    return float(np.median(metrics.radii(pixels, 1)))
