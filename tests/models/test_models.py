import dataclasses
import json
import math

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability
from helpers import SAMPLED, tiny_config

from gan_keras import models, train
from gan_keras.evaluation import tfgan
from gan_keras.exporting import loading
from gan_keras.game import config, gan
from gan_keras.game.networks import feed
from gan_keras.layers import SpectralNormalization
from gan_keras.layers.copies import leaves
from gan_keras.ui.console import UserError

QUICK = {"vanilla", "dcgan", "cgan", "wgan_gp", "proposed"}  # each of the others is like one of these
LONG = {"progan", "stylegan"}  # many networks, which take long to build and to export


@pytest.mark.parametrize(
    "name",
    [
        name if name in QUICK else pytest.param(name, marks=pytest.mark.long if name in LONG else pytest.mark.slow)
        for name in SAMPLED
    ],
)
def test_a_tiny_run_leaves_networks_that_can_be_used(name, tmp_path, idx_folder):
    """With two discriminator steps where there are several, through the whole of training and export.

    In bfloat16, which is what "auto" means on some processors: what is exported takes and gives float32 all the same.
    """
    options = {"epochs": 1, "batch_size": 8, "precision": "bfloat16"}
    options["critic_steps"] = min(2, models.load(name).Config().critic_steps)
    run = train.run(tiny_config(name, data_dir=idx_folder, out=tmp_path / "run", **options))
    assert json.loads((run / "config.json").read_text())["options"]["model"] == name
    assert (run / "samples" / "epoch_0001.png").exists()
    generator = loading.load_generator(run)
    images, labels = loading.make(generator, 12, seed=5)
    assert images.shape == (12, 28, 28, 1)
    assert images.dtype == np.uint8
    network = keras.models.load_model(run / "generator.keras", custom_objects={})
    latents = tf.random.stateless_normal([12, network.inputs[0].shape[1]], [5, 0])
    labels = None if labels is None else tf.constant(labels)
    given = {"latent": latents, "label": labels, "truncation": tf.ones([12])}
    noises = [value for value in network.inputs if value.name not in given]
    given |= {
        value.name: tf.random.stateless_normal([12, *value.shape[1:]], [5, 1 + index])
        for index, value in enumerate(noises)
    }
    again = feed(network, given, training=False)  # of tensors: arrays are cast without a word
    np.testing.assert_allclose(images, 127.5 * again + 127.5, atol=0.51)
    if not (run / "discriminator").exists():  # it has no probability to give
        return
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


def build(name, classes=10, **options):
    keras.utils.set_random_seed(0)
    game = models.load(name).Model(tiny_config(name, **options), (28, 28, 1), classes)
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


def softplus(values):
    return np.log1p(np.exp(values))


def cross_entropy(real, fake):
    return softplus(-real).mean() + softplus(fake).mean(), softplus(-fake).mean()


def wasserstein(real, fake):
    return fake.mean() - real.mean(), -fake.mean()


def least_squares(real, fake):
    return ((real - 1) ** 2).mean() / 2 + ((fake + 1) ** 2).mean() / 2, (fake**2).mean() / 2


def hinge(real, fake):
    return np.maximum(0, 1 - real).mean() + np.maximum(0, 1 + fake).mean(), -fake.mean()


def relativistic(real, fake):
    return softplus(fake - real).mean(), softplus(real - fake).mean()


def misnamed(logits, labels):
    """The cross-entropy of classes."""
    return np.mean(np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(labels)), labels])


LOSSES = {
    "vanilla": cross_entropy,
    "dcgan": cross_entropy,
    "cgan": cross_entropy,
    "acgan": cross_entropy,
    "infogan": cross_entropy,
    "lsgan": least_squares,
    "wgan": wasserstein,
    "wgan_gp": wasserstein,
    "sngan": hinge,
    "r3gan": relativistic,
    "proposed": cross_entropy,
}


@pytest.mark.parametrize("name", LOSSES)
def test_the_players_losses_are_those_of_the_models_paper(name):
    """From what the discriminator says of a batch; R3GAN's penalties have a test of their own."""
    options = {"wgan_gp": {"gradient_penalty": 0.0}, "r3gan": {"penalty": 0.0}}
    game = build(name, **options.get(name, {}))
    real = batch_of(8)
    fake = game.generate(real)
    for _ in range(50):  # until spectral normalisation stands still
        real_outputs, fake_outputs = (outputs.numpy() for outputs in game.discriminate_both(real, fake))
    discriminator_loss, generator_loss = LOSSES[name](real_outputs[:, :1], fake_outputs[:, :1])
    if name == "acgan":
        real_classes, fake_classes = (
            misnamed(outputs[:, 1:], real["label"]) for outputs in (real_outputs, fake_outputs)
        )
        discriminator_loss, generator_loss = (
            discriminator_loss + real_classes + fake_classes,
            generator_loss + fake_classes,
        )
    if name == "infogan":
        chosen = fake["latent"][:, -12:-2].numpy().argmax(axis=1)
        codes = np.vectorize(math.erf)(fake["latent"][:, -2:] / np.sqrt(2))
        unread = misnamed(fake_outputs[:, 1:-2], chosen) + ((codes - fake_outputs[:, -2:]) ** 2).sum(axis=1).mean() / 2
        discriminator_loss, generator_loss = discriminator_loss + unread, generator_loss + unread
    np.testing.assert_allclose(game.discriminator_loss(real, fake), discriminator_loss, rtol=1e-4)
    np.testing.assert_allclose(game.generator_loss(real, fake), generator_loss, rtol=1e-4, atol=1e-6)


def test_the_class_and_code_losses_equal_tensorflow_gans():
    reference = tfgan.load("losses.losses_impl")
    real = batch_of(8)
    game = build("acgan")
    fake = game.generate(real)
    real_outputs, fake_outputs = game.discriminate_both(real, fake)
    ours = game.class_loss(real_outputs, real) + game.class_loss(fake_outputs, fake)
    labels = tf.one_hot(real["label"], 10)
    theirs = reference.acgan_discriminator_loss(real_outputs[:, 1:], fake_outputs[:, 1:], labels)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)

    game = build("infogan")
    fake = game.generate(real)
    outputs = game.discriminate(fake)
    category, continuous = game.codes(fake["latent"])
    distributions = tensorflow_probability.distributions
    of_category = distributions.OneHotCategorical(logits=outputs[:, 1:-2])
    of_code = distributions.Normal(outputs[:, -2:], 1.0)
    theirs = reference.mutual_information_penalty([category], [of_category])
    # Theirs is the mean over the two continuous codes, ours the sum without the constant of the normal distribution.
    theirs += 2 * reference.mutual_information_penalty([continuous], [of_code]) - np.log(2 * np.pi)
    np.testing.assert_allclose(game.code_loss(outputs, fake), theirs, rtol=1e-5)


def test_wgan_gp_and_r3gan_penalise_slopes():
    """Of real and of fake images, squared and halved; of WGAN-GP as much as the weight says."""
    real = batch_of(8)
    game = build("r3gan", penalty=3.0)
    fake = game.generate(real)
    slopes = 0
    for batch in (real, fake):
        with tf.GradientTape() as tape:
            tape.watch(batch["image"])
            logits = game.discriminator(batch["image"])
        slopes += (tape.gradient(logits, batch["image"]).numpy() ** 2).sum(axis=(1, 2, 3)).mean() / 2
    plain, _ = relativistic(*(outputs.numpy() for outputs in game.discriminate_both(real, fake)))
    np.testing.assert_allclose(game.discriminator_loss(real, fake), plain + 3 * slopes, rtol=1e-5)

    game = build("wgan_gp")
    losses = {}
    for weight in (0.0, 10.0, 20.0):
        game.config = dataclasses.replace(game.config, gradient_penalty=weight)
        losses[weight] = game.discriminator_loss(real, fake).numpy()
    assert losses[10.0] > losses[0.0] + 1
    np.testing.assert_allclose(losses[20.0] - losses[10.0], losses[10.0] - losses[0.0], rtol=1e-5)


def test_sngan_normalises_every_layer_of_its_discriminator():
    layers = [layer for layer in leaves(build("sngan").discriminator) if layer.trainable_variables]
    assert len(layers) == 3
    assert all(isinstance(layer, SpectralNormalization) for layer in layers)


def test_acgan_is_not_told_the_class_and_finds_it():
    """Trained on classes that anybody can see, its discriminator's class loss falls."""
    game = build("acgan", learning_rate=1e-2)
    assert len(game.discriminator.inputs) == 1
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
    with pytest.raises(UserError, match="--latent-dim is 10; the codes alone need 12"):
        build("infogan", latent_dim=10)


@pytest.mark.slow
def test_infogans_generator_can_make_its_codes_readable():
    """Moved by the codes' loss alone, generator and code head soon do better than guessing: log 10 + 1/3."""
    game = build("infogan", generator_learning_rate=3e-3)
    for step in range(60):
        with tf.GradientTape() as tape:
            fake = game.generate(batch_of(32), step)
            loss = game.code_loss(game.discriminate(fake), fake)
        game.update(game.generator_player, loss, tape)
    assert loss < 0.5 * (np.log(10) + 1 / 3)


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
    losses = [one.discriminator_loss(one.shown(real, 1), one.shown(fake, 0)) for one in (game, without)]
    assert losses[0] != losses[1]


def test_the_proposed_model_projects_the_class_onto_the_features():
    """D(x, y) = ψ(x) + V[y]·φ(x): Miyato and Koyama 2018, equation 3; without labels, as without the projection."""
    game = build("proposed", spectral_normalisation=False)
    real, classes = batch_of(8), tf.range(8)
    network = game.discriminator
    dot = next(layer for layer in network.layers if isinstance(layer, keras.layers.Dot))
    of_class, features = keras.Model(network.inputs, dot.input)([real["image"], classes])
    (table,) = (weight for weight in network.weights if weight.shape == (10, 4))
    np.testing.assert_allclose(of_class, table.numpy()[:8], rtol=1e-6)
    projection = (table.numpy() * features.numpy()[:, None]).sum(axis=-1)  # of each image on each class
    logits = np.concatenate([network([real["image"], tf.fill([8], label)]) for label in range(10)], axis=1)
    np.testing.assert_allclose(logits - logits[:, :1], projection - projection[:, :1], atol=1e-5)


def test_the_proposed_model_makes_another_image_for_another_class():
    game = build("proposed")
    real = batch_of(8)
    other = {**real, "label": (real["label"] + 1) % 10}
    assert (game.generate(real)["image"].numpy() != game.generate(other)["image"].numpy()).any(axis=(1, 2, 3)).all()


def test_the_proposed_model_takes_no_labels_where_there_are_none_or_none_are_wanted():
    assert build("proposed").takes_labels
    for game in (build("proposed", conditional=False), build("proposed", classes=1)):
        assert not game.takes_labels
        assert [value.name for value in game.discriminator.inputs] == ["image"]


def test_the_largest_of_the_first_latents_chooses_what_the_generator_embeds():
    """If one mode gets the embedding of another, its images change, and no others. All else about it says nothing."""
    generator = build("proposed", conditional=False, modes=3, embedding=5, latent_dim=8).generator
    (table,) = (weight for weight in generator.weights if weight.shape == (3, 5))
    latents = np.random.default_rng(0).normal(size=[30, 8]).astype(np.float32)
    modes = latents[:, :3].argmax(axis=1)
    assert set(modes) == {0, 1, 2}
    images = generator(latents).numpy()
    np.testing.assert_array_equal(generator(latents * np.repeat([3, 1], [3, 5])).numpy(), images)
    table.assign(tf.gather(table, [0, 0, 2]))
    changed = (generator(latents).numpy() != images).any(axis=(1, 2, 3))
    np.testing.assert_array_equal(changed, modes == 1)


def test_latents_of_which_none_is_largest_choose_one_mode():
    generator = build("proposed", conditional=False, modes=3, latent_dim=8).generator
    zeros = np.zeros([4, 8], np.float32)
    zeros[1:, :3] = np.eye(3)
    images = generator(zeros).numpy()
    assert [np.array_equal(images[0], image) for image in images[1:]].count(True) == 1


@pytest.mark.parametrize(("modes", "latent_dim", "embedded"), [(0, 8, []), (3, 8, [3]), (20, 8, [4]), (20, 1, [])])
def test_there_are_as_many_modes_as_asked_for_and_at_most_half_as_many_as_latents(modes, latent_dim, embedded):
    generator = build("proposed", conditional=False, modes=modes, embedding=6, latent_dim=latent_dim).generator
    assert [weight.shape[0] for weight in generator.weights if weight.shape[1:] == (6,)] == embedded
