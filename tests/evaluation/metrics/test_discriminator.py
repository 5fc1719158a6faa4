import numpy as np
import pytest

from gan_keras.evaluation.metrics import discriminator


def test_discriminator_accuracy_by_hand():
    values = discriminator.discriminator_accuracy(np.array([0.9, 0.8, 0.2, 0.6]), np.array([0.7, 0.1, 0.4, 0.3]))
    assert values == pytest.approx(
        {
            "discriminator_real_accuracy": 3 / 4,
            "discriminator_fake_accuracy": 3 / 4,
            "discriminator_precision": 3 / 4,
            "discriminator_recall": 3 / 4,
            "discriminator_f1": 3 / 4,
        }
    )
    calls_all_real = discriminator.discriminator_accuracy(np.ones(10), np.ones(10))
    assert calls_all_real["discriminator_f1"] == pytest.approx(2 / 3)
    assert discriminator.discriminator_accuracy(np.zeros(10), np.zeros(10))["discriminator_f1"] == 0
