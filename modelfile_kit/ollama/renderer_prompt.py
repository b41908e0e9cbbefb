"""From a request to the prompt of a model with a RENDERER, which uses no TEMPLATE.

Sources (Ollama 0.30 to 0.34, changes are rows of `versions.SINCE`): server/routes.go (ChatHandler,
GenerateHandler), server/prompt.go (chatPrompt), server/model_thinking.go, server/renderer_resolution.go.
"""

from __future__ import annotations

import copy
import datetime
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from ..core.errors import PromptError
from ..gotemplate.big_stack import with_deep_stack
from ..gotemplate.values.representation import Slice
from .api_values import ChatMessage, clean, decode_messages
from .builtin import parser_for
from .conversation_rules import drop_oldest, request_conversation, without_old_thinking
from .grammar import Modelfile
from .parsers.registry import read_reply
from .prompt import IMAGE_TOKENS, PromptTemplate, TokenCounter, generate_messages, sent
from .renderers import make_renderer, resolve_name
from .renderers.protocol import Tool
from .renderers.request import read_messages, read_tools
from .reply_types import Reply
from .think import Think, resolve_think
from .versions import Target


class RendererPrompts:
    """A RENDERER that renders requests as an Ollama server does; used like `PromptTemplate`.

    renderer, parser: the names that RENDERER and PARSER have; without a parser a request with tools or with
    `think` is refused. target: which Ollama; of several the oldest counts. now: today's date or a function
    that gives it. system, messages: the model's own SYSTEM and MESSAGEs. name: the model's name; parameters:
    how many it has (gemma4 asks for both). family: its architecture. projector: whether it has one. template:
    the Modelfile's TEMPLATE, which is not used, but which can show capabilities too.

    Raises UsageError for a renderer that the release does not know, and for releases before 0.30.
    """

    is_legacy = False

    def __init__(
        self,
        renderer: str,
        *,
        parser: str = "",
        target: str | Target = "latest",
        now: datetime.date | Callable[[], datetime.date] | None = None,
        system: str = "",
        messages: Sequence[Mapping[str, Any]] = (),
        name: str = "the model",
        family: str = "",
        parameters: int = 0,
        projector: bool = False,
        template: str | None = None,
    ) -> None:
        self.target = Target.parse(target)
        self.renderer = renderer
        self.resolved = resolve_name(renderer, name, parameters)
        make_renderer(renderer, self.target)
        clock = now if callable(now) else (lambda: now or datetime.date.today())
        self.family_renderer = make_renderer(self.resolved, self.target, clock)
        self.parser = parser
        self.system = system
        self.messages = tuple(decode_messages(messages))
        self.name = name
        self.family = family
        self.projector = projector
        self.template = (
            None if template is None else PromptTemplate(template, target=self.target, family=family)
        )

    @classmethod
    def from_modelfile(cls, modelfile: Modelfile, **options: Any) -> RendererPrompts:
        """The RENDERER of a Modelfile with its PARSER, SYSTEM and MESSAGEs; options as for the class."""
        messages = [{"role": i.key, "content": i.value} for i in modelfile.all("message")]
        own: dict[str, Any] = {"system": modelfile.last("system") or "", "messages": messages}
        own |= {"parser": modelfile.last("parser") or "", "template": modelfile.last("template")}
        own |= {"renderer": modelfile.last("renderer") or ""}
        return cls(**{**own, **options})

    def with_clock(self, now: Callable[[], datetime.date]) -> RendererPrompts:
        """The same with another day."""
        other = copy.copy(self)
        other.family_renderer = make_renderer(self.resolved, self.target, now)
        return other

    def with_parser(self, parser: str) -> RendererPrompts:
        """The same with another PARSER."""
        other = copy.copy(self)
        other.parser = parser
        other.__dict__.pop("capabilities", None)
        return other

    @property
    def bos(self) -> str:
        """The BOS that the prompts begin with, "" for none; the server drops it where the engine adds one."""
        return self.family_renderer.bos

    @cached_property
    def capabilities(self) -> tuple[str, ...]:
        """Of "tools", "insert" and "thinking" those that PARSER and TEMPLATE give the model."""
        parser = parser_for(self.parser, self.target)
        found = {
            *(parser.capabilities if parser else ()),
            *(self.template.capabilities if self.template else ()),
        }
        return tuple(c for c in ("tools", "insert", "thinking") if c in found)

    @property
    def varies(self) -> str:
        """What of the last prompt the server writes in an order of chance, "" for none."""
        return self.family_renderer.varies

    def resolved_think(self, think: Think) -> Think:
        """What the renderer is told for a request's `think`; raises PromptError (400) where it is refused."""
        can = "thinking" in self.capabilities
        if self.target.has("renderer_levels"):
            think = self._level(think, can=can)
            if think and not can:
                raise PromptError(
                    f"{self.name} does not support thinking",
                    status=400,
                    help="leave `think` out, or use a PARSER that reads thoughts",
                )
            return think
        return resolve_think(think, self.target, can=can, harmony=False, name=self.name)

    def _level(self, think: Think, *, can: bool) -> Think:
        """Since 0.34.3 names that the renderer does not know, and no word at all, mean its default."""
        levels, default = self.family_renderer.levels, self.family_renderer.default
        if not can:
            levels, default = (False,), False
        elif default is False and any(level is True for level in levels):
            default = True
        if isinstance(think, bool) or (isinstance(think, str) and think in levels):
            return think
        return default

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
        """The prompt of an /api/chat request, images as `[img-N]`; see `PromptTemplate.render`.

        Raises PromptError where the server answers an error.
        """
        request = decode_messages(messages)
        offered = with_deep_stack(lambda: read_tools(tools, self.target))
        think = self.resolved_think(think)
        if tools and "tools" not in self.capabilities:
            raise PromptError(
                f"{self.name} does not support tools",
                status=400,
                help="a model with a RENDERER needs a PARSER that reads tool calls",
            )
        if not request:
            raise PromptError(
                "a request without messages only loads the model; there is no prompt", status=200
            )
        conversation = request_conversation(request, self.system, self.messages)
        conversation = without_old_thinking(conversation, family=self.family, name=self.name)
        return self._written(conversation, offered, think, num_ctx, count_tokens, truncate)

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
        """The prompt of an /api/generate request; arguments as for `PromptTemplate.render_generate`.

        The renderer writes it as a chat without tools. A request with `suffix` or with a `template` of its
        own is rendered by the TEMPLATE instead, which shows whether gaps can be filled at all. The reply is
        read by the PARSER, which is told neither tools nor a last message.
        """
        if raw and (template or system or context):
            raise PromptError("raw mode does not support template, system, or context", status=400)
        think = self.resolved_think(think)
        if suffix and "insert" not in self.capabilities:
            raise PromptError(
                f"{self.name} does not support insert",
                status=400,
                help="a RENDERER fills no gaps; a TEMPLATE beside it that has .Suffix does",
            )
        if not prompt:
            raise PromptError(
                "a request without a prompt only loads the model; there is no prompt", status=200
            )
        prompt, before = clean(prompt), clean(context or "")
        if raw:
            return prompt
        written = PromptTemplate(template, target=self.target) if template else self.template
        if suffix and written is not None:
            return sent(before + written.insert(prompt, clean(suffix), think))
        first = () if context is not None else self.messages
        conversation = generate_messages(prompt, clean(system) or self.system, first, images, self.target)
        if template and written is not None:
            no_tools = Slice(written.types.tools, None)
            return sent(before + written.execute(conversation, no_tools, think))
        return before + self._written(conversation, (), think, num_ctx, count_tokens, truncate)

    def split_reply(
        self,
        reply: str | Sequence[str],
        *,
        prompt: str = "",
        think: Think = None,
        tools: Sequence[Mapping[str, Any]] | None = None,
        last_message: Mapping[str, Any] | None = None,
    ) -> Reply:
        """What /api/chat makes of a model's reply by the PARSER; see `PromptTemplate.split_reply`.

        prompt: does not count. Without a parser the reply is content.
        """
        if parser_for(self.parser, self.target) is None:
            return Reply("", reply if isinstance(reply, str) else "".join(reply), ())
        return read_reply(
            self.parser,
            reply,
            tools=tools,
            last_message=last_message,
            think=self.resolved_think(think),
            target=self.target,
        )

    def _written(
        self,
        conversation: list[ChatMessage],
        tools: Sequence[Tool],
        think: Think,
        num_ctx: int | None,
        count_tokens: TokenCounter | None,
        truncate: bool,
    ) -> str:
        def write(some: Sequence[ChatMessage]) -> str:
            return with_deep_stack(lambda: self.family_renderer.render(read_messages(some), tools, think))

        system: list[ChatMessage] = []
        start = 0
        if truncate and num_ctx is not None and count_tokens is not None:
            count, limit = count_tokens, num_ctx

            def fits(candidate: list[ChatMessage], with_images: Sequence[ChatMessage]) -> bool:
                images = sum(m.image_count for m in with_images) if self.projector else 0
                return count(write(candidate)) + IMAGE_TOKENS * images <= limit

            system, start = drop_oldest(conversation, fits, merged=False)
        if self.family == "mllama" and any(m.image_count > 1 for m in conversation[start:]):
            raise PromptError("this model only supports one image while more than one image requested")
        return write([*system, *conversation[start:]])
