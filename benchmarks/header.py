"""Reading a GGUF header: this kit against gguf-py's GGUFReader and llama.cpp's vocab_only load.

    python -m benchmarks.header [FILE.gguf …]

Without files: the real vocabularies in ../shared/vocab where that folder is there, else the micro model.
Each figure is the best of several runs, all in this one call, so the ratios hold on a busy machine too.
GGUFReader is run once: it takes seconds for a big vocabulary, and takes them every time.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.common.timing import fastest
from modelfile_kit.gguf_file import Header, StringArray, Vocabulary, read_header
from modelfile_kit.micro import build_model

RUNS = 7
NEEDED = 100  # times faster than GGUFReader at opening and reading what is not an array
ABSENT = "<|this is no token|>"

# llama.cpp writes to stderr and may die; it runs in a child, which reports its own time.
LLAMA_CPP = """
import sys, time
from llama_cpp import Llama
best = 1e9
for _ in range(int(sys.argv[2])):
    start = time.perf_counter()
    Llama(sys.argv[1], vocab_only=True, verbose=False).close()
    best = min(best, time.perf_counter() - start)
print(best)
"""


def open_with_scalars(path: Path) -> Header:
    header = read_header(path)
    for key in header.metadata:
        if not header.metadata.type_of(key).endswith("[]"):
            header.metadata[key]
    return header


def look_up(path: Path) -> None:
    vocabulary = Vocabulary.from_header(read_header(path))
    vocabulary.end_of_generation()
    vocabulary.id_of(ABSENT)


def all_tokens(path: Path) -> None:
    tokens = read_header(path).metadata["tokenizer.ggml.tokens"]
    assert isinstance(tokens, StringArray)
    tokens.tolist()


def ggufs_reader(path: Path) -> None:
    import gguf

    for field in gguf.GGUFReader(path).fields.values():
        if len(field.data) == 1:
            field.contents()


def llama_cpp(path: Path) -> float | None:
    if importlib.util.find_spec("llama_cpp") is None:
        return None
    command = [sys.executable, "-c", LLAMA_CPP, str(path), "3"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    return float(run.stdout) if run.returncode == 0 else None


def measure(path: Path) -> bool:
    """Prints the table of one file; whether the kit is as fast as it has to be."""
    import gguf  # noqa: F401  the import is not what is measured

    header = read_header(path)
    tokens = header.metadata.get("tokenizer.ggml.tokens")
    count = len(tokens) if isinstance(tokens, StringArray) else 0
    ours = fastest(lambda: open_with_scalars(path), RUNS)
    rows = [("open, all scalars", ours)]
    if count:
        rows += [
            ("open, ends of generation and one look-up", fastest(lambda: look_up(path), RUNS)),
            ("open, all tokens as a list", fastest(lambda: all_tokens(path), RUNS)),
        ]
    rows.append(("gguf-py GGUFReader, all scalars", theirs := fastest(lambda: ggufs_reader(path), 1)))
    if (engine := llama_cpp(path)) is not None:
        rows.append(("llama.cpp vocab_only", engine))
    print(f"\n{path.name}: {path.stat().st_size / 1e6:.1f} MB, {count:,} tokens")
    for name, seconds in rows:
        print(f"  {name:42} {seconds * 1000:10.2f} ms {seconds / ours:9.1f} ×")
    if count < 10_000:  # all overhead, on both sides
        print(f"  GGUFReader / this kit: {theirs / ours:.0f} (too small a vocabulary to be judged)")
        return True
    enough = theirs >= NEEDED * ours
    print(f"  GGUFReader / this kit: {theirs / ours:.0f} (needed {NEEDED}){'' if enough else ': TOO SLOW'}")
    return enough


def main(arguments: list[str]) -> int:
    shared = Path(__file__).resolve().parents[2] / "shared" / "vocab"
    paths = [Path(a) for a in arguments] or sorted(shared.glob("*.gguf"))
    with tempfile.TemporaryDirectory() as folder:
        paths = paths or [build_model(Path(folder) / "micro-glm4v.gguf")]
        fast = [measure(path) for path in paths]
    return 0 if all(fast) else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
