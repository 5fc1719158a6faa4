import re
import sys
from pathlib import Path
from types import ModuleType

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import SAMPLED, replicas, tiny_config

from gan_keras import models
from gan_keras.game import gan
from gan_keras.game.networks import split
from gan_keras.game.randomness import Stream
from gan_keras.layers import BatchNormalization

SHAPE = (28, 28, 1)


def build(model="dcgan", **options):
    config = tiny_config(model, **options)
    keras.utils.set_random_seed(config.seed)
    game = models.load(model).Model(config, SHAPE)
    game.compile(total_steps=10)
    return game


def batch_of(count, seed=0):
    random = np.random.default_rng(seed)
    return {
        "image": tf.constant(random.uniform(-1, 1, (count, *SHAPE)), tf.float32),
        "label": tf.constant(random.integers(0, 10, count), tf.int32),
        "partner_image": tf.constant(random.uniform(-1, 1, (count, *SHAPE)), tf.float32),  # for models of two domains
        "partner_label": tf.constant(random.integers(0, 10, count), tf.int32),
    }


def weights(network):
    return [weight.numpy().copy() for weight in network.trainable_variables]


@pytest.mark.parametrize(
    ("model", "precision"),
    [(name, "float32") for name in models.names()]
    + [(name, precision) for name in ("dcgan", "proposed") for precision in ("bfloat16", "float16")],
)
def test_a_step_moves_every_weight_of_both_players(model, precision, monkeypatch):
    grows = hasattr(models.load(model).Config, "period")
    if grows:
        monkeypatch.setattr(models.load(model).Model, "last", 1)  # a third stage takes twice as long to trace
    game = build(model, precision=precision, **{"period": 6} if grows else {})
    # Where only differences of logits count, the discriminator's last bias has no gradient.
    players = [game.generator_player.variables, game.discriminator_player.variables[:-1]]
    before = [[variable.numpy() for variable in variables] for variables in players]
    step = tf.function(game.train_step, autograph=False) if grows else game.train_step
    for seed in range(6 if grows else 2):  # float16 may skip a step while its loss scale settles
        logs = step(batch_of(4 * game.config.critic_steps, seed))
    for variables, old in zip(players, before, strict=True):
        for variable, value in zip(variables, old, strict=True):
            assert (variable.numpy() != value).any(), variable.path
    assert all(np.isfinite(value) for value in logs.values())
    assert all(weight.dtype == "float32" for weight in game.weights)


@pytest.mark.parametrize("model", SAMPLED)
def test_the_images_are_in_range_and_have_the_shape_of_the_real_ones(model):
    game = build(model)
    for image in (game.generate(batch_of(5))["image"], game.images_of(game.sample_latents(5))):
        assert image.shape == (5, *SHAPE)
        assert image.dtype == tf.float32
    assert np.abs(image).max() <= 1, "of the sampler: some train with images of any range"


def test_each_player_descends_its_own_loss():
    """A small step down the loss lowers it, on the same data and with the other player held still."""
    game = build(learning_rate=1e-4)
    real = batch_of(32)
    fake = game.generate(real)
    for player, loss in (
        (game.discriminator_player, lambda: game.discriminator_loss(real, fake)),
        (game.generator_player, lambda: game.generator_loss(real, game.generate(real))),
    ):
        with tf.GradientTape() as tape:
            before = loss()
        game.update(player, before, tape)
        assert loss() < before


def test_the_step_equals_one_written_out_by_hand():
    """Against the plain form: separate passes over real and fake, Keras' own layers, a step of Adam each."""
    game, twin = (build(learning_rate=1e-3, generator_learning_rate=2e-3) for _ in range(2))
    real = batch_of(8)
    latent = normal(twin, [8, twin.config.latent_dim])
    entropy = keras.losses.BinaryCrossentropy(from_logits=True)
    adams = [keras.optimizers.Adam(rate, beta_1=0.5) for rate in (1e-3, 2e-3)]
    with tf.GradientTape() as tape:
        real_logits = twin.discriminator(real["image"])
        fake_logits = twin.discriminator(twin.generator(latent, training=True))
        loss = entropy(tf.ones([8, 1]), real_logits) + entropy(tf.zeros([8, 1]), fake_logits)
    variables = twin.discriminator.trainable_variables
    adams[0].apply(tape.gradient(loss, variables), variables)
    with tf.GradientTape() as tape:
        loss = entropy(tf.ones([8, 1]), twin.discriminator(twin.generator(latent, training=True)))
    variables = twin.generator.trainable_variables
    adams[1].apply(tape.gradient(loss, variables), variables)

    logs = game.train_step(real)
    assert float(logs["generator_loss"]) == pytest.approx(float(loss), rel=1e-4)
    for ours, by_hand in ((game.discriminator, twin.discriminator), (game.generator, twin.generator)):
        for one, other in zip(weights(ours), weights(by_hand), strict=True):
            np.testing.assert_allclose(one, other, atol=2e-5)


def test_critic_steps_use_fresh_images_and_fresh_fakes():
    game = build(critic_steps=3)
    seen = []
    game.discriminator_loss = lambda real, fake: (
        seen.append((real["image"].numpy(), fake["image"].numpy())) or type(game).discriminator_loss(game, real, fake)
    )
    game.train_step(batch_of(12))
    reals, fakes = zip(*seen, strict=True)
    assert len(seen) == 3
    np.testing.assert_array_equal(np.concatenate(reals), batch_of(12)["image"])
    assert len({fake.tobytes() for fake in fakes}) == 3
    assert int(game.generator_player.optimizer.iterations) == 1
    assert int(game.discriminator_player.optimizer.iterations) == 3


def test_accuracies_are_those_of_the_logits():
    game = build()
    real, fake = batch_of(8), game.generate(batch_of(8))
    logits = [game.discriminator(batch["image"]).numpy() for batch in (real, fake)]
    game.discriminator_loss(real, fake)
    assert float(game.means["real_accuracy"].result()) == pytest.approx((logits[0] > 0).mean())
    assert float(game.means["fake_accuracy"].result()) == pytest.approx((logits[1] < 0).mean())


def test_real_and_fake_pass_apart_through_batch_normalisation():
    """Together they would share statistics, and each would tell on the other."""
    game = build()
    real, fake = batch_of(8), game.generate(batch_of(8))
    together = game.discriminate_both(real, fake)
    game.discriminator = keras.Sequential(
        [keras.Input(SHAPE, name="image"), keras.layers.Flatten(), BatchNormalization()]
    )
    apart = game.discriminate_both(real, fake)
    assert together[0].shape == (8, 1)
    for part in apart:
        np.testing.assert_allclose(tf.reduce_mean(part, axis=0), np.zeros(784), atol=1e-4)


def test_the_average_follows_its_formula():
    game = build(average_decay=0.5)
    expected = game.averages["generator"].get_weights()
    for step in range(12):
        game.train_step(batch_of(4, step))
        decay = min(0.5, (1 + step) / (10 + step))
        weights_now = game.generator.get_weights()
        expected = [decay * mean + (1 - decay) * now for mean, now in zip(expected, weights_now, strict=True)]
    for mean, other in zip(game.averages["generator"].get_weights(), expected, strict=True):
        np.testing.assert_allclose(mean, other, atol=1e-5)


def normal(game, shape, stream=Stream.LATENT, number=0):
    return game.random(tf.random.stateless_normal, shape, stream, number)


def test_random_numbers_depend_on_seed_step_stream_and_number_only():
    game = build()
    first = normal(game, [1000])
    np.testing.assert_array_equal(first, normal(game, [1000]))
    others = [normal(game, [1000], number=1), normal(game, [1000], Stream.SAMPLES)]
    game.step.assign_add(1)
    others += [normal(game, [1000]), normal(build(seed=1), [1000])]
    for other in others:
        assert abs(np.corrcoef(first, other)[0, 1]) < 0.15
    assert abs(np.mean(first)) < 0.15
    assert np.std(first) == pytest.approx(1, abs=0.1)


def test_two_replicas_move_the_weights_as_one_does():
    """Without noise that differs: the discriminator, on half the batch each, moves as on the whole."""
    strategy = replicas()
    game = build()
    with strategy.scope():
        twin = build()
    real, fake = batch_of(8), game.generate(batch_of(8))

    def step(model, real, fake):
        with tf.GradientTape() as tape:
            loss = model.discriminator_loss(real, fake)
        model.update(model.discriminator_player, loss, tape)

    step(game, real, fake)
    halves = [
        strategy.experimental_distribute_values_from_function(
            lambda context, batch=batch: split(batch, 2)[context.replica_id_in_sync_group]
        )
        for batch in (real, fake)
    ]
    tf.function(lambda real, fake: strategy.run(step, args=(twin, real, fake)))(*halves)
    for one, other in zip(weights(game.discriminator), weights(twin.discriminator), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.parametrize(
    ("model", "classes", "samples", "columns"),
    [
        ("dcgan", 10, 64, None),
        ("cgan", 10, 64, 10),
        ("cgan", 10, 4, 4),
        ("cgan", 47, 64, None),
        ("infogan", 10, 64, 10),
    ],
)
def test_the_picture_has_a_column_per_class_where_classes_can_be_chosen(model, classes, samples, columns):
    game = models.load(model).Model(tiny_config(model, samples=samples), SHAPE, classes)
    assert game.display_columns() == columns
    assert len(game.display({})) == samples


@pytest.mark.parametrize("method", ["build_generator", "build_discriminator"])
def test_a_model_that_lacks_a_network_says_which(method, monkeypatch):
    monkeypatch.setattr(models.load("dcgan").Model, method, getattr(gan.GAN, method))
    with pytest.raises(TypeError, match=f"must define {method}"):
        build()


def test_a_value_that_was_not_announced_is_named():
    game = build()
    with pytest.raises(KeyError, match="add brightness to the `tracked`"):
        game.track(brightness=tf.constant(1.0))


def test_a_discriminator_of_images_is_refused(monkeypatch):
    image = keras.Input(SHAPE, name="image")
    planes = keras.Sequential([image, keras.layers.Conv2D(1, 3)], name="discriminator")
    monkeypatch.setattr(models.load("dcgan").Model, "build_discriminator", lambda self: planes)
    with pytest.raises(ValueError, match=r"it must be \[batch, 1 or more\]"):
        build().train_step(batch_of(4))


def test_the_model_in_contributing_is_a_whole_model(monkeypatch):
    text = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (code,) = [block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "class Model" in block]
    module = ModuleType("gan_keras.models.contributed")
    monkeypatch.setitem(sys.modules, module.__name__, module)  # dataclasses look it up
    exec(code, vars(module))
    game = module.Model(module.Config(model="contributed", filters=4), SHAPE)
    game.compile(total_steps=10)
    assert game.train_step(batch_of(4))["brightness"] >= 0
