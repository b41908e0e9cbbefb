"""Which of the kit's kinds of files a text is, told by what it holds, then by its name.

A command that is given another kind than it takes says what the file is, and what takes it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

GGUF_MAGIC = b"GGUF"
"""The first bytes of every GGUF (ggml, docs/gguf.md); the version, a small number, follows."""
CHAT_TEMPLATE_ENDINGS = (".jinja", ".jinja2", ".j2")
"""Of names of files that are Jinja, in small letters."""
GO_TEMPLATE_ENDINGS = (".gotmpl", ".tmpl")
"""Of names of files that are Go templates, in small letters."""
PACKAGE_ENDINGS = (".yaml", ".yml")
"""Of names of package files, in small letters."""

# A chat template has some 20,000 characters; a vocabulary in JSON has megabytes: its beginning tells.
LOOKED_AT = 256 << 10

# Actions that Jinja has no expression for: fields of the request, and keywords that a space follows.
_GO = re.compile(
    r"\{\{-?\s*(?:end|else|break|continue)\s*-?\}\}"
    r"|\{\{-?\s*(?:if|range|with|else\s+if|define|template|block)\s+[^(\s]"
    r"|\{\{(?:[^{}]*[\s(])?\.(?:[A-Z]\w*)|\{\{-?\s*(?:/\*|\$|\.)"
)
_JINJA_EXPRESSION = re.compile(r"\{\{|\{#")
# Each line is read in one way alone: with two, a text of thirty lines would take minutes.
_INSTRUCTION = re.compile(
    r"(?:[ \t]*(?:#[^\n]*|\r?)\n)*[ \t]*(?:FROM|PROJECTOR|PARAMETER|TEMPLATE|SYSTEM|ADAPTER|MESSAGE|LICENSE"
    r"|RENDERER|PARSER|DRAFT|REQUIRES)[ \t]+\S",
    re.IGNORECASE,
)
# Text of a template may begin with FROM; with one of these in a line of its own it is a Modelfile.
_OF_MODELFILE = re.compile(
    r"^(?:PROJECTOR|PARAMETER|TEMPLATE|SYSTEM|ADAPTER|MESSAGE|LICENSE|RENDERER|PARSER|DRAFT|REQUIRES)"
    r"[ \t]+\S",
    re.MULTILINE,
)
_STATEMENT = re.compile(r"\{%")
# A comment or an action of Go, whose texts may hold everything.
_GO_ACTION = re.compile(
    r"\{\{-?\s*/\*.*?(?:\*/|\Z)"
    r"|\{\{(?:\"(?:[^\"\\\n]|\\.)*(?:\"|\n|\Z)|`[^`]*(?:`|\Z)|'(?:[^'\\\n]|\\.)*(?:'|\n|\Z)|[^\"`'}]|\}(?!\}))*",
    re.DOTALL,
)
_FROM = re.compile(r"^[ \t]*FROM[ \t]+[^\s{][^{\n]*$", re.IGNORECASE | re.MULTILINE)
_OBJECT = re.compile(r'\{\s*"\w+"\s*:')
_CONTROL = re.compile(r"[\0-\x08\x0e-\x1a\x1c-\x1f]")
_PACKAGE_KEY = re.compile(r"^(name|model|variants)[ \t]*:(?:[ \t\r]|$)", re.MULTILINE)
_KEY_OR_DEEPER = re.compile(r"[\w.\-]+[ \t]*:(?:\s|$)|- |---|\.\.\.|#|\s|$")


@dataclass(frozen=True)
class FileKind:
    """what: with its article, for `this is …`; taken_by: a sentence's part that names the commands."""

    what: str
    taken_by: str


GGUF = FileKind(
    "a GGUF file",
    "`mkmodelfile inspect` describes it, `init` makes a package of it, `compile` and `render --jinja` read "
    "its chat template",
)
GO_TEMPLATE = FileKind(
    "a Go template",
    "`mkmodelfile render --template` takes it, `lint` under a name in .gotmpl, and `template:` of a package",
)
CHAT_TEMPLATE = FileKind(
    "a chat template (Jinja)",
    "`mkmodelfile lint`, `compile` and `render --jinja` take it, and `chat_template:` of a package",
)
MODELFILE = FileKind(
    "a Modelfile",
    "`mkmodelfile lint`, `fmt` and `render --modelfile` take it, and `init` makes a package of it",
)
PACKAGE_FILE = FileKind("a package file", "`mkmodelfile build`, `check`, `test` and `publish` take it")
TOKENIZER_CONFIG = FileKind(
    "a tokenizer's configuration (JSON)", "`mkmodelfile compile` and `render --jinja` read its chat template"
)
TOKENIZER = FileKind("a tokenizer (JSON)", "`mkmodelfile check`, `test` and `inspect` take it as --tokenizer")
CONVERSATIONS = FileKind("a file of conversations (JSON)", "`mkmodelfile render --messages` takes it")

# Of JSON whose end is not seen.
_KEYS = {"added_tokens": TOKENIZER, "chat_template": TOKENIZER_CONFIG}
_BY_NAME = (
    (CHAT_TEMPLATE_ENDINGS, CHAT_TEMPLATE),
    (GO_TEMPLATE_ENDINGS, GO_TEMPLATE),
    ((".modelfile",), MODELFILE),
)
PACKAGE_FILES = ("mkmodelfile.yaml", "mkmodelfile.yml")
"""Names of package files; of two in one folder the first counts."""


def kind_of(data: bytes | str, name: str = "") -> FileKind | None:
    """What a file is; None for what is none of these, or could be several.

    data: all of it, or its beginning. name: where it ends as one of our templates does, the content has to
    contradict it in earnest; any other name counts where the content does not tell.

    >>> kind_of("{% for m in messages %}{{ m.content }}{% endfor %}").what
    'a chat template (Jinja)'
    >>> kind_of(b"{{ range .Messages }}{{ .Content }}{{ end }}", "x.jinja").what
    'a Go template'
    """
    if isinstance(data, bytes):
        if is_gguf(data):
            return GGUF
        data = data[:LOOKED_AT].decode("utf-8-sig", "replace")
    text = data[:LOOKED_AT]
    if _CONTROL.search(text):
        return None
    if (found := _json_kind(text)) is not None:
        return found
    named = _kind_by_name(name)
    if named is GO_TEMPLATE and not _is_no_go_template(text):
        return named
    if named is CHAT_TEMPLATE and _is_jinja(text) and not is_go_template(text):
        return named
    for is_such, kind in (
        (_is_package, PACKAGE_FILE),
        (is_modelfile, MODELFILE),
        (is_go_template, GO_TEMPLATE),
        (_is_jinja, CHAT_TEMPLATE),
    ):
        if is_such(text):
            return kind
    return named


def _is_no_go_template(text: str) -> bool:
    """Whether a file that is called a Go template is something else: Jinja has statements between actions,
    and a Modelfile more instructions than the one for the model.

    What an action of Go quotes, and text that begins as an instruction does, is no contradiction.
    """
    if _is_package(text):
        return True
    if is_modelfile(text):
        return "{{" not in text or _OF_MODELFILE.search(text) is not None
    return _STATEMENT.search(_GO_ACTION.sub("", text)) is not None


def is_gguf(start: bytes | bytearray) -> bool:
    """Whether a file that begins so is a GGUF, be it cut behind these bytes; a text may begin with the word.

    >>> is_gguf(b"GGUF" + bytes(4)), is_gguf(b"GGUF"), is_gguf(b"GGUF files"), is_gguf(b"GG")
    (True, True, False, False)
    """
    return start[:4] == GGUF_MAGIC and not start[4:5].isspace()


def is_go_template(text: str) -> bool:
    """Whether a text has what only a Go template has, and nothing that only Jinja has."""
    return "{%" not in text and has_go_actions(text)


def has_go_actions(text: str) -> bool:
    """Whether a text has what only a Go template has, be it beside marks of Jinja."""
    return _GO.search(text) is not None


def is_modelfile(text: str) -> bool:
    """Whether a text begins with an instruction of a Modelfile, and names a model."""
    return "{%" not in text and _INSTRUCTION.match(text) is not None and _FROM.search(text) is not None


def _is_package(text: str) -> bool:
    """Whether a text is YAML with keys of a package at its margin, where no template's marks are."""
    keys = set(_PACKAGE_KEY.findall(text))
    if "name" not in keys or len(keys) < 2:
        return False
    lines = text.splitlines()[:-1] or [text]  # the last one may be cut
    margin = "\n".join(line for line in lines if not line.startswith((" ", "\t")))
    return all(map(_KEY_OR_DEEPER.match, lines)) and "{{" not in margin and "{%" not in margin


def _is_jinja(text: str) -> bool:
    if "{%" in text:
        return True
    return _JINJA_EXPRESSION.search(text) is not None


def _json_kind(text: str) -> FileKind | None:
    start = text.lstrip()
    if not start.startswith(("{", "[")):
        return None
    try:
        value = json.loads(start)
    except (ValueError, RecursionError):  # also the beginning of a larger one
        if not _OBJECT.match(start):
            return None
        return next((kind for key, kind in _KEYS.items() if f'"{key}"' in start), None)
    return kind_of_json(value)


def kind_of_json(value: Any) -> FileKind | None:
    """The same of what JSON holds, once it is read."""
    if isinstance(value, list):
        value = value[0] if value else None
        return CONVERSATIONS if isinstance(value, dict) and {"messages", "role"} & value.keys() else None
    if not isinstance(value, dict):
        return None
    if "chat_template" in value or "tokenizer_class" in value:
        return TOKENIZER_CONFIG
    if "messages" in value:
        return CONVERSATIONS
    return TOKENIZER if isinstance(value.get("model"), dict) and "added_tokens" in value else None


def _kind_by_name(name: str) -> FileKind | None:
    path = PurePath(name)
    if path.name in PACKAGE_FILES:
        return PACKAGE_FILE
    if path.name == "tokenizer_config.json":
        return TOKENIZER_CONFIG
    if path.name.lower() == "modelfile":
        return MODELFILE
    return next((kind for endings, kind in _BY_NAME if has_ending(path, endings)), None)


def has_ending(name: str | PurePath, endings: tuple[str, ...]) -> bool:
    """Whether a file's name ends with one of these, in capital or small letters.

    >>> has_ending("CHAT.JINJA", CHAT_TEMPLATE_ENDINGS), has_ending("jinja", CHAT_TEMPLATE_ENDINGS)
    (True, False)
    """
    return PurePath(name).suffix.lower() in endings
