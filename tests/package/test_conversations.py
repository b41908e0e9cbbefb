"""Which conversations a package is tried with, and that every command takes the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.align.package_check import check_package
from modelfile_kit.building.build import build
from modelfile_kit.core.errors import UsageError
from modelfile_kit.micro import build_pair
from modelfile_kit.package.conversations import package_conversations
from modelfile_kit.package.families import load_family, probe_conversations
from modelfile_kit.package.package import load_package
from modelfile_kit.publish.expectation import Expectation
from modelfile_kit.testing.golden_run import golden_cases

OWN = [
    {"id": "mine", "messages": [{"role": "user", "content": "Hi"}]},
    {"id": "seen", "messages": [{"role": "user", "content": "What is this?", "images": 1}]},
]


@pytest.fixture
def package(tmp_path: Path) -> Any:
    build_pair(tmp_path)
    (tmp_path / "mkmodelfile.yaml").write_text("name: m\nmodel: micro-glm4v.gguf\n", encoding="utf-8")
    return tmp_path


def keep(folder: Any, content: Any) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "conversations.json").write_text(json.dumps(content), encoding="utf-8")


def ids(conversations: Any) -> Any:
    return [c.id for c in conversations]


@pytest.mark.parametrize("family", ["glm4v", None])
def test_a_package_without_its_own_takes_its_familys(package: Any, family: Any) -> None:
    family = load_family(family) if family else None
    found = package_conversations(load_package(package), family, vision=True)
    assert ids(found) == ids(probe_conversations(family, vision=True))


@pytest.mark.parametrize("vision", [True, False])
def test_its_own_count_all_of_them_in_place_of_the_familys(package: Any, vision: Any) -> None:
    keep(package / "golden", OWN)
    found = package_conversations(load_package(package), load_family("glm4v"), vision=vision)
    assert ids(found) == ["mine", "seen"]


def test_they_are_where_the_golden_files_are(package: Any) -> None:
    keep(package / "elsewhere", OWN)
    with (package / "mkmodelfile.yaml").open("a", encoding="utf-8") as file:
        file.write("tests: elsewhere\n")
    assert ids(package_conversations(load_package(package), None, vision=True)) == ["mine", "seen"]


def test_check_test_publish_and_verify_take_the_same(package: Any) -> None:
    keep(package / "golden", OWN)
    built = build(package, write=False)
    assert ids(built.conversations()) == ["mine", "seen"]
    assert ids(check_package(built, tokens=False, embedded=False).conversations) == ["mine", "seen"]
    assert [c.name for c in golden_cases(built, tokenizer=None)] == ["mine", "seen"]
    assert ids(Expectation.from_build(built).conversations) == ["mine", "seen"]


def test_a_file_that_holds_something_else_is_named(package: Any) -> None:
    keep(package / "golden", {"messages": "hello"})
    with pytest.raises(UsageError, match="messages"):
        build(package, write=False).conversations()
