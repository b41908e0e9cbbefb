"""What the child process costs: tokenizing through it against llama.cpp in the same process, and
loading a vocabulary against gguf-py's GGUFReader.

    python -m benchmarks.tokenizing [VOCABULARY.gguf …]

Without arguments the vocabularies of ../shared are taken, or the micro model where there are none.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.common.timing import fastest
from modelfile_kit.runtime.tokenizer import LlamaTokenizer

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8") if (ROOT / "README.md").is_file() else __doc__
PROMPT = "Describe the screenshot, please. 请描述这张截图。\n"
RUNS = 5

IN_PROCESS = """
import sys, time
from llama_cpp import Llama
path, count = sys.argv[1], int(sys.argv[2])
text = sys.stdin.buffer.read()
started = time.perf_counter()
model = Llama(path, vocab_only=True, verbose=False)
print(time.perf_counter() - started)
def best(texts):
    times = []
    for _ in range(5):
        started = time.perf_counter()
        for t in texts:
            model.tokenize(t, add_bos=True, special=True)
        times.append(time.perf_counter() - started)
    return min(times)
print(best([text]))
short = text[:80]
print(best([short] * count))
"""


def vocabularies() -> list[Path]:
    """The files to measure with."""
    if sys.argv[1:]:
        return [Path(a) for a in sys.argv[1:]]
    found = sorted((ROOT.parent / "shared" / "vocab").glob("*.gguf"))
    if found:
        return found
    from modelfile_kit.micro import build_pair

    return [build_pair(Path(tempfile.mkdtemp())).model]


def in_process(path: Path, text: bytes, count: int) -> tuple[float, float, float]:
    """Load, one long text and `count` short ones with llama.cpp in one process, in seconds."""
    run = subprocess.run(
        [sys.executable, "-c", IN_PROCESS, str(path), str(count)], input=text, capture_output=True, check=True
    )
    load, long, short = (float(line) for line in run.stdout.split())
    return load, long, short


def reader(path: Path) -> float:
    """Reading the same header with gguf-py, in seconds."""
    from gguf import GGUFReader

    return fastest(lambda: GGUFReader(path), 1)


def measure(path: Path) -> None:
    """Prints the figures of one vocabulary."""
    text = (TEXT + PROMPT * 200) * 20
    data, count = text.encode(), 200
    load, long, short = in_process(path, data, count)
    opening = fastest(lambda: LlamaTokenizer(path).close(), 3)
    with LlamaTokenizer(path) as tokenizer:
        tokens = len(tokenizer.tokenize(text))
        ours = fastest(lambda: tokenizer.tokenize(text), RUNS)
        piece = data[:80]
        single = fastest(lambda: [tokenizer.tokenize(piece) for _ in range(count)], RUNS)
        batch = fastest(lambda: tokenizer.tokenize_many([piece] * count), RUNS)
    gguf_py = reader(path)
    rows = (
        ("one long text", long, ours, ""),
        (f"{count} short texts", short, single, f"in one request {batch * 1e3:.1f} ms"),
        ("loading", load, opening, f"start and end included; gguf-py's reader {gguf_py * 1e3:.0f} ms"),
    )
    print(f"{path.name}: {len(data) / 1e6:.1f} MB of text, {tokens} tokens")
    for name, inside, child, note in rows:
        times = f"in process {inside * 1e3:8.1f} ms  child {child * 1e3:8.1f} ms  {child / inside:5.2f} x"
        print(f"  {name:<16} {times}  {note}".rstrip())


if __name__ == "__main__":
    for vocabulary in vocabularies():
        measure(vocabulary)
