"""Micro models of the shape of others: what their files say, how they tokenize, and what they answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from modelfile_kit.core.errors import UsageError
from modelfile_kit.gguf_file import Vocabulary, read_header
from modelfile_kit.gguf_file.pairing import check_pair
from modelfile_kit.gguf_file.soundness import check_soundness
from modelfile_kit.micro.plain_text_model import PLAIN
from modelfile_kit.micro.projectors import PROJECTORS
from modelfile_kit.micro.stand_in import StandIn, build_stand_in
from modelfile_kit.runtime.tokenizer import LlamaTokenizer

BYTES = StandIn(
    name="Some Model 7B",
    architecture="llama",
    tokenizer={"model": "gpt2", "pre": "llama-bpe", "bos_token_id": "<|bos|>", "eos_token_id": "<|end|>"},
    control=("<|bos|>", "<|end|>", "<|user|>"),
    user_defined=("<tool>",),
    chat_template="{{ bos_token }}{% for m in messages %}<|user|>{{ m.content }}{% endfor %}",
)
PIECES = replace(
    BYTES,
    architecture="gemma3",
    tokenizer={
        "model": "llama",
        "pre": "default",
        "bos_token_id": "<|bos|>",
        "eos_token_id": "<|end|>",
        "unknown_token_id": "<unk>",
        "add_bos_token": True,
        "add_space_prefix": False,
    },
)


@pytest.mark.parametrize("stand_in", [BYTES, PIECES], ids=["byte-level", "SentencePiece"])
def test_the_file_says_what_the_real_one_says(stand_in: StandIn, tmp_path: Path) -> None:
    build_stand_in(stand_in, tmp_path / "m.gguf")
    header = read_header(tmp_path / "m.gguf")
    vocabulary = Vocabulary.from_header(header)
    assert header.architecture == stand_in.architecture
    assert header.metadata["general.name"] == "Some Model 7B"
    assert vocabulary.bos_id == vocabulary.id_of("<|bos|>")
    assert vocabulary.eos_id == vocabulary.id_of("<|end|>")
    assert set(vocabulary.control_tokens()) == {"<|bos|>", "<|end|>", "<|user|>"}
    assert vocabulary.type_of(vocabulary.id_of("<tool>") or 0) == "user-defined"
    assert vocabulary.add_bos  # said by one, by default of its pre-tokenizer the other
    assert vocabulary.chat_templates["default"] == stand_in.chat_template
    assert check_soundness(header) == []


@pytest.mark.parametrize("stand_in", [BYTES, PIECES], ids=["byte-level", "SentencePiece"])
def test_every_text_can_be_tokenized(stand_in: StandIn, tmp_path: Path, llama_cpp: None) -> None:
    build_stand_in(stand_in, tmp_path / "m.gguf")
    text = "<|user|>Grüße, 日本 🙂\n\n<tool>"
    with LlamaTokenizer(tmp_path / "m.gguf") as tokenizer:
        ids = tokenizer.tokenize(text, add_bos=False)
        pieces = b"".join(tokenizer.pieces(ids))
    assert pieces.decode() == text
    vocabulary = Vocabulary.from_header(read_header(tmp_path / "m.gguf"))
    assert (ids[0], ids[-1]) == (vocabulary.id_of("<|user|>"), vocabulary.id_of("<tool>"))


@pytest.mark.parametrize("architecture", [*sorted(PLAIN), "chatglm", "gemma3", "gpt-oss"])
def test_it_answers_and_ends(architecture: str, tmp_path: Path, llama_cpp: None) -> None:
    from modelfile_kit.runtime.llama_cpp.engine import EmbeddedEngine

    m_rope = architecture == "qwen2vl"
    stand_in = replace(BYTES, architecture=architecture, m_rope=m_rope, reply=("Good", " morning"))
    build_stand_in(stand_in, tmp_path / "m.gguf")
    with EmbeddedEngine(tmp_path / "m.gguf") as engine:
        reply = engine.generate("<|user|>Which planet is nearest to the sun?", max_tokens=8)
    assert (reply.text, reply.finish_reason, reply.completion_tokens) == ("Good morning", "stop", 3)


@pytest.mark.parametrize(
    ("kind", "architecture", "senses"),
    [
        ("gemma3", "gemma3", ("vision",)),
        ("qwen2.5vl_merger", "qwen2vl", ("vision",)),
        ("qwen2.5o", "qwen2vl", ("vision", "audio")),
        ("qwen2a", "qwen2", ("audio",)),
    ],
)
def test_pairs_fit(kind: str, architecture: str, senses: tuple[str, ...], tmp_path: Path) -> None:
    base = PIECES if architecture == "gemma3" else BYTES
    marks: tuple[str, ...] = ("<start_of_image>", "<end_of_image>", "<|vision_start|>", "<|vision_end|>")
    marks += ("<|audio_bos|>", "<|audio_eos|>")
    stand_in = replace(
        base,
        architecture=architecture,
        control=(*base.control, *marks),
        projector=kind,
        senses=senses,
        m_rope=architecture == "qwen2vl",
    )
    build_stand_in(stand_in, tmp_path / "m.gguf", tmp_path / "p.gguf")
    model, projector = read_header(tmp_path / "m.gguf"), read_header(tmp_path / "p.gguf")
    assert [d for d in check_pair(model, projector) if d.severity.rank < 2] == []
    assert {s for s in ("vision", "audio") if projector.metadata.get(f"clip.has_{s}_encoder")} == set(senses)
    assert set(PROJECTORS) == {"gemma3", "qwen2.5vl_merger", "qwen2.5o", "qwen2a"}


def test_other_architectures_and_projectors_are_headers(tmp_path: Path) -> None:
    stand_in = replace(BYTES, architecture="glm4moe", projector="glm4v", m_rope=True)
    build_stand_in(stand_in, tmp_path / "m.gguf", tmp_path / "p.gguf")
    model, projector = read_header(tmp_path / "m.gguf"), read_header(tmp_path / "p.gguf")
    assert (model.architecture, model.tensors, projector.tensors) == ("glm4moe", (), ())
    assert projector.metadata["clip.projector_type"] == "glm4v"


def test_a_model_in_parts(tmp_path: Path, llama_cpp: None) -> None:
    first = tmp_path / "m-00001-of-00003.gguf"
    build_stand_in(replace(BYTES, parts=3), first)
    files = sorted(p.name for p in tmp_path.iterdir())
    assert files == [f"m-0000{n}-of-00003.gguf" for n in (1, 2, 3)]
    from modelfile_kit.runtime.llama_cpp.engine import EmbeddedEngine

    with EmbeddedEngine(first) as engine:
        assert engine.generate("<|user|>Hi", max_tokens=4).text == "Hello"


@pytest.mark.parametrize(
    ("change", "name", "words"),
    [
        ({"tokenizer": {"model": "rwkv"}}, "m.gguf", ("no micro vocabulary", "gpt2 and llama")),
        ({"tokenizer": {"model": "gpt2"}}, "m.gguf", ("neither eot_token_id nor eos_token_id",)),
        ({"control": ("<|end|>",)}, "m.gguf", ("`bos_token_id` is '<|bos|>'", "no token of the vocabulary")),
        ({"parts": 3}, "m.gguf", ("-00001-of-00003.gguf", "found m.gguf")),
    ],
)
def test_what_cannot_be_made(change: dict, name: str, words: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        build_stand_in(replace(BYTES, **change), tmp_path / name)
    assert all(word in f"{caught.value.message} {caught.value.help}" for word in words)
    assert list(tmp_path.iterdir()) == []
