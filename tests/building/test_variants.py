"""Variants are built one after the other: each by itself, what they have in common once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modelfile_kit.building.build import build
from modelfile_kit.building.shared_work import SharedWork
from modelfile_kit.building.variants import build_variants
from modelfile_kit.core.errors import PackageError, UsageError
from tests.variant_files import TYPES, write_variants

TEMPLATE = "tokenizer.chat_template"
OTHER = "[gMASK]<sop>{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}{% endfor %}<|assistant|>\n"


def test_eight_with_one_compile(tmp_path: Path) -> None:
    write_variants(tmp_path, list(TYPES))
    work = SharedWork()
    builds = build_variants(tmp_path, shared=work)
    assert work.counts == {"compile": 1}
    assert [b.same_as for b in builds] == ["", *["f16"] * 7]
    places = [b.built.path for b in builds if b.built]
    assert [p.parent.name for p in places] == [f"m-{kind.lower()}" for kind in TYPES]
    assert all(p.is_file() and p.parent.parent == tmp_path / "build" for p in places)
    rows = [b.row("built") for b in builds]
    assert [row["quantization"] for row in rows] == list(TYPES)
    assert [row["name"] for row in rows] == [f"m:{kind.lower()}" for kind in TYPES]
    assert rows[0]["also"] == ["m"]
    assert rows[0]["size"] == (tmp_path / "M-F16.gguf").stat().st_size


def test_the_same_as_a_build_of_its_own(tmp_path: Path) -> None:
    write_variants(tmp_path, ["Q8_0", "Q4_K_M"])
    _, second = build_variants(tmp_path, write=False)
    assert second.built is not None
    (tmp_path / "mkmodelfile.yaml").write_text(
        "name: m:q4_k_m\nprojector: mmproj-micro-glm4v.gguf\nmodel: M-Q4_K_M.gguf\n", encoding="utf-8"
    )
    alone = build(tmp_path, write=False)
    assert str(second.built.modelfile) == str(alone.modelfile)
    assert {**second.built.report, "variant": None} == alone.report


def test_a_variant_with_another_chat_template_is_compiled_on_its_own(tmp_path: Path) -> None:
    write_variants(tmp_path, ["Q8_0", "Q4_K_M", "F16"], {"Q4_K_M": {TEMPLATE: OTHER}})
    work = SharedWork()
    first, other, last = build_variants(tmp_path, write=False, shared=work)
    assert work.counts == {"compile": 2}
    assert (first.same_as, other.same_as, last.same_as) == ("", "", "q8_0")
    assert first.built is not None
    assert other.built is not None
    assert first.built.template != other.built.template
    assert other.built.reference is not None
    assert other.built.reference.text == OTHER


def test_other_special_tokens_are_not_shared(tmp_path: Path) -> None:
    changes = {"Q4_K_M": {"tokenizer.ggml.eos_token_id": 391}}
    write_variants(tmp_path, ["Q8_0", "Q4_K_M"], changes)
    work = SharedWork()
    builds = build_variants(tmp_path, write=False, shared=work)
    assert work.counts == {"compile": 2}
    assert builds[1].same_as == ""


def test_one_that_fails_does_not_hide_the_others(tmp_path: Path) -> None:
    write_variants(tmp_path, ["Q8_0", "Q4_K_M", "F16"])
    (tmp_path / "M-Q8_0.gguf").unlink()
    (tmp_path / "M-F16.gguf").write_bytes(b"GGUF")
    missing, good, broken = build_variants(tmp_path)
    assert isinstance(missing.error, PackageError)
    assert missing.error.code == "MK430"
    assert missing.error.span is not None
    assert missing.error.span.line == 4
    assert good.built is not None
    assert broken.error is not None
    assert broken.built is None
    assert missing.row("failed")["size"] is None
    assert [p.name for p in (tmp_path / "build").iterdir()] == ["m-q4_k_m"]


def test_the_folder_that_is_named(tmp_path: Path) -> None:
    write_variants(tmp_path, ["Q8_0", "Q4_K_M"])
    build_variants(tmp_path, output=tmp_path / "dist")
    assert sorted(p.name for p in (tmp_path / "dist").iterdir()) == ["m-q4_k_m", "m-q8_0"]
    build_variants(tmp_path, ["q8_0"], output=tmp_path / "one")
    assert (tmp_path / "one" / "Modelfile").is_file()


def test_what_is_written_down(tmp_path: Path) -> None:
    write_variants(tmp_path, ["Q8_0"], head="parameters: {num_ctx: 4096}\n")
    with (tmp_path / "mkmodelfile.yaml").open("a", encoding="utf-8") as file:
        file.write("  long: {model: M-Q8_0.gguf, parameters: {num_ctx: 8192}}\n")
    main, long = (b.built for b in build_variants(tmp_path))
    assert main is not None
    assert long is not None
    report = json.loads(main.path.with_name("report.json").read_text(encoding="utf-8"))
    assert (report["name"], report["variant"], report["also"]) == ("m:q8_0", "q8_0", ["m"])
    assert report["model"]["quantization"] == "Q8_0"
    assert [b.report["parameters"]["num_ctx"] for b in (main, long)] == ["4096", "8192"]


def test_a_stand_in_is_for_one_model(tmp_path: Path) -> None:
    pair = write_variants(tmp_path, ["Q8_0", "Q4_K_M"])
    [main] = build_variants(tmp_path, model=pair.model, write=False)
    assert (main.tag, main.built.files.model if main.built else None) == ("q8_0", pair.model.absolute())
    [other] = build_variants(tmp_path, ["q4_k_m"], model=pair.model, write=False)
    assert other.tag == "q4_k_m"
    with pytest.raises(UsageError, match="2 variants are chosen"):
        build_variants(tmp_path, ["q4_k_m", "q8_0"], model=pair.model, write=False)


def test_the_clock_is_the_callers(tmp_path: Path) -> None:
    write_variants(tmp_path, ["Q8_0", "Q4_K_M"])
    ticks = iter((10.0, 12.5, 20.0, 21.0))
    timed = build_variants(tmp_path, write=False, clock=lambda: next(ticks))
    assert [b.row("built")["seconds"] for b in timed] == [2.5, 1.0]
    assert [b.seconds for b in build_variants(tmp_path, write=False)] == [0.0, 0.0]
