"""A module that is imported when something of it is asked for, so that a command starts without it.

For what few runs need, and only where a quick command would load it:

    if TYPE_CHECKING:
        from ..prover import renderer
    else:
        renderer = later("modelfile_kit.prover.renderer")

Types and `tools/architecture.py` see the import as if it were at the top; tests/core/test_later.py holds both
lines together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


class _Later:
    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        # Asked every time, so that what a test puts into the module counts here too.
        return getattr(import_module(self._name), attribute)

    def __repr__(self) -> str:
        return f"<later {self._name}>"


def later(name: str) -> Any:
    """The module of this full name, imported with the first look at one of its names.

    Whatever can go wrong in its import goes wrong there. Not for what is called in a tight loop: each look
    costs a microsecond.

    >>> later("json").loads("[1]")
    [1]
    """
    return _Later(name)


def exports(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """A package's `__getattr__` for names whose modules are imported when one is asked for.

    package: its full name; homes: the module within it for each name.
    """

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{homes[name]}"), name)

    return find
