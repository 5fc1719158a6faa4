"""Precision, recall, density and coverage against brute force and the package prdc."""

import numpy as np
import pytest
from prdc import compute_prdc

from gan_keras.evaluation.metrics import manifolds
from gan_keras.ui.console import UserError

RANDOM = np.random.default_rng


def features(count, dimensions=8, mean=0.0, scale=1.0, seed=0):
    return (mean + scale * RANDOM(seed).normal(size=(count, dimensions))).astype(np.float32)


def brute_force(real, fake, k):
    """The four by their definitions, a loop for each quantifier."""

    def radius(points, index):
        return sorted(np.linalg.norm(points - points[index], axis=1))[k]

    real_radii, fake_radii = ([radius(points, i) for i in range(len(points))] for points in (real, fake))
    inside = [[np.linalg.norm(x - y) <= r for x, r in zip(real, real_radii, strict=True)] for y in fake]
    reached = [any(np.linalg.norm(x - y) <= r for y, r in zip(fake, fake_radii, strict=True)) for x in real]
    return {
        "precision": np.mean([any(row) for row in inside]),
        "recall": np.mean(reached),
        "density": np.sum(inside) / (k * len(fake)),
        "coverage": np.mean([any(row[i] for row in inside) for i in range(len(real))]),
    }


@pytest.mark.parametrize(("mean", "scale"), [(0.0, 1.0), (1.0, 0.3), (0.0, 3.0), (30.0, 1.0)])
def test_the_four_equal_brute_force_and_the_package_prdc(mean, scale):
    real, fake = features(80, 4, seed=1), features(70, 4, mean, scale, seed=2)
    ours = manifolds.precision_recall_density_coverage(real, fake, k=3)
    assert ours == pytest.approx(brute_force(real.astype("f8"), fake.astype("f8"), 3), abs=0.015)
    assert ours == pytest.approx(compute_prdc(real, fake, nearest_k=3), abs=0.015)


def test_the_four_on_collapse_and_on_noise():
    real = features(500, 4)
    collapsed = manifolds.precision_recall_density_coverage(real, real[:1] + 1e-3 * features(500, 4, seed=1))
    assert collapsed["precision"] == 1
    assert collapsed["recall"] < 0.05
    assert collapsed["coverage"] < 0.05
    far = manifolds.precision_recall_density_coverage(real, features(500, 4, mean=100))
    assert set(far.values()) == {0.0}
    with pytest.raises(UserError, match="more than 5 samples"):
        manifolds.precision_recall_density_coverage(real, real[:5])
