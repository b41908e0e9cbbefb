"""A file of one kind in the place of another: the message says what it is and what takes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit.core.errors import KitError
from modelfile_kit.micro import build_pair
from modelfile_kit.play.subject import Asked, open_subject

GO = "{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}"
JINJA = "{%- for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}"
CHATS = '[{"id": "a", "messages": [{"role": "user", "content": "Hi"}]}]'
CONFIG = '{"chat_template": "{% for m in messages %}{{ m.content }}{% endfor %}", "eos_token": "</s>"}'

# Each kind: its file, what it is called, and a command that takes it.
KINDS = {
    "jinja": ("x.jinja", "a chat template", "render --jinja"),
    "go": ("x.gotmpl", "a Go template", "render --template"),
    "modelfile": ("Modelfile", "a Modelfile", "render --modelfile"),
    "package": ("p/mkmodelfile.yaml", "a package file", "mkmodelfile build"),
    "gguf": ("micro-glm4v.gguf", "a GGUF", "mkmodelfile inspect"),
    "config": ("tokenizer_config.json", "a tokenizer's configuration", "render --jinja"),
    "chats": ("chats.json", "a file of conversations", "render --messages"),
}
# Each command line, with the kinds that it takes.
COMMANDS = {
    "render --template {} --messages chats.json": {"go"},
    "render --modelfile {} --messages chats.json": {"modelfile"},
    "render --jinja {} --messages chats.json": {"jinja", "gguf", "config"},
    "render {} --messages chats.json": {"jinja", "go", "modelfile", "gguf", "config"},
    "render --jinja x.jinja --messages {}": {"chats"},
    "render --jinja x.jinja --messages chats.json --tools {}": {"config", "chats"},  # JSON: the test below
    "compile {}": {"jinja", "gguf", "config"},
    "compile --jinja {}": {"jinja", "gguf", "config"},
    "inspect {}": {"gguf"},
    "init {} --name t --output out.yaml": {"gguf", "modelfile"},
    "fit {}": {"gguf", "package"},
    "patch {} --set general.name=a --output out.gguf": {"gguf"},
    "build {}": {"package"},
    "build p --model {}": {"gguf"},
    "build p --projector {}": {"gguf"},  # a model in its place has a message of its own
    "check {}": {"package"},
    "check p --tokenizer {}": set(),
    "test --micro --no-tokens {}": {"package"},
    "publish --dry-run {}": {"package"},
    "serve --print shell {}": {"package"},
    "lint --no-files {}": {"modelfile", "package", "go", "jinja"},
    "fmt --check {}": {"modelfile"},
    "lint --baseline {} Modelfile": {"config", "chats"},  # JSON, of which MK908 says that it is no baseline
    "lint --config {} Modelfile": set(),
    "audit {}": {"gguf"},
}
CALLED = {"gguf": ("a GGUF", "this GGUF")}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kinds")
    build_pair(folder)
    (folder / "x.jinja").write_text(JINJA)
    (folder / "x.gotmpl").write_text(GO)
    (folder / "chats.json").write_text(CHATS)
    (folder / "tokenizer_config.json").write_text(CONFIG)
    (folder / "Modelfile").write_text(f'FROM ./micro-glm4v.gguf\nTEMPLATE """{GO}"""\n')
    (folder / "p").mkdir()
    text = "name: p\nmodel: ../micro-glm4v.gguf\nprojector: none\n"
    (folder / "p" / "mkmodelfile.yaml").write_text(text)
    return folder


WRONG = [(line, kind) for line, taken in COMMANDS.items() for kind in KINDS if kind not in taken]


@pytest.mark.parametrize(("line", "kind"), WRONG)
def test_another_kind(line: str, kind: str, files: Path, mkmodelfile, monkeypatch) -> None:
    monkeypatch.chdir(files)
    before = sorted(files.rglob("*"))
    file, called, takes = KINDS[kind]
    done = mkmodelfile(*line.format(file).split())
    said = " ".join((done.out + done.err).split())
    assert done.code in (1, 2), said
    assert file in said
    assert any(words in said for words in CALLED.get(kind, (called,))), said
    if not (kind == "gguf" and ("--model" in line or "lint" in line or "fmt" in line)):
        assert takes in said or "mkmodelfile init" in said, said
    assert sorted(files.rglob("*")) == before


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (line, kind)
        for line, taken in COMMANDS.items()
        for kind in sorted(taken)
        if line.startswith(("render {", "render --template", "render --modelfile", "compile"))
    ],
)
def test_its_own_kind(line: str, kind: str, files: Path, mkmodelfile, monkeypatch) -> None:
    monkeypatch.chdir(files)
    done = mkmodelfile(*line.format(KINDS[kind][0]).split())
    assert done.code == 0, done.err
    assert "Hi" in done.out or line.startswith("compile")


def test_render_takes_a_file_by_what_it_holds(files: Path, mkmodelfile, monkeypatch) -> None:
    monkeypatch.chdir(files)
    for option, file in (("--template", "x.gotmpl"), ("--modelfile", "Modelfile"), ("--jinja", "x.jinja")):
        named = mkmodelfile("render", option, file, "--messages", "chats.json")
        assert mkmodelfile("render", file, "--messages", "chats.json").out == named.out == "<|user|>Hi"


def test_compile_takes_its_template_both_ways(files: Path, mkmodelfile, monkeypatch) -> None:
    monkeypatch.chdir(files)
    assert mkmodelfile("compile", "--jinja", "x.jinja").out == mkmodelfile("compile", "x.jinja").out != ""
    for arguments, found in ((("x.jinja", "--jinja", "x.jinja"), "found both"), ((), "found neither")):
        done = mkmodelfile("compile", *arguments)
        assert (done.code, found in done.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("-",), "say what standard input holds"),
        (("plain.txt",), "it cannot be told what this file is"),
        (("x.gotmpl", "--template", "x.gotmpl"), "found --template and FILE"),
        ((), "found none"),
        (("--modelfile", "p"), "this is a package"),
        (("p",), "`mkmodelfile build p` writes its Modelfile"),
        (("--jinja", "p"), f"`mkmodelfile render {Path('p/build/NAME/Modelfile')} --messages"),
        (("p/mkmodelfile.yaml",), "`mkmodelfile check p` compares it"),
    ],
)
def test_what_render_cannot_tell(arguments, words, files: Path, mkmodelfile, monkeypatch) -> None:
    monkeypatch.chdir(files)
    (files / "plain.txt").write_text("plain")
    done = mkmodelfile("render", *arguments, "--messages", "chats.json", stdin=b"x")
    (files / "plain.txt").unlink()
    assert done.code == 2
    assert words in done.err


def test_conversations_and_a_configuration_are_no_tools(files: Path, mkmodelfile, monkeypatch) -> None:
    monkeypatch.chdir(files)
    line = ("render", "--jinja", "x.jinja", "--messages", "chats.json", "--tools")
    done = mkmodelfile(*line, "chats.json")
    assert (done.code, done.out) == (2, "")
    assert "chats.json: error MK901 usage: conversation 'a': tool 0 has 'messages'" in done.err
    done = mkmodelfile(*line, "tokenizer_config.json")
    assert (done.code, done.out) == (2, "")
    assert "tokenizer_config.json: error MK901" in done.err


@pytest.mark.parametrize("kind", ["modelfile", "chats"])
def test_what_play_cannot_open(kind: str, files: Path) -> None:
    file, called, takes = KINDS[kind]
    with pytest.raises(KitError) as error:
        open_subject(Asked(str(files / file)))
    assert f"this is {called}" in error.value.message
    assert takes in error.value.help
    assert error.value.span is not None and error.value.span.file == str(files / file)


def test_a_go_template_with_jinjas_marks_in_its_text_is_rendered(tmp_path: Path, mkmodelfile) -> None:
    (tmp_path / "x.gotmpl").write_text("{{ range .Messages }}{% {{ .Content }} %}{{ end }}")
    (tmp_path / "m.json").write_text('[{"role": "user", "content": "Hi"}]')
    done = mkmodelfile("render", "--template", tmp_path / "x.gotmpl", "--messages", tmp_path / "m.json")
    assert (done.code, done.out) == (0, "{% Hi %}")
