"""What a text is that was given in place of a chat template, and what to do about it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from ..core.errors import TemplateReferenceError
from ..core.file_kinds import GO_TEMPLATE, MODELFILE, PACKAGE_FILE, is_go_template, is_modelfile, kind_of

_JINJA = re.compile(r"\{[{%#]")
_FROM_A_HUB = "download the file itself (on a model hub: the /resolve/ address, not the /blob/ page)"
_THE_MODELS_OWN = "give the model's own chat_template.jinja, its tokenizer_config.json or its GGUF"

_PLAIN = "plain text without any Jinja"
_KEY = re.compile(r"[\w.\-]+:(?:\s|$)|- |---|\.\.\.|#|\s|$")
_BLOCK = re.compile(r"^[\w.\-]+:\s*[|>][-+0-9]*\s*$", re.MULTILINE)


def describe(text: str) -> tuple[str, str]:
    """(what a text is that is no chat template, what to do); two empty texts where it may be one.

    >>> describe("{% for m in messages %}{{ m.content }}{% endfor %}")
    ('', '')
    >>> describe("{{ range .Messages }}{{ .Content }}{{ end }}")[0]
    'a Go template'
    """
    for is_such, what, instead in _KINDS:
        if is_such(text):
            return what, instead
    return "", ""


def require_chat_template(text: str, *, plain: bool = False) -> None:
    """Raises TemplateReferenceError, with what the text is, where it is no chat template.

    plain: whether a text without any Jinja may be one, as it is to Hugging Face.
    """
    what, instead = describe(text)
    if what and not (plain and what == _PLAIN):
        raise TemplateReferenceError(f"this is {what}, expected a chat template in Jinja", help=instead)


def _is_package(text: str) -> bool:
    return kind_of(text) is PACKAGE_FILE


def _is_pointer(text: str) -> bool:
    return text.startswith("version https://git-lfs")


def _is_page(text: str) -> bool:
    return text.lstrip()[:20].lower().startswith(("<!doctype html", "<html", "<?xml"))


def _is_json(text: str) -> bool:
    start = text.lstrip()
    if not start.startswith(("{", "[")) or _JINJA.match(start):
        return False
    try:
        json.loads(start)
    except (ValueError, RecursionError):
        return False
    return True


def _is_yaml(text: str) -> bool:
    """Whether every line at the margin is a key, and Jinja stands in blocks of text alone."""
    lines = text.splitlines()
    if not all(_KEY.match(line) for line in lines):
        return False
    if _JINJA.search(text):
        margin = "\n".join(line for line in lines if not line.startswith((" ", "\t")))
        return _BLOCK.search(text) is not None and not _JINJA.search(margin)
    return sum(1 for line in lines if re.match(r"[\w.\-]+:(\s|$)", line)) > 1


def _is_plain(text: str) -> bool:
    return not _JINJA.search(text)


_KINDS: tuple[tuple[Callable[[str], bool], str, str], ...] = (
    (_is_pointer, "a Git LFS pointer", "run `git lfs pull` in that repository"),
    (_is_page, "an HTML or XML page", _FROM_A_HUB),
    (is_modelfile, "a Modelfile", f"{MODELFILE.taken_by}; here, {_THE_MODELS_OWN}"),
    (
        is_go_template,
        "a Go template",
        f"it is a TEMPLATE already: {GO_TEMPLATE.taken_by}; to compile one, {_THE_MODELS_OWN}",
    ),
    (_is_json, "JSON without a chat template", _THE_MODELS_OWN),
    (
        _is_package,
        "a package file",
        f"`mkmodelfile build` compiles its chat template; here, {_THE_MODELS_OWN}",
    ),
    (_is_yaml, "YAML", _THE_MODELS_OWN),
    (
        _is_plain,
        _PLAIN,
        f"a name such as chatml, or a format with {{prompt}}, is no chat template; {_THE_MODELS_OWN}",
    ),
)
