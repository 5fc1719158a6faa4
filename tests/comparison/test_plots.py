import imageio.v3 as imageio
import numpy as np

from gan_keras.comparison import plots
from gan_keras.ui import pictures


def test_the_corner_of_a_grid_is_the_grid_of_its_first_digits():
    images = np.random.default_rng(0).integers(0, 256, (64, 28, 28, 1), dtype=np.uint8)
    square = images.reshape(8, 8, 28, 28, 1)[:4, :4].reshape(16, 28, 28, 1)
    shown = plots.corner(pictures.grid(images))
    expected = pictures.grid(square)
    np.testing.assert_array_equal(shown[: len(expected), : len(expected)], expected)


def test_the_timetable_has_the_same_times_for_all_and_no_frame_twice():
    minutes = {"short": [4.0], "long": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], "shifted": [1.1, 4.4, 8.8]}
    times, frames = plots.timetable(minutes)
    np.testing.assert_allclose(times, np.geomspace(1, 8.8, plots.COLUMNS))
    for model, row in frames.items():
        shown = [frame for frame in row if frame is not None]
        assert len(set(shown)) == len(shown), model
        assert shown == sorted(shown)
        for column, frame in enumerate(row):
            if frame is not None:  # no other time is nearer to the frame
                assert column == np.abs(np.array(times) - minutes[model][frame]).argmin()
    assert sum(frame is not None for frame in frames["short"]) == 1
    assert None not in frames["long"]


def test_a_time_at_which_no_model_has_a_frame_is_left_out():
    times, frames = plots.timetable({"one": [1.0], "other": [1.0, 16.0]})
    assert times == [1.0, 16.0]
    assert frames == {"one": [0, None], "other": [0, 1]}
    assert plots.timetable({"one": [0.5]}) == ([0.5], {"one": [0]})


def test_samples_have_a_row_for_each_model_and_a_column_for_each_time(tmp_path):
    """Frames are greys; the long run's are shown along its whole length, and the short one's once."""
    runs = {}
    for model, frames, minutes, grey in (("short", 2, 4.0, 7), ("long", 9, 1.0, 0)):
        (tmp_path / model / "samples").mkdir(parents=True)
        for frame in range(frames):
            picture = pictures.grid(np.full((16, 28, 28, 1), 20 * frame + grey, np.uint8))
            pictures.save_png(tmp_path / model / "samples" / f"epoch_{frame:04d}.png", picture)
        runs[model] = (tmp_path / model, [{"minutes": minutes * frame} for frame in range(1, frames)])
    plots.save_samples(tmp_path / "samples.png", runs)
    shown = imageio.imread(tmp_path / "samples.png")
    greys, counts = np.unique(shown[..., 0][(shown[..., :3] == shown[..., :1]).all(axis=-1)], return_counts=True)
    large = {int(grey) for grey, count in zip(greys, counts, strict=True) if count > 5000} - {0, 255}
    expected = {27} | {20, 40, 60, 100, 160}  # `long` after 1, 2, 3, 5 and 8 minutes
    assert {grey for grey in range(1, 255) if {grey, grey + 1} & large} & expected == expected  # drawing may round
    assert all({grey, grey + 1} & expected for grey in large)


def test_curves_have_a_colour_for_each_model_and_their_legend_outside(tmp_path):
    curves = [
        (model, [{"minutes": m, "fid_mnist": top / m, "score_mnist": top} for m in (1.0, 2.0)])
        for model, top in (("a", 9.0), ("a", 8.0), ("b", 4.0))
    ]
    plots.save_curves(tmp_path / "curves.png", curves)
    image = imageio.imread(tmp_path / "curves.png")[..., :3]
    for colour in ((31, 119, 180), (255, 127, 14)):
        rows, _ = np.nonzero(np.abs(image.astype(int) - colour).max(axis=-1) < 20)
        assert rows.min() < image.shape[0] // 2, "a curve"
        assert rows.max() > 0.9 * image.shape[0], "its entry in the legend below"
