from __future__ import annotations

import sys
from typing import Any

import pytest

from modelfile_kit.gguf_file import read_header
from modelfile_kit.micro import build_model
from tests.gguf_file.handmade import Typed, gguf

ADD_BOS = "tokenizer.ggml.add_bos_token"


def names(folder):
    return sorted(p.name for p in folder.iterdir())


@pytest.fixture
def model(tmp_path):
    return build_model(tmp_path / "m.gguf")


def test_a_copy_beside_the_model(model, mkmodelfile):
    before = model.read_bytes()
    done = mkmodelfile("patch", model, "--set", f"{ADD_BOS}=true", "--set", "general.name=other")
    copy = model.with_name("m-patched.gguf")
    assert (done.code, done.out.strip()) == (0, str(copy))
    assert f"{ADD_BOS} (bool): " in done.err
    metadata = read_header(copy).metadata
    assert (metadata[ADD_BOS], metadata["general.name"]) == (True, "other")
    assert metadata.type_of(ADD_BOS) == "bool"
    assert model.read_bytes() == before


def test_the_difference_is_shown_first_and_a_dry_run_writes_nothing(model, tmp_path, mkmodelfile):
    template = tmp_path / "t.jinja"
    template.write_text("{{ messages[0].content }}\n")
    asked = ["patch", model, "--set", f"{ADD_BOS}=true", "--delete", "general.name"]
    asked += ["--set", "tokenizer.ggml.eos_token_ids=[1, 2]", "--set", f"tokenizer.chat_template=@{template}"]
    done = mkmodelfile(*asked, "--dry-run")
    lines = done.out.splitlines()
    assert (done.code, lines[0]) == (0, "- general.name (string): 'micro GLM-4.1V'")
    assert f"+ {ADD_BOS} (bool): true" in lines
    assert "+ tokenizer.ggml.eos_token_ids (int32[]): [1, 2]" in lines
    assert "    + {{ messages[0].content }}" in lines
    assert names(tmp_path) == ["m.gguf", "t.jinja"]
    written = mkmodelfile(*asked)
    assert (written.code, written.out.strip()) == (0, str(model.with_name("m-patched.gguf")))
    assert done.out in written.err
    metadata = read_header(model.with_name("m-patched.gguf")).metadata
    assert "general.name" not in metadata
    ends: Any = metadata["tokenizer.ggml.eos_token_ids"]
    assert list(ends) == [1, 2]
    assert metadata["tokenizer.chat_template"] == "{{ messages[0].content }}\n"
    again = mkmodelfile("patch", written.out.strip(), "--set", f"{ADD_BOS}=true", "--dry-run")
    assert again.out == "nothing changes: the file says all of it already\n"


def test_a_value_from_standard_input(model, mkmodelfile):
    done = mkmodelfile("patch", model, "--set", "general.tags=@-", stdin=b'["a, b"]\n')
    assert done.code == 0
    tags: Any = read_header(done.out.strip()).metadata["general.tags"]
    assert list(tags) == ["a, b"]


def test_another_name_and_a_type(model, tmp_path, mkmodelfile):
    out = tmp_path / "out.gguf"
    assert mkmodelfile("patch", model, "--set", "kit.n=uint8:7", "-o", out).code == 0
    assert read_header(out).metadata.type_of("kit.n") == "uint8"
    assert read_header(out).metadata["kit.n"] == 7


def test_in_place_is_said_and_keeps_a_link(model, tmp_path, mkmodelfile):
    link = tmp_path / "link.gguf"
    link.symlink_to(model)
    done = mkmodelfile("patch", link, "--set", f"{ADD_BOS}=true", "--in-place")
    assert (done.code, done.out.strip()) == (0, str(link))
    assert link.is_symlink()
    assert read_header(model).metadata[ADD_BOS] is True
    assert names(tmp_path) == ["link.gguf", "m.gguf"]


def test_nothing_that_exists_is_overwritten(model, tmp_path, mkmodelfile):
    other = tmp_path / "other.gguf"
    other.write_bytes(b"mine")
    for arguments, said in [
        (["-o", other], "exists already"),
        (["-o", model], "--in-place"),
        (["-o", tmp_path], "is a folder"),
        (["-o", other, "--in-place"], "exclude each other"),
        (["-o", tmp_path / "none" / "x.gguf"], "its folder does not exist"),
    ]:
        done = mkmodelfile("patch", model, "--set", "general.name=x", *arguments)
        assert done.code == 2
        assert said in done.err
    assert other.read_bytes() == b"mine"
    assert names(tmp_path) == ["m.gguf", "other.gguf"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["m.gguf"], 2, "--set"),
        (["m.gguf", "--set", "general.name"], 2, "KEY=VALUE"),
        (["m.gguf", "--set", f"{ADD_BOS}=maybe"], 2, "true or false"),
        (["m.gguf", "--set", "tokenizer.ggml.tokens=x"], 2, "is an array"),
        (["m.gguf", "--set", "general.alignment=64"], 2, "decides how the file is read"),
        (["m.gguf", "--delete", "general.nam"], 2, "did you mean general.name?"),
        (["m.gguf", "--delete", "general.architecture"], 2, "decides how the file is read"),
        (["m.gguf", "--delete", "general.name", "--set", "general.name=x"], 2, "both set and deleted"),
        (["m.gguf", "--set", "general.name=@none.txt"], 2, "none.txt"),
        (["m.gguf", "--set", "tokenizer.ggml.eos_token_id=999999"], 2, "no engine would take the file"),
        (["none.gguf", "--set", "a.b=1"], 2, "none.gguf"),
        (["text.gguf", "--set", "a.b=1"], 1, "GGUF"),
    ],
)
def test_bad_calls(arguments, code, said, model, tmp_path, mkmodelfile, monkeypatch):
    (tmp_path / "text.gguf").write_text("hello")
    monkeypatch.chdir(tmp_path)
    done = mkmodelfile("patch", *arguments)
    assert done.code == code
    assert said in done.err
    assert "internal error" not in done.err
    assert names(tmp_path) == ["m.gguf", "text.gguf"]


def test_a_part_of_a_split_model_keeps_its_name(tmp_path, mkmodelfile):
    part = tmp_path / "big-00001-of-00002.gguf"
    entries = {"split.no": Typed("uint16", 0), "split.count": Typed("uint16", 2), "a": Typed("bool", True)}
    part.write_bytes(gguf(entries))
    done = mkmodelfile("patch", part, "--set", "a=false")
    assert done.code == 2
    assert "split model" in done.err
    (tmp_path / "sub").mkdir()
    assert mkmodelfile("patch", part, "--set", "a=false", "-o", tmp_path / "sub" / part.name).code == 0
    assert mkmodelfile("patch", part, "--set", "a=false", "--in-place").code == 0
    second = tmp_path / "big-00002-of-00002.gguf"
    second.write_bytes(gguf({**entries, "split.no": Typed("uint16", 1)}))
    done = mkmodelfile("patch", second, "--set", "a=false", "--in-place")
    assert (done.code, "give big-00001-of-00002.gguf" in done.err) == (2, True)


@pytest.mark.skipif(sys.platform == "win32", reason="the kit takes no locks on Windows")
def test_what_a_killed_run_left_is_removed_and_said_where_it_was_large(model, tmp_path, mkmodelfile):
    for size, said in ((5 << 20, True), (1000, False)):
        left = tmp_path / ".m-patched.gguf.abcdefgh.part"
        left.write_bytes(b"x" * size)
        done = mkmodelfile("patch", model, "--set", f"{ADD_BOS}=true")
        assert done.code == 0
        assert names(tmp_path) == ["m-patched.gguf", "m.gguf"]
        words = f"removed {left}, which a run that was killed had left (5.00 MiB)"
        assert (words in " ".join(done.err.split())) is said
        model.with_name("m-patched.gguf").unlink()
