"""Copies by the kernel, by ourselves, and blocks that two files share."""

from __future__ import annotations

import errno
import gc
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from gguf import GGUFReader

from modelfile_kit.gguf_file import tensor_copy
from modelfile_kit.gguf_file.patch import PADDING, plan_patch, write_patch
from tests.gguf_file.against_ggml import TAKEN, ask_ggml
from tests.gguf_file.handmade import Typed, gguf, tensor

MOUNT = os.environ.get("MKMODELFILE_MOUNT") == "1"  # set by make soak
ROOM = 3 << 30  # of the file system that is made
DATA = 1 << 30  # of the tensors that are copied


@pytest.mark.parametrize("kernel", [True, False])
@pytest.mark.parametrize(("start", "at", "count"), [(0, 0, None), (7, 4096, None), (5, 3, 70_000), (9, 1, 0)])
def test_the_bytes_arrive_where_they_were_sent(kernel, start, at, count, tmp_path, monkeypatch):
    data = random.Random(1).randbytes(200_000)
    (tmp_path / "a").write_bytes(data)
    if not kernel:

        def refuse(*arguments):
            raise OSError(errno.EXDEV, "Invalid cross-device link")

        monkeypatch.setattr(os, "copy_file_range", refuse, raising=False)
    with (tmp_path / "a").open("rb") as source, (tmp_path / "b").open("wb") as out:
        out.write(b"h" * at)
        tensor_copy.copy(source, start, out, at, count)
    meant = data[start:] if count is None else data[start : start + count]
    assert (tmp_path / "b").read_bytes() == b"h" * at + meant


@pytest.mark.skipif(not hasattr(os, "copy_file_range"), reason="this system has no copy_file_range")
def test_a_full_disk_is_an_error_and_a_copy_that_stops_is_gone_on_with(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(b"x" * 5000)
    real, calls = os.copy_file_range, []

    def half(source, out, count, start, at):
        calls.append(count)
        if len(calls) > 1:
            raise OSError(errno.EOPNOTSUPP, "Operation not supported")
        return real(source, out, 100, start, at)

    monkeypatch.setattr(os, "copy_file_range", half)
    with (tmp_path / "a").open("rb") as source, (tmp_path / "b").open("wb") as out:
        tensor_copy.copy(source, 0, out, 0)
    assert (tmp_path / "b").read_bytes() == b"x" * 5000

    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "copy_file_range", full)
    with (tmp_path / "a").open("rb") as source, (tmp_path / "c").open("wb") as out, pytest.raises(OSError):
        tensor_copy.copy(source, 0, out, 0)


def test_blocks_are_not_shared_at_odd_places(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 9000)
    with (tmp_path / "a").open("rb") as source, (tmp_path / "b").open("wb") as out:
        assert not tensor_copy.share(source, 1, out, 1, 4096)
        assert not tensor_copy.share(source, 0, out, 0, 0)


def _why_no_loop(kind: str) -> str:
    """Why no file system of this kind can be made and mounted here, "" where one can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "mounting a file takes root on Linux"
    missing = [name for name in (f"mkfs.{kind}", "mount", "umount") if shutil.which(name) is None]
    if missing:
        return f"{' and '.join(missing)} not found (packages btrfs-progs, xfsprogs)"
    if kind not in Path("/proc/filesystems").read_text():
        return f"this kernel has no {kind}"
    return ""


@pytest.fixture(params=["btrfs", "xfs"])
def mounted(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    kind = request.param
    if why := _why_no_loop(kind):
        pytest.skip(why)
    image, folder = tmp_path / "image", tmp_path / "mounted"
    with image.open("wb") as file:
        file.truncate(ROOM)
    folder.mkdir()
    subprocess.run([f"mkfs.{kind}", "-q", str(image)], check=True, capture_output=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(folder)], check=True)
    try:
        yield folder
    finally:
        gc.collect()  # a reader's map of a file keeps the file system busy
        subprocess.run(["umount", str(folder)], check=True)


def _used(folder: Path) -> int:
    os.sync()
    seen = os.statvfs(folder)
    return (seen.f_blocks - seen.f_bfree) * seen.f_frsize


if MOUNT:

    @pytest.mark.slow
    def test_a_copy_shares_its_tensors_where_the_file_system_can(mounted: Path, record_property) -> None:
        """Time and room of a patched copy against a plain one; both readers find the same tensors in it."""
        model, chance = mounted / "model.gguf", random.Random(1)
        entries = {
            "general.architecture": Typed("string", "llama"),
            "general.name": Typed("string", "x" * 77),
        }
        with model.open("wb") as file:
            file.write(gguf(entries, [tensor("t", (DATA // 4,))]))
            block = chance.randbytes(16 << 20)
            for _ in range(DATA // len(block)):
                file.write(block)
        before = _used(mounted)
        start = time.monotonic()
        written = write_patch(plan_patch(model, {"general.name": "other"}), mounted / "patched.gguf")
        os.sync()
        shared_seconds, shared_room = time.monotonic() - start, _used(mounted) - before
        start = time.monotonic()
        (mounted / "plain.gguf").write_bytes(b"")
        with model.open("rb") as source, (mounted / "plain.gguf").open("wb") as out:
            shutil.copyfileobj(source, out, 4 << 20)
        os.sync()
        plain_seconds, plain_room = time.monotonic() - start, _used(mounted) - before - shared_room
        figures = (
            f"{DATA >> 20} MiB of tensors: {shared_seconds:.2f} s and {shared_room:,} bytes by sharing, "
            f"{plain_seconds:.2f} s and {plain_room:,} bytes by a plain copy"
        )
        record_property("figures", figures)
        print(figures)
        assert written.shared > DATA - 65_536
        assert shared_room < 8 << 20
        assert plain_room > DATA - (8 << 20)
        reader = GGUFReader(mounted / "patched.gguf")
        assert reader.fields["general.name"].contents() == "other"
        assert PADDING in reader.fields
        # As bytes: some of these numbers are NaN, which is no number's equal.
        same = [r.tensors[0].data.view("uint8") for r in (GGUFReader(model), reader)]
        assert (same[0] == same[1]).all()
        if find_spec("llama_cpp") is not None:
            assert ask_ggml([mounted / "patched.gguf"]) == [TAKEN]
        # and the copy's copy shares too, with one padding
        planned = plan_patch(mounted / "patched.gguf", {"general.name": "third"})
        again = write_patch(planned, mounted / "3.gguf")
        assert again.shared > DATA - 65_536
        assert list(again.header.metadata).count(PADDING) == 1
