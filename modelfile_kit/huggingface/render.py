"""Messages in, the text that Hugging Face's `apply_chat_template` renders out."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any

import jinja2

from ..core.conversation import Message, Tool, to_huggingface
from ..core.diagnostics import Span
from ..core.errors import TemplateReferenceError
from ..core.step_account import open_accounts
from .environment import RaisedByTemplateError, ReferenceEnvironment, environment, plain
from .guard import BUDGET, LOOK_STEPS, STEPS_MAX, TEMPLATE_MAX, TemplateLimitError, too_many_steps

# Compiled templates kept: a package has one or two, a corpus run some hundred.
COMPILED_MAX = 128
# Characters of a source line shown in an error.
SNIPPET_MAX = 100

_REASONING = ("reasoning_content", "thinking", "reasoning")


class ConversationRefusedError(TemplateReferenceError):
    """The template's own `raise_exception`: it refuses this conversation. `reason` is its text."""

    code = "MK211"

    def __init__(self, reason: str, *, span: Span | None = None) -> None:
        super().__init__(
            f"the chat template refuses this conversation: {reason}",
            help="this is the template's own rule; give it a conversation that it allows",
            span=span,
        )
        self.reason = reason


class Reference:
    """A chat template that is compiled once and rendered often.

    chat_template: the Jinja source. bos_token, eos_token: their texts; None leaves the name
    undefined, as Hugging Face does for a tokenizer that has none. env: another environment than
    the shared one (for measuring which branches run). aliases: whether a message's reasoning is seen
    as `thinking` too, as transformers 5 does. steps: how many its renderings have taken so far;
    steps_max: how many one may take. look_ended: which limit ended a look at how it writes replies
    (`replies.turns`), "" where none did.
    Raises TemplateReferenceError with the line for a template that does not compile.
    """

    def __init__(
        self,
        chat_template: str,
        *,
        bos_token: str | None = "",
        eos_token: str | None = "",
        env: ReferenceEnvironment | None = None,
        aliases: bool = True,
    ) -> None:
        self.aliases = aliases
        self.steps = 0
        self.steps_max = STEPS_MAX
        self.look_ended = ""
        self.source = chat_template
        self._template = compile_source(chat_template, env)
        tokens = {"bos_token": bos_token, "eos_token": eos_token}
        self._tokens = {name: text for name, text in tokens.items() if text is not None}
        self._identity = chat_template, bos_token, eos_token, aliases, id(env) if env else 0

    def __eq__(self, other: object) -> bool:
        # what is remembered of one holds for every other one that renders the same
        return isinstance(other, Reference) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    def render(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[Tool] | None = None,
        add_generation_prompt: bool = True,
        think: bool | str | None = None,
        now: datetime | Callable[[], datetime] | None = None,
        **kwargs: Any,
    ) -> str:
        """Renders a conversation; see `render_reference`."""
        if not messages:
            raise TemplateReferenceError(
                "the conversation is empty", help="Hugging Face renders conversations of at least one message"
            )
        arguments: dict[str, Any] = {
            "documents": None,
            **self._tokens,
            **({} if think is None else {"enable_thinking": think, "thinking": think}),
            **({"reasoning_effort": think} if isinstance(think, str) else {}),
            **{name: plain(value) for name, value in kwargs.items()},
            "messages": huggingface_messages(messages, aliases=self.aliases),
            "tools": None if tools is None else plain(list(tools)),
            "add_generation_prompt": add_generation_prompt,
        }
        return self.render_arguments(arguments, now=now)

    def look(self, messages: Sequence[Message], **options: Any) -> str:
        """Renders a short conversation of the kit's own, which takes few steps: an early limit ends it."""
        usual = self.steps_max
        self.steps_max = min(usual, LOOK_STEPS)
        try:
            return self.render(messages, **options)
        finally:
            self.steps_max = usual

    def render_arguments(
        self,
        arguments: Mapping[str, Any],
        *,
        now: datetime | Callable[[], datetime] | None = None,
    ) -> str:
        """Renders with exactly these template variables (plain JSON values)."""
        accounts = open_accounts()
        together = accounts.jinja.limit if accounts and accounts.jinja.left < self.steps_max else 0
        if accounts and not accounts.jinja.left:
            raise too_many_steps(together, together=True)
        most = accounts.jinja.left if accounts and together else self.steps_max
        BUDGET.start((lambda: now) if isinstance(now, datetime) else now, most, together)
        template = self._template
        try:
            context = template.new_context(dict(arguments))
            return template.environment.concat(template.root_render_func(context))
        except TemplateLimitError as e:
            e.span = e.span or Span(line=_line(template, e.__traceback__))
            raise
        except RaisedByTemplateError as e:
            raise ConversationRefusedError(
                e.message or "", span=Span(line=_line(template, e.__traceback__))
            ) from e
        except (Exception, RecursionError) as e:
            raise self._failure(e) from e
        finally:
            self.steps += BUDGET.steps
            if accounts:
                accounts.jinja.spent += BUDGET.steps
            BUDGET.forget()

    def _failure(self, error: Exception) -> TemplateReferenceError:
        line = _line(self._template, error.__traceback__)
        if isinstance(error, RecursionError):
            return TemplateLimitError(
                "the chat template recurses too deeply",
                help="look for a macro that calls itself without an end",
                span=Span(line=line),
            )
        where = f" in `{_snippet(self.source, line)}`" if line else ""
        return TemplateReferenceError(
            f"the chat template fails{where}: {type(error).__name__}: {error}",
            help="Hugging Face fails here too; check that the conversation has the fields the template reads",
            span=Span(line=line),
        )


def render_reference(
    chat_template: str,
    messages: Sequence[Message],
    *,
    tools: Sequence[Tool] | None = None,
    bos_token: str | None = "",
    eos_token: str | None = "",
    add_generation_prompt: bool = True,
    think: bool | str | None = None,
    now: datetime | Callable[[], datetime] | None = None,
    **kwargs: Any,
) -> str:
    """What Hugging Face's `apply_chat_template(..., tokenize=False)` renders.

    messages: in Ollama's API shape (see `modelfile_kit.core.conversation`). tools: JSON schemas as they
    are. bos_token, eos_token: None leaves the name undefined. think: becomes the arguments
    `enable_thinking` and `thinking`, and a level such as "low" `reasoning_effort` too; None gives none of
    them. now: the clock of `strftime_now`.
    kwargs: further template variables (documents, date_string, …).
    Raises ConversationRefusedError where the template's own `raise_exception` does,
    TemplateLimitError where it would take too long or too much memory, TemplateReferenceError
    with the line for anything else that Hugging Face fails at too.

        >>> from modelfile_kit import render_reference
        >>> jinja = "{{ bos_token }}{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}"
        >>> render_reference(jinja, [{"role": "user", "content": "Hi"}], bos_token="<s>")
        '<s><|user|>Hi'
    """
    reference = Reference(chat_template, bos_token=bos_token, eos_token=eos_token)
    return reference.render(
        messages, tools=tools, add_generation_prompt=add_generation_prompt, think=think, now=now, **kwargs
    )


def huggingface_messages(messages: Sequence[Message], *, aliases: bool = True) -> list[dict[str, Any]]:
    """Messages as a template sees them: Hugging Face drops keys that hold None and, since
    transformers 5, shows reasoning as `thinking` too (gpt-oss reads that name)."""
    shaped: list[dict[str, Any]] = []
    for message in plain(to_huggingface(messages)):
        present = {k: v for k, v in message.items() if v is not None}
        reasoning = next((present[k] for k in _REASONING if k in present), None)
        if reasoning is not None and aliases:
            present = {"thinking": reasoning, **present, "reasoning_content": reasoning}
        shaped.append(present)
    return shaped


def compile_source(chat_template: str, env: ReferenceEnvironment | None = None) -> jinja2.Template:
    """Compiles a chat template; the shared environment's are cached by their text."""
    if len(chat_template) > TEMPLATE_MAX:
        raise TemplateLimitError(
            f"the chat template has {len(chat_template):,} characters, the limit is {TEMPLATE_MAX:,}",
            help="is this really a chat template?",
        )
    return _compile(chat_template, env) if env else _compile_shared(chat_template)


@functools.lru_cache(COMPILED_MAX)
def _compile_shared(chat_template: str) -> jinja2.Template:
    return _compile(chat_template, environment())


def _compile(chat_template: str, env: ReferenceEnvironment) -> jinja2.Template:
    BUDGET.start()
    try:
        return env.from_string(chat_template)
    except TemplateLimitError:
        raise
    except jinja2.TemplateSyntaxError as e:
        raise TemplateReferenceError(
            f"the chat template does not parse: {e.message} (`{_snippet(chat_template, e.lineno)}`)",
            help="chat templates are Jinja2 with loop controls and the `generation` tag",
            span=Span(line=e.lineno),
        ) from e
    except (RecursionError, MemoryError) as e:
        raise TemplateLimitError(
            "the chat template is nested too deeply to compile",
            help="real templates nest some twenty levels",
        ) from e
    except Exception as e:
        raise TemplateReferenceError(
            f"the chat template does not compile: {type(e).__name__}: {e}",
            help="Hugging Face cannot compile it either",
        ) from e


def _line(template: jinja2.Template, trace: TracebackType | None) -> int | None:
    """The template's innermost line in a traceback."""
    line = None
    while trace is not None:
        if trace.tb_frame.f_globals.get("__jinja_template__") is template:
            line = template.get_corresponding_lineno(trace.tb_lineno)
        trace = trace.tb_next
    return line


def _snippet(source: str, line: int) -> str:
    """A source line, trimmed for a message."""
    lines = source.splitlines()
    text = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    return text if len(text) <= SNIPPET_MAX else text[:SNIPPET_MAX] + "…"
