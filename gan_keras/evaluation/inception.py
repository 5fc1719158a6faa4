"""The literature's features: InceptionV3 trained on photographs, for Fréchet distances and scores in its style.

Keras' weights are not those of the original papers, and digits are not photographs: such values compare only with
each other.
"""

from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from gan_keras import data
from gan_keras.evaluation.classifier import Measured, weights_sha256
from gan_keras.ui.console import UserError

SIDE = 299  # side of the images that InceptionV3 was trained on
BATCH = 50  # images that are measured at a time
PLACE_CHANNELS = 7  # channels of the spatial features, as in Nash et al. 2021 (arXiv:2103.03841)


@dataclass(frozen=True)
class Inception:
    """InceptionV3: images uint8 [count, height, width, channels] → 2048 features, 17 * 17 * 7 places, logits."""

    network: keras.Model
    sha256: str

    def __call__(self, images: np.ndarray) -> Measured:
        features, places, logits = data.in_batches(self._classify, images, BATCH)
        return Measured(features, places[..., :PLACE_CHANNELS].reshape(len(images), -1), logits[:, None])

    def _classify(self, images: np.ndarray) -> list[tf.Tensor]:
        batch = tf.image.resize(tf.cast(images, tf.float32), [SIDE, SIDE])
        batch = tf.image.grayscale_to_rgb(batch) if batch.shape[-1] == 1 else batch
        return self.network(keras.applications.inception_v3.preprocess_input(batch), training=False)


def load() -> Inception:
    """Load InceptionV3, from Keras' cache or the network.

    Raises:
        UserError: if its weights are not on this machine and cannot be downloaded.
    """
    try:
        network = keras.applications.InceptionV3(weights="imagenet", classifier_activation=None)
    except Exception as error:
        raise UserError(
            f"the weights of InceptionV3 are not on this machine, and cannot be downloaded ({error}). "
            "Use --features digits, which needs no download."
        ) from None
    outputs = [network.layers[-2].output, network.get_layer("mixed6").output, network.outputs[0]]
    return Inception(keras.Model(network.inputs, outputs), weights_sha256(network))
