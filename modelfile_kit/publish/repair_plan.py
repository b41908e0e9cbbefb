"""What would be better about a model on a server: its TEMPLATE, its PARSER and its stops.

What the model has and what the kit would give it are judged alike: by the proof against the GGUF's chat
template, and by the round trip of the replies. Only what is better is changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..building.plan import Plan, make_plan
from ..building.sources import PackageFiles, open_files
from ..core.errors import KitError, ServerError
from ..gguf_file import read_header
from ..gguf_file.arrays import StringArray
from ..huggingface import Reference
from ..ollama.builtin import PARSERS
from ..ollama.prompt import PromptTemplate
from ..ollama.versions import server_version, version_text
from ..package.package import Package
from ..prover.prove import prove
from ..replies.round_trip import RoundTrip, Trip
from ..replies.spoken import spoken_replies
from ..runtime.ollama.client import OllamaServer
from .expectation import Expectation
from .served_model import ServedModel

CANNOT = "MK880"
_RANK = {"unsupported": 0, "partial": 1, "exact": 2}
_KINDS = ("chat", "tools", "thinking", "images")


@dataclass(frozen=True)
class Setting:
    """What of a Modelfile is repaired, and what is proven of it.

    coverage: of the prompts, by kind; read: kinds of replies by name, whether they come back.
    """

    template: str
    parser: str
    stop: tuple[str, ...]
    coverage: Mapping[str, str]
    read: Mapping[str, bool]

    @property
    def prompts(self) -> str:
        """The coverage in words."""
        return ", ".join(f"{k} {v}" for k, v in self.coverage.items() if v != "absent") or "not checked"

    @property
    def replies(self) -> str:
        """What comes back, in words."""
        lost = [name for name, right in self.read.items() if not right]
        count = f"{len(self.read) - len(lost)} of {len(self.read)} kinds come back"
        return count + (f" (not {', '.join(lost)})" if lost else "")


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

    meant: what the repaired model is held to.
    """

    served: ServedModel
    version: str
    changes: tuple[Change, ...] = ()
    why: str = ""
    before: Setting | None = None
    after: Setting | None = None
    meant: Expectation = field(default_factory=Expectation)


def plan_repair(
    server: OllamaServer, name: str, *, model: Path | None = None, projector: Path | None = None
) -> RepairPlan:
    """Decides what a model on a server should have.

    model, projector: its GGUF files; by default the server's own, where they are on this machine.
    Raises ServerError (MK880) for a model that cannot be repaired so, with the reason; PackageError with
    the findings where no TEMPLATE can be made of its chat template.
    """
    version = server.version()
    served = ServedModel.from_show(name, server.show(name))
    if served.renderer:
        raise _cannot(
            f"{name} has RENDERER {served.renderer}: Ollama's own code makes its prompts, and a TEMPLATE is "
            "not used",
            "`mkmodelfile verify` compares its prompts with the chat template; to replace the renderer, "
            "publish a package of the GGUF",
        )
    if served.parser and served.parser not in PARSERS:
        raise _cannot(
            f"{name} has PARSER {served.parser}, which this version of modelfile-kit does not know, so what "
            "it reads cannot be compared",
            "update modelfile-kit",
        )
    if served.native:
        why = (
            "Ollama renders its chats with the GGUF's own chat template, and llama-server reads its replies; "
            f"`mkmodelfile verify {name} --replies` shows whether they come back"
        )
        return RepairPlan(served, version, why=why)
    known = Expectation(model=model, projector=projector).completed(served)
    if known.model is None:
        raise _cannot(
            f"{server.url} does not show the GGUF of {name}, and its chat template is in no answer of a "
            "server that uses a TEMPLATE",
            f"run this on the server's machine, or give the file: `mkmodelfile repair {name} --model FILE`",
        )
    if model is not None:
        _must_be_its_file(server, served, model)
    return _compared(served, version, known)


def _must_be_its_file(server: OllamaServer, served: ServedModel, model: Path) -> None:
    """Raises where a file that was given has another vocabulary than the model on the server."""
    told = ServedModel.from_show(served.name, server.show(served.name, verbose=True)).model_info
    theirs = told.get("tokenizer.ggml.tokens")
    header = read_header(model)
    tokens = header.metadata.get("tokenizer.ggml.tokens")
    ours = list(tokens) if isinstance(tokens, StringArray) else None
    if served.architecture != header.architecture or theirs != ours:
        raise _cannot(
            f"{model} is not the GGUF of {served.name}: the model on the server has the architecture "
            f"{served.architecture} and {len(theirs or ())} tokens, the file {header.architecture} and "
            f"{len(ours or ())}, or other tokens",
            "give the GGUF from which the model was created",
        )


def _compared(served: ServedModel, version: str, known: Expectation) -> RepairPlan:
    """What the model has beside what the kit makes of its GGUF."""
    package = _package(served, version, known)
    files = open_files(package)
    plan = make_plan(package, files)
    assert plan.reference is not None and plan.compiled is not None and plan.template is not None
    judge = _Judge(plan, files, package.target)
    stop = tuple(str(s) for s in served.parameters.get("stop") or ())
    before = judge.setting(served.template, served.parser or "", stop)
    after = _better(judge, before, plan)
    return RepairPlan(
        served,
        version,
        tuple(_changes(before, after)),
        "" if after != before else f"prompts: {before.prompts}; replies: {before.replies}",
        before,
        after,
        known,
    )


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

    def __init__(self, plan: Plan, files: PackageFiles, target: str) -> None:
        assert plan.reference is not None and plan.compiled is not None
        self.source = plan.reference
        self.claimed = {
            k: v for k, v in plan.compiled.coverage.items() if k != "images" or files.takes_images
        }
        self.target = target
        self.family = files.header.architecture
        vocabulary = files.vocabulary
        self.dropped = tuple(vocabulary.control_tokens()) if vocabulary is not None else ()
        reference = Reference(
            self.source.text, bos_token=self.source.bos_token, eos_token=self.source.eos_token
        )
        self.spoken = spoken_replies(reference, self.source.eos_token)

    def setting(self, template: str, parser: str, stop: Sequence[str]) -> Setting:
        """What is proven of a TEMPLATE and a PARSER."""
        trip = self.trip(template, parser)
        read = trip.own().read if trip else {one.kind.name: False for one in self.spoken}
        return Setting(template, parser, tuple(stop), self._coverage(template), read)

    def trip(self, template: str, parser: str) -> Trip | None:
        """The replies put to it; None for a TEMPLATE that Ollama refuses."""
        try:
            seen = PromptTemplate(template, target=self.target, family=self.family, parser=parser)
        except KitError:
            return None
        return Trip(self.spoken, seen, self.dropped)

    def best(self, template: str, parser: str) -> RoundTrip | None:
        """The reader that is proven best for it."""
        trip = self.trip(template, parser)
        return trip.best() if trip else None

    def _coverage(self, template: str) -> dict[str, str]:
        """What holds of all that a TEMPLATE could be claimed to do for this chat template."""
        claimed = {k: "absent" if v == "absent" else "exact" for k, v in self.claimed.items()}
        claimed = {k: claimed.get(k, "absent") for k in _KINDS}
        try:
            return prove(
                self.source.text,
                template,
                bos_token=self.source.bos_token,
                eos_token=self.source.eos_token,
                target=self.target,
                claimed=claimed,
            ).coverage
        except KitError:
            return {k: "absent" if v == "absent" else "unsupported" for k, v in claimed.items()}


def _better(judge: _Judge, before: Setting, plan: Plan) -> Setting:
    """The setting itself, with a PARSER that reads more, or the compiled TEMPLATE: the least change that
    is as good as any."""
    assert plan.template is not None
    stop = _stops(judge, before.stop, plan.stops.texts)
    kept = _with_best_parser(judge, before, before.template, stop)
    new = _with_best_parser(judge, before, plan.template, stop)
    worse = any(_rank(new, kind) < _rank(before, kind) for kind in _KINDS)
    lost = any(right and not new.read.get(name) for name, right in kept.read.items())
    gains = sum(_rank(new, kind) - _rank(before, kind) for kind in _KINDS)
    more = sum(new.read.values()) > sum(kept.read.values())
    # Prompts come first: a reply to a prompt that the model never saw in training is worth little.
    return new if not worse and (gains > 0 or (more and not lost)) else kept


def _with_best_parser(judge: _Judge, before: Setting, template: str, stop: Sequence[str]) -> Setting:
    # A create from a model inherits its PARSER, so that none can be taken away.
    found = judge.best(template, before.parser)
    parser = found.parser if found else ""
    return judge.setting(template, parser or before.parser, stop)


def _rank(setting: Setting, kind: str) -> int:
    return _RANK.get(setting.coverage.get(kind, "absent"), 0)


def _stops(judge: _Judge, held: Sequence[str], meant: Sequence[str]) -> tuple[str, ...]:
    """The stops that it has, without those that cut a reply, and those that it lacks."""
    inside = [stop for stop in held if any(stop in one.text for one in judge.spoken)]
    return tuple(dict.fromkeys(stop for stop in (*held, *meant) if stop not in inside or stop in meant))


def _changes(before: Setting, after: Setting) -> list[Change]:
    found = []
    if after.template != before.template:
        why = f"prompts: {before.prompts} → {after.prompts}; replies: {before.replies} → {after.replies}"
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
