"""Stops: what the family names, the vocabulary has, and llama.cpp does not know by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit.building.stops import Stops, decide_stops
from modelfile_kit.core.diagnostics import Severity, Span
from modelfile_kit.gguf_file import read_header
from modelfile_kit.gguf_file.vocabulary import Vocabulary
from modelfile_kit.micro import build_model
from modelfile_kit.ollama.versions import Target
from modelfile_kit.package.families import load_family


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    return Vocabulary.from_header(read_header(build_model(tmp_path_factory.mktemp("m") / "m.gguf")))


def decide(
    vocabulary: Vocabulary | None,
    asked: str | list[str] = "auto",
    *,
    target: str = "0.17.4",
    **options: object,
) -> Stops:
    given = {"family": load_family("glm4v"), "compiled": (), "end": None, "span": Span("f"), **options}
    return decide_stops(asked, vocabulary=vocabulary, target=Target.parse(target), **given)  # type: ignore[arg-type]


def codes(stops: Stops) -> list[tuple[str, str]]:
    return [(d.code, str(d.severity)) for d in stops.diagnostics]


def test_glm(vocabulary: Vocabulary) -> None:
    stops = decide(vocabulary)
    assert stops.texts == ["<|observation|>", "</answer>"]
    assert [s.id for s in stops.stops] == [vocabulary.id_of(t) for t in stops.texts]
    assert {s.text for s in stops.left_out} == {"<|endoftext|>", "<|user|>"}
    assert codes(stops) == []


def test_user_becomes_a_stop_where_it_is_no_end_of_turn(tmp_path: Path) -> None:
    path = build_model(tmp_path / "m.gguf")
    path.write_bytes(path.read_bytes().replace(b"eot_token_id", b"xxx_token_id"))
    other = Vocabulary.from_header(read_header(path))
    assert "<|user|>" in decide(other).texts


def test_what_the_vocabulary_lacks_is_left_out(vocabulary: Vocabulary) -> None:
    stops = decide(vocabulary, family=None, compiled=["<|im_end|>", "</answer>"], end="<|eot|>\n")
    assert stops.texts == ["</answer>"]
    assert [(s.text, s.id) for s in stops.left_out] == [("<|eot|>", None), ("<|im_end|>", None)]


def test_plain_texts_of_the_chat_template_stay(vocabulary: Vocabulary) -> None:
    assert decide(vocabulary, family=None, compiled=["\nUser:"]).texts == ["\nUser:"]


def test_without_a_vocabulary(vocabulary: Vocabulary) -> None:
    stops = decide(None)
    assert "<|user|>" in stops.texts
    assert codes(stops) == [("MK308", "warning")]
    assert codes(decide(None, family=None)) == []


def test_a_list_of_ones_own(vocabulary: Vocabulary) -> None:
    stops = decide(vocabulary, ["<|im_end|>", "Observation:", "<|user|>", "</answer>"])
    assert stops.texts == ["<|im_end|>", "Observation:", "<|user|>", "</answer>"]
    assert codes(stops) == [
        ("MK320", "warning"),  # looks like a token and is none
        ("MK320", "info"),  # a plain text
        ("MK328", "info"),  # needless
        ("MK322", "warning"),  # <|observation|> is missing
    ]
    assert "<|observation|>" in stops.diagnostics[3].message


def test_control_tokens_are_not_seen_by_later_servers(vocabulary: Vocabulary) -> None:
    for target, seen in (("0.17.4", True), ("0.30.0", False), (">=0.17.4", False), ("latest", False)):
        [*found] = [d for d in decide(vocabulary, target=target).diagnostics if d.code == "MK321"]
        assert (not found) == seen, target
        assert all(d.severity is Severity.INFO and "<|observation|>" in d.message for d in found)
