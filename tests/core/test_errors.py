"""What an error says is wrong, one fault or several."""

from __future__ import annotations

import pytest

from modelfile_kit.core.diagnostics import Diagnostic, Severity, Span
from modelfile_kit.core.errors import ConfigError, GGUFError, KitError, PackageError

ONE = Diagnostic("MK907", Severity.ERROR, "unknown key 'a'", Span("x.toml", 1), "did you mean 'b'?")
TWO = Diagnostic("MK907", Severity.ERROR, "unknown key 'c'", Span("x.toml", 2))


@pytest.mark.parametrize(
    ("error", "messages"),
    [
        (GGUFError("too short"), ["too short"]),
        (PackageError("no name"), ["no name"]),
        (PackageError("2 faults", diagnostics=(ONE, TWO)), [ONE.message, TWO.message]),
        (ConfigError([ONE, TWO]), [ONE.message, TWO.message]),
    ],
)
def test_every_error_has_all_its_findings(error: KitError, messages: list[str]) -> None:
    assert [found.message for found in error.findings] == messages


def test_a_configuration_with_faults_is_told_by_the_first() -> None:
    assert str(ConfigError([ONE, TWO])) == "x.toml:1: unknown key 'a' (and 1 more)"
    assert str(ConfigError([TWO])) == "x.toml:2: unknown key 'c'"
    assert (ConfigError([ONE]).exit_code, ConfigError([ONE]).help) == (2, "did you mean 'b'?")
