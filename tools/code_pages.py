"""The pages about codes: docs/rules.md and docs/codes/, made from the registry."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from modelfile_kit.core import codes
from modelfile_kit.core.codes import AREAS, Code
from modelfile_kit.lint.registry import all_rules
from modelfile_kit.lint.rule import Rule

_RULES_HEAD = """\
# Rules of `mkmodelfile lint`

Made from the rules themselves by `tools/docs.py`. `mkmodelfile explain CODE` prints a rule's page: what it
means, why it matters, an example and what to do. The pages of all codes are in [codes](codes/README.md).

- `--target` says which Ollama the file is for: `latest`, a release, or the oldest one as `">=0.30"`.
- `--fix` fixes what can be fixed safely (column *fix*); everything else in the file keeps its text.
- Rules with *files* look at the GGUF files that the Modelfile names. Where such a file is not found they find
  nothing, except MK430, which says so.
- `# mkmodelfile: ignore=MK130` before an instruction silences a code for it, `# mkmodelfile:
  ignore-file=MK130,MK205` anywhere for the whole file; names do as well as codes, and so do old codes.
- Exit code 1 from `--fail-on` on (`warning` by default). What Ollama's parser refuses is an error with a code
  below MK110 and ends the findings of that file.

"""
_GROUPS = {
    "MK1": "Instructions, parameters, quoting",
    "MK2": "TEMPLATE and prompts",
    "MK3": "Stops, tokens, BOS",
    "MK4": "Files",
    "MK7": "BOS and EOS that the engine adds",
}
_INDEX_HEAD = """\
# Codes

Made from the registry of codes by `tools/docs.py`. Every finding and every error of `mkmodelfile` has a code
and a name; `mkmodelfile explain CODE` prints the page. A code never changes its meaning. Where two codes
became one, the old one still works in ignore comments and in `explain`.

"""


def rules() -> str:
    """docs/rules.md: the rules of lint in short."""
    parts = [_RULES_HEAD]
    for prefix, title in _GROUPS.items():
        parts.append(f"## {title}\n\n| code | name | severity | finds | |\n| --- | --- | --- | --- | --- |\n")
        parts += [_rule(rule) for rule in all_rules() if rule.code.startswith(prefix)]
        parts.append("\n")
    return "".join(parts).rstrip("\n") + "\n"


def index() -> str:
    """docs/codes/README.md: every code in a line, and the codes of the past."""
    parts = [_INDEX_HEAD]
    for area, title in AREAS.items():
        parts.append(f"## {title}\n\n| code | name | severity | |\n| --- | --- | --- | --- |\n")
        parts += [
            f"| [{c.code}](MK{area}xx.md#{_anchor(c)}) | `{c.name}` | {c.severity} | {_cell(c.title)} |\n"
            for c in _of(area)
        ]
        parts.append("\n")
    parts.append("## Codes of the past\n\n| old | now |\n| --- | --- |\n")
    parts += [f"| {old} | {', '.join(map(_linked, now))} |\n" for old, now in codes.renamed().items()]
    return "".join(parts)


def areas() -> dict[str, Callable[[], str]]:
    """docs/codes/MK1xx.md and so on, each with what writes it."""
    return {f"codes/MK{area}xx.md": partial(_area, area) for area in AREAS}


def _area(area: str) -> str:
    parts = [f"# MK{area}xx: {AREAS[area]}\n\nMade from the registry of codes by `tools/docs.py`.\n"]
    for code in _of(area):
        body = re.sub(r"^# ", "### ", code.page, flags=re.MULTILINE)
        parts.append(f"\n## {code.code} {code.name}\n\n**{code.title}** ({code.severity})\n\n{body}")
        if code.members:
            parts.append(f"\nIt stands for {', '.join(map(_linked, code.members))}.\n")
    return "".join(parts)


def _of(area: str) -> list[Code]:
    return [code for code in codes.all_codes() if code.code[2] == area]


def _rule(rule: Rule) -> str:
    marks = [mark for mark, there in (("fix", rule.fixes), ("files", rule.reads_files)) if there]
    title = _cell(rule.about.title)
    return f"| {rule.code} | `{rule.name}` | {rule.severity} | {title} | {', '.join(marks)} |\n"


def _anchor(code: Code) -> str:
    return f"{code.code.lower()}-{code.name}"


def _linked(code: str) -> str:
    found = codes.find(code)
    return f"[{code}](MK{code[2]}xx.md#{_anchor(found)})" if found else code


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
