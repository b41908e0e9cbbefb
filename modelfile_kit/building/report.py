"""report.json: what a build took, decided and found, and why."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.version import __version__
from ..gguf_file.quantization import quantization_of
from ..sources.places import known

if TYPE_CHECKING:
    from ..package.package import Package
    from .modelfile_text import Values
    from .plan import Plan
    from .sources import ModelTemplate, PackageFiles
    from .stops import Stop

REPORT_VERSION = 1


def make_report(package: Package, files: PackageFiles, plan: Plan, values: Values) -> dict[str, Any]:
    """Plain values, ready for JSON; the same package gives the same report on every day."""
    end_token = plan.end_token
    return {
        "report": REPORT_VERSION,
        "modelfile_kit": __version__,
        "name": package.name,
        "variant": package.variant,
        "also": list(package.also),
        "target": package.target,
        "model": _model(files, values),
        "projector": _projector(files, values),
        "family": _family(files),
        "chat_template": _reference(plan.reference),
        "mode": _mode(package, plan),
        "template": _template(package, plan),
        "served_by": {release: {"uses": s.source, "why": s.why} for release, s in plan.in_use.selections},
        "end_token": {
            "asked": end_token.asked,
            "written_by_the_chat_template": end_token.written,
            "added": end_token.added,
            "id": end_token.id,
        },
        "system_in": "user" if plan.system_in_first_turn else "system",
        "image": {"separator": plan.additions.separator},
        "insert": {"tokens": list(plan.insert.tokens or ()), "why": plan.insert.why},
        "added_texts_proven_on": list(plan.proven_on),
        "parser": plan.maker.parser,
        "renderer": plan.maker.renderer,
        "proven": plan.maker.proven,
        "replies": _replies(plan),
        "ways": [way.to_dict() for way in plan.ways],
        "requires": plan.requires,
        "adapters": list(values.adapters),
        "draft": values.draft,
        "quantize": values.quantize,
        "stop": [_stop(s) for s in plan.stops.stops],
        "stop_left_out": [_stop(s) for s in plan.stops.left_out],
        "parameters": dict(values.parameters),
        "diagnostics": [d.to_dict() for d in plan.diagnostics],
    }


def report_bytes(report: Mapping[str, Any]) -> bytes:
    """The report as it is written."""
    return (json.dumps(report, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "backslashreplace")


def _model(files: PackageFiles, values: Values) -> dict[str, Any]:
    header = files.header
    return {
        "file": values.model,
        **_origin(files.model),
        "size": header.size,
        "quantization": quantization_of(header) or None,
        "architecture": header.architecture,
        "input": list(files.input),
        "vocabulary": len(files.vocabulary) if files.vocabulary is not None else None,
    }


def _origin(path: Path) -> dict[str, Any]:
    """Which file of which repository it is, for one that a name stands for."""
    found = known(path)
    if found is None:
        return {}
    return {"from": found.title, "revision": found.repository.revision, "digest": found.file.digest}


def _projector(files: PackageFiles, values: Values) -> dict[str, Any]:
    header = files.projector_header
    return {
        "file": values.projector,
        **(_origin(files.projector) if files.projector else {}),
        "size": header.size if header else None,
        "type": _projector_type(header.metadata) if header else None,
        "why": files.why,
        "rejected": [{"file": name, "why": why} for name, why in files.rejected],
    }


def _projector_type(metadata: Mapping[str, Any]) -> str | None:
    for key in ("clip.projector_type", "clip.vision.projector_type", "clip.audio.projector_type"):
        if isinstance(value := metadata.get(key), str):
            return value
    return None


def _family(files: PackageFiles) -> dict[str, Any] | None:
    if files.family is None:
        return None
    recognition = files.recognition
    known = recognition is not None and recognition.family.id == files.family.id
    return {
        "id": files.family.id,
        "title": files.family.title,
        "why": list(recognition.facts) if recognition and known else ["named by the package"],
    }


def _reference(reference: ModelTemplate | None) -> dict[str, Any] | None:
    if reference is None:
        return None
    return {"from": reference.origin, "sha256": reference.sha256, "characters": len(reference.text)}


def _mode(package: Package, plan: Plan) -> dict[str, Any]:
    """asked, chosen and why; native, renderer: what their proofs found, None where they were not checked."""
    seen = plan.mode.native
    native = None
    if seen is not None:
        native = {
            "coverage": dict(seen.coverage),
            "engine": seen.engine or None,
            "conversations": seen.conversations,
            "right": {
                kind: {"template": c.template, "native": c.native, "of": c.of}
                for kind, c in seen.counts.items()
            },
        }
    rendered = None
    if plan.rendered is not None:
        rendered = {
            "coverage": dict(plan.rendered.coverage),
            "conversations": plan.rendered.conversations,
            "differences": list(plan.rendered.differences),
        }
    found = {"native": native, "renderer": rendered}
    return {"asked": package.mode, "chosen": plan.mode.chosen, "why": plan.mode.why, **found}


def _replies(plan: Plan) -> dict[str, str] | None:
    """What comes back of the replies; None where that is not known (native mode that was not seen)."""
    natively = plan.mode.native_replies
    if plan.mode.chosen == "native" and natively is not None and natively.trip is not None:
        return natively.trip.replies
    found = plan.compiled.replies if plan.compiled is not None else plan.maker.replies
    return dict(found) if found is not None else None


def _template(package: Package, plan: Plan) -> dict[str, Any]:
    if plan.mode.chosen == "renderer":
        origin = "none: a renderer of Ollama makes the prompts"
    elif plan.mode.chosen == "native":
        origin = "none: the server uses the GGUF's own"
    else:
        origin = "compiled" if package.template is None else "written by hand"
    return {"origin": origin, "coverage": dict(plan.compiled.coverage) if plan.compiled is not None else None}


def _stop(stop: Stop) -> dict[str, Any]:
    return {"text": stop.text, "id": stop.id, "why": stop.why}
