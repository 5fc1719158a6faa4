"""Styles: what modulates, mixes, averages and truncates them, and that the penalty is lazy."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import run_command, tiny_config, train_eagerly

from gan_keras import generate, synthesize
from gan_keras.exporting import loading
from gan_keras.game import penalties
from gan_keras.layers import ModulatedConv2D
from gan_keras.models import stylegan


@pytest.fixture(scope="module")
def game():
    keras.utils.set_random_seed(0)
    model = stylegan.Model(tiny_config("stylegan", latent_dim=6), (28, 28, 1))
    model.compile(total_steps=100)
    return model


@pytest.fixture(scope="module")
def run(tmp_path_factory, idx_folder):
    out = tmp_path_factory.mktemp("stylegan") / "run"
    return train_eagerly(tiny_config("stylegan", latent_dim=6, epochs=1, data_dir=idx_folder, out=out))


@pytest.mark.parametrize("demodulate", [True, False])
def test_modulation_scales_the_kernel_of_each_image(demodulate):
    """Karras et al. 2020, equations 1 and 3, with a kernel for each image as they have it."""
    random = np.random.default_rng(0)
    images, styles = random.normal(size=(3, 5, 5, 4)).astype("float32"), random.normal(1, 1, (3, 4)).astype("float32")
    layer = ModulatedConv2D(6, 3, demodulate)
    outputs = layer([tf.constant(images), tf.constant(styles)])
    for image, style, output in zip(images, styles, outputs, strict=True):
        kernel = layer.kernel.numpy() * style[:, None]
        if demodulate:
            kernel = kernel / np.sqrt((kernel**2).sum(axis=(0, 1, 2)) + 1e-8)
        np.testing.assert_allclose(output, tf.nn.conv2d(image[None], kernel, 1, "SAME")[0], rtol=1e-3, atol=1e-5)
    if demodulate:
        twice = layer([tf.constant(images), tf.constant(2 * styles)])
        np.testing.assert_allclose(twice, outputs, rtol=1e-4, atol=1e-5)
    again = ModulatedConv2D.from_config(layer.get_config())
    assert (again.filters, again.kernel_size, again.demodulate) == (6, 3, demodulate)


def test_the_fine_layers_of_most_images_get_another_style(game):
    """Images without mixing are those of the generator; the coarse layers are never the other one's."""
    real = {"image": tf.zeros([8, 28, 28, 1]), "label": tf.range(8)}
    fake = game.generate(real)
    plain = game.generator([fake[value.name] for value in game.generator.inputs], training=True)
    mixed = np.abs(fake["image"] - plain).max(axis=(1, 2, 3)) > 0
    assert 1 <= mixed.sum() <= 8
    game.discriminator_player.optimizer.iterations.assign_add(1)  # as between the critic steps of one step
    assert (game.image_of(fake) != fake["image"]).numpy().any(), "other styles are mixed in"
    chosen = tiny_config("stylegan", latent_dim=6, mixing=0.0)
    before, game.config = game.config, chosen
    np.testing.assert_allclose(game.generate(real)["image"], plain, atol=1e-6)
    game.config = before


def test_the_mapping_network_moves_a_hundredth_as_fast():
    """Adam's first step is its rate, whatever the gradient: here in proportion to √(2 / fan_in)."""
    keras.utils.set_random_seed(0)
    game = stylegan.Model(tiny_config("stylegan", latent_dim=6, learning_rate=0.01), (28, 28, 1))
    game.compile(total_steps=100)
    before = [weight.numpy() for weight in game.generator.trainable_variables]
    game.train_step({"image": tf.random.stateless_uniform([8, 28, 28, 1], [1, 2], -1, 1), "label": tf.range(8)})
    slow = {id(weight) for weight in game.generator.get_layer("mapping").trainable_variables}
    for weight, old in zip(game.generator.trainable_variables, before, strict=True):
        fan_in = np.prod(weight.shape[:-1]) if len(weight.shape) > 1 else 2
        expected = 0.01 * np.sqrt(2 / fan_in) * (0.01 if id(weight) in slow else 1)
        assert np.abs(weight.numpy() - old).max() == pytest.approx(expected, rel=0.01), weight.path


def test_the_average_style_follows_the_styles(game):
    average = game.memory["average_style"]
    average.assign(tf.zeros_like(average))
    mapping = game.generator.get_layer("mapping")
    real = {"image": tf.zeros([16, 28, 28, 1]), "label": tf.range(16) % 10}
    fake = game.generate(real)
    styles = mapping([fake["latent"], real["label"]])
    np.testing.assert_allclose(average, (1 - stylegan.DECAY) * np.mean(styles, axis=0), rtol=1e-4)


@pytest.mark.slow
def test_truncation_draws_styles_to_their_average(run):
    """At 0 all images are the same but for noise, at 1 they are the plain ones, and between they are between."""
    generator = loading.load_generator(run)
    spread = [
        np.std(generator.generate(20, 1, truncation=psi).numpy().astype(float), axis=0).mean() for psi in (0, 0.5, 1)
    ]
    assert spread[0] < spread[1] < spread[2]
    np.testing.assert_array_equal(generator.generate(5, 1, truncation=1.0), generator.generate(5, 1))


@pytest.mark.slow
def test_other_programs_can_map_and_synthesize(run):
    generator = loading.load_generator(run)
    latents, labels = tf.random.stateless_normal([4, 6], [3, 0]), tf.constant([1, 2, 3, 4])
    styles = generator.map(latents, labels)
    assert styles.shape == (4, 6)
    images = generator.synthesize(tf.repeat(styles[:, None], 5, axis=1), 3)
    assert images.shape == (4, 28, 28, 1)
    digits = generator.generate(4, 3, labels)
    np.testing.assert_allclose(np.clip(127.5 * images + 127.5, 0, 255), digits, atol=0.51)
    assert (generator.synthesize(tf.repeat(styles[:, None], 5, axis=1), 4).numpy() != images.numpy()).any()


@pytest.mark.slow
def test_the_table_of_styles_has_its_sources_and_their_mixtures(run):
    generator = loading.load_generator(run)
    table = loading.mix_styles(generator, 3, 5).reshape(4, 4, 28, 28, 1)
    assert not table[0, 0].any()
    latents = tf.random.stateless_normal([6, 6], [5, 0])
    styles = generator.map(latents, tf.range(6)).numpy()
    mixed = np.stack([np.concatenate([np.tile(styles[1], (3, 1)), np.tile(styles[5], (2, 1))])] * 4)
    images = generator.synthesize(mixed, 5).numpy()[3]  # the noise is that of the place in a row
    np.testing.assert_allclose(np.clip(127.5 * images + 127.5, 0, 255), table[2, 3], atol=0.51)


@pytest.mark.slow
def test_styles_are_asked_for_on_the_command_line(run, finished_run, tmp_path, capsys):
    for arguments, message in ((["--mix", 2], "9 images"), (["--truncation", 0.7, "--count", 4], "4 images")):
        code, text = run_command(generate.main, capsys, run, *arguments, "--out", tmp_path / "grid.png")
        assert (code, message in text) == (0, True), text
        code, text = run_command(generate.main, capsys, finished_run, *arguments, "--out", tmp_path / "grid.png")
        assert (code, "has no styles" in text) == (2, True), text
    code, text = run_command(generate.main, capsys, run, "--mix", 2, "--count", 3)
    assert (code, "--count is no option of --mix" in text) == (2, True), text
    code, text = run_command(synthesize.main, capsys, run, "--spread", 2, "--out", tmp_path / "set")
    assert (code, "Give a --truncation above 1" in text) == (2, True), text


def test_a_lazy_penalty_comes_in_some_steps_and_counts_as_many_times():
    values = [float(penalties.lazy(tf.constant(step), 4, lambda: tf.constant(3.0))) for step in range(8)]
    assert values == [12, 0, 0, 0, 12, 0, 0, 0]
    assert float(penalties.lazy(tf.constant(5), 1, lambda: tf.constant(3.0))) == 3
