"""The rooms of the package, in order, and what its files import: `python -m tools.architecture`.

tests/test_architecture.py holds the code to this table; docs/architecture.md shows it as a diagram.
"""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "modelfile_kit"

# From top to bottom: a room imports from the floors below its own only, never from another room on its floor.
# `modelfile_kit` itself (the public names) is above all.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("cli",),
    ("audit", "lsp", "play", "serve"),
    ("doctor", "testing"),
    ("report",),
    ("drafting",),
    ("diff", "packing"),
    ("lint", "publish"),
    ("align",),
    ("building",),
    ("compiler",),
    ("captions", "fit", "prover", "replies", "safety"),
    ("reference_tokenizer", "vision"),
    ("package", "runtime"),
    ("huggingface", "ollama", "parrot"),
    ("micro",),
    ("gguf_file", "gotemplate"),
    ("project", "sources"),
    ("core",),
)
FLOOR_OF = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
# Comments that are no reason.
_NO_REASON = ("noqa", "type:", "pragma:")


@dataclass(frozen=True)
class Import:
    """One module of the package imports another.

    inside: in a function; reason: the comment beside it or on the line before, "" for none.
    """

    importer: str
    imported: str
    line: int
    inside: bool
    reason: str

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.imported}"


def read_imports(root: Path = ROOT) -> list[Import]:
    """Every import of the package's own modules, those for types alone and those in functions included."""
    files = {_name(path.relative_to(root)): path for path in sorted((root / PACKAGE).rglob("*.py"))}
    found: list[Import] = []
    for name, path in files.items():
        text = path.read_text(encoding="utf-8")
        comments = _comments(text)
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        for node, inside in _imports(ast.parse(text), inside=False):
            lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
            reason = comments.get(-(node.lineno - 1), "") or next(
                (comments[n] for n in lines if n in comments), ""
            )
            targets = {_known(target, files) for target in _targets(node, package)} - {"", name}
            found += [Import(name, target, node.lineno, inside, reason) for target in sorted(targets)]
    return found


def circles(imports: Iterable[Import]) -> list[set[str]]:
    """The sets of modules that import each other in a circle, the largest first."""
    graph: dict[str, set[str]] = {}
    for i in imports:
        graph.setdefault(i.importer, set()).add(i.imported)
    reach = {module: _reachable(graph, module) for module in graph}
    found: list[set[str]] = []
    for module in sorted(graph):
        circle = {other for other in reach[module] if module in reach.get(other, ())}
        if circle and circle not in found:
            found.append(circle)
    return sorted(found, key=len, reverse=True)


def upward(imports: Iterable[Import]) -> list[Import]:
    """The imports from a room that is not below the importer's own."""
    return [i for i in imports if _room(i.importer) != _room(i.imported) and not _is_below(i)]


def hidden(imports: Iterable[Import]) -> list[Import]:
    """The imports in functions outside cli/, where they only serve a quick start."""
    return [i for i in imports if i.inside and _room(i.importer) != "cli"]


def diagram() -> str:
    """The floors as a Mermaid flowchart."""
    lines = ["flowchart TD"]
    for number, rooms in enumerate(FLOORS):
        lines.append(f'    floor{number}["{" · ".join(rooms)}"]')
    lines += [f"    floor{number} --> floor{number + 1}" for number in range(len(FLOORS) - 1)]
    return "\n".join(lines) + "\n"


def _name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _comments(text: str) -> dict[int, str]:
    """The comments of a file that can be a reason, by line: the negative line where nothing else is on it."""
    found = {}
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        comment = token.string.lstrip("# ")
        if token.type == tokenize.COMMENT and not comment.startswith(_NO_REASON):
            alone = token.line.lstrip().startswith("#")
            found[-token.start[0] if alone else token.start[0]] = comment
    return found


def _imports(node: ast.AST, *, inside: bool) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.Import, ast.ImportFrom)):
            yield child, inside
        function = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        yield from _imports(child, inside=inside or function)


def _targets(node: ast.Import | ast.ImportFrom, package: str) -> list[str]:
    """The full names that a statement asks for: modules, or names in modules."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    base = node.module or ""
    if node.level:
        above = package.split(".")[: len(package.split(".")) - node.level + 1]
        base = ".".join([*above, base] if base else above)
    return [f"{base}.{alias.name}" for alias in node.names]


def _known(target: str, files: Mapping[str, Path]) -> str:
    """The module of the package that a full name leads to, "" for another package's."""
    if target.split(".")[0] != PACKAGE:
        return ""
    return target if target in files else target.rpartition(".")[0]


def _reachable(graph: Mapping[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    rest = [*graph.get(start, ())]
    while rest:
        module = rest.pop()
        if module not in seen:
            seen.add(module)
            rest += graph.get(module, ())
    return seen


def _room(module: str) -> str:
    """The room of a module, "" for the package itself."""
    return module.split(".")[1] if "." in module and module != f"{PACKAGE}.__main__" else ""


def _is_below(i: Import) -> bool:
    above = FLOOR_OF.get(_room(i.importer), -1)  # the package itself stands on top
    return above < FLOOR_OF.get(_room(i.imported), -1)


def main() -> int:
    """Prints what is wrong; the exit code is 1 if anything is."""
    imports = read_imports()
    faults = [f"circle: {', '.join(sorted(circle))}" for circle in circles(imports)]
    faults += [f"upward: {i}" for i in upward(imports)]
    faults += [f"in a function without a reason: {i}" for i in hidden(imports) if not i.reason]
    sys.stdout.write("".join(f"{fault}\n" for fault in faults) or "no circles, no upward imports\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
