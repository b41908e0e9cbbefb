from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit.core.errors import ModelfileError, UsageError
from modelfile_kit.gguf_file.pairing import FileKind
from modelfile_kit.micro import build_pair
from modelfile_kit.ollama.grammar import parse_modelfile
from modelfile_kit.publish.create_request import file_kind, make_request, read_request


@pytest.fixture
def folder(tmp_path):
    for name in ("m.gguf", "mmproj.gguf", "adapter.gguf", "draft.gguf"):
        (tmp_path / name).write_bytes(b"GGUF" + name.encode())
    return tmp_path


def made(folder: Path, text: str):
    return make_request(parse_modelfile(text), folder, source="Modelfile")


def names(files):
    return [f.name for f in files]


def test_two_froms_and_everything_else(folder):
    got = made(
        folder,
        """
        # PROJECTOR mmproj.gguf
        FROM ./m.gguf
        FROM ./mmproj.gguf
        ADAPTER ./adapter.gguf
        TEMPLATE first
        TEMPLATE \"\"\"{{ .Prompt }}
        \"\"\"
        SYSTEM Sei kurz.
        PARAMETER stop <|user|>
        PARAMETER stop "</answer>"
        PARAMETER num_ctx 4096
        PARAMETER temperature 0.5
        PARAMETER use_mmap t
        PARAMETER mirostat 2
        MESSAGE user hi
        MESSAGE assistant hello: you
        LICENSE MIT
        LICENSE and more
        RENDERER r
        PARSER p
        REQUIRES v0.14.0
        """.replace("\n        ", "\n"),
    )
    digests = {f.path: f"sha256:{i}" for i, f in enumerate(got.local_files)}
    assert got.body("name", digests) == {
        "model": "name",
        "files": {"m.gguf": "sha256:0", "mmproj.gguf": "sha256:1"},
        "adapters": {"adapter.gguf": "sha256:2"},
        "template": "{{ .Prompt }}\n",
        "system": "Sei kurz.",
        "parameters": {
            "stop": ["<|user|>", "</answer>"],
            "num_ctx": 4096,
            "temperature": 0.5,
            "use_mmap": True,
        },
        "messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello: you"}],
        "license": ["MIT", "and more"],
        "renderer": "r",
        "parser": "p",
        "requires": "0.14.0",
    }
    assert got.diagnostics == ()


def test_the_projector_instruction_is_one_more_file(folder):
    assert names(made(folder, "FROM m.gguf\nPROJECTOR mmproj.gguf").files) == ["m.gguf", "mmproj.gguf"]


def test_a_file_that_is_named_twice_goes_once(folder):
    got = made(folder, "FROM m.gguf\nPROJECTOR mmproj.gguf\nFROM mmproj.gguf")
    assert names(got.files) == ["m.gguf", "mmproj.gguf"]


def test_a_projector_note_without_its_from_is_a_warning(folder):
    got = made(folder, "FROM m.gguf\n# PROJECTOR mmproj.gguf\n")
    assert [(d.code, d.severity.value, d.span.line) for d in got.diagnostics] == [("MK134", "warning", 2)]
    assert "FROM mmproj.gguf" in got.diagnostics[0].help


def test_equal_names_from_two_folders_stay_apart(folder):
    (folder / "b").mkdir()
    (folder / "b" / "m.gguf").write_bytes(b"GGUF")
    got = made(folder, "FROM m.gguf\nFROM b/m.gguf")
    assert len(set(names(got.files))) == 2
    for name in names(got.files):
        assert not name.startswith(("/", ".")) and ".." not in name and "\\" not in name


def test_a_gguf_without_a_suffix_is_named_as_one(folder):
    (folder / "sha256-abc").write_bytes(b"GGUF")
    assert names(made(folder, "FROM ./sha256-abc").files) == ["sha256-abc.gguf"]


def test_absolute_paths_and_the_home_folder(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    assert made(Path("/"), f"FROM {folder}/m.gguf").files[0].path == folder / "m.gguf"
    assert made(Path("/"), "FROM ~/m.gguf").files[0].path == folder / "m.gguf"


def test_a_model_on_the_server(folder):
    got = made(folder, "FROM llama3.2:1b\nSYSTEM x")
    assert got.body("n", {}) == {"model": "n", "from": "llama3.2:1b", "system": "x"}


def test_a_model_on_the_server_and_a_file_cannot_go_together(folder):
    # Ollama 0.33, server/create.go: `from` wins and `files` is never looked at.
    with pytest.raises(ModelfileError) as e:
        made(folder, "FROM llama3.2\nFROM mmproj.gguf")
    assert e.value.code == "MK432"
    assert "ignores the local files" in e.value.message


@pytest.mark.parametrize(
    "text", ["FROM ./none.gguf", "FROM none.gguf", "FROM m.gguf\nPROJECTOR none", "FROM m.gguf\nADAPTER x"]
)
def test_a_missing_file_is_named_with_its_line(folder, text):
    with pytest.raises(UsageError) as e:
        made(folder, text)
    assert e.value.code == "MK430"
    assert e.value.span.line == text.count("\n") + 1
    assert str(folder) in e.value.message


def test_a_folder_gives_its_ggufs(folder):
    (folder / "f").mkdir()
    for name in ("b.gguf", "a.gguf", "notes.txt"):
        (folder / "f" / name).write_bytes(b"GGUF")
    assert names(made(folder, "FROM ./f").files) == ["a.gguf", "b.gguf"]


def test_a_folder_of_safetensors_brings_its_json(folder):
    (folder / "s").mkdir()
    for name in ("model-1.safetensors", "config.json", "tokenizer.model", "x.gguf"):
        (folder / "s" / name).write_bytes(b"x")
    assert names(made(folder, "FROM s").files) == ["model-1.safetensors", "config.json", "tokenizer.model"]


def test_an_empty_folder(folder):
    (folder / "e").mkdir()
    with pytest.raises(UsageError) as e:
        made(folder, "FROM e")
    assert "has no *.gguf" in e.value.message


def test_a_part_brings_its_siblings(folder):
    for n in (1, 2, 3):
        (folder / f"big-{n:05}-of-00003.gguf").write_bytes(b"GGUF")
    got = made(folder, "FROM big-00001-of-00003.gguf\nFROM mmproj.gguf")
    assert names(got.files) == [f"big-{n:05}-of-00003.gguf" for n in (1, 2, 3)] + ["mmproj.gguf"]


def test_a_missing_part_is_named(folder):
    (folder / "big-00001-of-00003.gguf").write_bytes(b"GGUF")
    with pytest.raises(UsageError) as e:
        made(folder, "FROM big-00001-of-00003.gguf")
    assert "big-00002-of-00003.gguf" in e.value.message


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("num_ctx", "4096", 4096),
        ("num_ctx", "-1", -1),
        ("seed", "+7", 7),
        ("seed", "1000000000000000000", 10**18),
        ("temperature", "1e-1", 0.1),
        ("temperature", "0x1p-2", 0.25),
        ("top_p", "1_0.5", 10.5),
        ("top_p", "1", 1.0),
        ("use_mmap", "FALSE", False),
    ],
)
def test_parameters_get_the_apis_types(folder, key, text, value):
    got = made(folder, f"FROM m.gguf\nPARAMETER {key} {text}").parameters[key]
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("num_ctx", "4k"),
        ("num_ctx", "1_000"),
        ("num_ctx", "4.0"),
        ("num_ctx", "9" * 30),
        ("temperature", "warm"),
        ("temperature", "nan"),
        ("temperature", "1e39"),
        ("temperature", "1_"),
        ("use_mmap", "yes"),
        ("num_ctxx", "1"),
    ],
)
def test_a_wrong_parameter_is_refused_with_what_was_expected(folder, key, text):
    with pytest.raises(ModelfileError) as e:
        made(folder, f"FROM m.gguf\nPARAMETER {key} {text}")
    assert e.value.code == ("MK110" if key == "num_ctxx" else "MK111")
    assert e.value.span.line == 2
    assert key in e.value.message


def test_a_modelfile_that_is_not_there(tmp_path):
    with pytest.raises(UsageError) as e:
        read_request(tmp_path / "Modelfile")
    assert e.value.code == "MK809"


def test_errors_name_the_file(folder):
    path = folder / "Modelfile"
    path.write_text("FROM m.gguf\nFROM none.gguf\n")
    with pytest.raises(UsageError) as e:
        read_request(path)
    assert str(e.value).startswith(f"{path}:2")


def test_what_a_file_is(tmp_path):
    pair = build_pair(tmp_path)
    assert file_kind(pair.projector or Path()) is FileKind.PROJECTOR
    assert file_kind(pair.model) is FileKind.MODEL
    assert file_kind(tmp_path / "none") is None
    (tmp_path / "zip.gguf").write_bytes(b"PK\x03\x04")
    assert file_kind(tmp_path / "zip.gguf") is None


def test_a_pattern_names_files(folder):
    (folder / "m[1].gguf").write_bytes(b"GGUF")
    assert names(made(folder, "FROM ./m*.gguf").files) == ["m.gguf", "m[1].gguf", "mmproj.gguf"]
    assert names(made(folder, "FROM ./?.gguf\nDRAFT ./dr*\n").drafts) == ["draft.gguf"]
    # What stands there under exactly this name is meant, whatever it means as a pattern.
    (folder / "m1.gguf").write_bytes(b"GGUF")
    assert names(made(folder, "FROM ./m[1].gguf").files) == ["m[1].gguf"]
    for text, code in (("FROM ./x*.gguf", "MK430"), ("FROM ./[x.gguf", "MK439")):
        with pytest.raises(UsageError) as caught:
            made(folder, text)
        assert caught.value.code == code


@pytest.mark.parametrize(
    ("lines", "parameters"),
    [
        ("TEMPLATE {{ .Prompt }}", {"stop": []}),
        ("TEMPLATE {{ .Prompt }}\nPARAMETER num_ctx 4096", {"num_ctx": 4096}),
        ("SYSTEM Hi", None),
    ],
)
def test_create_adds_no_stops_of_its_own_to_a_template(folder, lines, parameters):
    """Ollama 0.34.4 takes those of the built-in template that resembles the GGUF's, unless some are given."""
    assert made(folder, f"FROM m.gguf\n{lines}").description().get("parameters") == parameters


def test_a_file_of_gigabytes_is_not_read_whole(tmp_path):
    path = tmp_path / "Modelfile"
    with path.open("wb") as file:
        file.truncate(1 << 33)  # of which the disk holds nothing
    with pytest.raises(ModelfileError, match="larger than the limit"):
        read_request(path)
