"""How well a model's own discriminator does."""

import numpy as np

from gan_keras.evaluation.metrics.metric import Value, mean, metric


@metric(
    discriminator_real_accuracy=Value("real images called real"),
    discriminator_fake_accuracy=Value("samples called fake"),
    discriminator_precision=Value("right when it says real"),
    discriminator_recall=Value("called real, if real"),
    discriminator_f1=Value("their harmonic mean"),
)
def discriminator_accuracy(real_probability: np.ndarray, fake_probability: np.ndarray) -> dict[str, float]:
    """How well a discriminator tells held-out real images from fakes; "real" is the positive class of F1.

    Accuracies of 0.5 mean that it is guessing; 1.0 on both, that the generator no longer learns from it.
    """
    true_positives = np.sum(real_probability > 0.5)
    positives = true_positives + np.sum(fake_probability > 0.5)
    precision = true_positives / positives if positives else 0.0
    recall = true_positives / len(real_probability)
    return {
        "discriminator_real_accuracy": float(recall),
        "discriminator_fake_accuracy": mean(fake_probability <= 0.5),
        "discriminator_precision": float(precision),
        "discriminator_recall": float(recall),
        "discriminator_f1": float(2 * precision * recall / (precision + recall)) if precision + recall else 0.0,
    }
