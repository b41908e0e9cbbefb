"""The extension of VS Code: its grammars, its description, and its library's session with the server."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.core.errors import KitError
from modelfile_kit.gotemplate.exec.functions import BUILTIN_NAMES
from modelfile_kit.gotemplate.values.unicode_tables import is_print
from modelfile_kit.lsp.template_words import KEYWORD_WORDS
from modelfile_kit.ollama.decoding import decode
from modelfile_kit.ollama.functions import YOUNG
from modelfile_kit.ollama.grammar import INSTRUCTIONS, PROJECTOR, ROLES, parse_modelfile
from tests.ollama.generate_modelfiles import modelfiles

HERE = Path(__file__).parent
EXTENSION = HERE.parents[1] / "editors" / "vscode"
DESCRIPTION = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))


def run_node(script: str, *arguments: str, stdin: str = "") -> Any:
    """What a script prints, as JSON; skips where node or the extension's packages are not there."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    if script != "activate.js" and not (EXTENSION / "node_modules").is_dir():
        pytest.skip("the packages of the extension are not installed (npm ci in editors/vscode)")
    command = [node, str(HERE / script), str(EXTENSION), *arguments]
    done = subprocess.run(
        command,
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def tokens(scope: str, text: str) -> list[tuple[str, str]]:
    """Texts with their innermost scope, without its language; neighbours of one scope are one."""
    found: list[tuple[str, str]] = []
    [lines] = run_node("tokenize.js", scope, stdin=json.dumps([text]))
    for line in lines:
        for name, group in groupby(line, key=lambda token: token[1][-1]):
            found.append(("".join(part for part, _ in group), re.sub(r"\.(modelfile|gotmpl)$", "", name)))
    return [(part, name) for part, name in found if part.strip()]


def test_a_modelfile_is_coloured() -> None:
    text = """\
# PROJECTOR ./mmproj.gguf
from ./model.gguf # no comment
PARAMETER temperature 0.5
PARAMETER use_mmap true
PARAMETER stop "<|im_end|>"
SYSTEM \"\"\"You are "brief".
FROM nothing\"\"\"
MESSAGE user Hi
MESSAGE boss Hi
PARAMETER  stop x
MESSAGE  user Hi
# mkmodelfile: ignore=MK325
FROMM x
"""
    assert tokens("source.modelfile", text) == [
        ("#", "punctuation.definition.comment"),
        ("PROJECTOR", "keyword.other.projector"),
        ("./mmproj.gguf", "string.unquoted.path"),
        ("from", "keyword.control.instruction"),
        ("./model.gguf # no comment", "string.unquoted"),
        ("PARAMETER", "keyword.control.instruction"),
        ("temperature", "variable.parameter"),
        ("0.5", "constant.numeric"),
        ("PARAMETER", "keyword.control.instruction"),
        ("use_mmap", "variable.parameter"),
        ("true", "constant.language.boolean"),
        ("PARAMETER", "keyword.control.instruction"),
        ("stop", "variable.parameter"),
        ('"', "punctuation.definition.string.begin"),
        ("<|im_end|>", "string.quoted.double"),
        ('"', "punctuation.definition.string.end"),
        ("SYSTEM", "keyword.control.instruction"),
        ('"""', "punctuation.definition.string.begin"),
        ('You are "brief".', "string.quoted.triple"),
        ("FROM nothing", "string.quoted.triple"),
        ('"""', "punctuation.definition.string.end"),
        ("MESSAGE", "keyword.control.instruction"),
        ("user", "constant.language.role"),
        ("Hi", "string.unquoted"),
        ("MESSAGE", "keyword.control.instruction"),
        ("boss", "invalid.illegal.role"),
        ("Hi", "string.unquoted"),
        ("PARAMETER", "keyword.control.instruction"),
        (" stop x", "invalid.illegal.parameter"),  # Ollama takes the second space for an empty name
        ("MESSAGE", "keyword.control.instruction"),
        (" user", "invalid.illegal.role"),
        ("Hi", "string.unquoted"),
        ("#", "punctuation.definition.comment"),
        (" mkmodelfile: ignore=", "comment.line.number-sign"),
        ("MK325", "constant.other.code"),
        ("FROMM", "invalid.illegal.instruction"),
        (" x", "source"),
    ]


def test_a_template_in_a_modelfile_is_coloured() -> None:
    text = 'TEMPLATE """<s>{{ range $i, $m := .Messages }}\nFROM {{- end -}}"""\nFROM a\n'
    assert tokens("source.modelfile", text) == [
        ("TEMPLATE", "keyword.control.instruction"),
        ('"""', "punctuation.definition.string.begin"),
        ("<s>", "meta.embedded.template"),
        ("{{", "punctuation.definition.action.begin"),
        ("range", "keyword.control"),
        ("$i", "variable.other"),
        (",", "keyword.operator"),
        ("$m", "variable.other"),
        (":=", "keyword.operator"),
        (".Messages", "variable.other.member"),
        ("}}", "punctuation.definition.action.end"),
        ("FROM ", "meta.embedded.template"),
        ("{{-", "punctuation.definition.action.begin"),
        ("end", "keyword.control"),
        ("-}}", "punctuation.definition.action.end"),
        ('"""', "punctuation.definition.string.end"),
        ("FROM", "keyword.control.instruction"),
        ("a", "string.unquoted"),
    ]


@pytest.mark.parametrize(
    "half", ["{{", "{{ .Prompt", "{{ .Prompt }", "{{/* not closed", "{{ `raw", '{{ "text', '{{ eq .Role "']
)
def test_while_a_template_is_typed_what_follows_keeps_its_colours(half: str) -> None:
    text = f'TEMPLATE """a\n{half}"""\nFROM a\nSYSTEM Hi\n'
    found = tokens("source.modelfile", text)
    assert ('"""', "punctuation.definition.string.end") in found
    assert found[-4:] == [
        ("FROM", "keyword.control.instruction"),
        ("a", "string.unquoted"),
        ("SYSTEM", "keyword.control.instruction"),
        ("Hi", "string.unquoted"),
    ]


def test_instructions_begin_where_ollama_has_them() -> None:
    """Odd Modelfiles: quotes within quotes, comments in values, any ends of lines, names in any case."""
    read = []
    for data in modelfiles(seed=11, count=4000):
        with contextlib.suppress(KitError):
            read.append((decode(data), parse_modelfile(data)))
    sound = [(text, found) for text, found in read if all(map(is_print, re.sub(r"[ \t\r\n]", "", text)))]
    assert len(sound) > 200
    coloured = run_node("tokenize.js", "source.modelfile", stdin=json.dumps([text for text, _ in sound]))
    for (text, found), lines in zip(sound, coloured, strict=True):
        starts = [
            number
            for number, line in enumerate(lines, 1)
            for _, scopes in line
            if scopes[-1].startswith(
                ("keyword.control.instruction", "keyword.other", "invalid.illegal.instruction")
            )
        ]
        assert starts == [each.line for each in found.instructions], text


def test_a_template_is_coloured() -> None:
    text = '{{/* range\n */}}{{ if (eq .Role "a\\n" `}}`) }}if {{ . }}{{ $.Range 1.5 true }}'
    assert tokens("text.gotmpl", text) == [
        ("{{/* range", "comment.block"),
        (" */}}", "comment.block"),
        ("{{", "punctuation.definition.action.begin"),
        ("if", "keyword.control"),
        ("(", "punctuation.section.parens"),
        ("eq", "support.function"),
        (".Role", "variable.other.member"),
        ('"a', "string.quoted.double"),
        ("\\n", "constant.character.escape"),
        ('"', "string.quoted.double"),
        ("`}}`", "string.quoted.raw"),
        (")", "punctuation.section.parens"),
        ("}}", "punctuation.definition.action.end"),
        ("if ", "text"),
        ("{{", "punctuation.definition.action.begin"),
        (".", "variable.language.dot"),
        ("}}", "punctuation.definition.action.end"),
        ("{{", "punctuation.definition.action.begin"),
        ("$", "variable.other"),
        (".Range", "variable.other.member"),
        ("1.5", "constant.numeric"),
        ("true", "constant.language"),
        ("}}", "punctuation.definition.action.end"),
    ]


def test_the_grammars_know_what_the_kit_knows() -> None:
    modelfile, template = (
        json.loads((EXTENSION / "syntaxes" / f"{name}.tmLanguage.json").read_text(encoding="utf-8"))[
            "repository"
        ]
        for name in ("modelfile", "gotmpl")
    )
    known = re.findall(
        r"[A-Z]{4,}", "".join(modelfile[name]["begin"] for name in ("instruction", "template"))
    )
    assert {word.lower() for word in known} == {*INSTRUCTIONS, PROJECTOR}
    assert "|".join(ROLES) in modelfile["message"]["begin"]
    rules = {rule["name"]: rule.get("match", "") for rule in template["inside"]["patterns"]}

    def words(rule: str) -> set[str]:
        return set(re.findall(r"[a-zA-Z]{2,}", rules[f"{rule}.gotmpl"].partition("(?:")[2]))

    assert words("keyword.control") == set(KEYWORD_WORDS)
    assert words("support.function") == {*BUILTIN_NAMES, *YOUNG, "json"}


def test_the_description_names_files_that_are_there() -> None:
    contributes = DESCRIPTION["contributes"]
    named = [DESCRIPTION["main"], *(g["path"] for g in contributes["grammars"])]
    named += [language["configuration"] for language in contributes["languages"]]
    assert [name for name in named if not (EXTENSION / name).is_file()] == []
    assert re.fullmatch(r"\d+\.\d+\.\d+", DESCRIPTION["version"])  # the extension's own, not the kit's
    for name in named[1:]:
        json.loads((EXTENSION / name).read_text(encoding="utf-8"))
    assert (EXTENSION / "LICENSE").read_bytes() == (EXTENSION.parents[1] / "LICENSE").read_bytes()
    settings = set(contributes["configuration"]["properties"])
    used = re.findall(r'settings\.get\("(\w+)"', (EXTENSION / "extension.js").read_text(encoding="utf-8"))
    assert {f"mkmodelfile.{name}" for name in used} == settings


def test_the_packages_come_from_the_public_registry() -> None:
    lock = json.loads((EXTENSION / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages and all(package["integrity"].startswith("sha512-") for package in packages.values())
    sources = [package["resolved"] for package in packages.values() if "resolved" in package]
    assert all(source.startswith("https://registry.npmjs.org/") for source in sources)


def test_the_library_of_vscode_speaks_with_the_server() -> None:
    pytest.importorskip("pygls", reason="pygls (the extra lsp) is not installed")
    said = run_node("session.js", sys.executable, "-m", "modelfile_kit", "lsp")
    assert said["code"] == 0
    assert said["capabilities"]["hoverProvider"] is True
    assert [d["code"] for d in said["diagnostics"]] == ["MK110"]
    assert said["hover"] is None and "temperature" in said["labels"]


def activated(**settings: Any) -> Any:
    """What the extension does when it is activated; VS Code itself is a stand-in."""
    return run_node("activate.js", json.dumps({"trusted": True, **settings}))


@pytest.mark.parametrize(
    ("path", "command"),
    [
        (None, "mkmodelfile"),
        (" ", "mkmodelfile"),
        ("mkmodelfile-dev", "mkmodelfile-dev"),
        ("/opt/bin/mkmodelfile", "/opt/bin/mkmodelfile"),
        (".venv/bin/mkmodelfile", "/home/me/models/.venv/bin/mkmodelfile"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="paths are written as on Linux and macOS")
def test_the_extension_starts_the_server(path: str | None, command: str) -> None:
    said = activated(path=path, target=">=0.30")
    [client] = said["clients"]
    assert client["server"] == {"command": command, "args": ["lsp"]}
    assert client["options"]["initializationOptions"] == {"target": ">=0.30"}
    languages = [each.get("language") for each in client["options"]["documentSelector"]]
    assert languages == ["modelfile", "gotmpl", None]
    assert (said["told"], said["stopped"]) == ([], 1)


def test_in_a_workspace_that_is_not_trusted_nothing_is_started() -> None:
    assert activated(trusted=False)["clients"] == []


def test_where_the_server_does_not_start_the_way_to_it_is_said() -> None:
    said = activated(fails=True)
    [told] = said["told"]
    assert "mkmodelfile lsp" in told and 'pip install "modelfile-kit[lsp]"' in told and "ENOENT" in told
    assert ["workbench.action.openSettings", "mkmodelfile.path"] in said["commands"]
