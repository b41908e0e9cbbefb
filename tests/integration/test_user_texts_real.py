"""What check says of users' words is what a real server does: it counts the tokens of the prompt."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from modelfile_kit.align.user_texts import user_texts
from modelfile_kit.building.build import build
from modelfile_kit.micro import build_model
from modelfile_kit.publish import publish as publishing
from modelfile_kit.runtime.ollama.client import OllamaServer
from modelfile_kit.runtime.tokenizer import LlamaTokenizer

pytestmark = pytest.mark.server


def test_a_text_in_a_message_is_one_token(
    tmp_path: Path, ollama_server: OllamaServer, llama_cpp: None
) -> None:
    model = build_model(tmp_path / "m.gguf")
    (tmp_path / "mkmodelfile.yaml").write_text("name: p\nmodel: m.gguf\nprojector: none\n")
    built = build(tmp_path)
    with LlamaTokenizer(model) as engine:
        assert built.files.vocabulary is not None
        found = user_texts(built.expected, built.files.vocabulary, engine)
    assert "<|user|>" in found.closing and "<|assistant|>" in found.closing
    functools.partial(publishing.publish, verify=False)(built, "words", host=ollama_server.url)

    def count(content: str) -> int:
        reply = ollama_server.chat(
            "words", [{"role": "user", "content": content}], options={"num_predict": 1}
        )
        return reply.prompt_tokens or 0

    plain = count("zqx xqz")
    for text in found.closing:
        assert count(f"zqx{text} xqz") == plain + 1, text
    # broken up as the help says, it is no such token any more: each letter of it is one here
    assert count("zqx< |user|> xqz") > plain + 1
