"""The table of operations holds names that Jinja and Python have."""

from __future__ import annotations

from modelfile_kit.compiler.lower.operations import FILTERS, METHODS, TESTS, WHOLE
from modelfile_kit.huggingface import environment


def test_every_filter_is_one_of_the_reference() -> None:
    assert set(FILTERS) <= set(environment().filters)
    assert set(FILTERS) >= WHOLE


def test_every_test_is_one_of_the_reference() -> None:
    assert set(TESTS) <= set(environment().tests)


def test_every_method_is_one_of_str() -> None:
    assert set(METHODS) <= set(dir(str))


def test_aliases_of_jinja_have_one_rule() -> None:
    """Names that mean one function in Jinja mean one rule here."""
    for table, theirs in ((FILTERS, environment().filters), (TESTS, environment().tests)):
        rules: dict[object, set[object]] = {}
        for name, rule in table.items():
            rules.setdefault(theirs[name], set()).add(rule)
        assert all(len(found) == 1 for found in rules.values())
