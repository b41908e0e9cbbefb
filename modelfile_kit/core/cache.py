"""Where the kit keeps what can be made again: a folder of its own in the user's cache folder."""

from __future__ import annotations

from pathlib import Path


def kit_cache(part: str = "") -> Path:
    """The folder of one part, such as "digests", which need not be there yet; the whole without a name."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("modelfile-kit", appauthor=False), part)
