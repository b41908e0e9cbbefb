"""The examples on the pages of codes do what the page says: what can be run is run, and has the page's code.

Rules of lint have their own (tests/lint/test_rules.py). What is not here shows a message, needs a server, a
hub, or a model with a fault of its own.
"""

from __future__ import annotations

import re
import shutil
import textwrap
from pathlib import Path

import pytest

from modelfile_kit.building.build import build
from modelfile_kit.compiler import compile_template
from modelfile_kit.core import codes
from modelfile_kit.core.codes import HEADINGS
from modelfile_kit.core.errors import KitError
from modelfile_kit.lint.any_file import lint_file
from modelfile_kit.micro import build_pair
from modelfile_kit.ollama.grammar import INSTRUCTIONS, PROJECTOR

CHAT_TEMPLATES = {
    *("MK210", "MK212", "MK537", "MK611", "MK620", "MK622", "MK623", "MK652", "MK658", "MK660", "MK672"),
    *("MK673", "MK676", "MK260", "MK261", "MK262", "MK263", "MK264", "MK265", "MK266", "MK267", "MK268"),
}
PACKAGES = {
    *("MK502", "MK503", "MK504", "MK505", "MK506", "MK507", "MK508", "MK510", "MK516", "MK521", "MK528"),
    *("MK529", "MK530"),
}
ONE_MESSAGE = "{% for message in messages %}<|{{ message.role }}|>{{ message.content }}\n"


def example(code: str) -> str:
    """The first block of a page's example."""
    text = codes.find(code).section(HEADINGS[2])
    [block, *_] = re.findall(r"(?:^    .*\n?|^\n)+", text, re.MULTILINE)
    return textwrap.dedent(block).strip("\n") + "\n"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pair")
    build_pair(folder)
    return folder


@pytest.fixture
def package(pair: Path, tmp_path: Path) -> Path:
    """A folder with the model, for a package file."""
    folder = tmp_path / "package"
    shutil.copytree(pair, folder)
    return folder


def built_codes(folder: Path, text: str) -> set[str]:
    """The codes of a build of this package file."""
    (folder / "mkmodelfile.yaml").write_text(text, encoding="utf-8")
    try:
        return {d.code for d in build(folder, write=False).diagnostics}
    except KitError as error:
        return {d.code for d in error.findings}


def codes_of(template: str) -> set[str]:
    """The codes that lint and the compiler have for a chat template."""
    found = {d.code for d in lint_file(template.encode(), file="chat_template.jinja")}
    try:
        return found | {d.code for d in compile_template(template, bos_token="<s>").diagnostics}
    except KitError as error:
        return found | {d.code for d in error.findings}


@pytest.mark.parametrize("code", sorted(CHAT_TEMPLATES))
def test_a_chat_template(code: str, package: Path) -> None:
    """As it stands, or as the part of a loop over the messages that it is."""
    part = example(code)
    whole = part if "for message" in part else f"{ONE_MESSAGE}{part}{{% endfor %}}"
    found = codes_of(part) | codes_of(whole)
    if code not in found:
        (package / "chat.jinja").write_text(whole, encoding="utf-8")
        found |= built_codes(package, "name: x\nmodel: micro-glm4v.gguf\nchat_template: chat.jinja\n")
    assert code in found


@pytest.mark.parametrize("code", sorted(PACKAGES))
def test_a_package(code: str, package: Path) -> None:
    """The keys of the page, with those that a package cannot do without."""
    part = example(code)
    needed = {"name": "x", "model": "micro-glm4v.gguf"} if code != "MK506" else {}
    lacks = [f"{key}: {value}\n" for key, value in needed.items() if not re.search(rf"^{key}:", part, re.M)]
    assert code in built_codes(package, "".join(lacks) + part)


@pytest.mark.parametrize("code", codes.all_codes(), ids=lambda code: code.code)
def test_no_modelfile_on_a_page_has_a_comment_behind_a_value(code: codes.Code) -> None:
    """It would be part of the value (MK120)."""
    words = "|".join(word.upper() for word in (*INSTRUCTIONS, PROJECTOR))
    behind = re.findall(rf"^    (?:{words}) \S.*\s# .*", code.page, re.MULTILINE)
    assert not behind or code.code == "MK120"
