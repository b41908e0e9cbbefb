"""Configurations in the folders of a project: each file has the nearest one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from modelfile_kit.core.errors import ConfigError
from modelfile_kit.project.config import Config, find_config
from modelfile_kit.project.nearest import Nearest


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    for folder in ("a/x", "b", "c"):
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_nearest_upward(here: Path) -> None:
    Path("mkmodelfile.toml").write_text('target = "0.30"\n')
    Path("a/pyproject.toml").write_text('[tool.mkmodelfile]\ntarget = "0.31"\n')
    Path("b/pyproject.toml").write_text("[project]\n")
    nearest = Nearest(find_config(["."]))
    names = ("Modelfile", "a/Modelfile", "a/x/Modelfile", "b/Modelfile", str(here / "a" / "x" / "y"))
    assert [nearest.of(name).target for name in names] == ["0.30", "0.31", "0.31", "0.30", "0.31"]


def test_without_a_configuration_of_the_run(here: Path) -> None:
    Path("a/mkmodelfile.toml").write_text('target = "0.31"\n')
    nearest = Nearest(find_config(["."]))
    assert [nearest.of(n).target for n in ("c/Modelfile", "a/Modelfile")] == [None, "0.31"]


def test_one_that_was_named_is_that_of_every_file(here: Path) -> None:
    Path("a/mkmodelfile.toml").write_text('target = "0.31"\nexclude = ["*"]\n')
    nearest = Nearest(replace(find_config(["."]), alone=True))
    assert nearest.of("a/Modelfile").target is None
    assert not nearest.excludes("a/Modelfile")


def test_a_file_outside_has_that_of_the_run(here: Path) -> None:
    Path("a/mkmodelfile.toml").write_text('target = "0.31"\n')
    Path("b/mkmodelfile.toml").write_text('target = "0.32"\n')
    assert Nearest(find_config(["b"])).of("a/Modelfile").target == "0.32"


def test_what_it_excludes_counts_from_its_folder(here: Path) -> None:
    Path("a/mkmodelfile.toml").write_text('exclude = ["/x"]\n')
    nearest = Nearest(find_config(["."]))
    assert [nearest.excludes(n) for n in ("a/x/Modelfile", "a/Modelfile", "x/Modelfile")] == [
        True,
        False,
        False,
    ]
    run = Nearest(Config(folder=here, exclude=("*",)))
    assert not run.excludes("c/Modelfile")  # that is the search's own matter


def test_faults_are_those_of_find_config(here: Path) -> None:
    Path("a/mkmodelfile.toml").write_text("targt = 1\n")
    nearest = Nearest(find_config(["."]))
    assert nearest.of("b/Modelfile").target is None
    with pytest.raises(ConfigError, match="unknown key 'targt'"):
        nearest.of("a/Modelfile")


def test_every_configuration_below_that_of_the_run_excludes(here: Path) -> None:
    """Not only the nearest: a folder that is left out stays so, whatever lies in it."""
    Path("a/mkmodelfile.toml").write_text('exclude = ["x/"]\n')
    Path("a/x/mkmodelfile.toml").write_text('target = "0.31"\n')
    nearest = Nearest(find_config(["."]))
    assert nearest.of("a/x/Modelfile").target == "0.31"
    assert nearest.excludes("a/x/Modelfile")


def test_a_file_by_itself(here: Path) -> None:
    """As where the whole repository is looked at: the nearest counts, and each above it may leave it out."""
    Path("mkmodelfile.toml").write_text('target = "0.30"\nexclude = ["a/x/"]\n')
    Path("a/x/mkmodelfile.toml").write_text('target = "0.31"\n')
    for name, target, out in (("a/x/Modelfile", "0.31", True), ("a/Modelfile", "0.30", False)):
        alone = Nearest.of_repository(name)
        assert (alone.of(name).target, alone.leaves_out(name)) == (target, out)
        of_run = Nearest(find_config(["."]))
        assert (of_run.of(name).target, of_run.leaves_out(name)) == (target, out)


def test_a_file_by_itself_where_nothing_is_configured(here: Path) -> None:
    alone = Nearest.of_repository("a/Modelfile")
    assert (alone.of("a/Modelfile"), alone.leaves_out("a/Modelfile")) == (Config(folder=here), False)
