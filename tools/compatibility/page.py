"""docs/COMPATIBILITY.md: every feature of Jinja2 and of Hugging Face's dialect, compiled and proven anew.

No state is written by hand: each small template of this folder is compiled, and the result of its proof is
the row. tests/docs/test_compatibility.py compares the rows with the reference.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from modelfile_kit.compiler.explain.explain import Explanation, explain_template
from modelfile_kit.core.diagnostics import Diagnostic, Severity
from modelfile_kit.core.errors import KitError, TemplateReferenceError
from modelfile_kit.ollama.prompt import render_prompt
from tools.compatibility import filters, language, methods
from tools.compatibility.conversations import CONVERSATIONS
from tools.compatibility.feature import Feature

SECTIONS: dict[str, tuple[Feature, ...]] = {
    "Statements": language.STATEMENTS,
    "Operators and literals": language.OPERATORS,
    "`loop`": language.LOOP,
    "Globals and variables": language.GLOBALS,
    "What a message holds": language.SHAPES,
    "Filters": filters.FILTERS,
    "Tests": filters.TESTS,
    "Methods of texts": methods.TEXTS,
    "Methods of lists": methods.LISTS,
    "Methods of dictionaries": methods.DICTS,
}
HEAD = """\
# Compatibility

Made by `tools/docs.py`: every row is a small chat template that is compiled and proven when this page is
made; tests/docs/test_compatibility.py compares it with Hugging Face's rendering. No state is written by hand.

- **exact**: for every conversation that Ollama can express, the TEMPLATE gives the same bytes as Hugging
  Face's `apply_chat_template`.
- **partial**: for some conversations it does not. The finding says for which; `mkmodelfile` reports it for
  every template that uses the feature. Where there is no Go for a construct, the request gets an error and
  not a wrong prompt.
- **unsupported**: not supported in a Go template. With `mode: native`, Ollama 0.30 and later use the model's
  own chat template instead.
- **refused**: Hugging Face itself refuses such a chat template, or fails to render it.

All rows are about values that are only known when a request comes: `s` is the text of a message, `m` a
message, `f` the function of a tool call, `t` a tool. What is known earlier (constants, the texts of BOS and
EOS, names that no request fills) is computed at compile time, whatever the feature.
`⏎` is a newline. `mkmodelfile compile` shows the whole TEMPLATE of any row, and `mkmodelfile compile
--explain` which construct became which part of it.
"""
TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}
# A row says how, not all of it.
MAX_GO = 160
MAX_FINDING = 240
# Findings that say the same once more: of the proof, and about replies.
_SECONDARY = ("MK65", "MK66", "MK67")
# Hugging Face's rendering fails for every conversation that was tried.
_NEVER_RENDERS = "MK658"


@dataclass(frozen=True)
class Result:
    """A compiled feature. state: exact, partial, unsupported or refused; why: the findings that say so."""

    feature: Feature
    state: str
    template: str
    go: str
    why: tuple[Diagnostic, ...]


def page() -> str:
    """The text of COMPATIBILITY.md."""
    found = [r for rows in results().values() for r in rows]
    counts = {s: sum(r.state == s for r in found) for s in ("exact", "partial", "unsupported", "refused")}
    summary = ", ".join(f"{n} {state}" for state, n in counts.items())
    parts = [HEAD, f"\n{len(found)} rows: {summary}.\n"]
    for section, rows in results().items():
        parts.append(f"\n## {section}\n\n| feature | for example | state | how, or why not |\n")
        parts.append("| --- | --- | --- | --- |\n")
        parts += [_row(r) for r in rows]
    return "".join(parts)


@functools.cache
def results() -> dict[str, tuple[Result, ...]]:
    """The rows of each section, compiled; in several processes, since each takes its time."""
    features = [feature for section in SECTIONS.values() for feature in section]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        done = iter(list(pool.map(result, features, chunksize=8)))
    return {name: tuple(next(done) for _ in section) for name, section in SECTIONS.items()}


def result(feature: Feature) -> Result:
    """Compiles and proves one feature."""
    try:
        explained = explain_template(feature.source, **TOKENS)
    except TemplateReferenceError as error:
        return Result(feature, "refused", "", "", (error.to_diagnostic(),))
    compiled = explained.compiled
    state = compiled.coverage[feature.kind]
    if state == "partial" and all(p is None for p in prompts(feature, compiled.template)):
        state = "unsupported"
    if any(d.code == _NEVER_RENDERS for d in compiled.diagnostics):
        state = "refused"
    wrong = [d for d in compiled.diagnostics if d.severity is not Severity.INFO] if state != "exact" else []
    primary = [d for d in wrong if not d.code.startswith(_SECONDARY)]
    return Result(feature, state, compiled.template, _go(feature, explained), tuple(primary or wrong))


def prompts(feature: Feature, template: str) -> list[str | None]:
    """The prompts of the feature's conversations, None where Ollama answers an error."""
    found: list[str | None] = []
    for messages, request in CONVERSATIONS[feature.kind]:
        try:
            found.append(render_prompt(template, messages, **request))
        except KitError:
            found.append(None)
    return found


def _go(feature: Feature, explained: Explanation) -> str:
    """What the shown part became: its own construct's Go, else the whole TEMPLATE."""
    own = [row for row in explained.constructs if row.construct.source == "{{ " + feature.shown + " }}"]
    text = " … ".join(own[0].go) if own and own[0].go else explained.compiled.template
    return text.replace("\n{{-", "{{-")


def _row(r: Result) -> str:
    return f"| {_cell(r.feature.name)} | {_code(r.feature.shown)} | {r.state} | {_how(r)} |\n"


def _how(r: Result) -> str:
    if r.why:
        return "; ".join(dict.fromkeys(_cell(f"{d.code}: {d.message}") for d in r.why))
    return _code(r.go)


def _cell(text: str) -> str:
    first = text.splitlines()[0] if text else ""
    first = first if len(first) <= MAX_FINDING else first[: MAX_FINDING - 1] + "…"
    return first.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def _code(text: str) -> str:
    shown = text.replace("\n", "⏎")
    shown = shown if len(shown) <= MAX_GO else shown[: MAX_GO - 1] + "…"
    ticks = "``" if "`" in shown else "`"
    return f"{ticks}{shown}{ticks}".replace("|", "\\|") if shown.strip() else "nothing"
