"""stand-in.yaml: read, refused where it is wrong, written from a model, and used by --micro."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit.building.build import build
from modelfile_kit.building.variants import build_variants
from modelfile_kit.core.errors import PackageError
from modelfile_kit.gguf_file import Vocabulary, read_header
from modelfile_kit.micro import build_pair
from modelfile_kit.package.package import Package, load_package
from modelfile_kit.testing.golden_run import check_packages
from modelfile_kit.testing.stand_in_file import FILE_NAME, MicroFiles, describe, load_stand_in, write_micro

GOOD = """name: Some Model
architecture: llama
tokenizer: {model: gpt2, pre: qwen2, eos_token_id: <|end|>, add_bos_token: false}
control: [<|end|>, <|user|>]
chat_template: t.jinja
"""
JINJA = "{% for m in messages %}<|user|>{{ m.content }}<|end|>{% endfor %}"


def package(folder: Path, text: str = GOOD) -> Package:
    (folder / "golden").mkdir(parents=True)
    (folder / "mkmodelfile.yaml").write_text("name: p\nmodel: real-7b-Q4_K_M.gguf\n")
    (folder / "golden" / FILE_NAME).write_text(text)
    (folder / "golden" / "t.jinja").write_text(JINJA)
    return load_package(folder)


def test_it_has_the_name_and_the_template_of_the_real_model(tmp_path: Path) -> None:
    found = package(tmp_path)
    with MicroFiles() as files:
        model, projector = files.of(found.file)
        assert (Path(model).name, projector) == ("real-7b-Q4_K_M.gguf", None)
        built = build(found.folder, model=model, write=False)
        assert built.expected([{"role": "user", "content": "Hi"}]) == "<|user|>Hi<|end|>"
        assert files.of(found.file)[0] == model
    assert not Path(model).exists()


def test_without_one_it_is_the_micro_glm(tmp_path: Path) -> None:
    found = package(tmp_path)
    (tmp_path / "golden" / FILE_NAME).unlink()
    assert load_stand_in(found) is None
    with MicroFiles() as files:
        assert read_header(files.of(found.file)[0]).architecture == "glm4"


def test_each_variant_has_a_file_of_its_own(tmp_path: Path) -> None:
    found = package(tmp_path)
    text = "name: p\nvariants: {q8_0: a-Q8_0.gguf, q4_K_M: a-Q4_K_M.gguf, other: b.gguf}\n"
    (tmp_path / "mkmodelfile.yaml").write_text(text)
    found = load_package(tmp_path)
    model, _ = write_micro(found, tmp_path, load_stand_in(found))
    assert Path(model).name == "a-Q8_0.gguf"
    types = {p.name: read_header(p).metadata.get("general.file_type") for p in tmp_path.glob("*.gguf")}
    assert types == {"a-Q8_0.gguf": 7, "a-Q4_K_M.gguf": 15, "b.gguf": None}  # llama.h, enum llama_ftype
    assert [one.error for one in build_variants(tmp_path, write=False)] == [None] * 3


@pytest.mark.parametrize(
    ("line", "code", "words", "place"),
    [
        ("architectur: llama", "MK503", "did you mean `architecture`?", 6),
        ("reply: Hello", "MK504", "expected a list of texts", 6),
        ("user_defined: [1]", "MK504", 'put it in quotes: "1"', 6),
        ("projector: {type: gemma3}", "MK506", "`projector.file` is missing", 6),
        ("projector: {file: p.gguf, type: gemma3, kind: x}", "MK503", "unknown key `projector.kind`", 6),
        ("context_length: true", "MK504", "expected a number", 6),
        ("projector: {file: ../p.gguf, type: gemma3}", "MK504", "the name of a file, without a folder", 6),
        ("projector: {file: /p.gguf, type: gemma3}", "MK504", "the name of a file, without a folder", 6),
        ("projector: {file: '..', type: gemma3}", "MK504", "the name of a file, without a folder", 6),
    ],
)
def test_what_is_wrong_is_named(line: str, code: str, words: str, place: int, tmp_path: Path) -> None:
    found = package(tmp_path, GOOD + line + "\n")
    with pytest.raises(PackageError) as caught:
        load_stand_in(found)
    said = f"{caught.value.message} {caught.value.help}"
    assert caught.value.code == code
    assert words in said
    assert caught.value.span is not None
    assert (Path(caught.value.span.file or "").name, caught.value.span.line) == (FILE_NAME, place)


@pytest.mark.parametrize("text", ["", "- a\n", "name: x\n", "name: [\n"])
def test_what_is_no_stand_in_is_a_failed_case(text: str, tmp_path: Path) -> None:
    found = package(tmp_path, text)
    (case,) = check_packages([found.file], micro=True)
    assert (case.name, str(case.status)) == ("build", "failed")


@pytest.mark.parametrize("link", [False, True])
def test_a_template_from_elsewhere_is_not_read(link: bool, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a text of the user's")
    found = package(tmp_path / "p", GOOD if link else GOOD.replace("t.jinja", str(secret)))
    if link:
        (tmp_path / "p/golden/t.jinja").unlink()
        (tmp_path / "p/golden/t.jinja").symlink_to(secret)
    with pytest.raises(PackageError, match="outside of the package's folder"):
        load_stand_in(found)


def test_a_template_that_is_missing_is_named(tmp_path: Path) -> None:
    found = package(tmp_path)
    (tmp_path / "golden" / "t.jinja").unlink()
    with pytest.raises(PackageError, match="cannot be read") as caught:
        load_stand_in(found)
    assert caught.value.span is not None
    assert (caught.value.span.file or "").endswith("t.jinja")


def test_a_described_model_has_its_prompts_and_special_tokens(tmp_path: Path) -> None:
    """The real one is the micro GLM here; its stand-in is of the same vocabulary's special tokens."""
    pair = build_pair(tmp_path / "real", extra_tokens=[f"<unused{n}>" for n in range(20)])
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "mkmodelfile.yaml").write_text(f"name: p\nmodel: {pair.model}\n")
    found = load_package(folder)
    assert pair.projector is not None
    header = read_header(pair.model)
    path = describe(found, header, read_header(pair.projector), pair.projector.name)
    assert path == folder / "golden" / FILE_NAME
    stand_in = load_stand_in(found)
    assert stand_in is not None
    model, projector = write_micro(found, tmp_path / "micro", stand_in)
    assert Path(projector or "").name == pair.projector.name
    real, copy = Vocabulary.from_header(header), Vocabulary.from_header(read_header(model))
    assert set(copy.control_tokens()) == {t for t in real.control_tokens() if "unused" not in t}
    assert (copy.token(copy.eot_id or 0), copy.token(copy.eos_id or 0)) == ("<|user|>", "<|endoftext|>")
    assert read_header(model).metadata["glm4.rope.dimension_sections"]
    hi = [{"role": "user", "content": "Hi", "images": 1}]
    builds = [build(folder, model=m, projector="auto", write=False) for m in (pair.model, model)]
    assert builds[0].expected(hi) == builds[1].expected(hi)
