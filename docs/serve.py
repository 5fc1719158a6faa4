"""Digits for other programs, over HTTP: `uvicorn --app-dir docs serve:app`, then http://localhost:8000/411001.png?seed=7.

It needs TensorFlow, FastAPI and uvicorn, and not this package: pip install tensorflow fastapi uvicorn
"""

import os
from typing import Annotated

import tensorflow as tf
from fastapi import FastAPI, Path, Query, Response

app = FastAPI(title="Digits")
generator = tf.saved_model.load(os.environ.get("GENERATOR", "saved_models/quick/generator"))
generate = generator.signatures["generate_labelled"]
generate(labels=tf.constant([0]), seed=tf.constant(0))  # the first call is slow, and slower in many threads at a time


@app.get("/{digits}.png")  # FastAPI calls it in several threads at a time, and TensorFlow computes in all of them
def picture(
    digits: Annotated[str, Path(pattern="^[0-9]{1,100}$")], seed: Annotated[int, Query(ge=0, lt=2**31)] = 0
) -> Response:
    """Return a PNG of the digits side by side; the same one for the same seed."""
    labels = tf.constant([int(digit) for digit in digits])
    images = generate(labels=labels, seed=tf.constant(seed))["image"]  # uint8 [digits, height, width, 1]
    line = tf.concat(tf.unstack(images, len(digits)), axis=1)
    return Response(tf.io.encode_png(line).numpy(), media_type="image/png")
