"""Whether a model gives away which images it was trained on."""

import numpy as np

from gan_keras.evaluation.metrics.metric import Estimate, Value, mean, metric


@metric(membership_by_discriminator=Value("training images told", "low"))
def membership_by_discriminator(member_probability: np.ndarray, unseen_probability: np.ndarray) -> dict[str, float]:
    """Accuracy of telling training from unseen images by the discriminator: Hayes et al. 2019 (arXiv:1705.07663)."""
    return {"membership_by_discriminator": told_apart(member_probability.ravel(), unseen_probability.ravel())}


@metric(membership_by_distance=Value("the same, from samples", "low"))
def membership_by_distance(member_distance: np.ndarray, unseen_distance: np.ndarray) -> dict[str, float]:
    """The same by the distance to the nearest sample, for those who have only samples (arXiv:1909.03935)."""
    return {"membership_by_distance": told_apart(-member_distance, -unseen_distance)}


def told_apart(members: np.ndarray, unseen: np.ndarray) -> Estimate:
    """Return how often a threshold tells members, which have higher values, from others; equally many of both.

    The threshold is chosen on one half of them and tried on the other half: 0.5 is guessing.
    """
    count = min(len(members), len(unseen))
    values = np.concatenate([members[:count:2], unseen[:count:2]])
    is_member = np.arange(len(values)) < len(members[:count:2])
    order = np.argsort(values)
    # Above a threshold behind each place: the members that are not below it, and the others that are.
    right = is_member.sum() + np.concatenate([[0], np.cumsum(np.where(is_member[order], -1, 1))])
    best = right.argmax()
    threshold = values[order[best]] if best < len(order) else np.inf
    return mean(np.concatenate([members[1:count:2] >= threshold, unseen[1:count:2] < threshold]))
