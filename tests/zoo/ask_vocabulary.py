"""What engines count for a short text, for every tokenizer and word about BOS; the table of it.

A row is: tokenizer, add_bos_token, engine, the tokens of "hi", and of "hi" with BOS's text before it. For
llama-server these are three numbers by /tokenize: without special tokens, with what it adds, with what it
adds and BOS written. For Ollama they are prompt_eval_count with TEMPLATE `{{ .Prompt }}`, of both texts.
What cannot be asked is told in the engine's words.
"""

from __future__ import annotations

import datetime
import hashlib
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.ollama_process import OllamaProcess

from .ask import SECONDS, answer_of, shown
from .engine import LlamaServer
from .seen import LLAMA_SERVER, NOTHING
from .vocabularies import TOKENIZERS, vocabulary_model

TABLE = Path(__file__).parent / "seen_vocabularies.txt"
_HEAD = """\
# What engines count for "hi", written by `python -m tests.zoo.record vocabularies PROGRAM…` on {date}.
# llama-server: of llama-cpp-python 0.3.36, which Ollama 0.33.0 and 0.34.4 are built with here.
# tokenizer | add_bos_token | engine | hi | with what is added | with BOS written too
# Each is a number of tokens, or the status (0: the engine ended) and its words.
"""


@dataclass(frozen=True)
class Counted:
    """One row. name, said: of vocabularies.py; plain, added, written: the three counts as text, "-" where
    not asked."""

    name: str
    said: str
    engine: str
    plain: str
    added: str
    written: str

    def __str__(self) -> str:
        return " | ".join((self.name, self.said, self.engine, self.plain, self.added, self.written))


def count_by_llama_server(program: Path, folder: Path, name: str, said: str) -> Counted:
    """Three calls of /tokenize."""
    model = _model(folder, name, said)
    with LlamaServer(program, model) as server:
        if server.words:
            return Counted(name, said, LLAMA_SERVER, f"0 {server.words}", NOTHING, NOTHING)
        counts = []
        for text, special in (("hi", False), ("hi", True), (f"{TOKENIZERS[name].bos}hi", True)):
            body = {"content": text, "add_special": special, "parse_special": True}
            try:
                counts.append(str(len(server.post("/tokenize", body).json()["tokens"])))
            except httpx.HTTPError:
                return Counted(name, said, LLAMA_SERVER, f"0 {server.end_words()}", NOTHING, NOTHING)
    return Counted(name, said, LLAMA_SERVER, *counts)


def count_by_ollama(process: OllamaProcess, folder: Path, name: str, said: str) -> Counted:
    """One model with a TEMPLATE that adds nothing, and two prompts."""
    model = _model(folder, name, said)
    version = httpx.get(f"{process.url}/api/version", trust_env=False).json()["version"]
    data = model.read_bytes()
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    with httpx.Client(base_url=process.url, timeout=SECONDS, trust_env=False) as client:
        client.post(f"/api/blobs/{digest}", content=data).raise_for_status()
        body = {"model": "zoo", "files": {"m.gguf": digest}, "template": "{{ .Prompt }}", "stream": False}
        try:
            created = answer_of(client.post("/api/create", json=body), done=0)
            if created.status:
                return Counted(name, said, version, NOTHING, shown(created), NOTHING)
            counts = []
            for prompt in ("hi", f"{TOKENIZERS[name].bos}hi"):
                asked = {"model": "zoo", "prompt": prompt, "stream": False, "options": {"num_predict": 1}}
                counts.append(shown(answer_of(client.post("/api/generate", json=asked), done=200)))
        finally:
            client.request("DELETE", "/api/delete", json={"model": "zoo"})
    return Counted(name, said, version, NOTHING, *counts)


def _model(folder: Path, name: str, said: str) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    return vocabulary_model(folder / "m.gguf", name, said)


def read_counted() -> Sequence[Counted]:
    """All rows; none where there is no table yet."""
    if not TABLE.exists():
        return []
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    return [Counted(*line.split(" | ")) for line in lines if line and not line.startswith("#")]


def write_counted(rows: Iterable[Counted], date: datetime.date) -> None:
    """Writes the table in the order of vocabularies.py."""
    order = list(TOKENIZERS)
    ordered = sorted(rows, key=lambda r: (order.index(r.name), r.said, r.engine))
    TABLE.write_text(_HEAD.format(date=date) + "".join(f"{row}\n" for row in ordered), encoding="utf-8")
