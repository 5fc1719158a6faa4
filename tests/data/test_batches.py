import collections
import itertools

import numpy as np
import pytest

from gan_keras import data


def split_of(count: int) -> data.Split:
    """Return images that can be told apart: image i has the value i in every pixel, and the label i."""
    values = np.arange(count)
    images = np.broadcast_to(values[:, None, None, None], (count, 4, 4, 1)).astype(np.uint8)
    return data.Split(images, values.astype(np.int32))


def labels_of(batches, count):
    return [tuple(batch["label"].numpy()) for batch in itertools.islice(batches, count)]


def test_batches_are_standardised_and_keep_their_labels():
    batch = next(iter(data.batches(split_of(256), 256, seed=0)))
    assert batch["image"].shape == (256, 4, 4, 1)
    order = np.argsort(batch["label"])
    values = batch["image"].numpy()[order, 0, 0, 0]
    np.testing.assert_allclose(values, (np.arange(256) - 127.5) / 127.5, atol=1e-6)


def test_each_pass_has_every_image_once_in_another_order():
    batches = labels_of(data.batches(split_of(12), 4, seed=0), 6)
    first, second = list(itertools.chain(*batches[:3])), list(itertools.chain(*batches[3:]))
    assert sorted(first) == sorted(second) == list(range(12))
    assert first != second


def test_order_follows_the_seed():
    assert labels_of(data.batches(split_of(50), 5, seed=3), 25) == labels_of(data.batches(split_of(50), 5, seed=3), 25)
    assert labels_of(data.batches(split_of(50), 5, seed=3), 25) != labels_of(data.batches(split_of(50), 5, seed=4), 25)


@pytest.mark.parametrize("skip", [1, 3, 4, 11])
def test_skipping_reads_on_where_a_run_stopped(skip):
    split = split_of(14)
    whole = labels_of(data.batches(split, 4, seed=1), 15)
    assert labels_of(data.batches(split, 4, seed=1, skip=skip), 15 - skip) == whole[skip:]


def test_incomplete_batches_leave_out_other_images_each_pass():
    batches = labels_of(data.batches(split_of(5), 4, seed=0), 40)
    counts = collections.Counter(itertools.chain(*batches))
    assert len(counts) == 5
    assert all(len(set(batch)) == 4 for batch in batches)
