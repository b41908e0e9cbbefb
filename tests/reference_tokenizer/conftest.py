"""The libraries that a reference tokenizer needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from modelfile_kit.reference_tokenizer.child import ReferenceChild
from modelfile_kit.reference_tokenizer.find import find_tokenizer

Opener = Callable[[Path], ReferenceChild]


@pytest.fixture
def opened(libraries: None) -> Iterator[Opener]:
    """Opens a file or folder; all are closed at the end."""
    with ExitStack() as stack:

        def open_it(path: Path) -> ReferenceChild:
            found = find_tokenizer(path, "model.gguf")
            assert found is not None
            return stack.enter_context(ReferenceChild(found))

        yield open_it
