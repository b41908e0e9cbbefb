"""The judge's driver: builds the Go program of this folder against one Ollama version and asks it.

The build folder is in the user's cache, one a version and state of the sources; the first use of a
version downloads Ollama's module through Go's own proxy and takes some seconds, later ones none.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import platformdirs

PROGRAM = Path(__file__).parent / "program"
VERSIONS = ("0.5.13", "0.9.6", "0.12.6", "0.17.4", "0.24.0", "0.30.4", "0.33.0", "0.34.4")
LATEST = VERSIONS[-1]
# The packages `thinking` and `tools` came with 0.9; `server` builds without a C++ engine since 0.30.
TAGS = {
    "infer": (0, 9),
    "parsers": (0, 12),
    "parser_reply": (0, 30),
    "renderer_prompt": (0, 30),
    "server": (0, 30),
    "native": (0, 30),
    "levels": (0, 34, 3),
}
BUILD_SECONDS = 1200
ANSWER_SECONDS = 30.0
BATCH = 500


class OracleUnavailableError(Exception):
    """There is no Go here, or the module cannot be had; the text is a reason to skip."""


class OracleTimeoutError(Exception):
    """The judge did not answer in time; it is started again for the next question."""


def go_binary() -> str | None:
    """The `go` command: $GO, PATH, or the usual place."""
    usual = Path("/usr/local/go/bin/go")
    return os.environ.get("GO") or shutil.which("go") or (str(usual) if usual.exists() else None)


def module_folder(version: str = LATEST) -> Path:
    """The folder of Ollama's source in Go's module cache, downloaded if need be."""
    out = _run([_go(), "mod", "download", "-json", f"github.com/ollama/ollama@v{version}"], cwd=PROGRAM)
    return Path(json.loads(out)["Dir"])


def build(version: str) -> Path:
    """Builds the judge for an Ollama version once and answers the binary's path."""
    sources = sorted(PROGRAM.glob("*.go")) + sorted(PROGRAM.glob("*.s"))
    state = hashlib.sha256()
    for path in sources:
        state.update(path.name.encode() + b"\0" + path.read_bytes())
    cache = Path(platformdirs.user_cache_dir("modelfile-kit")) / "oracle"
    state.update(repr(TAGS).encode())
    folder = cache / f"{version}-{state.hexdigest()[:12]}"
    binary = folder / "oracle"
    if binary.exists():
        return binary
    folder.mkdir(parents=True, exist_ok=True)
    _forget_old(cache, keep=folder)
    for path in sources:
        shutil.copy(path, folder / path.name)
    if not (folder / "go.mod").exists():
        _run([_go(), "mod", "init", "oracle"], cwd=folder)
    _run([_go(), "get", f"github.com/ollama/ollama@v{version}"], cwd=folder)
    release = tuple(int(n) for n in version.split("."))
    tags = ",".join(tag for tag, since in TAGS.items() if release >= since)
    unfinished = folder / f"oracle.{os.getpid()}"
    _run([_go(), "build", "-mod=mod", "-tags", tags, "-o", str(unfinished), "."], cwd=folder)
    unfinished.replace(binary)
    return binary


def _forget_old(cache: Path, *, keep: Path) -> None:
    """Removes builds of former states of the sources that nobody has used for a week."""
    for folder in cache.iterdir():
        if folder != keep and time.time() - folder.stat().st_mtime > 7 * 86400:
            shutil.rmtree(folder, ignore_errors=True)


def _go() -> str:
    go = go_binary()
    if not go:
        raise OracleUnavailableError("no Go: the judge is built from Ollama's Go packages")
    return go


def _run(command: Sequence[str], *, cwd: Path) -> str:
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=BUILD_SECONDS)
    except subprocess.TimeoutExpired as e:
        raise OracleUnavailableError(f"{' '.join(command[:3])} took more than {BUILD_SECONDS} s") from e
    if done.returncode:
        raise OracleUnavailableError(f"{' '.join(command)}: {done.stderr.strip()[-2000:]}")
    return done.stdout


class Oracle:
    """One judge: a child process that answers for one Ollama version.

    Answers are dictionaries with `ok`; `error` (and `line`, `stage`, `panic`) where Ollama refuses.
    Bytes that are not UTF-8 come as text with surrogate escapes.
    """

    def __init__(self, version: str = LATEST, *, timeout: float = ANSWER_SECONDS) -> None:
        self.version = version
        self.timeout = timeout
        self._binary = build(version)
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Oracle:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the child."""
        if self._child:
            self._child.kill()
            self._child.wait()
            for pipe in (self._child.stdin, self._child.stdout):
                if pipe:
                    pipe.close()
            self._child = None

    def ask(self, op: str, **fields: Any) -> dict[str, Any]:
        """One question, one answer."""
        return next(self.ask_all([{"op": op, **fields}]))

    def ask_all(self, requests: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        """Many questions, the answers in the same order; `BATCH` of them are on the way at a time."""
        pending = iter(requests)
        while batch := list(itertools.islice(pending, BATCH)):
            yield from self._batch(batch)

    def _batch(self, batch: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        child = self._start()
        assert child.stdin and child.stdout
        lines = b"".join(json.dumps(r).encode() + b"\n" for r in batch)
        stdin = child.stdin

        def write() -> None:
            try:
                stdin.write(lines)
                stdin.flush()
            except OSError:  # the child is gone; the reader below says so
                pass

        answered = threading.Event()
        deadline = [time.monotonic() + self.timeout]

        def watch() -> None:
            while not answered.wait(0.1):
                if time.monotonic() > deadline[0]:
                    child.kill()
                    return

        threads = [threading.Thread(target=target, daemon=True) for target in (write, watch)]
        for thread in threads:
            thread.start()
        answers = []
        try:
            for request in batch:
                line = child.stdout.readline()
                if not line.endswith(b"\n"):
                    raise OracleTimeoutError(
                        f"Ollama {self.version} gave no answer to {json.dumps(request)[:500]}"
                    )
                deadline[0] = time.monotonic() + self.timeout
                answers.append(_decode(json.loads(line)))
        except OracleTimeoutError:
            self.close()
            raise
        finally:
            answered.set()
            for thread in threads:
                thread.join()
        return answers

    def _start(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            self.close()
            self._child = subprocess.Popen(
                [str(self._binary)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "GOMEMLIMIT": "1GiB", "GOTRACEBACK": "none"},
            )
        return self._child

    # What the tests ask most.

    def modelfile(self, data: bytes) -> dict[str, Any]:
        """A Modelfile's bytes: `commands` as (name, args) in Ollama's own names, or `error` and `line`."""
        return modelfile_answer(self.ask("modelfile", data_b64=b64(data)))

    def parse(self, template: str) -> dict[str, Any]:
        """A TEMPLATE: `vars` and `printed`, or Go's error."""
        return self.ask("parse", **source(template))

    def execute(self, template: str, data: Any = None, **more: Any) -> dict[str, Any]:
        """Go's text/template with Ollama's functions on plain data (`{"$int": 3}` is a Go int, …)."""
        return self.ask("execute", **source(template), data=data, **more)

    def chat(
        self,
        template: str,
        messages: Sequence[Mapping[str, Any]],
        *,
        tools: Sequence[Mapping[str, Any]] | None = None,
        think: bool = False,
        think_level: str = "",
        is_think_set: bool = False,
        prompt: str = "",
        suffix: str = "",
    ) -> dict[str, Any]:
        """`template.Template.Execute` on a request's values; image tags are not added here."""
        return self.ask(
            "chat",
            **source(template),
            messages=api_messages(messages),
            tools=list(tools) if tools is not None else None,
            think=think,
            think_level=think_level,
            is_think_set=is_think_set,
            prompt=prompt,
            suffix=suffix,
        )

    def infer(self, template: str) -> dict[str, Any]:
        """`opening`, `closing` (thinking tags) and `tool_tag` of a TEMPLATE; 0.9 and later."""
        return self.ask("infer", **source(template))

    def reply(
        self,
        template: str,
        chunks: Sequence[str],
        *,
        prompt: str = "",
        think: bool = False,
        tools: Sequence[Mapping[str, Any]] | None = None,
    ) -> dict[str, Any]:
        """How a reply would be split: `thinking`, `content`, `tool_calls`; 0.9 and later."""
        return self.ask(
            "reply",
            **source(template),
            chunks=list(chunks),
            prompt=prompt,
            think=think,
            tools=list(tools or []),
        )


def b64(data: bytes) -> str:
    """Bytes as JSON carries them."""
    return base64.b64encode(data).decode()


def source(template: str) -> dict[str, str]:
    """A template's field of a request; base64 where it holds surrogate escapes."""
    try:
        template.encode()
    except UnicodeEncodeError:
        return {"template_b64": b64(template.encode("utf-8", "surrogateescape"))}
    return {"template": template}


def api_messages(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Messages for api.Message: a count of images becomes that many small ones."""
    out = []
    for message in messages:
        copy = dict(message)
        images = copy.pop("images", None)
        if images not in (None, 0):
            count = images if isinstance(images, int) else len(images)
            copy["images"] = [b64(f"image {i}".encode()) for i in range(count)]
        out.append(copy)
    return out


def modelfile_answer(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer of the op "modelfile" with its names and values as text."""
    if "commands" in answer:
        answer["commands"] = [
            tuple(base64.b64decode(part).decode("utf-8", "surrogateescape") for part in command)
            for command in answer["commands"]
        ]
    return answer


def _decode(answer: dict[str, Any]) -> dict[str, Any]:
    for name in [n for n in answer if n.endswith("_b64")]:
        answer[name[:-4]] = base64.b64decode(answer.pop(name)).decode("utf-8", "surrogateescape")
    return answer
