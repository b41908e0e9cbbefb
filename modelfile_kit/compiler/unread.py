"""MK537: a chat template that never reads the messages is none: every conversation gives the same prompt."""

from __future__ import annotations

from jinja2 import nodes

from ..core.errors import KitError
from ..huggingface import Reference, TemplateLimitError
from ..huggingface.jinja_source import names

CODE = "MK537"
HELP = (
    "is this the right file? Take the model's own chat_template.jinja or its GGUF; a package without "
    "`chat_template` takes the GGUF's"
)
MESSAGE = "the chat template never reads `messages`, so every conversation would give the same prompt"


def ignores_messages(tree: nodes.Template, reference: Reference) -> bool:
    """Whether it mentions them nowhere; no for one with another fault, which is told in its own words.

    Raises TemplateLimitError for a chat template that takes too much for it.
    """
    if "messages" in names(tree):
        return False
    try:
        reference.look([{"role": "user", "content": "Hi"}])
    except TemplateLimitError:
        raise
    except KitError:
        return False
    return True
