"""Native mode as a way to serve a package: whether it is possible, and what is seen of it here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ..compiler import Compiled
from ..core.conversation import Conversation
from ..core.errors import EngineError, GoTemplateError, UsageError
from ..huggingface import Reference
from ..ollama.prompt import PromptTemplate
from ..ollama.versions import Target
from ..package.conversations import package_conversations
from ..package.package import Package
from ..package.prompt_maker import WORDS
from ..parrot import voice_of
from ..prover.native import NativeProof, prove_native
from ..replies.native_trip import native_trip
from ..replies.round_trip import RoundTrip
from ..runtime.llama_server import find_llama_server
from .additions import Additions
from .shared_work import SharedWork
from .sources import ModelTemplate, PackageFiles
from .template_in_use import IN_DOUBT, NATIVE_NOT_USED, template_in_use

NO_PROGRAM = "llama-server was not found on this machine"


@dataclass(frozen=True)
class NativeReplies:
    """What this machine's llama-server makes of the replies; trip: None where that was not seen, why_not."""

    trip: RoundTrip | None = None
    why_not: str = NO_PROGRAM


@dataclass(frozen=True)
class NativeWay:
    """Whether native mode is possible for a package.

    closed: why not, "" if it is. prove: compares its prompts with the chat template. read: what becomes of
    the replies.
    """

    closed: str = ""
    prove: Callable[[], NativeProof] = field(default=lambda: NativeProof({}))
    read: Callable[[], NativeReplies] = field(default=NativeReplies)


def native_way(
    package: Package,
    files: PackageFiles,
    reference: ModelTemplate | None,
    compiled: Compiled | None,
    coverage: Mapping[str, str] | None,
    additions: Additions,
    shared: SharedWork | None = None,
) -> NativeWay:
    """Whether servers of the target could render the model's own template, and how that is proven.

    coverage: of the TEMPLATE, for the kinds of conversations that the package can have. shared: with builds
    of the same package file.
    """
    target, span = Target.parse(package.target), package.span("mode")
    if package.parser not in WORDS:
        return NativeWay("with PARSER servers do not use the GGUF's own template")
    if reference is not None and reference.origin.startswith("gguf:"):
        return NativeWay("the chat template is not the GGUF's default one, and servers choose by themselves")
    if reference is None or reference.origin != "gguf":
        return NativeWay("the chat template is not the one in the GGUF, and servers use no other")
    if not target.native_jinja:
        return NativeWay(f"`target` {package.target} includes servers that only know Go templates")
    if additions:
        return NativeWay("the package adds texts of its own, which only a TEMPLATE can write")
    kinds = [k for k, state in (coverage or {}).items() if state != "absent"]
    for found in template_in_use("native", None, files, target, span).diagnostics:
        if found.code == NATIVE_NOT_USED:
            return NativeWay(found.message)
        if found.code == IN_DOUBT:
            return _in_doubt(kinds, found.message)
    work = SharedWork() if shared is None else shared

    def prove() -> NativeProof:
        return prove_native(
            reference,
            kinds,
            vocabulary=files.vocabulary,
            probes=own_chats(package, files),
            template=_usable(compiled, package),
            span=span,
        )

    key = reference.key, files.vocabulary_name
    family = files.family.id if files.family is not None else None
    whole = (*key, tuple(kinds), family, compiled.template if compiled else None, package.target)
    return NativeWay(
        "",
        lambda: work.once("native prompts", whole, prove),
        lambda: work.once("native replies", key, lambda: native_replies(reference, files)),
    )


def native_replies(reference: ModelTemplate, files: PackageFiles) -> NativeReplies:
    """The replies in native mode, as this machine's llama-server reads them; raises nothing."""
    vocabulary = files.vocabulary
    if vocabulary is None:
        return NativeReplies(None, "the vocabulary is not known")
    try:
        program = find_llama_server()
        if program is None:
            return NativeReplies()
        return NativeReplies(
            native_trip(
                program,
                Reference(reference.text, bos_token=reference.bos_token, eos_token=reference.eos_token),
                lambda texts: voice_of(vocabulary, texts, reference.text),
                reference.eos_token,
            ),
            "",
        )
    except (EngineError, UsageError) as e:
        return NativeReplies(None, e.message)


def own_chats(package: Package, files: PackageFiles) -> list[Conversation]:
    """The package's conversations without tools, thinking and images."""
    found = package_conversations(package, files.family, vision=False)
    return [c for c in found if c.category == "chat"]


def _usable(compiled: Compiled | None, package: Package) -> PromptTemplate | None:
    """The TEMPLATE that native mode would replace; None for one that renders nothing."""
    if compiled is None or compiled.coverage.get("chat") == "unsupported":
        return None
    try:
        return PromptTemplate(compiled.template, target=package.target)
    except GoTemplateError:
        return None


def _in_doubt(kinds: Sequence[str], why_not: str) -> NativeWay:
    """Nothing is asked where servers may use something else."""
    proof = NativeProof(dict.fromkeys(kinds, "unknown"), why_not=why_not)
    return NativeWay("", lambda: proof, lambda: NativeReplies(None, why_not))
