"""Places and numbers as NumPy has them."""

from __future__ import annotations

from itertools import cycle, islice

import numpy as np
import pytest

from modelfile_kit.gguf_file.float_tensor import FloatTensor

SHAPE = (4, 6, 2, 3)
PLACES = [
    2,
    -1,
    slice(None),
    slice(1, 3),
    (1, 2, 0, 1),
    (slice(None), 4),
    (1, slice(1, None, 2)),
    (3, [0, 4, 5]),
    (slice(0, 2), slice(2, 6), 1),
    (slice(None), slice(None), 0, 2),
    (0, slice(2, 2)),
]


def as_numpy(tensor: FloatTensor) -> np.ndarray:
    return np.frombuffer(tensor.tobytes(), "<f4").reshape(tensor.shape)


@pytest.mark.parametrize("places", PLACES, ids=str)
@pytest.mark.parametrize("numbers", [0.1, [1 / 3, 2.0, -7e9]], ids=["one", "several"])
def test_a_number_goes_where_numpy_puts_it(places, numbers):
    tensor, array = FloatTensor(*SHAPE, value=0.25), np.full(SHAPE, 0.25, np.float32)
    tensor[places] = numbers
    count = array[places].size
    given = numbers if isinstance(numbers, list) else [numbers]
    array[places] = np.reshape(list(islice(cycle(given), count)), array[places].shape)
    assert (as_numpy(tensor) == array).all()


def test_reading_joining_copying_and_dividing():
    rng = np.random.default_rng(3)
    first, second = (rng.standard_normal((rows, 5)).astype(np.float32) for rows in (2, 3))
    a, b = FloatTensor(2, 5), FloatTensor(3, 5)
    a[:] = [float(x) for x in first.flat]
    b[:] = [float(x) for x in second.flat]
    assert a[1, 4] == first[1, 4]
    assert len(b) == 15
    assert list(b) == [float(x) for x in second.flat]
    assert (as_numpy(a.above(b)) == np.concatenate([first, second])).all()
    assert (as_numpy(a.divided(8.0)) == first / 8).all()
    copied = a.copy()
    copied[0, 0] = 99
    assert a[0, 0] == first[0, 0]
    assert copied[0, 0] == 99


@pytest.mark.parametrize("places", [4, (0, 6), (0, 0, 0, -4)])
def test_a_place_outside_is_refused(places):
    with pytest.raises(IndexError):
        FloatTensor(*SHAPE)[places] = 1
