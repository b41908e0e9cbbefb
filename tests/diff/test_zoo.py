"""Models in the layouts in which people keep them: each is equal to itself and not to its patched copy."""

from __future__ import annotations

import pytest

from modelfile_kit.diff.compare import compare
from modelfile_kit.diff.metadata import metadata_changes
from modelfile_kit.gguf_file import read_header
from modelfile_kit.gguf_file.patch import plan_patch
from tests.zoo.layouts import LAYOUTS


@pytest.mark.parametrize("name", [name for name, layout in LAYOUTS.items() if not layout.refused])
def test_a_model_is_equal_to_itself_and_not_to_its_patched_copy(name, tmp_path, side):
    layout = LAYOUTS[name]
    layout.write(tmp_path)
    found = side(layout.model)
    assert compare(found, found, data=True).equal
    planned = plan_patch(tmp_path / layout.model, {"general.name": None, "general.tags": ["x"]}, sound=True)
    changes = list(metadata_changes(planned.before.metadata, planned.after.metadata))
    had = "general.name" in read_header(tmp_path / layout.model).metadata
    assert [(c.key, c.kind) for c in changes] == [
        *([("general.name", "removed")] if had else []),
        ("general.tags", "added"),
    ]
