"""Where fetched files lie that are in no other program's cache."""

from __future__ import annotations

import os
from pathlib import Path

from ..core.cache import kit_cache


def own_cache() -> Path:
    """`files` in the user's cache folder of modelfile-kit, or MODELFILE_KIT_FILES."""
    if given := os.environ.get("MODELFILE_KIT_FILES"):
        return Path(given).expanduser()
    return kit_cache("files")
