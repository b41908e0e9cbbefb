"""What a project's configuration says of lint, read as lint reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ..core.diagnostics import Diagnostic
from ..core.errors import UsageError
from ..ollama.versions import Target
from ..project.config import Config
from .choice import ALL, Choice


def wrong_words(config: Config) -> Iterator[Diagnostic]:
    """A finding for each code and release of a configuration that does not exist (`project.config.Check`)."""
    if config.target is not None:
        try:
            Target.parse(config.target)
        except UsageError as error:
            yield config.fault(("target",), f"'target': {error.message}", error.help)
    for path, words in _words(config):
        for word in words:
            try:
                Choice([word])
            except UsageError as error:
                yield config.fault(path, f"{'.'.join(path[:2])!r}: {error.message}", error.help, word)


def choice_of(config: Config, select: Iterable[str] = (), ignore: Iterable[str] = ()) -> Choice:
    """The codes that are wanted. select, ignore: of the command line.

    `select` takes the place of both lists of the configuration, `ignore` adds to the one.
    """
    lint = config.lint
    per_file: Any = lint.get("per-file-ignores", {})
    if select:
        return Choice(select, ignore, per_file)
    return Choice(lint.get("select", ALL), (*lint.get("ignore", ()), *ignore), per_file)


def _words(config: Config) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    for key in ("select", "ignore"):
        yield ("lint", key), config.lint.get(key, [])
    for pattern, words in config.lint.get("per-file-ignores", {}).items():
        yield ("lint", "per-file-ignores", pattern), words
