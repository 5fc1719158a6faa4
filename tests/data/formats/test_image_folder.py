"""Folders of pictures: every layout and every kind of picture gives the right pixels."""

import numpy as np
import pytest
from PIL import Image

from gan_keras import data
from gan_keras.data import Conversion, decoding
from gan_keras.data.formats.image_folder import pictures_in
from gan_keras.ui.console import UserError


def write(folder, name, pixels, **options):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    (pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)).save(path, **options)
    return path


def grey(value: int, shape=(28, 28)) -> np.ndarray:
    return np.full(shape, value, np.uint8)


def corner() -> np.ndarray:
    """Return an image with a white upper left corner."""
    image = grey(0, (40, 40))
    image[:20, :20] = 255
    return image


def test_a_folder_for_each_class(tmp_path):
    for name, count, shape in (("cats", 7, (40, 50, 3)), ("dogs", 8, (28, 28))):
        for number in range(count):
            write(tmp_path, f"{name}/{number:02}.png", grey(200, shape))
    dataset = data.load(f"folder:{tmp_path}")
    assert dataset.class_names == ["cats", "dogs"]
    assert (dataset.train.images.shape, dataset.test.images.shape) == ((13, 28, 28, 1), (2, 28, 28, 1))
    np.testing.assert_array_equal(np.bincount(dataset.train.labels), [6, 7])
    assert set(np.unique(dataset.train.images)) == {200}
    assert data.load(data_dir=tmp_path).facts() == dataset.facts()


def test_a_folder_without_classes_has_no_labels(tmp_path):
    for number in range(8):
        write(tmp_path, f"{number}.png", grey(number))
    dataset = data.load(data_dir=tmp_path)
    assert dataset.class_names == ["all"]
    assert "no labels" in dataset.describe()


@pytest.mark.parametrize("depth", ["", "archive", "archive/images"])
def test_folders_around_the_classes_are_passed_through(depth, tmp_path):
    for name in "ab":
        for number in range(7):
            write(tmp_path / depth, f"{name}/{number}.png", grey(number))
    assert data.load(data_dir=tmp_path).class_names == ["a", "b"]


def test_one_class_is_a_class(tmp_path):
    for number in range(7):
        write(tmp_path, f"sevens/{number}.png", grey(number))
    assert data.load(data_dir=tmp_path).class_names == ["sevens"]


def test_the_split_of_the_folders_is_kept(tmp_path):
    """Test images are not trained on, and a class may lack some."""
    for part, value, classes in (("Training", 10, "0123"), ("testing", 20, "02")):
        for name in classes:
            write(tmp_path, f"{part}/{name}/1.png", grey(value + int(name)))
    dataset = data.load(data_dir=tmp_path)
    assert dataset.train.images[:, 0, 0, 0].tolist() == [10, 11, 12, 13]
    assert dataset.test.images[:, 0, 0, 0].tolist() == [20, 22]
    assert dataset.test.labels.tolist() == [0, 2]


def test_classes_and_files_are_in_natural_order(tmp_path):
    for number in (1, 2, 10):
        write(tmp_path, f"{number}/a.png", grey(number))
        write(tmp_path, f"{number}/b10.png", grey(100 + number))
        write(tmp_path, f"{number}/b9.png", grey(200 + number))
    assert data.load(data_dir=tmp_path).class_names == ["1", "2", "10"]
    assert [path.name for path in pictures_in(tmp_path / "1", deep=True)] == ["a.png", "b9.png", "b10.png"]


def test_hidden_and_system_files_are_no_pictures(tmp_path):
    write(tmp_path, "a/1.PNG", grey(1))
    write(tmp_path, "b/1.TIFF", grey(2))
    for name in (".DS_Store", "a/._1.png", "a/Thumbs.db", "b/.hidden.png", "__MACOSX/a/._1.png", "b/notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert data.load(data_dir=tmp_path).train.images[:, 0, 0, 0].tolist() == [1, 2]


def test_pictures_beside_folders_are_no_class_of_their_own(tmp_path):
    write(tmp_path, "loose.png", grey(1))
    write(tmp_path, "a/1.png", grey(1))
    with pytest.raises(UserError, match="pictures beside folders of pictures"):
        data.load(data_dir=tmp_path)


def test_a_folder_without_pictures(tmp_path):
    with pytest.raises(UserError, match="a sub-folder per class"):
        data.load(f"folder:{tmp_path}")
    with pytest.raises(UserError, match="no folder"):
        data.load(f"folder:{tmp_path}/absent")


def test_all_damaged_pictures_are_named_and_can_be_left_out(tmp_path, capsys):
    for number in range(7):
        write(tmp_path, f"a/sound{number}.png", grey(number))
        (tmp_path / "a" / f"broken{number}.png").write_bytes(b"not a picture")
    with pytest.raises(UserError, match=r"(?s)7 of 14 pictures.*broken0.*broken6.*--skip-damaged"):
        data.load(data_dir=tmp_path)
    for number in range(7, 14):
        (tmp_path / "a" / f"broken{number}.png").write_bytes(b"not a picture")
    with pytest.raises(UserError, match=r"(?s)and 4 more"):
        data.load(data_dir=tmp_path)
    dataset = data.load("", tmp_path, Conversion(skip_damaged=True))
    assert len(dataset.train.images) + len(dataset.test.images) == 7
    assert "14 damaged ones are left out" in capsys.readouterr().out


def test_what_was_done_is_said(tmp_path, capsys):
    for number in range(3):
        write(tmp_path, f"a/{number}.png", grey(250, (64, 64, 3)))
    data.load(data_dir=tmp_path)
    text = capsys.readouterr().out
    assert "64x64 RGB to 28x28 grey" in text
    assert "--invert turns them" in text


def test_what_was_read_is_remembered_until_a_file_changes(tmp_path, monkeypatch):
    path = write(tmp_path, "a/1.png", grey(1))
    write(tmp_path, "a/2.png", grey(2))
    first = data.load(data_dir=tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(decoding, "convert", None)
        assert data.load(data_dir=tmp_path).facts() == first.facts()
    write(tmp_path, path.relative_to(tmp_path), grey(77, (30, 30)))
    assert 77 in data.load(data_dir=tmp_path).train.images


def upper_left(image: Image.Image) -> np.ndarray:
    """Return the mean grey of the four quarters of a picture."""
    pixels = np.asarray(image.convert("L")).astype(float)
    height, width = pixels.shape[0] // 2, pixels.shape[1] // 2
    return np.array([pixels[:height, :width].mean(), pixels[:height, width:].mean(), pixels[height:].mean()])


def alpha_only(digit: int) -> Image.Image:
    """Return a picture of one colour whose upper left corner alone is opaque."""
    rgba = np.full((40, 40, 4), digit, np.uint8)
    rgba[..., 3] = corner()
    return Image.fromarray(rgba)


def palette_with_transparency() -> Image.Image:
    image = Image.fromarray((corner() > 0).astype(np.uint8), "P")
    image.putpalette([0, 0, 0, 255, 255, 255])
    image.info["transparency"] = 0
    return image


KINDS = {
    "grey": ("a.png", Image.fromarray(corner()), {}),
    "16 bits": ("a.png", Image.fromarray(corner().astype(np.uint16) * 257), {}),
    "16 bits, TIFF": ("a.tif", Image.fromarray(corner().astype(np.uint16) * 257), {}),
    "fractions": ("a.tiff", Image.fromarray((corner() / 255).astype(np.float32)), {}),
    "1 bit": ("a.bmp", Image.fromarray(corner()).convert("1"), {}),
    "palette": ("a.gif", Image.fromarray(corner()).convert("P"), {}),
    "palette with transparency": ("a.png", palette_with_transparency(), {"transparency": 0}),
    "RGB": ("a.webp", Image.fromarray(corner()).convert("RGB"), {"lossless": True}),
    "CMYK": ("a.jpg", Image.fromarray(corner()).convert("CMYK"), {"quality": 100}),
    "grey and alpha": ("a.png", Image.fromarray(corner()).convert("LA"), {}),
    "white, in the alpha channel only": ("a.png", alpha_only(255), {}),
    "portable greymap": ("a.PGM", Image.fromarray(corner()), {}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_picture_has_its_greys(kind, tmp_path):
    name, image, options = KINDS[kind]
    np.testing.assert_allclose(
        upper_left(decoding.decode(write(tmp_path, name, image, **options))), [255, 0, 0], atol=3
    )


def test_black_in_the_alpha_channel_only_is_black_on_white(tmp_path):
    path = write(tmp_path, "a.png", alpha_only(0))
    np.testing.assert_array_equal(upper_left(decoding.decode(path)), [0, 255, 255])


def test_the_greys_of_16_bits_are_scaled_and_not_clipped(tmp_path):
    ramp = np.linspace(0, 65535, 40 * 40).reshape(40, 40)
    path = write(tmp_path, "a.png", ramp.astype(np.uint16))
    np.testing.assert_allclose(np.asarray(decoding.decode(path)), ramp / 257, atol=0.51)


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize("bits", [10, 12, 14])
def test_fewer_bits_in_16_are_scaled_by_the_brightest_of_all(bits, suffix, tmp_path):
    """A microscope's 12 bits are stored in 16; a picture that is dark beside the others stays dark."""
    ramp = np.arange(256).reshape(16, 16)
    for name, top in (("bright", 2**bits - 1), ("dark", 2**bits // 4 - 1)):
        write(tmp_path, f"{name}/1.{suffix}", np.rint(ramp * (top / 255)).astype(np.uint16))
    dataset = data.load("", tmp_path, Conversion(image_size=16))
    np.testing.assert_allclose(dataset.train.images[0, ..., 0], ramp, atol=1)
    np.testing.assert_allclose(dataset.train.images[1, ..., 0], ramp / 4, atol=1)


def test_train_may_be_a_class_beside_others(tmp_path):
    for name in ("bus", "car", "train"):
        write(tmp_path, f"{name}/1.png", grey(9))
    with pytest.raises(UserError, match=r"pictures in train and in bus, car, so that train may be a class"):
        data.load(data_dir=tmp_path)
    write(tmp_path, "test/1.png", grey(9))
    assert data.load(data_dir=tmp_path).class_names == ["all"], "with a folder test it is a part"


@pytest.mark.parametrize(("orientation", "turned"), [(1, 0), (3, 2), (6, 3), (8, 1)])
def test_a_picture_is_turned_as_its_camera_says(orientation, turned, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = write(tmp_path, "a.png", corner(), exif=exif)
    np.testing.assert_array_equal(np.asarray(decoding.decode(path)), np.rot90(corner(), turned))


def test_pictures_that_are_not_square_are_padded_with_their_border(tmp_path):
    tall = grey(200, (60, 20))
    tall[20:40, 5:15] = 0
    write(tmp_path, "a/1.png", tall)
    image = data.load(data_dir=tmp_path).train.images[0, ..., 0]
    assert (image[:, [0, 1, -2, -1]] == 200).all()
    dark = np.argwhere(image < 100)
    height, width = dark.max(axis=0) - dark.min(axis=0) + 1
    assert height == pytest.approx(2 * width, abs=2), "a rectangle of 20x10 keeps its form"


def test_a_long_thin_picture_takes_no_more_memory_than_its_square_of_the_new_size(tmp_path):
    write(tmp_path, "a/1.png", grey(9, (1, 60_000)))
    assert (data.load(data_dir=tmp_path).train.images == 9).all()


def test_colour_keeps_its_own_size_and_can_become_grey(tmp_path):
    for number in range(3):
        write(tmp_path, f"a/{number}.png", np.full((50, 50, 3), (200, 20, 20), np.uint8))
    assert data.load(data_dir=tmp_path).image_shape == (48, 48, 3), "the nearest size that networks can make"
    small = data.load("", tmp_path, Conversion(image_size=16, channels=1))
    assert small.image_shape == (16, 16, 1)
    assert abs(int(small.train.images[0, 0, 0, 0]) - (0.299 * 200 + 0.587 * 20 + 0.114 * 20)) <= 1


def test_a_picture_that_announces_too_much_is_refused(tmp_path):
    path = write(tmp_path, "a/1.png", Image.new("1", (10_000, 6_000)))
    with pytest.raises(UserError, match=f"{path.name}.*10000x6000 pixels are too many"):
        data.load(data_dir=tmp_path)
