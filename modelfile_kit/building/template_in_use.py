"""Which template a server will really use for the package, on its oldest Ollama and on the newest."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.diagnostics import Diagnostic, Severity, Span
from ..ollama.selection import Selection, select
from ..ollama.versions import Target
from .prompt_maker import PromptMaker
from .sources import PackageFiles

TEMPLATE_NOT_USED = "MK201"
NATIVE_NOT_USED = "MK520"
PICTURES_BEHIND = "MK521"
IN_DOUBT = "MK524"

_NOBODY = PromptMaker()
_MEANT = {"go": "template", "native": "jinja", "renderer": "renderer"}
_WORDS = {
    "template": "a Go template that Ollama adds by itself",
    "jinja": "the GGUF's own Jinja",
    "renderer": "one of Ollama's own renderers",
    "built-in": "llama-server's built-in format",
}


@dataclass(frozen=True)
class TemplateInUse:
    """Which template servers use.

    selections: (release, what it uses), oldest first; diagnostics: where the package expects another one.
    """

    selections: tuple[tuple[str, Selection], ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def by_jinja(self) -> bool:
        """Whether a server of the target uses the GGUF's own Jinja."""
        return any(s.source == "jinja" for _, s in self.selections)


def template_in_use(
    mode: str,
    template: str | None,
    files: PackageFiles,
    target: Target,
    span: Span,
    maker: PromptMaker = _NOBODY,
) -> TemplateInUse:
    """Asks Ollama's rules of selection for each end of the target's range.

    mode: "go", "native" or "renderer", what the package expects; template: the TEMPLATE, None where there is
    none; maker: its RENDERER and PARSER.
    """
    servers = [target] if target.newest.version == target.version else [Target(target.version), target.newest]
    templates = files.vocabulary.chat_templates if files.vocabulary else {}
    jinja = templates.get("default")
    architecture = files.header.architecture
    selections = tuple(
        (
            s.name,
            select(
                template=template,
                jinja=jinja,
                renderer=maker.renderer or "",
                parser=maker.parser or "",
                architecture=architecture,
                target=s,
            ),
        )
        for s in servers
    )
    found = [_other(mode, name, s, span) for name, s in selections if s.source != _MEANT[mode]]
    # Beside a TEMPLATE of its own create adds none, so only native mode hangs on what create recognises.
    doubted = [(name, s) for name, s in selections if mode == "native" and not s.certain]
    found += [_doubtful(name, s, span) for name, s in doubted if s.source == "jinja"]
    if mode == "native" and files.takes_images:
        found.append(_images_behind(span))
    return TemplateInUse(selections, tuple(found))


def _other(mode: str, release: str, selection: Selection, span: Span) -> Diagnostic:
    wanted = "this TEMPLATE" if mode == "go" else "the GGUF's own Jinja template"
    message = f"Ollama {release} will use {_WORDS[selection.source]} instead of {wanted}: {selection.why}"
    hint = selection.change or "check the prompts there with `mkmodelfile verify`"
    code = TEMPLATE_NOT_USED if mode == "go" else NATIVE_NOT_USED
    return Diagnostic(code, Severity.WARNING, message, span, hint)


def _doubtful(release: str, selection: Selection, span: Span) -> Diagnostic:
    message = f"Ollama {release} may not use the GGUF's own Jinja template: {selection.why}"
    hint = "write `mode: go`, or check with `mkmodelfile verify` which one is in use"
    return Diagnostic(IN_DOUBT, Severity.WARNING, message, span, hint)


def _images_behind(span: Span) -> Diagnostic:
    """Ollama 0.33, llm/llama_server.go (llamaServerChatMessage): the text part first, then the images."""
    return Diagnostic(
        PICTURES_BEHIND,
        Severity.WARNING,
        "native mode puts an image after the text of its message (Ollama 0.33); the chat template puts it "
        "before",
        span,
        "write `mode: go` or `mode: auto`; if native is needed, check the prompts with `mkmodelfile verify`",
    )
