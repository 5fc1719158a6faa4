"""Labelled sets: read back by tools that are not ours, balanced as asked, the same after an interruption."""

import functools
import io
import json
import shutil
import typing

import keras
import mlxtend.data
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from helpers import run_command
from PIL import Image

from gan_keras import data, synthesize
from gan_keras.data import writing
from gan_keras.evaluation import rejection
from gan_keras.exporting import loading, saved_model, synthesis
from gan_keras.training import run_folder
from gan_keras.ui import pictures

COUNTS = {"train": 30, "test": 12}


@pytest.fixture(scope="module")
def order():
    return synthesis.Order(COUNTS, dict.fromkeys(range(10), 1.0), seed=3, controls={})


@pytest.fixture(scope="module")
def generator(labelled_run):
    return loading.load_generator(labelled_run)


@pytest.fixture(scope="module")
def expected(generator, order):
    """Return by part the images and labels that every format must hold."""
    parts = {}
    for part in synthesis.PARTS:
        (chunk,) = synthesis.chunks(order, part)
        parts[part] = synthesis.make(generator, order, chunk, None)[0], chunk.labels
    return parts


@pytest.fixture(params=list(writing.FORMATS))
def written(request, generator, order, tmp_path):
    synthesis.synthesize(generator, order, tmp_path / "set", request.param, facts={})
    return request.param, tmp_path / "set"


def read_idx(folder, part):
    name = folder / {"train": "train", "test": "t10k"}[part]
    images, labels = mlxtend.data.loadlocal_mnist(f"{name}-images-idx3-ubyte", f"{name}-labels-idx1-ubyte")
    return images.reshape(-1, 28, 28), labels


def read_png(folder, part):
    """Keras gives them by class; their names are their numbers."""
    dataset = keras.utils.image_dataset_from_directory(
        folder / part, color_mode="grayscale", image_size=(28, 28), batch_size=None, shuffle=False, verbose=False
    )
    numbers = [int(path.rpartition("/")[2].removesuffix(".png")) for path in dataset.file_paths]
    images, labels = zip(*dataset.as_numpy_iterator(), strict=True)
    order = np.argsort(numbers)
    return np.stack(images)[order, ..., 0], np.array(labels)[order]


def read_csv(folder, part):
    table = pd.read_csv(folder / f"{part}.csv")
    return table.drop(columns="label").to_numpy().reshape(-1, 28, 28), table["label"].to_numpy()


def read_npz(folder, part):
    with np.load(folder / "digits.npz") as content:
        assert content.files == ["x_train", "y_train", "x_test", "y_test"]
        return content[f"x_{part}"], content[f"y_{part}"]


def read_tfrecord(folder, part):
    features = {"image": tf.io.FixedLenFeature([], tf.string), "label": tf.io.FixedLenFeature([], tf.int64)}
    parsed = tf.data.TFRecordDataset(str(folder / f"{part}.tfrecord")).map(
        lambda record: tf.io.parse_single_example(record, features)
    )
    rows = list(parsed.as_numpy_iterator())
    return np.stack([tf.io.decode_png(row["image"])[..., 0] for row in rows]), np.array([row["label"] for row in rows])


def read_parquet(folder, part):
    table = pd.read_parquet(folder / f"{part}-00000-of-00001.parquet")
    images = [np.asarray(Image.open(io.BytesIO(cell["bytes"]))) for cell in table["image"]]
    return np.stack(images), table["label"].to_numpy()


def test_other_tools_read_the_images_with_their_labels(written, expected):
    kind, folder = written
    for part, (images, labels) in expected.items():
        read_images, read_labels = globals()[f"read_{kind}"](folder, part)
        np.testing.assert_array_equal(read_images, images[..., 0])
        np.testing.assert_array_equal(read_labels, labels)


def test_our_own_door_reads_them(written, expected):
    kind, folder = written
    if kind == "tfrecord":  # which --data-dir does not take
        return
    dataset = data.load("", folder)
    for split, (images, labels) in zip((dataset.train, dataset.test), expected.values(), strict=True):
        assert sorted(map(bytes, split.images)) == sorted(map(bytes, images))
        np.testing.assert_array_equal(np.bincount(split.labels), np.bincount(labels))


def test_tensorflow_datasets_reads_the_folders_of_pictures(generator, order, expected, tmp_path):
    synthesis.synthesize(generator, order, tmp_path / "set", "png", facts={})
    builder = tfds.ImageFolder(str(tmp_path / "set"))
    for part, (images, labels) in expected.items():
        rows = list(tfds.as_numpy(builder.as_dataset(split=part)))
        found = sorted((int(row["label"]), row["image"][..., 0].tobytes()) for row in rows)
        assert found == sorted((int(label), image.tobytes()) for image, label in zip(images, labels, strict=True))


def test_the_formats_of_the_command_are_those_there_are():
    kinds = typing.get_type_hints(synthesize.Options)["format"]
    assert typing.get_args(kinds) == tuple(writing.FORMATS)


@pytest.mark.parametrize(
    ("text", "each"),
    [
        ("even", [10] * 10),
        ("0:10,1:90", [10, 90]),
        ("3:1,5:1,7:1", [0, 0, 0, 34, 0, 33, 0, 33]),
        ("as-data", [5, 0, 20, 75]),
    ],
)
def test_classes_are_as_frequent_as_asked(text, each):
    order = synthesis.Order({"train": 100}, synthesis.shares(text, 10, [1, 0, 4, 15]), seed=0, controls={})
    assert np.bincount(order.labels("train")).tolist() == each
    assert (order.labels("train") != np.sort(order.labels("train"))).any()


def test_as_data_means_the_images_that_the_run_has_seen(labelled_run, idx_folder, tmp_path, capsys):
    seen = np.bincount(data.load("mnist", idx_folder).train.labels)
    for run in (labelled_run, labelled_run / "generator"):
        out = tmp_path / run.name
        code, text = run_command(
            synthesize.main, capsys, run, "--balance", "as-data", "--count", seen.sum(), "--format", "npz", "--out", out
        )
        assert code == 0, text
        made = data.load(data_dir=out)
        assert np.bincount(np.concatenate([made.train.labels, made.test.labels])).tolist() == seen.tolist()
    assert run_folder.class_counts(loading.SHIPPED) == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    shutil.copytree(labelled_run / "generator", tmp_path / "alone")  # without the run
    code, text = run_command(
        synthesize.main, capsys, tmp_path / "alone", "--balance", "as-data", "--out", tmp_path / "set"
    )
    assert (code, "needs the folder of a run" in text) == (2, True)


def even_sum(images, labels):
    """Accept about half of the images."""
    return images.reshape(len(images), -1).sum(axis=1, dtype=np.int64) % 2 == 0


def test_a_set_that_was_interrupted_goes_on_and_is_the_same(generator, order, tmp_path, monkeypatch):
    monkeypatch.setattr(synthesis, "SIZE", 10)
    turns, varieties = iter(range(5)), iter([0.5, 0.5, 0.7])

    def interrupted(images, labels):
        if next(turns, None) is None:
            raise KeyboardInterrupt
        return even_sum(images, labels)

    def make(name, accept):
        measured = {"variety_kept": next(varieties)}  # whose last digits may differ
        return synthesis.synthesize(
            generator, order, tmp_path / name, "npz", facts={}, measured=measured, accept=accept
        )

    card = make("whole", even_sum)
    with pytest.raises(KeyboardInterrupt):
        make("parts", interrupted)
    assert not (tmp_path / "parts").exists()
    assert make("parts", even_sum) == card | {"variety_kept": 0.7}
    assert 0.2 < card["accepted_share"] < 0.8
    for part in synthesis.PARTS:
        whole, parts = (read_npz(tmp_path / name, part) for name in ("whole", "parts"))
        np.testing.assert_array_equal(parts[0], whole[0])
        np.testing.assert_array_equal(parts[1], whole[1])
        assert even_sum(whole[0], None).all()
    assert not list(tmp_path.glob(".*")), "the chunks are gone"


def test_the_command_writes_a_set_and_its_card(labelled_run, tmp_path, capsys):
    out = tmp_path / "set"
    arguments = [labelled_run, "--count", 20, "--test-count", 10, "--balance", "1:1,2:3", "--out", out]
    code, text = run_command(synthesize.main, capsys, *arguments)
    assert code == 0, text
    assert "30 labelled images in" in text
    card = json.loads((out / "card.json").read_text())
    assert card["counts"] == {"train": 20, "test": 10}
    assert card["accepted_share"] == 1
    assert len(card["sha256"]) == 64
    assert np.bincount(read_idx(out, "train")[1]).tolist() == [0, 5, 15]
    train, test = (read_idx(out, part)[0] for part in ("train", "test"))
    assert not {image.tobytes() for image in train} & {image.tobytes() for image in test}


def test_a_spread_widens_the_latents_and_nothing_else(labelled_run, generator, tmp_path, capsys):
    labels = np.arange(20, dtype=np.int32) % 10
    plain, wide = (loading.make(generator, 20, 3, labels, spread=spread)[0] for spread in (1.0, 1.5))
    latents = tf.random.stateless_normal([20, loading.latent_dim(generator)], [3, 0])
    for images, factor in ((plain, 1.0), (wide, 1.5)):
        np.testing.assert_array_equal(images, pictures.to_uint8(generator.serve(latent=factor * latents, label=labels)))
    arguments = [labelled_run, "--count", 20, "--spread", 1.5, "--format", "npz", "--out", tmp_path / "set"]
    code, text = run_command(synthesize.main, capsys, *arguments)
    assert code == 0, text
    assert json.loads((tmp_path / "set" / "card.json").read_text())["controls"] == {"spread": 1.5}


@pytest.mark.parametrize(
    ("arguments", "choice"),
    [
        ([], (1.6, 0.5)),
        (["--spread", 1], (1, 0.5)),
        (["--min-confidence", 0], (1.6, 0)),
        (["RUN"], (1, 0)),
        (["RUN", "--spread", 1.2], (1.2, 0)),
        ([loading.SHIPPED, "--min-confidence", 0.4], (1, 0.4)),
    ],
)
def test_the_generator_of_the_package_makes_what_teaches_best_and_others_what_they_learned(
    labelled_run, tmp_path, capsys, arguments, choice
):
    given = [labelled_run if argument == "RUN" else argument for argument in arguments]
    code, text = run_command(synthesize.main, capsys, *given, "--count", 40, "--out", tmp_path / "set")
    assert code == 0, text
    card = json.loads((tmp_path / "set" / "card.json").read_text())
    assert (card["controls"].get("spread", 1), card["min_confidence"]) == choice
    assert ("variety_kept" in card) == (choice[1] > 0), "what was judged says what that has cost"


def test_all_of_a_set_is_as_sure_as_asked(tmp_path, capsys):
    arguments = ["--count", 200, "--spread", 2, "--min-confidence", 0.9]
    code, text = run_command(synthesize.main, capsys, *arguments, "--out", tmp_path / "set")
    assert code == 0, text
    assert json.loads((tmp_path / "set" / "card.json").read_text())["accepted_share"] < 1
    images, labels = read_idx(tmp_path / "set", "train")
    sure = rejection.confident(loading.load_generator(loading.SHIPPED), 0.9)
    assert sure(images[..., None].astype(np.uint8), labels).all()


def test_mistakes_are_told(labelled_run, finished_run, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(synthesis, "TURNS", 2)
    monkeypatch.setattr(loading, "load_generator", functools.cache(loading.load_generator))
    for run, arguments, message in (
        (labelled_run, ["--out", tmp_path], "exists already"),
        (labelled_run, ["--out", tmp_path / "no" / "set"], "there is no folder"),
        (labelled_run, ["--balance", "some"], "must be even, as-data, or shares"),
        (labelled_run, ["--balance", "0:1,12:1"], "names class 12; classes are 0 to 9"),
        (labelled_run, ["--balance", "0:0"], "shares are above 0"),
        (labelled_run, ["--truncation", "0.5"], "has no styles"),
        (labelled_run, ["--spread", "9"], "--spread is 9"),
        (labelled_run, ["--count", "50", "--min-confidence", "0.999"], "Give a lower --min-confidence"),
        (labelled_run, ["--data-dir", tmp_path], "give that too"),
        (finished_run, [], "takes no labels"),
    ):
        out = [] if "--out" in arguments else ["--out", tmp_path / "set"]
        code, text = run_command(synthesize.main, capsys, run, *arguments, *out)
        assert (code, message in text) == (2, True), text
        assert not (tmp_path / "set").exists()


def test_the_classifier_of_digits_judges_nothing_else(labelled_run, tmp_path, capsys):
    network = keras.models.load_model(labelled_run / "generator.keras")
    saved_model.export_network(network, tmp_path / "letters", list("abcdefghij"))
    arguments = [tmp_path / "letters", "--min-confidence", 0.5, "--out", tmp_path / "set"]
    code, text = run_command(synthesize.main, capsys, *arguments)
    assert (code, "needs digits of 28x28" in text) == (2, True), text


def test_without_test_images_readers_hold_some_out(generator, tmp_path):
    order = synthesis.Order({"train": 70, "test": 0}, dict.fromkeys(range(10), 1.0), seed=3, controls={})
    synthesis.synthesize(generator, order, tmp_path / "set", "idx", facts={})
    dataset = data.load("", tmp_path / "set")
    assert (len(dataset.train.images), len(dataset.test.images)) == (60, 10)


def test_real_images_are_mixed_into_the_training_part_alone_and_keep_their_classes(
    generator, expected, order, tmp_path
):
    """The real ones are grey all over, by their class; a third of them are asked for."""
    labels = np.repeat(np.arange(10, dtype=np.int32), 3)
    images = np.broadcast_to((labels * 20 + 7).astype(np.uint8)[:, None, None, None], [30, 28, 28, 1])
    real = synthesis.Real(data.Split(images, labels), 1 / 3)
    synthesis.synthesize(generator, order, tmp_path / "set", "npz", facts={}, real=real)
    found, found_labels = read_npz(tmp_path / "set", "train")
    is_real = (found.reshape(30, -1) == found.reshape(30, -1)[:, :1]).all(axis=1)
    assert is_real.sum() == 10
    np.testing.assert_array_equal(found[is_real, 0, 0], found_labels[is_real] * 20 + 7)
    made, made_labels = expected["train"]
    np.testing.assert_array_equal(found_labels, made_labels)
    np.testing.assert_array_equal(found[~is_real], made[~is_real, ..., 0])
    np.testing.assert_array_equal(read_npz(tmp_path / "set", "test")[0], expected["test"][0][..., 0])


def test_the_command_mixes_real_digits_in(labelled_run, idx_folder, tmp_path, capsys):
    arguments = [
        "--count",
        40,
        "--test-count",
        10,
        "--mix-real",
        0.5,
        "--data-dir",
        idx_folder,
        "--format",
        "npz",
        "--out",
        tmp_path / "set",
    ]
    code, text = run_command(synthesize.main, capsys, labelled_run, *arguments)
    assert code == 0, text
    real = {image.tobytes() for image in data.load("", idx_folder).train.images}
    images, _ = read_npz(tmp_path / "set", "train")
    assert sum(image.tobytes() in real for image in images) == 20
    assert json.loads((tmp_path / "set" / "card.json").read_text())["mix_real"] == 0.5


def test_what_rejection_costs_is_measured(order):
    generator = loading.load_generator(loading.SHIPPED)
    large = synthesis.Order({"train": 200}, order.balance, seed=3, controls={})
    assert rejection.variety_kept(generator, large, lambda images, labels: labels >= 0) == 1
    assert rejection.variety_kept(generator, large, lambda images, labels: labels < 0) is None
    few = rejection.variety_kept(generator, large, lambda images, labels: labels == 4)
    assert 0 < few < 1, "images of one class are nearer to each other"
