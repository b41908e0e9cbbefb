"""The chat template that llama-server is given, and where the package's own messages go in it.

llama-server knows no SYSTEM and no MESSAGE. A chat template can put them in front of the request's messages
itself, by the rule that Ollama has for them (server/routes.go, ChatHandler): SYSTEM only where the request
does not begin with a system message, MESSAGEs always.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from ..core.conversation import Message


def with_first_messages(chat_template: str, system: str, messages: Sequence[Message] = ()) -> str:
    """A chat template that has these messages in front of every request's own.

    system: SYSTEM, "" for none; messages: MESSAGEs.
    """
    if not system and not messages:
        return chat_template
    parts = []
    if system:
        own = _list([{"role": "system", "content": system}])
        parts.append(f"({own} if not messages or messages[0]['role'] != 'system' else [])")
    if messages:
        parts.append(_list(messages))
    # The empty text keeps the tag from taking a line end of the chat template with it.
    return f"{{%- set messages = {' + '.join(parts)} + messages %}}{{{{ '' }}}}{chat_template}"


def _list(messages: Sequence[Message]) -> str:
    items = (f"{{'role': {_text(m['role'])}, 'content': {_text(m['content'])}}}" for m in messages)
    return f"[{', '.join(items)}]"


def _text(text: str) -> str:
    """A text as a Jinja literal that both engines read alike: JSON's escapes, and no tag inside it."""
    return json.dumps(text, ensure_ascii=False)
