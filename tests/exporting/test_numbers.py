"""Numbers as pictures: what is written can be read again, where the boxes say it is."""

import json
from functools import cache, partial

import imageio.v3 as imageio
import numpy as np
import pandas as pd
import pytest
from helpers import run_command
from PIL import Image
from scipy import ndimage

from gan_keras import generate
from gan_keras.evaluation import classifier
from gan_keras.exporting import loading, numbers
from gan_keras.exporting.numbers import Style
from gan_keras.ui.console import UserError

run = partial(run_command, generate.main)


@cache
def shipped():
    return loading.load_generator(loading.SHIPPED)


def write(texts, seed=0, **style):
    return list(numbers.write(shipped(), loading.SHIPPED, texts, Style(**style), seed))


def as_mnist(picture, box, white):
    """Return a digit as MNIST has them: 20 pixels high or wide, its centre of mass in the middle of 28x28."""
    x, y, width, height = box
    ink = np.abs(picture[y : y + height, x : x + width].astype(float) - white)
    ink = np.maximum(ink - 80 * (white > 0), 0)  # no stain is as dark as ink
    ink = Image.fromarray((255 * ink / ink.max()).astype(np.uint8))
    ink = ink.resize([max(1, round(20 * side / max(width, height))) for side in (width, height)], Image.Resampling.BOX)
    canvas = np.zeros((28, 28), np.uint8)
    canvas[4 : 4 + ink.height, 4 : 4 + ink.width] = ink
    return ndimage.shift(canvas, 13.5 - np.array(ndimage.center_of_mass(canvas)), order=1)


@pytest.mark.parametrize(
    "style",
    [{}, {"hand": "mixed", "slant": 10.0, "noise": 6.0}, {"paper": "form"}, {"paper": "stained", "spacing": 6.0}],
)
def test_a_classifier_reads_what_was_written_in_the_boxes(style):
    written = write(numbers.expand("######", 60, seed=3), **style)
    white = 0 if style.get("paper", "black") == "black" else numbers.PAPER
    truths = [int(digit) for number in written for digit in number.text]
    images = [as_mnist(number.picture, box, white) for number in written for box in number.boxes]
    read = classifier.load()(np.stack(images)[..., None]).logits[:, 0].argmax(axis=1)
    assert np.mean(read == truths) >= 0.98


def test_there_is_no_ink_but_in_the_boxes():
    (number,) = write(["90210"])
    inside = np.zeros(number.picture.shape, bool)
    for x, y, width, height in number.boxes:
        inside[y : y + height, x : x + width] = True
    assert number.picture[~inside].max() == 0
    assert [left < right for left, right in zip(number.boxes, number.boxes[1:], strict=False)] == [True] * 4


@pytest.mark.parametrize("slant", [0.0, 45.0])
def test_each_digit_stands_between_two_lines_of_a_form(slant):
    """However wide it is: a column of a form's picture that is no line is paper above the digits."""
    for number in write(numbers.expand("######", 5, seed=1), paper="form", slant=slant):
        lines = np.flatnonzero(number.picture[5] == numbers.LINE)
        assert len(lines) == 2 * 7, "seven lines of two pixels"
        for (x, _, width, _), left, right in zip(number.boxes, lines[1::2], lines[2::2], strict=False):
            assert left < x <= x + width - 1 < right


def test_signs_are_drawn_and_have_no_box():
    plain, signed = (write([text])[0] for text in ("1234", "1-2/3,4"))
    assert len(plain.boxes) == len(signed.boxes) == 4
    assert (signed.picture > 0).sum() > (plain.picture > 0).sum()


def test_one_hand_writes_a_digit_the_same_way_each_time_and_mixed_ones_do_not():
    for hand, alike in (("one", True), ("mixed", False)):
        (number,) = write(["44"], hand=hand)
        first, second = (as_mnist(number.picture, box, 0).astype(float) for box in number.boxes)
        assert (np.abs(first - second).mean() < 12) == alike


def test_a_slant_leans_to_the_right_by_its_degrees():
    bar = np.zeros((41, 11), np.uint8)
    bar[:, 4:7] = 255
    ink = np.asarray(numbers.slanted(Image.fromarray(bar), 20.0), float)
    centres = [ndimage.center_of_mass(ink[row])[0] for row in (0, 40)]
    assert centres[0] - centres[1] == pytest.approx(40 * np.tan(np.radians(20)), abs=0.5)


def test_patterns_are_filled_with_even_digits(tmp_path):
    texts = numbers.expand("##-1#", 500, seed=1)
    assert {text[2:4] for text in texts} == {"-1"}
    digits = np.array([[int(text[place]) for place in (0, 1, 4)] for text in texts])
    assert np.abs(np.bincount(digits.ravel()) / digits.size - 0.1).max() < 0.03
    assert texts == numbers.expand("##-1#", 500, seed=1) != numbers.expand("##-1#", 500, seed=2)
    (tmp_path / "list.txt").write_text("12.50\n\n 7 \n")
    assert numbers.expand(str(tmp_path / "list.txt"), None, 0) == ["12.50", "7"]
    assert numbers.expand(str(tmp_path / "list.txt"), 3, 0) == ["12.50", "7", "12.50"]


@pytest.mark.parametrize("pattern", ["", "abc", "-", "12a", "nowhere.txt"])
def test_what_is_no_number_is_refused(pattern):
    with pytest.raises(UserError, match="--number"):
        numbers.expand(pattern, 1, 0)


def test_a_set_has_its_truths_twice(tmp_path, capsys):
    code, text = run(capsys, "--number", "####", "--count", 3, "--seed", 5, "--out", tmp_path / "set")
    assert (code, text) == (0, f"3 numbers in {tmp_path / 'set'}\n")
    table = pd.read_csv(tmp_path / "set" / "truths.csv", dtype={"number": str, "digit": str})
    coco = json.loads((tmp_path / "set" / "coco.json").read_text())
    assert len(table) == len(coco["annotations"]) == 12
    written = write(numbers.expand("####", 3, 5), seed=5)
    for image, number in zip(coco["images"], written, strict=True):
        picture = imageio.imread(tmp_path / "set" / image["file_name"])
        np.testing.assert_array_equal(picture, number.picture)
        assert picture.shape == (image["height"], image["width"])
        rows = table[table.file == image["file_name"]]
        assert "".join(rows.digit) == number.text == rows.number.iloc[0]
        boxes = [one["bbox"] for one in coco["annotations"] if one["image_id"] == image["id"]]
        np.testing.assert_array_equal(rows[["x", "y", "width", "height"]], boxes)
        np.testing.assert_array_equal(boxes, number.boxes)


def test_what_cannot_be_written_is_refused(finished_run, tmp_path, capsys):
    for arguments, reason in [
        ([finished_run, "--number", "12"], "does not make the grey digits"),
        (["--number", "12", "--digits", "3"], "make different things"),
        (["--number", "12", "--truncation", 0.5], "no option of --number"),
        (["--slant", 5], "no option of plain images"),
        (["--number", "1", "--slant", 60], "--slant is 60"),
    ]:
        code, text = run(capsys, *arguments, "--out", tmp_path / "one.png")
        assert (code, reason in text) == (2, True), text
    code, text = run(capsys, "--number", "12", "--count", 2, "--out", tmp_path)
    assert (code, "must be a new folder" in text) == (2, True)
    assert not list(tmp_path.iterdir())
