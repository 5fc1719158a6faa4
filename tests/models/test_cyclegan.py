"""Translation between two domains: its losses, its options, and that it learns."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import assert_same_run, assert_same_start, history, run_command, stopped, tiny_config

from gan_keras import data, evaluate, generate, models, train
from gan_keras.evaluation import classifier
from gan_keras.evaluation import translation as measuring
from gan_keras.evaluation.live import LiveEvaluation
from gan_keras.evaluation.metrics import teaching
from gan_keras.exporting import rebuilding, translation
from gan_keras.game import pseudo_labels
from gan_keras.layers import BatchNormalization
from gan_keras.models import cyclegan
from gan_keras.training import setup
from gan_keras.ui.console import UserError

SHAPE = (8, 8, 1)
SMALL = {"blocks": 1, "pool": 8, "precision": "bfloat16"}  # which is what "auto" means on some processors


def build(shape=SHAPE, **options):
    keras.utils.set_random_seed(0)
    game = cyclegan.Model(tiny_config("cyclegan", **{"blocks": 1, "pool": 16} | options), shape)
    game.compile(total_steps=100)
    return game


def batch_of(count, seed=0):
    random = np.random.default_rng(seed)
    batch = {}
    for prefix in ("", data.PARTNER):
        batch[f"{prefix}image"] = tf.constant(random.uniform(-1, 1, (count, *SHAPE)), tf.float32)
        batch[f"{prefix}label"] = tf.constant(random.integers(0, 10, count), tf.int32)
    return batch


def misread(logits, probabilities):
    """The cross-entropy of classes."""
    logits = logits.numpy().astype(float)
    return -(probabilities * (logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)))).sum(axis=1).mean()


def test_the_losses_are_those_of_the_papers(monkeypatch):
    game, real = build(semantic=2.0, identity=5.0), batch_of(4)
    source, target, label = real["image"], real["partner_image"], np.eye(10)[real["label"]]
    fake = game.generate(real)
    np.testing.assert_array_equal(fake["target"], game.to_target(source))
    np.testing.assert_array_equal(fake["source"], game.to_source(target))

    values = {
        "target": (game.target_critic(target).numpy(), game.target_critic(fake["target"]).numpy()),
        "source": (game.source_critic(source).numpy(), game.source_critic(fake["source"]).numpy()),
    }
    expected = sum(((one - 1) ** 2).mean() / 2 + (other**2).mean() / 2 for one, other in values.values())
    monkeypatch.setattr(pseudo_labels, "zoomed", lambda images, *ignored: images * factors)
    factors = np.tile(np.float32([1, 0.5, 0.2]), 4).reshape(12, 1, 1, 1)  # of the three views of each image
    of_source, of_target = (game.reader(np.repeat(images, 3, axis=0) * factors) for images in (source, target))
    read = tf.nn.softmax(of_target).numpy()
    shares = 0.99 * 0.1 + 0.01 * np.stack([label.mean(axis=0), read.mean(axis=0)])
    guesses = (read * shares[0] / shares[1]) ** 2
    guesses /= guesses.sum(axis=1, keepdims=True)
    expected += misread(of_source, np.repeat(label, 3, axis=0)) + misread(of_target, guesses)
    guess = guesses.reshape(4, 3, 10).mean(axis=1)
    expected += misread(game.source_reader(source), label) + misread(game.target_reader(target), guess)
    np.testing.assert_allclose(game.discriminator_loss(real, fake), expected, rtol=1e-4)

    expected = sum(((fakes - 1) ** 2).mean() for _, fakes in values.values())
    cycles = [(game.to_source(fake["target"]), source), (game.to_target(fake["source"]), target)]
    same = [(game.to_source(source), source), (game.to_target(target), target)]
    for weight, pairs in ((10, cycles), (5, same)):
        expected += weight * sum(np.abs(one - other).mean() for one, other in pairs)
    for name in game.readers:
        for weight in game.averages[name].weights:
            weight.assign(2 * weight)  # another network than the one that learns
    read = tf.nn.softmax(game.averages["reader"](target)).numpy()
    expected += 2 * misread(game.averages["target_reader"](fake["target"]), label)
    expected += 2 * misread(game.averages["source_reader"](fake["source"]), read)
    np.testing.assert_allclose(game.generator_loss(real, fake), expected, rtol=1e-4)


def test_without_a_semantic_loss_or_without_classes_nothing_learns_to_read():
    for game in (build(semantic=0.0), cyclegan.Model(tiny_config("cyclegan", pool=16), SHAPE, classes=1)):
        assert set(game.networks) == {"to_target", "to_source", "target_critic", "source_critic"}
        assert not game.reads_labels


def test_the_labels_of_the_target_are_never_used_and_those_of_the_source_only_by_the_semantic_loss():
    real = batch_of(4)
    others = (real["label"] + 1) % 10
    step = build().train_step
    plain = float(step(real)["generator_loss"])
    assert float(build().train_step(real | {"partner_label": others})["generator_loss"]) == plain
    assert float(build().train_step(real | {"label": others})["generator_loss"]) != plain
    one, other = (build(semantic=0.0).train_step(real | {"label": label}) for label in (real["label"], others))
    assert float(one["generator_loss"]) == float(other["generator_loss"])


def test_augmentation_is_for_the_discriminators_alone():
    real = batch_of(4)
    plain, augmented = (build(augment=augment) for augment in (False, True))
    np.testing.assert_array_equal(plain.generate(real)["target"], augmented.generate(real)["target"])
    assert plain.discriminator_loss(real, plain.generate(real)) != augmented.discriminator_loss(
        real, augmented.generate(real)
    )


@pytest.mark.slow
def test_it_learns_to_translate_without_pairs():
    """The target are darker and lighter squares where the source has lighter and darker ones, in other places."""
    random = np.random.default_rng(0)

    def squares(sign):
        images = np.zeros((16, 8, 8, 1), np.float32) - sign
        for image, row, column in zip(images, *random.integers(0, 5, (2, 16)), strict=True):
            image[row : row + 4, column : column + 4] = sign
        return tf.constant(images)

    game = build(filters=8, learning_rate=2e-3, average_decay=0.9, semantic=0.0)
    label = tf.zeros([16], tf.int32)
    step = tf.function(game.train_step)
    for _ in range(150):
        step({"image": squares(0.9), "label": label, "partner_image": squares(-0.9), "partner_label": label})
    source = squares(0.9)
    translated = game.averages["to_target"](source)
    assert np.abs(translated + source).mean() < 0.4 < np.abs(translated - source).mean()
    assert np.abs(game.averages["to_source"](translated) - source).mean() < 0.3


@pytest.fixture(scope="module")
def run(idx_folder, tmp_path_factory):
    """A tiny run from random pictures to scikit-learn's digits."""
    out = tmp_path_factory.mktemp("cyclegan") / "run"
    return train.run(tiny_config("cyclegan", data_dir=idx_folder, out=out, **SMALL))


@pytest.mark.slow
def test_a_run_that_is_stopped_ends_the_same(run, idx_folder, tmp_path):
    assert_same_start(tiny_config("cyclegan", data_dir=idx_folder, **SMALL))
    parts = stopped(run, tmp_path / "parts")
    train.run(tiny_config("cyclegan", data_dir=idx_folder, out=parts, **SMALL, resume=True))
    assert_same_run(run, parts)


@pytest.mark.slow
def test_live_evaluation_is_of_translations_into_the_source(idx_folder, tmp_path):
    """Its last value is that of the exported network, which translates the target's training images here."""
    config = tiny_config("cyclegan", data_dir=idx_folder, out=tmp_path / "run", evaluate_every=1, **SMALL)
    folder, dataset = train.run(config), config.load_data()
    to_source = translation.load(folder, translation.TO_SOURCE)
    evaluation = LiveEvaluation(classifier.load(), setup.hold_out(config, dataset)[1].images)
    values = evaluation(to_source(dataset.partner.train.images[: evaluation.count]))
    rows = history(folder)
    assert float(rows[-1]["fid_mnist"]) == pytest.approx(values["fid_mnist"], rel=1e-3)
    best = tf.saved_model.load(str(folder / "best_to_source"))
    assert list(best.signatures["serving_default"].structured_outputs) == ["translation"]
    rebuilt = rebuilding.rebuild(folder / "best_to_source", config, dataset.class_names)
    assert rebuilt.output_shape == (None, *dataset.image_shape)


def test_a_folder_or_an_array_is_translated_both_ways(run, idx_folder, tmp_path, capsys):
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28, 1), np.uint8)
    np.savez(tmp_path / "some.npz", images=images, labels=np.arange(5))
    for backwards, name in (([], "to_target"), (["--backwards"], "to_source")):
        out = tmp_path / f"{name}.npz"
        code, text = run_command(generate.main, capsys, run, "--from", tmp_path / "some.npz", *backwards, "--out", out)
        assert (code, text) == (0, f"5 images translated, in {out}\n")
        exported = tf.saved_model.load(str(run / name))
        (expected,) = exported.signatures["serving_default"](image=data.standardise(images)).values()
        with np.load(out) as content:
            np.testing.assert_allclose(content["images"], 127.5 * expected + 127.5, atol=0.51)
            np.testing.assert_array_equal(content["labels"], np.arange(5))
    code, text = run_command(generate.main, capsys, run, "--from", idx_folder, "--out", tmp_path / "pairs.png")
    assert (code, text) == (0, f"80 images translated, in {tmp_path / 'pairs.png'}\n")


def test_what_cannot_be_translated_is_refused(run, tmp_path, capsys):
    np.save(tmp_path / "some.npy", np.zeros([2, 28, 28], np.uint8))
    for arguments, reason in [
        ([run, "--from", tmp_path / "nowhere"], "there is no folder or file"),
        ([run, "--from", tmp_path / "some.npy", "--count", 3], "--count is no option of --from"),
        ([run, "--backwards"], "--backwards is no option of plain images"),
        (["--from", tmp_path / "some.npy"], "does not translate images"),
        ([run], "there is no generator"),
    ]:
        code, text = run_command(generate.main, capsys, *arguments, "--out", tmp_path / "out.png")
        assert code == 2
        assert reason in text
        assert not (tmp_path / "out.png").exists()


def small_classifier(image_shape, classes):
    """Return a small network instead of the classifier's: three of those would take half a minute to compile."""
    convolution = [keras.layers.Conv2D(4, 5, 4), BatchNormalization(), keras.layers.ReLU(), keras.layers.Flatten()]
    return keras.Sequential([keras.Input(image_shape), *convolution, keras.layers.Dense(classes, dtype="float32")])


def test_evaluate_measures_what_a_run_keeps(run, idx_folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(measuring, "STEPS", 3)
    monkeypatch.setattr(teaching, "BATCH", 8)
    monkeypatch.setattr(classifier, "build", small_classifier)
    code, text = run_command(evaluate.main, capsys, run, "--data-dir", idx_folder, "--samples", 20, "--out", tmp_path)
    assert code == 0, text
    assert "kept_to_target" in text
    assert "the digits of the package scikit-learn" in text
    assert {"metrics.json", "metrics.jsonl", "report.png"} <= {path.name for path in tmp_path.iterdir()}


def test_evaluate_takes_no_options_of_other_models(run, capsys):
    code, text = run_command(evaluate.main, capsys, run, "--repeats", 3)
    assert (code, "is measured without --repeats" in text) == (2, True), text


def test_domains_of_the_same_length_are_not_read_as_pairs(idx_folder):
    dataset = data.load("mnist", idx_folder)
    batches = setup.batches(tiny_config("cyclegan"), dataset.train, dataset, skip=0)
    one, other = zip(
        *[(batch["image"].numpy(), batch["partner_image"].numpy()) for batch in batches.take(5)], strict=True
    )
    alike = (np.concatenate(one) == np.concatenate(other)).all(axis=(1, 2, 3))
    assert alike.mean() < 0.3


def test_options_name_both_domains(idx_folder, tmp_path):
    config = tiny_config("cyclegan", dataset="", source=str(idx_folder), target="digits8x8")
    assert config.data_dir == idx_folder
    assert config.folder.name == f"cyclegan-{idx_folder.name}-digits8x8"
    dataset = tiny_config("cyclegan", dataset="", source="digits8x8", target=str(idx_folder), image_size=8).load_data()
    assert dataset.image_shape == dataset.partner.image_shape == (8, 8, 1)
    assert dataset.facts()["partner"]["train_images"] == 60
    for options, reason in [
        ({"target": "digits8x9"}, "Did you mean digits8x8"),
        ({"source": str(idx_folder), "data_dir": tmp_path}, "differ"),
        ({"pool": 3}, "must hold a batch of 4"),
    ]:
        with pytest.raises(UserError, match=reason):
            tiny_config("cyclegan", **options)


def test_the_data_of_both_domains_must_be_those_of_the_run(run, idx_folder):
    options = tiny_config("cyclegan", data_dir=idx_folder, out=run, **SMALL, resume=True)
    saved = setup.check_folder(options)
    dataset = options.load_data()
    setup.check_data(options, dataset, saved)
    train_split = dataset.partner.train
    other = dataclasses.replace(dataset.partner, train=train_split._replace(images=255 - train_split.images))
    with pytest.raises(UserError, match="was trained on other data"):
        setup.check_data(options, dataclasses.replace(dataset, partner=other), saved)


def test_it_is_no_model_to_compare():
    with pytest.raises(UserError, match="translates images"):
        models.load_sampled("cyclegan")
    assert {translation.TO_TARGET, translation.TO_SOURCE} == set(cyclegan.Model.generator_networks)
