"""PARSER harmony: messages with a channel and a recipient (harmony/harmonyparser.go).

    <|channel|>analysis<|message|>…<|end|><|start|>assistant<|channel|>final<|message|>…

A message to a recipient is a call; there is one at most, it is read when the reply ends, and all bodies of
such messages together have to be its arguments.
"""

from __future__ import annotations

from ..builtin import harmony_names
from ..versions import Target
from .go_json import read_arguments
from .go_text import decode, encode, find_space, overlap, trim, words
from .protocol import Request, SteppingParser

_START, _MESSAGE, _END = b"<|start|>", b"<|message|>", b"<|end|>"
_CHANNEL, _CONSTRAIN = b"<|channel|>", b"<|constrain|>"


class Harmony(SteppingParser):
    """What goes on from a prefilled message goes on in its channel."""

    preserved = ("<|start|>", "<|end|>", "<|message|>", "<|channel|>", "<|constrain|>")

    def __init__(self, request: Request, target: Target) -> None:
        super().__init__(request, target)
        self.buffer = _START + b"assistant"
        if request.prefilled:
            self.buffer += _CHANNEL + b"final" + _MESSAGE
        elif request.last_role == "assistant" and request.last_thinking:
            self.buffer += _CHANNEL + b"analysis" + _MESSAGE
        self.state = "between"
        self._goes_to = "content"
        self._recipient: bytes | None = None
        self._arguments: list[bytes] = []
        names = [decode(tool.name) for tool in request.tools]
        shown = (encode(name) for name in harmony_names(names))
        self._names = {new: old.name for new, old in zip(shown, request.tools, strict=True) if old.name}

    def thinking_close(self) -> tuple[str, ...]:
        if self.request.prefilled:
            return ()
        final = "<|end|><|start|>assistant<|channel|>final"
        return (
            *(final + how for how in ("<|message|>", " <|constrain|>json<|message|>")),
            *(final + how for how in ("<|constrain|>json<|message|>", " json<|message|>")),
            "<|end|><|start|>assistant<|channel|>commentary<|message|>",
            "<|end|><|start|>assistant<|message|>",
        )

    def read(self, done: bool) -> None:
        super().read(done)
        if not done:
            return
        raw = b"".join(self._arguments)
        self._arguments.clear()
        if self._recipient is not None:
            name = self._recipient.removeprefix(b"functions.")
            self.out.calls.append((self._names.get(name, name), read_arguments(raw)))

    def step(self, done: bool) -> bool:
        if self.state == "between":
            _, found, rest = self.buffer.partition(_START)
            if found:
                self.buffer = rest
                self.state = "header"
            return bool(found)
        if self.state == "header":
            header, found, rest = self.buffer.partition(_MESSAGE)
            if found:
                self.buffer = rest
                self.state = "body"
                self._open(header)
            return bool(found)
        return self._body()

    def _body(self) -> bool:
        body, ended, rest = self.buffer.partition(_END)
        if not ended:
            cut = len(body) - overlap(body, _END)
            body, rest = body[:cut], body[cut:]
        self.buffer = rest
        goes_to = {"content": self.out.content, "thinking": self.out.thinking, "call": self._arguments}
        goes_to[self._goes_to].append(body)
        if ended:
            self.state = "between"
            self._goes_to = "content"
        return bool(ended)

    def _open(self, header: bytes) -> None:
        """A message begins; its channel says what its body is, and an unknown channel changes nothing."""
        channel, recipient = _read_header(header)
        if channel in (b"analysis", b"commentary") and recipient:
            self._goes_to = "call"
            self._recipient = recipient
        elif channel in (b"analysis", b"commentary", b"final"):
            self._goes_to = "thinking" if channel == b"analysis" else "content"


def _read_header(raw: bytes) -> tuple[bytes, bytes]:
    """The channel and the recipient of a header."""
    if _CONSTRAIN in raw:
        raw = trim(raw.replace(_CONSTRAIN, b" " + _CONSTRAIN, 1))
    before, found, after = raw.partition(_CHANNEL)
    channel = b""
    if found:
        end = find_space(after)
        end = len(after) if end < 0 else end
        channel, raw = after[:end], before + after[end:]
    tokens = words(raw)
    for token in tokens[:2]:
        if token.startswith(b"to=") and token != b"to=":
            return channel, token[3:]
    return channel, b""
