"""No text from outside commands a terminal or a CI service, whatever the command, format and stream.

`MATRIX` has a row for every command: command lines that make it print names, keys, tokens, source lines,
paths and answers that an attacker wrote. A command without a row fails.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import sys
import threading
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import click
import pytest
from PIL import Image

from modelfile_kit.cli.main import _COMMANDS, cli, run
from modelfile_kit.core.diagnostics import Diagnostic, Severity, Span
from modelfile_kit.micro import build_pair
from modelfile_kit.report import Case, Report, Status, html
from tests.gguf_file.handmade import Typed, gguf

pty = pytest.importorskip("pty", reason="this system has no pseudo terminals")
import tty  # noqa: E402

WORD = "PWNED"
CORPUS = (
    "\x1b]0;PWNED\x07",  # OSC: the title of the terminal
    "\x1b]8;;http://x.example\x1b\\PWNED\x1b]8;;\x1b\\",  # OSC 8: a link
    "\x1b]52;c;UFdORUQ=\x07",  # OSC 52: the clipboard
    "\x1b[31;7mPWNED\x1b[2J\x1b[6n",  # CSI: colours, clear, a report
    "\x1bPq\x1b\\\x1b_x\x1b\\\x1b^y\x1b\\",  # DCS, APC, PM
    "\x9b2J\x9d0;PWNED\x9c",  # C1
    "ok\rPWNED",
    "x\r\n::error::PWNED",
    "x\n  ::add-mask::PWNED\n",
    "x\n\u3000::set-output name=a::PWNED",
    "x\n##[error]PWNED ##vso[task.setvariable variable=x]PWNED\n##teamcity[PWNED]",
    "x\x0b::error::PWNED\x0c::error::PWNED\x1e::error::PWNED\x85::error::PWNED",
    "x\u2028::error::PWNED\u2029::error::PWNED",
    "\u202ePWNED\u202c\u2066PWNED\u2069\u200f\u061c",  # bidirectional
    "\u200b\u200d\ufeff\u2060\u00ad\u3164\u034f\ufe0f\U000e0041\U000e0100",  # invisible
    "\x08\x08\x7f\x07\x05",
)
ATTACK = "".join(CORPUS)
# A name of a file has at most 255 bytes and no slash.
NAME = "\x1b]0;PWNED\x07\r\n::error::PWNED\n##[error]PWNED\u202e\u200b\udcff\x9b2J"
# What click and rich write for themselves: colours, and lines that are drawn again.
OWN = re.compile(r"\r?\x1b\[(?:(?:[0-2]|3[0-7]|38;5;\d+|38;2;\d+;\d+;\d+)m|\?25[lh]|2K|1A)\r?")
OURS = re.compile("::(error|warning|notice) title=")


@dataclass
class World:
    """What an attacker made.

    attack: the text that is everywhere in it; package: a key that there is not; odd: a chat template that is
    compiled.
    """

    attack: str
    folder: Path
    model: Path
    projector: Path
    broken: Path
    package: Path
    odd: Path
    sound: Path
    template: Path
    conversation: Path
    modelfile: Path
    image: Path
    url: str
    friendly: str


def ollama_answer(said: str) -> list[dict[str, Any]]:
    """An answer of /api/chat, in pieces."""
    last = {"message": {"content": said}, "done": True, "done_reason": "stop", "eval_count": 2}
    return [{"message": {"content": said}}, last]


def ollama_show(said: str, attack: str) -> dict[str, Any]:
    """An answer of /api/show."""
    return {
        "template": "{{ .Prompt }}" + attack,
        "system": said,
        "license": said,
        "parameters": f"stop {said}",
        "modelfile": f"FROM {said}\nTEMPLATE {said}",
        "capabilities": ["completion", "vision"],
        "model_info": {"general.architecture": said, said: said},
        "projector_info": {"clip.projector_type": said},
        "details": {"family": said},
    }


class _Hostile(BaseHTTPRequestHandler):
    """A server whose every answer is an attack: an error, or with `friendly` what was asked for."""

    friendly = False
    attack = ""

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        attack = self.attack
        said = attack + "\udcff"  # JSON can carry half a character
        known: dict[str, Any] = {
            "/api/version": {"version": "0.34.4"},
            "/api/tags": {"models": [{"model": attack, "name": attack, "digest": attack}]},
            "/v1/models": {"data": [{"id": attack}]},
        }
        body = known.get(self.path)
        data = json.dumps(body or {"error": said}).encode()
        if self.friendly and self.path == "/api/tags":
            data = json.dumps(
                {"models": [{"model": "m:latest", "name": "m:latest", "digest": said}]}
            ).encode()
        elif self.friendly and (self.path == "/api/show" or self.path in known):
            body = body or ollama_show(said, attack)
            data = json.dumps(body).encode()
        elif self.friendly and self.path == "/api/chat":
            body = {}
            data = b"".join(json.dumps(part).encode() + b"\n" for part in ollama_answer(said))
        self.send_response(500 if body is None else 200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_HEAD = do_DELETE = _answer  # noqa: N815 (the names that http.server calls)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with make_world(tmp_path_factory.mktemp("outside"), ATTACK, NAME) as made:
        yield made


@contextlib.contextmanager
def make_world(beside: Path, attack: str, name: str) -> Iterator[World]:
    """Files and servers with the text in them, in a folder of that name."""
    folder = beside / name
    folder.mkdir()
    pair = build_pair(folder / "pair")
    assert pair.projector is not None
    broken = folder / f"{name}.gguf"
    keys = {
        "general.architecture": Typed("string", attack),
        "general.name": Typed("string", attack),
        f"{attack}.context_length": Typed("string", attack),
        "tokenizer.ggml.model": Typed("string", attack),
        "tokenizer.ggml.pre": Typed("string", attack),
        "tokenizer.ggml.tokens": Typed("string[]", [attack, "a"]),
        "tokenizer.ggml.eos_token_id": Typed("uint32", 0),
        "tokenizer.chat_template": Typed("string", f"{{{{ messages | tojson }}}}{attack}{{% x %}}"),
    }
    broken.write_bytes(gguf(keys))
    source = '"' + "".join(f"\\U{ord(c):08x}" for c in attack) + '"'
    package, odd, sound = (folder / name for name in ("package", "odd", "sound"))
    for place in (package, odd, sound):
        place.mkdir()
        (place / "mkmodelfile.yaml").write_text(f"name: tiny\nmodel: {json.dumps(str(pair.model))}\n")
        if os.sep in name or "\udcff" in str(pair.model):  # YAML has no bytes that are not UTF-8
            build_pair(place)
            (place / "mkmodelfile.yaml").write_text("name: tiny\nmodel: micro-glm4v.gguf\n")
    with (package / "mkmodelfile.yaml").open("a") as file:
        file.write(f"{source}: {source}\n")
    text = (
        "{% for m in messages %}"
        + attack
        + "{{ m.content | wordwrap(3) }}{{ x.y('"
        + attack
        + "') }}{% endfor %}"
    )
    with (odd / "mkmodelfile.yaml").open("a") as file:
        file.write("chat_template: odd.jinja\n")
    template = odd / "odd.jinja"
    template.write_bytes(text.encode())
    conversation = folder / f"{name}.json"
    conversation.write_text(
        json.dumps({"id": attack, "messages": [{"role": attack, "content": attack, attack: 1}]})
    )
    modelfile = folder / "Modelfile"
    modelfile.write_bytes(f"FROM {attack}\nPARAMETER {attack} {attack}\n".encode())
    (folder / "settings.toml").write_text(f"[lint]\n{source} = 1\n")
    (folder / "known.json").write_text(json.dumps({"version": attack, "findings": {}}))
    image = folder / f"{name}.png"
    Image.new("RGB", (32, 32)).save(image)
    servers = [
        ThreadingHTTPServer(
            ("127.0.0.1", 0), type("Handler", (_Hostile,), {"attack": attack, "friendly": kind})
        )
        for kind in (False, True)
    ]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    url, friendly = (f"http://127.0.0.1:{server.server_address[1]}" for server in servers)
    yield World(
        attack=attack,
        folder=folder,
        model=pair.model,
        projector=pair.projector,
        broken=broken,
        package=package,
        odd=odd,
        sound=sound,
        template=template,
        conversation=conversation,
        modelfile=modelfile,
        image=image,
        url=url,
        friendly=friendly,
    )
    for server in servers:
        server.shutdown()
        server.server_close()


Lines = Callable[[World], list[list[Any]]]


def on_package(*more: Any) -> Lines:
    """A package with a key that there is not, and one whose chat template is odd."""
    return lambda w: [[w.package, *more], [w.folder / "none", *more]]


MATRIX: dict[str, Lines] = {
    "demo": lambda w: [
        ["--no-server", "-o", w.modelfile / "x"],
        ["--host", w.attack, "-o", w.modelfile / "x"],
    ],
    "init": lambda w: [
        [w.broken],
        [w.model, "--projector", w.broken],
        [w.modelfile],
        [w.modelfile, "-o", w.modelfile.parent / f"{os.urandom(4).hex()}.yaml"],
    ],
    "inspect": lambda w: [[w.broken], [w.model, "--tokenizer", w.broken], [w.modelfile]],
    "fit": lambda w: [[w.broken], [w.package], [w.model, "--projector", w.broken]],
    "patch": lambda w: [
        [w.model, "--set", f"general.name={w.attack}", "-o", w.folder / f"{os.urandom(4).hex()}.gguf"],
        [w.model, "--set", f"{w.attack}={w.attack}", "-o", w.folder],
    ],
    "pull": lambda w: [
        *([w.package], [w.folder / "none"], [w.broken]),
        *([ATTACK], [f"{w.url}/{ATTACK}.gguf"], [f"{w.friendly}/m.gguf", "--dry-run"]),
    ],
    "diff": lambda w: [
        [w.broken, w.model],
        [w.model, w.broken],
        [w.template, w.broken],
        [w.modelfile, w.sound],
        [w.sound, "ollama://m", "--host", w.friendly],
        [w.sound, f"ollama://{ATTACK}", "--host", w.url],
    ],
    "quantize": lambda w: [
        [w.broken, "Q4_K_M"],
        [w.model, w.attack],
        [w.model, "Q8_0", "--imatrix", w.broken],
        [w.model, "Q8_0", "--llama-quantize", w.broken],
    ],
    "compile": lambda w: [
        [w.template],
        [w.template, "--explain"],
        [w.broken],
        [w.modelfile, "--name", w.attack],
    ],
    "render": lambda w: [
        ["--jinja", w.broken, "--messages", w.conversation],
        ["--template", w.modelfile, "--messages", w.conversation, "--id", w.attack],
        ["--modelfile", w.modelfile, "--messages", w.conversation],
    ],
    "build": lambda w: [
        *([w.package], [w.odd], [w.sound, "--model", w.broken], [w.folder / "none"]),
        *([w.odd, "--for", "hf"], [w.odd, "--for", "oci"], [w.sound, "--for", "oci", "-o", w.folder / NAME]),
    ],
    "check": lambda w: [[w.package], [w.odd], [w.sound, "--projector", w.broken]],
    # The others serve a page until they are interrupted.
    "play": lambda w: [
        *([w.package], [w.folder / "none"], [w.broken], [w.odd, "--name", w.attack]),
        *([w.sound, "--model", w.broken], [ATTACK], [w.template, "--variant", w.attack]),
    ],
    "test": lambda w: [[w.package], [w.odd], [w.sound, "--model", w.broken]],
    "micro": lambda w: [[w.package], [w.sound, "-o", w.sound], [w.odd, "--describe"]],
    "publish": lambda w: [[w.package], [w.sound, "--host", w.url], [w.sound, "--host", w.attack]],
    "push": lambda w: [
        [w.package, "--host", w.url, "--to", "127.0.0.1:9/me/m"],
        [w.sound, "--host", w.friendly, "--to", w.attack],
        [w.sound, "--host", w.url, "--to", "me/m"],
        [w.sound, "--host", w.url, "--verify-on", w.attack],
        *([w.sound, "--to", f"hf.co/{w.attack}"], [w.sound, "--to", f"oci://{w.attack}"]),
        [w.sound, "--to", f"oci://{w.url.removeprefix('http://')}/a/b", "--insecure"],
    ],
    "verify": lambda w: [
        [w.attack, "--host", w.url],
        ["m", "--host", w.friendly],
        ["m", "--package", w.package],
        ["m", "--host", w.attack],
    ],
    "serve": lambda w: [
        [w.package],
        [w.sound, "--llama-server", w.broken],
        [w.sound, "--api-key-file", w.broken],
    ],
    "caption": lambda w: [
        [w.image, "--model", "m", "--host", w.url, "--no-cache"],
        [w.image, "--model", "m", "--url", w.url, "--no-cache"],
        [w.image, "--model", "m", "--host", w.friendly, "--no-cache"],
        [w.broken, w.folder, "--model", "m", "--host", w.url, "--no-cache"],
    ],
    "repair": lambda w: [
        [w.attack, "--host", w.url, "--yes"],
        ["m", "--host", w.friendly, "--dry-run"],
        ["m", "--host", w.attack],
    ],
    "adopt": lambda w: [
        [ATTACK, "--host", w.url],
        ["m", "--host", w.friendly, "--output", w.folder / "none"],
        ["m", "--host", w.friendly, "--model", w.broken],
        ["m", "--host", ATTACK],
    ],
    "audit": lambda w: [
        [w.broken, "--jobs", "1", "--no-cache"],
        [w.friendly + "/m.gguf", ATTACK, "--jobs", "1", "--no-cache"],
        ["ollama://", "--host", w.friendly, "--jobs", "1", "--no-cache"],
        ["ollama://", "--host", w.url],
    ],
    "rollback": lambda w: [
        [w.attack, "--host", w.url],
        ["m", "--host", w.friendly],
        ["m", "--host", w.friendly, "--to", w.attack],
        ["m", "--host", w.friendly, "--list"],
    ],
    "lint": lambda w: [
        [w.modelfile],
        [w.modelfile, "--fix"],
        [w.broken],
        [w.folder / "none"],
        [w.folder, "-v"],
        [w.modelfile, "--select", w.attack],
        [w.folder / "*.none"],
        [w.modelfile, "--config", w.folder / "settings.toml"],
        [w.modelfile, "--baseline", w.folder / "known.json"],
        [w.folder, "--baseline", w.folder / "none"],
    ],
    "fmt": lambda w: [
        [w.modelfile, "--check"],
        [w.modelfile, "--diff"],
        [w.broken],
        [w.folder, "--check", "-v"],
    ],
    "explain": lambda w: [[w.attack]],
    "completion": lambda w: [["bash"], [w.attack]],
    "schema": lambda w: [[], [w.attack]],
    "lsp": lambda w: [[], [w.attack]],
    "doctor": lambda w: [
        [w.attack],
        [w.package],
        ["--host", w.url],
        ["ollama://m", "--host", w.friendly],
    ],
}


def formats(name: str) -> list[str | None]:
    """The values of a command's --format, and none."""
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    options = {option: p for p in command.params for option in p.opts}
    known = options.get("--format")
    return [None] if known is None else [None, *known.type.choices]  # type: ignore[attr-defined]


def seen_by(arguments: list[Any], terminal: bool) -> str:
    """What a command line writes to both of its streams."""
    # It lives as long as this process and would keep the streams of the first command that starts it.
    resource_tracker.ensure_running()
    if terminal:
        reads, writes = pty.openpty()
        tty.setraw(writes)
    else:
        reads, writes = os.pipe()
    parts: list[bytes] = []

    def read() -> None:
        with contextlib.suppress(OSError):
            while part := os.read(reads, 65536):
                parts.append(part)

    reader = threading.Thread(target=read)
    reader.start()
    kept = {fd: os.dup(fd) for fd in (1, 2)}
    streams = sys.stdin, sys.stdout, sys.stderr
    try:
        for fd in kept:
            os.dup2(writes, fd)
        sys.stdin = io.TextIOWrapper(io.BytesIO(b""))
        sys.stdout, sys.stderr = (open(fd, "w", encoding="utf-8", closefd=False) for fd in (1, 2))  # noqa: SIM115
        run([os.fsdecode(a) if isinstance(a, bytes) else str(a) for a in arguments])
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        sys.stdin, sys.stdout, sys.stderr = streams
        for fd, copy in kept.items():
            os.dup2(copy, fd)
            os.close(copy)
        os.close(writes)
        reader.join(60)
        os.close(reads)
    return b"".join(parts).decode()  # fails where it is not UTF-8


def faults(text: str, output_format: str | None, terminal: bool) -> list[str]:
    """What of an output a terminal, a CI service or a reader would fall for."""
    found = []
    if terminal:
        text = OWN.sub("", text)
    for character in sorted(set(text) - {"\n", "\t"}):
        if (
            unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")
            or character in "\u034f\u3164\ufe0f"
        ):
            place = text.index(character)
            found.append(f"{character!a} in {text[max(0, place - 60) : place + 20]!a}")
    for line in text.split("\n"):
        if line.strip().startswith("::") and not (output_format == "github" and OURS.match(line)):
            found.append(f"a command: {line[:80]!a}")
        if re.search(r"##\w*\[", line):
            found.append(f"a command of another kind: {line[:200]!a}")
    return found


def test_every_command_is_in_the_matrix() -> None:
    assert MATRIX.keys() == _COMMANDS.keys(), "give a new command its row"


@pytest.mark.parametrize("terminal", [False, True], ids=["pipe", "terminal"])
@pytest.mark.parametrize("name", list(_COMMANDS))
def test_nothing_foreign_is_obeyed(
    name: str, terminal: bool, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("OLLAMA_HOST", raising=False)
    wrong, reached = [], False
    for arguments in MATRIX[name](world):
        for output_format in formats(name):
            asked = [name, *arguments, *(["--format", output_format] if output_format else [])]
            text = seen_by(asked, terminal)
            reached |= WORD in text
            assert "MK999" not in text, text
            wrong += [f"{asked!a:.150}: {fault}" for fault in faults(text, output_format, terminal)]
    assert not wrong, "\n".join(wrong)
    assert reached, "no line of its row makes it print foreign text"


def test_a_page_shows_it_too(world: World, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    found = Diagnostic("MK101", Severity.ERROR, ATTACK, Span(ATTACK, 1, 1), ATTACK)
    case = Case(ATTACK, Status.FAILED, ATTACK, ATTACK, (found,), data={"prompt": ATTACK, "reference": "x"})
    page.write_text(html.render(Report("check", ATTACK, (case,), (found,), {"name": ATTACK})))
    assert not faults(page.read_text(), None, False)
    assert WORD in page.read_text()


def test_a_traceback_shows_it_too(world: World) -> None:
    text = seen_by(["--debug", "inspect", world.folder / "none", "--format", "text"], False)
    text += seen_by(["--debug", "build", world.package], False)
    assert "Traceback" in text
    assert not faults(text, None, False)


def test_programs_get_the_text_itself(world: World) -> None:
    asked = ["inspect", world.broken, "-q", "--format"]
    assert json.loads(seen_by([*asked, "json"], False))["cases"][0]["data"]["name"] == ATTACK
    assert json.loads(seen_by([*asked, "sarif"], False))["runs"]
    assert ElementTree.fromstring(seen_by([*asked, "junit"], False)).tag == "testsuites"


def test_what_was_asked_for_is_exact_in_a_pipe_and_shown_on_a_terminal(tmp_path: Path) -> None:
    template = tmp_path / "t.gotmpl"
    template.write_text("{{ range .Messages }}{{ .Content }}{{ end }}")
    messages = tmp_path / "c.json"
    messages.write_text(json.dumps([{"role": "user", "content": ATTACK}]))
    asked = ["render", "--template", template, "--messages", messages]
    assert seen_by(asked, False) == ATTACK
    assert not faults(seen_by(asked, True), None, True)


def test_only_one_file_of_the_commands_writes() -> None:
    import modelfile_kit.cli

    [folder] = modelfile_kit.cli.__path__
    writers = re.compile(
        r"click\.(?:echo|secho)|(?<![\w.])print\(|std(?:out|err)(?:\.buffer)?\.write|print_exc"
    )
    found = {p.name for p in Path(folder).glob("*.py") if writers.search(p.read_text(encoding="utf-8"))}
    assert found == {"output.py"}
