"""Many replicas give what one gives: their parts are compared with the whole, which one replica computes."""

import json

import numpy as np
import pytest
import tensorflow as tf
from helpers import replicas, tiny_config

from gan_keras import data, distribution
from gan_keras.data import Shares, Split
from gan_keras.distribution import Cluster
from gan_keras.game.randomness import Stream
from gan_keras.layers import BatchNormalization
from gan_keras.training import setup
from gan_keras.ui.console import UserError

COUNT = 2


def on_replicas(function, *wholes) -> list:
    """Return what a function of each replica's rows of some arrays returns, in a list for each of its outputs."""
    strategy = replicas()
    splits = [np.split(whole, COUNT) for whole in wholes]
    parts = [
        strategy.experimental_distribute_values_from_function(
            lambda context, split=split: tf.constant(split[context.replica_id_in_sync_group])
        )
        for split in splits
    ]
    outputs = tf.function(lambda: strategy.run(function, args=parts))()
    return [[part.numpy() for part in strategy.experimental_local_results(output)] for output in outputs]


def test_means_gathering_and_shares():
    rows = np.random.default_rng(0).normal(size=(8, 3)).astype(np.float32)

    def together(own):
        whole = distribution.gathered(own)
        return distribution.mean(tf.reduce_mean(own, axis=0)), whole, distribution.share(whole)

    means, wholes, shares = on_replicas(together, rows)
    assert all(np.allclose(mean, rows.mean(axis=0), atol=1e-6) for mean in means)
    assert all(np.array_equal(whole, rows) for whole in wholes)
    np.testing.assert_array_equal(np.concatenate(shares), rows)


def test_batch_normalisation_and_its_gradients_are_those_of_the_whole_batch():
    random = np.random.default_rng(1)
    inputs, weights = random.normal(2, 3, (2, 16, 5)).astype(np.float32)
    whole = BatchNormalization()
    whole.build([None, 5])
    with tf.GradientTape() as tape:
        tape.watch(values := tf.constant(inputs))
        expected = whole(values, training=True)
        loss = tf.reduce_sum(expected * weights)
    slope = tape.gradient(loss, values)
    with replicas().scope():
        layer = BatchNormalization()
        layer.build([None, 5])

    def step(own, own_weights):
        with tf.GradientTape() as tape:
            tape.watch(own)
            outputs = layer(own, training=True)
            loss = tf.reduce_sum(outputs * own_weights)
        return outputs, tape.gradient(loss, own)

    outputs, slopes = on_replicas(step, inputs, weights)
    np.testing.assert_allclose(np.concatenate(outputs), expected, atol=2e-6)
    np.testing.assert_allclose(np.concatenate(slopes), slope, atol=2e-6)
    for ours, theirs in zip(layer.non_trainable_variables, whole.non_trainable_variables, strict=True):
        np.testing.assert_allclose(ours.value.numpy(), theirs.numpy(), rtol=1e-6)


def test_the_workers_shares_of_a_batch_are_the_batch_without_overlap():
    """Each of the three parts of a batch, such as those of three critic steps, is divided on its own."""
    count, size, rounds = 50, 24, 3
    split = Split(np.zeros([count, 8, 8, 1], np.uint8), np.arange(count, dtype=np.int32))
    whole = list(data.batches(split, size, seed=5, skip=1).take(3))
    workers = [data.batches(split, size, 5, 1, Shares(2, 2 * worker, 4, rounds)).take(6) for worker in range(2)]
    parts = [np.array([batch["label"] for batch in stream]).reshape(3, 2, rounds, 2) for stream in workers]
    together = np.concatenate(parts, axis=1).transpose(0, 2, 1, 3).reshape(3, size)
    np.testing.assert_array_equal(together, [batch["label"] for batch in whole])


@pytest.fixture(scope="module")
def dataset(idx_folder):
    return data.load("mnist", idx_folder)


def trained(dataset, config, strategy: tf.distribute.Strategy) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Return the state of a model after two calls of two steps, and its logs."""
    partner = dataset if config.model in ("cyclegan", "sgan") else None
    model = setup.build(config, dataset, 2, strategy)
    batches = setup.batches(config, dataset.train, partner, 0, strategy)
    model.fit(batches, steps_per_epoch=4, shuffle=False, verbose=0)
    logs = {name: float(value) for name, value in model.logs().items()}
    return {name: variable.numpy() for name, variable in model.state().items()}, logs


CASES = [
    ("dcgan", {}),
    ("wgan_gp", {"critic_steps": 2}, pytest.mark.slow),
    ("proposed", {"augment": True, "noise": 0.1, "conditional": True}, pytest.mark.slow),
    ("began", {}, pytest.mark.long),
    ("sgan", {}, pytest.mark.slow),
    ("cyclegan", {"blocks": 1, "pool": 8}, pytest.mark.long),
]


@pytest.mark.parametrize(
    ("name", "options"),
    [pytest.param(name, options, id=name, marks=marks) for name, options, *marks in CASES],
)
def test_many_replicas_end_with_the_weights_of_one(dataset, name, options):
    """They add in another order: the last digits differ. Another algorithm's would differ a thousand times as much."""
    config = tiny_config(name, **{"batch_size": 8, "steps_per_execution": 2} | options)
    one, its_logs = trained(dataset, config, tf.distribute.get_strategy())
    many, their_logs = trained(dataset, config, replicas())
    assert one.keys() == many.keys()
    assert int(one["step"]) == 4
    for variable, value in one.items():
        scale = 1 + np.abs(value).max()
        np.testing.assert_allclose(many[variable], value, atol=1e-4 * scale, err_msg=variable)
    assert their_logs == pytest.approx(its_logs, abs=1e-4)


def test_each_replica_draws_its_images_part(dataset):
    config = tiny_config("dcgan", batch_size=8)
    one = setup.build(config, dataset, 2)
    whole = one.random(tf.random.stateless_normal, [8, 3], Stream.LATENT, 1)
    strategy = replicas()
    many = setup.build(config, dataset, 2, strategy)
    parts = strategy.run(lambda: many.random(tf.random.stateless_normal, [8 // COUNT, 3], Stream.LATENT, 1))
    np.testing.assert_array_equal(np.concatenate(strategy.experimental_local_results(parts)), whole)


def test_batches_that_cannot_be_divided_are_refused():
    with pytest.raises(UserError, match="Give a multiple of 3"):
        setup.check_replicas(tiny_config("dcgan", batch_size=8), 3)


@pytest.mark.parametrize("text", ["{", "[]", '{"cluster": {"worker": ["a:1"]}}', '{"cluster": 3, "task": 4}'])
def test_a_tf_config_that_cannot_be_understood(monkeypatch, text):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(UserError, match="TF_CONFIG cannot be understood"):
        distribution.join.__wrapped__("auto")


def test_a_cluster_of_one_is_no_cluster(monkeypatch):
    one = {"cluster": {"worker": ["localhost:1"]}, "task": {"type": "worker", "index": 0}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(one))
    assert distribution.join.__wrapped__("auto").workers == 1
    with pytest.raises(UserError, match="neither TF_CONFIG nor Slurm names"):
        distribution.join.__wrapped__("multi-worker")


def test_slurms_tasks_are_workers_also_where_there_is_no_nvidia_smi(monkeypatch):
    step = {"NUM_TASKS": "3", "NODELIST": "node[7-8]", "TASKS_PER_NODE": "2,1"}
    for name, value in {f"SLURM_STEP_{name}": value for name, value in step.items()}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SLURM_PROCID", "2")
    monkeypatch.setenv("SLURM_LOCALID", "0")
    monkeypatch.delenv("TF_CONFIG", raising=False)
    resolver = distribution.resolver_of_environment()
    assert resolver.cluster_spec().as_dict() == {"worker": ["node7:8888", "node7:8889", "node8:8888"]}
    assert (resolver.task_type, resolver.task_id) == ("worker", 2)
    monkeypatch.setenv("SLURM_STEP_NUM_TASKS", "1")
    assert distribution.resolver_of_environment() is None


def test_shares_of_items_are_all_of_them_in_order():
    for workers in (1, 2, 3, 7):
        parts = [Cluster(number=number, workers=workers).share(range(20)) for number in range(workers)]
        assert [item for part in parts for item in part] == list(range(20))
        assert max(map(len, parts)) - min(map(len, parts)) <= 1
