import imageio.v3 as imageio
import numpy as np
import pytest

from gan_keras import pictures, standings


@pytest.mark.parametrize(
    ("mean", "deviation", "text"),
    [
        (9.361, 0.447, "9.36 ± 0.45"),
        (123.4, 5.6, "123 ± 6"),
        (0.98765, 0.0004, "0.988 ± 0.000"),
        (0.0883, None, "0.088"),
        (0.0, None, "0.00"),
        (-2.5, 1.0, "-2.50 ± 1.00"),
    ],
)
def test_numbers_have_three_digits(mean, deviation, text):
    assert standings.number(mean, deviation) == text


def test_a_summary_is_the_mean_and_the_sample_deviation():
    assert standings.summary([{"a": 1.0, "b": 5.0}, {"a": 3.0, "b": 5.0}]) == {"a": (2.0, 2**0.5), "b": (5.0, 0.0)}
    assert standings.summary([{"a": 1.0}]) == {"a": (1.0, None)}


def test_a_table_leaves_out_columns_in_which_nothing_stands():
    rows = {"one": {"fid_mnist": (1.5, None)}, "two": {"fid_mnist": (2.5, 0.5)}}
    titles = {"fid_mnist": "FID", "label_accuracy": "labels"}
    assert standings.table(titles, rows, {}) == [
        "| model | FID |",
        "| --- | --- |",
        "| one | 1.50 |",
        "| two | 2.50 ± 0.50 |",
    ]
    published = {"two": {"model": "two", "fid_mnist": "7", "label_accuracy": "0.9"}}
    assert standings.table(titles, rows, published)[0] == "| model | FID | FID in the paper | labels in the paper |"
    assert standings.table(titles, rows, published)[3] == "| two | 2.50 ± 0.50 | 7 | 0.9 |"


def test_the_corner_of_a_grid_is_the_grid_of_its_first_digits():
    images = np.random.default_rng(0).integers(0, 256, (64, 28, 28, 1), dtype=np.uint8)
    square = images.reshape(8, 8, 28, 28, 1)[:4, :4].reshape(16, 28, 28, 1)
    shown = standings.corner(pictures.grid(images))
    expected = pictures.grid(square)
    np.testing.assert_array_equal(shown[: len(expected), : len(expected)], expected)


def test_progress_has_a_row_for_each_model_whatever_the_number_of_frames(tmp_path):
    runs = {}
    for model, frames in (("one", 2), ("two", 11)):
        (tmp_path / model / "samples").mkdir(parents=True)
        for frame in range(frames):
            picture = pictures.grid(np.full((16, 28, 28, 1), 20 * frame, np.uint8))
            pictures.save_png(tmp_path / model / "samples" / f"epoch_{frame:04d}.png", picture)
        runs[model] = {"folder": str(tmp_path / model), "values": {"minutes": 5.0}}
    standings.save_progress(tmp_path / "samples.png", runs)
    shown = imageio.imread(tmp_path / "samples.png")[..., 0]
    assert len(np.unique(shown)) > 5  # each frame of `two` is another grey
