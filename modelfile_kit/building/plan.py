"""What a build decides before it writes: TEMPLATE, end token, added texts, mode and stops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..compiler import Compiled
from ..core.diagnostics import Diagnostic, Severity, Span, has_errors
from ..core.errors import (
    GoTemplateError,
    KitError,
    PackageError,
    PromptError,
    StoppedError,
    TemplateReferenceError,
)
from ..core.step_account import steps_for_messages
from ..ollama.builtin import uses_harmony
from ..ollama.conversation_rules import with_system
from ..ollama.prompt import PromptTemplate, render_prompt
from ..ollama.prompt_ends import PromptEnds
from ..ollama.reply_tokens import ReplyTokens
from ..ollama.versions import Target, since
from ..package.conversations import package_conversations
from ..package.families import probe_conversations
from ..package.package import Package
from ..prover.native import kinds_of
from ..prover.renderer import RendererProof
from ..replies.reply_findings import CUT_SHORT
from ..replies.spoken import KINDS
from .additions import CANNOT_PLACE, Additions, PlacementError
from .create_files import check_create_files
from .create_stops import keep_away_created
from .end_token import EndToken, decide_end_token
from .engine_tokens import compile_for_engine, judge_native, judge_template
from .first_turn_text import place_in_first_turn
from .insert import Insert, with_insert
from .memory import check_memory
from .mode import NO_WAY, Mode, choose_mode, unused_template
from .native_way import NativeWay, native_way, own_chats
from .outside import check_outside
from .package_replies import template_trip
from .parameters import check_parameters, check_sampling
from .prompt_maker import PromptMaker, asked_mode, choose_prompt_maker, required_release, with_replies
from .renderer_way import (
    Beside,
    RendererChoice,
    choose_renderer,
    given_by_create,
    judged_maker,
    prove_way,
    replies_with,
    why_not_provable,
)
from .shared_work import SharedWork
from .sources import ModelTemplate, PackageFiles, choose_reference, read_text_file
from .stops import Stops, decide_stops
from .system_message import check_messages, check_system, check_user_turn, refusal_of_system
from .template_in_use import TemplateInUse, template_in_use
from .template_safety import about_contents
from .unproven_images import about_images, template_name
from .ways import Way, ways_of


class BuildError(PackageError):
    """A package that cannot be built; nothing was written. Every finding is in `diagnostics`."""


@dataclass(frozen=True)
class Plan:
    """Everything that is decided.

    reference: the chat template, None where there is only a TEMPLATE written by hand.
    compiled: None for such a TEMPLATE and in native mode. template: the TEMPLATE with the added texts,
    None in native mode. proven_on: ids of the conversations on which added texts were proven.
    system_in_first_turn: whether the system text stands there, since the chat template refuses it elsewhere.
    system: what is written as SYSTEM; "" where the TEMPLATE itself has the text in the first turn.
    in_use: what servers will use, by Ollama's own rules. ends: what the engine adds around prompts.
    insert: whether gaps can be filled. maker: PARSER and RENDERER. requires: the release for REQUIRES.
    rendered: what the proof of a RENDERER's prompts found, None where none was compared. ways: what is known
    of each way to serve the package.
    """

    reference: ModelTemplate | None
    compiled: Compiled | None
    end_token: EndToken
    additions: Additions
    mode: Mode
    template: str | None
    proven_on: tuple[str, ...]
    system_in_first_turn: bool
    system: str
    stops: Stops
    in_use: TemplateInUse
    ends: PromptEnds
    insert: Insert
    maker: PromptMaker
    requires: str | None
    diagnostics: tuple[Diagnostic, ...]
    rendered: RendererProof | None = None
    ways: tuple[Way, ...] = ()


def make_plan(package: Package, files: PackageFiles, shared: SharedWork | None = None) -> Plan:
    """Decides everything. Raises BuildError with all findings so far at the first step with an error.

    shared: what other builds have done already, such as those of the package's other variants.
    """
    known = _known(package, files, SharedWork() if shared is None else shared)
    mode, instead = _first_mode(known)
    first = _require_possible(known, mode)
    chosen = _chosen(known, mode, instead)
    mode, maker, in_use = chosen.mode, chosen.maker, chosen.in_use
    template, insert = _with_insert(known, chosen)
    stops = keep_away_created(
        _stops(package, files, known.compiled, known.end_token), in_use, files.vocabulary
    )
    system = "" if known.refusal and mode.chosen == "go" else package.system or ""
    judged = known.reference if mode.chosen != "renderer" else None
    around = _around(package, files, judged, template, known.ends, maker, system)
    found = [
        *first,
        *maker.diagnostics,
        *known.end_token.diagnostics,
        *mode.diagnostics,
        *_about(package, mode, known.compiled, known.reference),
        *about_images(package, mode, known.coverage, known.reference, takes_images=files.takes_images),
        *stops.diagnostics,
        *in_use.diagnostics,
        *around,
    ]
    stop_on_errors(found)
    compared = known.named or chosen.compared
    ways = ways_of(package, files, known.reference, known.compiled, template, mode, maker, compared)
    return Plan(
        reference=known.reference,
        compiled=known.compiled if mode.chosen == "go" else None,
        end_token=known.end_token,
        additions=known.additions,
        mode=mode,
        template=template,
        proven_on=tuple(chosen.proven_on),
        system_in_first_turn=bool(known.refusal),
        system=system,
        stops=stops,
        in_use=in_use,
        ends=known.ends,
        insert=insert,
        maker=maker,
        requires=required_release(maker, native=mode.chosen == "native", draft=package.draft is not None),
        diagnostics=tuple(sorted(dict.fromkeys(found), key=lambda d: d.severity.rank)),
        rendered=chosen.rendered,
        ways=ways,
    )


@dataclass(frozen=True)
class _Known:
    """What a package and its files say before a way of serving is chosen.

    asked: the mode that the package wants. named: what is proven of a RENDERER that it names. refusal: why
    the chat template takes no system message, "" where it takes one. unplaced: the error where the system
    text has no place in the first turn either. source: what was compiled. native: of native mode.
    """

    package: Package
    files: PackageFiles
    shared: SharedWork
    asked: str
    reference: ModelTemplate | None
    named: RendererChoice | None
    maker: PromptMaker
    ends: PromptEnds
    refusal: str
    source: ModelTemplate | None
    unplaced: PackageError | None
    compiled: Compiled | None
    end_token: EndToken
    additions: Additions
    coverage: dict[str, str] | None
    native: NativeWay
    found: tuple[Diagnostic, ...]

    @property
    def by_chat_template(self) -> bool:
        """Whether the chat template makes the prompts, compiled or as it is."""
        return self.package.template is None and self.asked != "renderer"

    @property
    def free(self) -> bool:
        """Whether a renderer may take the place of what was chosen."""
        return self.asked == "auto" and not self.additions and not self.refusal

    @property
    def target(self) -> Target:
        """The releases that the package is for."""
        return Target.parse(self.package.target)

    @property
    def span(self) -> Span:
        """Where the mode stands in the package file."""
        return self.package.span("mode")


@dataclass(frozen=True)
class _Chosen:
    """The way that the package is served. compared: the best renderer that was compared with it."""

    mode: Mode
    template: str | None
    proven_on: list[str]
    maker: PromptMaker
    in_use: TemplateInUse
    rendered: RendererProof | None
    compared: RendererChoice | None


@dataclass(frozen=True)
class _Instead:
    """A renderer that takes the place of another way, and the best one that was compared."""

    choice: RendererChoice | None = None
    compared: RendererChoice | None = None


def _known(package: Package, files: PackageFiles, shared: SharedWork) -> _Known:
    found = (
        *files.diagnostics,
        *check_parameters(package),
        *check_sampling(package, files),
        *check_create_files(package, files),
        *check_memory(package, files),
        *check_outside(package),
    )
    stop_on_errors(found)
    asked, maker = asked_mode(package), choose_prompt_maker(package)
    reference = _reference(package, files)
    found = (*found, *about_contents(package, reference))
    named = _named_renderer(package, files, reference, maker, shared)
    ends = PromptEnds.of(files.vocabulary) if files.vocabulary is not None else PromptEnds()
    by_chat_template = package.template is None and asked != "renderer"
    refusal = refusal_of_system(package, reference) if by_chat_template else ""
    source, unplaced = _source(package, files, reference, refusal)
    compiled = _compile(package, files, source, ends, shared)
    end_token = _end_token(package, files, reference)
    additions = Additions(end_token.added, package.image_separator)
    coverage = _coverage(compiled, files)
    return _Known(
        package=package,
        files=files,
        shared=shared,
        asked=asked,
        reference=reference,
        named=named,
        maker=named.maker if named is not None else maker,
        ends=ends,
        refusal=refusal,
        source=source,
        unplaced=unplaced,
        compiled=compiled,
        end_token=end_token,
        additions=additions,
        coverage=coverage,
        native=native_way(package, files, reference, compiled, coverage, additions, shared),
        found=found,
    )


def _first_mode(known: _Known) -> tuple[Mode, _Instead]:
    """TEMPLATE, native or a renderer: what is proven for the conversations that this package can have."""
    package, files, compiled = known.package, known.files, known.compiled
    open_choice = known.asked == "auto" and not known.native.closed
    mode = choose_mode(
        known.asked,
        known.coverage,
        known.native,
        target=known.target,
        span=known.span,
        useless=open_choice and _useless(package, compiled, known.source, files),
        replies=_replies_read(package, files, known.reference, compiled) if open_choice else None,
    )
    instead = _Instead()
    if known.free and compiled is not None and any(d.code == NO_WAY for d in mode.diagnostics):
        instead = _renderer_instead(known, compiled, mode, None, None)
        mode = _by_renderer(instead.choice, mode) if instead.choice is not None else mode
    return mode, instead


def _require_possible(known: _Known, mode: Mode) -> tuple[Diagnostic, ...]:
    """The findings so far, of the package's own texts in this mode too. Raises BuildError at an error."""
    package, reference = known.package, known.reference
    if known.unplaced is not None and mode.chosen == "go":
        raise known.unplaced
    found = (*known.found, *check_system(package, mode.chosen, known.refusal))
    if known.by_chat_template:
        found = (*found, *check_messages(package, mode.chosen, reference, known.refusal))
    if mode.chosen == "native" and known.compiled is None:
        found = (*found, *check_user_turn(reference))
    about = _about(package, mode, known.compiled, reference)
    stop_on_errors([*found, *known.end_token.diagnostics, *mode.diagnostics, *about])
    return found


def _chosen(known: _Known, mode: Mode, instead: _Instead) -> _Chosen:
    """The way that servers will really use: a TEMPLATE that they would not use is worth nothing."""
    package, files, compiled, target = known.package, known.files, known.compiled, known.target
    maker, rendered = known.maker, known.named.proof if known.named is not None else None
    template, proven_on = _template(package, files, compiled, mode, known.additions)
    if mode.chosen == "go" and compiled is not None:
        maker = with_replies(maker, compiled, package.parser, package.span("parser"))
    in_use = template_in_use(mode.chosen, template, files, target, known.span, maker)
    open_choice = known.asked == "auto" and not known.native.closed
    if open_choice and mode.chosen == "go" and known.coverage and in_use.by_jinja:
        every = all(s.source == "jinja" for _, s in in_use.selections)
        mode = unused_template(mode, known.coverage, known.native, every_server=every, span=known.span)
        if mode.chosen == "native":
            template, in_use = None, template_in_use("native", None, files, target, known.span)
            maker = choose_prompt_maker(package)
    if known.free and compiled is not None and instead.choice is None:
        instead = _renderer_instead(known, compiled, mode, in_use, template)
    if (choice := instead.choice) is not None:
        rendered, maker, template, proven_on = choice.proof, choice.maker, None, []
        mode = _by_renderer(choice, mode)
        in_use = template_in_use("renderer", None, files, target, known.span, maker)
    return _Chosen(mode, template, proven_on, maker, in_use, rendered, instead.compared)


def _with_insert(known: _Known, chosen: _Chosen) -> tuple[str | None, Insert]:
    """The TEMPLATE with a part that fills gaps, where the model can."""
    package, files = known.package, known.files
    if chosen.mode.chosen == "renderer":
        return chosen.template, Insert(None, "none: the renderer decides")
    if package.template is not None:
        return chosen.template, Insert(None, "as the hand-written TEMPLATE has it")
    probes = package_conversations(package, files.family, vision=files.projector is not None)
    return with_insert(chosen.template, files, probes, package.target)


def _by_renderer(choice: RendererChoice, mode: Mode) -> Mode:
    return Mode("renderer", choice.why, native=mode.native, native_replies=mode.native_replies)


def _replies_read(
    package: Package, files: PackageFiles, reference: ModelTemplate | None, compiled: Compiled | None
) -> dict[str, bool] | None:
    """Of each kind of reply that the package can have, whether it is read back with the TEMPLATE.

    None where that cannot change what is chosen, or where a limit hid some.
    """
    if compiled is None or reference is None or compiled.coverage.get("chat") == "unsupported":
        return None
    sure = (*compiled.coverage.values(), *compiled.replies.values())
    if all(state in ("exact", "absent") for state in sure):
        return None
    try:
        trip = template_trip(package, files, reference, compiled.template, compiled.parser or "")
    except GoTemplateError:
        return None
    if trip.stopped:
        return None
    has = {kind: compiled.coverage.get(kind) in ("exact", "partial") for kind in ("tools", "thinking")}
    able = (k for k in KINDS if (has["tools"] or not k.offered) and (has["thinking"] or not k.thinking))
    return {kind.name: trip.read[kind.name] for kind in able if kind.name in trip.read}


def _named_renderer(
    package: Package,
    files: PackageFiles,
    reference: ModelTemplate | None,
    maker: PromptMaker,
    shared: SharedWork,
) -> RendererChoice | None:
    """What is proven of a RENDERER that the package names; None where it names none."""
    if maker.renderer is None:
        return None
    names = maker.renderer, maker.parser or ""
    why_not, span = why_not_provable(package, reference), package.span("renderer")
    if reference is None or why_not:
        return RendererChoice(judged_maker(maker, None, why_not, span), None, None)
    proof = prove_way(package, files, reference, *names, shared=shared)
    trip = replies_with(package, files, reference, *names, shared=shared)
    return RendererChoice(judged_maker(maker, proof, "", span, trip.replies), proof, trip)


def _renderer_instead(
    known: _Known, compiled: Compiled, mode: Mode, in_use: TemplateInUse | None, template: str | None
) -> _Instead:
    """A renderer that is proven better than the way that was chosen, or that `create` gives in any case."""
    package, files, reference = known.package, known.files, known.reference
    if reference is None or why_not_provable(package, reference) or package.template is not None:
        return _Instead()
    if (package.parser, package.renderer) != ("auto", "auto"):
        return _Instead()
    given = given_by_create(in_use) if mode.chosen == "go" and in_use is not None else None
    coverage = known.coverage or {}
    native = mode.native.coverage if mode.chosen == "native" and mode.native is not None else None
    if native is not None:
        read = mode.native_replies.trip if mode.native_replies is not None else None
        states = {k: native.get(k, "absent") for k in coverage}
        beside = Beside("the GGUF's own Jinja", states, read.replies if read is not None else None)
    else:
        seen = PromptTemplate(template, target=package.target) if template is not None else None
        cut_short = any(d.code == CUT_SHORT for d in compiled.diagnostics)
        beside = Beside("the TEMPLATE", coverage, compiled.replies, seen, cut_short)
    chats = own_chats(package, files)
    found = choose_renderer(package, files, reference, chats, beside=beside, given=given, shared=known.shared)
    return _Instead(*found)


def _about(
    package: Package,
    mode: Mode,
    compiled: Compiled | None,
    reference: ModelTemplate | None,
) -> list[Diagnostic]:
    """The compiler's findings that concern the package, each with the file that its line is in."""
    if compiled is None:
        return []
    # What could not be taken over does not concern a package without a TEMPLATE; a chat template that
    # refuses every conversation does so in native mode too.
    found = [d for d in compiled.diagnostics if mode.chosen == "go" or d.code == "MK658"]
    name = template_name(package, reference)
    return [
        replace(d, span=replace(d.span, file=name)) if d.span and d.span.file is None and d.span.line else d
        for d in found
    ]


def _useless(
    package: Package, compiled: Compiled | None, reference: ModelTemplate | None, files: PackageFiles
) -> bool:
    """Whether the TEMPLATE gets none of the package's own conversations right."""
    if compiled is None or reference is None or compiled.coverage.get("chat") != "partial":
        return False
    try:
        template = PromptTemplate(compiled.template)
    except GoTemplateError:
        return True
    bos = reference.bos_token or ""
    probes = own_chats(package, files)
    with steps_for_messages(sum(len(probe.messages) for probe in probes)):
        for probe in probes:
            try:
                prompt, meant = template.render(probe.messages), reference.render(probe.messages)
            except StoppedError:
                return False  # it is not known to be
            except (GoTemplateError, PromptError, TemplateReferenceError):
                continue
            if prompt.removeprefix(bos) == meant.removeprefix(bos):
                return False
    return True


def _stops(package: Package, files: PackageFiles, compiled: Compiled | None, end_token: EndToken) -> Stops:
    return decide_stops(
        package.stop,
        family=files.family,
        compiled=compiled.stop if compiled is not None else (),
        end=end_token.added or end_token.written,
        vocabulary=files.vocabulary,
        target=Target.parse(package.target),
        span=package.span("stop"),
        harmony=compiled is not None and uses_harmony(files.header.architecture, compiled.template),
    )


def stop_on_errors(found: Sequence[Diagnostic]) -> None:
    """Raises BuildError if any finding is an error; it carries all of them."""
    if not has_errors(found):
        return
    errors = [d for d in found if d.severity is Severity.ERROR]
    first = errors[0]
    raise BuildError(
        first.message, help=first.help, span=first.span, code=first.code, diagnostics=tuple(found)
    )


def _reference(package: Package, files: PackageFiles) -> ModelTemplate | None:
    try:
        return choose_reference(package, files)
    except PackageError:
        by_chat_template = package.template is None and asked_mode(package) != "renderer"
        if by_chat_template or package.chat_template_name is not None:
            raise
        return None  # a hand-written TEMPLATE can do without; what needs the reference says so


def _compile(
    package: Package,
    files: PackageFiles,
    reference: ModelTemplate | None,
    ends: PromptEnds,
    shared: SharedWork,
) -> Compiled | None:
    asked = asked_mode(package)
    if package.template is not None or asked in ("native", "renderer") or reference is None:
        return None
    tokens, family = ReplyTokens.of(files.vocabulary), files.header.architecture
    try:
        return shared.once(
            "compile",
            (reference.key, ends, package.target, package.parser, family, tokens),
            lambda: compile_for_engine(
                reference, ends, package.target, parser=package.parser, family=family, reply_tokens=tokens
            ),
        )
    except TemplateReferenceError as error:
        if error.span is None or error.span.file is None:
            # The compiler knows the line alone.
            error.span = replace(error.span or Span(), file=template_name(package, reference))
        raise


def _source(
    package: Package, files: PackageFiles, reference: ModelTemplate | None, refusal: str
) -> tuple[ModelTemplate | None, PackageError | None]:
    """What is compiled: the chat template, with the package's system text in it where it asks for that.

    Where that has no place, the chat template alone, and the error: native mode may be possible.
    """
    wanted = refusal and package.system_in == "user" and package.mode != "native"
    if not wanted or reference is None or package.system is None:
        return reference, None
    kinds = [k for k in kinds_of(reference.text, images=False) if k != "images"]
    span = package.span("system_in")
    try:
        probes = package_conversations(package, files.family, vision=files.takes_images)
        return place_in_first_turn(reference, package.system, probes, kinds, span), None
    except PackageError as e:
        return reference, e


def _around(
    package: Package,
    files: PackageFiles,
    reference: ModelTemplate | None,
    template: str | None,
    ends: PromptEnds,
    maker: PromptMaker,
    system: str,
) -> list[Diagnostic]:
    """What the engine adds around the prompts, against the chat template."""
    model = files.model.name
    if crash := ends.crashes(model=model):
        return [crash]
    if reference is None:
        return []
    probes = package_conversations(package, files.family, vision=files.projector is not None)
    own = package.first_messages
    probes = [replace(p, messages=tuple(with_system(p.messages, system, own))) for p in probes]
    if template is None:
        return judge_native(reference, probes, ends, model=model)
    by_hand = package.template is not None
    parser = maker.parser or ""
    return judge_template(template, reference, probes, ends, model=model, by_hand=by_hand, parser=parser)


def _coverage(compiled: Compiled | None, files: PackageFiles) -> dict[str, str] | None:
    """The coverage that matters for this package: where it takes no images, they do not count."""
    if compiled is None:
        return None
    return {k: v for k, v in compiled.coverage.items() if k != "images" or files.takes_images}


def _end_token(package: Package, files: PackageFiles, reference: ModelTemplate | None) -> EndToken:
    if reference is None:
        if package.end_token in ("auto", "none"):
            return EndToken(package.end_token, None)
        raise BuildError(
            "`end_token` needs a chat template, and the package has only a hand-written TEMPLATE",
            help="write the end token into the TEMPLATE, and remove `end_token`",
            span=package.span("end_token"),
            code=CANNOT_PLACE,
        )
    return decide_end_token(
        package.end_token, reference, files.vocabulary, files.model, package.span("end_token")
    )


def _template(
    package: Package, files: PackageFiles, compiled: Compiled | None, mode: Mode, additions: Additions
) -> tuple[str | None, list[str]]:
    """The TEMPLATE with the added texts, and the conversations that prove them."""
    if mode.chosen != "go":
        return None, []
    if package.template is not None:
        plain = read_text_file(package.template, "template", package)
        _must_parse(plain, package)
    else:
        assert compiled is not None
        plain = compiled.template
    key = "end_token" if additions.end else "image.separator"
    try:
        if additions.separator and not Target.parse(package.target).range_int:
            raise PlacementError(
                f"`image.separator` needs range over an integer, which `target` {package.target} lacks",
                help=f"raise `target` to >={since('range_int')}, or remove `image.separator`",
            )
        whole = additions.template(plain)
    except PlacementError as e:
        raise BuildError(e.message, help=e.help, span=package.span(key), code=e.code) from e
    return whole, _prove(plain, whole, additions, package, files) if additions else []


def _must_parse(template: str, package: Package) -> None:
    assert package.template is not None
    try:
        render_prompt(template, [{"role": "user", "content": "Hi"}])
    except KitError as e:
        raise BuildError(
            f"`template`: {e.message}", help=e.help, span=package.span("template"), code=e.code
        ) from e


def _prove(plain: str, whole: str, additions: Additions, package: Package, files: PackageFiles) -> list[str]:
    """Holds the TEMPLATE with added texts against the plain one given messages that hold them."""
    proven = []
    for probe in probe_conversations(files.family, vision=bool(additions.separator)):
        expected = render_prompt(
            plain, additions.messages(probe.messages, lambda some: render_prompt(plain, some))
        )
        if render_prompt(whole, probe.messages) != expected:
            raise BuildError(
                f"the added texts change the prompt of the conversation {probe.id!r} in other places too",
                help="remove `end_token` and `image.separator`: this chat template decides by itself what is "
                "written around a text",
                span=package.span("end_token" if additions.end else "image.separator"),
                code=CANNOT_PLACE,
            )
        proven.append(probe.id)
    return proven
