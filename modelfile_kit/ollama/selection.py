"""Who makes the prompt: a RENDERER, the Go TEMPLATE or the GGUF's own Jinja; and why.

Sources (Ollama 0.33, older ones where `versions.SINCE` says so): server/images.go (GetModel,
shouldPreferChatTemplate, chatTemplateHas…), server/routes.go (usesOllamaRenderedChat,
shouldUseHarmony), server/create.go (createModel), server/model.go (detectChatTemplate).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from .builtin import uses_harmony
from .detection import Detection, detect
from .prompt import PromptTemplate
from .versions import Target

# Which architectures create gives a renderer, a parser and stops of its own, and since when.
_OWN_RENDERER: dict[str, tuple[tuple[int, int, int], str, str, tuple[str, ...]]] = {
    "gemma4": ((0, 20, 0), "gemma4", "gemma4", ("<turn|>",)),
    "laguna": ((0, 22, 0), "laguna", "laguna", ()),
    "nemotron_h": ((0, 22, 0), "nemotron-3-nano", "nemotron-3-nano", ()),
    "nemotron_h_moe": ((0, 22, 0), "nemotron-3-nano", "nemotron-3-nano", ()),
    "nemotron_h_omni": ((0, 22, 0), "nemotron-3-nano", "nemotron-3-nano", ()),
}

# Substrings by which Ollama reads capabilities out of a Jinja text.
_TOOL_WORDS = ("tools", "tool_call")
_CALL_WORDS = ("tool_calls", "assistant_tool_call")
_RESPONSE_WORDS = (
    *("tool_response", "tool_results", "role'] == 'tool'", 'role\'] == "tool"', "role\"] == 'tool'"),
    *('role"] == "tool"', "message.role == 'tool'", 'message.role == "tool"', "ipython"),
)
_SPLITS = ("content.split('</think>')", 'content.split("</think>")')
_NO_SPLITS = ("reasoning_content", "<SPECIAL_12>")
GO_RESPONSE_WORDS = ('eq .Role "tool"', "tool_response", "TOOL_RESULTS")


@dataclass(frozen=True)
class Evidence:
    """What one text shows Ollama.

    capabilities: in Ollama's order. words: the substrings (or identifiers) that decided, by
    capability; "round trip" for calls that come back as tool messages.
    """

    capabilities: tuple[str, ...]
    words: dict[str, tuple[str, ...]]

    @property
    def round_trip(self) -> bool:
        """Whether a tool round trip is seen."""
        return "round trip" in self.words


# What the one template shows that create adds and that shows anything.
_COMMAND_R = Evidence(("tools",), {"tools": (".Tools",), "round trip": (".ToolCalls", 'eq .Role "tool"')})


@dataclass(frozen=True)
class Selection:
    """Who makes the prompt of a chat.

    source: "renderer" (Ollama's own code for a family: not to be foretold here), "template" (the Go
    TEMPLATE), "jinja" (the GGUF's, by llama-server), "built-in" (llama-server's ChatML) or "message" (no
    format at all: the text of the last message).
    why: one sentence; change: what would change it. renderer, parser: the names in use.
    detected: the template that create adds by itself, if it may. stops: what comes along with it.
    template, jinja: what either text shows. certain: False where it hangs on a detection that is not.
    """

    source: str
    why: str
    change: str = ""
    renderer: str = ""
    parser: str = ""
    harmony: bool = False
    detected: Detection | None = None
    stops: tuple[str, ...] = ()
    template: Evidence | None = None
    jinja: Evidence | None = None
    certain: bool = True

    @property
    def capabilities(self) -> tuple[str, ...]:
        """Those of the text in use; a renderer's are those of its parser, unknown here."""
        used = {"template": self.template, "jinja": self.jinja}.get(self.source)
        return used.capabilities if used else ()


def renderer_of_create(architecture: str) -> tuple[str, str] | None:
    """The RENDERER and PARSER that `create` gives an architecture unless others are named; None for none."""
    own = _OWN_RENDERER.get(architecture)
    return None if own is None else (own[1], own[2])


def jinja_evidence(jinja: str) -> Evidence:
    """What Ollama sees in a Jinja chat template by plain substring tests."""

    def found(words: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(w for w in words if w in jinja)

    words: dict[str, tuple[str, ...]] = {}
    if tools := found(_TOOL_WORDS):
        words["tools"] = tools[:1]
        if (calls := found(_CALL_WORDS)) and (answers := found(_RESPONSE_WORDS)):
            words["round trip"] = (calls[0], answers[0])
    if "<think>" in jinja and "</think>" in jinja:
        words["thinking"] = ("<think>", "</think>")
    elif (splits := found(_SPLITS)) and not found(_NO_SPLITS):
        words["thinking"] = splits[:1]
    return Evidence(tuple(c for c in ("tools", "thinking") if c in words), words)


def template_evidence(template: PromptTemplate) -> Evidence:
    """What Ollama sees in a Go TEMPLATE."""
    words: dict[str, tuple[str, ...]] = {}
    if "tools" in template.variables:
        words["tools"] = (".Tools",)
        answers = tuple(w for w in GO_RESPONSE_WORDS if w in template.source)
        if "toolcalls" in template.variables and answers:
            words["round trip"] = (".ToolCalls", answers[0])
    if "suffix" in template.variables:
        words["insert"] = (".Suffix",)
    if template.thinking_tags:
        words["thinking"] = (template.thinking_tags.opening, template.thinking_tags.closing)
    return Evidence(tuple(c for c in ("tools", "insert", "thinking") if c in words), words)


def select(
    *,
    template: str | PromptTemplate | None = None,
    jinja: str | None = None,
    renderer: str = "",
    parser: str = "",
    architecture: str = "",
    target: str | Target = "latest",
    go_template: bool | None = None,
) -> Selection:
    """Who makes the prompt once the package is created from files on the target.

    template: the Modelfile's TEMPLATE, None without one. jinja: the GGUF's
    tokenizer.chat_template. renderer, parser: the Modelfile's. architecture: the GGUF's
    general.architecture. go_template: the server's OLLAMA_GO_TEMPLATE, None where it is not set.
    Raises GoTemplateError for a TEMPLATE that create refuses.
    """
    target = Target.parse(target)
    jinja = jinja or ""
    detected = detect(jinja, target) if jinja else None
    stops = tuple(detected.stops) if detected else ()
    own = _OWN_RENDERER.get(architecture)
    why_renderer = f"RENDERER {renderer} is set"
    if own and target.version >= own[0] and not (renderer and parser):
        if not renderer:
            why_renderer = f"create gives the architecture {architecture} the renderer {own[1]}"
        renderer, parser = renderer or own[1], parser or own[2]
        stops = (*stops, *own[3])
    if isinstance(template, str):
        template = PromptTemplate(template, target=target, family=architecture)
    base = Selection(
        "template",
        "",
        parser=parser,
        detected=None if template else detected,
        stops=stops,
        template=template_evidence(template) if template else None,
        jinja=jinja_evidence(jinja) if jinja else None,
    )
    if renderer:
        return replace(
            base,
            source="renderer",
            renderer=renderer,
            why=f"{why_renderer}; Ollama's own code makes the prompt and no template is used",
            change="remove RENDERER"
            if own is None
            else "only a package made from an existing model without renderer escapes it",
        )
    return _without_renderer(base, template, jinja, architecture, target, go_template)


def _without_renderer(
    base: Selection,
    template: PromptTemplate | None,
    jinja: str,
    architecture: str,
    target: Target,
    go_template: bool | None,
) -> Selection:
    added = base.detected.name if base.detected else ""
    if not target.has("native_jinja"):
        return _templates_only(base, template is not None, added, target)
    if base.parser and template is None and not added:
        near = base.detected.candidates if base.detected else ()
        unless = f", unless create takes the GGUF's Jinja for {' or '.join(near)}" if near else ""
        return replace(
            base,
            source="message",
            why=f"PARSER {base.parser} is set and there is no TEMPLATE, so the GGUF's own Jinja is not used "
            f"and the prompt is the text of the last message alone{unless}",
            change="write a TEMPLATE, or remove PARSER",
            certain=not near,
        )
    if base.parser:
        return replace(
            base, why=f"PARSER {base.parser} is set, so Ollama renders the TEMPLATE", change="remove PARSER"
        )
    if template and uses_harmony(architecture, template.source):
        why = f"the architecture is {architecture} and the TEMPLATE holds <|start|> and <|end|> (harmony)"
        return replace(base, harmony=True, why=why)
    if template is None and not added:
        return _native(base, jinja, "there is no TEMPLATE")
    if go_template is not None:
        return _forced(base, jinja, go_template)
    if not jinja:
        return replace(base, why="the GGUF has no Jinja chat template")
    golang = base.template
    if golang is None:
        golang = _COMMAND_R if added == "command-r" else Evidence((), {})
    assert base.jinja is not None
    chosen = _contest(base, golang, base.jinja, target)
    if template is not None:
        return chosen
    what = f"create adds the Go template {added!r}; "
    return replace(chosen, why=what + chosen.why.replace("the TEMPLATE", "it"))


def _templates_only(base: Selection, own: bool, added: str, target: Target) -> Selection:
    """Before 0.30 there were Go templates alone."""
    why = f"Ollama {target.name} knows Go templates only (Jinja came with 0.30)"
    if own:
        return replace(base, why=why)
    if added:
        return replace(base, why=f"{why}; create adds {added!r}", change="write a TEMPLATE of your own")
    certain = not (base.detected and base.detected.candidates)
    return replace(
        base,
        why=f"{why}; without a TEMPLATE it is {{{{ .Prompt }}}}",
        change="write a TEMPLATE",
        certain=certain,
    )


def _native(base: Selection, jinja: str, why: str) -> Selection:
    if jinja:
        why += ", so llama-server uses the GGUF's own Jinja"
        near = base.detected.candidates if base.detected and base.template is None else ()
        if near and not jinja_evidence(jinja).capabilities:
            why += f", unless create takes it for {' or '.join(near)}"
            return replace(base, source="jinja", why=why, certain=False)
        return replace(base, source="jinja", why=why)
    return replace(
        base,
        source="built-in",
        why=f"{why} and the GGUF has no Jinja, so llama-server formats chats as ChatML",
        change="write a TEMPLATE",
    )


def _forced(base: Selection, jinja: str, go_template: bool) -> Selection:
    if go_template:
        return replace(base, why="OLLAMA_GO_TEMPLATE=1 on the server forces the TEMPLATE")
    return _native(base, jinja, "OLLAMA_GO_TEMPLATE=0 on the server turns the TEMPLATE off")


def _contest(base: Selection, golang: Evidence, jinja: Evidence, target: Target) -> Selection:
    """shouldPreferChatTemplate: more capabilities win, a tie goes by the tool round trip."""
    more = [c for c in jinja.capabilities if c not in golang.capabilities]
    if len(jinja.capabilities) > len(golang.capabilities):
        shown = "; ".join(f"{c} by {_quoted(jinja.words[c])}" for c in more)
        if golang.round_trip and not jinja.round_trip:
            return replace(
                base,
                why=f"the Jinja shows more ({shown}), but only the TEMPLATE shows a tool round trip",
                change="a Jinja that shows tool messages coming back would win",
            )
        return replace(
            base,
            source="jinja",
            why=f"the Jinja shows more capabilities than the TEMPLATE: {shown}",
            change=f"let the TEMPLATE show {' and '.join(_needed(c) for c in more)}",
        )
    tie = set(jinja.capabilities) == set(golang.capabilities) and "tools" in golang.capabilities
    if target.has("tool_round_trip_tie") and tie and jinja.round_trip and not golang.round_trip:
        return replace(
            base,
            source="jinja",
            why=f"both show the same, and only the Jinja shows a tool round trip: "
            f"{_quoted(jinja.words['round trip'])}",
            change='let the TEMPLATE hold .ToolCalls and one of eq .Role "tool", tool_response, TOOL_RESULTS',
        )
    return replace(
        base,
        why=f"the TEMPLATE shows {_listed(golang)}, the Jinja {_listed(jinja)}, which is not more",
        change="",
    )


def _needed(capability: str) -> str:
    if capability == "tools":
        return ".Tools"
    return "thinking tags around .Thinking in a range over .Messages"


def _listed(evidence: Evidence) -> str:
    return ", ".join(evidence.capabilities) or "no capability"


def _quoted(words: tuple[str, ...]) -> str:
    return " and ".join(f"`{w}`" for w in words)
