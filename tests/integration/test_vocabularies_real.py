"""Chat templates of well-known families on real vocabularies, from build to verify, on a real server.

The models have the vocabularies of llama.cpp's own tests and weights that answer one word. Seen on Ollama
0.34.4 (2026-11-27): prompt_eval_count is the number of tokens of what Hugging Face renders, one BOS included.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

from modelfile_kit.align.package_check import check_package
from modelfile_kit.building.build import build
from modelfile_kit.gguf_file import Vocabulary, read_header
from modelfile_kit.gguf_file.arrays import NumberArray, StringArray
from modelfile_kit.lint.runner import lint_modelfile
from modelfile_kit.micro.plain_text_model import architecture_keys, plain_tensors
from modelfile_kit.package.families import load_family
from modelfile_kit.publish.publish import NotVerifiedError, publish
from modelfile_kit.runtime.tokenizer import LlamaTokenizer
from tests.integration.own_templates import CHATML
from tests.real_tokenizers import vocabulary

pytestmark = pytest.mark.server

ROOT = Path(__file__).parents[2]
MISTRAL = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }}[/INST]"
    "{% elif m.role == 'assistant' %} {{ m.content | trim }}{{ eos_token }}"
    "{% elif not loop.first %}{{ raise_exception('only the first message can be of the system') }}{% endif %}"
    "{% endfor %}"
)
GEMMA_4 = (
    "{{ bos_token }}{% for m in messages %}<|turn>{{ 'model' if m.role == 'assistant' else m.role }}\n"
    "{{ m.content | trim }}<turn|>\n{% endfor %}{% if add_generation_prompt %}<|turn>model\n{% endif %}"
)
GLM_TOKENS = ("[gMASK]", "<sop>", "<|system|>", "<|user|>", "<|assistant|>", "<|observation|>")


@dataclass(frozen=True)
class Case:
    """A vocabulary of llama.cpp's, what is changed in it, and the chat template that is put into it.

    real: the template's name in ../shared/corpus, asked as well where that is there. end: of a turn.
    """

    vocabulary: str
    template: str
    real: str
    end: str
    architecture: str = "llama"
    pre: str = ""
    tokens: tuple[str, ...] = ()


CASES = {
    "llama 3.1": Case(
        "llama-bpe",
        (ROOT / "examples/llama-3.1-8b/golden/chat_template.jinja").read_text(encoding="utf-8"),
        "meta-llama-Llama-3.1-8B-Instruct",
        "<|eot_id|>",
    ),
    "mistral": Case("phi-3", MISTRAL, "lib_mistral_7b-instruct-fp16", "<|endoftext|>"),
    "qwen": Case("qwen2", CHATML, "Qwen-Qwen2.5-7B-Instruct", "<|im_end|>", "qwen2"),
    "gemma": Case("gemma-4", GEMMA_4, "google-gemma-4-31B-it-interleaved", "<turn|>", "gemma3"),
    "glm": Case(
        "qwen2",
        load_family("glm4v").chat_template,
        "GLM-4.1V-9B-Thinking",
        "<|user|>",
        pre="glm4",
        tokens=GLM_TOKENS,
    ),
}
# The others, and the real templates, take minutes: `make soak`.
SHORT = ("llama 3.1", "mistral")
SOAK = os.environ.get("MKMODELFILE_SOAK") == "1"
ASK = [{"role": "user", "content": "Which planet is nearest to the sun?"}]
TALK = [*ASK, {"role": "assistant", "content": "Mercury."}, {"role": "user", "content": "Größe? 日本 🙂\n\n"}]


def write_model(path: Path, case: Case, template: str) -> None:
    """A model with that vocabulary that answers `Hello`."""
    header = read_header(vocabulary(case.vocabulary))
    known, metadata = Vocabulary.from_header(header), header.metadata
    keys: dict[str, Any] = {k: metadata[k] for k in metadata if k.startswith("tokenizer.ggml.")}
    texts = keys["tokenizer.ggml.tokens"]
    assert isinstance(texts, StringArray)
    tokens = [*texts.iter_raw(), *(t.encode() for t in case.tokens)]
    types = keys["tokenizer.ggml.token_type"]
    assert isinstance(types, NumberArray)
    end = len(texts) + case.tokens.index(case.end) if case.tokens else known.id_of(case.end)
    hello = next(i for t in ("Hello", "▁Hello", "hello") if (i := known.id_of(t)) is not None)
    assert end is not None
    keys |= {"tokenizer.ggml.tokens": tokens, "tokenizer.ggml.token_type": [*types, *[3] * len(case.tokens)]}
    keys |= {"tokenizer.ggml.eot_token_id": end, "tokenizer.chat_template": template}
    keys |= {"tokenizer.ggml.pre": case.pre} if case.pre else {}
    keys |= architecture_keys(case.architecture, 8192, m_rope=False)
    with contextlib.closing(gguf.GGUFWriter(path, case.architecture)) as out:
        out.add_type("model")
        for key, value in keys.items():
            if isinstance(value, (list, StringArray, NumberArray)):
                out.add_array(key, list(value.iter_raw() if isinstance(value, StringArray) else value))
            elif isinstance(value, bool):
                out.add_bool(key, value)
            elif isinstance(value, int):
                out.add_uint32(key, value)
            elif isinstance(value, float):
                out.add_float32(key, value)
            else:
                out.add_string(key, value)
        for name, weights in plain_tensors(case.architecture, len(tokens), [hello], end, {}).items():
            out.add_tensor(name, np.array(list(weights), np.float32).reshape(weights.shape))
        out.write_header_to_file()
        out.write_kv_data_to_file()
        out.write_tensors_to_file()


def all_green(case: Case, template: str, folder: Path, server) -> None:
    write_model(folder / "m.gguf", case, template)
    (folder / "mkmodelfile.yaml").write_text("name: v\nmodel: m.gguf\nprojector: none\nmode: go\n")
    built = build(folder)
    # What is said of tools concerns the template, not its vocabulary.
    about_tools = {"MK514", "MK610", "MK620", "MK623", "MK630", "MK631", "MK670"}
    assert {d.code for d in built.diagnostics if d.severity.rank < 2} <= about_tools, built.diagnostics
    assert [d for d in check_package(built, embedded=False).all_diagnostics if d.severity.rank == 0][:1] == []
    linted = lint_modelfile(str(built.modelfile), base=built.path.parent)
    assert {d.code for d in linted if d.severity.rank < 2} <= about_tools, linted
    try:
        publish(built, "vocabulary", host=server.url)
    except NotVerifiedError as e:
        pytest.fail("\n".join(f"{c.name}: {c.diagnostics}" for c in e.report.checks if c.status == "fail"))
    with LlamaTokenizer(folder / "m.gguf") as tokenizer:
        for messages in (ASK, TALK):
            expected = len(tokenizer.tokenize(built.original(messages), add_bos=False))
            reply = server.chat("vocabulary", messages, options={"num_predict": 4})
            assert (reply.prompt_tokens, reply.text.strip().lower()) == (expected, "hello")


@pytest.mark.parametrize("name", CASES if SOAK else SHORT)
def test_all_is_green(name: str, tmp_path: Path, ollama_server, llama_cpp) -> None:
    all_green(CASES[name], CASES[name].template, tmp_path, ollama_server)


if SOAK:  # an empty list of parameters would be a skipped test

    @pytest.mark.parametrize("name", CASES)
    def test_all_is_green_with_the_real_template(name, tmp_path, ollama_server, llama_cpp, shared) -> None:
        text = (shared / "corpus" / "templates" / f"{CASES[name].real}.jinja").read_text(encoding="utf-8")
        all_green(CASES[name], text, tmp_path, ollama_server)
