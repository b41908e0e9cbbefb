"""Texts from outside of a package's folder: said by `build`, refused by `test --update`."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit.building.build import build
from modelfile_kit.building.outside import check_outside
from modelfile_kit.micro import build_model
from modelfile_kit.package.package import load_package
from modelfile_kit.testing.golden_run import check_packages

JINJA = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}<|assistant|>"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with texts, and a package in a folder of it whose model lies outside too."""
    (tmp_path / "secret").write_text("a text of the user's")
    (tmp_path / "t.jinja").write_text(JINJA)
    (tmp_path / "golden").mkdir()
    build_model(tmp_path / "m.gguf", chat_template=JINJA)
    (tmp_path / "package").mkdir()
    return tmp_path


def package(home: Path, text: str = "") -> Path:
    file = home / "package" / "mkmodelfile.yaml"
    file.write_text(f"name: p\nmodel: ../m.gguf\nprojector: none\ntarget: '0.33.0'\n{text}")
    return file


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("license", "../secret"),
        ("license", "{home}/secret"),
        ("license", "inside/../../secret"),
        ("chat_template", "../t.jinja"),
        ("template", "../t.gotmpl"),
        ("tests", "../golden"),
        ("tests", "link"),  # as in the other keys, a link counts as what it leads to
    ],
)
def test_what_leads_out(home: Path, key: str, value: str) -> None:
    (home / "package" / "link").symlink_to(home / "golden")
    (home / "package" / "inside").mkdir()
    [found] = check_outside(load_package(package(home, f"{key}: {value.format(home=home)}\n")))
    assert (found.code, found.severity.value) == ("MK536", "warning")
    assert f"`{key}`" in found.message
    assert found.span is not None
    assert found.span.line == 5


def test_a_golden_file_that_leads_nowhere_stays_inside(home: Path) -> None:
    golden = home / "package" / "golden"
    golden.mkdir()
    (golden / "a.prompt").symlink_to("a.prompt")
    assert check_outside(load_package(package(home))) == ()
    (home / "package" / "round").symlink_to("round")
    assert check_outside(load_package(package(home, "license: round\n"))) == ()


def test_a_golden_file_that_leads_out(home: Path) -> None:
    golden = home / "package" / "golden"
    golden.mkdir()
    (golden / "a.prompt").symlink_to(home / "secret")
    (golden / "b.prompt").symlink_to("c.prompt")
    (golden / "c.prompt").write_text("x")
    [found] = check_outside(load_package(package(home)))
    assert (found.code, found.severity.value) == ("MK536", "warning")
    assert found.span is not None
    assert found.span.file == str(golden / "a.prompt")


def test_what_is_inside(home: Path) -> None:
    (home / "package" / "x").mkdir()
    text = "license: x/../LICENSE\nchat_template: t.jinja\ntests: x\n"
    assert check_outside(load_package(package(home, text))) == ()
    assert check_outside(load_package(package(home, "license: |\n  ../secret\n  and more\n"))) == ()
    assert check_outside(load_package(package(home))) == ()


def test_build_says_it_and_update_writes_nothing(home: Path) -> None:
    file = package(home, "license: ../secret\ntests: ../golden\n")
    assert [d.code for d in build(file, write=False).diagnostics].count("MK536") == 2
    [case] = check_packages([file], tokens=False, update=True)
    assert case.status == "failed"
    assert {(d.code, d.severity.value) for d in case.diagnostics} == {("MK536", "error")}
    assert list((home / "golden").iterdir()) == []


def test_update_of_a_package_that_keeps_to_its_folder(home: Path) -> None:
    cases = check_packages([package(home)], tokens=False, update=True)
    assert "MK536" not in {d.code for case in cases for d in case.diagnostics}
    assert list((home / "package" / "golden").iterdir())
