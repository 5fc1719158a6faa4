"""The page, in a real browser without a network: it draws what TensorFlow draws, and its controls do what they say."""

import base64
import functools
import http.server
import shutil
import threading
from contextlib import contextmanager
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import pytest
import tensorflow as tf
from browsing import watched
from helpers import run_command, tiny_config, train_eagerly

from gan_keras import export
from gan_keras.evaluation import latent_space
from gan_keras.exporting import loading
from gan_keras.exporting.page import page as writing
from gan_keras.training import run_folder

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parent.parent.parent
SHIPPED = ROOT / "docs" / "digits.html"
TOLERANCE = 2e-5  # of values from -1 to 1: sums of some thousand products, in another order
ZOOM = 8


@pytest.fixture(scope="module")
def shipped_page(browser):
    with watched(browser) as open_page:
        yield open_page(SHIPPED)


@pytest.fixture
def page(shipped_page):
    """Return the page in docs as it is when it is opened: that takes seconds, so it is opened once."""
    shipped_page.get_by_label("Number of the hand").fill("2")
    shipped_page.get_by_label("Number of the hand").press("Enter")
    shipped_page.get_by_label("How much it varies").fill("0")
    shipped_page.get_by_label("Show the pixels").uncheck()
    shipped_page.get_by_label("Write a number").fill("2026")
    return shipped_page


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Return a function that writes the page of a run.

    It converts each network once, and finds its directions at a few latents: which ones does not matter here.
    """
    if shutil.which("npm") is None:
        pytest.skip("there is no npm to get the runtime by: it comes with Node.js")
    pytest.importorskip("tf2onnx", reason="what is exported passes through ONNX")
    patch = pytest.MonkeyPatch()
    patch.setattr(latent_space, "POINTS", 2)
    patch.setattr(writing, "converted", functools.cache(writing.converted))

    def export_page(run, name="page.html"):
        out = tmp_path_factory.mktemp("page") / name
        export.main([str(run), "--format", "web", "--out", str(out)])
        return out

    yield export_page
    patch.undo()


@pytest.fixture(scope="module")
def labelled_page(browser, exported, labelled_run):
    with watched(browser) as open_page:
        yield open_page(exported(labelled_run))


def settled(page):
    page.evaluate("ganKeras.settled()")


def shown(page) -> dict:
    """Return what the page shows: seed, latents, labels, and images from -1 to 1 as arrays."""
    settled(page)
    hand = page.evaluate(
        "(({seed, labels, latent, latents, images}) => ({seed, labels, latent: [...latent],"
        " latents: latents.map((one) => [...one]), images: images.map((one) => [...one])}))(ganKeras.hand)"
    )
    return {
        name: np.array(value, np.float32) if "a" in name and name != "labels" else value for name, value in hand.items()
    }


def of_tensorflow(run, hand) -> np.ndarray:
    """Return the images that a run's SavedModel makes of the latents and labels of a hand."""
    generator = loading.load_generator(run)
    return generator.serve(tf.constant(hand["latents"]), tf.constant(hand["labels"])).numpy()


def pixels(page, selector: str) -> np.ndarray:
    """Return a canvas as uint8 [height, width, 4]."""
    url = page.evaluate("(selector) => document.querySelector(selector).toDataURL()", selector)
    return imageio.imread(base64.b64decode(url.partition(",")[2]))


def until(page, condition: str) -> None:
    """Wait until a condition in JavaScript holds. The page's security policy forbids Playwright's own way."""
    for _ in range(200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"not within ten seconds: {condition}")


def grey(images) -> np.ndarray:
    return np.rint(np.asarray(images) * 127.5 + 127.5)


def test_the_page_in_docs_is_what_is_written_today():
    """All but what it holds: the packed files, and the directions, whose last digits differ between machines."""

    def without_data(text):
        return [
            line
            for line in text.splitlines()
            if not line.startswith(('<script type="application', '<script type="text'))
        ]

    facts = writing.facts_of(loading.SHIPPED, run_folder.read(loading.SHIPPED)["data"])
    assert without_data(SHIPPED.read_text(encoding="utf-8")) == without_data(writing.page(facts, {}))
    assert SHIPPED.stat().st_size < 8e6


def test_a_typed_number_is_drawn_as_tensorflow_draws_it(page):
    page.get_by_label("Show the pixels").check()
    page.get_by_label("Write a number").fill("41x1 001")
    hand = shown(page)
    assert hand["labels"] == [4, 1, 1, 0, 0, 1]
    assert page.get_by_label("Write a number").input_value() == "411001"
    expected = of_tensorflow(loading.SHIPPED, hand)
    np.testing.assert_allclose(hand["images"], expected.reshape(6, -1), atol=TOLERANCE)
    for place, image in enumerate(expected[..., 0], start=1):
        ink = pixels(page, f"#number canvas:nth-child({place})")[..., 3]
        np.testing.assert_allclose(ink[::ZOOM, ::ZOOM], grey(image), atol=1)
        np.testing.assert_array_equal(ink[::ZOOM, ::ZOOM].repeat(ZOOM, 0).repeat(ZOOM, 1), ink)


def test_enlarged_ink_is_where_the_network_put_it(page):
    """The smooth form shrunk again has ink where the pixels have it."""
    image = shown(page)["images"][0].reshape(28, 28)
    smooth = pixels(page, "#number canvas")[..., 3].reshape(28, ZOOM, 28, ZOOM).mean(axis=(1, 3))
    assert np.corrcoef(smooth.ravel(), image.ravel())[0, 1] > 0.97


def test_a_saved_picture_is_what_is_shown(page, tmp_path):
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        page.get_by_label("Show the pixels").check()
        page.get_by_label("Write a number").fill("73")
        page.get_by_label("Number of the hand").fill("5")
        page.get_by_label("Number of the hand").press("Enter")
        images = shown(page)["images"].reshape(2, 28, 28)
        with page.expect_download() as saved:
            page.locator("#save").click()
        assert saved.value.suggested_filename == "73-hand-5.png"
        saved.value.save_as(tmp_path / "saved.png")
        picture = imageio.imread(tmp_path / "saved.png")[::ZOOM, ::ZOOM, 0]
        value = np.concatenate(list(grey(images)), axis=1)
        np.testing.assert_allclose(picture, 255 - value if scheme == "light" else value, atol=1)
        with page.expect_download() as saved:
            page.get_by_role("button", name="Save all as PNG").click()
        saved.value.save_as(tmp_path / "all.png")
        assert imageio.imread(tmp_path / "all.png").shape[:2] == (28 * ZOOM, 280 * ZOOM)


def test_a_hand_can_be_had_again(page):
    first = shown(page)
    page.get_by_role("button", name="New handwriting").click()
    second = shown(page)
    assert np.abs(second["latent"] - first["latent"]).max() > 0.5
    assert page.get_by_label("Number of the hand").input_value() == str(second["seed"])
    page.get_by_label("Number of the hand").fill(str(first["seed"]))
    page.get_by_label("Number of the hand").press("Enter")
    np.testing.assert_array_equal(shown(page)["images"], first["images"])


def test_a_slider_moves_the_hand_along_its_direction_alone(page):
    facts = page.evaluate("JSON.parse(document.getElementById('facts').textContent)")
    assert "slant" in facts["names"]
    first = shown(page)
    for number, vector in enumerate(facts["directions"]):
        slider = page.locator(f"#direction-{number}")
        assert abs(float(slider.input_value()) - first["latent"] @ vector) < 0.01
        slider.focus()
        slider.press("End")
        moved = shown(page)
        assert abs(moved["latent"] @ vector - 3) < 1e-3
        away = moved["latent"] - first["latent"]
        np.testing.assert_allclose(away, (away @ vector) * np.array(vector), atol=1e-4)
        assert np.abs(moved["images"] - first["images"]).max() > 0.1
        page.get_by_role("button", name="Undo").click()
    np.testing.assert_array_equal(shown(page)["images"], first["images"])


def test_digits_are_chosen_and_erased_by_buttons(page):
    page.get_by_role("button", name="Write 7").click()
    assert shown(page)["labels"] == [2, 0, 2, 6, 7]
    assert page.get_by_label("Write a number").input_value() == "20267"
    assert page.locator("#number").get_attribute("aria-label") == "20267, by hand 2"
    for _ in range(5):
        page.get_by_role("button", name="Erase").click()
    assert len(shown(page)["images"]) == 0
    assert page.locator("#save").is_disabled()


def test_digits_vary_as_far_as_is_wanted(page):
    page.get_by_label("Write a number").fill("33")
    one, other = shown(page)["images"]
    np.testing.assert_array_equal(one, other)
    page.get_by_label("How much it varies").fill("50")
    hand = shown(page)
    assert np.abs(hand["images"][0] - hand["images"][1]).max() > 0.5
    lengths = np.linalg.norm(hand["latents"], axis=1) / np.sqrt(hand["latents"].shape[1])
    np.testing.assert_allclose(lengths, 1, atol=0.3)


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_a_walk_goes_and_stops(page, motion):
    page.emulate_media(reduced_motion=motion)
    page.get_by_label("Place on the way").fill("0")
    settled(page)
    before = pixels(page, "#walk-picture canvas")
    page.get_by_role("button", name="Walk").click()
    until(page, "document.getElementById('walk-place').value > 30")
    page.get_by_role("button", name="Stop").click()
    page.wait_for_timeout(700)
    place = page.locator("#walk-place").input_value()
    assert np.abs(pixels(page, "#walk-picture canvas").astype(int) - before).max() > 100
    page.wait_for_timeout(700)
    assert page.locator("#walk-place").input_value() == place
    if motion == "reduce":
        assert abs(float(place) / 12.5 - round(float(place) / 12.5)) < 0.05, "it stops at nine places only"


def test_it_fits_a_phone_and_the_dark(opened, tmp_path):
    backgrounds = []
    page = opened(SHIPPED, width=360, has_touch=True, is_mobile=True)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.get_by_label("Write a number").fill("123456789012")
        settled(page)
        assert page.evaluate("document.scrollingElement.scrollWidth") <= 360
        page.screenshot(path=tmp_path / f"{scheme}.png", full_page=True)
        backgrounds.append(imageio.imread(tmp_path / f"{scheme}.png")[5, 5, :3].mean())
    assert backgrounds[0] > 200
    assert backgrounds[1] < 50


def test_all_can_be_reached_by_the_keyboard_and_has_a_name(labelled_page):
    page = labelled_page
    controls = """() => [...document.querySelectorAll("a, button, input, select, summary, [tabindex]")]
        .filter((one) => one.checkVisibility() && !one.disabled)"""
    nameless = (
        f"""({controls})().filter((one) => !(one.ariaLabel || one.textContent.trim() || one.labels?.length)).length"""
    )
    assert page.evaluate(nameless) == 0
    count = page.evaluate(f"({controls})().length")
    reached = set()
    for _ in range(count):
        page.keyboard.press("Tab")
        place = page.evaluate(f"({controls})().indexOf(document.activeElement)")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none"
        reached.add(place)
    assert reached == set(range(count))


def test_its_random_numbers_are_normal_and_independent(page):
    numbers = np.array(page.evaluate("[0, 1, 2, 3].map((seed) => [...ganKeras.normal(20000, seed)])"))
    sigma = 1 / np.sqrt(20000)
    assert np.abs(numbers.mean(axis=1)).max() < 5 * sigma
    assert np.abs(numbers.var(axis=1) - 1).max() < 5 * np.sqrt(2) * sigma
    assert np.abs(np.corrcoef(numbers) - np.eye(4)).max() < 5 * sigma
    assert np.abs((numbers[:, 1:] * numbers[:, :-1]).mean(axis=1)).max() < 5 * sigma


def test_a_digit_takes_less_than_20_milliseconds(page):
    code = """async () => { const times = [];
        for (let i = 0; i < 30; i++) { const start = performance.now();
          await ganKeras.run(1, {latent: ganKeras.normal(100, i), label: [3]}); times.push(performance.now() - start); }
        return Math.min(...times); }"""
    assert page.evaluate(code) < 20


@pytest.fixture
def run_of(finished_run, idx_folder, tmp_path):
    """Return a function from the name of a model to a run of it."""

    def run(model: str) -> Path:
        if model != "dcgan":
            return train_eagerly(tiny_config(model, latent_dim=16, epochs=1, data_dir=idx_folder, out=tmp_path / model))
        for name, called in (("generator", "generator"), ("discriminator", "critic")):  # as Wasserstein models have
            shutil.copytree(finished_run / name, tmp_path / "run" / called)
        return tmp_path / "run"

    return run


@pytest.mark.parametrize("model", ["dcgan", pytest.param("stylegan", marks=pytest.mark.long), "infogan"])
def test_the_page_of_every_kind_of_model_draws_as_tensorflow_does(model, opened, exported, run_of):
    run = run_of(model)
    page = opened(exported(run))
    generator = loading.load_generator(run)
    labels, random = np.array([3, 8]), np.random.default_rng(0)
    given = {"latent": random.standard_normal((2, loading.latent_dim(generator)), np.float32)}
    given |= loading.without_latents(generator, labels, 0)
    if "truncation" in given:
        given["truncation"] = np.array([0.5, 0.7], np.float32)
        assert page.locator("#truncation").is_visible()
    else:
        assert page.locator("#truncation").is_hidden()
    assert page.locator("#text").is_visible() == ("label" in given)
    images = page.evaluate(
        "(given) => ganKeras.run(2, given).then((flat) => [...flat])", {k: v.ravel().tolist() for k, v in given.items()}
    )
    expected = generator.serve(**{name: tf.constant(value) for name, value in given.items()}).numpy()
    np.testing.assert_allclose(np.array(images).reshape(expected.shape), expected, atol=TOLERANCE)
    first = shown(page)["images"]
    page.locator("#hands button").nth(4).click()
    page.locator("#direction-1").fill("2.5")
    second = shown(page)
    assert second["seed"] == (2 if "label" in given else 7)
    assert np.abs(second["images"][0] - first[0]).max() > 0
    assert ("higher is more real" in page.locator("#opinions").inner_text()) == (model == "dcgan")
    assert page.locator("#training").is_hidden() == (model == "dcgan")


def test_the_other_player_judges_as_tensorflow_does(labelled_page, labelled_run):
    page = labelled_page
    hand = shown(page)
    images = hand["images"].reshape(-1, 28, 28, 1)
    discriminator = loading.load_saved_model(labelled_run / "discriminator")
    expected = discriminator.serve(tf.constant(images), tf.constant(hand["labels"])).numpy().ravel()
    flat = {"image": images.ravel().tolist(), "label": hand["labels"]}
    values = page.evaluate(
        "([count, given]) => ganKeras.judge(count, given).then((flat) => [...flat])", [len(images), flat]
    )
    np.testing.assert_allclose(values, expected, atol=TOLERANCE)
    said = page.locator("#opinions li span").all_inner_texts()
    assert [int(text.split(": ")[1].split(" %")[0]) for text in said] == [
        round(100 * float(value)) for value in expected
    ]


def test_a_visitor_draws_with_the_mouse_and_with_the_keyboard(labelled_page):
    page = labelled_page
    page.get_by_role("button", name="Wipe").click()
    board = page.locator("#drawing")
    board.scroll_into_view_if_needed()
    box = board.bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + 200, steps=5)
    page.mouse.up()
    ink = pixels(page, "#drawing")[..., 3]
    assert ink[120, 60] == 255
    assert ink[120, 160] == 0
    until(page, "document.getElementById('drawn-opinion').textContent.includes('Your drawing')")
    page.get_by_role("button", name="Wipe").click()
    until(page, "document.getElementById('drawn-opinion').textContent.includes('empty')")
    assert pixels(page, "#drawing").max() == 0
    board.focus()
    for key in (" ", *["ArrowRight"] * 10, " "):
        page.keyboard.press(key)
    until(page, "document.getElementById('drawn-opinion').textContent.includes('Your drawing')")
    assert pixels(page, "#drawing")[140, 150:200, 3].min() == 255


def test_a_drawing_is_centred_as_mnists_digits_are(labelled_page):
    page = labelled_page
    page.get_by_role("button", name="Wipe").click()
    board = page.locator("#drawing")
    board.scroll_into_view_if_needed()
    box = board.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 50, box["y"] + 90, steps=5)
    page.mouse.up()
    image = np.array(page.evaluate("[...ganKeras.drawing()]")).reshape(28, 28) + 1
    rows, _ = np.nonzero(image > 0.2)
    assert 18 <= rows.max() - rows.min() + 1 <= 21
    down, right = np.mgrid[:28, :28]
    np.testing.assert_allclose([(image * down).sum(), (image * right).sum()] / image.sum(), 13.5, atol=0.7)


def test_the_film_and_the_losses(opened, exported, finished_run, tmp_path):
    generator = loading.load_generator(finished_run)
    out = tmp_path / "page.html"
    vector = np.eye(loading.latent_dim(generator), dtype=np.float32)[0]
    history = [
        {"epoch": "1", "generator_loss": "0.5", "discriminator_loss": "1.5"},
        {"epoch": "2", "generator_loss": "1", "discriminator_loss": "1"},
    ]
    writing.write(finished_run, out, {"one": vector}, history=history)
    page = opened(out)
    assert page.locator("#chart svg").get_attribute("aria-label") == (
        "Losses over 2 epochs: generator loss from 0.50 to 1.00, discriminator loss from 1.50 to 1.00."
    )
    lines = [
        np.array([point.split(",") for point in line.get_attribute("points").split()], float)
        for line in page.locator("#chart polyline").all()
    ]
    ups = [line[0, 1] - line[1, 1] for line in lines]
    assert ups[0] == pytest.approx(-ups[1], abs=0.2)
    assert ups[0] > 10
    for epoch in (0, 2):
        page.locator("#epoch").fill(str(epoch))
        picture = imageio.imread(base64.b64decode(page.locator("#film").get_attribute("src").partition(",")[2]))
        np.testing.assert_array_equal(
            picture, imageio.imread(finished_run / "samples" / f"epoch_{epoch:04d}.png")[::2, ::2]
        )
    page.locator("#losses-side summary").click()
    assert page.locator("#losses tr").nth(2).inner_text().split() == ["2", "1.000", "1.000"]
    page.locator("#film-play").click()
    until(page, "document.getElementById('epoch').value == 0")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@contextmanager
def served(folder):
    """Serve a folder on a free port; yields its address."""
    handler = functools.partial(Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/index.html"
        server.shutdown()


def test_the_folder_works_from_a_web_server(opened, exported, labelled_run):
    folder = exported(labelled_run, "page")
    with served(folder) as address:
        page = opened(address, online=True)
        hand = shown(page)
        expected = of_tensorflow(labelled_run, hand)
        np.testing.assert_allclose(hand["images"], expected.reshape(len(expected), -1), atol=TOLERANCE)
        page.close()


def test_mistakes_are_told_before_anything_is_written(labelled_run, tmp_path, capsys):
    code, text = run_command(export.main, capsys, "--format", "web", "--out", tmp_path / "page.pdf")
    assert (code, "must end in .html, or be a new folder" in text) == (2, True), text
    shutil.copytree(labelled_run / "generator", tmp_path / "run" / "to_target")
    code, text = run_command(export.main, capsys, tmp_path / "run", "--format", "web", "--out", tmp_path / "page.html")
    assert (code, "translates images; a page needs one that makes them of latents" in text) == (2, True), text
    assert not list(tmp_path.glob("*page*"))
