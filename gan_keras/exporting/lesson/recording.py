"""A small game, played and recorded: what both players see, say and are told at some of its steps."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from gan_keras import data
from gan_keras.game.gan import GAN
from gan_keras.game.networks import feed
from gan_keras.models import vanilla
from gan_keras.ui import pictures

SIDE = 16  # of the images, in pixels: small enough for dense layers that learn within a minute
SHOWN = 12  # fakes, and as many real images
COUNTED = 256  # images whose scores are counted
BINS = 20  # of the counts, from 0 to 1


@dataclass(frozen=True)
class Recording:
    """What a page needs to replay a game."""

    facts: dict[str, Any]  # numbers: a list of frames, and what is the same in all
    pixels: bytes  # uint8 [1 + 2 * frames, SHOWN, SIDE, SIDE]: the real images; of each frame the fakes and the pushes


def record(split: data.Split, steps: int = 4000, frames: int = 80, seed: int = 0) -> Recording:
    """Play a vanilla GAN of images [count, SIDE, SIDE, 1], and look at it more often at first than later.

    A push is the gradient that the generator is moved by, for each pixel: more light above 128, less below.
    """
    game = game_of(split, steps, seed)
    batches = iter(data.batches(split, game.config.batch_size, seed))
    real = data.standardise(split.images[np.random.default_rng(seed).permutation(len(split.images))[:COUNTED]])
    wanted = set((np.linspace(0, 1, frames) ** 2 * steps).round().astype(int).tolist())
    step = tf.function(game.train_step)
    seen, pixels = [], [pictures.to_uint8(real[:SHOWN])]
    for number in range(steps + 1):
        if number in wanted:
            frame, fakes, pushes = look(game, real)
            seen.append({"step": number, **frame})
            pixels += [fakes, pushes]
        step(next(batches))
    facts = {"image": [SIDE, SIDE, 1], "shown": SHOWN, "frames": seen}
    return Recording(facts, b"".join(part.tobytes() for part in pixels))


def game_of(split: data.Split, steps: int, seed: int) -> GAN:
    """Return the untrained game; `steps` is how many it will take."""
    options = vanilla.Config(
        units=64, latent_dim=32, batch_size=64, learning_rate=5e-4, seed=seed, image_size=SIDE, precision="float32"
    )
    keras.utils.set_random_seed(seed)
    game = vanilla.Model(options, split.images.shape[1:])
    game.compile(total_steps=steps)
    return game


def look(game: GAN, real: tf.Tensor) -> tuple[dict[str, Any], np.ndarray, np.ndarray]:
    """Return the scores and losses of a step, its fakes, and the pushes of their pixels."""
    fake = feed(game.generator, {"latent": game.sample_latents(COUNTED)})
    with tf.GradientTape() as tape:
        tape.watch(fake)
        fake_logits = feed(game.discriminator, {"image": fake})
        generator_loss = game.adversarial_loss.generator(fake_logits)
    push = -tape.gradient(generator_loss, fake)[:SHOWN].numpy()
    real_logits = feed(game.discriminator, {"image": real})
    scores = {"real": tf.sigmoid(real_logits).numpy()[:, 0], "fake": tf.sigmoid(fake_logits).numpy()[:, 0]}
    frame = {
        name: {
            "scores": [round(float(score), 3) for score in one[:SHOWN]],
            "counts": np.histogram(one, BINS, (0, 1))[0].tolist(),
            "mean": round(float(one.mean()), 3),
        }
        for name, one in scores.items()
    }
    losses = {
        "generator": generator_loss,
        "discriminator": game.adversarial_loss.discriminator(real_logits, fake_logits),
    }
    frame["losses"] = {name: round(float(loss), 4) for name, loss in losses.items()}
    largest = max(float(np.abs(push).max()), 1e-12)
    return frame, pictures.to_uint8(fake[:SHOWN]), np.rint(128 + 127 * push / largest).astype(np.uint8)
