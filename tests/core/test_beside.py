"""What is written beside its place, and what killed processes left there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from modelfile_kit.core.beside import file_beside, folder_beside, take_removed

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the kit takes no locks on Windows")

KINDS = {
    "file": ("file_beside", "out.write(b'x' * 3_000_000); out.flush()"),
    "folder": ("folder_beside", "(got / 'model.gguf').write_bytes(b'x' * 3_000_000)"),
}
WRITER = """
import sys, time
from pathlib import Path
from modelfile_kit.core.beside import {name}
with {name}(Path(sys.argv[1])) as got:
    part, out = got if isinstance(got, tuple) else (got, None)
    {write}
    print(part, flush=True)
    time.sleep(600)
"""


def writing(place: Path, kind: str) -> tuple[subprocess.Popen[str], Path]:
    """A process that has written a part, and is not done; and the part."""
    name, write = KINDS[kind]
    code = WRITER.format(name=name, write=write)
    environment = {"PYTHONPATH": ":".join(p for p in sys.path if p)}
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(place)], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "model.gguf"
    take_removed()
    process, part = writing(place, kind)
    end(process)
    assert part.exists()
    with folder_beside(place) as other:
        assert not part.exists()
    assert not other.exists()
    [(removed, size)] = take_removed()
    assert removed == part
    assert size >= 3_000_000
    assert take_removed() == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_being_written_stays(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "model.gguf"
    take_removed()
    process, part = writing(place, kind)
    try:
        with file_beside(place), folder_beside(place):
            assert part.exists()
    finally:
        end(process)
    assert take_removed() == []


def test_what_belongs_to_another_place_stays(tmp_path: Path) -> None:
    others = [".b.abcdefgh.part", ".a.abcdefgh.partial", "a.abcdefgh.part", ".a.b.c.part", ".a.ABC-D.part"]
    for name in others:
        (tmp_path / name).write_bytes(b"kept")
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "file").write_bytes(b"kept")
    (tmp_path / ".a.linkedto.part").symlink_to(tmp_path / "far")
    with folder_beside(tmp_path / "a"):
        pass
    assert {p.name for p in tmp_path.iterdir()} == {*others, "far", ".a.linkedto.part"}
    assert (tmp_path / "far" / "file").read_bytes() == b"kept"


def test_a_file_that_has_another_name_gives_nothing_back(tmp_path: Path) -> None:
    (tmp_path / "blob").write_bytes(b"x" * 100_000)
    left = tmp_path / ".a.abcdefgh.part"
    left.mkdir()
    (left / "model.gguf").hardlink_to(tmp_path / "blob")
    take_removed()
    with folder_beside(tmp_path / "a"):
        assert not left.exists()
    assert take_removed() == [(left, 0)]
    assert (tmp_path / "blob").stat().st_size == 100_000


def test_what_gets_its_name_stays(tmp_path: Path) -> None:
    with file_beside(tmp_path / "a") as (part, out):
        out.write(b"all")
        out.flush()
        part.replace(tmp_path / "a")
    with folder_beside(tmp_path / "b") as folder:
        (folder / "c").write_bytes(b"all")
        folder.replace(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == b"all"
    assert (tmp_path / "b" / "c").read_bytes() == b"all"
    assert {p.name for p in tmp_path.iterdir()} == {"a", "b"}


def test_an_error_names_the_place(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as raised, folder_beside(tmp_path / "none" / "a"):
        pass
    assert raised.value.filename == str(tmp_path / "none" / "a")
