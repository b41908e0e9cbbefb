"""The Modelfile: written by the family's Modelfile.j2, read back, and compared with its values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core.diagnostics import Span
from ..core.errors import KitError, ModelfileError, PackageError, UsageError
from ..core.version import __version__
from ..ollama.grammar import PROJECTOR, Comment, Instruction, Modelfile, parse_modelfile, quote
from ..ollama.template_text import encode_template
from ..ollama.versions import Target
from ..package.families import Family, families_folder

BAD_MODELFILE_TEMPLATE = "MK518"

DIRECTIVES = ("from", "projector")
DEFAULT_TEMPLATE = "Modelfile.j2"


@dataclass(frozen=True)
class Values:
    """What a Modelfile says; None where it says nothing.

    model, projector: as they stand behind FROM, relative to the Modelfile's folder or absolute.
    parts: the other files of a split model, in order; `ollama create` sends only what FROM names, and refuses
    one part alone (0.33.0 and 0.34.4). adapters, draft: paths too. messages: (role, text) in order.
    parameters: (name, value) in order, `stop` excepted. quantize: what `ollama create` has to be told, since
    no instruction says it.
    """

    name: str
    model: str
    projector: str | None = None
    template: str | None = None
    system: str | None = None
    parameters: tuple[tuple[str, str], ...] = ()
    stop: tuple[str, ...] = ()
    license: str | None = None
    messages: tuple[tuple[str, str], ...] = ()
    adapters: tuple[str, ...] = ()
    draft: str | None = None
    renderer: str | None = None
    parser: str | None = None
    requires: str | None = None
    quantize: str | None = None
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Titleless:
    title: str = ""
    id: str = field(default="")


def write_modelfile(
    values: Values,
    *,
    family: Family | None,
    directive: str = "from",
    target: str | Target = "latest",
    where: Callable[[str], Span] = Span,
) -> Modelfile:
    """The Modelfile with these values.

    family: whose Modelfile.j2 is used, the kit's plain one for None. directive: "from" writes the
    projector as `# PROJECTOR file` and `FROM file`, "projector" as the instruction of the kit's dialect.
    where: the place of a value by its key in a package file.
    Raises PackageError for a value that no Modelfile can carry and for a faulty Modelfile.j2,
    UsageError for another directive.
    """
    if directive not in DIRECTIVES:
        raise UsageError(f"projector directive {directive!r}", help=f"known are {', '.join(DIRECTIVES)}")
    values = _encoded(values, where)
    text = _render(values, family)
    place = str(family.folder / DEFAULT_TEMPLATE) if family else DEFAULT_TEMPLATE
    try:
        parsed = parse_modelfile(text, target=target)
    except ModelfileError as e:
        raise _faulty(place, f"its result is not a valid Modelfile: {e.message}") from e
    modelfile = _place_parts(_place_projector(parsed, values.projector, directive), values.parts)
    final = _checked(modelfile, target)
    missing = _differences(final, values)
    if missing:
        raise _faulty(place, f"its result lacks {', '.join(missing)}")
    return final


def _encoded(values: Values, where: Callable[[str], Span]) -> Values:
    """Values as a Modelfile can hold them, or an error that names the one it cannot."""
    template = values.template
    if template is not None:
        try:
            template = encode_template(template)
        except ModelfileError as e:
            span = where("template")
            raise PackageError(e.message, help=e.help, code=e.code, span=span) from e
    checks = [("model", values.model), ("projector", values.projector), ("template", template)]
    checks += [("system", values.system), ("license", values.license), ("draft", values.draft)]
    checks += [("model", path) for path in values.parts]
    checks += [("adapters", path) for path in values.adapters]
    checks += [(f"messages.{i}.content", text) for i, (_, text) in enumerate(values.messages)]
    checks += [("stop", text) for text in values.stop]
    checks += [(f"parameters.{name}", value) for name, value in values.parameters]
    for key, value in checks:
        if value is None:
            continue
        try:
            quote(value, name=f"`{key}`")
        except ModelfileError as e:
            raise PackageError(e.message, help=e.help, code=e.code, span=where(key)) from e
    return Values(**{**vars(values), "template": template})


def _render(values: Values, family: Family | None) -> str:
    import jinja2
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    env = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, undefined=jinja2.StrictUndefined
    )
    env.filters["quote"] = quote
    context: dict[str, Any] = {**vars(values), "family": family or _Titleless(), "version": __version__}
    if family:
        source = family.modelfile_template
    else:
        source = (families_folder() / DEFAULT_TEMPLATE).read_text(encoding="utf-8")
    try:
        return env.from_string(source).render(context)
    except KitError:
        raise
    except jinja2.TemplateError as e:
        place = str(family.folder / DEFAULT_TEMPLATE) if family else DEFAULT_TEMPLATE
        raise _faulty(place, str(e.message or e), getattr(e, "lineno", None)) from e
    except Exception as e:
        place = str(family.folder / DEFAULT_TEMPLATE) if family else DEFAULT_TEMPLATE
        raise _faulty(place, f"{type(e).__name__}: {e}") from e


def _faulty(place: str, message: str, line: int | None = None) -> PackageError:
    return PackageError(
        f"Modelfile.j2: {message}",
        span=Span(place, line),
        code=BAD_MODELFILE_TEMPLATE,
        help="correct the family's Modelfile.j2, or put the kit's own back",
    )


def _place_projector(modelfile: Modelfile, projector: str | None, directive: str) -> Modelfile:
    """Takes the projector out, wherever Modelfile.j2 wrote it, and puts it behind the model's FROM."""
    if projector is None:
        return modelfile
    out: list[Instruction] = []
    moved: dict[int, int] = {}  # where an instruction was, where it is now: comments go along
    for index, instruction in enumerate(modelfile.instructions):
        moved[index] = len(out)
        if instruction.name == PROJECTOR or (
            instruction.command == "from" and instruction.value == projector
        ):
            continue
        out.append(instruction)
    at = next((i + 1 for i, item in enumerate(out) if item.command == "from"), len(out))
    out.insert(at, Instruction(PROJECTOR if directive == "projector" else "from", "", projector))
    comments = [
        Comment(c.text, c.line, moved.get(c.before, len(out)) + (moved.get(c.before, len(out)) >= at))
        for c in modelfile.comments
        if not c.text.strip().upper().startswith("PROJECTOR ")
    ]
    if directive == "from":
        comments.append(Comment(f" PROJECTOR {quote(projector)}", 0, at))
    return Modelfile(tuple(out), tuple(sorted(comments, key=lambda c: c.before)))


def _place_parts(modelfile: Modelfile, parts: Sequence[str]) -> Modelfile:
    """A FROM for each other part of the model, behind that of the first."""
    at = next((i + 1 for i, item in enumerate(modelfile.instructions) if item.command == "from"), 0)
    before, after = modelfile.instructions[:at], modelfile.instructions[at:]
    further = tuple(Instruction("from", "", part) for part in parts)
    comments = [
        Comment(c.text, c.line, c.before + len(parts) if c.before >= at else c.before)
        for c in modelfile.comments
    ]
    return Modelfile((*before, *further, *after), tuple(comments))


def _checked(modelfile: Modelfile, target: str | Target) -> Modelfile:
    """The text read again, so that lines are those of the file that is written."""
    return parse_modelfile(str(modelfile), target=target)


def _differences(modelfile: Modelfile, values: Values) -> list[str]:
    """The values that the Modelfile does not have, by the names of a package file."""
    wanted: Mapping[str, tuple[Any, Any]] = {
        "model": ([i.value for i in modelfile.models], [values.model, *values.parts]),
        "projector": (list(modelfile.projectors), _listed(values.projector)),
        "template": (modelfile.last("template"), values.template),
        "system": (modelfile.last("system"), values.system),
        "messages": ([(i.key, i.value) for i in modelfile.all("message")], list(values.messages)),
        "adapters": ([i.value for i in modelfile.all("adapter")], list(values.adapters)),
        "draft": ([i.value for i in modelfile.all("draft")], _listed(values.draft)),
        "renderer": (modelfile.last("renderer"), values.renderer),
        "parser": (modelfile.last("parser"), values.parser),
        "requires": (modelfile.last("requires"), values.requires),
        "license": ([i.value for i in modelfile.all("license")], _listed(values.license)),
        "stop": (list(modelfile.parameters("stop")), list(values.stop)),
        "parameters": (_parameters(modelfile.all("parameter")), list(values.parameters)),
    }
    return [name for name, (found, meant) in wanted.items() if found != meant]


def _listed(value: str | None) -> list[str]:
    return [] if value is None else [value]


def _parameters(instructions: Iterable[Instruction]) -> list[tuple[str, str]]:
    return [(i.key, i.value) for i in instructions if i.key != "stop"]


def relative_to_modelfile(file: Path, output: Path, package_folder: Path) -> str:
    """A file as FROM names it: relative where file and Modelfile are in the package's folder.

    A relative path begins with `./` or `../`, since Ollama takes a bare name for a model of its own.
    """
    import os

    file, output, root = (Path(os.path.abspath(p)) for p in (file, output, package_folder))  # noqa: PTH100
    inside = [root in (p, *p.parents) for p in (file, output)]
    if not all(inside) and output not in file.parents:
        return file.as_posix()
    path = Path(os.path.relpath(file, output)).as_posix()
    return path if path.startswith("../") else f"./{path}"
