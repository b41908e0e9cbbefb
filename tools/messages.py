"""Lists every message that the product can print: `python -m tools.messages`.

`--update` rewrites the golden file, tests/docs/messages.txt.

Found in the source by their shape, without running it: findings and errors (any call that is given a code, or
whose class is an error), help lines, the help of commands and options, and the titles of codes. Placeholders
of f-strings appear as `{name}`. To be read from top to bottom as a user who does not know the code would.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from modelfile_kit.core import codes

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests" / "docs" / "messages.txt"
_CODE = re.compile(r"MK\d{3}")
# Calls that carry a message: findings, errors, what the rules of lint and the checks of verify make.
_MAKERS = re.compile(
    r"(?:\w*Error|Diagnostic|Finding|Case|Check|Refused|Unsupported|TooBig|ErrorText|Symptom|Complaint|Problem"
    r"|_?error|_?finding|_?faulty|_?failed|_?unreadable|_?broken|judged|note|say|refuse|_?refuse|UsageError"
    r"|command|option|argument|Choice|version_option|group)"
)
_KEYWORDS = frozenset(
    {"help", "message", "meaning", "says", "step", "metavar", "hint", "advice", "short_help"}
)
# Names that a message is put together under before it is used.
_VARIABLES = re.compile(r"(?:message|hint|what|why|advice|reason|text|says|said|way_out|note|help_)s?")


@dataclass(frozen=True)
class Message:
    """One message. file: of the package; line: where it stands; kind: code, `help`, or what makes it."""

    file: str
    line: int
    kind: str
    text: str


def messages() -> list[Message]:
    """Every message, in the order of the files and of the lines in them."""
    found: list[Message] = []
    for path in sorted((ROOT / "modelfile_kit").rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        tree = ast.parse(path.read_text(encoding="utf-8"))
        seen = {(m.line, m.text): m for m in _in_tree(tree, name)}
        found += sorted(seen.values(), key=lambda m: (m.line, m.text))
    return found


def page() -> str:
    """The golden file: the messages of each file, then the titles of the codes. Without line numbers."""
    lines: list[str] = []
    file = ""
    for message in messages():
        if message.file != file:
            file = message.file
            lines += ["", file]
        lines.append(f"  {message.kind}: {message.text}")
    lines += ["", "modelfile_kit/core/codes/pages"]
    lines += [f"  {code.code} {code.name} ({code.severity}): {code.title}" for code in codes.all_codes()]
    return "\n".join(lines).lstrip("\n") + "\n"


def _in_tree(tree: ast.Module, file: str) -> Iterator[Message]:
    named = dict(_named_codes(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _MAKERS.fullmatch(_name(node.func)):
            yield from _in_call(node, file, named)
        elif isinstance(node, ast.keyword) and node.arg in _KEYWORDS:
            yield from _texts(node.value, file, "help" if node.arg == "help" else node.arg or "")
        elif isinstance(node, (ast.Assign, ast.AugAssign)):
            yield from _in_assignment(node, file)
        elif isinstance(node, ast.FunctionDef) and any(_is_command(d) for d in node.decorator_list):
            text = ast.get_docstring(node) or ""
            yield Message(file, node.lineno, "command", _line(text))


def _named_codes(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """The names that a module has for codes: `NOT_PROVEN = "MK514"`, also several in one line."""
    for node in tree.body:
        if not isinstance(node, ast.Assign):
            continue
        target, value = node.targets[0], node.value
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            pairs = list(zip(target.elts, value.elts, strict=False))
        else:
            pairs = [(target, value)]
        for name, text in pairs:
            if isinstance(name, ast.Name) and (code := _code(text, {})):
                yield name.id, code
            elif isinstance(text, ast.Call) and _name(text.func) == "Rule":
                yield "Finding", _code(text.args[0], {})  # what a rule of lint finds has the rule's code


def _in_call(call: ast.Call, file: str, named: Mapping[str, str]) -> Iterator[Message]:
    values = [*call.args, *(k.value for k in call.keywords if k.arg not in _KEYWORDS and k.arg != "code")]
    codes_given = [_code(v, named) for v in [*call.args, *(k.value for k in call.keywords)]]
    kind = next(filter(None, codes_given), named.get(_name(call.func), _name(call.func)))
    for value in values:
        yield from _texts(value, file, kind)


def _in_assignment(node: ast.Assign | ast.AugAssign, file: str) -> Iterator[Message]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    names = [n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)]
    if any(_VARIABLES.fullmatch(name.lower().lstrip("_")) for name in names):
        yield from _texts(node.value, file, names[0])


def _texts(value: ast.expr, file: str, kind: str) -> Iterator[Message]:
    """The sentences of an expression: its own text, or those of its branches, operands and members."""
    text = _said(value)
    if text is not None:
        if _is_sentence(text):
            yield Message(file, value.lineno, kind, _line(text))
    elif isinstance(value, ast.IfExp):
        yield from _texts(value.body, file, kind)
        yield from _texts(value.orelse, file, kind)
    elif isinstance(value, ast.BoolOp):
        for part in value.values:
            yield from _texts(part, file, kind)
    elif isinstance(value, ast.BinOp):
        yield from _texts(value.left, file, kind)
        yield from _texts(value.right, file, kind)
    elif isinstance(value, (ast.Tuple, ast.List)):
        for part in value.elts:
            yield from _texts(part, file, kind)


def _said(value: ast.expr) -> str | None:
    """A text with its placeholders; None for what is no text (or one of several)."""
    if isinstance(value, ast.Constant):
        return value.value if isinstance(value.value, str) else None
    if isinstance(value, ast.JoinedStr):
        return "".join(_part(part) for part in value.values)
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
        left, right = _said(value.left), _said(value.right)
        return left + right if left is not None and right is not None else None
    return None


def _part(part: ast.expr) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    assert isinstance(part, ast.FormattedValue)
    inner = part.value
    if isinstance(inner, ast.IfExp):
        # both of what may be there, as the reader of the list wants to see them
        return f"{{{_said(inner.body) or '…'}|{_said(inner.orelse) or ''}}}"
    return f"{{{_placeholder(inner)}}}"


def _name(node: ast.expr) -> str:
    """The last name of an expression: `d.message` is message."""
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def _placeholder(node: ast.expr) -> str:
    """What a placeholder is about: `_quote(hunk.extra)` is extra, `", ".join(names)` names."""
    if isinstance(node, ast.Call):
        return _placeholder(node.args[0] if node.args else node.func)
    if isinstance(node, ast.Subscript):
        return _placeholder(node.value)
    if isinstance(node, ast.GeneratorExp):
        return _placeholder(node.generators[0].iter)
    return _name(node) or "…"


def _code(value: ast.expr, named: Mapping[str, str]) -> str:
    """The code that an expression is, "" for anything else. named: what names stand for codes."""
    if isinstance(value, ast.Name):
        return named.get(value.id, "")
    if isinstance(value, ast.IfExp):
        return _code(value.body, named)
    text = value.value if isinstance(value, ast.Constant) else None
    return text if isinstance(text, str) and _CODE.fullmatch(text) else ""


def _is_command(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Call) and _name(decorator.func) in ("command", "group")


def _is_sentence(text: str) -> bool:
    """Whether a text has words for people: no code, pattern, key or single word."""
    return " " in text.strip() and re.search(r"[a-z]{2}", text) is not None and "(?" not in text


def _line(text: str) -> str:
    return text.strip("\n").replace("\n", "⏎")


def main() -> None:
    """Prints the list, or writes it into the golden file with --update."""
    if sys.argv[1:] == ["--update"]:
        GOLDEN.write_text(page(), encoding="utf-8")
        sys.stdout.write(f"wrote {GOLDEN.relative_to(ROOT)}\n")
    else:
        sys.stdout.write(page())


if __name__ == "__main__":
    main()
