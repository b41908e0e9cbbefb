"""The version of the kit: the one place that reports and commands read it from.

It is the newest tag's, as the build wrote it into `_version.py`; a checkout that was never built has none.
"""

from __future__ import annotations

UNBUILT = "0.1.dev0"
"""What pyproject.toml says too (`fallback-version`), for where git tells nothing."""

try:
    from ._version import version
except ImportError:
    version = UNBUILT

__version__: str = version
