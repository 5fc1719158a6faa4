"""Networks follow the size and the colours of the images."""

import keras
import pytest
import tensorflow as tf
from helpers import SAMPLED, tiny_config

from gan_keras import models
from gan_keras.layers.copies import leaves
from gan_keras.ui.console import UserError


@pytest.mark.parametrize("name", SAMPLED)
@pytest.mark.parametrize("shape", [(8, 8, 1), (36, 36, 1), (32, 32, 3), (64, 64, 3)])
def test_networks_follow_the_size_and_the_colours_of_the_images(name, shape):
    game = models.load(name).Model(tiny_config(name), shape)
    latents = game.sample_latents(2)
    image = game.images_of(latents)
    assert image.shape == (2, *shape)
    assert game.discriminate({"latent": latents, "label": tf.constant([0, 1]), "image": image}).shape[0] == 2


@pytest.mark.parametrize("shape", [(8, 8, 1), (36, 36, 1), (64, 64, 3)])
def test_translators_follow_them_too(shape):
    game = models.load("cyclegan").Model(tiny_config("cyclegan"), shape)
    image = tf.zeros([2, *shape])
    for name in game.generator_networks:
        assert game.translate(name, image).shape == image.shape
    for domain in ("source", "target"):
        assert game.judge(domain, image, 0).shape[0] == 2


@pytest.mark.parametrize(("side", "number"), [(8, 2), (28, 2), (32, 2), (36, 2), (56, 3), (64, 3), (128, 4)])
def test_there_is_one_more_layer_for_each_doubling(side, number):
    game = models.load("dcgan").Model(models.load("dcgan").Config(), (side, side, 1))
    for network, kind in ((game.generator, keras.layers.Conv2DTranspose), (game.discriminator, keras.layers.Conv2D)):
        strided = [layer for layer in leaves(network) if isinstance(layer, kind) and layer.strides == (2, 2)]
        assert len(strided) == number


def test_sides_that_cannot_be_halved_twice_are_refused():
    for name in ("dcgan", "began"):
        with pytest.raises(UserError, match="multiples of 4"):
            models.load(name).Model(tiny_config(name), (30, 28, 1))
