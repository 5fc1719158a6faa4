"""Data sets from tensorflow-datasets, which downloads each of them once."""

import logging
import urllib.error
import urllib.request
from typing import Any

import numpy as np
import tensorflow as tf

from gan_keras.data.dataset import Dataset, Split, numbered
from gan_keras.ui.console import UserError


def load(name: str, tfds_name: str) -> Dataset:
    """Load a data set of tensorflow-datasets under our own name.

    Raises:
        UserError: if it is not on this machine and cannot be downloaded.
    """
    import tensorflow_datasets as tfds  # noqa: PLC0415  (it takes two seconds, which a run on local files is spared)

    logging.getLogger("absl").setLevel(logging.ERROR)  # it warns about folders that are not downloaded yet
    builder = tfds.builder(tfds_name)
    if not builder.is_prepared():
        check_reachable(name, builder)
        try:
            builder.download_and_prepare()
        except (OSError, tfds.download.DownloadError, tf.errors.OpError) as error:
            raise UserError(f"downloading {name} failed: {error}. Or give a folder as --data-dir.") from None

    def read(split: str) -> Split:
        examples = tfds.as_numpy(builder.as_dataset(split=split, batch_size=-1))
        return Split(examples["image"], examples["label"].astype(np.int32))

    train, test = read("train"), read("test")
    return Dataset(
        name,
        f"tensorflow-datasets {builder.info.full_name} in {builder.data_dir}",
        train,
        test,
        numbered(train.labels, test.labels),
    )


def check_reachable(name: str, builder: Any) -> None:
    """Raise a `UserError` within seconds where tensorflow-datasets would try for minutes."""
    for url in builder.url_infos or ():
        try:
            urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=10).close()
        except urllib.error.HTTPError:
            pass  # the server answered: the download itself will say what is wrong
        except OSError as error:
            reason = getattr(error, "reason", error)
            raise UserError(
                f"{name} is not on this machine, and {url} cannot be reached ({reason}). "
                f"Connect to the network once, or give a folder with its IDX files as --data-dir."
            ) from None
