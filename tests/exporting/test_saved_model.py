import os
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from gan_keras import data
from gan_keras.exporting import saved_model
from gan_keras.game.networks import probability

STRANGER = """
import sys
sys.modules["gan_keras"] = None  # cannot be imported
import numpy as np
import pytest
import tensorflow as tf

generator = tf.saved_model.load(sys.argv[1] + "/generator")
serve = generator.signatures["serving_default"]
latent = tf.random.stateless_normal([3, serve.structured_input_signature[1]["latent"].shape[1]], [0, 0])
(images,) = serve(latent=latent).values()
assert images.shape == (3, 28, 28, 1) and images.dtype == tf.float32
assert abs(images.numpy()).max() <= 1
digits = generator.generate(7, 5)
assert digits.shape == (7, 28, 28, 1) and digits.dtype == tf.uint8
assert (digits.numpy() == generator.generate(7, 5).numpy()).all()
assert (digits.numpy() != generator.generate(7, 6).numpy()).any()
discriminator = tf.saved_model.load(sys.argv[1] + "/discriminator")
(probability,) = discriminator.signatures["serving_default"](image=images).values()
assert probability.shape == (3, 1) and 0 < probability.numpy().min() and probability.numpy().max() < 1
np.save(sys.argv[2], images)
"""


def test_tensorflow_alone_can_use_what_was_exported(finished_run, tmp_path):
    command = [sys.executable, "-c", STRANGER, str(finished_run), str(tmp_path / "images.npy")]
    subprocess.run(command, check=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": ""})
    network = keras.models.load_model(finished_run / "generator.keras")
    loaded = tf.saved_model.load(str(finished_run / "generator"))
    for weights, there in zip(network.trainable_weights, loaded.trainable_variables, strict=True):
        np.testing.assert_array_equal(weights, there)
    latent = tf.random.stateless_normal([3, network.input_shape[1]], [0, 0])
    np.testing.assert_allclose(np.load(tmp_path / "images.npy"), network(latent), atol=1e-5)


LABELLED = """
import sys
sys.modules["gan_keras"] = None  # cannot be imported
import tensorflow as tf

generator = tf.saved_model.load(sys.argv[1] + "/generator")
assert int(generator.classes()) == 10
fours = generator.generate(6, 5, [4] * 6)
assert fours.shape == (6, 28, 28, 1) and fours.dtype == tf.uint8
mixed = generator.generate(6, 5, [4, 0, 4, 4, 4, 4])
assert (fours.numpy() == mixed.numpy()).all(axis=(1, 2, 3)).tolist() == [True, False, True, True, True, True]
in_turn = generator.generate(12, 5)
assert (in_turn.numpy() == generator.generate(12, 5, [n % 10 for n in range(12)]).numpy()).all()
size = generator.signatures["serving_default"].structured_input_signature[1]["latent"].shape[1]
images = generator.serve(tf.zeros([3, size]), tf.constant([1, 2, 3]))
discriminator = tf.saved_model.load(sys.argv[1] + "/discriminator")
assert discriminator.serve(images, tf.constant([1, 2, 3])).shape == (3, 1)
"""


@pytest.mark.slow
def test_tensorflow_alone_can_ask_for_a_class(labelled_run, tmp_path):
    command = [sys.executable, "-c", LABELLED, str(labelled_run)]
    subprocess.run(command, check=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": ""})


def test_generate_makes_the_same_images_in_chunks_and_alone(finished_run):
    generator = tf.saved_model.load(str(finished_run / "generator"))
    many = generator.generate(300, 1).numpy()
    assert many.shape == (300, 28, 28, 1)
    np.testing.assert_array_equal(many[:20], generator.generate(20, 1).numpy())
    assert generator.generate(0, 1).shape == (0, 28, 28, 1)


def test_generate_returns_what_the_signature_does(finished_run):
    generator = tf.saved_model.load(str(finished_run / "generator"))
    size = generator.signatures["serving_default"].structured_input_signature[1]["latent"].shape[1]
    images = generator.serve(tf.random.stateless_normal([5, size], [9, 0]))
    digits = generator.generate(5, 9)
    np.testing.assert_allclose(data.standardise(digits), images, atol=1 / 255 + 1e-6)


def test_keras_loads_the_generator_without_this_package(finished_run):
    network = keras.models.load_model(finished_run / "generator.keras", custom_objects={})
    assert all(type(layer).__module__.startswith("keras.") for layer in network.layers)
    layer = keras.layers.TFSMLayer(str(finished_run / "generator"), call_endpoint="serving_default")
    (images,) = layer(np.zeros((2, network.input_shape[1]), np.float32)).values()
    assert images.shape == (2, 28, 28, 1)


def test_the_discriminator_ends_in_the_sigmoid(tmp_path):
    network = keras.Sequential([keras.Input([2, 2, 1], name="image"), keras.layers.Flatten(), keras.layers.Dense(1)])
    network.set_weights([np.ones((4, 1)), np.array([-2.0])])
    saved_model.export_network(probability(network), tmp_path / "discriminator", class_names=list("0123456789"))
    discriminator = tf.saved_model.load(str(tmp_path / "discriminator"))
    values = discriminator.serve(np.stack([np.zeros((2, 2, 1)), np.ones((2, 2, 1))]).astype(np.float32))
    np.testing.assert_allclose(values, 1 / (1 + np.exp([[2.0], [-2.0]])), rtol=1e-5)
