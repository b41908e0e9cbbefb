"""Which files and which chat template a package is made of, and what is said when they do not fit."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from modelfile_kit.building.sources import PackageFiles, choose_reference, open_files
from modelfile_kit.core.errors import GGUFError, KitError, PackageError
from modelfile_kit.gguf_file.patch import patch
from modelfile_kit.micro import CHAT_TEMPLATE, MicroPair, build_pair
from modelfile_kit.package.package import Package


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> MicroPair:
    return build_pair(tmp_path_factory.mktemp("pair"))


def package(pair: MicroPair, **changes: object) -> Package:
    plain = Package(pair.model.parent / "mkmodelfile.yaml", "a", pair.model)
    return replace(plain, **changes)  # type: ignore[arg-type]


def codes(files: PackageFiles) -> list[tuple[str, str]]:
    return [(d.code, str(d.severity)) for d in files.diagnostics]


def test_auto_finds_the_projector_beside_the_model(pair: MicroPair) -> None:
    files = open_files(package(pair))
    assert files.projector == pair.projector
    assert files.why and files.family is not None and files.family.id == "glm4v"
    assert files.vocabulary is not None and files.vocabulary.id_of("<|user|>") is not None
    assert not [d for d in files.diagnostics if d.severity == "error"]


def test_a_named_projector_and_none(pair: MicroPair) -> None:
    files = open_files(package(pair, projector=pair.projector))
    assert files.projector == pair.projector
    files = open_files(package(pair, projector="none"))
    assert (files.projector, codes(files)) == (None, [])


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("width", "MK412"),
        ("projector-type", "MK417"),
        ("no-rope-sections", "MK413"),
        ("no-projector", "MK436"),
    ],
)
def test_faults_of_a_pair_are_found(tmp_path: Path, fault: str, code: str) -> None:
    broken = build_pair(tmp_path, fault=fault)
    for projector in {broken.projector or "auto", "auto"}:
        files = open_files(package(broken, projector=projector))
        assert (code, "error") in codes(files)


@pytest.mark.parametrize("fault", ["truncated", "truncated-projector"])
def test_a_file_that_is_cut_short(tmp_path: Path, fault: str) -> None:
    broken = build_pair(tmp_path, fault=fault)
    with pytest.raises(GGUFError) as caught:
        open_files(package(broken, projector=broken.projector))
    assert caught.value.code == "MK404"


def test_a_text_model_needs_no_projector(tmp_path: Path) -> None:
    files = open_files(package(build_pair(tmp_path, fault="text-llama")))
    assert (files.projector, files.family) == (None, None)
    assert not [d for d in files.diagnostics if d.severity == "error"]


def test_swapped_files(pair: MicroPair) -> None:
    assert pair.projector is not None
    swapped = package(pair, model=pair.projector, projector=pair.model)
    assert ("MK415", "error") in codes(open_files(swapped))
    alone = package(pair, model=pair.projector, projector="none")
    assert codes(open_files(alone)) == [("MK433", "error")]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model": Path("/nowhere/m.gguf")}, "`model`: /nowhere/m.gguf was not found"),
        ({"model": Path("/")}, "is a folder"),
        ({"projector": Path("/nowhere/p.gguf")}, "`projector`: /nowhere/p.gguf was not found"),
    ],
)
def test_missing_files(pair: MicroPair, changes: dict[str, Path], said: str) -> None:
    with pytest.raises(PackageError, match=said) as caught:
        open_files(package(pair, **changes))
    assert caught.value.code == "MK430" and caught.value.help


def test_the_micro_model_that_is_not_there_yet(pair: MicroPair, tmp_path: Path) -> None:
    for key, path in (("model", pair.model), ("projector", pair.projector)):
        assert path is not None
        with pytest.raises(PackageError) as caught:
            open_files(package(pair, **{key: tmp_path / path.name}))
        assert caught.value.code == "MK430"
        assert caught.value.help is not None and "`mkmodelfile demo --output FOLDER`" in caught.value.help


def test_what_is_no_gguf(tmp_path: Path, pair: MicroPair) -> None:
    (tmp_path / "m.gguf").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    with pytest.raises(GGUFError, match="PNG"):
        open_files(package(pair, model=tmp_path / "m.gguf"))


def test_a_projector_against_what_the_family_says_is_taken_with_a_warning(pair: MicroPair) -> None:
    blind = package(pair, chat_template="family:chatglm")
    named = open_files(replace(blind, projector=pair.projector or ""))
    assert named.projector == pair.projector
    (said,) = (d for d in named.diagnostics if d.code == "MK418")
    assert said.severity == "warning" and "no projector for its vision part" in said.message
    assert "GLM-4.1V" in said.help
    for projector, severity in (("auto", "warning"), ("none", "info")):
        files = open_files(replace(blind, projector=projector))
        assert files.projector is None
        assert ("MK418", severity) in codes(files)


def test_a_family_that_the_model_is_not_of(pair: MicroPair, tmp_path: Path) -> None:
    files = open_files(package(pair, chat_template="family:glm4", projector="none"))
    assert ("MK516", "warning") in codes(files)
    other = build_pair(tmp_path).model
    other.write_bytes(other.read_bytes().replace(b"[gMASK]", b"[xMASK]"))
    files = open_files(package(MicroPair(other, None), chat_template="family:glm4", projector="none"))
    assert ("MK516", "error") in codes(files)


def test_the_reference_is_the_ggufs_own(pair: MicroPair) -> None:
    p = package(pair)
    reference = choose_reference(p, open_files(p))
    assert (reference.text, reference.origin) == (CHAT_TEMPLATE, "gguf")
    assert reference.eos_token == "<|endoftext|>"
    assert reference.render([{"role": "user", "content": "x"}]) == "[gMASK]<sop><|user|>\nx<|assistant|>\n"


def test_other_references(pair: MicroPair, tmp_path: Path) -> None:
    files = open_files(package(pair))
    (tmp_path / "t.jinja").write_text("{{ messages[0].content }}", encoding="utf-8")
    reference = choose_reference(package(pair, chat_template=tmp_path / "t.jinja"), files)
    assert (reference.render([{"role": "user", "content": "x"}]), reference.origin) == (
        "x",
        str(tmp_path / "t.jinja"),
    )
    assert choose_reference(package(pair, chat_template="family:glm4v"), files).origin == "family:glm4v"
    with pytest.raises(KitError, match="was not found"):
        choose_reference(package(pair, chat_template=tmp_path / "none.jinja"), files)


def test_a_gguf_without_a_chat_template(tmp_path: Path) -> None:
    bare = package(build_pair(tmp_path, chat_template=""))
    with pytest.raises(PackageError, match="has no chat template") as caught:
        choose_reference(bare, open_files(bare))
    assert "family:glm4v" in caught.value.help


TOOL_USE = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}"


def test_a_named_chat_template_of_the_gguf(pair: MicroPair, tmp_path: Path) -> None:
    model = tmp_path / "named.gguf"
    patch(pair.model, model, {"tokenizer.chat_template.tool_use": TOOL_USE})

    def chosen(name: str | None) -> tuple[str, str]:
        it = package(pair, model=model, projector="none", chat_template_name=name)
        reference = choose_reference(it, open_files(it))
        return reference.text, reference.origin

    assert chosen("tool_use") == (TOOL_USE, "gguf:tool_use")
    assert chosen("default") == chosen(None) == (CHAT_TEMPLATE, "gguf")
    with pytest.raises(PackageError) as caught:
        chosen("rag")
    assert (caught.value.code, caught.value.help) == (
        "MK513",
        "its chat templates are default, tool_use; write one of these names",
    )


def test_a_named_chat_template_of_a_json_file(pair: MicroPair, tmp_path: Path) -> None:
    config = tmp_path / "tokenizer_config.json"
    named = [{"name": "default", "template": "plain"}, {"name": "tool_use", "template": TOOL_USE}]
    config.write_text(json.dumps({"chat_template": named}), encoding="utf-8")
    it = package(pair, chat_template=config, chat_template_name="tool_use")
    assert choose_reference(it, open_files(it)).text == TOOL_USE
    other = replace(it, chat_template_name="rag")
    with pytest.raises(PackageError, match="rag") as caught:
        choose_reference(other, open_files(other))
    assert caught.value.code == "MK513"


@pytest.mark.parametrize(
    ("name", "said"), [("none.json", "does not exist"), (".", "no tokenizer in this folder")]
)
def test_a_named_tokenizer_that_is_missing_is_told(pair: MicroPair, name: str, said: str) -> None:
    """A build does not need it, so it is a warning; `check` cannot go on without it."""
    folder = pair.model.parent
    files = open_files(package(pair, tokenizer=folder / name))
    [told] = [d for d in files.diagnostics if d.code == "MK740"]
    assert (str(told.severity), said in told.message) == ("warning", True)
    assert not [d for d in open_files(package(pair)).diagnostics if d.code == "MK740"]


@pytest.mark.parametrize(
    ("source", "refused"),
    [
        ("You are helpful.{{ eos_token }}", True),
        ("{% for m in conversation %}{{ m.content }}{% endfor %}", True),
        ("{{ message }}{# messages #}{{ 'messages' }}", True),
        ("{% for m in messages %}{{ m.content }}{% endfor %}", False),
        ("{% macro all(x) %}{{ x[0].content }}{% endmacro %}{{ all(messages) }}", False),
        ("{% set messages = messages[1:] %}{{ messages[0].content }}", False),
    ],
)
def test_a_chat_template_that_never_reads_the_messages(
    pair: MicroPair, tmp_path: Path, source: str, refused: bool
) -> None:
    path = tmp_path / "t.jinja"
    path.write_text(source)
    named = package(pair, chat_template=path)
    if not refused:
        assert choose_reference(named, open_files(named)).text == source
        return
    with pytest.raises(PackageError) as caught:
        choose_reference(named, open_files(named))
    assert caught.value.code == "MK537"
    assert caught.value.span is not None
    assert caught.value.span.file == str(path)
