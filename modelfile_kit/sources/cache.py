"""Where fetched files lie that are in no other program's cache."""

from __future__ import annotations

import os
from pathlib import Path


def own_cache() -> Path:
    """`files` in the user's cache folder of modelfile-kit, or MODELFILE_KIT_FILES."""
    if given := os.environ.get("MODELFILE_KIT_FILES"):
        return Path(given).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("modelfile-kit", appauthor=False)) / "files"
