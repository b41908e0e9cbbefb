from __future__ import annotations

import pytest

from modelfile_kit.core.listed import some


@pytest.mark.parametrize(
    ("names", "text"),
    [([], ""), (["a"], "a"), (["a", "b"], "a, b"), (["a", "b", "c", "d"], "a, b and 2 more")],
)
def test_some(names: list[str], text: str) -> None:
    assert some(names, 2) == text
