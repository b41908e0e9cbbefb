"""The ways in which Ollama can serve a package, each with what is known of its prompts and of its replies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..compiler import Compiled
from ..core.errors import GoTemplateError
from ..package.package import Package
from ..package.prompt_maker import WORDS
from ..replies.returned import reader
from ..replies.round_trip import RoundTrip
from .mode import Mode
from .package_replies import template_trip
from .prompt_maker import PromptMaker, in_words
from .renderer_way import RendererChoice
from .sources import ModelTemplate, PackageFiles

GO, GO_PARSER, NATIVE, RENDERER = "go", "go + PARSER", "native", "renderer + PARSER"


@dataclass(frozen=True)
class Way:
    """One way to serve a package.

    name: GO, GO_PARSER, NATIVE or RENDERER. chosen: whether the package gets it. prompts: for each kind of
    conversation "exact", "partial", "unsupported" or "unknown"; empty where none was proven, as of a
    TEMPLATE written by hand. trip: the replies, None where they were not read. notes: which renderer, or why
    something is not known.
    """

    name: str
    chosen: bool = False
    prompts: Mapping[str, str] = field(default_factory=dict)
    trip: RoundTrip | None = None
    notes: str = ""

    @property
    def replies(self) -> dict[str, str]:
        """Of each kind of reply, "read", "not read" or "not seen"."""
        if self.trip is None:
            return {}
        read = {kind: "read" if right else "not read" for kind, right in self.trip.read.items()}
        return {**read, **dict.fromkeys(self.trip.unseen, "not seen")}

    @property
    def summary(self) -> str:
        """The way in a line."""
        prompts = in_words(self.prompts) if self.prompts else "not proven"
        told = "not seen"
        if self.trip is not None:
            stopped = self.trip.stopped  # of these nothing is known, so they are not counted
            known = {kind: state for kind, state in self.replies.items() if kind not in stopped}
            lost = [kind for kind, state in known.items() if state != "read"]
            without = f" (not {', '.join(lost)})" if lost else ""
            told = f"{len(known) - len(lost)} of {len(known)} by {reader(self.trip)}{without}"
            told += f"; stopped by a limit: {len(stopped)}" if stopped else ""
        end = f"; {self.notes}" if self.notes else ""
        return f"{'chosen; ' if self.chosen else ''}prompts {prompts}; replies read back: {told}{end}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values; `reader` is None where replies were not read."""
        return {
            "way": self.name,
            "chosen": self.chosen,
            "prompts": dict(self.prompts),
            "reader": reader(self.trip) if self.trip is not None else None,
            "replies": self.replies,
            "notes": self.notes,
        }


def ways_of(
    package: Package,
    files: PackageFiles,
    reference: ModelTemplate | None,
    compiled: Compiled | None,
    template: str | None,
    mode: Mode,
    maker: PromptMaker,
    renderer: RendererChoice | None,
) -> tuple[Way, ...]:
    """Every way of which something is known.

    compiled: what the compiler gave, whatever was chosen. template: the one that is written, None for none.
    maker: PARSER and RENDERER as they are written. renderer: the best one that was compared.
    """
    found = []
    source = template if template is not None else compiled.template if compiled is not None else None
    if source is not None:
        prompts = _present(compiled.coverage) if compiled is not None else {}
        parser = maker.parser if mode.chosen == "go" else compiled.parser if compiled is not None else None
        go = mode.chosen == "go"
        trip = _read(package, files, reference, source, "")
        found.append(Way(GO, go and not parser, prompts, trip))
        if parser:
            trip = _read(package, files, reference, source, parser)
            found.append(Way(GO_PARSER, go, prompts, trip))
    if mode.chosen == "native" or mode.native is not None or mode.native_replies is not None:
        found.append(_native(mode))
    if renderer is not None:
        made = renderer.maker
        coverage = _present(renderer.proof.coverage) if renderer.proof is not None else {}
        chosen = mode.chosen == "renderer"
        found.append(Way(RENDERER, chosen, coverage, renderer.trip, f"RENDERER {made.renderer}"))
    return tuple(found)


def _present(coverage: Mapping[str, str]) -> dict[str, str]:
    return {kind: state for kind, state in coverage.items() if state != "absent"}


def _read(
    package: Package, files: PackageFiles, reference: ModelTemplate | None, template: str, parser: str
) -> RoundTrip | None:
    if reference is None or parser in WORDS:
        return None
    try:
        return template_trip(package, files, reference, template, parser)
    except GoTemplateError:
        return None


def _native(mode: Mode) -> Way:
    seen, read = mode.native, mode.native_replies
    notes = []
    if seen is not None and seen.why_not:
        notes.append(f"prompts not proven: {seen.why_not}")
    if read is not None and read.why_not:
        notes.append(f"replies not proven: {read.why_not}")
    coverage = _present(seen.coverage) if seen is not None and seen.looked else {}
    trip = read.trip if read is not None else None
    return Way(NATIVE, mode.chosen == "native", coverage, trip, "; ".join(dict.fromkeys(notes)))
