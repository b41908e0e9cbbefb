"""Changed lock files: `python -m tests.package.fuzz_lock 100000 7`.

Each is refused with the line of every finding, or taken: then it names no path that leads out of a
repository, and writing and reading it again gives the same.
"""

from __future__ import annotations

import random
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from modelfile_kit.core.errors import PackageError
from modelfile_kit.package.lock_file import lock_text, read_lock
from tests.changed import changed_bytes, changed_value
from tests.fuzzing import Fault, Tally, run

_FILE = {"path": "sub/FILE.gguf", "size": 5_027_783_488, "digest": f"sha256:{'0a' * 32}"}
_ENTRY = {"name": "hf.co/ORG/REPO:Q4_K_M", "title": "hf.co/ORG/REPO/FILE.gguf", "revision": "0" * 40}
_LOCK: dict[str, Any] = {
    "version": 1,
    "names": {
        "model": {**_ENTRY, "files": [_FILE, {"path": "FILE-2.gguf"}], "projectors": [_FILE]},
        "tokenizer": {**_ENTRY, "files": [{"path": "tokenizer.json", "size": 0}]},
    },
}


def cases(count: int, seed: int, tally: Tally) -> Iterator[Fault | None]:
    """What is wrong with the reading of each."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "mkmodelfile.lock")
        for _ in range(count):
            data = yaml.safe_dump(changed_value(chance, _LOCK), sort_keys=False).encode()
            if chance.random() < 0.4:
                data = changed_bytes(chance, data)
            path.write_bytes(data)
            what = fault(path, tally)
            yield Fault(what, data, ".lock") if what else None


def fault(path: Path, tally: Tally) -> str:
    """What is wrong with the reading of one file, "" if nothing is."""
    try:
        names = read_lock(path)
    except PackageError as e:
        tally["refused"] += 1
        unplaced = [d for d in e.diagnostics if d.span is None or not d.span.line or not d.help]
        return f"no place, or no help: {unplaced[0]}" if unplaced else ""
    except Exception:
        return "crash: " + traceback.format_exc(limit=-3)
    tally["taken"] += 1
    for one in names.values():
        for file in (*one.files, *one.projectors):
            if not Path("/home", file.path).resolve().is_relative_to("/home") or "\\" in file.path:
                return f"a path that leads out: {file.path!r}"
    path.write_text(lock_text(names, "mkmodelfile.yaml"), encoding="utf-8")
    again = read_lock(path)
    return "" if again == names else f"written and read again it is {again}"


if __name__ == "__main__":
    sys.exit(run("lock files", cases))
