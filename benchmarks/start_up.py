"""Whole processes, from the shell's view: what people wait for, beside other tools of the field.

    python -m benchmarks.start_up [--peers FOLDER] [--rounds N]

The measure is `python -c "import click, yaml"`: what any command of Python with a configuration file pays.
`lint` of one file and `inspect` of a vocabulary of 150,000 tokens may take four times as long. All command
lines run in turn, round after round, so that other work on the machine falls on all alike; each figure is the
median. "first" is an `inspect` that has kept nothing yet (`cli/inspect_answers.py`). Compiling is measured in
a process of its own, after its imports. Peers that are not here are left out; gguf-parser-go is built by Go,
through its module proxy. Needs a POSIX system.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import memory

ROUNDS = 11
TOKENS = 150_000
FILES = 1_000
PEERS = ("ruff", "llm", "hf")
PARSER = Path(__file__).with_name("peers") / "gguf_inspect.go"
TIMES_MAX = 4.0
FOLDER_SECONDS_MAX = 10.0
COMPILE_SECONDS_MAX = 0.15

MODELFILE = '''FROM ./model.gguf
TEMPLATE """{{ range .Messages }}<|im_start|>{{ .Role }}
{{ .Content }}<|im_end|>
{{ end }}<|im_start|>assistant
"""
PARAMETER stop <|im_end|>
PARAMETER temperature 0.7
SYSTEM You are a helpful assistant.
'''
CHAT_TEMPLATE = """{%- if messages[0].role == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- for m in messages %}
    {%- if m.role == 'user' or (m.role == 'system' and not loop.first) %}
        {{- '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}
    {%- elif m.role == 'assistant' %}
        {{- '<|im_start|>assistant\\n' + m.content | trim + '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}
"""
COMPILE = """
import sys, time
from modelfile_kit.compiler import compile_template
import modelfile_kit.prover.prove, modelfile_kit.replies.reply_support
source = open(sys.argv[1], encoding="utf-8").read()
started = time.process_time()
compile_template(source, bos_token="", eos_token="<|im_end|>")
print(time.process_time() - started)
"""


@dataclass
class Row:
    """A command line. wall, processor: seconds of each round."""

    name: str
    words: list[str]
    version: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def run(self) -> None:
        """One round."""
        environment = {**os.environ, **self.environment}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed kit is compiled
        before, started = spent(), time.perf_counter()
        subprocess.run(self.words, env=environment, capture_output=True, check=False)
        self.wall.append(time.perf_counter() - started)
        self.processor.append(spent() - before)


def spent() -> float:
    """Processor time of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def vocabulary(path: Path) -> None:
    """A GGUF of a header alone: 150,000 tokens, their types, as many merges, and a chat template."""

    def text(value: str) -> bytes:
        raw = value.encode()
        return struct.pack("<Q", len(raw)) + raw

    def strings(values: Sequence[str]) -> bytes:
        return struct.pack("<IIQ", 9, 8, len(values)) + b"".join(map(text, values))

    tokens = [f"t{n:x}q" for n in range(TOKENS - 3)] + ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    number = [("block_count", 32), ("embedding_length", 4096), ("context_length", 32768)]
    entries = [text("general.architecture") + struct.pack("<I", 8) + text("qwen2")]
    entries += [text(f"qwen2.{key}") + struct.pack("<II", 4, value) for key, value in number]
    entries += [text("tokenizer.ggml.model") + struct.pack("<I", 8) + text("gpt2")]
    entries += [text("tokenizer.ggml.pre") + struct.pack("<I", 8) + text("qwen2")]
    entries += [text("tokenizer.ggml.tokens") + strings(tokens)]
    types = [1] * (TOKENS - 3) + [3] * 3
    entries += [
        text("tokenizer.ggml.token_type") + struct.pack(f"<IIQ{TOKENS}i", 9, 5, TOKENS, *types),
        text("tokenizer.ggml.merges") + strings([f"t{n:x} q" for n in range(TOKENS)]),
        text("tokenizer.ggml.eos_token_id") + struct.pack("<II", 4, TOKENS - 1),
        text("tokenizer.chat_template") + struct.pack("<I", 8) + text(CHAT_TEMPLATE),
    ]
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, len(entries)) + b"".join(entries))


def kit(*arguments: str | Path) -> list[str]:
    """A command line of the kit, by the interpreter that runs this."""
    return [sys.executable, "-m", "modelfile_kit", *map(str, arguments)]


def own_rows(folder: Path) -> list[Row]:
    """The measure, and the kit's command lines."""
    modelfile, model = folder / "one" / "Modelfile", folder / "vocabulary" / "vocabulary.gguf"
    for path in (modelfile, model):
        path.parent.mkdir()
    modelfile.write_text(MODELFILE)
    vocabulary(model)
    kept = {"XDG_CACHE_HOME": str(folder / "kept")}
    compiled = {"PYTHONPYCACHEPREFIX": str(folder / "compiled")}
    return [
        Row('`python -c "import click, yaml"`', [sys.executable, "-c", "import click, yaml"]),
        Row("`mkmodelfile --version`", kit("--version"), environment=compiled),
        Row("`mkmodelfile --help`", kit("--help"), environment=compiled),
        Row("`mkmodelfile lint Modelfile`", kit("lint", "--no-files", modelfile), environment=compiled),
        Row(
            f"`mkmodelfile inspect` of {TOKENS:,} tokens", kit("inspect", model), environment=compiled | kept
        ),
    ]


def peer_rows(folder: Path, peers: Path | None) -> list[Row]:
    """The other tools that are here."""
    path = os.pathsep.join([*([str(peers)] if peers else []), os.environ.get("PATH", "")])
    rows = []
    for name in PEERS:
        if (program := shutil.which(name, path=path)) is None:
            continue
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
        version = (said.stdout or said.stderr).split()
        if name == "hf":
            said = subprocess.run([program, "version"], capture_output=True, text=True, check=False)
            version = said.stdout.split() or version
        number = next((w for w in reversed(version) if w[:1].isdigit()), "")
        rows.append(Row(f"`{name} --help`", [program, "--help"], number))
        if name == "ruff":
            one = folder / "one.py"
            one.write_text("import sys\n\nprint(sys.argv)\n")
            rows.append(Row("`ruff check` of one file", [program, "check", "--no-cache", str(one)], number))
    with contextlib.suppress(subprocess.CalledProcessError):  # the module proxy is out of reach
        (folder / "go").mkdir()
        if (parser := memory.build(folder / "go", PARSER)) is not None:
            model = folder / "vocabulary" / "vocabulary.gguf"
            number = memory.VERSION.removeprefix("v")
            rows.append(Row("gguf-parser-go on the same file", [str(parser), str(model)], number))
    return rows


def folder_row(folder: Path) -> Row:
    """Linting a thousand Modelfiles in one command, once."""
    many = folder / "many"
    many.mkdir()
    files = [many / f"{n}.Modelfile" for n in range(FILES)]
    for n, path in enumerate(files):
        path.write_text(MODELFILE.replace("0.7", f"0.{n + 1}"))
    compiled = {"PYTHONPYCACHEPREFIX": str(folder / "compiled")}
    words = kit("lint", "--no-files", *files)
    row = Row(f"`mkmodelfile lint` of {FILES:,} Modelfiles", words, environment=compiled)
    row.run()
    return row


def compile_seconds(folder: Path) -> float:
    """Processor time of compiling and proving a usual chat template, the imports done."""
    path = folder / "chat_template.jinja"
    path.write_text(CHAT_TEMPLATE)
    command = [sys.executable, "-c", COMPILE, str(path)]
    ran = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(5)]
    return statistics.median(map(float, ran))


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table; exit code 1 where a bound is broken."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--peers", type=Path, help=f"folder of {', '.join(PEERS)}, if they are not on PATH")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        rows = own_rows(folder)
        base, inspected = rows[0], rows[-1]
        lint = next(row for row in rows if " lint " in row.name)
        rows += peer_rows(folder, asked.peers)
        for row in rows:  # a round that does not count: files are read, code is compiled, answers are kept
            row.run()
            row.wall.clear()
            row.processor.clear()
        first = Row(f"{inspected.name}, first", inspected.words)
        for n in range(asked.rounds):
            first.environment = inspected.environment | {"XDG_CACHE_HOME": str(folder / f"first{n}")}
            for row in (*rows, first):
                row.run()
        many, compiled = folder_row(folder), compile_seconds(folder)
    rows[rows.index(inspected) + 1 : rows.index(inspected) + 1] = [first, many]
    lines = [
        "| command | version | clock | processor | times the first row |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {row.name} | {row.version} | {statistics.median(row.wall):.3f} s | {_processor(row):.3f} s "
        f"| {_processor(row) / _processor(base):.1f} |"
        for row in rows
    ]
    lines += [f"| compiling and proving a usual chat template, imports done | | | {compiled:.3f} s | |"]
    print("\n".join(lines))
    sound = max(_processor(lint), _processor(inspected)) <= TIMES_MAX * _processor(base)
    return 0 if sound and _processor(many) <= FOLDER_SECONDS_MAX and compiled <= COMPILE_SECONDS_MAX else 1


def _processor(row: Row) -> float:
    return statistics.median(row.processor)


if __name__ == "__main__":
    sys.exit(main())
