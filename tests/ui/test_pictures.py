import imageio.v3 as imageio
import numpy as np
import pytest
from PIL import Image

from gan_keras import data
from gan_keras.ui import pictures


def test_every_pixel_value_survives_standardising_and_back():
    values = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(pictures.to_uint8(data.standardise(values)), values)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_grid_has_each_image_in_its_place(channels):
    images = np.arange(1, 8, dtype=np.uint8)[:, None, None, None] * np.ones((1, 5, 4, channels), np.uint8)
    grid = pictures.grid(images, columns=3, zoom=2).reshape(2 * (3 * 7 - 2), 2 * (3 * 6 - 2), channels)
    for number, image in enumerate(images):
        row, column = divmod(number, 3)
        cell = grid[14 * row :, 12 * column :][:10, :8]
        np.testing.assert_array_equal(cell, image.repeat(2, axis=0).repeat(2, axis=1))
    assert grid.sum() == 4 * images.sum(dtype=int)


def test_a_grid_is_about_square_by_itself():
    assert pictures.grid(np.zeros((10, 28, 28, 1), np.uint8), zoom=1).shape == (3 * 30 - 2, 4 * 30 - 2)


def test_a_gif_loops_shows_its_captions_and_holds_the_last_frame(tmp_path):
    pngs = [tmp_path / f"{number}.png" for number in range(3)]
    for number, png in enumerate(pngs):
        pictures.save_png(png, np.full((60, 80), 100 + number, np.uint8))
    pictures.save_gif(tmp_path / "progress.gif", pngs, ["epoch 0", "epoch 1", "epoch 2"])
    with Image.open(tmp_path / "progress.gif") as gif:
        durations = []
        for frame in range(gif.n_frames):
            gif.seek(frame)
            durations.append(gif.info["duration"])
        assert gif.info["loop"] == 0
    assert durations[0] == durations[1] < durations[2]
    frames = imageio.imread(tmp_path / "progress.gif").astype(int)
    assert frames.shape == (3, 60 + pictures.CAPTION_HEIGHT, 80, 3)
    caption, picture = frames[:, : pictures.CAPTION_HEIGHT], frames[:, pictures.CAPTION_HEIGHT :]
    assert np.abs(picture[..., 0] - np.array([100, 101, 102])[:, None, None]).max() <= 2
    assert (caption[1] != caption[2]).any(), "the captions are the same"


def test_a_gif_of_one_frame(tmp_path):
    pictures.save_png(tmp_path / "0.png", np.zeros((60, 80), np.uint8))
    pictures.save_gif(tmp_path / "progress.gif", [tmp_path / "0.png"], ["epoch 0"])
    assert len(imageio.imread(tmp_path / "progress.gif", index=None)) == 1


def test_losses_are_plotted(tmp_path):
    names = ("generator_loss", "discriminator_loss", "real_accuracy", "fake_accuracy")
    pictures.save_losses(tmp_path / "losses.png", {"epoch": [1, 2]} | {name: [0.5, 0.7] for name in names})
    image = imageio.imread(tmp_path / "losses.png")
    colours = {tuple(colour) for colour in image.reshape(-1, image.shape[-1])[:, :3]}
    assert {(31, 119, 180), (255, 127, 14)} <= colours, "two lines in matplotlib's first two colours"
