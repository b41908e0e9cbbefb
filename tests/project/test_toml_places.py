"""Where the keys of a TOML text stand: each key that the parser gives has its line."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelfile_kit.project.toml_places import key_places, line_of, line_of_word, long_key

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TEXT = """\
# a comment with [brackets] and key = 1
top = "a # is no comment"   # but this is
[tool.ruff.lint]
select = ["E",
  "F"]  # here
[tool.mkmodelfile]
target = '0.30'
"quoted key" = 1
long = \"\"\"
select = "no key"
[no.table]
\"\"\"
literal = '''
x = 1'''
[tool.mkmodelfile.lint]
select = [
  # MK9 is not meant
  "MK1",
  ["MK2"],
]
per-file-ignores = {"a b" = ["MK3"]}
a.b."c" = 1
[[array]]
x = 1
"""


def test_lines() -> None:
    lines = {".".join(path): line_of(TEXT, at) for path, at in key_places(TEXT).items()}
    assert lines == {
        "top": 2,
        "tool.ruff.lint": 3,
        "tool.ruff.lint.select": 4,
        "tool.mkmodelfile": 6,
        "tool.mkmodelfile.target": 7,
        "tool.mkmodelfile.quoted key": 8,
        "tool.mkmodelfile.long": 9,
        "tool.mkmodelfile.literal": 13,
        "tool.mkmodelfile.lint": 15,
        "tool.mkmodelfile.lint.select": 16,
        "tool.mkmodelfile.lint.per-file-ignores": 21,
        "tool.mkmodelfile.lint.a": 22,
        "tool.mkmodelfile.lint.a.b": 22,
        "tool.mkmodelfile.lint.a.b.c": 22,
        "array": 23,
        "array.x": 24,
    }


@pytest.mark.parametrize(("word", "line"), [("MK1", 18), ("MK2", 19), ("MK3", 16), ("absent", 16)])
def test_the_line_of_a_word(word: str, line: int) -> None:
    places = key_places(TEXT)
    assert line_of_word(TEXT, places, ("tool", "mkmodelfile", "lint", "select"), word) == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a.b.c = 1", None),
        ("a = 1\nb . \"c\" . 'd.e' . f = 1", 2),
        ("# a.b.c.d\na = 'x.y.z.w'\n", None),
        ('a = """\nb.c.d.e = 1\n"""\n', None),
        ("x = {a.b.c.d = 1}", 1),
        ("[a.b.c.d", 1),
    ],
)
def test_a_key_of_more_parts_than_wanted(text: str, line: int | None) -> None:
    at = long_key(text, 3)
    assert line == (None if at is None else line_of(text, at))


_KEYS = st.text("abc.-_ \"'#=[]", min_size=1, max_size=4)
_VALUES = st.sampled_from(
    ["1", '"#"', "'['", "[1, [2,\n 3]]", '"""\n[x]\ny = 1\n"""', "{z = 1}", "true # [", '["a", # ]\n"b"]']
)


def _quoted(key: str) -> str:
    return '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'


@given(st.lists(st.tuples(_KEYS, st.lists(st.tuples(_KEYS, _VALUES), max_size=3)), max_size=4))
def test_every_key_of_the_parser_is_found_where_it_was_written(tables: list[Any]) -> None:
    text, wanted = "", {}
    for name, rows in dict(tables).items():
        wanted[(name,)] = text.count("\n") + 1
        text += f"[{_quoted(name)}]\n"
        for key, value in dict(rows).items():
            wanted[(name, key)] = text.count("\n") + 1
            text += f"{_quoted(key)} = {value}\n"
    assert {(t,) for t in tomllib.loads(text)} == {path for path in wanted if len(path) == 1}
    found = {path: line_of(text, at) for path, at in key_places(text).items()}
    assert found == wanted
