"""Directions get the names of what they change, where that is known: the generator here draws strokes by a formula."""

import keras
import numpy as np
import pytest
from keras import ops

from gan_keras.evaluation import traits
from gan_keras.exporting import loading, saved_model

DOWN, RIGHT = (axis.astype(np.float32) - 13.5 for axis in np.mgrid[:28, :28])


def strokes(slant, half_width):
    """Return images in [-1, 1] of a stroke through the middle that goes `slant` columns to the right for a row up."""
    away = ops.absolute(slant[:, None, None] * DOWN + RIGHT)
    return ops.tanh(4 * (half_width[:, None, None] - away))[..., None]


@pytest.fixture(scope="module")
def generator(tmp_path_factory):
    """Return a generator whose first number slants the stroke and whose second one thins it; the third does nothing."""
    latent = keras.Input([3], name="latent")
    network = keras.Model(latent, strokes(0.2 * latent[:, 0], 3 - 0.5 * latent[:, 1]))
    path = tmp_path_factory.mktemp("strokes")
    saved_model.export_network(network, path / "generator", [])
    return loading.load_generator(path)


def test_traits_are_those_of_the_formula():
    slant, half = np.array([0.0, 0.3, -0.4], np.float32), np.array([2.0, 3.0, 4.0], np.float32)
    found = traits.traits((ops.convert_to_numpy(strokes(slant, half)) + 1) * 127.5)
    np.testing.assert_allclose(found["slant"], slant, atol=0.02)
    np.testing.assert_allclose(found["width"], 2 * half / np.sqrt(12), atol=0.1)  # the deviation of a uniform density
    np.testing.assert_allclose(found["thickness"], 28 * 2 * half, rtol=0.03)


def test_directions_are_named_and_point_to_more(generator):
    found = traits.named(generator, np.eye(3, dtype=np.float32), seed=0)
    names = list(found)
    assert names[0] == "slant"
    assert names[1] in ("width", "thickness"), "which are the same of a single stroke"
    assert names[2] == "direction 3"
    np.testing.assert_array_equal(np.stack(list(found.values())), np.diag([1, -1, 1]))
