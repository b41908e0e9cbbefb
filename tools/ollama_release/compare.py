"""What differs between the sources of two releases, and what a person has to look at."""

from __future__ import annotations

from collections.abc import Iterator

from modelfile_kit.doctor import diagnose
from tools.ollama_release.sources import Sources, sample

# Sections of facts.go: what they are, and what a difference asks for.
SECTIONS = {
    "llama.cpp": ("llama.cpp", "projector types: recipe 3 of CONTRIBUTING.md; its error texts: recipe 9"),
    "instructions": ("instructions of a Modelfile", "ollama/grammar.py, and a row of versions.SINCE"),
    "parameters": ("PARAMETERs", "recipe 8"),
    "functions": ("functions of a TEMPLATE", "recipe 10"),
    "renderers": ("RENDERERs", "ollama/builtin.py: the names, and the tokens that a new one writes"),
    "parsers": ("PARSERs", "ollama/builtin.py: the names, and which capabilities a new one gives"),
    "templates": ("built-in templates", "ollama/known_templates.py and known_shapes.py are made from them"),
    "capabilities": ("capabilities", "ollama/selection.py, publish/checks.py"),
    "fields": ("fields of the API", "ollama/request_shape.py for messages and tools, publish/ for the rest"),
    "routes": ("routes of the server", "runtime/ollama/client.py, where the kit could make use of one"),
    "environment": ("environment variables", "docs, and tests/ollama_process.py"),
    "GGUF keys": ("keys of a GGUF that are read", "gguf_file/: what decides about a model"),
    "tables": ("tables in the code", "lists of architectures and the like: where does the kit have them?"),
}


def differences(last: Sources, new: Sources) -> Iterator[str]:
    """The lines of the report, section after section; what is equal is one line at the end."""
    same = []
    for section, (title, advice) in SECTIONS.items():
        gone, come = last.of(section) - new.of(section), new.of(section) - last.of(section)
        if not gone and not come:
            same.append(title)
            continue
        yield f"\n{title} — look at: {advice}"
        yield from (f"  - {line}" for line in sorted(gone))
        yield from (f"  + {line}" for line in sorted(come))
    yield from _errors(last, new)
    if same:
        yield f"\nunchanged: {', '.join(same)}"


def _errors(last: Sources, new: Sources) -> Iterator[str]:
    """New and gone error texts; a text that only moved to another file is neither."""
    before = {line.partition(": ")[2] for line in last.of("errors")}
    after = {line.partition(": ")[2] for line in new.of("errors")}
    come = sorted(line for line in new.of("errors") if line.partition(": ")[2] not in before)
    if come:
        yield "\nnew error texts (?: doctor has none) — look at: recipe 9, tests/runtime/harvested_errors.txt"
        for line in come:
            known = [d.code for d in diagnose(sample(line.partition(": ")[2]))]
            yield f"  {' '.join(known) or '?':<6} {line!r}"[:200]
    gone = before - after
    if gone:
        yield "\nerror texts that are gone — a row of error_texts.py gets its `until`"
        yield from (f"  - {text!r}"[:200] for text in sorted(gone))


def changed_files(last: Sources, new: Sources, followed: dict[str, list[str]]) -> Iterator[str]:
    """Which of Ollama's files that the kit follows have other code now; comments do not count.

    followed: Ollama's file to our files, as UPSTREAM.md has them.
    """
    before, after = (dict(line.split() for line in sources.of("files")) for sources in (last, new))
    for file, ours in sorted(followed.items()):
        if before.get(file) != after.get(file):
            state = "gone" if file not in after else "new" if file not in before else "changed"
            yield f"  {file} {state}: {', '.join(ours)}"
