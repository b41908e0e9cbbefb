"""Shared fixtures, and the rule that nothing is skipped where everything is there."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
sys.path.insert(0, str(ROOT))  # the judges and other helpers of the tests are imported as `tests.…`

from tests.oracle.fixtures import oracle, oracle_for  # noqa: E402, F401


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of third-party templates, conversations and vocabularies beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip("there is no ../shared with third-party templates and vocabularies here")
    return SHARED


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    # ../shared is not part of the project, so a run without it is still a whole run.
    if os.environ.get("MKMODELFILE_NO_SKIPS") and report.skipped and "../shared" not in str(report.longrepr):
        report.outcome = "failed"
        report.longrepr = f"skipped although MKMODELFILE_NO_SKIPS is set: {report.longrepr[2]}"
    return report
