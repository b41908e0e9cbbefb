"""`mkmodelfile render`.

What only some calls need is imported where it is used, so that the command starts faster.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ..core.conversation import Conversation, conversations_from, load_conversations
from ..core.errors import UsageError
from ..core.files import parse_json
from .command import Command
from .common import errors_in, read_bytes, read_text

_THINK = {
    "on": True,
    "true": True,
    "off": False,
    "false": False,
    "low": "low",
    "medium": "medium",
    "high": "high",
}


@click.command(
    "render",
    cls=Command,
    examples=(
        "mkmodelfile render --modelfile Modelfile --messages chat.json",
        "mkmodelfile render --jinja chat_template.jinja --messages chat.json --think on",
        "mkmodelfile render --template chat.gotmpl --messages chats.json --id two-images",
    ),
)
@click.option(
    "--template", metavar="FILE", help="Go TEMPLATE: show the prompt that Ollama sends to the engine."
)
@click.option("--modelfile", metavar="FILE", help="Modelfile: the same, with its SYSTEM and MESSAGEs.")
@click.option("--jinja", metavar="FILE", help="Chat template: show what apply_chat_template renders.")
@click.option(
    "--messages", required=True, metavar="FILE", help="JSON file with messages, or with conversations."
)
@click.option("--id", "ident", metavar="ID", help="Which conversation, if the file has several.")
@click.option(
    "--tools", metavar="FILE", help="JSON file with a list of tools, instead of the conversation's."
)
@click.option(
    "--think",
    type=click.Choice(tuple(_THINK)),
    metavar="on|off|LEVEL",
    help="Instead of the conversation's `think`; a level is low, medium or high.",
)
@click.option("--bos", default=None, metavar="TEXT", help="The model's BOS token (--jinja).")
@click.option("--eos", default=None, metavar="TEXT", help="The model's EOS token (--jinja).")
@click.option("--no-generation-prompt", is_flag=True, help="Leave out the start of the reply (--jinja).")
def command(
    template: str | None,
    modelfile: str | None,
    jinja: str | None,
    messages: str,
    ident: str | None,
    tools: str | None,
    think: str | None,
    bos: str | None,
    eos: str | None,
    no_generation_prompt: bool,
) -> None:
    """Show the prompt of a conversation.

    Give one of --template, --modelfile (as Ollama renders it) and --jinja (as Hugging Face does). The
    prompt goes to stdout without any added byte. Exit code 1 if the server would refuse the request.
    """
    sources = {"template": template, "modelfile": modelfile, "jinja": jinja}
    given = [name for name, value in sources.items() if value]
    if len(given) != 1:
        found = " and ".join(f"--{name}" for name in given) or "none"
        raise click.UsageError(f"give one of --template, --modelfile and --jinja; found {found}")
    conversation = _conversation(messages, ident, tools, think)
    with errors_in(template or modelfile or jinja or ""):
        if template:
            text = _as_ollama(read_text(template), conversation)
        elif modelfile:
            text = _with_modelfile(read_bytes(modelfile), conversation)
        else:
            assert jinja is not None
            text = _as_huggingface(jinja, conversation, bos, eos, not no_generation_prompt)
    sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
    if sys.stdout.isatty():
        click.echo()


def _conversation(path: str, ident: str | None, tools: str | None, think: str | None) -> Conversation:
    found = (
        conversations_from(parse_json(read_bytes("-"), "<stdin>"), default_id="stdin")
        if path == "-"
        else load_conversations(Path(path))
    )
    if ident is not None:
        found = [c for c in found if c.id == ident]
    if len(found) != 1:
        raise UsageError(
            f"{path}: {len(found)} conversations{f' called {ident!r}' if ident else ''}, expected one",
            help="choose one with --id",
        )
    data = found[0].to_dict()
    if tools:
        data["tools"] = parse_json(read_bytes(tools), tools, help="expected a list of tools")
    if think:
        data["think"] = _THINK[think]
    return Conversation.from_dict({k: v for k, v in data.items() if k != "category"})


def _as_ollama(template: str, conversation: Conversation) -> str:
    from ..ollama.prompt import render_prompt

    tools = list(conversation.tools) if conversation.tools else None
    return render_prompt(template, list(conversation.messages), tools=tools, think=conversation.think)


def _with_modelfile(data: bytes, conversation: Conversation) -> str:
    from ..ollama.grammar import parse_modelfile
    from ..ollama.prompt import PromptTemplate

    parsed = parse_modelfile(data)
    if parsed.last("template") is None:
        raise UsageError(
            "the Modelfile has no TEMPLATE",
            help="Ollama then takes the GGUF's own Jinja template: render it with --jinja MODEL.gguf",
        )
    tools = list(conversation.tools) if conversation.tools else None
    template = PromptTemplate.from_modelfile(parsed)
    return template.render(list(conversation.messages), tools=tools, think=conversation.think)


def _as_huggingface(
    path: str, conversation: Conversation, bos: str | None, eos: str | None, generation_prompt: bool
) -> str:
    from ..huggingface import render_reference
    from ..huggingface.chat_template_file import ChatTemplate, load_chat_template

    source = ChatTemplate(read_text("-")) if path == "-" else load_chat_template(Path(path))
    return render_reference(
        source.text,
        list(conversation.messages),
        tools=list(conversation.tools) if conversation.tools else None,
        bos_token=bos if bos is not None else source.bos_token or "",
        eos_token=eos if eos is not None else source.eos_token or "",
        add_generation_prompt=generation_prompt,
        think=conversation.think,
    )
