"""llama-server, the engine of Ollama 0.30 and later, asked for prompts, and for what it reads in replies.

It is a program that comes with Ollama (and with llama.cpp) and is never installed by the kit. Its Jinja
engine is not Jinja2, so what it renders has to be seen. It runs in a process of its own, on this
machine's loopback, for as long as it is asked.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ..core.errors import EngineError, KitError, PromptError, UsageError
from ..core.files import parse_json, real_path
from ..core.http_client import Budget, json_request, open_client, under
from ..core.os_errors import os_reason
from .ollama.messages import event_lines

if TYPE_CHECKING:
    import httpx

PROGRAM_VARIABLE = "MKMODELFILE_LLAMA_SERVER"
START_SECONDS = 15.0  # a micro model is loaded in a tenth of a second; a busy machine takes longer
ANSWER_SECONDS = 10.0  # one rendering takes a millisecond; a template without end takes for ever
CHAT_SECONDS = 60.0  # a parrot writes some hundred tokens in a second; a busy machine takes longer
GRACE_SECONDS = 2.0  # for a process that was asked to end, before it is killed
MAX_ANSWER_BYTES = 64 << 20  # a prompt is some kilobytes; a template can print without end
MAX_DATA_BYTES = 2 << 30  # with a micro model it takes 0.1 GB; a template can double a text for ever
LOG_KEPT = 4000  # characters of its log that an error may quote from
ATTEMPTS = 3  # the free port it was given may be taken by another program before it listens

TEMPLATE, CHAT = "/apply-template", "/v1/chat/completions"
TOKENIZE, COMPLETION = "/tokenize", "/completion"

# The marker for an image in what it renders: its environment decides it, so that no text can hold it.
MARKER = "<__kit_media__>"
_REASON = re.compile(r"Error: (.+)")
_BUILD = re.compile(r"version: (\S+(?: \([^)\n]{1,60}\))?)")


class ChatTemplateRefusedError(EngineError):
    """llama-server does not start with this chat template; `reason` is its own text.

    A model with such a template does not load in Ollama 0.30 and later, unless a TEMPLATE is used.
    """

    code = "MK736"

    def __init__(self, reason: str, stderr: str) -> None:
        super().__init__(
            f"llama-server refuses this chat template: {reason}",
            help="its Jinja engine differs from Jinja2: use a TEMPLATE instead (`mode: go`)",
            stderr=stderr,
        )
        self.reason = reason


def find_llama_server() -> Path | None:
    """The program: what MKMODELFILE_LLAMA_SERVER names, Ollama's own, or one on PATH.

    Where Ollama keeps it is said in its source (0.33, llm/llama_binary.go). Raises UsageError where the
    variable names nothing.
    """
    if given := os.environ.get(PROGRAM_VARIABLE):
        path = Path(given)
        if not path.is_file():
            raise UsageError(
                f"{PROGRAM_VARIABLE} is {given}: file not found",
                help="set it to the llama-server program, or unset it",
            )
        return path
    name = "llama-server.exe" if os.name == "nt" else "llama-server"
    for path in _beside_ollama(name):
        if path.is_file():
            return path
    found = shutil.which("llama-server")
    return Path(found) if found else None


def _beside_ollama(name: str) -> Iterator[Path]:
    ollama = shutil.which("ollama")
    if not ollama:
        return
    base = real_path(Path(ollama)).parent
    if sys.platform == "darwin":
        yield base / name
    yield base / "lib" / "ollama" / name
    yield base.parent / "lib" / "ollama" / name


def program_version(program: Path) -> str:
    """How a llama-server names its own version; "" if it does not say."""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(
            [str(program), "--version"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=START_SECONDS,
            stdin=subprocess.DEVNULL,
        )
        if found := _BUILD.search(done.stderr + done.stdout):
            return found[1]
    return ""


class LlamaServer:
    """A running llama-server with one model.

    program: its path; model, projector: GGUF files, best the micro ones, since the template alone counts.
    context: tokens that a prompt and its reply may have. patience: seconds that it may take to start.
    carrier: whether the model is a small one of the kit's; a real one gets more threads, and memory without
    a bound. image_tokens: how many an image has at least; None leaves it to the projector.
    Raises ChatTemplateRefusedError where it does not take the model's chat template, EngineError where it
    does not start for another reason. Use it as a context manager, or call `close`.
    """

    def __init__(
        self,
        program: Path,
        model: Path,
        projector: Path | None = None,
        *,
        context: int = 512,
        patience: float = START_SECONDS,
        carrier: bool = True,
        image_tokens: int | None = None,
    ) -> None:
        self.program = program
        self.context = context
        self._patience = patience
        self._carrier = carrier
        self._image_tokens = image_tokens
        self.model = model
        self.projector = projector
        self._closed = False
        self._start()

    @property
    def build(self) -> str:
        """How the program names its own version; "" if it does not say."""
        return program_version(self.program)

    def apply_template(self, body: Mapping[str, Any]) -> str:
        """The prompt for a chat request, images as `MARKER`.

        Raises PromptError where it answers an error, with its words; EngineError where it died or does
        not answer, and from then on always.
        """
        status, data = self._post(TEMPLATE, body, ANSWER_SECONDS)
        return _prompt(self.program, status, data)

    def chat(self, body: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
        """The parts of an answer by its OpenAI API: one, or several where `stream` is in the body.

        Raises PromptError where it answers an error, with its words, also in the middle of a stream;
        EngineError where it died or does not answer.
        """
        status, data = self._post(CHAT, body, CHAT_SECONDS)
        texts = list(event_lines([data])) if body.get("stream") and status == 200 else [data]
        return tuple(_part(self.program, status, text) for text in texts)

    def tokens(self, content: str | Sequence[int], *, add_special: bool) -> list[tuple[int, bytes]]:
        """The tokens of a text and their bytes; special tokens in it are parsed.

        content: a text, or the ids of tokens whose bytes are wanted; add_special: whether what the vocabulary
        adds to every prompt is added. Raises as `chat` does.
        """
        answer = self._post(TOKENIZE, _tokenize(content, add_special), ANSWER_SECONDS)
        return _tokens(self.program, *answer)

    def complete(self, body: Mapping[str, Any], seconds: float) -> Mapping[str, Any]:
        """An answer to a finished prompt, as /completion gives it. Raises as `chat` does."""
        status, data = self._post(COMPLETION, body, seconds)
        return _part(self.program, status, data)

    def _post(self, path: str, body: Mapping[str, Any], seconds: float) -> tuple[int, bytes]:
        import httpx

        if self._closed:
            raise EngineError(f"{self.program} has ended", help="start it again")
        try:
            return _exchange(self._http, path, body, seconds)
        except httpx.TimeoutException:
            self.close()
            raise _late(self.program, path, seconds) from None
        except httpx.HTTPError as e:
            raise self._died(str(e)) from e

    def close(self) -> None:
        """Ends the process; may be called twice."""
        if not self._closed:
            self._closed = True
            self._http.close()
            self._end()

    def __enter__(self) -> LlamaServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- the process --------------------------------------------------------------------------------

    def _start(self) -> None:
        for attempt in range(ATTEMPTS):
            port = _free_port()
            self._log = tempfile.TemporaryFile()  # noqa: SIM115 -- as long as the process
            self._process = self._launch(port)
            self._end = weakref.finalize(self, _end, self._process, self._log)
            if self._carrier:
                _bound(self._process.pid)
            # It closes a connection that it kept while a request is already on its way.
            self.url = f"http://127.0.0.1:{port}"
            self._http = open_client(self.url, silence=ANSWER_SECONDS, lines=True, keep=False)
            try:
                self._wait(self._http)
                return
            except EngineError as e:
                taken = "bind" in e.stderr and attempt + 1 < ATTEMPTS
                self.close()
                if not taken:
                    raise
                self._closed = False
            except BaseException:
                self.close()
                raise

    def _launch(self, port: int) -> subprocess.Popen[bytes]:
        threads = 1 if self._carrier else min(8, os.cpu_count() or 1)
        arguments = [
            *(str(self.program), "--model", str(self.model), "--host", "127.0.0.1", "--port", str(port)),
            *("--offline", "-c", str(self.context), "-np", "1", "-ngl", "0", "-t", str(threads)),
            *("--no-warmup", "--jinja"),
            *(("--mmproj", str(self.projector)) if self.projector else ()),
            *(("--image-min-tokens", str(self._image_tokens)) if self._image_tokens else ()),
        ]
        try:
            return subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "LLAMA_MEDIA_MARKER": MARKER, "GGML_NO_BACKTRACE": "1"},
            )
        except OSError as e:
            self._log.close()
            raise EngineError(
                f"{self.program} cannot be started: {os_reason(e)}",
                help=f"set {PROGRAM_VARIABLE} to another llama-server",
            ) from e

    def _wait(self, http: httpx.Client) -> None:
        import httpx as library

        end = time.monotonic() + self._patience
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise self._died(f"it ended at once with {self._process.returncode}")
            with contextlib.suppress(library.TransportError):
                if http.get("/health").status_code == 200:
                    return
            time.sleep(0.02)
        raise EngineError(
            f"{self.program} did not answer within {self._patience:g} s of its start",
            help="it renders the chat template once at its start; that may never end in its Jinja engine",
            stderr=self._tail(),
        )

    def _died(self, why: str) -> EngineError:
        tail = self._tail()
        if "chat template parsing error" in tail:
            reasons = _REASON.findall(tail)
            return ChatTemplateRefusedError(reasons[-1].strip() if reasons else "it does not parse", tail)
        last = next((line for line in reversed(tail.splitlines()) if "error" in line.lower()), "")
        return EngineError(
            f"{self.program} failed: {last.strip() or why}",
            help="check that this llama-server runs at all, for example with --version",
            stderr=tail,
        )

    def _tail(self) -> str:
        with contextlib.suppress(OSError, ValueError):
            size = self._log.seek(0, os.SEEK_END)
            self._log.seek(max(0, size - LOG_KEPT))
            return self._log.read().decode("utf-8", "replace")
        return ""


class AttachedServer:
    """A llama-server that another process started and ends, asked for tokens.

    program: its path, for messages; url: where it listens, as `LlamaServer.url`.
    """

    def __init__(self, program: Path, url: str) -> None:
        self.program = program
        self._http = open_client(url, silence=ANSWER_SECONDS, lines=True, keep=False)

    def tokens(self, content: str | Sequence[int], *, add_special: bool) -> list[tuple[int, bytes]]:
        """As `LlamaServer.tokens`; EngineError where it has ended or does not answer."""
        import httpx

        try:
            answer = _exchange(self._http, TOKENIZE, _tokenize(content, add_special), ANSWER_SECONDS)
        except httpx.TimeoutException:
            raise _late(self.program, TOKENIZE, ANSWER_SECONDS) from None
        except httpx.HTTPError as e:
            raise EngineError(f"{self.program} has ended: {e}", help="start it again") from e
        return _tokens(self.program, *answer)


def _exchange(http: httpx.Client, path: str, body: Mapping[str, Any], seconds: float) -> tuple[int, bytes]:
    """The status and the bounded body of an answer; raises httpx's errors, and PromptError."""
    with http.stream(
        "POST", path, **json_request(body), timeout=seconds, extensions=under(Budget(seconds))
    ) as reply:
        data = bytearray()
        for chunk in reply.iter_bytes():
            data += chunk
            if len(data) > MAX_ANSWER_BYTES:
                said = f"llama-server answered {path} with more than {MAX_ANSWER_BYTES:,} bytes"
                raise PromptError(said, help=_advice(path, hint="send a shorter text"))
    return reply.status_code, bytes(data)


def _late(program: Path, path: str, seconds: float) -> EngineError:
    return EngineError(
        f"{program} did not answer {path} within {seconds:g} s",
        help=_advice(path, hint="try again when the machine has less to do"),
    )


def _advice(path: str, *, hint: str) -> str:
    """What to do about an answer without end. hint: where the request does not render the chat template."""
    if path in (TEMPLATE, CHAT):
        hint = "look for a loop in the chat template that does not end in llama.cpp's Jinja engine"
    return hint


def _tokenize(content: str | Sequence[int], add_special: bool) -> dict[str, Any]:
    """A request to /tokenize."""
    return {"content": content, "add_special": add_special, "parse_special": True, "with_pieces": True}


def _tokens(program: Path, status: int, data: bytes) -> list[tuple[int, bytes]]:
    """The tokens in an answer of /tokenize."""
    found = _part(program, status, data).get("tokens")
    try:
        return [(int(token["id"]), _piece(token["piece"])) for token in found or ()]
    except (TypeError, ValueError, OverflowError, KeyError) as e:
        raise _not_understood(program, TOKENIZE) from e


def _prompt(program: Path, status: int, data: bytes) -> str:
    """The prompt out of an answer; its error as PromptError."""
    answer = _answer(program, data)
    found = answer.get("prompt") if isinstance(answer, dict) else None
    if status == 200 and isinstance(found, str):
        return found
    raise _refusal(answer, status)


def _piece(given: object) -> bytes:
    """A token's bytes: a text, or a list of numbers where they are no UTF-8 by themselves."""
    if isinstance(given, str):
        return given.encode()
    if isinstance(given, list):
        return bytes(given)
    raise TypeError


def _not_understood(program: Path, path: str) -> EngineError:
    return EngineError(
        f"{program} answers {path} in a way that is not known here", help="use another llama-server"
    )


def _part(program: Path, status: int, data: bytes) -> Mapping[str, Any]:
    """One part of an answer; its error as PromptError."""
    answer = _answer(program, data)
    if status == 200 and isinstance(answer, dict) and "error" not in answer:
        return answer
    raise _refusal(answer, status)


def _answer(program: Path, data: bytes) -> Any:
    try:
        return parse_json(data, str(program))
    except KitError as e:
        raise EngineError(f"{program} did not answer with JSON: {e.message}") from e


def _refusal(answer: Any, status: int) -> PromptError:
    error = answer.get("error") if isinstance(answer, dict) else None
    words = error.get("message") if isinstance(error, dict) else error
    return PromptError(str(words or f"HTTP {status}").strip(), status=status if status >= 400 else 500)


def _end(process: subprocess.Popen[bytes], log: Any) -> None:
    """Asks the process to end, kills it if it does not, and reaps it."""
    try:
        if process.poll() is None:
            process.terminate()
            process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        log.close()


def _bound(pid: int) -> None:
    """Bounds its memory, and lets no crash leave a core; where the system can do that (Linux)."""
    if sys.platform == "linux":
        import resource

        with contextlib.suppress(OSError, ValueError):
            resource.prlimit(pid, resource.RLIMIT_DATA, (MAX_DATA_BYTES, MAX_DATA_BYTES))
            resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])
