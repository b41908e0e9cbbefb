"""Kinds of values, each judged by jsonschema with the schema that the kind writes of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from modelfile_kit.package.bounded_yaml import KeyPath
from modelfile_kit.package.schema import PackageShape
from modelfile_kit.package.value_kinds import (
    Basic,
    Fault,
    Kind,
    ListOf,
    MappingOf,
    OneOf,
    ShapeOf,
    Text,
    Words,
    key,
    key_names,
)


@dataclass(frozen=True, kw_only=True)
class Inner:
    """What is inside."""

    word: str = key(Words(("a", "b")), "A word.")
    count: int = key(Basic("integer"), "A count.", default=0)


NUMBERS = OneOf((Basic("number"), ListOf(Basic("number"))))
VARIANT = OneOf((Text(), ShapeOf(Inner)))


def validator(kind: Kind) -> Draft202012Validator:
    shapes: dict[str, Any] = {}
    made = kind.schema(shapes)
    Draft202012Validator.check_schema(made | {"$defs": shapes})
    return Draft202012Validator(made | {"$defs": shapes})


@pytest.mark.parametrize(
    ("kind", "value", "problems"),
    [
        (Text(1, 3), "abc", []),
        (Text(1, 3), "", [((), "short")]),
        (Text(1, 3), "abcd", [((), "long")]),
        (Text(), 3, [((), "wrong")]),
        (Words(("a", "b")), "b", []),
        (Words(("a", "b")), "c", [((), "wrong")]),
        (Words(("a", "b")), ["a"], [((), "wrong")]),
        (Basic("boolean"), True, []),
        (Basic("boolean"), 1, [((), "wrong")]),
        (Basic("integer"), 1, []),
        (Basic("integer"), True, [((), "wrong")]),
        (Basic("number"), 1.5, []),
        (Basic("number"), False, [((), "wrong")]),
        (Basic("null"), None, []),
        (Basic("null"), 0, [((), "wrong")]),
        (ListOf(Text()), ["a", 1, "b", ""], [((1,), "wrong"), ((3,), "short")]),
        (ListOf(Text()), "a", [((), "wrong")]),
        (MappingOf(Text(), 1, 2), {}, [((), "short")]),
        (MappingOf(Text(), 1, 2), {"x": "a", "y": "b", "z": "c"}, [((), "long")]),
        (MappingOf(Text(), 1, 2), {"x": "a", "y": 1}, [(("y",), "wrong")]),
        (MappingOf(Text()), [], [((), "wrong")]),
        (NUMBERS, 3, []),
        (NUMBERS, [3, 4], []),
        # of a list it is the part that is wrong, of anything else the whole
        (NUMBERS, [3, "x"], [((1,), "wrong")]),
        (NUMBERS, "x", [((), "wrong")]),
        (VARIANT, "", [((), "short")]),
        (VARIANT, {"word": "a"}, []),
        (VARIANT, {"wrod": "a"}, [(("word",), "missing"), (("wrod",), "unknown")]),
        (VARIANT, {"word": "a", "count": "1"}, [(("count",), "wrong")]),
        (VARIANT, 5, [((), "wrong")]),
    ],
)
def test_problems_and_their_places(kind: Kind, value: Any, problems: list[tuple[KeyPath, Fault]]) -> None:
    assert [(p.path, p.fault) for p in kind.problems(value, ())] == problems
    assert validator(kind).is_valid(value) is (not problems)


def test_a_mapping_becomes_its_dataclass() -> None:
    typed = MappingOf(VARIANT).typed({"x": "file", "y": {"word": "b"}})
    assert typed == {"x": "file", "y": Inner(word="b", count=0)}
    assert ListOf(ShapeOf(Inner)).typed([{"word": "a", "count": 2}]) == [Inner(word="a", count=2)]


PACKAGE = validator(ShapeOf(PackageShape))
WORDS = st.sampled_from(["", "auto", "none", "user", "go", "x.gguf", "a" * 600])
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | WORDS
KEYS = ["role", "content", "model", "quantize", "parameters", "separator", "tag", "str"]
VALUES = st.recursive(
    LEAVES,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inside, max_size=3),
    max_leaves=6,
)
PACKAGES = st.fixed_dictionaries(
    {"name": WORDS, "model": WORDS},
    optional=dict.fromkeys(key_names(PackageShape)[2:], VALUES) | {"modle": VALUES},
)


@settings(deadline=None, max_examples=150)
@given(PACKAGES)
def test_packages_are_judged_as_the_schema_does(package: dict[str, Any]) -> None:
    kind = ShapeOf(PackageShape)
    problems = kind.problems(package, ())
    told = list(PACKAGE.iter_errors(package))
    assert bool(problems) is bool(told)
    # of the package's keys the same are wrong
    assert {p.path[0] for p in problems if p.fault != "unknown" or len(p.path) > 1} == {
        error.absolute_path[0] for error in told if error.absolute_path
    }
    if not problems:
        typed = kind.typed(package)
        assert {name: getattr(typed, name) for name in ("name", "model")} == {
            name: package[name] for name in ("name", "model")
        }
        assert typed.variants.keys() == package.get("variants", {}).keys()
