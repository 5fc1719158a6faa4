"""The lesson: what is recorded is what the players did, and the page shows what was recorded."""

import numpy as np
import pytest
import tensorflow as tf

from gan_keras import data
from gan_keras.exporting.lesson import lesson, recording
from gan_keras.exporting.lesson.recording import BINS, COUNTED, SHOWN, SIDE
from gan_keras.game.networks import feed


@pytest.fixture(scope="module")
def split():
    images = np.random.default_rng(0).integers(0, 256, (300, SIDE, SIDE, 1), dtype=np.uint8)
    return data.Split(images, np.zeros(300, np.int32))


@pytest.fixture(scope="module")
def recorded(split):
    return recording.record(split, steps=12, frames=5)


def test_early_steps_are_shown_more_often(recorded):
    assert [frame["step"] for frame in recorded.facts["frames"]] == [0, 1, 3, 7, 12]


def test_all_images_are_counted_and_the_shown_ones_are_among_them(recorded):
    for frame in recorded.facts["frames"]:
        for kind in ("real", "fake"):
            one = frame[kind]
            assert sum(one["counts"]) == COUNTED and len(one["counts"]) == BINS
            assert len(one["scores"]) == SHOWN
            found = np.histogram(one["scores"], BINS, (0, 1))[0]
            assert (found <= np.array(one["counts"]) + 1).all()  # scores are rounded
            centres = (np.arange(BINS) + 0.5) / BINS
            assert one["mean"] == pytest.approx(np.average(centres, weights=one["counts"]), abs=0.5 / BINS)


def test_its_pixels_are_the_real_images_and_each_frames_fakes_and_pushes(recorded, split):
    pixels = np.frombuffer(recorded.pixels, np.uint8).reshape(11, SHOWN, SIDE, SIDE)
    known = {image.tobytes() for image in split.images}
    assert all(image.tobytes() in known for image in pixels[0])
    for pushes in pixels[2::2]:
        assert abs(pushes.astype(int) - 128).max() == 127  # the strongest of a frame


def test_the_same_seed_records_the_same_game(recorded, split):
    assert recording.record(split, steps=12, frames=5) == recorded


def test_a_push_makes_a_picture_look_more_real(split):
    """It is the direction in which the discriminator's score rises: a small step along it raises every one."""
    game = recording.game_of(split, steps=10, seed=0)
    _, _, pushes = recording.look(game, data.standardise(split.images[:COUNTED]))
    fakes = feed(game.generator, {"latent": game.sample_latents(COUNTED)})[:SHOWN]
    along = tf.constant((pushes.astype(np.float32) - 128) / 127)
    moved = feed(game.discriminator, {"image": fakes + 1e-3 * along})
    assert (moved > feed(game.discriminator, {"image": fakes})).numpy().all()


@pytest.mark.slow
def test_the_page_shows_what_was_recorded(recorded, opened, tmp_path):
    lesson.write(recorded, tmp_path / "lesson.html")
    page = opened(tmp_path / "lesson.html")
    pixels = np.frombuffer(recorded.pixels, np.uint8).reshape(11, SHOWN, -1) / 127.5 - 1
    for number, index in ((0, 3), (5, 0), (10, 11)):
        np.testing.assert_allclose(
            page.evaluate(f"ganKeras.picture({number}, {index})"), pixels[number][index], atol=1e-6
        )
    step, on, back = page.locator("#step-shown"), page.get_by_role("button", name="On"), page.locator("#back")
    assert step.inner_text() == "0" and back.is_disabled()
    on.click()
    on.click()
    assert step.inner_text() == "3"
    back.click()
    assert step.inner_text() == "1"
    captions = page.locator("#fakes figcaption")
    assert "%" not in "".join(captions.all_inner_texts())  # nobody has judged yet
    page.get_by_label("2. The discriminator judges").check()
    score = recorded.facts["frames"][1]["fake"]["scores"][0]
    assert captions.first.inner_text() == f"{int(100 * score + 0.5)} %"
    before = page.locator("#fakes canvas").first.evaluate("canvas => canvas.toDataURL()")
    page.get_by_label("3. Both learn").check()
    assert page.locator("#fakes canvas").first.evaluate("canvas => canvas.toDataURL()") != before
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Stop").wait_for()
    page.get_by_role("button", name="Play").wait_for()  # it has stopped by itself
    assert step.inner_text() == "12"
    page.locator("#step").focus()
    page.keyboard.press("Home")
    assert step.inner_text() == "0"
