"""Parrots of chat templates: sources for trials, without a GGUF of the real model."""

from __future__ import annotations

import re
from collections.abc import Sequence

from modelfile_kit.compiler import Compiled, compile_template
from modelfile_kit.huggingface import Reference
from modelfile_kit.ollama.prompt import PromptTemplate
from modelfile_kit.ollama.replies import split_reply
from modelfile_kit.ollama.reply_tokens import ReplyTokens
from modelfile_kit.ollama.reply_types import Reply
from modelfile_kit.ollama.special_tokens import Kind, kind_of, special_texts
from modelfile_kit.parrot import Voice
from modelfile_kit.parrot.pieces import cut
from modelfile_kit.publish.create_request import CreateRequest
from modelfile_kit.publish.reply_trials import Source
from modelfile_kit.replies.said import END_OF_PROMPT, SIZE
from modelfile_kit.replies.spoken import TOOLS, Spoken

# What Ollama takes for the token at the start of a tool-call tag (llm/llama_server.go).
_FIRST = re.compile(r"<[^>]*>|\[[^\]]*\]")


class Template:
    """A chat template with the special tokens that its text names, and what the compiler makes of it."""

    def __init__(self, text: str, bos_token: str = "", eos_token: str = "") -> None:
        self.text = text
        self.bos, self.eos = bos_token or None, eos_token or None
        self.reference = Reference(text, bos_token=self.bos, eos_token=self.eos)
        self.compiled: Compiled = compile_template(text, bos_token=bos_token, eos_token=eos_token)

    def voice(self, texts: Sequence[str] = ()) -> Voice:
        """Texts that are spelled like control tokens are control tokens, tags are user-defined."""
        named = dict.fromkeys(special_texts("\n".join((*texts, self.text))))
        special = {t: "control" if kind_of(t) is Kind.CONTROL else "user-defined" for t in named}
        roles = {"bos": self.bos, "eos": self.eos}
        roles["eot"] = next((stop for stop in self.compiled.stop if stop in special), None)
        known = {role: text for role, text in roles.items() if text}
        return Voice({**special, **dict.fromkeys(known.values(), "control")}, known, chat_template=self.text)

    def source(self, *, parser: str | None = None, native: bool = False, architecture: str = "") -> Source:
        """What is tried: the compiled TEMPLATE with its stops, or the chat template alone."""
        stops = {"stop": list(self.compiled.stop)} if self.compiled.stop and not native else {}
        template = None if native else self.compiled.template
        request = CreateRequest(template=template, parser=parser, parameters=stops)
        return Source(request, self.reference, self.voice, architecture, self.eos)

    def predicted(self, seen: PromptTemplate, spoken: Spoken, size: int = SIZE) -> Reply:
        """What the kit says that a server makes of a reply by the tags of the TEMPLATE, token by token."""
        tools = TOOLS if spoken.kind.offered else None
        voice = self.voice([spoken.text, spoken.prompt, self.compiled.template])
        first = _FIRST.match(seen.tool_tag.tag) if tools else None
        hidden = {*ReplyTokens.of_types(voice.special).hidden} - {*([first.group()] if first else [])}
        tokens = cut(spoken.text, voice.special, size, (spoken.prompt[-END_OF_PROMPT:],))
        tags = seen.thinking_tags
        thinks = "thinking" in seen.capabilities
        return split_reply(
            ["" if token in hidden else token for token in tokens],
            opening=tags.opening if thinks else "",
            closing=tags.closing if thinks else "",
            tool_tag=seen.tool_tag.tag,
            prompt=spoken.prompt,
            think=thinks and spoken.think is not False,
            tools=tools,
            target=seen.target,
        )
