"""What is exported computes the same in its own runtime."""

import json
import shutil
from pathlib import Path

import keras
import numpy as np
import onnx
import pytest
import tensorflow as tf
from helpers import run_command, tiny_config, train_eagerly, write_idx_folder
from keras import layers, ops

from benchmarks import exports
from gan_keras import export
from gan_keras.exporting import conversion, litert, loading
from gan_keras.exporting.onnx import OPSET
from gan_keras.exporting.rebuilding import some_inputs
from gan_keras.game.networks import feed

TOLERANCE = 1e-5  # of images in [-1, 1]: sums of thousands of float32 numbers in another order
ROUNDED = (
    0.01  # the same on average of integers of 8 bits, of which 1/128 is one: images are hardly grey before training
)


@pytest.fixture(scope="session")
def runs(tmp_path_factory, finished_run, labelled_run, idx_folder):
    """Return a function from the name of a model to the folder of a tiny run of it."""
    folder, found = tmp_path_factory.mktemp("exported"), {"dcgan": finished_run, "cgan": labelled_run}

    def run(name: str) -> Path:
        if name not in found:
            options = {}
            if name == "cyclegan":
                options = {"target": str(write_idx_folder(folder / "target", seed=1)), "blocks": 1}
            if name == "proposed":
                options = {"conditional": False}  # its modes
            found[name] = train_eagerly(tiny_config(name, data_dir=idx_folder, out=folder / name, **options))
        return found[name]

    return run


def exported(capsys, run, form, out) -> dict[str, Path]:
    code, text = run_command(export.main, capsys, *([run] if run else []), "--format", form, "--out", out)
    assert code == 0, text
    paths = {path.stem: path for path in out.iterdir()}
    assert all(str(path) in text for path in paths.values()), "it says what it wrote"
    return paths


def functions(run: Path) -> dict[str, tuple]:
    """Return by name the signatures that can be compared, with what keeps their weights."""
    found = {}
    for folder in conversion.saved_models(run):
        program = loading.load_saved_model(folder)
        for name, signature in conversion.functions(folder).items():
            found[name] = (program.signatures[signature], program)
    return found


def differences(function, other, counts=(1, 5)):
    """Yield the absolute differences between a signature's outputs and another function's, for batches of two sizes."""
    for count in counts:
        batch = some_inputs(function, 10, count, seed=3)
        (expected,) = function(**{name: tf.constant(value) for name, value in batch.items()}).values()
        result = other(batch)
        assert result.shape == expected.shape
        yield np.abs(result - expected.numpy())


NAMES = {
    "dcgan": {"generator", "discriminator"},
    "cgan": {"generator", "discriminator"},
    "wgan": {"generator", "critic"},
    "proposed": {"generator", "discriminator"},
    "began": {"generator", "autoencoder"},
    "stylegan": {"generator", "generator_map", "generator_synthesize", "discriminator"},
    "cyclegan": {"to_target", "to_source"},
}
QUICK = ["dcgan"]
LONG = ["stylegan"]
SLOW = [
    pytest.param(name, marks=pytest.mark.long if name in LONG else pytest.mark.slow)
    for name in NAMES
    if name not in QUICK
]


@pytest.mark.parametrize("form", ["onnx", "litert"])
@pytest.mark.parametrize("model", [*QUICK, *SLOW])
def test_it_computes_the_same_elsewhere(model, form, runs, tmp_path, capsys):
    run = runs(model)
    paths, expected = exported(capsys, run, form, tmp_path / "out"), functions(run)
    assert paths.keys() == expected.keys() == NAMES[model]
    for name, (function, _) in expected.items():
        largest = [difference.max() for difference in differences(function, exports.load(paths[name]))]
        assert max(largest) < TOLERANCE, name


@pytest.mark.slow
@pytest.mark.parametrize("model", ["dcgan", "cgan", "proposed"])
def test_integers_compute_nearly_the_same(model, runs, tmp_path, capsys):
    run = runs(model)
    paths, expected = exported(capsys, run, "litert-int8", tmp_path / "out"), functions(run)
    exact = exported(capsys, run, "litert", tmp_path / "exact")
    assert paths.keys() == expected.keys()
    for name, (function, _) in expected.items():
        assert paths[name].stat().st_size < exact[name].stat().st_size
        run_it = exports.load(paths[name])
        if "latent" in function.structured_input_signature[1]:  # a discriminator is calibrated by a generator's images
            assert max(difference.mean() for difference in differences(function, run_it)) < ROUNDED, name


@pytest.mark.slow
def test_integers_keep_the_zeros_of_a_one_hot_vector(tmp_path):
    """The converter leaves halves there, which would make a sum of all numbers of what shall be one of them."""
    label, numbers = keras.Input([], dtype="int32", name="label"), keras.Input([10], name="numbers")
    chosen = layers.Dot(axes=1)([ops.one_hot(label, 10), numbers])
    keras.Model([label, numbers], chosen).export(tmp_path / "model", verbose=False)
    random = np.random.default_rng(0)
    batches = [
        {"label": np.arange(10, dtype=np.int32), "numbers": random.uniform(-1, 1, (10, 10)).astype(np.float32)}
        for _ in range(20)
    ]
    litert.write(tmp_path / "model", tmp_path / "model.tflite", "serving_default", batches)
    found = exports.load(tmp_path / "model.tflite")(batches[0])
    np.testing.assert_allclose(found.ravel(), np.diag(batches[0]["numbers"]), atol=2 / 127)


def test_onnx_says_what_it_takes_and_its_opset(runs, tmp_path, capsys):
    path = exported(capsys, runs("cgan"), "onnx", tmp_path / "out")["generator"]
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    names = [[value.name for value in values] for values in (model.graph.input, model.graph.output)]
    assert names == [["label", "latent"], ["image"]]
    sizes = [value.type.tensor_type.shape.dim[0].dim_param for value in (*model.graph.input, *model.graph.output)]
    assert sizes == ["batch"] * 3
    assert [each.version for each in model.opset_import if not each.domain] == [OPSET]


def test_without_a_run_it_is_the_generator_of_the_package(tmp_path, capsys):
    paths = exported(capsys, None, "litert", tmp_path / "out")
    assert set(paths) == {"generator"}
    generator = loading.load_generator(loading.SHIPPED)
    (difference,) = differences(generator.signatures["serving_default"], exports.load(paths["generator"]), [10])
    assert difference.max() < TOLERANCE


@pytest.mark.parametrize("model", [*QUICK, *SLOW])
def test_keras_gets_the_same_networks(model, runs, tmp_path, capsys):
    run = runs(model)
    for name, path in exported(capsys, run, "keras", tmp_path / "out").items():
        network = keras.models.load_model(path)
        program = loading.load_saved_model(run / name)

        def compute(batch, network=network):
            return feed(network, batch, training=False).numpy()

        assert max(each.max() for each in differences(program.signatures["serving_default"], compute)) < TOLERANCE


def test_tensorflow_serving_gets_a_folder_for_each_version(runs, tmp_path, capsys):
    paths = exported(capsys, runs("cgan"), "saved_model", tmp_path / "models")
    for name, path in paths.items():
        assert [child.name for child in path.iterdir()] == ["1"]
        assert tf.saved_model.contains_saved_model(str(tmp_path / "models" / name / "1"))


def test_a_tanh_gets_what_it_can_tell_apart(tmp_path):
    """Sums of -200 to 200 before a tanh: integers over all of that would leave three values between -1 and 1."""

    class Sum(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, 200], tf.float32, "value")])
        def __call__(self, value):
            return {"result": tf.tanh(tf.matmul(value, tf.ones([200, 1])))}

    module = Sum()
    tf.saved_model.save(module, str(tmp_path / "sum"), signatures={"serving_default": module.__call__})
    largest = np.ones((1, 200), np.float32)
    litert.write(tmp_path / "sum", tmp_path / "sum.tflite", calibration=[{"value": largest}, {"value": -largest}])
    values = np.zeros((101, 200), np.float32)
    values[:, 0] = np.linspace(-1, 1, 101)
    result = exports.load(tmp_path / "sum.tflite")({"value": values})
    # Half of 2/255 is the most that an input is rounded by, half of 8/254 a sum of one, half of 2/256 the result.
    np.testing.assert_allclose(result, np.tanh(values[:, :1]), atol=0.5 * (2 / 255 + 8 / 254 + 2 / 256) + 1e-3)


def test_mistakes_are_told_before_anything_is_written(runs, tmp_path, capsys, monkeypatch):
    run, out = runs("cgan"), tmp_path / "out"
    (tmp_path / "there").mkdir()
    alone = shutil.copytree(run / "generator", tmp_path / "alone" / "generator")
    changed = shutil.copytree(run, tmp_path / "changed", ignore=shutil.ignore_patterns("backup", "generator.keras"))
    config = json.loads((changed / "config.json").read_text())
    config["options"]["filters"] = 8
    (changed / "config.json").write_text(json.dumps(config))
    for source, form, place, message in (
        (tmp_path / "there", "onnx", out, "there is no SavedModel in"),
        (run, "onnx", tmp_path / "there", "exists already"),
        (run, "onnx", tmp_path / "no" / "out", "there is no folder"),
        (alone, "keras", out, "needs the run's config.json"),
        (changed, "keras", out, "has no longer the layers"),
    ):
        code, text = run_command(export.main, capsys, source, "--format", form, "--out", place)
        assert (code, message in text) == (2, True), text
        assert not out.exists()
    monkeypatch.setattr(conversion, "NEEDED", {"onnx": ("tf2onyx",)})
    code, text = run_command(export.main, capsys, run, "--format", "onnx", "--out", out)
    assert (code, "needs tf2onyx: pip install 'gan-keras[export]'" in text) == (2, True), text
