"""Writes docs/rules.md from the rules: `python -m modelfile_kit.lint.docs`. A test holds it current."""

from __future__ import annotations

import sys
from pathlib import Path

from .registry import all_rules
from .rule import Rule

_HEAD = """\
# Rules of `mkmodelfile lint`

Made from the rules themselves by `python -m modelfile_kit.lint.docs`. `mkmodelfile explain CODE` prints a
rule's page: what it does, why that is bad, an example and what to use instead.

- `--target` says which Ollama is meant: `latest`, a release, or the oldest one as `">=0.30"`.
- `--fix` mends what can be mended safely (column *fix*); everything else in the file keeps its text.
- Rules with *files* look at the GGUF files that the Modelfile names, and are silent where
  those are not there.
- `# mkmodelfile: ignore=MK130` before an instruction silences a rule for it, `# mkmodelfile:
  ignore-file=MK130,MK205` anywhere for the whole file; names do as well as codes.
- Exit code 1 from `--fail-on` on (`warning` by default). What Ollama's parser refuses is an error with a code
  below MK110 and ends the findings of that file.

"""
_GROUPS = {
    "MK1": "Instructions, parameters, quoting",
    "MK2": "TEMPLATE and prompts",
    "MK3": "Stops, tokens, BOS",
    "MK4": "Files",
}


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    for prefix, title in _GROUPS.items():
        parts.append(f"## {title}\n\n| code | name | severity | finds | |\n| --- | --- | --- | --- | --- |\n")
        parts += [_row(rule) for rule in all_rules() if rule.code.startswith(prefix)]
        parts.append("\n")
    return "".join(parts).rstrip("\n") + "\n"


def _row(rule: Rule) -> str:
    marks = [mark for mark, there in (("fix", rule.fixes), ("files", rule.reads_files)) if there]
    title = rule.title.replace("|", "\\|")
    return f"| {rule.code} | `{rule.name}` | {rule.severity} | {title} | {', '.join(marks)} |\n"


def main() -> None:
    """Writes the page into the checkout this module is part of."""
    path = Path(__file__).resolve().parents[2] / "docs" / "rules.md"
    path.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"wrote {path.name}\n")


if __name__ == "__main__":
    main()
