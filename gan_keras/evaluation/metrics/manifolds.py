"""Whether samples look real, and whether every kind of real image is reached."""

import numpy as np
from sklearn.metrics import pairwise_distances_chunked
from sklearn.neighbors import NearestNeighbors

from gan_keras.evaluation.metrics.metric import Value, mean, metric
from gan_keras.ui.console import UserError

NEIGHBOURS = 5  # as in Naeem et al. 2020


@metric(
    precision=Value("samples that look real", "high"),
    recall=Value("real images reached", "high"),
    density=Value("samples among real ones", "high"),
    coverage=Value("real with samples near", "high"),
)
def precision_recall_density_coverage(
    real_features: np.ndarray, fake_features: np.ndarray, k: int = NEIGHBOURS
) -> dict[str, float]:
    """Whether fakes lie among the real features (precision, density) and reach all of them (recall, coverage).

    The manifold of a set is the union of balls around its points, each of which reaches to the k-th neighbour.
    Kynkäänniemi et al. 2019 (arXiv:1904.06991), equations 1 and 2; Naeem et al. 2020 (arXiv:2002.09797), equations 3
    and 4. Precision, recall and coverage are shares; density may exceed 1.

    Raises:
        UserError: if there are no more samples than neighbours.
    """
    real, fake = real_features, fake_features
    if min(len(real), len(fake)) <= k:
        raise UserError(f"precision and recall need more than {k} samples of each kind.")
    real_radii, fake_radii = (radii(features, k) for features in (real, fake))
    in_real_balls = np.zeros(len(fake), int)  # the number of real points whose ball each fake is in
    in_some_fake_ball, covered = np.zeros(len(real), bool), np.zeros(len(real), bool)
    start = 0
    for distances in pairwise_distances_chunked(real, fake):  # rows: some of the real points
        rows = slice(start, start + len(distances))
        start = rows.stop
        inside = distances <= real_radii[rows, None]
        in_real_balls += inside.sum(axis=0)
        covered[rows] = inside.any(axis=1)
        in_some_fake_ball[rows] = (distances <= fake_radii).any(axis=1)
    return {
        "precision": mean(in_real_balls > 0),
        "recall": float(np.mean(in_some_fake_ball)),
        "density": mean(in_real_balls / k),
        "coverage": float(np.mean(covered)),
    }


def radii(features: np.ndarray, k: int) -> np.ndarray:
    """Return each point's distance to its k-th neighbour, not counting itself."""
    distances, _ = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(features).kneighbors()
    return distances[:, -1]
