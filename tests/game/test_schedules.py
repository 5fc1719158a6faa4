import numpy as np
import pytest

from gan_keras.game.schedules import scheduled


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("constant", [1, 1, 1, 1, 1]),
        ("linear", [1, 0.5, 0.1, 0.05, 0]),
        ("cosine", [1, 0.5, (1 + np.cos(0.9 * np.pi)) / 2, (1 + np.cos(0.95 * np.pi)) / 2, 0]),
        ("cooldown", [1, 1, (1 + np.cos(0.8 * np.pi)) / 2, (1 + np.cos(0.9 * np.pi)) / 2, 0]),
    ],
)
def test_schedules_end_at_the_last_step(schedule, expected):
    rate = scheduled(1e-3, schedule, 100)
    rates = [rate if schedule == "constant" else float(rate(step)) for step in (0, 50, 90, 95, 100)]
    np.testing.assert_allclose(rates, np.array(expected) * 1e-3, atol=1e-9)


def test_a_cooldown_is_constant_until_its_part_of_the_steps():
    rate = scheduled(1.0, "cooldown", 100, cooldown=0.1)
    np.testing.assert_allclose([rate(step) for step in (0, 89, 90, 95, 100)], [1, 1, 1, 0.5, 0], atol=1e-6)
