"""From a request to the prompt that an Ollama server sends to its engine.

Sources (Ollama 0.33, and older where `versions.SINCE` says so): server/routes.go (ChatHandler,
GenerateHandler), server/prompt.go (chatPrompt), template/template.go (Execute, collate).
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..core.errors import GoTemplateError, PromptError
from ..core.later import later
from ..gotemplate import Spent, Template, parse
from ..gotemplate.big_stack import with_deep_stack
from ..gotemplate.values.representation import Slice
from . import builtin, inference
from .api_types import types_for
from .api_values import ChatMessage, clean, decode_messages, message_value, tools_value
from .conversation_rules import (
    collate,
    drop_oldest,
    keep_newest,
    request_conversation,
    with_image_tags,
    without_old_thinking,
)
from .functions import template_functions
from .legacy import cut_at_response, with_response
from .replies import split_reply
from .reply_types import Reply
from .think import Think, resolve_think, think_values
from .versions import Target

if TYPE_CHECKING:
    from .grammar import Modelfile
    from .parsers import registry as parsers
else:
    parsers = later("modelfile_kit.ollama.parsers.registry")

TokenCounter = Callable[[str], int]
# What Ollama counts for an image while it looks whether the prompt fits (server/prompt.go).
IMAGE_TOKENS = 768
_BROKEN = re.compile("[\udc80-\udcff]")


class PromptTemplate:
    """A Go TEMPLATE, parsed once, that renders requests as an Ollama server does.

    source: the TEMPLATE's text. target: which Ollama. now: today's date or a function that gives it,
    for currentDate (default: the system's date). system, messages: the model's own SYSTEM and
    MESSAGEs. parser: its PARSER, which can add capabilities and rename tools (a model with a RENDERER
    is not rendered by a TEMPLATE at all). name, family: the model's name and architecture, for the
    rules that look at them.
    projector: whether the model has one (it counts when a conversation is cut to fit).
    steps: how many steps its renderings have taken so far (see `gotemplate.Limits`).

    Raises GoTemplateError where create would refuse the TEMPLATE.
    """

    def __init__(
        self,
        source: str,
        *,
        target: str | Target = "latest",
        now: datetime.date | Callable[[], datetime.date] | None = None,
        system: str = "",
        messages: Sequence[Mapping[str, Any]] = (),
        parser: str = "",
        name: str = "the model",
        family: str = "",
        projector: bool = False,
    ) -> None:
        self.source = source
        self.target = Target.parse(target)
        self.system = system
        self.messages = tuple(decode_messages(messages))
        self.harmony = builtin.uses_harmony(family, source)
        self.parser = parser or ("harmony" if self.harmony else "")
        self.name = name
        self.family = family
        self.projector = projector
        self._spent = Spent()
        self._clock = now if callable(now) else (lambda: now or datetime.date.today())
        self.types = types_for(self.target)
        parsed = parse(source, functions=template_functions(self.target, self._clock))
        try:
            self.variables = frozenset(
                with_deep_stack(lambda: inference.variables({**parsed.defined, "": parsed.root}))
            )
        except inference.UndefinedTemplateError as e:
            raise GoTemplateError(
                f'undefined template specified: {{{{ template "{e}" }}}} has no pipeline',
                help=f'write {{{{ template "{e}" . }}}}; Ollama needs the pipeline',
            ) from None
        if not self.variables & {"messages", "response"}:
            parsed = parsed.with_root(with_response(parsed.root))
            self.variables |= {"response"}
        self.template: Template = parsed

    @property
    def steps(self) -> int:
        return self._spent.steps

    @classmethod
    def from_modelfile(cls, modelfile: Modelfile, **options: Any) -> PromptTemplate:
        """The TEMPLATE of a Modelfile with its SYSTEM, MESSAGEs and PARSER; options as for the class.

        Without a TEMPLATE it is `{{ .Prompt }}`, which is what Ollama then uses.
        """
        template = modelfile.last("template")
        messages = [{"role": i.key, "content": i.value} for i in modelfile.all("message")]
        own = {"system": modelfile.last("system") or "", "messages": messages}
        own["parser"] = modelfile.last("parser") or ""
        return cls(template or "{{ .Prompt }}", **{**own, **options})

    @cached_property
    def thinking_tags(self) -> inference.ThinkingTags:
        """The tags by which Ollama splits a reply."""
        return with_deep_stack(lambda: inference.thinking_tags(self.template.root))

    @cached_property
    def tool_tag(self) -> inference.ToolTag:
        """The tag by which Ollama finds tool calls in a reply."""
        return with_deep_stack(lambda: inference.tool_tag(self.template.root))

    @cached_property
    def capabilities(self) -> tuple[str, ...]:
        """Of "tools", "insert", "thinking" those that TEMPLATE, PARSER and architecture give the model."""
        found = {c for c, name in (("tools", "tools"), ("insert", "suffix")) if name in self.variables}
        if self.target.has("thinking") and (self.thinking_tags or self.family in builtin.GPT_OSS):
            found.add("thinking")
        parser = builtin.parser_for(self.parser, self.target)
        found |= set(parser.capabilities if parser else ())
        return tuple(c for c in ("tools", "insert", "thinking") if c in found)

    @property
    def is_legacy(self) -> bool:
        """Whether it is run once a turn, with `.Prompt` and `.Response`."""
        return "messages" not in self.variables

    def render(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        tools: Sequence[Mapping[str, Any]] | None = None,
        think: Think = None,
        num_ctx: int | None = None,
        count_tokens: TokenCounter | None = None,
        truncate: bool = True,
    ) -> str:
        """The prompt of an /api/chat request, images as `[img-N]`.

        messages, tools, think: as in the request (`images` may be a count). num_ctx, count_tokens:
        the context's size in tokens and a function that counts a text's; with both, a conversation
        that is too long loses messages as on the server, unless `truncate` is False.

        Raises PromptError where the server answers an error (its `status`), GoTemplateError where
        the TEMPLATE fails.
        """
        request = decode_messages(messages)
        offered = tools_value(self.types, tools)
        if self.parser == "harmony":
            _rename(offered)
        think = self.resolved_think(think)
        self._require("tools", bool(tools))
        if not request:
            raise PromptError(
                "a request without messages only loads the model; there is no prompt", status=200
            )
        conversation = request_conversation(request, self.system, self.messages)
        if self.target.has("thinking"):
            conversation = without_old_thinking(conversation, family=self.family, name=self.name)
        return self._chat_prompt(conversation, offered, think, num_ctx, count_tokens, truncate)

    def render_generate(
        self,
        prompt: str,
        *,
        system: str = "",
        suffix: str = "",
        images: Sequence[Any] | int = (),
        think: Think = None,
        raw: bool = False,
        template: str = "",
        context: str | None = None,
        num_ctx: int | None = None,
        count_tokens: TokenCounter | None = None,
        truncate: bool = True,
    ) -> str:
        """The prompt of an /api/generate request.

        system: overrides the model's SYSTEM. template: overrides its TEMPLATE. context: the text
        after the deprecated `context` of a former answer; the model's MESSAGEs are left out then.
        The rest is as for `render`.
        """
        if raw and (template or system or context):
            raise PromptError("raw mode does not support template, system, or context", status=400)
        think = self.resolved_think(think)
        self._require("insert", bool(suffix))
        if not prompt:
            raise PromptError(
                "a request without a prompt only loads the model; there is no prompt", status=200
            )
        prompt = clean(prompt)
        if raw:
            return prompt
        before = clean(context or "")
        other = PromptTemplate(template, target=self.target, now=self._clock) if template else self
        if suffix:
            return sent(before + other.insert(prompt, clean(suffix), think))
        conversation = generate_messages(
            prompt,
            clean(system) or self.system,
            () if context is not None else self.messages,
            images,
            self.target,
        )
        if template or not self.target.has("generate_as_chat"):
            no_tools = Slice(self.types.tools, None)
            return sent(before + other.execute(conversation, no_tools, think))
        no_tools = tools_value(self.types, [])
        return before + self._chat_prompt(conversation, no_tools, think, num_ctx, count_tokens, truncate)

    def split_reply(
        self,
        reply: str | Iterable[str],
        *,
        prompt: str = "",
        think: Think = None,
        tools: Sequence[Mapping[str, Any]] | None = None,
        last_message: Mapping[str, Any] | None = None,
    ) -> Reply:
        """What /api/chat makes of a model's reply: thinking, content and tool calls.

        reply: the text or its pieces. prompt, think, tools: the rendered prompt and the request's.
        last_message: the last message of the conversation, which a PARSER asks for. With a PARSER the prompt
        does not count, and a text comes as one piece; by tags it comes character by character. Raises
        UsageError for releases whose PARSERs are not known.
        """
        if builtin.parser_for(self.parser, self.target):
            return parsers.read_reply(
                self.parser,
                reply,
                tools=tools,
                last_message=last_message,
                think=self.resolved_think(think),
                target=self.target,
            )
        return split_reply(
            reply,
            opening=self.thinking_tags.opening,
            closing=self.thinking_tags.closing,
            tool_tag=self.tool_tag.tag,
            prompt=prompt,
            think=bool(self.resolved_think(think)),
            tools=tools,
            target=self.target,
        )

    def with_parser(self, parser: str) -> PromptTemplate:
        """The same model with another PARSER ("" for none); the TEMPLATE is not parsed again."""
        other = copy(self)
        other.parser = parser or ("harmony" if self.harmony else "")
        other.__dict__.pop("capabilities", None)
        return other

    def resolved_think(self, think: Think) -> Think:
        """The request's `think` as TEMPLATE and parser see it.

        Raises PromptError where the server refuses it.
        """
        can = "thinking" in self.capabilities
        return resolve_think(think, self.target, can=can, harmony=self.harmony, name=self.name)

    def _require(self, capability: str, wanted: bool) -> None:
        if wanted and capability not in self.capabilities:
            variable = {"tools": ".Tools", "insert": ".Suffix"}[capability]
            raise PromptError(
                f"{self.name} does not support {capability}",
                status=400,
                help=f"the TEMPLATE has no {variable}, so Ollama refuses the request",
            )

    def _chat_prompt(
        self,
        conversation: list[ChatMessage],
        tools: Slice,
        think: Think,
        num_ctx: int | None,
        count_tokens: TokenCounter | None,
        truncate: bool,
    ) -> str:
        if self.family == "mllama" and any(m.image_count > 1 for m in conversation):
            raise PromptError("this model only supports one image while more than one image requested")
        truncate = truncate or not self.target.has("generate_as_chat")  # the switch is as old

        def fits(candidate: list[ChatMessage], with_images: Sequence[ChatMessage]) -> bool:
            text = sent(self.execute(candidate, tools, think))
            if not truncate or num_ctx is None or count_tokens is None:
                return True
            tokens = count_tokens(text)
            if self.projector:
                tokens += IMAGE_TOKENS * sum(m.image_count for m in with_images)
            return tokens <= num_ctx

        system: list[ChatMessage] = []
        start = 0
        if not self.target.has("drop_oldest"):
            # Every shorter conversation is rendered too, and an error in one is the server's answer.
            in_place = self.target.has("tool_messages")
            system, start = keep_newest(conversation, fits, in_place=in_place)
        elif truncate and num_ctx is not None and count_tokens is not None:
            system, start = drop_oldest(conversation, fits)
        kept = [*system, *with_image_tags(conversation[start:])]
        return sent(self.execute(kept, tools, think))

    def execute(self, messages: Sequence[ChatMessage], tools: Slice, think: Think) -> str:
        """template.Template.Execute on decoded messages; may hold bytes that are not UTF-8."""
        system, merged = collate(messages, keep_tools=self.target.has("tool_messages"))
        if self.is_legacy:
            return self._execute_legacy(merged, think)
        data = {
            "System": system,
            "Messages": Slice(self.types.messages, [message_value(self.types, m) for m in merged]),
            "Tools": tools,
            "Response": "",
            **think_values(think, self.target),
        }
        return self.template.execute(data, spent=self._spent)

    def insert(self, prompt: str, suffix: str, think: Think) -> str:
        """The prompt of a request that fills a gap; may hold bytes that are not UTF-8."""
        data = {"Prompt": prompt, "Suffix": suffix, "Response": "", **think_values(think, self.target)}
        return self.template.execute(data, spent=self._spent)

    def _execute_legacy(self, messages: Sequence[ChatMessage], think: Think) -> str:
        """One run a turn; the last one by the tree that is cut at `.Response`."""
        flags = think_values(think, self.target)
        out: list[str] = []
        system = prompt = response = ""

        def data() -> dict[str, Any]:
            return {"System": system, "Prompt": prompt, "Response": response, **flags}

        for message in messages:
            if (message.role == "system" and (prompt or response)) or (message.role == "user" and response):
                out.append(self.template.execute(data(), spent=self._spent))
                system = prompt = response = ""
            if message.role == "system":
                system = message.content
            elif message.role == "user":
                prompt = message.content
            elif message.role == "assistant":
                response = message.content
        last = self._last_turn.execute(data(), functions={}, missingkey="default", spent=self._spent)
        out.append(last)
        return "".join(out)

    @cached_property
    def _last_turn(self) -> Template:
        root = with_deep_stack(lambda: cut_at_response(self.template.root))
        return replace(self.template, root=root, defined={})


def generate_messages(
    prompt: str,
    system: str,
    first: Sequence[ChatMessage],
    images: Sequence[Any] | int,
    target: Target,
) -> list[ChatMessage]:
    """The conversation that a request of /api/generate stands for.

    system, first: the system text and the messages before the user's; "" and none where there are none.
    """
    messages = [ChatMessage("system", system)] if system else []
    messages.extend(first)
    user = decode_messages([{"role": "user", "content": prompt, "images": images}])[0]
    if not target.has("generate_as_chat"):
        messages.extend(ChatMessage("user", f"[img-{i}]") for i in range(user.image_count))
        user = replace(user, images=None)
    return [*messages, user]


def _rename(tools: Slice) -> None:
    """Harmony shows tools under names that are identifiers."""
    functions = [tool.fields["Function"].fields for tool in tools.items or ()]
    for function, name in zip(functions, builtin.harmony_names(f["Name"] for f in functions), strict=True):
        function["Name"] = name


def sent(text: str) -> str:
    """The text as it leaves the server as JSON: each byte that is not UTF-8 is U+FFFD."""
    return text if text.isascii() else _BROKEN.sub("\ufffd", text)


def render_prompt(
    template: str,
    messages: Sequence[Mapping[str, Any]],
    *,
    tools: Sequence[Mapping[str, Any]] | None = None,
    think: Think = None,
    **options: Any,
) -> str:
    """What an Ollama server sends to the engine for this Go TEMPLATE on /api/chat.

    template, messages, tools, think: the TEMPLATE's source and the request. options: those of
    `PromptTemplate` (target, now, system, parser, name, family, projector; the model's own MESSAGEs as
    `history`) and of its `render` (num_ctx, count_tokens, truncate). Images are `[img-N]`.

    Raises PromptError where the server answers an error, GoTemplateError where the TEMPLATE fails.

        >>> from modelfile_kit import render_prompt
        >>> template = "{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>"
        >>> render_prompt(template, [{"role": "user", "content": "What is it?", "images": 1}])
        '<|user|>[img-0]What is it?<|assistant|>'
    """
    request = {k: options.pop(k) for k in ("num_ctx", "count_tokens", "truncate") if k in options}
    if "history" in options:
        options["messages"] = options.pop("history")
    return PromptTemplate(template, **options).render(messages, tools=tools, think=think, **request)


def render_generate(template: str, prompt: str, /, **options: Any) -> str:
    """What an Ollama server sends to the engine for this Go TEMPLATE on /api/generate.

    options: those of `PromptTemplate` (its `messages` as `history`, its `system` as `model_system`)
    and of `PromptTemplate.render_generate`. Raises as `render_prompt`.
    """
    own: dict[str, Any] = {
        k: options.pop(k) for k in ("target", "now", "parser", "name", "family", "projector") if k in options
    }
    own["messages"] = options.pop("history", ())
    own["system"] = options.pop("model_system", "")
    return PromptTemplate(template, **own).render_generate(prompt, **options)
