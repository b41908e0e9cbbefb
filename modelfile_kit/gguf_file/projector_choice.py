"""`projector: auto`: which of the files around a model is its projector.

Names decide whose a file is (identity.py), headers whether it works. A projector without a name is taken as
the model's; one of another name only where the model was made for images or sound, and with a warning.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ..core.diagnostics import Diagnostic, Severity, Span, has_errors
from ..core.errors import GGUFError
from .header import Header, read_header
from .identity import Identity, Relation, identify, relation
from .inputs import main_type, vision_inside
from .neighbours import MAX_FILES, looks_like_one, neighbours
from .pairing import FileKind, check_pair, classify, made_for_more_than_text, projection_width

_PRECISION = ("F16", "BF16", "F32", "Q8_0")
"""What is preferred among projectors that fit. A projector is small and a coarse one costs most, so the
precision it was published in comes first; F32 holds no more than BF16 and takes twice the memory, and
F16 runs fast on every backend."""


@dataclass(frozen=True)
class ProjectorChoice:
    """What `projector: auto` came to.

    path: the projector, None if there is none that fits; reason: why, in one line; rejected: the other
    files around the model, each with the reason; diagnostics: what is to be reported.
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
    relation: Relation
    identity: Identity
    distance: int

    @property
    def fits(self) -> bool:
        """Whether nothing speaks against it; what is wrong with the model itself does not."""
        return not has_errors(d for d in self.findings if d.code != "MK413")

    @property
    def usual(self) -> bool:
        """Whether its type is one that is made for this architecture, or put on many."""
        return not any(d.code in ("MK411", "MK418") for d in self.findings)


@dataclass(frozen=True)
class _Around:
    """What is around a model; others: models of other names in its own folder."""

    candidates: tuple[_Candidate, ...]
    rejected: tuple[tuple[Path, str], ...]
    broken: tuple[Diagnostic, ...]
    others: bool


def find_projector(model_path: str | Path, *, model: Header | None = None) -> ProjectorChoice:
    """Looks around a model for its projector.

    model: the model's header, if it has been read already. Among those that fit, the one of the model's own
    name is preferred, then the nearest, then F16, BF16, F32, Q8_0 and the rest, then the first by name.
    Raises GGUFError if the model itself cannot be read.
    """
    path = Path(model_path)
    header = model or read_header(path)
    if vision_inside(header) and classify(header) is FileKind.MODEL:
        why = "not looked for: the model's own file has its vision part"
        return ProjectorChoice(None, why, (), tuple(check_pair(header, None)))
    around = _look_around(path, header)
    more = made_for_more_than_text(header)
    own = identify(header, path)
    ranked = sorted((c for c in around.candidates if c.fits), key=_rank)
    eligible = [c for c in ranked if _eligible(c, more, around.others)]
    rejected = [*around.rejected]
    rejected += [(c.path, _why_not(c)) for c in around.candidates if not c.fits]
    if eligible:
        taken, *others = eligible
        reason = _reason(taken, others)
        rejected += [(c.path, f"fits too; {taken.path.name} is preferred") for c in others]
        rejected += [(c.path, _foreign(c, own)) for c in ranked if c not in eligible]
        found = [d for d in around.broken if d.severity is not Severity.ERROR]  # another one is broken
        found += [*taken.findings, *_other_name(taken, own), *_taken(taken, others, reason)]
        return ProjectorChoice(taken.path, reason, tuple(rejected), tuple(found))
    rejected += [(c.path, _foreign(c, own)) for c in ranked]
    found = [*around.broken]
    for candidate in around.candidates:
        close = candidate.relation < (Relation.OTHER if more else Relation.UNNAMED)
        if not candidate.fits and close and candidate.distance == 0:
            found += candidate.findings
    found += check_pair(header, None)
    found += [_left(c, own) for c in ranked if c.distance == 0]
    reason = "no projector beside the model"
    if around.candidates:
        verb = "is its own" if ranked else "fits"
        reason = f"none of the projectors around the model {verb} ({len(around.candidates)} looked at)"
    return ProjectorChoice(None, reason, tuple(rejected), tuple(dict.fromkeys(found)))


def _look_around(path: Path, model: Header) -> _Around:
    candidates, rejected, broken = [], [], []
    others = False
    own = identify(model, path)
    for neighbour in neighbours(path, model):
        other = neighbour.path
        if not neighbour.listed:
            rejected.append((other, f"not looked at: more than {MAX_FILES} files"))
            continue
        try:
            header = read_header(other)
        except GGUFError as e:
            if neighbour.distance == 0:
                rejected.append((other, e.message))
                if looks_like_one(other):
                    broken.append(replace(e.to_diagnostic(), span=Span(str(other))))
            continue
        kind = classify(header)
        identity = identify(header, other)
        if kind is FileKind.PROJECTOR:
            near = Relation.SAME if neighbour.by_manifest else relation(own, identity)
            found = tuple(check_pair(model, header))
            candidates.append(_Candidate(other, header, found, near, identity, neighbour.distance))
        elif neighbour.distance == 0:
            rejected.append((other, f"is {'an' if kind is FileKind.ADAPTER else 'a'} {kind}"))
            others = others or (kind is FileKind.MODEL and not identity.own & own.own)
    return _Around(tuple(candidates), tuple(rejected), tuple(broken), others)


def _eligible(candidate: _Candidate, more: bool, others: bool) -> bool:
    """Whether a projector that fits may be the model's.

    more: the model was made for images or sound; others: other models share its folder.
    """
    if candidate.relation <= Relation.BASE:
        return True
    if candidate.relation is Relation.UNNAMED:
        return more or (candidate.usual and candidate.distance == 0 and not others)
    return more and candidate.usual and candidate.distance == 0


def _rank(candidate: _Candidate) -> tuple[int, int, int, int, str]:
    precision = _precision(candidate.header)
    order = _PRECISION.index(precision) if precision in _PRECISION else len(_PRECISION)
    near = candidate.relation, candidate.distance
    return (*near, len(candidate.findings), order, candidate.path.name)


def _precision(header: Header) -> str:
    """The type that holds most of the numbers."""
    held: dict[str, int] = {}
    for tensor in header.tensors:
        held[tensor.type] = held.get(tensor.type, 0) + tensor.elements
    return max(held, key=lambda t: held[t]) if held else ""


def _why_not(candidate: _Candidate) -> str:
    return next(d.message for d in candidate.findings if d.severity is Severity.ERROR)


def _foreign(candidate: _Candidate, own: Identity) -> str:
    if candidate.relation is Relation.OTHER:
        return f"is of {candidate.identity.shown}, the model is {own.shown}"
    return "nothing says that it is this model's"


def _reason(taken: _Candidate, others: list[_Candidate]) -> str:
    width = projection_width(taken.header)
    what = ", ".join(
        part
        for part in (
            taken.path.name,
            f"type {main_type(taken.header)}",
            _precision(taken.header),
            f"width {width:,}" if width is not None else "",
        )
        if part
    )
    where = "beside the model" if taken.distance == 0 else f"in {taken.path.parent}"
    if not others:
        return f"{what}: the only projector {where} that fits"
    named = taken.relation is Relation.SAME and any(c.relation > Relation.SAME for c in others)
    why = "named as the model is" if named else "preferred for its precision"
    return f"{what}: one of {len(others) + 1} that fit, {why}"


def _taken(taken: _Candidate, others: list[_Candidate], reason: str) -> list[Diagnostic]:
    if not others:
        return []
    names = ", ".join(c.path.name for c in others)
    return [
        Diagnostic(
            "MK419",
            Severity.INFO,
            f"{len(others) + 1} projectors around the model fit; taken: {reason}",
            Span(str(taken.path)),
            f"to take another, name it in `projector:` ({names})",
        )
    ]


def _other_name(taken: _Candidate, own: Identity) -> list[Diagnostic]:
    if taken.relation is not Relation.OTHER:
        return []
    message = (
        f"the model is {own.shown} and this projector is of {taken.identity.shown}; it is taken because its "
        "type and width fit"
    )
    advice = (
        "name it in `projector:` if it is the right one; otherwise put the model's own projector beside the "
        "model, or write `projector: none`"
    )
    return [Diagnostic("MK426", Severity.WARNING, message, Span(str(taken.path)), advice)]


def _left(candidate: _Candidate, own: Identity) -> Diagnostic:
    it = "it " if candidate.relation is Relation.OTHER else ""
    message = f"this projector is not taken: {it}{_foreign(candidate, own)}"
    advice = "to take it nevertheless, name it in `projector:`"
    return Diagnostic("MK426", Severity.INFO, message, Span(str(candidate.path)), advice)
