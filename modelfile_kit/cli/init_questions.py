"""What `init` asks in a terminal: only what no file says, each with an answer that Return gives."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click

from ..core.errors import KitError, UsageError
from ..core.foreign_text import shown
from ..gguf_file.projector_choice import find_projector
from ..ollama.versions import Target
from ..sources.model_name import check_name
from ..sources.name import HUB, MODELSCOPE, parse_name
from ..sources.quantizations import choose, contents_of
from ..sources.resolve import open_repository
from .common import is_quiet, say
from .progress import nobody_waits


class Questions:
    """Asks on stderr and reads from standard input, both of them a terminal."""

    @classmethod
    def of_terminal(cls) -> Questions | None:
        """None in a pipe, and with --quiet."""
        terminal = sys.stdin.isatty() and sys.stderr.isatty()
        return cls() if terminal and not is_quiet() else None

    def model(self) -> str:
        """What to make a package of."""
        here = sorted(p.name for p in Path().glob("*.gguf"))
        for name in here:
            say(f"  {name}")
        return self._ask(
            "Model (a GGUF, a folder, a Modelfile, hf.co/ORG/REPO or ollama://NAME)",
            here[0] if len(here) == 1 else "." if here else None,
        )

    def quantization(self, named: str) -> str:
        """The name with the quantization that was chosen, where its repository has several of one model."""
        name = parse_name(named)
        if name.kind not in (HUB, MODELSCOPE) or name.file or name.quantization:
            return named
        repository = open_repository(name)
        contents = contents_of(repository.files())
        usual, _ = choose(contents, name, repository.title)
        sizes = {c.name: c.size for c in contents.models if c.name and not c.missing}
        if len(sizes) < 2:
            return named
        for each in contents.names:
            size = sizes.get(each)
            say(f"  {each}" + ("" if size is None else f"  {size / 1e6:,.1f} MB"))
        chosen = self._one_of("Quantization", contents.names, usual.name)
        return str(replace(name, quantization=chosen))

    def projector(self, model: Path) -> str | None:
        """Which of several projectors that fit; None where there is nothing to ask."""
        try:
            choice = find_projector(model)
        except KitError:
            return None  # what is wrong with the model is said by whoever reads it next
        others = [path for path, why in choice.rejected if why.startswith("fits too")]
        if choice.path is None or not others:
            return None
        paths = {path.name: str(path) for path in (choice.path, *others)}
        for name in paths:
            say(f"  {name}")
        return paths.get(chosen := self._one_of("Projector", (*paths, "none"), choice.path.name), chosen)

    def value(self, key: str, default: str) -> str:
        """`name` or `target` of the package."""
        while True:
            answer = self._ask({"name": "Name", "target": "Oldest Ollama"}[key], default)
            wrong = check_name(answer) if key == "name" else None
            if key == "target":
                try:
                    Target.parse(answer)
                except UsageError as error:
                    say(f"{error.message}; {error.help}")
                    continue
            if wrong is None:
                return answer
            say(f"the name {wrong.message}; {wrong.help}")

    def _one_of(self, question: str, names: tuple[str, ...], default: str) -> str:
        by_key = {name.lower(): name for name in names}
        while True:
            answer = self._ask(question, default)
            if (found := by_key.get(answer.lower())) is not None:
                return found
            say(f"{answer!r} is none of {', '.join(names)}")

    def _ask(self, question: str, default: str | None) -> str:
        with nobody_waits():
            return str(click.prompt(shown(question), default=default, err=True)).strip()
