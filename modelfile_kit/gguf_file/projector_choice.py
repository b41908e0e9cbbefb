"""`projector: auto`: which of the files beside a model is its projector."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ..core.diagnostics import Diagnostic, Severity, Span, has_errors
from ..core.errors import GGUFError
from .header import Header, read_header
from .inputs import main_type as projector_type
from .pairing import FileKind, check_pair, classify, projection_width, stem
from .split import split_of

MAX_FILES = 200
"""How many *.gguf files beside a model are looked at; a folder with more is a store, not a package."""

_PRECISION = ("F16", "BF16", "F32", "Q8_0")
"""What is preferred among projectors that fit. A projector is small and a coarse one costs most, so the
precision it was published in comes first; F32 holds no more than BF16 and takes twice the memory, and
F16 runs fast on every backend."""


@dataclass(frozen=True)
class ProjectorChoice:
    """What `projector: auto` came to.

    path: the projector, None if there is none that fits; reason: why, in one line; rejected: the other
    files beside the model, each with the reason; diagnostics: what is to be reported.
    """

    path: Path | None
    reason: str
    rejected: tuple[tuple[Path, str], ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True)
class _Candidate:
    path: Path
    header: Header
    findings: tuple[Diagnostic, ...]

    @property
    def fits(self) -> bool:
        """Whether nothing speaks against it; what is wrong with the model itself does not."""
        return not has_errors(d for d in self.findings if d.code != "MK413")

    @property
    def names(self) -> set[str]:
        """What it is called, in its file's name and inside."""
        return _names(self.path, self.header)


def find_projector(model_path: str | Path, *, model: Header | None = None) -> ProjectorChoice:
    """Looks beside a model for its projector; headers decide, names only between equals.

    model: the model's header, if it has been read already. Among those that fit, the one of the
    model's own name is preferred, then F16, BF16, F32, Q8_0 and the rest, then the first by name.
    Raises GGUFError if the model itself cannot be read.
    """
    path = Path(model_path)
    header = model or read_header(path)
    candidates, rejected, found = _look_beside(path, header)
    own = _names(path, header)
    fitting = sorted((c for c in candidates if c.fits), key=lambda c: _rank(c, own))
    rejected += [(c.path, _why_not(c)) for c in candidates if not c.fits]
    if fitting:
        taken, *others = fitting
        reason = _reason(taken, others, own)
        rejected += [(c.path, f"fits too; {taken.path.name} is preferred") for c in others]
        found = [d for d in found if d.severity is not Severity.ERROR]  # another one is broken, not this
        found += [*taken.findings, *_taken(taken, others, reason)]
        return ProjectorChoice(taken.path, reason, tuple(rejected), tuple(found))
    for candidate in candidates:
        found += candidate.findings
    found += check_pair(header, None)
    reason = "no projector beside the model"
    if candidates:
        reason = f"none of the projectors beside the model fits ({len(candidates)} looked at)"
    return ProjectorChoice(None, reason, tuple(rejected), tuple(dict.fromkeys(found)))


def _look_beside(
    path: Path, model: Header
) -> tuple[list[_Candidate], list[tuple[Path, str]], list[Diagnostic]]:
    candidates, rejected, found = [], [], []
    split = split_of(model)
    own = {path.name, *(p.name for p in split.parts)} if split else {path.name}
    try:
        beside = sorted(p for p in path.parent.iterdir() if p.suffix.lower() == ".gguf" and p.name not in own)
    except OSError:  # a folder that may be entered but not listed
        beside = []
    for other in beside[:MAX_FILES]:
        try:
            header = read_header(other)
        except GGUFError as e:
            rejected.append((other, e.message))
            if _looks_like_one(other):
                found.append(replace(e.to_diagnostic(), span=Span(str(other))))
            continue
        kind = classify(header)
        if kind is FileKind.PROJECTOR:
            candidates.append(_Candidate(other, header, tuple(check_pair(model, header))))
        else:
            rejected.append((other, f"is {'an' if kind is FileKind.ADAPTER else 'a'} {kind}"))
    rejected += [(p, f"not looked at: more than {MAX_FILES} files") for p in beside[MAX_FILES:]]
    return candidates, rejected, found


def _looks_like_one(path: Path) -> bool:
    return "mmproj" in path.name.lower() or "projector" in path.name.lower()


def _rank(candidate: _Candidate, own: set[str]) -> tuple[int, bool, int, str]:
    precision = _precision(candidate.header)
    order = _PRECISION.index(precision) if precision in _PRECISION else len(_PRECISION)
    return (len(candidate.findings), not candidate.names & own, order, candidate.path.name)


def _names(path: Path, header: Header) -> set[str]:
    inside = (header.metadata.text("general.name"), header.metadata.text("general.basename"))
    return {n.lower() for n in (stem(path.name), *inside) if n}


def _precision(header: Header) -> str:
    """The type that holds most of the numbers."""
    held: dict[str, int] = {}
    for tensor in header.tensors:
        held[tensor.type] = held.get(tensor.type, 0) + tensor.elements
    return max(held, key=lambda t: held[t]) if held else ""


def _why_not(candidate: _Candidate) -> str:
    return next(d.message for d in candidate.findings if d.severity is Severity.ERROR)


def _reason(taken: _Candidate, others: list[_Candidate], own: set[str]) -> str:
    width = projection_width(taken.header)
    what = f"{taken.path.name}, type {projector_type(taken.header)}, {_precision(taken.header)}"
    what += f", width {width:,}" if width is not None else ""
    if not others:
        return f"{what}: the only projector beside the model that fits"
    why = "named as the model is" if taken.names & own else "preferred for its precision"
    return f"{what}: one of {len(others) + 1} that fit, {why}"


def _taken(taken: _Candidate, others: list[_Candidate], reason: str) -> list[Diagnostic]:
    if not others:
        return []
    names = ", ".join(c.path.name for c in others)
    return [
        Diagnostic(
            "MK419",
            Severity.INFO,
            f"{len(others) + 1} projectors beside the model fit; taken: {reason}",
            Span(str(taken.path)),
            f"to take another, name it in `projector:` ({names})",
        )
    ]
