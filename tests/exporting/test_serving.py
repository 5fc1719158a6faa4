"""What docs/serving.md shows works: its requests are answered by the signatures, over loopback where it says so."""

import contextlib
import importlib.util
import json
import re
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import numpy as np
import pytest
import tensorflow as tf
import uvicorn
from helpers import run_command
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from gan_keras import export
from gan_keras.exporting import loading

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "serving.md").read_text()


def block(word: str) -> str:
    """Return the program of the page that has a word in it."""
    (found,) = (text for text in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if word in text)
    return found


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Return a folder with the generator of the package as TensorFlow Serving gets it, and in the other formats."""
    folder = tmp_path_factory.mktemp("served")
    for form, name in (("saved_model", "models"), ("onnx", "digits"), ("litert", "phone")):
        export.main(["--format", form, "--out", str(folder / name)])
    return folder


@pytest.fixture(scope="module")
def program(served):
    return tf.saved_model.load(str(served / "models" / "generator" / "1"))


class InProcess(prediction_service_pb2_grpc.PredictionServiceServicer):
    """A server's answers, by the signatures of a SavedModel."""

    def __init__(self, program):
        self.program = program

    def Predict(self, request, context):
        assert request.model_spec.name == "generator"
        signature = self.program.signatures[request.model_spec.signature_name]
        outputs = signature(**{name: tf.constant(tf.make_ndarray(value)) for name, value in request.inputs.items()})
        answer = predict_pb2.PredictResponse(model_spec=request.model_spec)
        for name, value in outputs.items():
            answer.outputs[name].CopyFrom(tf.make_tensor_proto(value))
        return answer


def test_the_grpc_request_is_answered(program):
    with ThreadPoolExecutor() as threads:
        server = grpc.server(threads)
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(InProcess(program), server)
        port = server.add_insecure_port("localhost:0")
        server.start()
        names: dict = {}
        exec(block("PredictRequest").replace("localhost:8500", f"localhost:{port}"), names)
        server.stop(None).wait()
    np.testing.assert_array_equal(names["images"], program.generate(3, 7, [4, 1, 1]))


def test_the_rest_request_is_answered(program):
    body = json.loads(re.search(r"-d '(.*)'", PAGE)[1])
    signature = program.signatures[body["signature_name"]]
    inputs = signature.structured_input_signature[1]
    assert body["inputs"].keys() == inputs.keys()
    images = signature(**{name: tf.constant(body["inputs"][name], inputs[name].dtype) for name in inputs})["image"]
    np.testing.assert_array_equal(images, program.generate(3, 7, [4, 1, 1]))


@pytest.mark.parametrize("runtime", ["onnxruntime", "ai_edge_litert"])
def test_the_other_runtimes_draw_the_digits(runtime, served, program, monkeypatch):
    monkeypatch.chdir(served)
    names: dict = {}
    exec(block(runtime), names)
    expected = program.serve(tf.constant(names["latent"]), tf.constant([4, 1, 1]))
    np.testing.assert_allclose(names["images"], expected, atol=1e-5)


def test_every_signature_is_there_once_and_names_what_it_gives(program):
    outputs = {name: list(each.structured_outputs) for name, each in program.signatures.items()}
    images = {name: ["image"] for name in ("serving_default", "generate", "generate_labelled")}
    assert outputs == images | {"classes": ["classes"], "class_names": ["class_names"]}
    table = PAGE.partition("| signature |")[2].partition("\n\n")[0]
    assert all(f"`{name}`" in table for name in outputs)


@pytest.mark.parametrize(
    ("labels", "message"),
    [([4, 1], "generate takes a label for each of"), ([4, 1, 10], "labels must be from 0 to 9")],
)
def test_labels_that_do_not_fit_are_refused_in_words(labels, message, program):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        program.generate(3, 7, labels)


@contextlib.contextmanager
def running(app):
    """Yield the address of a server of an application, in a thread of its own."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def test_the_service_answers_a_hundred_requests_at_a_time(program, monkeypatch):
    monkeypatch.setenv("GENERATOR", str(loading.SHIPPED / "generator"))
    assert len((DOCS / "serve.py").read_text().splitlines()) <= 35
    specification = importlib.util.spec_from_file_location("serve", DOCS / "serve.py")
    serve = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(serve)
    at_once = threading.Barrier(100)

    def fetch(number: int) -> bytes:
        at_once.wait()
        with urllib.request.urlopen(f"{address}/{number:03}.png?seed={number}", timeout=60) as answer:
            assert answer.headers["Content-Type"] == "image/png"
            return answer.read()

    with running(serve.app) as address, ThreadPoolExecutor(100) as threads:
        pictures = list(threads.map(fetch, range(100)))
        for wrong in ("cat.png", "1.png?seed=-1", "1.png?seed=cat", f"{'1' * 101}.png"):
            with pytest.raises(urllib.error.HTTPError, match="422"):
                urllib.request.urlopen(f"{address}/{wrong}")
    for number, png in enumerate(pictures):
        digits = [int(digit) for digit in f"{number:03}"]
        images = program.generate(tf.constant(3), tf.constant(number), tf.constant(digits))
        np.testing.assert_array_equal(tf.io.decode_png(png), tf.concat(tf.unstack(images), axis=1))


def test_a_generator_without_labels_has_no_signature_for_them(finished_run, tmp_path, capsys):
    assert run_command(export.main, capsys, finished_run, "--format", "saved_model", "--out", tmp_path / "out")[0] == 0
    program = tf.saved_model.load(str(tmp_path / "out" / "generator" / "1"))
    assert set(program.signatures) == {"serving_default", "generate"}
    images = program.signatures["generate"](count=tf.constant(3), seed=tf.constant(5))["image"]
    np.testing.assert_array_equal(images, program.generate(3, 5))
    critic = tf.saved_model.load(str(tmp_path / "out" / "discriminator" / "1"))
    assert {name: list(each.structured_outputs) for name, each in critic.signatures.items()} == {
        "serving_default": ["probability"]
    }
