"""Linters that are programs; the extra `judges` brings them."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest


def program(name: str) -> str:
    """The path of a program, of this environment or the machine; skips the test where there is none."""
    beside = shutil.which(name, path=str(Path(sys.executable).parent))
    found = beside or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} (the extra judges) is not installed")
    return found
