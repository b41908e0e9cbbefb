"""Variants with the same prompts have the same golden files; others have a folder of their own."""

from __future__ import annotations

from pathlib import Path

from modelfile_kit.report.model import Status
from modelfile_kit.testing.golden_run import check_packages
from modelfile_kit.testing.golden_variants import variants_for_test
from tests.variant_files import write_variants

OTHER = "[gMASK]<sop>{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}{% endfor %}<|assistant|>\n"


def package(folder: Path, *, older: bool) -> Path:
    changes = {"Q4_K_M": {"tokenizer.chat_template": OTHER}} if older else {}
    write_variants(folder, ["Q8_0", "Q4_K_M", "F16"], changes)
    return folder / "mkmodelfile.yaml"


def test_the_same_prompts_are_compared_once(tmp_path: Path) -> None:
    file = package(tmp_path, older=False)
    check_packages([file], update=True, tokens=False)
    rows: list[dict[str, object]] = []
    cases = check_packages([file], tokens=False, row=rows.append)
    assert {c.status for c in cases} == {Status.PASSED}
    assert [c.name for c in cases if not c.name.startswith("q8_0/")] == ["q4_k_m/build", "f16/build"]
    assert [row["result"] for row in rows] == ["ok"] * 3
    assert not [p for p in (tmp_path / "golden").iterdir() if p.is_dir()]


def test_other_prompts_have_a_folder_of_their_own(tmp_path: Path) -> None:
    file = package(tmp_path, older=True)
    check_packages([file], update=True, tokens=False)
    own = tmp_path / "golden" / "q4_k_m"
    assert (own / "question.prompt").read_bytes() != (tmp_path / "golden" / "question.prompt").read_bytes()
    cases = check_packages([file], tokens=False)
    assert {c.status for c in cases} == {Status.PASSED}
    # alone too, where the main one is not among those that are chosen
    [alone] = variants_for_test(file, chosen=("q4_k_m",))
    assert alone.folder == own
    (own / "question.prompt").write_text("changed", encoding="utf-8")
    rows: list[dict[str, object]] = []
    cases = check_packages([file], tokens=False, variants=("q4_k_m",), row=rows.append)
    assert [c.name for c in cases if c.status is Status.FAILED] == ["question"]
    assert [row["result"] for row in rows] == ["failed"]


def test_one_that_cannot_be_built_is_a_failed_case(tmp_path: Path) -> None:
    file = package(tmp_path, older=False)
    check_packages([file], update=True, tokens=False)
    (tmp_path / "M-F16.gguf").unlink()
    cases = check_packages([file], tokens=False)
    assert [(c.name, c.diagnostics[0].code) for c in cases if c.status is Status.FAILED] == [
        ("f16/build", "MK430")
    ]


def test_the_micro_model_stands_for_all(tmp_path: Path) -> None:
    file = package(tmp_path, older=False)
    check_packages([file], update=True, tokens=False)
    (tmp_path / "M-F16.gguf").unlink()
    cases = check_packages([file], tokens=False, micro=True)
    assert {c.status for c in cases} == {Status.PASSED}
