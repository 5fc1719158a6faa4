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
    assert standings.summary([{"a": 1.0, "b": 5.0}, {"a": 3.0, "b": 5.0}]) == {
        "runs": (2, None),
        "a": (2.0, 2**0.5),
        "b": (5.0, 0.0),
    }
    assert standings.summary([{"a": 1.0}]) == {"runs": (1, None), "a": (1.0, None)}


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


def test_progress_has_a_row_for_each_model_and_a_column_for_each_time(tmp_path):
    """Of a longer run, whose frames are greys, all its length is shown; a short one has its last frame there."""
    runs = {}
    for model, frames, minutes in (("short", 2, 4.0), ("long", 9, 1.0)):
        (tmp_path / model / "samples").mkdir(parents=True)
        for frame in range(frames):
            picture = pictures.grid(np.full((16, 28, 28, 1), 20 * frame, np.uint8))
            pictures.save_png(tmp_path / model / "samples" / f"epoch_{frame:04d}.png", picture)
        runs[model] = (tmp_path / model, [{"minutes": minutes * frame} for frame in range(1, frames)])
    standings.save_progress(tmp_path / "samples.png", runs)
    shown = imageio.imread(tmp_path / "samples.png")
    greys, counts = np.unique(shown[..., 0][(shown[..., :3] == shown[..., :1]).all(axis=-1)], return_counts=True)
    large = {int(grey) for grey, count in zip(greys, counts, strict=True) if count > 5000}
    assert {20, 40, 60, 100, 160} <= large  # of `long` after 1, 2, 3, 5 and 8 minutes; the first is all of `short`
    assert not large & {80, 120, 140}
