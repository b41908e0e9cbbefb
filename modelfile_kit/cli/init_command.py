"""`mkmodelfile init`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ..core.diagnostics import Diagnostic, Severity, has_errors
from ..core.errors import KitError, UsageError
from ..core.files import write_atomically
from ..core.os_errors import cannot_write
from ..drafting.folder import draft_folder, ggufs_in
from ..drafting.modelfile import draft_modelfile, held_to_modelfile, is_modelfile, model_of
from ..drafting.upstream import hold_to_upstream
from ..gguf_file.soundness import REFUSED
from ..ollama.versions import Target
from ..package.draft import Draft, draft_package, draft_variants, scalar
from ..publish.names import name_on_server, require_name
from ..publish.served_model import ServedModel
from ..publish.settings import PACKAGE_FILE
from ..report.terminal import notes
from ..runtime.ollama.client import OllamaServer
from ..sources.name import OLLAMA, PATH, parse_name
from ..sources.resolve import place_of
from .adopt_command import adopt_model
from .command import Command
from .common import host_option, is_verbose, print_diagnostics, print_serious, say
from .init_questions import Questions
from .names import place_and_folder
from .next_step import say_next
from .output import deliver, show


def _package_file(_context: click.Context, _parameter: click.Parameter, given: str | None) -> Path | None:
    """The file that `-o` means: `NEW/` and a folder mean the package file in it."""
    if given is None:
        return None
    is_folder = given.endswith(("/", os.sep)) or Path(given).is_dir()
    return Path(given) / PACKAGE_FILE if is_folder else Path(given)


@click.command(
    "init",
    cls=Command,
    examples=(
        "mkmodelfile init model.gguf",
        "mkmodelfile init model-Q4_K_M.gguf model-Q8_0.gguf mmproj-model-F16.gguf",
        "mkmodelfile init hf.co/ORG/REPO-GGUF:Q4_K_M",
        "mkmodelfile init ./Modelfile",
    ),
)
@click.argument("named", metavar="[MODEL]...", nargs=-1)
@click.option(
    "--projector",
    metavar="FILE-or-NAME",
    help="Projector file, or `none`; by default `build` looks for it next to the model.",
)
@click.option("--name", metavar="NAME", help="Name of the package; by default the model's.")
@click.option("--target", metavar="RELEASE", help="The oldest Ollama that it must work on, such as '>=0.30'.")
@click.option(
    "-o",
    "--output",
    metavar="FILE|FOLDER/",
    type=click.Path(),
    callback=_package_file,
    help="Where to write; `-` is stdout, `NEW/` a new folder. For ollama://NAME always a folder.",
)
@click.option("--force", is_flag=True, help="Replace an existing package file.")
@host_option
def command(
    named: tuple[str, ...],
    projector: str | None,
    name: str | None,
    target: str | None,
    output: Path | None,
    force: bool,
    host: str | None,
) -> None:
    """Write a mkmodelfile.yaml for MODEL, next to it, from what its files say.

    MODEL is a GGUF, or several of one model, which become its variants, with a projector among them; a name
    such as hf.co/ORG/REPO:Q4_K_M, of which only the header is read; ollama://NAME, which is adopted from the
    server; a Modelfile; or a folder, with GGUFs or with what a trainer wrote. Without MODEL, or where a
    decision is open, it asks, in a terminal.
    """
    if name is not None:
        require_name(name)
    if target is not None:
        Target.parse(target)
    questions = Questions.of_terminal()
    everything = not named
    if not named:
        if questions is None:
            raise UsageError(
                "no model is named, and this is no terminal on which to ask for one",
                help="name a GGUF, a folder, a Modelfile, hf.co/ORG/REPO or ollama://NAME",
            )
        named = (questions.model(),)
    changes = _Changes(name, target, questions if everything else None)
    if len(named) == 1:
        kind = parse_name(named[0]).kind
        path = Path(named[0])
        if kind == OLLAMA and _adopted(named[0], output, projector, host):
            return
        if kind == PATH and is_modelfile(path):
            _from_modelfile(path, output, projector, force, host, changes)
            return
        if kind == PATH and path.is_dir():
            files = ggufs_in(path)
            if not files:
                target_file = output or path / PACKAGE_FILE
                place = path if str(output) == "-" else target_file.parent
                _finish(changes.draft(draft_folder(path, place)), target_file, force, ready=False)
                return
            named = tuple(map(str, files))
        elif questions is not None:
            named = (questions.quantization(named[0]),)
    _from_files(named, projector, output, force, changes, questions)


def _from_files(
    named: tuple[str, ...],
    projector: str | None,
    output: Path | None,
    force: bool,
    changes: _Changes,
    questions: Questions | None,
) -> None:
    """GGUFs, by paths or names."""
    places = [place_and_folder(one) for one in named]
    home = places[0][1]
    path = output or home / PACKAGE_FILE
    folder = home if str(path) == "-" else path.parent
    models = [model for model, _ in places]
    if projector is None and questions is not None and len(models) == 1:
        projector = questions.projector(models[0])
    elif projector not in (None, "none"):
        projector = str(place_of(projector))
    options: dict[str, Any] = {"projector": projector, "folder": folder}
    draft = draft_package(models[0], **options) if len(models) == 1 else draft_variants(models, **options)
    held = hold_to_upstream(models[0])
    more = (held.diagnostic,) if held else ()
    for line in held.lines if held else ():
        say(line)
    _finish(changes.draft(replace(draft, diagnostics=(*draft.diagnostics, *more))), path, force)


def _finish(draft: Draft, path: Path, force: bool, *, ready: bool = True) -> None:
    """Tells what was seen, writes the package file, and ends the command.

    ready: whether its files are there; else the draft says how to make them.
    """
    if draft.headline and not is_verbose():
        remarks = (d for d in draft.diagnostics if d.severity is Severity.INFO)
        say("; ".join(filter(None, (draft.headline, notes(remarks)))))
        print_serious(draft.diagnostics)
    else:
        for fact in draft.facts:
            say(fact)
        print_diagnostics(draft.diagnostics)
    if has_errors(d for d in draft.diagnostics if d.code in REFUSED):
        raise click.exceptions.Exit(1)
    _write({path.name: draft.text.encode()}, path, force)
    if has_errors(draft.diagnostics):
        raise click.exceptions.Exit(1)
    if ready:
        _say_next(path)


class _Changes:
    """What the user has said, or says when asked, in place of what the files say."""

    def __init__(self, name: str | None, target: str | None, questions: Questions | None) -> None:
        self._said = {"name": name, "target": target}
        self._questions = questions

    def draft(self, draft: Draft) -> Draft:
        """A draft with these changes."""
        return replace(draft, text=self.text(draft.text))

    def text(self, text: str) -> str:
        """A package file with these changes."""
        for key, said in self._said.items():
            found = re.search(rf"^{key}: ([^#\n]*?)(\s+#.*)?$", text, re.MULTILINE)
            value = said
            if value is None and self._questions is not None:
                value = self._questions.value(key, found[1].strip("\"'") if found else ">=0.30")
            if value is None:
                continue
            line = f"{key}: {scalar(value)}"
            text = f"{text[: found.start()]}{line}{text[found.end() :]}" if found else f"{text}{line}\n"
        return text


def _write(files: Mapping[str, bytes], package: Path, force: bool) -> None:
    """Writes the package file last, and nothing where something else has one of the names."""
    if str(package) == "-":
        if len(files) > 1:
            raise UsageError(
                f"the package has {len(files)} files ({', '.join(files)}), and standard output is one",
                help="name the package file with -o FILE; the others are written beside it",
            )
        deliver(next(iter(files.values())).decode())
        return
    for name, data in files.items():
        path = package.parent / name
        if force or not path.exists() or path.is_dir():
            continue
        if name == package.name or path.read_bytes() != data:
            raise UsageError(
                f"{path} exists already", help="use --force to replace it, or -o for another file"
            )
    if package.name == PACKAGE_FILE and not package.parent.exists():
        try:
            package.parent.mkdir()
        except OSError as error:
            raise cannot_write(error, package.parent) from error
    for name, data in sorted(files.items(), key=lambda item: item[0] == package.name):
        write_atomically(package.parent / name, data)
    show(str(package))


def _say_next(package: Path) -> None:
    """The build of what was written."""
    if str(package) == "-":
        return
    place = package.parent if package.name == PACKAGE_FILE else package
    say_next("mkmodelfile", "build", *(() if place == Path() else (str(place),)))


# -- a model on a server, a Modelfile ------------------------------------------------------------------------


def _adopted(named: str, output: Path | None, projector: str | None, host: str | None) -> bool:
    """Adopts a model of the server; False where no server was named and the usual one does not have it."""
    name = name_on_server(named)
    if host is None and (why := _served(name, host)[1]):
        say(f"not adopted: {why}; the package is made of the file alone, without the model's settings")
        return False
    if projector is not None or str(output) == "-":
        raise UsageError(
            f"{named} is adopted with its own projector into a folder",
            help="leave --projector out, and name a folder with -o",
        )
    adopt_model(name, output.parent if output and output.name == PACKAGE_FILE else output, host=host)
    return True


def _served(name: str, host: str | None) -> tuple[ServedModel | None, str]:
    """A model of the server, or why there is none."""
    try:
        with OllamaServer(host) as server:
            return ServedModel.from_show(name, server.show(name)), ""
    except UsageError:
        raise
    except KitError as error:
        return None, error.message


def _from_modelfile(
    path: Path, output: Path | None, projector: str | None, force: bool, host: str | None, changes: _Changes
) -> None:
    package = output or path.parent / PACKAGE_FILE
    folder = path.parent if str(package) == "-" else package.parent
    served = None
    if (base := model_of(path)) is not None:
        served, why = _served(base, host)
        say(f"FROM {base}: {why}" if why else f"FROM {base}: with what the server has of it")
    drafted = draft_modelfile(path, folder, served=served, projector=projector)
    files = dict(drafted.files)
    text = changes.text(files.pop(PACKAGE_FILE).decode())
    _write({**files, package.name: text.encode()}, package, force)
    found: Iterable[Diagnostic] = drafted.diagnostics
    if str(package) != "-":
        found = (*found, *held_to_modelfile(package, drafted.wanted, path))
    print_diagnostics(found)
    if has_errors(found):
        raise click.exceptions.Exit(1)
    _say_next(package)
