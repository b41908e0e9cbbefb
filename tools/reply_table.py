"""Writes docs/replies.md: which reader gives back which kind of reply, for every chat template of a corpus.

`python -m tools.reply_table [CORPUS]`. A corpus is a folder with an `index.json` (a list of objects with
`id`, `file`, `bos_token` and `eos_token`) and the chat templates that it names. The templates belong to their
models and are not part of this repository, so the page can only be written where a corpus is; a test holds
it current there.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelfile_kit.compiler.compile import translate
from modelfile_kit.core.errors import KitError
from modelfile_kit.huggingface import Reference
from modelfile_kit.ollama.prompt import PromptTemplate
from modelfile_kit.replies.round_trip import RoundTrip, Trip
from modelfile_kit.replies.spoken import KINDS, spoken_replies

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT.parent / "shared" / "corpus"
PAGE = ROOT / "docs" / "replies.md"
# Of an answer by a schema only a server can say what becomes of it.
SHOWN = tuple(kind.name for kind in KINDS if kind.form is None)

HEAD = """\
# Which replies come back

Made by `python -m tools.reply_table`, for the chat templates of a corpus of {count} templates. The templates
belong to their models and are not part of this repository.

What a model writes is taken from its own chat template. It is put to the readers of Ollama, whole and in
pieces of 1, 3 and 7 characters. A kind is read where thought, answer and calls come back as they were in all
of them. The columns are the two ways in which a Go TEMPLATE is served:

- *tags*: the compiled TEMPLATE alone; Ollama infers from it the tags around thoughts and before calls;
- *PARSER*: the same TEMPLATE with the PARSER that `parser: auto` writes, which reads more and no plain answer
  less. Where none is named, the tags are best.

`both` means that both ways read it, `tags` and `PARSER` that only one does, `–` that neither does, and an
empty cell that the chat template shows no such reply. What llama-server's own parser makes of it in native
mode belongs to a build of llama.cpp, and is seen by `mkmodelfile check --replies`.

"""


@dataclass(frozen=True)
class Row:
    """A chat template: its name, and what is read by the two ways; why: why it is not in the table."""

    name: str
    own: RoundTrip | None = None
    best: RoundTrip | None = None
    why: str = ""

    def cell(self, kind: str) -> str:
        """One of "both", "tags", "PARSER", "–" and ""."""
        if self.own is None or self.best is None or kind not in self.own.read:
            return ""
        return {
            (True, True): "both",
            (True, False): "tags",
            (False, True): "PARSER",
            (False, False): "–",
        }[self.own.read[kind], self.best.read[kind]]


def page(corpus: Path = CORPUS) -> str:
    """The page's text. Raises OSError where there is no corpus."""
    rows = list(_rows(json.loads((corpus / "index.json").read_text(encoding="utf-8")), corpus))
    read = [row for row in rows if row.own is not None]
    lines = [HEAD.format(count=len(rows)), "## In numbers\n\n"]
    lines.append(
        "| kind | shown by | read by the tags | read with the best PARSER |\n| --- | --- | --- | --- |\n"
    )
    for kind in SHOWN:
        cells = Counter(row.cell(kind) for row in read)
        shown = sum(n for cell, n in cells.items() if cell)
        tags, parser = (cells["both"] + cells[way] for way in ("tags", "PARSER"))
        lines.append(f"| {kind} | {shown} | {tags} | {parser} |\n")
    lines.append("\n## Template by template\n\n")
    lines.append("| template | PARSER | " + " | ".join(SHOWN) + " |\n")
    lines.append("| --- | --- |" + " --- |" * len(SHOWN) + "\n")
    for row in read:
        assert row.best is not None
        cells_of = " | ".join(row.cell(kind) for kind in SHOWN)
        lines.append(f"| {row.name} | {row.best.parser} | {cells_of} |\n")
    if left := [row for row in rows if row.why]:
        lines.append("\nNot in the table:\n\n")
        lines += [f"- {row.name}: {row.why}\n" for row in left]
    return "".join(lines)


def _rows(index: list[dict[str, Any]], corpus: Path) -> Iterator[Row]:
    for entry in sorted(index, key=lambda e: str(e["id"]).casefold()):
        name = str(entry["id"])
        source = (corpus / entry["file"]).read_text(encoding="utf-8")
        bos, eos = entry["bos_token"] or "", entry["eos_token"] or ""
        try:
            found = translate(source, bos_token=bos, eos_token=eos)
            if found.coverage["chat"] == "unsupported":
                yield Row(name, why="no TEMPLATE can be compiled from it")
                continue
            spoken = spoken_replies(Reference(source, bos_token=bos, eos_token=eos), eos)
            trip = Trip(spoken, PromptTemplate(found.template))
        except KitError:
            yield Row(name, why="the chat template cannot be read")
            continue
        if not trip.spoken:
            yield Row(name, why="the chat template shows no replies")
            continue
        own = trip.own()
        yield Row(name, own, trip.best(own))


if __name__ == "__main__":
    PAGE.write_text(page(Path(sys.argv[1]) if sys.argv[1:] else CORPUS), encoding="utf-8")
    sys.stdout.write("wrote docs/replies.md\n")
