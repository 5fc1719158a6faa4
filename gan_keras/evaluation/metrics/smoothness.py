"""How smoothly the images change when the latent moves."""

import numpy as np

from gan_keras.evaluation.metrics.metric import Value, mean, metric

STEP = 0.01  # of the way between two latents; the 1e-4 of its paper would be lost in the rounding of float32


@metric(path_length=Value("change along a walk", "low"))
def path_length(walk_start_features: np.ndarray, walk_end_features: np.ndarray) -> dict[str, float]:
    """E[|f(G(z(t))) - f(G(z(t + ε)))|² / ε²] on walks: Karras et al. 2019 (arXiv:1812.04948), section 4.1."""
    return {"path_length": mean(np.sum((walk_end_features - walk_start_features) ** 2, axis=1) / STEP**2)}
