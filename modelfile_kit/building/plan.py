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
from .native_way import native_way, own_chats
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
    shared = SharedWork() if shared is None else shared
    first = (
        *files.diagnostics,
        *check_parameters(package),
        *check_sampling(package, files),
        *check_create_files(package, files),
        *check_memory(package, files),
        *check_outside(package),
    )
    stop_on_errors(first)
    asked, maker = asked_mode(package), choose_prompt_maker(package)
    reference = _reference(package, files)
    first = (*first, *about_contents(package, reference))
    named = _named_renderer(package, files, reference, maker, shared)
    maker, rendered = (named.maker, named.proof) if named is not None else (maker, None)
    ends = PromptEnds.of(files.vocabulary) if files.vocabulary is not None else PromptEnds()
    by_chat_template = package.template is None and asked != "renderer"
    refusal = refusal_of_system(package, reference) if by_chat_template else ""
    source, problem = _source(package, files, reference, refusal)
    compiled = _compile(package, files, source, ends, shared)
    end_token = _end_token(package, files, reference)
    additions = Additions(end_token.added, package.image_separator)

    # TEMPLATE or native: what is proven for the conversations that this package can have.
    coverage = _coverage(compiled, files)
    way = native_way(package, files, reference, compiled, coverage, additions, shared)
    target, span = Target.parse(package.target), package.span("mode")
    useless = asked == "auto" and not way.closed and _useless(package, compiled, source, files)
    read = _replies_read(package, files, reference, compiled) if asked == "auto" and not way.closed else None
    mode = choose_mode(asked, coverage, way, target=target, span=span, useless=useless, replies=read)
    choice = compared = None
    free = asked == "auto" and not additions and not refusal
    if free and compiled is not None and any(d.code == NO_WAY for d in mode.diagnostics):
        choice, compared = _renderer_instead(package, files, reference, compiled, mode, None, None, shared)
        mode = _by_renderer(choice, mode) if choice is not None else mode
    if problem is not None and mode.chosen == "go":
        raise problem
    first = (*first, *check_system(package, mode.chosen, refusal))
    if by_chat_template:
        first = (*first, *check_messages(package, mode.chosen, reference, refusal))
    if mode.chosen == "native" and compiled is None:
        first = (*first, *check_user_turn(reference))
    stop_on_errors(
        [
            *first,
            *end_token.diagnostics,
            *mode.diagnostics,
            *_about(package, mode, compiled, reference),
        ]
    )
    template, proven_on = _template(package, files, compiled, mode, additions)
    if mode.chosen == "go" and compiled is not None:
        maker = with_replies(maker, compiled, package.parser, package.span("parser"))

    # A TEMPLATE that servers would not use is worth nothing: native mode may be the better choice then.
    in_use = template_in_use(mode.chosen, template, files, target, span, maker)
    if asked == "auto" and mode.chosen == "go" and coverage and not way.closed and in_use.by_jinja:
        every = all(s.source == "jinja" for _, s in in_use.selections)
        mode = unused_template(mode, coverage, way, every_server=every, span=span)
        if mode.chosen == "native":
            template, in_use = None, template_in_use("native", None, files, target, span)
            maker = choose_prompt_maker(package)

    probes = package_conversations(package, files.family, vision=files.projector is not None)
    if free and compiled is not None and choice is None:
        choice, compared = _renderer_instead(
            package, files, reference, compiled, mode, in_use, template, shared
        )
    if choice is not None:
        rendered, maker, template, proven_on = choice.proof, choice.maker, None, []
        mode = _by_renderer(choice, mode)
        in_use = template_in_use("renderer", None, files, target, span, maker)
    if mode.chosen == "renderer":
        insert = Insert(None, "none: the renderer decides")
    elif package.template is None:
        template, insert = with_insert(template, files, probes, package.target)
    else:
        insert = Insert(None, "as the hand-written TEMPLATE has it")
    stops = keep_away_created(_stops(package, files, compiled, end_token), in_use, files.vocabulary)
    system = "" if refusal and mode.chosen == "go" else package.system or ""
    judged = reference if mode.chosen != "renderer" else None
    around = _around(package, files, judged, template, ends, maker, system)
    about = _about(package, mode, compiled, reference)
    found = [*first, *maker.diagnostics, *end_token.diagnostics, *mode.diagnostics, *about]
    found += [
        *about_images(package, mode, coverage, reference, takes_images=files.takes_images),
        *stops.diagnostics,
        *in_use.diagnostics,
        *around,
    ]
    stop_on_errors(found)
    found = sorted(dict.fromkeys(found), key=lambda d: d.severity.rank)
    ways = ways_of(package, files, reference, compiled, template, mode, maker, named or compared)
    if mode.chosen != "go":
        compiled = None
    return Plan(
        reference,
        compiled,
        end_token,
        additions,
        mode,
        template,
        tuple(proven_on),
        bool(refusal),
        system,
        stops,
        in_use,
        ends,
        insert,
        maker,
        required_release(maker, native=mode.chosen == "native", draft=package.draft is not None),
        tuple(found),
        rendered,
        ways,
    )


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
    package: Package,
    files: PackageFiles,
    reference: ModelTemplate | None,
    compiled: Compiled,
    mode: Mode,
    in_use: TemplateInUse | None,
    template: str | None,
    shared: SharedWork,
) -> tuple[RendererChoice | None, RendererChoice | None]:
    """A renderer that is proven better than the way that was chosen, or that `create` gives in any case.

    And the best one that was compared.
    """
    if reference is None or why_not_provable(package, reference) or package.template is not None:
        return None, None
    if (package.parser, package.renderer) != ("auto", "auto"):
        return None, None
    given = given_by_create(in_use) if mode.chosen == "go" and in_use is not None else None
    coverage = _coverage(compiled, files) or {}
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
    return choose_renderer(package, files, reference, chats, beside=beside, given=given, shared=shared)


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
