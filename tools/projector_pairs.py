"""Projector types and the text architectures they are converted for, out of llama.cpp's own source.

    python -m tools.projector_pairs llama_cpp_python-0.3.36.tar.gz

writes tests/gguf_file/projector_pairs.txt. Types are those of tools/mtmd/clip-impl.h; pairs come from the
converters in conversion/: a class that makes a projector and a class that makes a text model are registered
for one Hugging Face architecture. `-` stands where the converters name no text architecture (it is that of
the model's text part, or the type has no converter any more). The package is the one that pyproject.toml
pins: `pip download --no-deps --no-binary :all: llama-cpp-python==VERSION`.
"""

from __future__ import annotations

import ast
import re
import sys
import tarfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "tests" / "gguf_file" / "projector_pairs.txt"
HEAD = "# Made by tools/projector_pairs.py from {source}: projector type, text architectures.\n"

_TYPE = re.compile(r'\{\s*PROJECTOR_TYPE_\w+,\s*"([^"]+)"\s*\}')
_NAMED = re.compile(r"VisionProjectorType\.(\w+)")


@dataclass
class Converter:
    """A class of conversion/: its bases, what it is registered for, what it makes."""

    bases: list[str]
    registered: list[str] = field(default_factory=list)
    architecture: str = ""
    types: list[str] = field(default_factory=list)


def read_pairs(sources: dict[str, str]) -> dict[str, set[str]]:
    """Type to architectures; sources: texts by their path below llama.cpp's root."""
    constants = _constants(sources["gguf-py/gguf/constants.py"])
    converters: dict[str, Converter] = {}
    for path, text in sorted(sources.items()):
        if path.startswith("conversion/"):
            converters.update(_converters(text))
    texts: dict[str, set[str]] = defaultdict(set)
    for name, converter in converters.items():
        if not _makes_projectors(name, converters) and (made := _inherited(name, "architecture", converters)):
            for model in converter.registered:
                texts[model].add(constants["MODEL_ARCH_NAMES"][str(made)])
    pairs: dict[str, set[str]] = {t: set() for t in _TYPE.findall(sources["tools/mtmd/clip-impl.h"])}
    for name, converter in converters.items():
        for constant in _inherited(name, "types", converters) or ():
            kind = constants["VisionProjectorType"].get(constant, "")
            if kind in pairs and _makes_projectors(name, converters):
                pairs[kind] |= {a for model in converter.registered for a in texts.get(model, ())}
    return pairs


def _converters(text: str) -> Iterator[tuple[str, Converter]]:
    for node in ast.parse(text).body:
        if not isinstance(node, ast.ClassDef):
            continue
        found = Converter([_name(b) for b in node.bases])
        for mark in node.decorator_list:
            if isinstance(mark, ast.Call) and _name(mark.func) == "register":
                found.registered += [str(a.value) for a in mark.args if isinstance(a, ast.Constant)]
        for line in node.body:
            if isinstance(line, ast.Assign) and _name(line.targets[0]) == "model_arch":
                found.architecture = _name(line.value)
        found.types = sorted(set(_NAMED.findall(ast.get_source_segment(text, node) or "")))
        yield node.name, found


def _name(node: ast.expr) -> str:
    return str(getattr(node, "id", None) or getattr(node, "attr", ""))


def _inherited(name: str, what: str, converters: dict[str, Converter]) -> str | list[str]:
    """An attribute of a class or of the first base that has it."""
    converter = converters.get(name)
    if converter is None:
        return ""
    own: str | list[str] = getattr(converter, what)
    return own or next((f for b in converter.bases if (f := _inherited(b, what, converters))), "")


def _makes_projectors(name: str, converters: dict[str, Converter]) -> bool:
    if name == "MmprojModel":
        return True
    return name in converters and any(_makes_projectors(b, converters) for b in converters[name].bases)


def _constants(text: str) -> dict[str, dict[str, str]]:
    """The spelling of architectures and projector types in gguf-py's constants.py."""
    found: dict[str, dict[str, str]] = {"MODEL_ARCH_NAMES": {}, "VisionProjectorType": {}}
    for name, value in re.findall(r'MODEL_ARCH\.(\w+):\s*"([^"]+)"', text):
        found["MODEL_ARCH_NAMES"].setdefault(name, value)
    body = text.partition("class VisionProjectorType")[2].partition("\nclass ")[0]
    found["VisionProjectorType"].update(re.findall(r'^\s+(\w+)\s*=\s*"([^"]+)"', body, re.MULTILINE))
    return found


def print_table(pairs: dict[str, set[str]], source: str) -> str:
    """The text of the table."""
    rows = [f"{kind} {' '.join(sorted(pairs[kind])) or '-'}\n" for kind in sorted(pairs)]
    return HEAD.format(source=source) + "".join(rows)


def main(package: str) -> int:
    """Reads the source package and writes the table."""
    sources: dict[str, str] = {}
    with tarfile.open(package) as archive:
        for member in archive:
            _, found, path = member.name.partition("/vendor/llama.cpp/")
            wanted = path.startswith(("conversion/", "gguf-py/gguf/", "tools/mtmd/clip-impl.h"))
            if found and wanted and path.endswith((".py", ".h")) and (stream := archive.extractfile(member)):
                sources[path] = stream.read().decode()
    TABLE.write_text(print_table(read_pairs(sources), Path(package).name), encoding="utf-8")
    sys.stdout.write(f"wrote {TABLE.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
