"""What would be better about a model on a server: its TEMPLATE or RENDERER, its PARSER and its stops.

What the model has and what the kit would give it are judged alike: by the proof against the GGUF's chat
template, and by the round trip of the replies. Only what is better is changed.

A create from a model inherits RENDERER and PARSER, and an empty name leaves both as they are (Ollama 0.30 to
0.34, server/create.go), so that another one can be given but none taken away. A create from the files that
the server has already inherits nothing; what stays is told it anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..building.plan import Plan, make_plan
from ..building.renderer_way import likely_renderers
from ..building.sources import PackageFiles, open_files
from ..core.conversation import CATEGORIES
from ..core.errors import KitError, ServerError
from ..gguf_file import read_header
from ..gguf_file.arrays import StringArray
from ..huggingface import Reference
from ..ollama.builtin import PARSERS, RENDERERS
from ..ollama.prompt import PromptTemplate
from ..ollama.renderer_prompt import RendererPrompts
from ..ollama.renderers import OLDEST
from ..ollama.reply_tokens import ReplyTokens
from ..ollama.selection import renderer_of_create, select
from ..ollama.versions import LATEST, Target, server_version, version_text
from ..package.package import Package
from ..prover.prove import prove
from ..prover.renderer import prove_renderer
from ..replies.round_trip import Prompts, Trip
from ..replies.spoken import spoken_replies
from ..runtime.ollama.client import OllamaServer
from .expectation import Expectation, default_conversations
from .served_model import ServedModel
from .take_over import digest_of

CANNOT = "MK880"
_RANK = {"unsupported": 0, "partial": 1, "exact": 2}


@dataclass(frozen=True)
class Setting:
    """What of a Modelfile is repaired, and what is proven of it.

    renderer: "" where the TEMPLATE makes the prompts. coverage: of the prompts, by kind; read: kinds of
    replies by name, whether they come back. unseen: kinds of which that is not known, as a limit of the kit
    stopped a template, and which one.
    """

    template: str
    parser: str
    stop: tuple[str, ...]
    coverage: Mapping[str, str]
    read: Mapping[str, bool]
    renderer: str = ""
    unseen: Mapping[str, str] = field(default_factory=dict)

    @property
    def prompts(self) -> str:
        """The coverage in words."""
        return ", ".join(f"{k} {v}" for k, v in self.coverage.items() if v != "absent") or "not checked"

    @property
    def replies(self) -> str:
        """What comes back, in words."""
        lost = [name for name, right in self.read.items() if not right]
        count = f"{len(self.read) - len(lost)} of {len(self.read)} kinds come back"
        words = [f"not {', '.join(lost)}"] if lost else []
        if self.unseen:
            reason = next(iter(self.unseen.values()))
            words.append(f"{', '.join(self.unseen)}: not known, {reason}")
        return count + (f" ({'; '.join(words)})" if words else "")

    def reads_as_much(self, other: Setting) -> bool:
        """Whether every kind that another setting gives back is known to come back here."""
        return all(self.read.get(name) for name, right in other.read.items() if right)

    def reads_more(self, other: Setting) -> bool:
        """Whether more comes back than of another setting, by the kinds that are known of both."""
        names = [name for name in {**self.read, **other.read} if name not in {**self.unseen, **other.unseen}]
        return sum(self.read.get(n, False) for n in names) > sum(other.read.get(n, False) for n in names)


@dataclass(frozen=True)
class Change:
    """One instruction: what it is, what it becomes, and why."""

    instruction: str
    old: str
    new: str
    why: str


@dataclass(frozen=True)
class RepairPlan:
    """What is to be changed; nothing where `changes` is empty. why: in words, where nothing is.

    meant: what the repaired model is held to. note: what cannot be changed about the model, "" for nothing.
    digest: of the manifest of the model that was looked at.
    """

    served: ServedModel
    version: str
    changes: tuple[Change, ...] = ()
    why: str = ""
    before: Setting | None = None
    after: Setting | None = None
    meant: Expectation = field(default_factory=Expectation)
    note: str = ""
    digest: str = ""

    @property
    def anew(self) -> bool:
        """Whether the model has to be created from its files: RENDERER or PARSER is to be taken away."""
        before, after = self.before, self.after
        if before is None or after is None:
            return False
        pairs = ((before.renderer, after.renderer), (before.parser, after.parser))
        return any(old and not new for old, new in pairs)


def plan_repair(
    server: OllamaServer, name: str, *, model: Path | None = None, projector: Path | None = None
) -> RepairPlan:
    """Decides what a model on a server should have.

    model, projector: its GGUF files; by default the server's own, where they are on this machine.
    Raises ServerError (MK880) for a model that cannot be repaired so, with the reason; PackageError with
    the findings where no TEMPLATE can be made of its chat template.
    """
    version = server.version()
    digest = digest_of(server, name) or ""
    served = ServedModel.from_show(name, server.show(name))
    _refuse_unknown(served, server_version(version))
    if served.native:
        why = (
            "Ollama renders its chats with the GGUF's own chat template, and llama-server reads its replies; "
            f"`mkmodelfile verify {name} --replies` shows whether they come back"
        )
        return RepairPlan(served, version, why=why, digest=digest)
    known = Expectation(model=model, projector=projector).completed(served)
    if known.model is None:
        raise _cannot(
            f"{server.url} does not show the GGUF of {name}, and its chat template is in no answer of a "
            "server that uses a TEMPLATE",
            f"run this on the server's machine, or give the file: `mkmodelfile repair {name} --model FILE`",
        )
    if model is not None:
        must_be_its_file(server, served, model)
    return replace(_compared(served, version, known), digest=digest)


def _refuse_unknown(served: ServedModel, version: tuple[int, int, int]) -> None:
    """Raises where the kit does not know what the model's RENDERER writes, or its PARSER reads.

    A name that is unknown to a release that the kit knows has no effect there (PARSER), or fails every
    request (RENDERER).
    """
    if served.renderer and version < OLDEST:
        raise _cannot(
            f"{served.name} has RENDERER {served.renderer}, and what the renderers of Ollama before "
            f"{version_text(OLDEST)} write is not known",
            "update the server, and repair the model then",
        )
    for word, name, known in (
        ("RENDERER", served.renderer, RENDERERS),
        ("PARSER", served.parser, PARSERS),
    ):
        if name and name not in known and version > LATEST:
            raise _cannot(
                f"{served.name} has {word} {name}, which this version of modelfile-kit does not know; the "
                f"server is of a newer release ({version_text(version)}), which may know it",
                "update modelfile-kit",
            )


def must_be_its_file(server: OllamaServer, served: ServedModel, model: Path, code: str = CANNOT) -> None:
    """Raises (with this code) where a given file has another vocabulary than the model on the server."""
    told = ServedModel.from_show(served.name, server.show(served.name, verbose=True)).model_info
    theirs = told.get("tokenizer.ggml.tokens")
    header = read_header(model)
    tokens = header.metadata.get("tokenizer.ggml.tokens")
    ours = list(tokens) if isinstance(tokens, StringArray) else None
    if served.architecture != header.architecture or theirs != ours:
        raise ServerError(
            f"{model} is not the GGUF of {served.name}: the model on the server has the architecture "
            f"{served.architecture} and {len(theirs or ())} tokens, the file {header.architecture} and "
            f"{len(ours or ())}, or other tokens",
            help="give the GGUF from which the model was created",
            code=code,
        )


def _compared(served: ServedModel, version: str, known: Expectation) -> RepairPlan:
    """What the model has beside what the kit makes of its GGUF."""
    package = _package(served, version, known)
    files = open_files(package)
    plan = make_plan(package, files)
    assert plan.reference is not None and plan.compiled is not None and plan.template is not None
    judge = _Judge(plan, files, package, served)
    stop = tuple(str(s) for s in served.parameters.get("stop") or ())
    before = judge.setting(served.template, served.renderer or "", served.parser or "", stop)
    note = _bound(served)
    after = _better(judge, before, plan, bound=bool(note) and bool(served.renderer))
    why = f"prompts: {before.prompts}; replies: {before.replies}{note and f'; {note}'}"
    return RepairPlan(
        served,
        version,
        tuple(_changes(before, after)),
        "" if after != before else why,
        before,
        after,
        known,
        note,
    )


def _bound(served: ServedModel) -> str:
    """Why RENDERER and PARSER cannot be taken away from the model, "" where they can."""
    if (own := renderer_of_create(served.architecture)) is not None:
        return (
            f"`create` gives every model of the architecture {served.architecture} a RENDERER ({own[0]}) and "
            f"a PARSER ({own[1]}), so that none can be taken away, only replaced"
        )
    kinds = [kind for kind, _ in served.layers]
    if kinds.count("FROM") != 1 + served.has_projector or len(kinds) > kinds.count("FROM"):
        what = next((kind for kind in kinds if kind != "FROM"), "a model in several files")
        return (
            f"the model has {what}, and without RENDERER or PARSER it can only be created from one file of "
            "the model and one of the projector; `mkmodelfile publish` of a package gives it every setting"
        )
    return ""


def _package(served: ServedModel, version: str, known: Expectation) -> Package:
    """The model as a package for servers from this release on."""
    assert known.model is not None
    name = f"{served.name} on the server"
    return Package(
        Path(name),
        served.name,
        known.model,
        projector=known.projector or "none",
        system=served.system or None,
        messages=tuple((m["role"], m["content"]) for m in served.messages),
        target=f">={version_text(server_version(version))}",
        mode="go",
        renderer="none",
        tokenizer="none",
    )


class _Judge:
    """Holds a TEMPLATE and a PARSER to the GGUF's chat template."""

    def __init__(self, plan: Plan, files: PackageFiles, package: Package, served: ServedModel) -> None:
        assert plan.reference is not None and plan.compiled is not None
        self.source = plan.reference
        self.claimed = {
            k: v for k, v in plan.compiled.coverage.items() if k != "images" or files.takes_images
        }
        self.package, self.files, self.served = package, files, served
        self.target = Target.parse(package.target)
        self.family = files.header.architecture
        self.tokens = ReplyTokens.of(files.vocabulary)
        reference = Reference(
            self.source.text, bos_token=self.source.bos_token, eos_token=self.source.eos_token
        )
        spoken = spoken_replies(reference, self.source.eos_token)
        # Which limit ended the search for them: then what was found may have been cut out wrongly.
        self.ended = reference.look_ended
        self.spoken = () if self.ended else spoken

    def setting(self, template: str, renderer: str, parser: str, stop: Sequence[str]) -> Setting:
        """What is proven of a TEMPLATE or a RENDERER, and of a PARSER."""
        trip = self._trip(template, renderer, parser)
        # Only a server can say what becomes of an answer by a schema.
        tools = self.claimed.get("tools", "absent") != "absent"
        known = (one.kind for one in self.spoken if one.kind.form is None and (tools or not one.kind.offered))
        own = trip.own() if trip else None
        read = own.read if own else {kind.name: False for kind in known}
        unseen = own.unseen if own else {}
        coverage = self._by_renderer(renderer, parser) if renderer else self._coverage(template)
        return Setting(template, parser, tuple(stop), coverage, read, renderer, unseen)

    def best_parser(self, template: str, renderer: str, parser: str) -> str:
        """The reader that is proven best, "" for the tags; `parser` where nothing is known to be better."""
        trip = self._trip(template, renderer, parser)
        if trip is None:
            return parser
        best = trip.best().parser
        taken_away = bool(parser) and not best
        # An unknown PARSER reads nothing, and one more effect of it is wanted: the TEMPLATE stays in use.
        return parser if taken_away and (parser not in PARSERS or not self.stays(template)) else best

    def stays(self, template: str) -> bool:
        """Whether servers use the TEMPLATE without a PARSER, and not the GGUF's own chat template."""
        ends = (Target(self.target.version), self.target.newest)
        jinja, family = self.source.text, self.family
        chosen = [select(template=template, jinja=jinja, architecture=family, target=t) for t in ends]
        return all(one.source == "template" for one in chosen)

    def renderers(self) -> list[tuple[str, str]]:
        """RENDERERs and their PARSERs that could write this model's prompts."""
        return list(
            likely_renderers(self.package, self.files, self.source, default_conversations(vision=False))
        )

    def _trip(self, template: str, renderer: str, parser: str) -> Trip | None:
        """The replies put to a reader; None where the server refuses what makes the prompts."""
        seen: Prompts
        try:
            if renderer:
                seen = self._rendered(renderer, parser, self.target)
            else:
                seen = PromptTemplate(template, target=self.target, family=self.family, parser=parser)
        except KitError:
            return None
        return Trip(self.spoken, seen, self.tokens, ended=self.ended)

    def _rendered(self, renderer: str, parser: str, target: Target) -> RendererPrompts:
        return RendererPrompts(
            renderer,
            parser=parser,
            target=target,
            name=self.served.name,
            family=self.family,
            parameters=self.files.header.parameter_count,
            projector=self.files.projector is not None,
            template=self.served.template,
        )

    def _by_renderer(self, renderer: str, parser: str) -> dict[str, str]:
        """What holds of a RENDERER's prompts, on this server and on the newest."""
        kinds = [k for k, v in self.claimed.items() if v != "absent"]
        oldest, newest = Target(self.target.version), self.target.newest
        ends = (oldest,) if oldest.version == newest.version else (oldest, newest)
        try:
            releases = [self._rendered(renderer, parser, target) for target in ends]
        except KitError:
            return {k: "unsupported" if k in kinds else "absent" for k in CATEGORIES}
        return dict(prove_renderer(self.source, releases, kinds).coverage)

    def _coverage(self, template: str) -> dict[str, str]:
        """What holds of all that a TEMPLATE could be claimed to do for this chat template."""
        claimed = {k: "absent" if v == "absent" else "exact" for k, v in self.claimed.items()}
        claimed = {k: claimed.get(k, "absent") for k in CATEGORIES}
        try:
            return prove(
                self.source.text,
                template,
                bos_token=self.source.bos_token,
                eos_token=self.source.eos_token,
                target=self.package.target,
                claimed=claimed,
            ).coverage
        except KitError:
            return {k: "absent" if v == "absent" else "unsupported" for k, v in claimed.items()}


def _better(judge: _Judge, before: Setting, plan: Plan, *, bound: bool) -> Setting:
    """The setting itself, with a PARSER that reads more, or another TEMPLATE or RENDERER: the least change
    that is as good as any.

    bound: whether a RENDERER has to stay, so that only another can take its place.
    """
    assert plan.template is not None
    stop = _stops(judge, before.stop, plan.stops.texts)
    kept = _with_best_parser(judge, before, before.template, before.renderer, before.parser, stop)
    if not bound:
        parser = "" if before.renderer else before.parser
        others = [_with_best_parser(judge, before, plan.template, "", parser, stop)]
    else:
        pairs = [pair for pair in judge.renderers() if pair[0] != before.renderer]
        others = [_with_best_parser(judge, before, before.template, *pair, stop) for pair in pairs]
    others = [one for one in others if one.renderer or one.parser or judge.stays(one.template)]
    better = [one for one in others if _is_better(one, before, kept)]
    return max(better, key=_worth) if better else kept


def _is_better(new: Setting, before: Setting, kept: Setting) -> bool:
    worse = any(_rank(new, kind) < _rank(before, kind) for kind in CATEGORIES)
    gains = sum(_rank(new, kind) - _rank(before, kind) for kind in CATEGORIES)
    # Prompts come first: a reply to a prompt that the model never saw in training is worth little.
    return not worse and (gains > 0 or (new.reads_more(kept) and new.reads_as_much(kept)))


def _worth(setting: Setting) -> tuple[int, int]:
    return sum(_rank(setting, kind) for kind in CATEGORIES), sum(setting.read.values())


def _with_best_parser(
    judge: _Judge, before: Setting, template: str, renderer: str, parser: str, stop: Sequence[str]
) -> Setting:
    """The setting with the PARSER that reads most; the model's own, or none, wins a draw."""
    best = judge.best_parser(template, renderer, parser)
    untold = best == "harmony" and not before.parser and not renderer
    return judge.setting(template, renderer, "" if untold else best, stop)


def _rank(setting: Setting, kind: str) -> int:
    return _RANK.get(setting.coverage.get(kind, "absent"), 0)


def _stops(judge: _Judge, held: Sequence[str], meant: Sequence[str]) -> tuple[str, ...]:
    """The stops that it has, without those that cut a reply, and those that it lacks."""
    inside = [stop for stop in held if any(stop in one.text for one in judge.spoken)]
    return tuple(dict.fromkeys(stop for stop in (*held, *meant) if stop not in inside or stop in meant))


def _changes(before: Setting, after: Setting) -> list[Change]:
    found = []
    prompts = f"prompts: {before.prompts} → {after.prompts}; replies: {before.replies} → {after.replies}"
    if after.renderer != before.renderer:
        found.append(Change("RENDERER", before.renderer, after.renderer, prompts))
    if after.template != before.template:
        replaces = f"makes the prompts in place of RENDERER {before.renderer}"
        why = replaces if after.renderer != before.renderer else prompts
        found.append(Change("TEMPLATE", before.template, after.template, why))
    if after.parser != before.parser:
        why = f"replies: {before.replies} → {after.replies}"
        found.append(Change("PARSER", before.parser, after.parser, why))
    if after.stop != before.stop:
        lacking = [s for s in after.stop if s not in before.stop]
        cutting = [s for s in before.stop if s not in after.stop]
        words = [f"ends a turn of this model: {' '.join(lacking)}"] if lacking else []
        words += [f"stands inside its replies and cuts them: {' '.join(cutting)}"] if cutting else []
        old, new = ("\n".join(texts) for texts in (before.stop, after.stop))
        found.append(Change("PARAMETER stop", old, new, "; ".join(words)))
    return found


def _cannot(message: str, help: str) -> ServerError:
    return ServerError(f"{message}: it cannot be repaired", help=help, code=CANNOT)
