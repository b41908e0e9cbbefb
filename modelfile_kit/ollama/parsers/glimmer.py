"""PARSER glimmer: messages with a recipient, calls as ATEM markup (model/parsers/glimmer.go; 0.33 and later).

     to=self<|message|>…<|eom|><|start|>assistant to=get_weather<|message|><atem:function_calls>…

A message to "self" is a thought, one to a tool a call, every other is content. Content that is nothing but
a call of a tool of the request counts as one. A call that does not fit its recipient makes the parser refuse
the reply.
"""

from __future__ import annotations

from ..reply_types import ReplyError
from ..versions import Target
from .glimmer_calls import CALLS, CALLS_END, invoked_name, read_call
from .go_text import decode, overlap, trim
from .protocol import Arguments, Request, SteppingParser, Tool

_START, _MESSAGE = b"<|start|>", b"<|message|>"
_ENDS = (b"<|eom|>", b"<|eot|>")
_HEADER = _START + b"assistant"
_VALID, _PENDING, _INVALID = range(3)


class Glimmer(SteppingParser):
    """Thoughts are dropped where the request forbids them."""

    preserved = ("<|start|>", "<|message|>", "<|eom|>", "<|eot|>")

    def __init__(self, request: Request, target: Target) -> None:
        super().__init__(request, target)
        self.state = "header"
        self._recipient = b""
        # Whether some of the message was given out: then it stays content.
        self._given = False
        self._tools = {name: tool for tool in request.tools if (name := trim(tool.name))}

    def thinking_close(self) -> tuple[str, ...]:
        if not self.request.may_think:
            return ()
        return ("<|start|>assistant to=user<|message|>", "<|start|>assistant<|message|>")

    def step(self, done: bool) -> bool:
        if self.state == "header":
            return self._header(done)
        state = self.state
        again, body, complete = self._body(done)
        if state == "call":
            if complete:
                self.out.calls.append(self._read_call(body))
        elif state == "thinking":
            if self.request.may_think:
                self.out.thinking.append(body)
        else:
            self._give_content(body, complete)
        if complete:
            self.state = "header"
            self._recipient = b""
            self._given = False
        return again

    def _give_content(self, body: bytes, complete: bool) -> None:
        call = self._call_in_content(body) if complete and not self._given else None
        if call:
            self.out.calls.append(call)
        elif body:
            self.out.content.append(body)
            self._given = True

    def _header(self, done: bool) -> bool:
        if self.buffer.startswith(_HEADER):
            self.buffer = self.buffer[len(_HEADER) :]
        elif self.buffer.startswith(b"<") and _HEADER.startswith(self.buffer) and not done:
            return False
        header, found, rest = self.buffer.partition(_MESSAGE)
        if found:
            self.buffer = rest
            self._recipient = trim(trim(header).removeprefix(b"to="))
            is_tool = self._tool_for(self._recipient) is not None
            self.state = "thinking" if self._recipient == b"self" else "call" if is_tool else "content"
            return True
        if done:
            self.out.content.append(self.buffer)
            self.buffer = b""
            return header != b""
        return False

    def _body(self, done: bool) -> tuple[bool, bytes, bool]:
        """Whether there is more to read, what is certain of the body, whether that is all of it."""
        text = self.buffer
        holds = self.state == "call" or self._may_be_call(text)
        start = 0
        if holds:  # a mark inside of a call belongs to it
            end = text.find(CALLS_END)
            start = end + len(CALLS_END) if end >= 0 else len(text)
        places = [(at, len(mark)) for mark in _ENDS if (at := text.find(mark, start)) >= 0]
        end, size = min(places, default=(-1, 0))
        header, waits = self._next_header(text, start, done)
        if header >= 0 and not waits and (end < 0 or header < end):
            end, size = header, 0
        if end >= 0:
            self.buffer = text[end + size :]
            return True, text[:end], True
        if done:
            self.buffer = b""
            return text != b"" or self.state == "call", text, True
        if holds:
            return False, b"", False
        cut = header if waits else len(text) - max(overlap(text, mark) for mark in _ENDS)
        self.buffer = text[cut:]
        return cut > 0, text[:cut], False

    def _next_header(self, text: bytes, at: int, done: bool) -> tuple[int, bool]:
        """The place where the next message begins without an end of this one, and whether it is uncertain."""
        while (start := text.find(_START, at)) >= 0:
            status = self._header_status(text[start:], done)
            if status != _INVALID:
                return start, status == _PENDING
            at = start + len(_START)
        held = 0 if done else overlap(text[at:], _HEADER)
        return (len(text) - held, True) if held else (-1, False)

    def _header_status(self, text: bytes, done: bool) -> int:
        """Whether a header of the model's stands there, or may still come."""
        may_come = _INVALID if done else _PENDING
        if not text.startswith(_HEADER):
            return may_come if _HEADER.startswith(text) else _INVALID
        rest = text[len(_HEADER) :]
        if rest.startswith(_MESSAGE):
            return _VALID
        if _MESSAGE.startswith(rest) or b" to=".startswith(rest):
            return may_come
        if not rest.startswith(b" to="):
            return _INVALID
        recipient, found, _ = rest[len(b" to=") :].partition(_MESSAGE)
        if found:
            known = recipient in (b"self", b"user") or recipient in self._tools
            return _VALID if known else _INVALID
        if any(space in recipient for space in b" \t\r\n"):
            return _INVALID
        begun = recipient.find(b"<")
        if begun >= 0 and not _MESSAGE.startswith(recipient[begun:]):
            return _INVALID
        return may_come

    def _may_be_call(self, text: bytes) -> bool:
        """Whether content may turn out to be a call, so that nothing of it can be given out."""
        if self.state != "content" or self._given or not self._tools:
            return False
        trimmed = text.lstrip(b" \t\r\n")
        return CALLS.startswith(trimmed) or trimmed.startswith(CALLS)

    def _tool_for(self, name: bytes) -> tuple[bytes, Tool] | None:
        """The tool that is meant; "read.read" is the tool "read", as the chat template puts it."""
        if name in self._tools:
            return name, self._tools[name]
        namespace, dot, function = name.partition(b".")
        if dot and function in self._tools and namespace == function.partition(b".")[0]:
            return function, self._tools[function]
        return None

    def _call_in_content(self, body: bytes) -> tuple[bytes, Arguments] | None:
        trimmed = trim(body)
        known = self._tool_for(invoked_name(trimmed))
        if not known:
            return None
        try:
            return known[0], read_call(trimmed, known[1])[1]
        except ReplyError:
            return None

    def _read_call(self, body: bytes) -> tuple[bytes, Arguments]:
        known = self._tool_for(self._recipient)
        assert known  # else the message would not be a call
        name, arguments = read_call(body, known[1])
        invoked = self._tool_for(name)
        if not invoked or invoked[0] != known[0]:
            raise ReplyError(
                f"Glimmer recipient {decode(self._recipient)!r} does not match ATEM invoke {decode(name)!r}"
            )
        return known[0], arguments
