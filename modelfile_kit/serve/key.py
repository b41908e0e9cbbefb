"""The API key: from a file or the environment, handed on by the environment, never printed."""

from __future__ import annotations

import os
from pathlib import Path

from ..core.api_keys import require_sendable
from ..core.diagnostics import Span
from ..core.errors import UsageError
from ..core.files import read_file
from ..core.os_errors import os_reason

KEY_VARIABLE = "MKMODELFILE_API_KEY"
MAX_BYTES = 64 << 10


def read_key(file: Path | None) -> str:
    """The first key of a file (a line each, `#` begins a remark), else the variable's; "" for none.

    Raises UsageError for a file that cannot be read or holds no key, and for a key that no request can carry.
    """
    if file is None:
        key = os.environ.get(KEY_VARIABLE, "").strip()
        require_sendable(key, f"the key in {KEY_VARIABLE}")
        return key
    try:
        text = read_file(file, MAX_BYTES).decode("utf-8")
    except (OSError, ValueError) as e:
        reason = os_reason(e) if isinstance(e, OSError) else "not UTF-8 text"
        raise UsageError(
            f"the API keys cannot be read: {reason}",
            span=Span(str(file)),
            help="give a text file, a key a line",
        ) from e
    keys = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not keys:
        raise UsageError(
            "the file holds no API key", span=Span(str(file)), help="write a key into its first line"
        )
    require_sendable(keys[0], "the first API key of the file", Span(str(file)))
    return keys[0]
