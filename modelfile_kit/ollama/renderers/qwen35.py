"""RENDERER qwen3.5, qwen3.8 and ornith (model/renderers/qwen35.go, ornith.go)."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.errors import PromptError
from ..think import Think
from .go_text import spaced, tool_json, trim
from .image_tags import with_tags
from .protocol import Message, Renderer, Tool
from .qwen3_coder import HOW_TO_CALL, argument_text, tool_result
from .qwen3_vl import last_query

_EFFORTS = {
    "xhigh": "Reasoning effort is set to xhigh. Please think carefully through the task, validate "
    "key assumptions, "
    "consider plausible alternatives, and prioritize correctness, consistency, and clarity in the "
    "final answer.",
    "low": "Reasoning effort is set to low. Keep your thinking brief and focused, moving directly "
    "to the conclusion "
    "without unnecessary elaboration.",
    "medium": "",
}
_INSTRUCTING = ("system", "developer")


class Qwen35(Renderer):
    """Thoughts after the last question are kept, and those of every turn where `always` is set."""

    levels: tuple[bool | str, ...] = (False, True)
    default: bool | str = True
    images = True
    always = False

    def write(self, messages: Sequence[Message], tools: Sequence[Tool], think: Think) -> str:
        messages = self.checked(messages)
        thinks = think is None or bool(think)
        seen = 0
        system = None
        if messages and messages[0].role == "system":
            system = trim(with_tags(messages[0].content, messages[0].images, 0)[0])
        out = [self.start(system, tools, think)]
        query = last_query(messages, trim)
        for i, message in enumerate(messages):
            content, seen = with_tags(message.content, message.images, seen)
            content = trim(content)
            last = i == len(messages) - 1
            prefill = last and message.role == "assistant"
            if message.role == "assistant":
                shown = self.always or (thinks and i > query)
                # Before 0.30.11 a thought of the request kept tags in the text, even where it is not written.
                counts = shown or (thinks and not self.target.has("renderer_qwen35_tags"))
                out.append(self.turn(message, content, shown=shown, counts=counts))
                out.append("" if prefill else "<|im_end|>\n")
            elif message.role == "tool":
                out.append(tool_result(messages, i, content))
            elif message.role == "user" or (message.role == "system" and i) or self.writes(message.role):
                out.append(f"<|im_start|>{message.role}\n{content}<|im_end|>\n")
            if last and not prefill:
                out += ["<|im_start|>assistant\n<think>\n", "" if thinks else "\n</think>\n\n"]
        return "".join(out)

    def start(self, system: str | None, tools: Sequence[Tool], think: Think) -> str:
        """The first turn."""
        effort = self.effort(think)
        if tools:
            before = f"{effort}\n\n" if effort else ""
            before += "# Tools\n\nYou have access to the following functions:\n\n<tools>"
            listed = "".join(f"\n{spaced(tool_json(t))}" for t in tools)
            text = f"{before}{listed}\n</tools>{HOW_TO_CALL}" + (f"\n\n{system}" if system else "")
        elif (system is None and not effort) or not self.needs_system(system, effort):
            return ""
        else:
            text = "\n\n".join(part for part in (effort, system or "") if part)
        return f"<|im_start|>system\n{text}<|im_end|>\n"

    def turn(self, message: Message, content: str, *, shown: bool, counts: bool) -> str:
        """A turn of the model up to its end.

        shown: with its thought; counts: whether the thought of the request is one.
        """
        thought, content = self.split(content, message.thinking if counts else "")
        head = f"<think>\n{thought}\n</think>\n\n" if shown else ""
        out = ["<|im_start|>assistant\n", head, content]
        for j, call in enumerate(message.calls):
            out.append("\n" if j else "\n\n" if trim(content) else "")
            out.append(f"<tool_call>\n<function={call.name}>\n")
            for name, value in call.arguments.items():
                out.append(f"<parameter={name}>\n{argument_text(value)}\n</parameter>\n")
            out.append("</function>\n</tool_call>")
        return "".join(out)

    def split(self, content: str, thinking: str) -> tuple[str, str]:
        """Thought and text; without a thought of its own, one in tags inside the text counts."""
        if thinking:
            return trim(thinking), content
        before, tag, after = content.partition("</think>")
        if not tag:
            return "", content
        return trim(before.rpartition("<think>")[2]), after.lstrip("\n")

    def checked(self, messages: Sequence[Message]) -> Sequence[Message]:
        """The messages that are written."""
        return messages

    def effort(self, think: Think) -> str:
        """The words about how long to think."""
        return ""

    def needs_system(self, system: str | None, effort: str) -> bool:
        """Whether the first turn is written."""
        return True

    def writes(self, role: str) -> bool:
        """Whether messages of another role are written."""
        return False


class Ornith(Qwen35):
    """As qwen3.5, with the thoughts of every turn."""

    always = True


class Qwen38(Qwen35):
    """Has one system message, words about the effort, and every thought; tags inside a text do not count."""

    levels = (False, "low", "medium", "xhigh")
    default = "medium"
    always = True

    def split(self, content: str, thinking: str) -> tuple[str, str]:
        return trim(thinking), content

    def checked(self, messages: Sequence[Message]) -> Sequence[Message]:
        instructing = [m for m in messages if m.role in _INSTRUCTING]
        if refused := next((m for m in instructing if m.images), None):
            raise PromptError(f"{refused.role} message cannot contain images")
        if instructing and not (len(instructing) == 1 and messages[0].role == "system"):
            texts = [trim(m.content) for m in instructing]
            first = Message("system", "\n\n".join(t for t in texts if t))
            messages = [first, *(m for m in messages if m.role not in _INSTRUCTING)]
        if not messages:
            raise PromptError("no messages provided")
        query = last_query(messages, trim)
        # Without a question the last message stands for one, whatever its role is.
        if messages[query].role != "user" or _is_result(messages[query]):
            raise PromptError("no user query found in messages")
        return messages

    def effort(self, think: Think) -> str:
        if think is None:
            return _EFFORTS["xhigh"]
        if not think:
            # An empty name asks for thinking.
            return _EFFORTS["xhigh"] if isinstance(think, str) else ""
        name = think if isinstance(think, str) else "medium"
        return _EFFORTS.get(name, _EFFORTS["xhigh"])

    def needs_system(self, system: str | None, effort: str) -> bool:
        return bool(system or effort)

    def writes(self, role: str) -> bool:
        return role != "system"


def _is_result(message: Message) -> bool:
    content = trim(with_tags(message.content, message.images, 0)[0])
    return content.startswith("<tool_response>") and content.endswith("</tool_response>")
