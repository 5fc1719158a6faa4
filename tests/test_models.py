import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import tiny_config

from gan_keras import config, gan, generate, models, train
from gan_keras.console import UserError


@pytest.mark.parametrize("name", models.names())
def test_a_tiny_run_leaves_networks_that_can_be_used(name, tmp_path, idx_folder):
    """With two discriminator steps where there are several, through the whole of training and export."""
    steps = min(2, models.load(name).Config().critic_steps)
    run = train.run(
        tiny_config(name, data_dir=idx_folder, out=tmp_path / "run", epochs=1, batch_size=8, critic_steps=steps)
    )
    assert json.loads((run / "config.json").read_text())["options"]["model"] == name
    assert (run / "samples" / "epoch_0001.png").exists()
    generator = generate.load(run)
    images, labels = generate.make(generator, 12, seed=5)
    assert images.shape == (12, 28, 28, 1)
    assert images.dtype == np.uint8
    network = keras.models.load_model(run / "generator.keras", custom_objects={})
    latents = tf.random.stateless_normal([12, network.inputs[0].shape[1]], [5, 0])
    labels = None if labels is None else tf.constant(labels)
    again = network(latents if labels is None else [latents, labels]).numpy()
    np.testing.assert_allclose(images, again * 127.5 + 127.5, atol=0.51)
    discriminator = tf.saved_model.load(str(run / "discriminator"))
    takes = discriminator.signatures["serving_default"].structured_input_signature[1]
    probability = discriminator.serve(again, labels) if "label" in takes else discriminator.serve(again)
    assert probability.shape == (12, 1)
    assert 0 <= np.min(probability) <= np.max(probability) <= 1


@pytest.mark.parametrize("name", models.names())
def test_a_model_states_its_options_and_how_to_train_it(name):
    module = models.load(name)
    assert issubclass(module.Config, config.Config)
    assert issubclass(module.Model, gan.GAN)
    assert f"python -m gan_keras.train --model {name}" in module.__doc__
    assert module.Config().model == name
    assert "train_step" not in vars(module.Model), "the training step is written once, in gan.py"


def test_an_unknown_model_suggests_the_nearest():
    with pytest.raises(UserError, match="Did you mean dcgan"):
        models.load("dcgn")


def test_dcgan_has_the_papers_networks():
    game = models.load("dcgan").Model(models.load("dcgan").Config(precision="float32"), (28, 28, 1))
    shapes = [layer.output.shape[1:] for layer in game.generator.layers if "conv" in layer.name]
    assert shapes == [(14, 14, 128), (28, 28, 64), (28, 28, 1)]
    assert game.generator.layers[0].output.shape[1:] == (7 * 7 * 128,)
    assert not any("batch" in layer.name for layer in game.discriminator.layers)


def test_dcgan_refuses_sides_it_cannot_double_up_to():
    with pytest.raises(UserError, match="multiples of 4"):
        models.load("dcgan").Model(models.load("dcgan").Config(), (30, 28, 1))


def build(name, **options):
    game = models.load(name).Model(tiny_config(name, **options), (28, 28, 1))
    game.compile(total_steps=10)
    return game


def batch_of(count):
    random = np.random.default_rng(0)
    return {
        "image": tf.constant(random.uniform(-1, 1, (count, 28, 28, 1)), tf.float32),
        "label": tf.constant(random.integers(0, 10, count), tf.int32),
    }


def test_wgan_clips_its_critic_and_leaves_momentum_out():
    game = build("wgan", critic_steps=2)
    for player in (game.generator_player, game.discriminator_player):
        assert type(player.optimizer) is keras.optimizers.RMSprop
    game.train_step(batch_of(8))
    largest = max(np.abs(variable).max() for variable in game.discriminator.trainable_variables)
    assert largest <= 0.01
    assert max(np.abs(variable).max() for variable in game.generator.trainable_variables) > 0.01


def test_acgan_is_not_told_the_class_and_finds_it():
    """Trained on classes that anybody can see, its discriminator's class loss falls."""
    game = build("acgan", learning_rate=1e-2)
    label = tf.constant(np.arange(16) % 10, tf.int32)
    image = tf.zeros([16, 28, 28, 1]) + tf.cast(label, tf.float32)[:, None, None, None] / 5 - 1
    real = {"image": image, "label": label}
    before = game.class_loss(game.discriminate(real), real)
    for _ in range(20):
        game.train_step(real)
    assert game.class_loss(game.discriminate(real), real) < 0.7 * before


def test_infogan_makes_one_category_and_even_codes_of_normal_numbers():
    game = build("infogan")
    category, continuous = (values.numpy() for values in game.codes(tf.random.stateless_normal([4000, 74], [1, 2])))
    np.testing.assert_array_equal(np.sort(category, axis=1)[:, -2:], np.tile([0.0, 1.0], (4000, 1)))
    np.testing.assert_allclose(category.mean(axis=0), 0.1, atol=0.03)
    np.testing.assert_allclose(np.quantile(continuous, [0.0, 0.25, 0.5, 0.75, 1.0]), [-1, -0.5, 0, 0.5, 1], atol=0.05)
    with pytest.raises(UserError, match="--latent-dim is 10; the codes alone take 12"):
        build("infogan", latent_dim=10)


def test_infogans_generator_can_make_its_codes_readable():
    """Moved by the codes' loss alone, generator and code head soon do better than guessing: log 10 + 1/3."""
    game = build("infogan", learning_rate=3e-3)
    for step in range(40):
        with tf.GradientTape() as tape:
            loss = game.unread(game.generate(batch_of(32), step))
        game.update(game.generator_player, loss, tape)
    assert loss < 0.8 * (np.log(10) + 1 / 3)


@pytest.mark.parametrize("part", [{"spectral_normalisation": False}, {"gradient_penalty": 1.0}, {"noise": 0.1}])
def test_each_part_of_the_proposed_model_can_be_switched(part):
    game, without = build("proposed"), build("proposed", **part)
    without.discriminator.set_weights(
        [weight for weight in game.discriminator.weights if "direction" not in weight.path]
        if "spectral_normalisation" in part
        else game.discriminator.get_weights()
    )
    without.generator.set_weights(game.generator.get_weights())
    real = batch_of(8)
    fake = game.generate(real)
    assert game.discriminator_loss(real, fake) != without.discriminator_loss(real, fake)


def test_the_conditional_proposed_model_tells_classes_apart():
    game = build("proposed", conditional=True, noise=0.0)
    real = batch_of(8)
    other = {**real, "label": (real["label"] + 1) % 10}
    assert (game.discriminate(real).numpy() != game.discriminate(other).numpy()).all()
    assert (game.generate(real)["image"].numpy() != game.generate(other)["image"].numpy()).any(axis=(1, 2, 3)).all()
