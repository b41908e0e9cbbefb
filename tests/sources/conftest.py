from __future__ import annotations

from collections.abc import Iterator

import pytest

from modelfile_kit.sources import places
from tests.gguf_file.handmade import Typed, gguf, tensor


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """Every test begins without files that an earlier one named."""
    before = dict(places._REMOTE)
    places._REMOTE.clear()
    places.take_remarks()
    yield
    places._REMOTE.clear()
    places._REMOTE.update(before)


@pytest.fixture(scope="session")
def model() -> bytes:
    """A GGUF of 4 MB with a header of 1 MB."""
    words = [f"token {n:06d}" for n in range(50_000)]
    keys = {"general.architecture": Typed("string", "glm4"), "t": Typed("string[]", words)}
    return gguf(keys, [tensor("w", (1024, 1024))], bytes(4 * 1024**2))
