"""How the learning rate changes during a run."""

import keras

from gan_keras.options import Schedule


def scheduled(
    rate: float, schedule: Schedule, total_steps: int, cooldown: float = 0.5
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """Return the learning rate itself, or a schedule that starts with it and ends at 0 with the last step.

    "cooldown" is constant until the last part of the steps, `cooldown` of all, where it falls along a cosine (after
    Hägele et al. 2024, arXiv:2405.18392).
    """
    if schedule == "linear":
        return keras.optimizers.schedules.PolynomialDecay(rate, total_steps, end_learning_rate=0.0)
    if schedule == "cosine":
        return keras.optimizers.schedules.CosineDecay(rate, total_steps)
    if schedule == "cooldown":
        cooling = max(1, round(cooldown * total_steps))
        # The constant part is what Keras calls warming up, here to the rate that it starts with.
        return keras.optimizers.schedules.CosineDecay(
            rate, cooling, warmup_target=rate, warmup_steps=total_steps - cooling
        )
    return rate
