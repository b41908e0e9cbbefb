"""llama-server as a process: loads a model and a projector, and answers texts, images and sounds."""

from __future__ import annotations

import base64
import contextlib
import io
import re
import signal
import socket
import subprocess
import time
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from modelfile_kit.vision.colour_images import colour_probes

START_SECONDS = 60
_NOISE = re.compile(r"^\d+\.\d+\.\d+\.\d+ [A-Z] |\x1b\[[0-9;]*m")
_CAUSE = re.compile(
    r"clip_init: failed|GGML_ASSERT|GGML_ABORT|mismatch|Invalid number|what\(\)|Failed to get tensor"
    r"|error loading model:"
)
_ERROR = re.compile(r"error|failed to|unable to|unknown", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """status: of HTTP, 0 where the server ended; tokens: of the prompt, 0 where there was no answer; words:
    of the error."""

    status: int
    tokens: int = 0
    words: str = ""


def image() -> bytes:
    """A small picture of one colour."""
    return colour_probes()[0].bytes


def sound() -> bytes:
    """A second of silence as WAV."""
    stream = io.BytesIO()
    with wave.open(stream, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes(bytes(32_000))
    return stream.getvalue()


class LlamaServer:
    """A running llama-server. `words` says why it did not start, "" if it did."""

    def __init__(
        self, program: Path, model: Path, projector: Path | None = None, more: Sequence[str] = ()
    ) -> None:
        self.port = _free_port()
        self.log = model.with_suffix(".log")
        # the settings with which Ollama starts it, as far as they matter here (llm/llama_server.go)
        command = [program, "-m", model, "--host", "127.0.0.1", "--port", self.port, "-np", 1, "-c", 4096]
        command += ["--no-webui", "--jinja", "-t", 2, *(("--mmproj", projector) if projector else ()), *more]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [str(part) for part in command],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self.words = self._wait()

    def _wait(self) -> str:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            with contextlib.suppress(httpx.HTTPError):
                if self._get("/health").status_code == 200:
                    return ""
            time.sleep(0.05)
        return self.end_words() or "no answer"

    def _get(self, path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=5, trust_env=False)

    def post(self, path: str, body: Any) -> httpx.Response:
        """An answer of any kind; raises httpx.HTTPError where the server ends."""
        return httpx.post(f"http://127.0.0.1:{self.port}{path}", json=body, timeout=120, trust_env=False)

    def ask(self, media: Sequence[dict[str, Any]] = ()) -> Answer:
        """A chat of one short message, with media before its text."""
        content = [*media, {"type": "text", "text": "hi"}]
        body = {"messages": [{"role": "user", "content": content}], "max_tokens": 2, "temperature": 0}
        try:
            response = self.post("/v1/chat/completions", body)
        except httpx.HTTPError:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(10)
            return Answer(0, 0, self.end_words())
        if response.status_code != 200:
            return Answer(response.status_code, 0, response.json()["error"]["message"])
        return Answer(200, response.json()["usage"]["prompt_tokens"])

    def ask_image(self) -> Answer:
        url = "data:image/png;base64," + base64.b64encode(image()).decode()
        return self.ask([{"type": "image_url", "image_url": {"url": url}}])

    def ask_sound(self) -> Answer:
        data = base64.b64encode(sound()).decode()
        return self.ask([{"type": "input_audio", "input_audio": {"data": data, "format": "wav"}}])

    def end_words(self) -> str:
        """What the log says of an error: its cause if that can be told, without paths and times."""
        text = self.log.read_text(errors="replace")
        lines = [_NOISE.sub("", line).strip() for line in text.splitlines()]
        causes = [line for line in lines if _CAUSE.search(line)]
        found = causes or [line for line in lines if _ERROR.search(line)]
        return re.sub(r"/\S+/", "", found[0])[:200] if found else ""

    def __enter__(self) -> LlamaServer:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for sign in (signal.SIGTERM, signal.SIGKILL):
            if self._process.poll() is None:
                self._process.send_signal(sign)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(5)


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])
