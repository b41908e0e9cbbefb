"""The kit's own tables beside the sources of a release."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from modelfile_kit.ollama.builtin import PARSERS, RENDERERS
from modelfile_kit.ollama.functions import template_functions
from modelfile_kit.ollama.grammar import INSTRUCTIONS
from modelfile_kit.ollama.known_templates import FINGERPRINTS
from modelfile_kit.ollama.parameters import options_of
from modelfile_kit.ollama.releases import RELEASES, Release
from modelfile_kit.ollama.versions import Target, Version, version_text
from tools.ollama_release.sources import Sources

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "modelfile_kit" / "ollama" / "releases.py"
HARVESTED = ROOT / "tests" / "runtime" / "harvested_errors.txt"
UPSTREAM = ROOT / "modelfile_kit" / "ollama" / "UPSTREAM.md"

_KINDS = {"int": "int", "float32": "float", "*int": "int", "*bool": "bool", "[]string": "text"}
# Instructions of the kit's own dialect, and what Ollama's grammar calls otherwise.
_OWN = {"projector"}


def table(releases: Mapping[Version, Release]) -> str:
    """The text of releases.py: its own up to the first row, then the rows of `releases`."""
    head, start, _ = TABLE.read_text(encoding="utf-8").partition("] = {\n")
    rows = (f'    {v}: Release("{r.day}", {r.llama_cpp}),\n' for v, r in sorted(releases.items()))
    return head + start + "".join(rows) + "}\n"


def with_release(sources: Sources) -> dict[Version, Release]:
    """The releases of the table and this one."""
    return {**RELEASES, sources.version: Release(sources.day, sources.llama_cpp)}


def deviations(sources: Sources) -> Iterator[str]:
    """Where the kit's tables say something else of this release than its sources."""
    target = Target(sources.version)
    row = Release(sources.day, sources.llama_cpp)
    if RELEASES.get(sources.version) != row:
        yield f"releases.py: {RELEASES.get(sources.version)}, the module has {row}"
    parameters = {}
    for line in sources.of("parameters"):
        name, _, kind = line.partition(" ")
        parameters[name] = _KINDS.get(kind, kind)
    ours = {
        "instructions": {n for n, f in INSTRUCTIONS.items() if not f or target.has(f)} - _OWN,
        "functions": set(template_functions(target, datetime.date.today)),
        "renderers": {name for name, since in RENDERERS.items() if target.version >= since},
        "parsers": {name for name, parser in PARSERS.items() if target.version >= parser.since},
    }
    for section, names in ours.items():
        theirs = set(sources.of(section))
        if section == "parsers":
            theirs |= {"harmony"} if target.version >= PARSERS["harmony"].since else set()
        yield from _unequal(section, names, theirs)
    # Refused by create, though the API's types still have it.
    listed = {n: k for n, k in parameters.items() if n != "typical_p" or target.has("typical_p")}
    known = {f"{name} ({kind})" for name, kind in options_of(target).items()}
    yield from _unequal("parameters", known, {f"{name} ({kind})" for name, kind in listed.items()})
    names_of = {line.split()[0] for line in sources.of("templates")}
    yield from _unequal("built-in templates", {f[0] for f in FINGERPRINTS}, names_of)
    digests = {line.split()[1] for line in sources.of("templates")}
    yield from _unequal("texts of built-in templates", {f[1][:12] for f in FINGERPRINTS}, digests)


def _unequal(what: str, ours: set[str], theirs: set[str]) -> Iterator[str]:
    if lacking := sorted(theirs - ours):
        yield f"{what}: not in the kit's table: {', '.join(lacking)}"
    if more := sorted(ours - theirs):
        yield f"{what}: only in the kit's table: {', '.join(more)}"


def unfounded_texts(sources: Sources) -> Iterator[str]:
    """Rows of harvested_errors.txt for this release whose place in the sources has no such text."""
    here = False
    for row in HARVESTED.read_text(encoding="utf-8").splitlines():
        if row.startswith("@"):
            here = row.endswith(f"ollama v{version_text(sources.version)}")
        elif here and row[:1] not in "#=":
            place, _, text = row.partition(" ")
            file, _, line = place.partition(":")
            try:
                code = (sources.folder / file).read_text(encoding="utf-8").splitlines()[int(line) - 1]
            except (OSError, IndexError):
                yield f"{place}: there is no such line; {text!r} belongs to another"
                continue
            parts = list(_pieces_of_texts(code))
            if '"' not in code or (parts and not any(part in text for part in parts)):
                yield f"{place}: has no part of {text!r}"


def _pieces_of_texts(code: str) -> Iterator[str]:
    """What stands between the places of each text in a line of Go, from five characters on."""
    for quoted, raw in re.findall(r'"((?:[^"\\]|\\.)*)"|`([^`]*)`', code):
        text = raw or re.sub(r'\\(["\\])', r"\1", quoted)
        yield from (p for p in re.split(r"%[-+#0-9.]*[a-zA-Z]|\\n", text) if len(p.strip()) >= 5)


def followed_files() -> dict[str, list[str]]:
    """Ollama's files to ours, from the table of UPSTREAM.md."""
    found: dict[str, list[str]] = {}
    part = UPSTREAM.read_text(encoding="utf-8").split("## Which file follows which")[1].split("\n## ")[0]
    for line in part.splitlines():
        if line.startswith("| `"):
            ours, theirs = line.split("|")[1:3]
            for file in re.findall(r"`([\w/]+\.\w+)`", theirs):
                found.setdefault(file, []).extend(re.findall(r"`([\w./]+\.py)`", ours))
    return found
