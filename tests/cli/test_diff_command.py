from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from modelfile_kit.gguf_file.patch import patch
from modelfile_kit.micro import build_model, build_projector
from modelfile_kit.report import FORMATS

JINJA = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}<a>"


@pytest.fixture
def pair(tmp_path):
    (tmp_path / "a.jinja").write_text(JINJA)
    (tmp_path / "b.jinja").write_text(JINJA.replace("<a>", "<b>"))
    return tmp_path / "a.jinja", tmp_path / "b.jinja"


def test_a_change_and_the_smallest_conversation_that_shows_it(pair, mkmodelfile):
    done = mkmodelfile("diff", *pair)
    assert done.code == 1
    lines = [line.strip() for line in done.out.splitlines()]
    assert f"-: {pair[0]} (chat template; prompts by the chat template by Hugging Face's rules)" in lines
    at = lines.index('for {"messages": [{"role": "system", "content": ""}]}')
    assert lines[at + 1 : at + 3] == ["- <system><a>", "+ <system><b>"]
    assert lines[-1].startswith("diff: different (")


def test_equal_is_said_with_what_was_compared(pair, mkmodelfile):
    pair[1].write_text(JINJA.replace("for m in messages", "for m in messages[:]"))
    done = mkmodelfile("diff", *pair)
    assert done.code == 1  # the text is another one
    assert "✓ prompts: chat" in done.out
    assert "conversations, every prompt is the same" in done.out
    pair[1].write_text(JINJA)
    done = mkmodelfile("diff", *pair)
    assert (done.code, done.out.splitlines()[-1]) == (0, "diff: equal (3 equal)")


@pytest.mark.parametrize("output_format", FORMATS)
def test_every_format_has_the_exit_code_and_the_change(output_format, pair, mkmodelfile):
    done = mkmodelfile("diff", *pair, "--format", output_format)
    assert done.code == 1
    assert "prompts: chat" in done.out
    if output_format == "json":
        cases = {c["name"]: c for c in json.loads(done.out)["cases"]}
        [example] = cases["prompts: chat"]["data"]["examples"]
        assert example["before"]["prompt"] == "<system><a>"
    if output_format == "junit":
        assert int(ElementTree.fromstring(done.out)[0].get("failures") or 0) >= 2
    assert mkmodelfile("diff", pair[0], pair[0], "--format", output_format).code == 0


def test_ggufs_with_and_without_their_data(tmp_path, mkmodelfile):
    model = build_model(tmp_path / "a.gguf")
    other = patch(model, tmp_path / "b.gguf", {"general.name": "other"})
    done = mkmodelfile("diff", model, tmp_path / "b.gguf", "--data")
    assert done.code == 1
    assert "~ general.name (string): 'micro GLM-4.1V' -> 'other'" in done.out
    assert "every byte is the same" in done.out
    data = bytearray((tmp_path / "b.gguf").read_bytes())
    data[other.data_offset + 4] ^= 1
    (tmp_path / "b.gguf").write_bytes(data)
    assert "✗ tensor data  1 of 29 tensors" in mkmodelfile("diff", model, tmp_path / "b.gguf", "--data").out
    assert "tensor data" not in mkmodelfile("diff", model, tmp_path / "b.gguf").out


def test_a_side_from_standard_input(pair, mkmodelfile):
    done = mkmodelfile("diff", pair[0], "-", stdin=JINJA.encode())
    assert done.code == 0
    assert "<stdin> (chat template" in done.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a.jinja"], "Missing argument 'B'"),
        (["a.jinja", "none.gguf"], "none.gguf"),
        (["a.jinja", "my-model"], "ollama://NAME"),
        (["-", "-"], "only one side"),
        (["a.jinja", "b.jinja", "--host", "h"], "--host has no meaning"),
        (["a.jinja", "cut.gguf"], "cut.gguf"),
        (["a.jinja", "eyes.gguf"], "have nothing that could be compared"),
        (["a.jinja", "Modelfile"], "Modelfile"),
        (["a.jinja", "ollama://m", "--host", "127.0.0.1:1"], "127.0.0.1:1"),
        (["a.jinja", "my-model", "--host", "127.0.0.1:1"], "127.0.0.1:1"),
        (["a.jinja", "./my-model", "--host", "127.0.0.1:1"], "--host has no meaning"),
        (["https://127.0.0.1:1/x.gguf", "a.jinja"], "127.0.0.1:1"),
    ],
)
def test_what_cannot_be_read_is_wrong_usage_and_no_difference(
    arguments, said, pair, mkmodelfile, tmp_path, monkeypatch
):
    (tmp_path / "cut.gguf").write_bytes(b"GGUF\x03\0\0\0")
    (tmp_path / "Modelfile").write_text("FRM x\n")
    build_projector(tmp_path / "eyes.gguf")
    monkeypatch.chdir(tmp_path)
    done = mkmodelfile("diff", *arguments)
    assert done.code == 2
    assert said in done.err
    assert "internal error" not in done.err
