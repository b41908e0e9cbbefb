from __future__ import annotations

import pytest

from modelfile_kit.diff.part import Outcome
from modelfile_kit.diff.settings import Settings, compare_settings
from modelfile_kit.gguf_file import read_header
from modelfile_kit.ollama.grammar import parse_modelfile
from modelfile_kit.publish.served_model import ServedModel
from tests.gguf_file.handmade import Typed, gguf


def of(text):
    return Settings.of_modelfile(parse_modelfile(f"FROM ./m.gguf\n{text}"))


def lines(before, after, **more):
    return list(compare_settings(of(before), of(after), **more).lines)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("PARAMETER top_k 7\nSYSTEM x", "SYSTEM x\nPARAMETER top_k 7"),
        ('SYSTEM "x"', 'SYSTEM """x"""'),
        ("PARAMETER temperature 0.70", "parameter temperature 7e-1"),
        ("PARAMETER use_mmap true", "PARAMETER use_mmap 1"),
        ("PARAMETER stop a\nPARAMETER stop b", "PARAMETER stop b\nPARAMETER stop a"),
        ("PARAMETER temperature 0.8\nPARAMETER top_k 40\nPARAMETER seed -1", ""),
        ("PARAMETER top_k 5\nPARAMETER top_k 9", "PARAMETER top_k 9"),
        ("LICENSE a\nLICENSE b", 'LICENSE b\nLICENSE """a"""'),
        ("# a comment", ""),
        ("PARAMETER system x", "SYSTEM x"),
    ],
)
def test_what_means_the_same_is_the_same(before, after):
    assert lines(before, after) == []


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("PARAMETER top_k 7", "", ["~ PARAMETER top_k: 7 -> not set (40)"]),
        ("PARAMETER num_ctx 7", "", ["~ PARAMETER num_ctx: 7 -> not set"]),
        ("PARAMETER stop a", "PARAMETER stop b", ["- PARAMETER stop 'a'", "+ PARAMETER stop 'b'"]),
        ("PARSER qwen3", "", ["~ PARSER: qwen3 -> not set"]),
        ("SYSTEM x", "SYSTEM y", ["~ SYSTEM: 'x' -> 'y'"]),
        ("LICENSE MIT", "LICENSE GPL", ["- LICENSE 'MIT'", "+ LICENSE 'GPL'"]),
        ("ADAPTER ./l.gguf", "", ["~ ADAPTER: 1 file -> 0 files"]),
        ("PARAMETER use_mmap true", "PARAMETER use_mmap false", ["~ PARAMETER use_mmap: true -> false"]),
    ],
)
def test_what_does_not_is_told(before, after, found):
    assert lines(before, after) == found


def test_the_order_of_messages_counts():
    one, two = "MESSAGE user a", "MESSAGE assistant b"
    found = lines(f"{one}\n{two}", f"{two}\n{one}")
    assert found[0] == "~ MESSAGE: 2 messages -> 2 messages"
    assert [line for line in found if "assistant" in line] == ["    + assistant 'b'", "    - assistant 'b'"]


def test_published_models_are_compared_by_name_and_files_are_not():
    one, other = (Settings.of_modelfile(parse_modelfile(f"FROM {name}")) for name in ("llama3", "qwen3"))
    assert compare_settings(one, other).lines == ("~ FROM: llama3 -> qwen3",)
    one, other = (Settings.of_modelfile(parse_modelfile(f"FROM ./{name}.gguf")) for name in "ab")
    assert compare_settings(one, other).outcome is Outcome.EQUAL


def test_a_models_own_sampler_settings_take_the_place_of_ollamas(tmp_path):
    path = tmp_path / "m.gguf"
    path.write_bytes(gguf({"general.sampling.temp": Typed("float32", 0.5)}))
    header = read_header(path)
    found = lines("PARAMETER temperature 0.8", "", headers=(None, header))
    assert found == ["~ PARAMETER temperature: 0.8 -> not set (0.5)"]
    assert lines("PARAMETER temperature 0.5", "", headers=(None, header)) == []


def test_a_server_keeps_32_bit_floats():
    raw = {
        "parameters": 'temperature                    0.7\nstop                           "</s>"',
        "modelfile": "FROM /x/sha256-" + "0" * 64 + "\nTEMPLATE {{ .Prompt }}\n",
        "system": "s",
        "messages": [{"role": "user", "content": "hi"}],
    }
    served = Settings.of_served(ServedModel.from_show("m", raw))
    same = of("PARAMETER stop </s>\nPARAMETER temperature 0.70000001\nSYSTEM s\nMESSAGE user hi")
    assert compare_settings(served, same).lines == ()


def test_a_side_without_instructions():
    assert compare_settings(of(""), None).outcome is Outcome.NOT_COMPARED
