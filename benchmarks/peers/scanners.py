"""Asks three scanners for GGUF files about each: `PYTHON scanners.py FOLDER`, JSON on stdout.

PYTHON is one of an environment with c4nary, glyphhound and pillar-gguf-scanner; the kit is not needed there.
Each scanner's own command is called in this process, offline. Told is what it takes for more than a remark:
c4nary's template rules (TPL…) of severity WARN or FAIL, any finding of glyphhound, and a verdict of pillar's
that is not "clean". For each: the file's name, what was told, and seconds of processor time.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import io
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def _output(main: Callable[[list[str]], Any], arguments: list[str]) -> Any:
    out = io.StringIO()
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(io.StringIO()),
        contextlib.suppress(SystemExit),
    ):
        main(arguments)
    return json.loads(out.getvalue())


def c4nary(file: str) -> list[str]:
    """Rules of the chat template."""
    from c4nary.cli import main  # type: ignore[import-not-found]

    found = _output(main, ["scan", file, "--json"])["findings"]
    return [
        f["rule_id"] for f in found if f["rule_id"].startswith("TPL") and f["severity"] in ("WARN", "FAIL")
    ]


def glyphhound(file: str) -> list[str]:
    """Sinks that it finds reachable."""
    from glyphhound.cli import main  # type: ignore[import-not-found]

    found = _output(main, ["scan", file, "--source", "gguf", "--format", "json"])
    return [str(f.get("rule") or f.get("id") or f.get("kind") or "finding") for f in found["findings"]]


def pillar(file: str) -> list[str]:
    """Its verdict, by rules and by its own classifier."""
    from pillar_gguf_scanner.cli import main  # type: ignore[import-not-found]

    verdict = str(_output(main, ["--no-pillar", "--json", file])["verdict"])
    return [] if verdict == "clean" else [verdict]


SCANNERS = {"c4nary": c4nary, "glyphhound": glyphhound, "pillar-gguf-scanner": pillar}


def run(folder: Path) -> dict[str, Any]:
    """Every scanner on every file."""
    answers: dict[str, Any] = {}
    for name, ask in SCANNERS.items():
        told, seconds = {}, {}
        for file in sorted(folder.glob("*.gguf")):
            start = time.process_time()
            told[file.stem] = ask(str(file))
            seconds[file.stem] = time.process_time() - start
        answers[name] = {"version": importlib.metadata.version(name), "told": told, "seconds": seconds}
    return answers


if __name__ == "__main__":
    json.dump(run(Path(sys.argv[1])), sys.stdout)
