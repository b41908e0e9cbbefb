"""Estimates let through what is small and stop what is not, before it is made."""

from __future__ import annotations

from typing import Any

import pytest

from modelfile_kit.huggingface import TemplateLimitError, estimates
from modelfile_kit.huggingface.guard import BUDGET, VALUE_MAX

HUGE = VALUE_MAX + 1


@pytest.fixture(autouse=True)
def budget() -> None:
    BUDGET.start()


@pytest.mark.parametrize(
    ("operator", "left", "right", "result"),
    [
        ("+", 2, 3, 5),
        ("+", "a", "b", "ab"),
        ("+", [1], [2], [1, 2]),
        ("*", 3, 4, 12),
        ("*", "ab", 2, "abab"),
        ("*", -1, "ab", ""),
        ("**", 2, 10, 1024),
        ("%", "%s-%03d", ("a", 7), "a-007"),
        ("%", 7, 4, 3),
    ],
)
def test_ordinary_operators(operator: str, left: Any, right: Any, result: Any) -> None:
    compute: dict[str, Any] = {
        "+": lambda a, b: a + b,
        "*": lambda a, b: a * b,
        "**": pow,
        "%": lambda a, b: a % b,
    }
    assert estimates.binary(operator, compute[operator], left, right) == result


@pytest.mark.parametrize(
    ("operator", "left", "right"),
    [
        ("*", "x", HUGE),
        ("*", HUGE, [1]),
        ("*", 1 << 4000, 1 << 4000),
        ("**", 2, 10**9),
        ("%", f"%{HUGE}d", 1),
        ("%", "%*d", (HUGE, 1)),
        ("%", "%(a)s" * 100, {"a": "x" * (VALUE_MAX // 50)}),
        ("+", "x" * VALUE_MAX, "y"),
    ],
)
def test_huge_results_are_not_computed(operator: str, left: Any, right: Any) -> None:
    def never(_: Any, __: Any) -> Any:
        raise AssertionError("computed")

    with pytest.raises(TemplateLimitError):
        estimates.binary(operator, never, left, right)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("center", (HUGE,)),
        ("ljust", (HUGE,)),
        ("zfill", (HUGE,)),
        ("expandtabs", (HUGE,)),
        ("replace", ("\t", "y" * HUGE)),
        ("translate", ({9: "y" * HUGE},)),
    ],
)
def test_methods(name: str, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(TemplateLimitError):
        estimates.before_method(getattr("a\tb", name), arguments, {})
    assert estimates.before_method("ab".center, (5,), {}) == (5,)


def test_wrong_arguments_are_left_to_python() -> None:
    assert estimates.before_method("a".center, (), {}) == ()
    assert estimates.before_method("a".replace, (1, 2, 3, 4, 5), {}) == (1, 2, 3, 4, 5)


def test_an_iterator_given_to_join_is_weighed() -> None:
    (listed,) = estimates.before_method(",".join, ((str(i) for i in range(3)),), {})
    assert listed == ["0", "1", "2"]
    with pytest.raises(TemplateLimitError):
        estimates.before_method(",".join, ((["x" * 999_999] * 99),), {})


@pytest.mark.parametrize(
    ("name", "arguments", "named"),
    [
        ("indent", ("a\nb", HUGE), {}),
        ("indent", ("a\nb",), {"width": HUGE}),
        ("batch", ([1], HUGE), {}),
        ("join", (["x" * 999_999] * 99,), {}),
        ("join", (["x"] * 99_999, "y" * 999_999), {}),
        ("round", (1.5, 500), {}),
        ("list", ("ab" * 300_000,), {}),
        ("format", (f"%{HUGE}d", 1), {}),
    ],
)
def test_filters(name: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    with pytest.raises(TemplateLimitError):
        estimates.before_filter(name, arguments, named)


def test_ordinary_filters() -> None:
    assert estimates.before_filter("indent", ("a", 4), {}) == ("a", 4)
    assert estimates.before_filter("join", ([1, 2], ","), {}) == ([1, 2], ",")
    assert estimates.before_filter("upper", ("a",), {}) == ("a",)


def test_widths_of_format() -> None:
    estimates.check_format_spec(">10")
    with pytest.raises(TemplateLimitError):
        estimates.check_format_spec(f"0>{HUGE}")


def test_a_name_in_a_format_that_never_closes_is_read_once() -> None:
    assert estimates._PERCENT.findall("%(" * 400_000) == [("", "")]
    assert estimates._PERCENT.findall("%(a)3d%(b)*.4f%") == [("3", ""), ("*", "4"), ("", "")]
