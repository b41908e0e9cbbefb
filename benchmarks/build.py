"""What a build costs: a whole package against nothing but opening the same files with gguf-py.

    python -m benchmarks.build [VOCABULARY.gguf]

The package is the micro pair; with a vocabulary (default: one of ../shared, where it is) the same is
done with a model that has some 150,000 tokens. Each figure is the best of some runs, "cold" in a new
Python with all imports, "warm" within one.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.common.timing import fastest
from modelfile_kit.building.build import build
from modelfile_kit.building.plan import make_plan
from modelfile_kit.building.sources import open_files
from modelfile_kit.micro import build_pair
from modelfile_kit.package.package import load_package

ROOT = Path(__file__).resolve().parents[1]
RUNS = 5

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
BUILD = "import sys; from modelfile_kit import build; build(sys.argv[1])"
READ = "import sys; import gguf; [gguf.GGUFReader(p) for p in sys.argv[1:]]"


def warm(work: Callable[[], object]) -> float:
    """Milliseconds of the fastest of some runs in this Python."""
    return fastest(work, RUNS) * 1000


def cold(code: str, *arguments: str | Path) -> float:
    """Milliseconds of the fastest of some runs, each in a new Python."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return 1000 * fastest(lambda: subprocess.run(command, cwd=ROOT, check=True, capture_output=True), RUNS)


def measure(title: str, folder: Path, files: list[Path]) -> None:
    """Prints a table for the package in `folder`; files: its GGUF files, for the peer."""
    import gguf

    package = load_package(folder)
    opened = open_files(package)
    rows = [
        ("read the package file", warm(lambda: load_package(folder))),
        ("open and pair the files", warm(lambda: open_files(package))),
        ("compile, prove and decide", warm(lambda: make_plan(package, opened))),
        ("build, warm", warm(lambda: build(folder))),
        ("gguf.GGUFReader alone, warm", warm(lambda: [gguf.GGUFReader(f) for f in files])),
        ("build, cold", cold(BUILD, folder)),
        ("gguf.GGUFReader alone, cold", cold(READ, *files)),
    ]
    print(title)
    for name, milliseconds in rows:
        print(f"  {name:30} {milliseconds:9.1f} ms")


def main() -> None:
    default = ROOT.parent / "shared" / "vocab" / "ggml-vocab-qwen2.gguf"
    vocabulary = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        pair = build_pair(folder)
        assert pair.projector is not None
        (folder / "mkmodelfile.yaml").write_text(f"name: bench\nmodel: {pair.model.name}\n")
        measure("micro pair, 1.2 MB", folder, [pair.model, pair.projector])
    if not vocabulary.is_file():
        print(f"no {vocabulary.name} here: the table for a large vocabulary is left out")
        return
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        shutil.copy(vocabulary, folder / "m.gguf")
        (folder / "t.jinja").write_text(CHATML)
        (folder / "mkmodelfile.yaml").write_text(
            "name: bench\nmodel: m.gguf\nprojector: none\nchat_template: t.jinja\n"
        )
        measure(f"{vocabulary.name}, {vocabulary.stat().st_size / 1e6:.1f} MB", folder, [folder / "m.gguf"])


if __name__ == "__main__":
    main()
