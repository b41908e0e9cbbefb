"""The child process: the only place where llama.cpp is loaded.

Started by `child.Child`; not for direct use.
"""

from __future__ import annotations

from typing import Any

from ..child_worker import serve
from ..frames import Refused
from .limits import bound


def main() -> None:
    """Serves requests about one model until the parent closes the pipe."""
    serve(_open)


def _open(head: dict[str, Any]) -> Any:
    bound(head["memory"], head["seconds"])
    try:
        # Here, because it loads llama.cpp itself: after the pipes were moved, and where it fails this
        # process is still able to say so.
        from .service import Service
    except (ImportError, OSError, RuntimeError, AttributeError) as e:
        raise Refused(f"llama-cpp-python is installed but cannot be loaded ({e})", kind="import") from e
    return Service.open(head)


if __name__ == "__main__":
    main()
