"""The options that every command takes, before and after its name: --debug, --quiet and --verbose."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .output import columns, tell

if TYPE_CHECKING:
    from ..core.diagnostics import Diagnostic

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass
class Flags:
    """What was given, at either place. shown: the findings that were printed, which --verbose explains."""

    debug: bool = False
    quiet: bool = False
    verbose: bool = False
    shown: list[Diagnostic] = field(default_factory=list)

    def explain_shown(self) -> None:
        """With --verbose: what each code means that was printed since the last call, once, on stderr."""
        if not self.verbose or not self.shown:
            return
        from ..core.codes import find
        from ..report.cells import pieces

        width = columns(sys.stderr)
        for code in dict.fromkeys(d.code for d in self.shown):
            if (about := find(code)) is not None:
                text = f"{code} {about.name}: {about.meaning}"
                tell("\n  ".join(pieces(text, width - 2) if width else [text]))
        self.shown = []


def current_flags() -> Flags:
    """The flags of the command that runs; those without any outside of one."""
    context = click.get_current_context(silent=True)
    flags = context.find_root().obj if context else None
    return flags if isinstance(flags, Flags) else Flags()


def _set(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    flags = ctx.find_root().ensure_object(Flags)
    assert parameter.name is not None
    setattr(flags, parameter.name, getattr(flags, parameter.name) or value)


def _flag(*names: str, help: str) -> click.Option:
    return click.Option(names, is_flag=True, is_eager=True, expose_value=False, callback=_set, help=help)


FLAGS = (
    _flag("--debug", help="Show the traceback of an error."),
    _flag("-q", "--quiet", help="No progress and no remarks on stderr."),
    _flag("-v", "--verbose", help="Also what passed, every step, and what each finding means."),
)


def flag_options(function: Function) -> Function:
    """The options on the group, where they stand before the command's name."""
    # Read by click.group from the last to the first.
    function.__dict__.setdefault("__click_params__", []).extend(reversed(FLAGS))
    return function
