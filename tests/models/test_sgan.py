"""The semi-supervised GAN: its losses from its logits, the labels that it gets to see, and its classifier."""

import keras
import numpy as np
import pytest
from helpers import tiny_config
from scipy.special import log_softmax, logsumexp, softmax

from gan_keras import data
from gan_keras.game import pseudo_labels
from gan_keras.models import sgan
from gan_keras.training import setup
from gan_keras.ui.console import UserError


@pytest.fixture
def dataset(idx_folder):
    return tiny_config("sgan", data_dir=idx_folder).load_data()


@pytest.fixture
def game():
    return build(pseudo_labels=0.0)


def build(**options):
    keras.utils.set_random_seed(0)
    model = sgan.Model(tiny_config("sgan", noise=0.0, **options), (28, 28, 1))
    model.compile(total_steps=10)
    return model


def batch_of(dataset, options):
    return next(iter(setup.batches(options, dataset.train, dataset.partner, skip=0)))


def test_fakes_are_one_class_more(game, dataset):
    """The losses are those of a classifier of 11 classes, the last of which has the logit 0: the source's section 5."""
    real = batch_of(dataset, game.config)
    fake = game.generate(real)
    outputs = [game.discriminate(batch).numpy() for batch in (real, fake, {"image": real["partner_image"]})]
    for logits in outputs:
        np.testing.assert_allclose(logits[:, 0], logsumexp(logits[:, 1:], axis=1), rtol=1e-5)
    of_real, of_fake, of_known = (softmax(np.pad(logits[:, 1:], ((0, 0), (0, 1))), axis=1) for logits in outputs)
    unsupervised = -np.log(1 - of_real[:, -1]).mean() - np.log(of_fake[:, -1]).mean()
    known = of_known[:, :-1] / of_known[:, :-1].sum(axis=1, keepdims=True)
    supervised = -np.log(known[np.arange(len(known)), real["partner_label"]]).mean()
    np.testing.assert_allclose(game.discriminator_loss(real, fake), unsupervised + supervised, rtol=1e-4)


def test_the_generator_matches_mean_features(game, dataset):
    real = batch_of(dataset, game.config)
    fake = game.generate(real)
    features = [game.discriminator.get_layer("features")(batch["image"]).numpy() for batch in (real, fake)]
    distance = np.square(features[0].mean(axis=0) - features[1].mean(axis=0)).sum()
    np.testing.assert_allclose(game.generator_loss(real, fake), distance, rtol=1e-4)
    assert game.generator_loss(real, real) == 0


def test_pseudo_labels_are_what_is_read_sharpened_and_other_views_learn_them(monkeypatch, dataset):
    monkeypatch.setattr(pseudo_labels, "zoomed", lambda images, *ignored: images / 2)
    game = build(pseudo_labels=3.0)
    real = batch_of(dataset, game.config)
    fake = game.generate(real)

    def logarithms(images):
        return log_softmax(game.discriminator(images).numpy()[:, 1:].astype(float), axis=1)

    known, label = real["partner_image"] / 2, np.eye(10)[real["partner_label"]]
    read = np.exp(logarithms(real["image"]))
    shares = 0.99 * 0.1 + 0.01 * np.stack([label.mean(axis=0), read.mean(axis=0)])
    guesses = (read * shares[0] / shares[1]) ** 2
    guesses /= guesses.sum(axis=1, keepdims=True)
    expected = -(label * logarithms(known)).sum(axis=1).mean()
    expected -= 3 * (guesses * logarithms(real["image"] / 2)).sum(axis=1).mean()
    expected += game.adversarial_loss.discriminator(*(game.discriminate(batch)[:, :1] for batch in (real, fake)))
    np.testing.assert_allclose(game.discriminator_loss(real, fake), expected, rtol=1e-4)


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_the_labels_of_other_images_are_not_read(weight, dataset):
    real = batch_of(dataset, tiny_config("sgan"))
    others = real | {"label": 9 - real["label"]}
    wrong = real | {"partner_label": 9 - real["partner_label"]}
    plain, of_others, of_wrong = (build(pseudo_labels=weight).train_step(batch) for batch in (real, others, wrong))
    assert plain["discriminator_loss"] == of_others["discriminator_loss"]
    assert plain["discriminator_loss"] != of_wrong["discriminator_loss"]


@pytest.mark.parametrize(("count", "most"), [(10, 1), (20, 2), (25, 3)])
def test_labels_are_of_all_classes_alike_and_drawn_by_the_seed(count, most):
    labels = np.random.default_rng(0).integers(0, 10, 500).astype(np.int32)
    rows = sgan.evenly(labels, count, seed=0)
    assert len(set(rows)) == count
    shares = np.bincount(labels[rows], minlength=10)
    assert shares.max() == most and shares.min() == count // 10
    assert set(rows) != set(sgan.evenly(labels, count, seed=1))
    np.testing.assert_array_equal(rows, sgan.evenly(labels, count, seed=0))


def test_few_labelled_images_are_repeated_to_fill_a_batch(idx_folder):
    options = tiny_config("sgan", data_dir=idx_folder, labelled=10, batch_size=32)
    known = options.load_data().partner
    assert len(known.train.images) == 32 and len(np.unique(known.train.images, axis=0)) == 10
    assert "10 of them" in known.source
    assert set(batch_of(options.load_data(), options)) == {"image", "label", "partner_image", "partner_label"}


@pytest.mark.parametrize("labelled", [9, 61])
def test_too_few_and_too_many_labels_are_refused(idx_folder, labelled):
    with pytest.raises(UserError, match="from 10 classes to 60 images"):
        tiny_config("sgan", data_dir=idx_folder, labelled=labelled).load_data()


def test_data_without_labels_are_refused(tmp_path):
    np.save(tmp_path / "images.npy", np.zeros([30, 28, 28], np.uint8))
    with pytest.raises(UserError, match="tell classes apart"):
        tiny_config("sgan", dataset="", data_dir=tmp_path / "images.npy").load_data()


def test_its_classifier_gives_the_probabilities_of_the_averaged_discriminator(game, dataset):
    images = data.standardise(dataset.test.images)
    probability = game.classifier()(images, training=False).numpy()
    logits = game.averages["discriminator"](images, training=False).numpy()[:, 1:]
    np.testing.assert_allclose(probability, softmax(logits, axis=1), rtol=1e-5)
    assert set(game.exports()) == {"generator", "discriminator", "classifier"}
