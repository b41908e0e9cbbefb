"""What bad input gets: one message that names the place and the way out, the right exit code, no traceback,
nothing half-written."""

from __future__ import annotations

import http.server
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest

from modelfile_kit.micro import build_pair

PROGRAM = [sys.executable, "-m", "modelfile_kit.cli.main"]
PACKAGE = "name: tiny\nmodel: micro-glm4v.gguf\nprojector: mmproj-micro-glm4v.gguf\n"


@pytest.fixture(scope="module")
def pair(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("pair")
    build_pair(folder)
    return folder


@pytest.fixture
def folder(pair, tmp_path) -> Path:
    """A package with the micro pair, which is not to be changed."""
    for name in ("micro-glm4v.gguf", "mmproj-micro-glm4v.gguf"):
        (tmp_path / name).symlink_to(pair / name)
    (tmp_path / "mkmodelfile.yaml").write_text(PACKAGE)
    return tmp_path


@pytest.fixture
def said(folder, mkmodelfile, monkeypatch):
    """Runs a command line in the folder; gives the code and both streams."""
    monkeypatch.chdir(folder)

    def run(*arguments, stdin: bytes = b"") -> tuple[int, str]:
        done = mkmodelfile(*map(os.fsdecode, arguments), stdin=stdin)
        text = done.out + done.err
        assert "Traceback" not in text, text
        assert "internal error" not in text, text
        return done.code, text

    return run


def files_in(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*")}


# -- files in the place of a model --------------------------------------------------------------------


def _zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data.pkl", b"x" * 100)


def _array_of_4_gib(path: Path) -> None:
    # One key "abc": an array (9) of texts (8) that claims 2**32 elements.
    head = struct.pack("<4sIQQ", b"GGUF", 3, 0, 1)
    path.write_bytes(head + struct.pack("<Q3sIIQ", 3, b"abc", 9, 8, 1 << 32))


def _cut(pair: Path, share: float) -> bytes:
    data = (pair / "micro-glm4v.gguf").read_bytes()
    return data[: int(len(data) * share)]


STRANGE = {
    "cut in the header": (lambda p, pair: p.write_bytes(_cut(pair, 0.005)), "cut short"),
    "cut in the weights": (lambda p, pair: p.write_bytes(_cut(pair, 0.999)), "cut short"),
    "noise": (lambda p, pair: p.write_bytes(bytes(range(250, 0, -1)) * 9), "expected a GGUF file"),
    "version": (lambda p, pair: p.write_bytes(b"GGUF" + b"\x99" * 60), "expected 2 or 3"),
    "picture": (lambda p, pair: p.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(90)), "PNG image"),
    "zip": (lambda p, pair: _zip(p), "zip archive"),
    "page": (lambda p, pair: p.write_bytes(b"<!DOCTYPE html><html>Log in</html>"), "HTML page"),
    "LFS pointer": (
        lambda p, pair: p.write_bytes(b"version https://git-lfs.github.com/spec/v1\n"),
        "lfs pull",
    ),
    "empty": (lambda p, pair: p.write_bytes(b""), "is empty"),
    "4 GiB array": (lambda p, pair: _array_of_4_gib(p), "4,294,967,296 elements"),
}


@pytest.mark.parametrize("kind", STRANGE)
@pytest.mark.parametrize("command", ["inspect", "init", "build", "check", "lint"])
@pytest.mark.parametrize("name", ["bad.gguf", "bad.bin"])
def test_what_is_no_sound_gguf(said, folder, pair, kind, command, name):
    make, words = STRANGE[kind]
    make(folder / name, pair)
    (folder / "mkmodelfile.yaml").write_text(f"name: tiny\nmodel: {name}\n")
    (folder / "Modelfile").write_text(f"FROM ./{name}\n")
    before = files_in(folder)
    code, text = said(command, *{"inspect": [name], "init": [name], "lint": ["Modelfile"]}.get(command, []))
    assert code == 1, text
    assert name in text
    assert words in text
    assert "help:" in text
    assert files_in(folder) == before


def test_paths_that_are_no_files(said, folder):
    (folder / "folder.gguf").mkdir()
    (folder / "one.gguf").symlink_to("two.gguf")
    (folder / "two.gguf").symlink_to("one.gguf")
    (folder / "lost.gguf").symlink_to("nowhere.gguf")
    for name, words in (
        ("folder.gguf", "is a folder"),
        ("one.gguf", "symbolic links"),
        ("lost.gguf", "nowhere.gguf"),
        ("mirco-glm4v.gguf", "did you mean 'micro-glm4v.gguf'"),
    ):
        for command in ("inspect", "init"):
            code, text = said(command, name)
            assert (code, words in text) == (2, True), text


def _folder(path: Path, *names: str) -> None:
    path.mkdir()
    for name in names:
        (path / name).write_bytes(b"x")


NO_FILES = {
    "a folder without a model": (lambda p: _folder(p, "notes.txt"), "is a folder without a GGUF file"),
    "an empty folder": (_folder, "is a folder without a GGUF file"),
    "a folder to convert": (
        lambda p: _folder(p, "config.json", "model.safetensors"),
        "convert_hf_to_gguf.py",
    ),
    "links in a circle": (lambda p: p.symlink_to(p.name), "links lead round in a circle"),
    "a link to nothing": (lambda p: p.symlink_to("nowhere.gguf"), "a link to nowhere.gguf"),
    "a pipe": (os.mkfifo, "is not a regular file"),
}


@pytest.mark.parametrize("key", ["model", "projector"])
@pytest.mark.parametrize("kind", NO_FILES)
@pytest.mark.parametrize("command", ["build", "check", "test", "publish"])
def test_a_package_says_what_it_names_instead_of_a_file(said, folder, kind, command, key):
    make, words = NO_FILES[kind]
    make(folder / "thing")
    names = {"model": "micro-glm4v.gguf", "projector": "mmproj-micro-glm4v.gguf", key: "thing"}
    (folder / "mkmodelfile.yaml").write_text(
        "name: tiny\n" + "".join(f"{k}: {v}\n" for k, v in names.items())
    )
    before = files_in(folder)
    code, text = said(command)
    assert (code, words in text, "download it" in text) == (1, True, False), text
    assert files_in(folder) == before


@pytest.mark.parametrize("kind", NO_FILES)
@pytest.mark.parametrize("first", ["", "FROM ./micro-glm4v.gguf\n"])
def test_lint_says_what_a_from_names_instead_of_a_file(said, folder, kind, first):
    make, words = NO_FILES[kind]
    make(folder / "thing")
    (folder / "Modelfile").write_text(f"{first}FROM ./thing\n")
    code, text = said("lint", "Modelfile")
    if kind == "a folder to convert":  # create imports it
        assert "thing" not in text
    else:
        assert (code, words in text, "did you mean thing" in text) == (1, True, False), text


@pytest.mark.parametrize("kind", NO_FILES)
@pytest.mark.parametrize("command", ["inspect", "init"])
def test_a_path_of_a_command_that_is_no_file(said, folder, kind, command):
    make, words = NO_FILES[kind]
    make(folder / "thing")
    (folder / "mkmodelfile.yaml").unlink()
    code, text = said(command, "thing")
    assert (code, words in text) == (2, True), text
    assert not (folder / "mkmodelfile.yaml").exists()


def test_a_folder_of_models_names_them(said, folder, pair):
    (folder / "models").mkdir()
    (folder / "models" / "one.gguf").symlink_to(pair / "micro-glm4v.gguf")
    code, text = said("inspect", "models")
    assert (code, "give the path of a file in it: one.gguf" in text) == (2, True), text
    assert said("init", "models")[0] == 0
    assert "model: one.gguf" in (folder / "models" / "mkmodelfile.yaml").read_text()
    (folder / "mkmodelfile.yaml").write_text("name: tiny\nmodel: models\n")
    assert "a file in it: one.gguf" in said("build")[1]


def test_a_file_name_that_is_no_text(said, folder, pair):
    (folder / os.fsdecode(b"na\xffme.gguf")).symlink_to(pair / "micro-glm4v.gguf")
    assert said("inspect", b"na\xffme.gguf")[0] == 0
    (folder / "mkmodelfile.yaml").unlink()
    code, text = said("init", b"na\xffme.gguf")
    assert (code, "rename the file" in text) == (2, True), text
    assert not (folder / "mkmodelfile.yaml").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--model", "mmproj-micro-glm4v.gguf", "--projector", "none"], "this is a projector, not a model"),
        (["--projector", "micro-glm4v.gguf"], "this is another model, not a projector"),
        (["--model", "mmproj-micro-glm4v.gguf", "--projector", "micro-glm4v.gguf"], "are swapped"),
    ],
)
def test_the_wrong_half_of_a_pair(said, folder, arguments, words):
    code, text = said("build", *arguments)
    assert (code, words in text) == (1, True), text
    assert not (folder / "build").exists()


# -- package files --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "place", "words"),
    [
        ("paramters: {num_ctx: 5}", "4:1", "did you mean `parameters`"),
        ("parameters: {num_ctx: many}", "4:23", "a whole number"),
        ("parameters: {temprature: 1}", "4:26", "did you mean temperature"),
        ("stop: 5", "4:7", "expected auto or a list of texts"),
        ("mode: gow", "4:7", "did you mean `go`"),
        ("target: banana", "4:9", "0.12.6"),
        ("name: again", "4:1", "given twice"),
        ("license: nowhere.txt", "4:10", "was not found"),
        ("chat_template: family:glm5v", "4:16", "did you mean `family:glm4v`"),
        ("end_token: <|im_end|>", "4:12", "is not a token of this vocabulary"),
        ('system: "a\\0b"', "4:9", "U+0000"),
        ("system: [", "5:1", "not YAML"),
        ("system: !!python/object/apply:os.getcwd []", "4:9", "is not allowed"),
    ],
)
def test_a_fault_in_the_package_has_its_place(said, folder, more, place, words):
    (folder / "mkmodelfile.yaml").write_text(PACKAGE + more + "\n")
    code, text = said("build")
    assert code == 1, text
    # a path that several findings have is said once, above them
    assert re.search(rf"mkmodelfile\.yaml(?::|\n(?:  .*\n)*  ){place}: error", text), text
    assert words in text
    assert not (folder / "build").exists()


@pytest.mark.engine
def test_an_end_token_shows_what_it_falls_apart_into(said, folder):
    (folder / "mkmodelfile.yaml").write_text(PACKAGE + "end_token: <|im_end|>\n")
    code, text = said("build")
    assert code == 1, text
    assert "mkmodelfile.yaml:4:12: error MK323" in text
    assert "splits into 10 ordinary tokens" in text


def test_a_package_that_is_something_else(said, folder):
    assert said("build", "nowhere")[0] == 2
    code, text = said("build", "micro-glm4v.gguf")
    assert (code, "`mkmodelfile init` writes one" in text) == (1, True), text


# -- templates ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{{ raise_exception('not for you') }}", "not for you"),
        ("{% for i in range(10**9) %}{% endfor %}", "Range too big"),
        ("{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}", "recurses too deeply"),
        ("{{ messages.__class__.__mro__ }}", "__class__"),
        ("{{ cycler.__init__.__globals__ }}", "__init__"),
        ("{% include '/etc/passwd' %}", "no loader"),
        ("{% for m in messages %}{{ m.content }}", "does not parse"),
        ("{{ messages | nofilter }}", "nofilter"),
    ],
)
def test_a_template_that_cannot_be_used(said, folder, source, words):
    (folder / "bad.jinja").write_text("first line\n" + source)
    code, text = said("compile", "bad.jinja")
    assert code == 1, text
    assert re.search(r"bad\.jinja(?::2|\n  2): (?:error|warning)", text), text
    assert words in text
    (folder / "mkmodelfile.yaml").write_text(PACKAGE + "chat_template: bad.jinja\n")
    code, text = said("build")
    assert (code, words in text) == (1, True), text
    assert not (folder / "build").exists()


@pytest.mark.parametrize("source", ["{{ " + "(" * 20_000, "{% if x %}" * 3000 + "{% endif %}" * 3000])
def test_a_template_that_is_too_deep(said, source):
    code, text = said("compile", "-", stdin=source.encode())
    assert (code, "nested too deeply" in text) == (1, True), text


def test_conversations_that_are_none(said, folder):
    for content, words in (
        (b"{", "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"\xff", "not UTF-8"),
        (b"[1]", "message 0 is a number"),
        (b'{"a": 1}', "unknown key 'a'"),
    ):
        (folder / "bad.json").write_bytes(content)
        code, text = said("render", "--jinja", "micro-glm4v.gguf", "--messages", "bad.json")
        assert (code, words in text) == (2, True), text


def test_a_byte_order_mark_is_no_fault(said, folder):
    (folder / "m.json").write_bytes(b'\xef\xbb\xbf[{"role": "user", "content": "Hi"}]')
    (folder / "Modelfile").write_bytes(
        b"\xef\xbb\xbfFROM x\nTEMPLATE {{ range .Messages }}{{ .Content }}{{ end }}\n"
    )
    assert said("render", "--modelfile", "Modelfile", "--messages", "m.json") == (0, "Hi")


# -- where the output goes --------------------------------------------------------------------------------


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("arguments", [["explain"], ["inspect", "micro-glm4v.gguf"], ["build"]])
def test_a_full_disk_behind_stdout(folder, arguments):
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*PROGRAM, *arguments], cwd=folder, stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 2
    assert b"<stdout>: error MK903 file-access: the disk is full" in done.stderr
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_behind_stderr_is_no_finding(folder):
    with Path("/dev/full").open("wb") as full:
        for arguments in (["inspect", "nothing.gguf"], ["--debug", "inspect", "nothing.gguf"]):
            done = subprocess.run(
                [*PROGRAM, *arguments], cwd=folder, stdout=subprocess.PIPE, stderr=full, check=False
            )
            assert (done.returncode, done.stdout) == (2, b"")


def test_a_full_disk_leaves_nothing_half_written(said, folder):
    # A limit on the size of files fails in the middle of a write, as a full disk does. -B, because Python
    # 3.11 takes bytecode that was written half for whole.
    limited = "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    limited += "resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200)); "
    limited += "from modelfile_kit.cli.main import main; main(sys.argv[1:])"
    before = files_in(folder)
    for arguments in (
        ["build"],
        ["init", "micro-glm4v.gguf", "-o", "new.yaml"],
        ["demo", "-o", "d", "--no-server"],
    ):
        done = subprocess.run(
            [sys.executable, "-B", "-c", limited, *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2, done.stderr
        assert "error MK903" in done.stderr
        assert "the file would be larger than" in done.stderr
        assert files_in(folder) - before <= {"d"}


def test_places_that_cannot_be_written(said, folder):
    assert said("init", "micro-glm4v.gguf", "-o", "nowhere/x.yaml")[0] == 2
    assert said("init", "micro-glm4v.gguf", "-o", ".")[0] == 2
    assert said("build", "-o", "mkmodelfile.yaml")[0] == 2
    assert (folder / "mkmodelfile.yaml").read_text() == PACKAGE
    code, text = said("demo", "--no-server", "-o", ".")
    assert (code, "another package is in this folder" in text) == (2, True), text


@pytest.mark.skipif(os.name != "posix", reason="only a POSIX shell closes a stream with >&-")
def test_closed_streams(folder):
    for closed in (">&-", "2>&-", "<&-"):
        line = f"{sys.executable} -m modelfile_kit.cli.main -q build {closed}"
        done = subprocess.run(
            ["/bin/sh", "-c", line], cwd=folder, capture_output=True, text=True, check=False
        )
        assert (done.returncode, "internal error" in done.stderr) == (0, False), done.stderr


# -- servers ------------------------------------------------------------------------------------------------


class Server(http.server.BaseHTTPRequestHandler):
    """Ollama as far as /api/create, which answers as `create` says; `asked` are the calls."""

    protocol_version = "HTTP/1.1"
    version_reply = (200, b'{"version": "0.33.0"}')
    create = b""
    create_length: int | None = None
    asked: list[str]
    reached: threading.Event

    def log_message(self, *arguments):
        pass

    def _answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.asked.append(f"{self.command} {self.path}")
        if self.path == "/api/version":
            return self._send(*self.version_reply)
        if self.path == "/api/tags":
            return self._send(200, b'{"models": []}')
        if self.command == "HEAD":
            return self._send(200, b"")
        if self.path == "/api/create":
            self.reached.set()
            if self.create == b"never":
                time.sleep(30)
            self._send(200, self.create, self.create_length)
            if self.create_length:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
            return None
        return self._send(404, b'{"error": "model not found"}')

    do_GET = do_POST = do_HEAD = do_DELETE = _answer  # noqa: N815

    def _send(self, status: int, body: bytes, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length or len(body)))
        self.end_headers()
        self.wfile.write(body)


class QuietServer(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """A client that gives up early is what some tests are about; its traceback is no news."""


@pytest.fixture
def server():
    """A function that starts a server of this behaviour; gives its class and address."""
    running = []

    def start(**behaviour):
        handler = type("Handler", (Server,), {**behaviour, "asked": [], "reached": threading.Event()})
        daemon = QuietServer(("127.0.0.1", 0), handler)
        daemon.daemon_threads = True
        daemon.block_on_close = False
        threading.Thread(target=daemon.serve_forever, daemon=True).start()
        running.append(daemon)
        return handler, f"http://127.0.0.1:{daemon.server_port}"

    yield start
    for daemon in running:
        daemon.shutdown()
        daemon.server_close()


@pytest.mark.parametrize(
    ("behaviour", "code", "words"),
    [
        ({"version_reply": (500, b'{"error": "boom"}')}, 1, "HTTP 500: boom"),
        ({"version_reply": (200, b"<html>Log in</html>")}, 2, "an HTML page"),
        ({"version_reply": (200, b"\xff\x00")}, 2, "where a JSON object was expected"),
        ({"create": b'{"status": "parsing"}\n{"error": "invalid file magic"}\n'}, 1, "invalid file magic"),
        (
            {"create": b'{"status": "parsing"}\n{"sta', "create_length": 5000},
            2,
            "broke during POST /api/create",
        ),
        ({"create": b'{"status": "parsing"}\n'}, 2, "its last object is missing"),
    ],
)
def test_a_server_that_fails(said, server, behaviour, code, words):
    handler, host = server(**behaviour)
    found, text = said("publish", "--host", host)
    assert (found, words in text) == (code, True), text
    assert "help:" in text
    assert not [a for a in handler.asked if "/api/copy" in a], "the old model lost its name"


def test_no_server_at_all(said):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers, nobody else gets the port
        host = f"127.0.0.1:{taken.getsockname()[1]}"
        for arguments in (["publish"], ["verify", "tiny"]):
            code, text = said(*arguments, "--host", host)
            assert (code, f"no Ollama server answers at http://{host}" in text) == (2, True), text


@pytest.mark.skipif(os.name != "posix", reason="only a POSIX terminal interrupts a process group")
def test_ctrl_c_while_the_server_creates(folder, server):
    handler, host = server(create=b"never")
    program = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    program += "from modelfile_kit.cli.main import main; main(sys.argv[1:])"
    running = subprocess.Popen(
        [sys.executable, "-c", program, "publish", "--host", host],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert handler.reached.wait(60)
    os.killpg(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=30)
    assert running.returncode == 130, err
    assert b"interrupted" in err
    assert b"Traceback" not in err
    assert out == b""
    assert not [a for a in handler.asked if "/api/copy" in a], "the old model lost its name"


def test_findings_as_json_stay_json(said, folder):
    (folder / "bad.gguf").write_bytes(b"no")
    code, text = said("inspect", "bad.gguf", "--format", "json")
    assert code == 1
    assert json.loads(text)["ok"] is False


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--name", "a b"], "the model's name 'a b'"), (["--host", "foo:bar"], "the port 'bar'")],
)
def test_a_mistyped_option_of_publish_is_refused_before_the_build(mkmodelfile, tmp_path, arguments, words):
    done = mkmodelfile("publish", tmp_path / "no-package", *arguments)
    assert done.code == 2
    assert words in done.err
    assert "no-package" not in done.err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("odd", ["pipe", "device"])
def test_no_command_waits_for_a_pipe_or_reads_a_device(odd, said, folder):
    """Every place of a command line, and of a package, that names a file."""
    os.mkfifo(folder / "pipe")
    path = {"pipe": str(folder / "pipe"), "device": "/dev/zero"}[odd]
    (folder / "c.json").write_text('[{"role": "user", "content": "x"}]')
    (folder / "t.gotmpl").write_text("{{ .Prompt }}")
    model = "micro-glm4v.gguf"
    lines = [
        ["init", path],
        ["init", model, "--projector", path, "-o", "-"],
        ["inspect", path],
        ["inspect", model, "--tokenizer", path],
        ["fit", path],
        ["fit", model, "--projector", path],
        ["patch", path, "--set", "a=b"],
        ["quantize", path, "Q8_0"],
        ["compile", path],
        ["render", "--template", path, "--messages", "c.json"],
        ["render", "--template", "t.gotmpl", "--messages", path],
        ["render", "--template", "t.gotmpl", "--messages", "c.json", "--tools", path],
        ["render", "--modelfile", path, "--messages", "c.json"],
        ["render", "--jinja", path, "--messages", "c.json"],
        *([command, path] for command in ("build", "check", "test", "micro", "publish", "serve", "doctor")),
        ["build", ".", "--model", path],
        ["build", ".", "--projector", path],
        ["check", ".", "--tokenizer", path],
        ["serve", ".", "--api-key-file", path],
        ["verify", "m", "--package", path],
        ["repair", "m", "--model", path, "--host", "127.0.0.1:1"],
        ["caption", path, "--model", "m", "--host", "127.0.0.1:1"],
        ["lint", path],
        ["lint", "--fix", path],
        ["fmt", path],
    ]
    keys = ("model", "projector", "chat_template", "template", "license", "tokenizer", "draft")
    for key in keys:
        (folder / key).mkdir()
        named = {"model": f"../{model}", "projector": "none", key: path}
        text = "".join(f"{name}: {value}\n" for name, value in named.items())
        (folder / key / "mkmodelfile.yaml").write_text(f"name: x\n{text}")
        lines.append(["check" if key == "tokenizer" else "build", key])
    (folder / "from").mkdir()
    (folder / "from" / "Modelfile").write_text(f"FROM {path}\nADAPTER {path}\nPARAMETER mmproj {path}\n")
    lines.append(["lint", "--fix", "from/Modelfile"])
    for line in lines:
        code, text = within(20, said, *line)
        assert code in (1, 2), (line, text)


def within(seconds, call, *arguments):
    """A call that fails where it waits for something that never comes."""

    def late(*_):
        raise AssertionError(f"{arguments} still waits")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        return call(*arguments)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


NUMBER = "9" * 5000  # more digits than Python reads


@pytest.mark.parametrize(
    ("file", "text", "arguments"),
    [
        *(
            ("mkmodelfile.yaml", f"{PACKAGE}parameters: {{num_ctx: {number}}}\n", ["build"])
            for number in (
                NUMBER,
                f"0x{'f' * 5000}",
                f"0{'7' * 6000}",
                f"0b{'1' * 50_000}",
                "1:" * 4000 + "1",
            )
        ),
        ("t.jinja", f"{{{{ messages[0].content }}}}{{{{ {NUMBER} }}}}", ["compile", "t.jinja"]),
        ("t.jinja", f"{{{{ messages[0].content[{NUMBER}] }}}}", ["compile", "t.jinja"]),
        ("t.jinja", f"{{{{ messages|map(attribute='{NUMBER}')|list }}}}", ["compile", "t.jinja"]),
        ("t.jinja", "{{ messages|map(attribute='\u00b2')|list }}", ["compile", "t.jinja"]),
        (
            "tokenizer_config.json",
            f'{{"chat_template": "x", "a": {NUMBER}}}',
            ["compile", "tokens.json"],
        ),
        ("c.json", f'[{{"role": "user", "content": {NUMBER}}}]', ["render", ".", "--messages", "c.json"]),
        ("", "", ["fit", "micro-glm4v.gguf", "--memory", f"{NUMBER}GiB"]),
        ("", "", ["inspect", "micro-glm4v.gguf", "--image-size", f"{NUMBER}x{NUMBER}"]),
        ("", "", ["serve", "--gpu-layers", NUMBER]),
        ("", "", ["verify", "m", "--host", f"127.0.0.1:{NUMBER}"]),
        ("", "", ["verify", "m", "--host", "127.0.0.1:9", "--deadline", "nan"]),
        ("Modelfile", f"FROM ./micro-glm4v.gguf\nPARAMETER num_ctx {NUMBER}\n", ["lint", "Modelfile"]),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_number_of_too_many_digits_is_an_error_of_its_own(folder, file, text, arguments):
    if file:
        (folder / file).write_text(text, encoding="utf-8")
    done = subprocess.run([*PROGRAM, *arguments], cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode in (1, 2), done
    assert not re.search("MK999|Traceback", done.stdout + done.stderr), done.stderr[:500]
    assert re.search("error MK[0-9]", done.stdout + done.stderr)


@pytest.mark.parametrize("link", ["itself", "soft", "hard"])
@pytest.mark.parametrize(
    ("arguments", "output", "read"),
    [
        (["compile", "t.jinja"], "--report=json={}", "t.jinja"),
        (["lint", "t.jinja"], "--report=json={}", "t.jinja"),
        (["lint", "."], "--report=json={}", "t.jinja"),
        (["lint", "."], "--report=sarif={}", "pyproject.toml"),
        (["check", "."], "--html={}", "t.jinja"),
        (["check", "."], "--html={}", "mkmodelfile.yaml"),
        (["build", ".", "--output=out"], "--report=text={}", "mkmodelfile.yaml"),
    ],
)
def test_an_output_that_is_read_is_refused(said, folder, arguments, output, read, link):
    (folder / "t.jinja").write_text("{% for m in messages %}{{ m.content }}{% endfor %}")
    (folder / "pyproject.toml").write_text("[tool.mkmodelfile.lint]\n")
    (folder / "mkmodelfile.yaml").write_text(f"{PACKAGE}chat_template: t.jinja\n")
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    named = folder / read
    if link != "itself":
        named = folder.parent / f"{folder.name}-{link}"
        (named.symlink_to if link == "soft" else named.hardlink_to)(folder / read)
    code, text = said(*arguments, output.format(named))
    assert code == 2
    assert "is read by this command" in text
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


LONG, YAML = "w" * 900_000, "w" * 60_000
FORMS = ("text", "json", "github", "sarif", "junit", "gitlab")


@pytest.mark.parametrize(
    ("arguments", "name", "text", "forms"),
    [
        (["lint", "Modelfile"], "Modelfile", f"FROM {LONG}\nPARAMETER {LONG} {LONG}\n{LONG} x\n", FORMS),
        (["lint", "Modelfile"], "Modelfile", f"FROM x\nTEMPLATE {{{{ {LONG} }}}}\nRENDERER {LONG}\n", FORMS),
        (["lint", "t.jinja"], "t.jinja", f"{{% {LONG[:400_000]} %}}{{{{ messages }}}}", ("text", "json")),
        (["build", "."], "mkmodelfile.yaml", f"{PACKAGE}mode: {YAML}\ntarget: {YAML}\n", ("text", "json")),
        (["check", "."], "mkmodelfile.yaml", f"{PACKAGE}chat_template: {YAML}\n", ("text", "json")),
    ],
)
def test_no_message_repeats_a_word_without_end(said, folder, arguments, name, text, forms):
    (folder / name).write_text(text)
    for form in forms:
        code, words = said(*arguments, f"--format={form}")
        assert code
        assert len(words) < 40_000
        assert "w" * 30 in words
