"""The latent space: where the generator is linear, everything in it has a closed form."""

from functools import cache, partial

import imageio.v3 as imageio
import keras
import numpy as np
import pytest
from helpers import run_command
from keras import layers, ops
from PIL import Image, ImageSequence

from gan_keras import latent
from gan_keras.evaluation import classifier, latent_space
from gan_keras.exporting import loading, saved_model
from gan_keras.ui import pictures

run = partial(run_command, latent.main)


@cache
def shipped():
    return loading.load_generator(loading.SHIPPED)


@pytest.fixture(scope="module")
def linear(tmp_path_factory):
    """Return a generator of 4x4 images that are a matrix times the latent, and that matrix."""
    matrix = np.random.default_rng(0).normal(size=(4, 16)).astype(np.float32) / 16
    network = keras.Sequential(
        [keras.Input([4], name="latent"), layers.Dense(16, use_bias=False), layers.Reshape([4, 4, 1])]
    )
    network.set_weights([matrix])
    path = tmp_path_factory.mktemp("linear")
    saved_model.export_network(network, path / "generator", [])
    return loading.load_generator(path), matrix


def test_directions_are_the_singular_vectors_of_a_linear_generator(linear):
    generator, matrix = linear
    found = latent_space.directions(generator, seed=0)
    vectors, values, _ = np.linalg.svd(matrix * 127.5)
    np.testing.assert_allclose(np.abs(found.vectors @ vectors), np.eye(4), atol=1e-2)
    np.testing.assert_allclose(found.changes, values**2 / 16, rtol=1e-2)


@pytest.fixture(scope="module")
def in_modes(tmp_path_factory):
    """Return a generator of a matrix times four latents, in a shade that the largest of ten chooses, and the matrix."""
    matrix = np.random.default_rng(0).normal(size=(4, 16)).astype(np.float32) / 64
    shades = np.repeat(np.linspace(-0.8, 0.8, 10, dtype=np.float32)[:, None], 16, axis=1)
    latent = keras.Input([14], name="latent")
    _, mode = ops.top_k(latent[:, :10], 1)
    hand, shade = (layers.Dense(16, use_bias=False) for _ in range(2))
    image = layers.Reshape([4, 4, 1])(hand(latent[:, 10:]) + shade(ops.one_hot(mode[:, 0], 10)))
    network = keras.Model(latent, image)
    hand.set_weights([matrix])
    shade.set_weights([shades])
    path = tmp_path_factory.mktemp("modes")
    saved_model.export_network(network, path / "generator", [])
    return loading.load_generator(path), matrix


def test_directions_stay_within_a_mode(in_modes, monkeypatch):
    generator, matrix = in_modes
    monkeypatch.setattr(latent_space, "STEP", 0.5)  # so that many a step leads to another
    found = latent_space.directions(generator, seed=0)
    vectors, values, _ = np.linalg.svd(matrix * 127.5)
    np.testing.assert_allclose(found.changes, [*values**2 / 16, *np.zeros(10)], rtol=1e-2, atol=1e-3)
    np.testing.assert_allclose(np.abs(found.vectors[:4, 10:] @ vectors), np.eye(4), atol=1e-2)


def test_the_latent_of_an_image_is_looked_for_in_its_mode(in_modes):
    generator, _ = in_modes
    latents = latent_space.normal(generator, 20, seed=1)
    images = latent_space.rounded(loading.images_of(generator, latents, np.zeros(20, int), 0))
    found = latent_space.invert(generator, images, np.zeros(20, int), seed=0)
    np.testing.assert_array_equal(found.latents[:, :10].argmax(axis=1), latents[:, :10].argmax(axis=1))


def test_the_latent_of_a_linear_generators_image_is_found(linear):
    generator, matrix = linear
    latents = np.random.default_rng(1).normal(size=(3, 4)).astype(np.float32)
    latents *= 2 / np.linalg.norm(latents, axis=1, keepdims=True)  # the length of normal ones
    images = latent_space.rounded((latents @ matrix).reshape(3, 4, 4, 1) * 127.5 + 127.5)
    found = latent_space.invert(generator, images, np.zeros(3, int), seed=0)
    np.testing.assert_allclose(found.latents, latents, atol=0.1)
    assert found.errors.max() < 1
    np.testing.assert_allclose(found.images.astype(int), images, atol=2)


def test_a_walk_goes_from_digit_to_digit_and_back_in_small_steps():
    images = latent_space.walk(shipped(), [3, 8, 5], 60, seed=0)
    assert images.shape == (60, 28, 28, 1)
    read = classifier.load()(images).logits[:, 0].argmax(axis=1)
    assert read[[0, 20, 40]].tolist() == [3, 8, 5]
    assert read[-1] == 3
    steps = np.abs(np.diff(images.astype(float), axis=0)).mean(axis=(1, 2, 3))
    jumps = np.flatnonzero(steps > 3 * np.median(steps))
    assert set(jumps) <= {9, 29, 49}, "but where the digit changes, half way"


def test_a_walk_without_labels_passes_what_the_classifier_takes_for_the_digits(finished_run):
    generator = loading.load_generator(finished_run)
    images = latent_space.walk(generator, [1, 7], 10, seed=0)
    everything = loading.images_of(generator, latent_space.normal(generator, 1000, 0), np.zeros(1000), 0)
    logits = classifier.load()(everything).logits[:, 0]
    probabilities = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    for place, digit in ((0, 1), (5, 7)):
        surest = everything[probabilities[:, digit].argmax()]
        np.testing.assert_allclose(images[place], surest, atol=1)


def test_a_table_has_a_hand_in_each_row_and_a_class_in_each_column(tmp_path, capsys):
    code, text = run(capsys, "--table", 3, "--seed", 4, "--out", tmp_path / "hands.png")
    assert (code, text) == (0, f"In {tmp_path / 'hands.png'}\n")
    latents = np.repeat(latent_space.normal(shipped(), 3, 4), 10, axis=0)
    images = shipped().serve(latent=latents, label=np.tile(np.arange(10, dtype=np.int32), 3))
    np.testing.assert_array_equal(
        imageio.imread(tmp_path / "hands.png"), pictures.grid(pictures.to_uint8(images), columns=10)
    )


def test_films_and_sheets_are_written(tmp_path, capsys):
    code, _ = run(capsys, "--walk", "1,2", "--frames", 7, "--out", tmp_path / "walk.gif")
    assert code == 0
    with Image.open(tmp_path / "walk.gif") as film:  # equal frames are one that is shown longer
        shown = [frame.info["duration"] for frame in ImageSequence.Iterator(film)]
    assert sum(shown) == 7 * pictures.MILLISECONDS_PER_STEP
    code, text = run(capsys, "--directions", 2, "--out", tmp_path / "directions.png")
    assert (code, "2 of 100 directions make" in text) == (0, True)


@pytest.mark.slow
def test_the_latent_of_a_digit_is_found(tmp_path, capsys):
    images, labels = loading.make(shipped(), 3, 7)
    np.savez(tmp_path / "digits.npz", images=images, labels=labels)
    code, text = run(capsys, "--invert", tmp_path / "digits.npz", "--out", tmp_path / "found.npz")
    assert code == 0, text
    with np.load(tmp_path / "found.npz") as found:
        apart = np.abs(found["images"].astype(int) - images).mean()
        assert apart < 0.3 * np.abs(np.roll(images, 1, axis=0).astype(int) - images).mean()
        np.testing.assert_array_equal(found["labels"], labels)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give one of"),
        (["--walk", "1,2", "--table", "3"], "give one of"),
        (["--walk", "1"], "two digits or more"),
        (["--walk", "1,12"], "has no class 12"),
        (["--table", "99"], "--table is 99"),
        (["--invert", "nowhere"], "there is no folder or file nowhere"),
    ],
)
def test_mistakes_are_told(arguments, message, tmp_path, capsys):
    suffix = "gif" if "--walk" in arguments else "png"
    code, text = run(capsys, *arguments, "--out", tmp_path / f"out.{suffix}")
    assert (code, message in text) == (2, True), text
    assert not list(tmp_path.iterdir())


def test_the_folder_of_out_must_exist(tmp_path, capsys):
    code, text = run(capsys, "--table", 3, "--out", tmp_path / "no" / "hands.png")
    assert (code, "there is no folder" in text) == (2, True), text
