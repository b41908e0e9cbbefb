"""Puts one pair to an engine: llama-server by itself, or a real Ollama."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
from pathlib import Path
from typing import Any

import httpx

from tests.ollama_process import OllamaProcess

from .engine import Answer, LlamaServer, image, sound
from .pairs import MARKS, Pair, write_pair
from .seen import NOTHING, Seen

SECONDS = 180


def ask_llama_server(program: Path, folder: Path, pair: Pair, marks: bool, name: str) -> Seen:
    """What llama-server makes of a pair. marks: whether the vocabulary has those of mtmd.cpp."""
    model, projector = _files(folder, pair, marks)
    with LlamaServer(program, model, projector) as server:
        if server.words:
            return Seen(str(pair), marks, name, NOTHING, shown(Answer(0, 0, server.words)))
        answers = [server.ask()]
        answers += [server.ask_image()] if "vision" in pair.senses else []
        image_shown = shown(answers[-1]) if "vision" in pair.senses else NOTHING
    # an engine that an image ended cannot hear any more
    heard = NOTHING
    if "audio" in pair.senses:
        with LlamaServer(program, model, projector) as server:
            heard = shown(server.ask_sound())
    return Seen(str(pair), marks, name, NOTHING, shown(answers[0]), image_shown, heard)


def ask_ollama(process: OllamaProcess, folder: Path, pair: Pair, marks: bool) -> Seen:
    """What a running Ollama makes of a pair: create, capabilities, chats."""
    version = httpx.get(f"{process.url}/api/version", trust_env=False).json()["version"]
    files = _files(folder, pair, marks)
    with httpx.Client(base_url=process.url, timeout=SECONDS, trust_env=False) as client:
        try:
            created = _create(client, files)
            if created.status:
                return Seen(str(pair), marks, version, NOTHING, shown(created))
            told = client.post("/api/show", json={"model": "zoo"}).json()
            media = {"text": None, "vision": image(), "audio": sound()}
            answers = {
                sense: shown(_chat(client, data))
                for sense, data in media.items()
                if sense in ("text", *pair.senses)
            }
        finally:
            client.request("DELETE", "/api/delete", json={"model": "zoo"})
    return Seen(
        str(pair),
        marks,
        version,
        ",".join(sorted(told["capabilities"])),
        answers["text"],
        answers.get("vision", NOTHING),
        answers.get("audio", NOTHING),
    )


def _files(folder: Path, pair: Pair, marks: bool) -> tuple[Path, Path]:
    shutil.rmtree(folder, ignore_errors=True)
    return write_pair(folder, pair, without=() if marks else MARKS)


def _create(client: httpx.Client, files: tuple[Path, Path]) -> Answer:
    digests = {}
    for path in files:
        data = path.read_bytes()
        digests[path.name] = digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        client.post(f"/api/blobs/{digest}", content=data).raise_for_status()
    body = {"model": "zoo", "files": digests, "stream": False, "parameters": {"num_ctx": 4096}}
    return answer_of(client.post("/api/create", json=body), done=0)


def _chat(client: httpx.Client, media: bytes | None) -> Answer:
    message: dict[str, Any] = {"role": "user", "content": "hi"}
    if media is not None:
        message["images"] = [base64.b64encode(media).decode()]
    options = {"num_predict": 2, "temperature": 0}
    body = {"model": "zoo", "messages": [message], "stream": False, "options": options}
    return answer_of(client.post("/api/chat", json=body), done=200)


def answer_of(response: httpx.Response, done: int) -> Answer:
    """A reply of Ollama's API. done: the status to give where there is no error."""
    reply = response.json()
    if response.status_code == 200 and "error" not in reply:
        return Answer(done, reply.get("prompt_eval_count", 0))
    words = str(reply.get("error", reply))
    inside = re.search(r'"message":"([^"]+)"', words)  # llama-server's own answer, passed on
    return Answer(response.status_code, 0, inside[1] if inside else words)


def shown(answer: Answer) -> str:
    """As the table has it: on one line, without what differs from run to run (paths, ports, numbers of
    threads)."""
    if answer.status == 200:
        return str(answer.tokens)
    words = re.sub(r"/\S*/", "", " ".join(answer.words.split()))
    words = re.sub(r"127\.0\.0\.1:\d+", "HOST", words).replace("|", "/")
    words = re.sub(r"sha256-[0-9a-f]+", "BLOB", words)
    words = re.sub(r"(error: .+) \1", r"\1", words)
    return f"{answer.status} {words[:180]}".strip()
