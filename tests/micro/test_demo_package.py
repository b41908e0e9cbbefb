from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit.building.build import build
from modelfile_kit.core.errors import UsageError
from modelfile_kit.micro.demo_package import NAME, write_demo_package


def test_the_package_can_be_built_and_written_again(tmp_path: Path) -> None:
    pair = write_demo_package(tmp_path)
    assert write_demo_package(tmp_path) == pair
    built = build(tmp_path, write=False)
    assert (built.package.name, built.files.projector) == (NAME, pair.projector)


def test_another_package_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "mkmodelfile.yaml"
    file.write_text("name: mine\n", encoding="utf-8")
    with pytest.raises(UsageError, match="another package"):
        write_demo_package(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == [file.name]
    assert file.read_text(encoding="utf-8") == "name: mine\n"
