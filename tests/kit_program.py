"""A program `mkmodelfile` for the PATH of what a test starts."""

from __future__ import annotations

import sys
from pathlib import Path


def kit_program(folder: Path) -> Path:
    """A new folder for the PATH with a `mkmodelfile` of this Python, which finds the kit by PYTHONPATH."""
    folder.mkdir(parents=True)
    path = folder / "mkmodelfile"
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m modelfile_kit "$@"\n')
    path.chmod(0o755)
    return folder
