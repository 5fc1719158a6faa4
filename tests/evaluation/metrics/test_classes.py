"""Metrics of the classes, by hand."""

import numpy as np
import pytest

from gan_keras.evaluation.metrics import classes


def one_hot_logits(classes, sureness=50.0):
    return sureness * np.eye(10, dtype=np.float32)[classes]


@pytest.mark.parametrize(
    ("logits", "expected"),
    [
        (one_hot_logits(np.arange(100) % 10), 10.0),  # sure and varied
        (one_hot_logits(np.zeros(100, int)), 1.0),  # one class only
        (np.zeros((100, 10), np.float32), 1.0),  # never sure
        (one_hot_logits(np.arange(100) % 5), 5.0),  # half of the classes
        # Two samples, p = (3/4, 1/4) and (1/4, 3/4): KL to (1/2, 1/2) is 3/4 log 3/2 + 1/4 log 1/2.
        (np.log([[3.0, 1.0], [1.0, 3.0]]), np.exp(0.75 * np.log(1.5) + 0.25 * np.log(0.5))),
    ],
)
def test_score_by_hand(logits, expected):
    assert classes.score(logits)["score"] == pytest.approx(expected, rel=1e-5)


def test_class_balance_by_hand():
    balanced = classes.class_balance(one_hot_logits(np.arange(100) % 10))
    assert balanced == pytest.approx({"distance_from_uniform": 0, "vanished_classes": 0})
    single = classes.class_balance(one_hot_logits(np.zeros(50, int)))
    assert single == pytest.approx({"distance_from_uniform": 0.9, "vanished_classes": 9})
    half = classes.class_balance(one_hot_logits(np.arange(100) % 5))
    assert half == pytest.approx({"distance_from_uniform": 0.5, "vanished_classes": 5})


def test_confidence_and_label_accuracy_by_hand():
    logits = np.log([[0.95, 0.05], [0.85, 0.15], [0.3, 0.7], [0.01, 0.99]])
    assert classes.confidence(logits) == {"confident_share": 0.5}
    assert classes.label_accuracy(logits, np.array([0, 1, 1, 1])) == {"label_accuracy": 0.75}


def test_stacked_modes_by_hand():
    every = np.stack(np.unravel_index(np.arange(1000), (10, 10, 10)), axis=1)
    assert classes.stacked_modes(every, every) == pytest.approx({"modes": 1000, "modes_divergence": 0})
    quarter = np.repeat(every[:250], 4, axis=0)
    assert classes.stacked_modes(quarter, every) == pytest.approx({"modes": 250, "modes_divergence": np.log(4)})
    often_zero = np.array([0, 0, *range(10)])
    real = np.stack(np.meshgrid(often_zero, often_zero, often_zero), axis=-1).reshape(-1, 3)
    zeros = np.zeros((20, 3), int)
    assert classes.stacked_modes(zeros, real) == pytest.approx({"modes": 1, "modes_divergence": 3 * np.log(4)})


def test_a_digit_that_no_real_stack_has_counts_as_half_a_digit():
    zeros, one = np.zeros((20, 3), int), np.array([[1, 0, 0]] * 20)
    share = np.array([60, 0.5]) / (60 + 9 * 0.5)
    expected = -np.log(share[1] * share[0] ** 2)
    assert classes.stacked_modes(one, zeros) == pytest.approx({"modes": 1, "modes_divergence": expected})


def test_stacked_modes_of_real_stacks_differ_by_chance_only():
    fake, real = np.random.default_rng(0).integers(0, 10, (2, 10_000, 3))
    # Twice the divergence times the number of samples is nearly a χ² of 999 degrees of freedom.
    assert classes.stacked_modes(fake, real)["modes_divergence"] == pytest.approx(999 / 20_000, abs=0.01)
