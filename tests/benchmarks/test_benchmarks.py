import dataclasses
import importlib
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import run_command, tiny_config, write_idx_folder

from benchmarks import (
    absences,
    alone,
    choices,
    contestants,
    machine,
    process,
    rivals,
    time_to_quality,
    train_step,
    tricks,
)
from gan_keras import data
from gan_keras.evaluation import classifier
from gan_keras.layers import SpectralNormalization
from gan_keras.layers.copies import leaves
from gan_keras.models import dcgan
from gan_keras.training import setup


@pytest.mark.parametrize("kernel_size", [4, 5])
def test_a_steps_operations_are_those_of_the_networks(kernel_size):
    """Counted from the kernels: each of their numbers meets every place of the smaller side of its layer."""
    game = dcgan.Model(dcgan.Config(kernel_size=kernel_size, precision="float32"), (28, 28, 1))

    def forward(network):
        total = 0
        for layer in leaves(network):
            if isinstance(layer, keras.layers.Dense | keras.layers.Conv2D | keras.layers.Conv2DTranspose):
                places = layer.input if isinstance(layer, keras.layers.Conv2DTranspose) else layer.output
                total += np.prod(layer.kernel.shape) * np.prod(places.shape[1:-1])
        return total

    expected = 2 * (3 * forward(game.generator) + 8 * forward(game.discriminator))
    assert machine.step_operations(kernel_size) == expected
    assert expected - machine.step_operations(kernel_size, fake_passes=1) == 2 * forward(game.discriminator)


@pytest.mark.long
def test_ours_and_the_tutorial_are_timed_in_processes_of_their_own(capsys):
    small = ["--rounds", 1, "--steps", 2, "--batch-size", 4]
    code, text = run_command(train_step.main, capsys, "--contestants", "ours", "tutorial", *small)
    assert code == 0
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith(("| ours ", "| tutorial "))]
    assert [row[0] for row in rows] == ["| ours", "| tutorial"]
    for _, milliseconds, _, peak, share, _ in rows:
        assert 0 < float(milliseconds) < 60_000
        assert 100 < float(peak.replace(",", "")) < 10_000
        assert 0 < float(share.rstrip("%")) < 200


def test_generating_is_timed(monkeypatch):
    monkeypatch.setattr(contestants, "GENERATING_SECONDS", 0.1)
    assert contestants.generate_ours(batch_size=4)["images_per_second"] > 0


def losses(model: str) -> list[float]:
    """Return a model's losses in four steps."""
    random = np.random.default_rng(0)
    split = data.Split(random.integers(0, 256, (16, 28, 28, 1), dtype=np.uint8), np.zeros(16, np.int32))
    model = setup.build(tiny_config(model), data.Dataset("noise", "noise", split, split, ["0"]), steps_per_epoch=4)
    batches = data.batches(split, model.config.batch_size, seed=0)
    history = model.fit(batches, steps_per_epoch=4, shuffle=False, verbose=0).history
    return [history[name][0] for name in ("generator_loss", "discriminator_loss")]


@pytest.fixture(scope="module")
def losses_with_tricks() -> dict[str, list[float]]:
    return {model: losses(model) for model in {trick.model for trick in absences.TRICKS.values()}}


@pytest.mark.parametrize("name", sorted(absences.TRICKS.keys() - {"precompiled-kernels"}))  # XLA draws other latents
def test_a_trick_changes_no_number(name, losses_with_tricks, monkeypatch):
    trick, calls = absences.TRICKS[name], []

    def replacement(*arguments, **options):
        calls.append(name)
        return trick.replacement(*arguments, **options)

    replacement.__wrapped__ = trick.replacement  # Keras looks at its signature
    monkeypatch.setitem(absences.TRICKS, name, dataclasses.replace(trick, replacement=replacement))
    with absences.undone(name):
        without = losses(trick.model)
    assert calls
    np.testing.assert_allclose(without, losses_with_tricks[trick.model], rtol=1e-4)


@pytest.mark.parametrize("seed", range(100))
def test_inputs_in_bfloat16_can_be_divided_too(seed):
    """Up to rounding, which is at most 2^-8 of each number: of kernels, inputs, σ and outputs, and of three sums."""
    keras.utils.set_random_seed(seed)
    layer = SpectralNormalization(keras.layers.Dense(3, dtype="mixed_bfloat16"))
    inputs = tf.ones([2, 4], tf.bfloat16)
    expected = tf.cast(layer(inputs), tf.float32)
    with absences.undone("kernels-divided"):
        divided = tf.cast(layer(inputs), tf.float32)
    # Terms of both signs can cancel: rounding is a part of their sizes, not of their sum.
    sizes = tf.reduce_sum(tf.abs(layer.layer.kernel), axis=0) / layer.largest_singular_value(training=False)
    roundings = (1 + 1 + 3) + (1 + 1 + 1 + 1 + 3)  # with the kernel divided, and with the inputs divided
    assert (tf.abs(divided - expected) <= roundings * 2**-8 * sizes).numpy().all()


@pytest.mark.long
def test_a_trick_is_timed_in_a_process_of_its_own(capsys):
    small = ["--rounds", 2, "--steps", 2, "--batch-size", 4]
    code, text = run_command(tricks.main, capsys, "--tricks", "kernels-divided", *small)
    assert code == 0
    (row,) = (line.split(" | ") for line in text.splitlines() if line.startswith("| kernels-divided "))
    _, with_it, without_it, _ = row
    assert 0 < float(with_it) < 60_000
    assert 0 < float(without_it) < 60_000


@pytest.mark.parametrize("kernel_size", [4, 5])
def test_pytorchs_networks_are_ours(kernel_size):
    torch = pytest.importorskip("torch")
    pytorch = importlib.import_module("benchmarks.pytorch")
    ours = dcgan.Model(dcgan.Config(kernel_size=kernel_size, precision="float32"), (28, 28, 1))
    theirs = pytorch.Generator(kernel_size), pytorch.Discriminator(kernel_size)
    for one, other in zip((ours.generator, ours.discriminator), theirs, strict=True):
        sizes = [int(np.prod(weight.shape)) for weight in one.trainable_weights]
        assert sorted(sizes) == sorted(weight.numel() for weight in other.parameters())
    images = theirs[0](torch.zeros(2, pytorch.LATENT_DIM))
    assert images.shape == (2, 1, 28, 28)
    assert theirs[1](images).shape == (2, 1)
    pytorch.make_step(kernel_size, bfloat16=False)(images.detach())


def test_a_process_does_not_count_the_memory_of_the_one_that_started_it():
    peak = subprocess.run(
        [sys.executable, "-c", "from benchmarks import process; print(process.peak_mib())"],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(alone.__file__).parents[1],
    )
    assert 1 < float(peak.stdout) < 100 < process.peak_mib()  # Python alone, and this process, which has TensorFlow


@pytest.mark.long
def test_the_tutorial_goes_on_from_the_epochs_it_has(idx_folder, tmp_path):
    def epochs(count: int) -> tuple[dict, np.ndarray]:
        done = contestants.tutorial_epochs(str(idx_folder), epochs=count, count=4, folder=str(tmp_path))
        return done, np.load(tmp_path / "samples.npy")

    first, samples = epochs(1)
    again, same_samples = epochs(1)
    assert again == first
    np.testing.assert_array_equal(same_samples, samples)
    second, other_samples = epochs(2)
    assert second["epochs"] == 2
    assert second["seconds"] > first["seconds"]
    assert (other_samples != samples).any()


def test_a_contestant_that_fails_is_named():
    with pytest.raises(RuntimeError, match="no_such"):
        alone.call("no_such")


def test_the_table_compares_within_each_round():
    seconds = {"ours": (0.1, 0.2), "tutorial": (0.3, 0.8)}  # as a machine does that slows down
    results = {
        name: [{"seconds": value, "product_rate": 1e12, "peak_mib": 2000} for value in values]
        for name, values in seconds.items()
    }
    text = train_step.table(results, train_step.Options(rounds=2))
    assert "| tutorial | 550 | 233 | 2,000 | " in text
    assert "| 3.50 (3.00 to 4.00) |" in text


def test_the_machine_is_as_fast_as_its_fastest_product():
    work = machine.step_operations(4) * 128
    results = {"ours": [{"seconds": 1.0, "product_rate": rate * work, "peak_mib": 1000} for rate in (1, 2)]}
    assert "| 50% |" in train_step.table(results, train_step.Options(rounds=2))


def test_nothing_to_time_is_an_error(capsys):
    code, text = run_command(train_step.main, capsys, "--contestants")
    assert code
    assert "nothing to time" in text


def test_a_tricks_row_compares_within_each_round():
    rounds = [[0.1, 0.2], [0.2, 0.6], [0.1, 0.4]]  # twice, three times and four times as long
    assert tricks.row("magic", rounds) == "| magic | 100 | 400 | 3.00 (2.50 to 3.50) |"


def test_the_first_epoch_that_is_as_good_counts():
    history = [
        {"epoch": str(epoch), "images_per_second": "100", "fid_mnist": str(fid)}
        for epoch, fid in ((1, 60), (2, 20), (3, 10))
    ]
    after = time_to_quality.verdict(history, 6000, 25, 1200)
    assert after == "2.0 minutes and 2 epochs, with 20: 10% of the time"
    results = {"other": {"seconds": 1200.0, "fid_mnist": 25.0, "sfid_mnist": 3.0}}
    assert f"| other | 20.0 | 25 | 3 |  | {after} |" in time_to_quality.table(results, history, 6000)
    assert "not yet after 3.0 minutes" in time_to_quality.verdict(history, 6000, 5, 1200)


WEIGHTS = {  # of the generators, counted by hand: kernels with biases, batch normalisation's four, embeddings
    "keras_gan_cgan": 1000 + 101 * 256 + 257 * 512 + 513 * 1024 + 1025 * 784 + 4 * (256 + 512 + 1024),
    "keras_gan_acgan": 1000 + 101 * 6272 + 1153 * 128 + 1153 * 64 + 577 + 4 * (128 + 128 + 64),
    "keras_io": 139 * 6762 + (16 * 138 + 0) * 128 + 128 + (16 * 128) * 128 + 128 + 49 * 128 + 1,
}


@pytest.mark.long
@pytest.mark.parametrize("name", rivals.RIVALS)
def test_a_rival_has_the_published_generator_and_trains(name, tmp_path):
    digits = str(write_idx_folder(tmp_path / "digits", train_images=64))  # the largest batch
    generator = rivals.RIVALS[name].begin().generator
    assert generator.count_params() == WEIGHTS[name]
    file = tmp_path / "samples.npz"
    done = contestants.rival(name, digits, 1, 20, str(file))
    assert done["steps"] == 1 and done["seconds"] > 0
    with np.load(file) as content:
        assert content["images"].shape == (20, 28, 28, 1)
        assert content["images"].dtype == np.uint8
        assert content["labels"].tolist() == [*range(10)] * 2
    longer = contestants.rival(name, digits, 3, 20, str(tmp_path / "longer.npz"))
    assert longer["steps"] == 3
    assert (np.load(tmp_path / "longer.npz")["images"] != np.load(file)["images"]).any()


def test_the_averages_are_measured_with_statistics_of_their_own_and_left_as_they_were(monkeypatch):
    images = np.random.default_rng(0).integers(0, 256, [200, 28, 28, 1], np.uint8)
    digits = data.Split(images, np.arange(200, dtype=np.int32) % 10)
    monkeypatch.setattr(choices, "SAMPLES", 100)
    monkeypatch.setattr(choices, "MEASURED", 2)
    (model,) = choices.train("dcgan", choices.Options().config("dcgan", 0), [2], digits)
    before = model.sampler().get_weights()
    ruler = classifier.load()
    values = choices.measure(model, ruler, ruler(images))
    assert values["fid"] != values["fid, statistics measured"]
    for left, was in zip(model.sampler().get_weights(), before, strict=True):
        np.testing.assert_array_equal(left, was)
