"""The fixtures that hand out judges; registered by tests/conftest.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.oracle.oracle import LATEST, Oracle, OracleUnavailableError


@pytest.fixture(scope="session")
def oracle_for() -> Iterator[Callable[[str], Oracle]]:
    """A function from an Ollama version to its judge; skips where there is no Go."""
    judges: dict[str, Oracle] = {}

    def judge(version: str = LATEST) -> Oracle:
        if version not in judges:
            try:
                judges[version] = Oracle(version)
            except OracleUnavailableError as e:
                pytest.skip(f"no judge for Ollama {version}: {e}")
        return judges[version]

    yield judge
    for each in judges.values():
        each.close()


@pytest.fixture(scope="session")
def oracle(oracle_for: Callable[[str], Oracle]) -> Oracle:
    """The judge of the newest version."""
    return oracle_for(LATEST)
