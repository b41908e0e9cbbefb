"""A package description and its GGUF files go in, a validated Modelfile comes out."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..compiler.compile import GO_STEPS, JINJA_STEPS
from ..core.conversation import Conversation, Message, Tool
from ..core.diagnostics import Diagnostic
from ..core.errors import PackageError, UsageError
from ..core.files import real_path
from ..core.step_account import steps_together
from ..gguf_file.split import split_of
from ..ollama.conversation_rules import with_system
from ..ollama.file_patterns import misread
from ..ollama.renderer_prompt import RendererPrompts
from ..ollama.renderers import OLDEST
from ..ollama.versions import Target, since
from ..package.conversations import package_conversations
from ..package.package import Package, load_package
from ..replies.round_trip import RoundTrip
from ..sources.places import remote
from ..sources.resolve import place_of
from .modelfile_text import Values, relative_to_modelfile, write_modelfile
from .native_way import NativeReplies, native_replies
from .output import MODELFILE, require_own, write_files
from .package_replies import renderer_trip, template_trip
from .parameters import written_parameters
from .plan import Plan, make_plan
from .renderer_way import renderer_prompts
from .report import make_report, report_bytes
from .shared_work import SharedWork
from .sources import ModelTemplate, PackageFiles, license_text, open_files
from .system_message import in_first_turn, with_text_in_first_turn

if TYPE_CHECKING:
    from ..compiler import Compiled
    from ..ollama.grammar import Modelfile

_NOT_HERE = "`mkmodelfile publish` and `serve` fetch it, `ollama create` does not"
REPORT = "report.json"


@dataclass(frozen=True)
class Build:
    """A finished build.

    package: as it was built, with what the caller put in place of its keys; path: the written Modelfile.
    modelfile: its instructions, `str()` gives the text; files: the GGUF files and what they are.
    plan: TEMPLATE, stops and the other decisions; report: what report.json holds.
    """

    package: Package
    path: Path
    modelfile: Modelfile
    files: PackageFiles
    plan: Plan
    report: dict[str, Any]

    @property
    def compiled(self) -> Compiled | None:
        """What the compiler gave; None for a TEMPLATE written by hand and in native mode."""
        return self.plan.compiled

    @property
    def template(self) -> str | None:
        """The TEMPLATE (the Modelfile spells some characters otherwise); None in native and renderer mode."""
        return self.plan.template

    @property
    def reference(self) -> ModelTemplate | None:
        """The model's own chat template; None where there is only a TEMPLATE written by hand."""
        return self.plan.reference

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Every finding, the worst first; none of them is an error."""
        return self.plan.diagnostics

    @property
    def differs_on_purpose(self) -> bool:
        """Whether `expected` is not `original`: texts are added, or the system text is moved."""
        return bool(self.plan.additions) or self.plan.system_in_first_turn

    def renderer_prompts(self, **options: Any) -> RendererPrompts | None:
        """What makes the prompts of a package with a RENDERER, at the newest release of its target.

        options: as for `RendererPrompts`. None without a RENDERER, and where that release's are not known.
        """
        maker, target = self.plan.maker, Target.parse(self.package.target).newest
        if maker.renderer is None or target.version < OLDEST:
            return None
        return renderer_prompts(
            self.package, self.files, maker.renderer, maker.parser or "", target, **options
        )

    def conversations(self) -> list[Conversation]:
        """The conversations that this package is tried with: its own, else its family's, else plain ones.

        Raises UsageError where the package's own conversations.json does not hold conversations.
        """
        return package_conversations(self.package, self.files.family, vision=self.files.takes_images)

    def round_trip(self) -> RoundTrip | None:
        """Every kind of reply that the chat template shows, as it comes back by the way that was chosen.

        With a TEMPLATE its tags or its PARSER read it, with a RENDERER its PARSER, in native mode this
        machine's llama-server, which is started for it. None without a chat template, and where the reader
        is not known here: a renderer of a release that is not known, no llama-server.
        """
        reference = self.reference
        if reference is None:
            return None
        if self.plan.mode.chosen == "native":
            return self.native_replies().trip
        if self.template is not None:
            parser = self.plan.maker.parser or ""
            with steps_together(JINJA_STEPS, GO_STEPS):
                return template_trip(self.package, self.files, reference, self.template, parser)
        target = Target.parse(self.package.target)
        if self.plan.maker.renderer is None or target.version < OLDEST:
            return None
        names = self.plan.maker.renderer, self.plan.maker.parser or ""
        prompts = renderer_prompts(self.package, self.files, *names, target)
        return renderer_trip(prompts, self.files, reference)

    def native_replies(self) -> NativeReplies:
        """What this machine's llama-server makes of the replies; asked once."""
        seen = self.plan.mode.native_replies
        if seen is not None:
            return seen
        return self._native_replies

    @functools.cached_property
    def _native_replies(self) -> NativeReplies:
        if self.reference is None:
            return NativeReplies(None, "the package has no chat template")
        return native_replies(self.reference, self.files)

    def with_system(self, messages: Sequence[Message]) -> list[Message]:
        """Messages as the server puts them together: the package's `messages`, then the request's.

        SYSTEM is before all where the request has none of its own.
        """
        return with_system(messages, self.plan.system, self.package.first_messages)

    def expected(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[Tool] | None = None,
        think: bool | str | None = None,
        now: datetime | None = None,
    ) -> str:
        """The prompt that the engine should get: the chat template's, with the package's added texts.

        messages: of the request; the package's system text and messages are put in front as the server does.
        now: the day that the chat template prints, by default today.
        Raises TemplateReferenceError where the chat template does, PackageError where there is none.
        """
        return self.expected_of_all(self.with_system(messages), tools=tools, think=think, now=now)

    def expected_of_all(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[Tool] | None = None,
        think: bool | str | None = None,
        now: datetime | None = None,
    ) -> str:
        """As `expected`, of messages that have the package's own in front already."""
        reference = self._reference()

        def render(some: Sequence[Message]) -> str:
            return reference.render(some, tools=tools, think=think, now=now)

        whole = messages
        if self.plan.system_in_first_turn and self.plan.system:
            whole = in_first_turn(messages)
        elif self.plan.system_in_first_turn:
            whole = with_text_in_first_turn(messages, self.package.system or "")
        return render(self.plan.additions.messages(whole, render))

    def original(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[Tool] | None = None,
        think: bool | str | None = None,
    ) -> str:
        """As `expected`, without the package's added texts: what the model was trained on."""
        return self._reference().render(self.with_system(messages), tools=tools, think=think)

    def _reference(self) -> ModelTemplate:
        if self.reference is None:
            raise PackageError(
                "the model has no chat template to compare with",
                help="name one with `chat_template:` beside the hand-written `template:`",
            )
        return self.reference

    def _elsewhere(self) -> list[str]:
        """The files that a name stands for and that are not on this machine yet."""
        return [found.title for path in model_files(self) if (found := remote(path)) is not None]

    def not_here(self) -> list[str]:
        """A line for each file that a name stands for and that has not been fetched."""
        return [f"not here   {title}: {_NOT_HERE}" for title in self._elsewhere()]

    def summary(self) -> list[str]:
        """The decisions in a few lines for people."""
        files, plan = self.files, self.plan
        lines = [
            f"model      {files.model.name} ({files.header.architecture})",
            *self.not_here(),
            f"projector  {files.why if files.projector else f'none: {files.why}'}",
            f"input      {', '.join(files.input)}",
            f"family     {files.family.title if files.family else 'unknown to modelfile-kit (not an error)'}",
            f"template   {plan.mode.chosen}: {plan.mode.why}",
            f"stops      {' '.join(plan.stops.texts) or 'none: the model stops by itself'}",
        ]
        if plan.insert.tokens or plan.template is not None:
            lines.append(f"insert     {plan.insert.why}")
        for word, name, asked in (
            ("renderer", plan.maker.renderer, self.package.renderer),
            ("parser", plan.maker.parser, self.package.parser),
        ):
            if name is not None:
                why = "named by the package" if name == asked else f"by `{word}: auto`, as proven best"
                lines.append(f"{word:<10} {name}, {why}")
        for word, path in (
            ("adapter", next(iter(self.package.adapters), None)),
            ("draft", self.package.draft),
        ):
            if path is not None:
                lines.append(f"{word:<10} {path.name}")
        if self.package.quantize:
            lines.append(
                f"quantize   {self.package.quantize}, by the server on create, or by llama-quantize before"
            )
        if plan.requires:
            lines.append(f"requires   Ollama {plan.requires}")
        if plan.system_in_first_turn:
            lines.append("system     in the first user turn, since the chat template refuses system messages")
        if plan.additions.end:
            lines.append(f"end token  {plan.additions.end} after every turn, added by the package")
        if plan.additions.separator:
            lines.append(f"images     followed by {plan.additions.separator!r}, added by the package")
        return lines


def build(
    package_dir_or_yaml: str | Path | Package,
    output: str | Path | None = None,
    *,
    model: str | Path | None = None,
    projector: str | Path | None = None,
    target: str | None = None,
    projector_directive: str = "from",
    write: bool = True,
) -> Build:
    """Builds a package: headers, pairing, chat template, TEMPLATE, stops, Modelfile.

    package_dir_or_yaml: a folder with a mkmodelfile.yaml, such a file, or a Package.
    output: the folder for Modelfile and report.json; `build/<name>/` beside the package file by default.
    model, projector, target: in place of the package's own (projector: also "auto" or "none"). A model and a
    projector may be names as `hf.co/ORG/REPO:Q4_K_M` (`sources.name`), of which only headers are read.
    projector_directive: "from" for stock Ollama, "projector" for the instruction of the kit's dialect.
    write: False does everything but write.

    Raises BuildError with all findings where something is wrong (nothing is written then), GGUFError
    for an unsound file, UsageError for wrong arguments or a folder that cannot be written.

    With the built-in micro model:

        >>> from pathlib import Path
        >>> from modelfile_kit import build
        >>> from modelfile_kit.micro import build_pair
        >>> pair = build_pair(Path("demo"))
        >>> _ = Path("demo/mkmodelfile.yaml").write_text("name: demo\\nmodel: micro-glm4v.gguf\\n")
        >>> built = build("demo")
        >>> [i.value for i in built.modelfile.instructions if i.name == "from"]
        ['../../micro-glm4v.gguf', '../../mmproj-micro-glm4v.gguf']
        >>> built.compiled.coverage["images"]
        'exact'
    """
    package = with_stand_ins(package_dir_or_yaml, model, projector, target)
    folder = Path(output) if output is not None else default_output(package)
    return build_files(
        package, open_files(package), folder, projector_directive=projector_directive, write=write
    )


def build_files(
    package: Package,
    files: PackageFiles,
    folder: Path,
    *,
    projector_directive: str = "from",
    write: bool = True,
    shared: SharedWork | None = None,
) -> Build:
    """The build of a package whose files were opened. Raises as `build` does.

    shared: what builds of the same package file have done already.
    """
    with steps_together(JINJA_STEPS, GO_STEPS):
        plan = make_plan(package, files, shared)
    values = _values(package, files, plan, _place_from(package, folder))
    modelfile = _written(package, files, values, projector_directive)
    report = make_report(package, files, plan, values)
    if write:
        require_own(folder)
        write_files(folder, {MODELFILE: str(modelfile).encode(), REPORT: report_bytes(report)})
    return Build(package, folder / MODELFILE, modelfile, files, plan, report)


def modelfile_beside(built: Build, names: Mapping[Path, str]) -> Modelfile:
    """The Modelfile of a build whose files have other names and lie beside it.

    names: of every file in `model_files`. Raises as `build` does.
    """
    values = _values(built.package, built.files, built.plan, lambda file: f"./{names[file]}")
    return _written(built.package, built.files, values, "from")


def model_files(built: Build) -> tuple[Path, ...]:
    """The model's file or its parts in order, the projector, the adapters and the draft model."""
    package, files = built.package, built.files
    split = split_of(files.header)
    parts = split.parts if split and split.parts else (files.model,)
    more = (files.projector, *package.adapters, package.draft)
    return (*parts, *(file for file in more if file is not None))


def default_output(package: Package) -> Path:
    """`build/<name>/` beside the package file; `/` and `:` of a name become `-`.

    Raises UsageError where a link in the package leads from there to a folder outside of it: a package from
    elsewhere would choose which files are replaced.
    """
    folder = package.folder / "build" / package.name.replace("/", "-").replace(":", "-")
    if not real_path(folder).is_relative_to(real_path(package.folder)):
        raise UsageError(
            f"{folder} leads by a link to {real_path(folder)}, which is outside of the package",
            help="remove the link, or name the folder with --output",
        )
    return folder


def with_stand_ins(
    given: str | Path | Package, model: str | Path | None, projector: str | Path | None, target: str | None
) -> Package:
    """The package, with what the caller gives in place of its keys (as of `build`)."""
    package = given if isinstance(given, Package) else load_package(given)
    changes: dict[str, Any] = {}
    stand_ins: dict[Path, Path] = {}

    def stand_in(path: str | Path) -> Path:
        named = place_of(path).expanduser()
        stand_ins[named.absolute()] = named
        return named.absolute()

    if model is not None:
        changes |= {"model": stand_in(model), "problem": None}
    if projector is not None:
        word = str(projector) in ("auto", "none")
        changes["projector"] = str(projector) if word else stand_in(projector)
    if target is not None:
        changes["target"] = str(Target.parse(target)) if target != "latest" else target
    if not changes:
        return package
    # A value that came from elsewhere does not stand in the file.
    spans = {key: span for key, span in package.spans.items() if key not in changes}
    return dataclasses.replace(package, **changes, spans=spans, given=stand_ins)


def _written(package: Package, files: PackageFiles, values: Values, directive: str) -> Modelfile:
    return write_modelfile(
        values, family=files.family, directive=directive, target=package.target, where=package.span
    )


def _place_from(package: Package, folder: Path) -> Callable[[Path], str]:
    """How a FROM in the Modelfile of `folder` names a file."""
    patterns = Target.parse(package.target).may_have("from_glob")

    def place(file: Path) -> str:
        if patterns and (other := misread(file)):
            raise PackageError(
                f"{file}: Ollama {since('from_glob')} and later {other}, so no FROM can name this file",
                help="rename the file or folder: `*`, `?`, `[` and a backslash are special in the whole path",
                code="MK439",
            )
        return relative_to_modelfile(file, folder, package.folder)

    return place


def _values(package: Package, files: PackageFiles, plan: Plan, place: Callable[[Path], str]) -> Values:
    split = split_of(files.header)
    return Values(
        name=package.name,
        model=place(files.model),
        parts=tuple(map(place, split.parts[1:])) if split else (),
        projector=place(files.projector) if files.projector else None,
        template=plan.template,
        system=plan.system or None,
        messages=package.messages,
        parameters=written_parameters(package.parameters),
        adapters=tuple(map(place, package.adapters)),
        draft=place(package.draft) if package.draft else None,
        renderer=plan.maker.renderer,
        parser=plan.maker.parser,
        requires=plan.requires,
        quantize=package.quantize,
        stop=tuple(plan.stops.texts),
        license=license_text(package),
    )
