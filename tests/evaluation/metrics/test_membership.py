import numpy as np
import pytest
from scipy import stats

from gan_keras.evaluation.metrics.membership import membership_by_distance, told_apart


@pytest.mark.parametrize("shift", [0.0, 0.5, 2.0])
def test_the_accuracy_is_that_of_the_best_threshold_between_two_normal_distributions(shift):
    """Which lies in the middle: Φ(shift / 2). The reported error covers the difference."""
    random = np.random.default_rng(0)
    members, unseen = random.normal(shift, 1, 20_000), random.normal(0, 1, 20_000)
    estimate = told_apart(members, unseen)
    assert abs(estimate - stats.norm.cdf(shift / 2)) < 4 * estimate.error
    assert 0 < estimate.error < 0.005


def test_chance_is_not_taken_for_a_leak():
    """With few images some threshold always fits: it is tried on others."""
    random = np.random.default_rng(0)
    values = [told_apart(*random.normal(size=(2, 20))) for _ in range(300)]
    assert np.mean(values) == pytest.approx(0.5, abs=0.03)


def test_copies_are_told_by_their_distance():
    near, far = np.full(100, 0.1), np.linspace(0.2, 0.5, 100)
    assert membership_by_distance(near, far)["membership_by_distance"] == 1
    assert membership_by_distance(far, far)["membership_by_distance"] == 0.5
