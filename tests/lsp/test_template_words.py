from __future__ import annotations

from modelfile_kit.gotemplate.exec.functions import BUILTIN_NAMES
from modelfile_kit.lint.template_types import ROOT, root_names
from modelfile_kit.lsp.template_words import (
    FIELD_WORDS,
    FUNCTION_WORDS,
    ROOT_WORDS,
    about_any_field,
    about_field,
    about_function,
)
from modelfile_kit.ollama.api_types import types_for
from modelfile_kit.ollama.functions import YOUNG
from modelfile_kit.ollama.request_shape import SHAPES
from modelfile_kit.ollama.versions import Target


def test_everything_that_a_template_can_name_has_its_words() -> None:
    assert set(ROOT_WORDS) == root_names(Target())
    assert set(FIELD_WORDS) == {(shape, row.field) for shape, rows in SHAPES.items() for row in rows}
    assert set(FUNCTION_WORDS) == {*BUILTIN_NAMES, *YOUNG, "json"}


def test_fields_of_every_type() -> None:
    types = types_for(Target())
    things = [types.message, types.call, types.call_function, types.tool, types.function, types.prop]
    for thing in things:
        for field in thing.fields:
            assert about_field(thing, field.name, types), (thing, field.name)
    assert about_field(ROOT, "Role", types) == about_field(types.message, "Function", types) == ""
    assert "as JSON" in about_field(types.tool, "String", types)


def test_what_is_not_known_is_not_explained() -> None:
    assert about_any_field("Nothing") == about_function("nothing") == ""
    assert about_any_field("Name").count("**.Name**") == 2
