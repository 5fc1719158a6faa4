import numpy as np

from gan_keras.evaluation.metrics import smoothness
from gan_keras.evaluation.sources import on_sphere


def test_a_walk_between_right_angles_has_the_length_of_a_quarter_of_a_circle():
    """Where the features are the latents, the length of the slope is that of the arc: r π / 2 everywhere."""
    radius = 5.0
    starts, ends = radius * np.eye(4)[[0, 1, 2]], radius * np.eye(4)[[1, 2, 3]]
    places = np.array([[0.0], [0.3], [0.9]])
    walk = [on_sphere(starts, ends, places + step) for step in (0, smoothness.STEP)]
    np.testing.assert_allclose(np.linalg.norm(walk[0], axis=1), radius)
    np.testing.assert_allclose(smoothness.path_length(*walk)["path_length"], (radius * np.pi / 2) ** 2, rtol=1e-3)
    assert smoothness.path_length(walk[0], walk[0])["path_length"] == 0


def test_a_walk_begins_and_ends_at_its_latents():
    starts, ends = np.random.default_rng(0).normal(size=(2, 6, 10))
    np.testing.assert_allclose(on_sphere(starts, ends, np.zeros([6, 1])), starts)
    np.testing.assert_allclose(on_sphere(starts, ends, np.ones([6, 1])), ends)
