"""The configuration: where it is found, and what is said of one that cannot be used."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelfile_kit.core.diagnostics import Diagnostic, Severity, Span
from modelfile_kit.core.errors import ConfigError, UsageError
from modelfile_kit.project.config import FILE_NAMES, KEYS, MAX_FAULTS, Config, find_config, read_config

WHOLE = """\
target = ">=0.30"
include = ["*.mf"]
exclude = ["old"]
respect-gitignore = false

[lint]
select = ["MK1"]
ignore = ["MK119"]
files = false
fail-on = "error"
memory = "12GiB"
baseline = "known.json"

[lint.per-file-ignores]
"old/*" = ["MK2"]

[test]
micro = true
tokens = false
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_key(here: Path) -> None:
    Path("mkmodelfile.toml").write_text(WHOLE)
    found = find_config(["."])
    assert (found.file, found.folder) == (here / "mkmodelfile.toml", here)
    assert (found.target, found.include, found.exclude) == (">=0.30", ("*.mf",), ("old",))
    assert not found.respect_gitignore
    assert found.lint["per-file-ignores"] == {"old/*": ["MK2"]}
    assert found.test == {"micro": True, "tokens": False}
    known = {key for keys in KEYS.values() for key in keys}
    assert [key for key in known if key not in WHOLE] == []


def test_the_same_in_a_pyproject(here: Path) -> None:
    lines = WHOLE.replace("[lint", "[tool.mkmodelfile.lint").replace("[test", "[tool.mkmodelfile.test")
    Path("pyproject.toml").write_text(f"[project]\nname = 'x'\n\n[tool.mkmodelfile]\n{lines}")
    Path("mkmodelfile.toml").write_text(WHOLE)
    one, other = (read_config(here / name) for name in FILE_NAMES)
    assert (one.target, one.lint, one.test) == (other.target, other.lint, other.test)
    assert find_config(["."]).file == here / "mkmodelfile.toml"  # its own file goes first


def test_the_nearest_upward_from_all_that_is_named(here: Path) -> None:
    for folder in ("a/b", "a/c"):
        Path(folder).mkdir(parents=True)
    Path("mkmodelfile.toml").write_text('target = "0.30"\n')
    Path("a/b/mkmodelfile.toml").write_text('target = "0.31"\n')
    Path("a/pyproject.toml").write_text("[tool.other]\n")  # none of ours, so it is passed over
    assert find_config(["a/b/Modelfile", "a/b/x/y"]).target == "0.31"
    assert find_config(["a/b/Modelfile", "a/c"]).target == "0.30"
    assert find_config(["-"]).target == "0.30"


def test_the_search_ends_with_the_repository(here: Path) -> None:
    Path("mkmodelfile.toml").write_text('target = "0.30"\n')
    Path("inner/.git").mkdir(parents=True)
    found = find_config(["inner/Modelfile"])
    assert (found.file, found.target, found.folder) == (None, None, here / "inner")


@pytest.mark.parametrize(
    ("text", "line", "message", "help"),
    [
        ("[lint]\nselct = []\n", 2, "unknown key 'lint.selct'", "did you mean 'select'?"),
        ("select = []\n", 1, "unknown key 'select'", "'select' belongs in [lint]"),
        ("[lint]\nexclude = []\n", 2, "unknown key 'lint.exclude'", "'exclude' belongs outside of [lint]"),
        ("\nzzz = 1\n", 2, "unknown key 'zzz'", "expected one of target"),
        ("exclude = 'old'\n", 1, "'exclude' is a text, expected a list of texts", ""),
        ("[lint]\nselect = [1]\n", 2, "'lint.select' is a list, expected a list of texts", ""),
        ("[lint]\nfiles = 'no'\n", 2, "'lint.files' is a text, expected true or false", ""),
        ("[lint]\nper-file-ignores = {a = 1}\n", 2, "expected a table of lists of texts", ""),
        ("target = 2026-01-01\n", 1, "'target' is a date or time, expected a text", ""),
        ("lint = 3\n", 1, "'lint' is a number, expected a table", ""),
        ("# x\ntarget =\n", 2, "not TOML", "docs/linting.md"),
        ('target = "', 1, "not TOML", "the file ends too early"),
        ("[lint]\n\nignore = ['a',\n\n\n", 3, "not TOML", "a quote, ] or } is missing"),
        ("target = 1" + "0" * 5000, 0, "not TOML that can be read", ""),
        ("a = " + "[" * 5000, 1, "TOML", ""),
    ],
)
def test_what_cannot_be_used(text: str, line: int, message: str, help: str) -> None:
    Path("mkmodelfile.toml").write_text(text)
    with pytest.raises(UsageError) as error:
        find_config(["."])
    assert message in error.value.message
    assert help in error.value.help
    assert error.value.code == "MK907"
    assert error.value.span is not None
    assert error.value.span.line in (line or None, None)
    assert error.value.span.line == (line or None) or "nested" in message or "[" * 9 in text


def test_a_folder_above_that_may_not_be_looked_into(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".git").rmdir()
    Path("inner").mkdir()
    asked = os.stat

    def refuse(path, **options):
        if Path(str(path)).parent == here:
            raise PermissionError(13, "Permission denied", str(path))
        return asked(path, **options)

    monkeypatch.setattr(os, "stat", refuse)
    assert find_config(["inner/Modelfile"]).file is None


def test_a_file_without_our_table() -> None:
    Path("pyproject.toml").write_text("[project]\n")
    with pytest.raises(UsageError, match=r"no \[tool.mkmodelfile\]"):
        read_config(Path("pyproject.toml"))


def test_bytes_that_are_no_text() -> None:
    Path("mkmodelfile.toml").write_bytes(b"# \xff\n")
    with pytest.raises(UsageError, match="not UTF-8 text"):
        find_config(["."])


TYPOS = """\
targt = ">=0.30"
exclude = "old"

[lint]
slect = ["MK1"]
fail-on = "warnings"
memory = "12 bananas"

[lint.per-file-ignores]
"old/*" = "MK2"

[tst]
micro = true
"""


def test_every_fault_is_told_at_once_with_its_line(here: Path) -> None:
    Path("mkmodelfile.toml").write_text(TYPOS)
    with pytest.raises(ConfigError) as error:
        find_config(["."])
    found = [(str(d.span), d.message, d.help) for d in error.value.findings]
    assert found == [
        ("mkmodelfile.toml:1", "unknown key 'targt'", "did you mean 'target'?"),
        (
            "mkmodelfile.toml:2",
            "'exclude' is a text, expected a list of texts",
            "docs/linting.md shows every key with an example",
        ),
        ("mkmodelfile.toml:5", "unknown key 'lint.slect'", "did you mean 'select'?"),
        (
            "mkmodelfile.toml:6",
            "'lint.fail-on' is 'warnings', which is no severity",
            "did you mean 'warning'? expected error, warning or info",
        ),
        (
            "mkmodelfile.toml:7",
            "'lint.memory': '12 bananas' is no size; expected a number and a unit, as in 12GiB",
            "",
        ),
        (
            "mkmodelfile.toml:9",
            "'lint.per-file-ignores' is a table, expected a table of lists of texts",
            "docs/linting.md shows every key with an example",
        ),
        ("mkmodelfile.toml:12", "unknown key 'tst'", "did you mean 'test'?"),
    ]
    assert {d.code for d in error.value.findings} == {"MK907"}
    assert str(error.value) == "mkmodelfile.toml:1: unknown key 'targt' (and 6 more)"


def test_another_tools_table_has_the_same_key(here: Path) -> None:
    text = "[tool.ruff]\nexclude = 1\n[tool.ruff.lint]\nselct = []\n[tool.mkmodelfile.lint]\nselct = []\n"
    Path("pyproject.toml").write_text(text)
    with pytest.raises(ConfigError) as error:
        find_config(["."])
    assert [str(d.span) for d in error.value.findings] == ["pyproject.toml:6"]


def test_a_check_of_another_room_sees_the_sound_keys_only(here: Path) -> None:
    Path("mkmodelfile.toml").write_text('[lint]\nselect = [\n  "MK1",\n  "ZZ9",\n]\nfiles = 3\n')
    seen = []

    def check(config):
        seen.append(dict(config.lint))
        yield config.fault(("lint", "select"), "wrong", word="ZZ9")
        yield config.fault(("lint", "select"), "wrong", word="not there")

    with pytest.raises(ConfigError) as error:
        find_config(["."], check)
    assert seen == [{"select": ["MK1", "ZZ9"]}]
    lines = [d.span.line for d in error.value.findings if d.span]
    assert lines == [2, 4, 6]


def test_the_path_is_shown_from_the_current_folder(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a/b").mkdir(parents=True)
    Path("a/mkmodelfile.toml").write_text("x = 1\n")

    def shown() -> str | None:
        with pytest.raises(ConfigError) as error:
            find_config([str(here / "a" / "b")])
        assert error.value.span
        return error.value.span.file

    assert shown() == str(Path("a/mkmodelfile.toml"))
    monkeypatch.chdir("a/b")
    assert shown() == str(Path("../mkmodelfile.toml"))
    Path("../../c").mkdir()
    monkeypatch.chdir("../../c")
    assert shown() == str(Path("../a/mkmodelfile.toml"))


def test_windows_line_ends_and_a_byte_order_mark(here: Path) -> None:
    Path("mkmodelfile.toml").write_bytes(b'\xef\xbb\xbf# x\r\ntarget = "0.30"\r\n\r\n[lint]\r\nfils = 1\r\n')
    with pytest.raises(ConfigError) as error:
        find_config(["."])
    assert [str(d.span) for d in error.value.findings] == ["mkmodelfile.toml:5"]


@pytest.mark.parametrize(
    "text",
    [
        f"a{'.a' * 400_000} = 1",
        f"[a{' . a' * 200_000}]",
        f'x = {{ "a"{".b" * 400_000} = 1 }}',
        f"y = 1\n'a'{'.a' * 400_000} = 1",
    ],
    ids=["key", "table", "inline", "second line"],
)
def test_a_key_of_many_parts_is_no_work(here: Path, text: str) -> None:
    """Python's reader of TOML takes the cube of the parts of a key: it would never end."""
    Path("mkmodelfile.toml").write_text(text)
    with pytest.raises(UsageError, match="a key has more than 30 parts") as found:
        find_config(["."])
    assert found.value.code == "MK907"
    assert found.value.span is not None
    assert found.value.span.line == (2 if text.startswith("y") else 1)


def test_dots_elsewhere_are_no_parts_of_a_key(here: Path) -> None:
    dots = "a." * 400
    lines = "\n".join(f'"v{n}" = ["a.b.c"]' for n in range(100))
    texts = [f"'{dots}'", f'"{dots}"', f'"""\n{dots}"{dots}"""', f"'''{dots}\n{dots}'''"]
    text = f"# {dots}\nexclude = [{', '.join(texts)}]\n[lint.per-file-ignores]\n{lines}\n"
    Path("mkmodelfile.toml").write_text(text)
    found = find_config(["."])
    assert found.exclude == (dots, dots, f'{dots}"{dots}', f"{dots}\n{dots}")
    assert len(found.lint["per-file-ignores"]) == 100


@pytest.mark.parametrize(
    "text", ["".join(f"k{n} = 1\n" for n in range(5_000)), 'target = ">=0.30"\n'], ids=["keys", "words"]
)
def test_of_very_many_faults_the_first_are_told(here: Path, text: str) -> None:
    """Each is looked for in the whole text: fifty thousand would take half an hour."""
    asked = 0

    def check(config: Config) -> Iterator[Diagnostic]:
        nonlocal asked
        while True:
            asked += 1
            yield Diagnostic("MK907", Severity.ERROR, f"word {asked}", Span(str(config.file), 1), "")

    Path("mkmodelfile.toml").write_text(text)
    with pytest.raises(ConfigError) as error:
        find_config(["."], check)
    assert len(error.value.findings) <= 2 * MAX_FAULTS
    assert asked <= MAX_FAULTS + 1
