from functools import partial

import imageio.v3 as imageio
import numpy as np
import pytest
import tensorflow as tf
from helpers import run_command

from gan_keras import generate
from gan_keras.evaluation import classifier
from gan_keras.exporting import loading
from gan_keras.ui import pictures
from gan_keras.ui.console import UserError

run = partial(run_command, generate.main)


def test_a_picture_and_arrays_of_the_same_digits(finished_run, tmp_path, capsys):
    for name in ("grid.png", "digits.npy", "digits.npz"):
        code, text = run(capsys, finished_run, "--count", 6, "--seed", 3, "--out", tmp_path / name)
        assert code == 0
        assert f"6 images in {tmp_path / name}" in text
    digits = np.load(tmp_path / "digits.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "digits.npz")["images"], digits)
    np.testing.assert_array_equal(imageio.imread(tmp_path / "grid.png"), pictures.grid(digits))
    assert digits.shape == (6, 28, 28, 1)
    assert digits.dtype == np.uint8


def test_the_saved_model_itself_is_as_good_as_its_run(finished_run, tmp_path, capsys):
    run(capsys, finished_run, "--out", tmp_path / "one.npy")
    run(capsys, finished_run / "generator", "--out", tmp_path / "other.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "one.npy"), np.load(tmp_path / "other.npy"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "grid.jpeg"], "must end in .png, .npy or .npz"),
        (["--count", "0"], "--count is 0"),
        (["--count", "9999"], "too large"),
        (["--seed", "-1"], "--seed is -1"),
        (["--colour", "red"], "--colour"),
    ],
)
def test_bad_options(finished_run, capsys, arguments, message):
    code, text = run(capsys, finished_run, *arguments)
    assert code == 2
    assert message in text


def test_a_number_is_drawn_digit_by_digit(labelled_run, finished_run, tmp_path, capsys):
    code, text = run(capsys, labelled_run, "--digits", "2026", "--out", tmp_path / "year.npz")
    assert (code, "4 images" in text) == (0, True)
    content = np.load(tmp_path / "year.npz")
    assert content["labels"].tolist() == [2, 0, 2, 6]
    generator = loading.load_generator(labelled_run)
    np.testing.assert_array_equal(content["images"], generator.generate(4, 0, [2, 0, 2, 6]))
    run(capsys, labelled_run, "--digits", "2026", "--out", tmp_path / "year.png")
    height, width = imageio.imread(tmp_path / "year.png").shape
    assert width > 3 * height
    code, text = run(capsys, finished_run, "--digits", "2026")
    assert (code, "takes no labels" in text) == (2, True)
    code, text = run(capsys, labelled_run, "--digits", "2026", "--count", 5)
    assert (code, "--count is no option of --digits" in text) == (2, True)
    code, text = run(capsys, labelled_run, "--digits", "20x6")
    assert (code, "must be a number" in text) == (2, True)


def test_labels_may_be_any_whole_numbers_that_are_classes(labelled_run):
    generator = loading.load_generator(labelled_run)
    images, labels = loading.make(generator, 3, 1, [4, 0, 1])
    np.testing.assert_array_equal(images, loading.make(generator, 3, 1, np.array([4, 0, 1], np.int64))[0])
    assert labels.dtype == np.int32
    for wrong in (10, -1):
        with pytest.raises(UserError, match=f"no class {wrong}; its classes are 0 to 9"):
            loading.make(generator, 3, 1, [4, wrong, 1])


def test_labelled_images_keep_their_labels(labelled_run, tmp_path, capsys):
    run(capsys, labelled_run, "--count", 23, "--out", tmp_path / "digits.npz")
    assert np.load(tmp_path / "digits.npz")["labels"].tolist() == [number % 10 for number in range(23)]


def test_bad_places(finished_run, tmp_path, capsys):
    code, text = run(capsys, tmp_path)
    assert (code, "there is no generator" in text) == (2, True)
    tf.saved_model.save(tf.Module(), str(tmp_path / "other"))
    code, text = run(capsys, tmp_path / "other")
    assert (code, "not a generator of gan_keras" in text) == (2, True)
    (tmp_path / "other" / "saved_model.pb").write_bytes(b"damaged")
    code, text = run(capsys, tmp_path / "other")
    assert (code, "is damaged" in text) == (2, True)
    code, text = run(capsys, finished_run, "--out", tmp_path / "absent" / "grid.png")
    assert (code, "there is no folder" in text) == (2, True)


def test_a_picture_of_a_model_that_takes_labels_has_a_column_per_class(labelled_run, tmp_path, capsys):
    run(capsys, labelled_run, "--count", 23, "--out", tmp_path / "grid.png")
    images, _ = loading.make(loading.load_generator(labelled_run), 23, 0)
    np.testing.assert_array_equal(imageio.imread(tmp_path / "grid.png"), pictures.grid(images, columns=10))


def test_the_generator_of_the_package_draws_the_digits_it_is_asked_for(tmp_path, capsys):
    code, text = run(capsys, "--digits", "0123456789" * 20, "--out", tmp_path / "digits.npz")
    assert code == 0, text
    content = np.load(tmp_path / "digits.npz")
    read = classifier.load()(content["images"]).logits[:, 0].argmax(axis=1)
    assert np.mean(read == content["labels"]) > 0.97  # it was measured as 0.994; 200 draws deviate by 0.005
    size = sum(path.stat().st_size for path in loading.SHIPPED.rglob("*") if path.is_file())
    assert size <= 2 * 2**20
