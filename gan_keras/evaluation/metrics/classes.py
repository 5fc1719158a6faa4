"""What the ruler's classes say of the samples."""

import numpy as np
import tensorflow as tf
from scipy.special import softmax
from scipy.stats import entropy

from gan_keras.evaluation import tfgan
from gan_keras.evaluation.metrics.metric import Estimate, Value, mean, metric

CONFIDENT = 0.9  # the class probability above which a classifier counts as sure
VANISHED = 0.1  # a class has vanished when it has less than this part of its fair share


@metric(score=Value("clear, varied classes", "high", of_ruler=True))
def score(fake_logits: np.ndarray) -> dict[str, float]:
    """Exp E[KL(p(y|x) ‖ p(y))]: Salimans et al. 2016 (arXiv:1606.03498), section 4; from 1 to the number of classes."""
    classifier_metrics = tfgan.load("eval.classifier_metrics")
    value = float(classifier_metrics.classifier_score_from_logits(tf.constant(fake_logits, tf.float64)))
    probabilities = softmax(fake_logits.astype("f8"), axis=1)
    divergences = entropy(probabilities, probabilities.mean(axis=0, keepdims=True), axis=1)
    # The derivative of the score by the weight of a sample is the score times its divergence, up to a constant.
    return {"score": Estimate(value, value * mean(divergences).error)}


@metric(
    distance_from_uniform=Value("how unequal classes are", "low"),
    vanished_classes=Value("classes missing", "low"),
)
def class_balance(fake_class_logits: np.ndarray) -> dict[str, float]:
    """Total variation between the classes' shares and equal ones, and how many classes have vanished."""
    shares = class_shares(fake_class_logits)
    return {
        "distance_from_uniform": float(0.5 * np.abs(shares - 1 / len(shares)).sum()),
        "vanished_classes": float(np.sum(shares < VANISHED / len(shares))),
    }


def class_shares(logits: np.ndarray) -> np.ndarray:
    """Return the share of each class among the predictions."""
    return np.bincount(logits.argmax(axis=1), minlength=logits.shape[1]) / len(logits)


@metric(confident_share=Value("samples of clear class", "high"))
def confidence(fake_class_logits: np.ndarray) -> dict[str, float]:
    """Share of images whose class the ruler is sure of."""
    return {"confident_share": mean(softmax(fake_class_logits, axis=1).max(axis=1) >= CONFIDENT)}


@metric(modes=Value("combinations, of 1,000", "high"), modes_divergence=Value("uneven combinations", "low"))
def stacked_modes(fake_digits: np.ndarray, real_digits: np.ndarray) -> dict[str, float]:
    """Modes found of the 1,000 of stacked MNIST, and KL(fake ‖ real) over them, in nats: PacGAN (arXiv:1712.04086).

    The channels of real stacks are drawn alike and independently, so a mode is as frequent as the product of the shares
    of its digits. Counted instead, ten of each mode would be so rough that real stacks had twice the divergence.
    """
    counts = np.bincount(fake_digits @ [100, 10, 1], minlength=1000)
    # A digit without a real sample would make the divergence infinite: it counts as half a sample, as is usual.
    share = np.maximum(np.bincount(real_digits.ravel(), minlength=10), 0.5)
    expected = np.einsum("i,j,k->ijk", share, share, share).ravel()
    return {"modes": float(np.sum(counts > 0)), "modes_divergence": float(entropy(counts, expected))}


@metric(label_accuracy=Value("asked class recognised", "high"))
def label_accuracy(fake_class_logits: np.ndarray, fake_labels: np.ndarray) -> dict[str, float]:
    """Share of images whose class is the one that was asked for."""
    return {"label_accuracy": mean(fake_class_logits.argmax(axis=1) == fake_labels)}


@metric(classifier_accuracy=Value("its classifier is right", "high"))
def classifier_accuracy(class_probability: np.ndarray, class_labels: np.ndarray) -> dict[str, float]:
    """Share of real test images whose class the model's own classifier gets right, if it has one, as `sgan`."""
    return {"classifier_accuracy": mean(class_probability.argmax(axis=1) == class_labels)}
