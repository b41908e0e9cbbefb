"""What llama.cpp's pre-tokenizers do, out of its own source.

    python -m tools.pre_tokenizers llama_cpp_python-0.3.36.tar.gz

writes modelfile_kit/gguf_file/pre_tokenizers.json: the regular expressions of each type and the names that
mean it (src/llama-vocab.cpp), and the checksums by which the converter recognises a tokenizer, with the
repository that each was taken from (conversion/base.py). The package is the one that pyproject.toml pins:
`pip download --no-deps --no-binary :all: llama-cpp-python==VERSION`.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "modelfile_kit" / "gguf_file" / "pre_tokenizers.json"
VOCABULARY, CONVERTER = "src/llama-vocab.cpp", "conversion/base.py"

_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_NAMED = re.compile(r'tokenizer_pre == "([^"]+)"')
_FLAG = re.compile(r"\b(ignore_merges|add_bos|clean_spaces|escape_whitespaces)\s*=\s*(true|false)")
_CHECKSUM = re.compile(r'if chkhsh == "(\w+)":\s*# ref: (\S+)\s*res = "([^"]+)"')


def read_tables(vocabulary: str, converter: str) -> dict[str, Any]:
    """The tables; arguments: the texts of `VOCABULARY` and `CONVERTER`."""
    types = dict(_types(vocabulary))
    names = dict(_names(vocabulary))
    checksums = {number: [name, address] for number, address, name in _CHECKSUM.findall(converter)}
    unknown = {row["type"] for row in names.values()} - set(types)
    assert not unknown, f"types without expressions: {unknown}"
    return {"types": types, "names": names, "text": _text(converter), "checksums": checksums}


def _types(source: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each type of the switch in llm_tokenizer_bpe with its expressions; "DEFAULT" for all others."""
    body = source[source.index("switch (vocab.get_pre_type())") :]
    body = _without_comments(body[: body.index("std::vector<std::string> regex_exprs;")])
    labels: list[str] = []
    for part in re.split(r"(?=\bcase LLAMA_VOCAB_PRE_TYPE_|\bdefault:)", body)[1:]:
        label = re.match(r"case LLAMA_VOCAB_PRE_TYPE_(\w+):|default:", part)
        assert label is not None
        labels.append(label[1] or "DEFAULT")
        if "regex_exprs" not in part:
            continue  # falls through to the next label
        listed = part[part.index("{") : part.index("};")]
        patterns = [_unescaped(text) for text in _STRING.findall(listed)]
        for name in labels:
            yield name, {"patterns": patterns, "bytes": "byte_encode = false" not in part}
        labels = []


def _names(source: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each value of tokenizer.ggml.pre with its type and the settings that come with it."""
    start = source.index("for now, only BPE models have pre-tokenizers")
    body = source[start : source.index("unknown pre-tokenizer type", start)]
    for part in re.split(r"\belse if\b|\belse \{", body):
        kind = re.search(r"pre_type = LLAMA_VOCAB_PRE_TYPE_(\w+)", part)
        if kind is None:
            continue
        flags = {name: value == "true" for name, value in _FLAG.findall(part[kind.start() :])}
        for name in _NAMED.findall(part[: kind.start()]):
            yield name, {"type": kind[1], **flags}


def _without_comments(source: str) -> str:
    """The code of C++ lines, comments removed (a `//` inside a string stays)."""
    return re.sub(r'("(?:[^"\\]|\\.)*")|//[^\n]*', lambda found: found[1] or "", source)


def _unescaped(text: str) -> str:
    """The value of a C++ string that has only simple escapes."""
    simple = {"r": "\r", "n": "\n", "t": "\t"}
    return re.sub(r"\\(.)", lambda found: simple.get(found[1], found[1]), text)


def _text(converter: str) -> str:
    """The text whose ids are the checksum."""
    for node in ast.walk(ast.parse(converter)):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "chktxt":
            return str(ast.literal_eval(node.value))
    raise ValueError("the converter has no chktxt")


def main(package: str) -> int:
    """Reads the source package and writes the table."""
    sources: dict[str, str] = {}
    with tarfile.open(package) as archive:
        for member in archive:
            path = member.name.partition("/vendor/llama.cpp/")[2]
            if path in (VOCABULARY, CONVERTER) and (stream := archive.extractfile(member)):
                sources[path] = stream.read().decode()
    tables = {"source": Path(package).name, **read_tables(sources[VOCABULARY], sources[CONVERTER])}
    TABLE.write_text(json.dumps(tables, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.stdout.write(f"wrote {TABLE.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
