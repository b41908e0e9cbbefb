"""`mkmodelfile render`.

What only some calls need is imported where it is used, so that the command starts faster.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..core.conversation import Conversation, conversations_from, load_conversations
from ..core.diagnostics import Span
from ..core.errors import GoTemplateError, UsageError
from ..core.file_kinds import (
    CHAT_TEMPLATE,
    GGUF,
    GO_TEMPLATE,
    LOOKED_AT,
    MODELFILE,
    PACKAGE_FILE,
    PACKAGE_FILES,
    TOKENIZER_CONFIG,
    has_go_actions,
    kind_of,
)
from ..core.files import package_file_in, parse_json
from ..sources.name import PATH, parse_name
from .command import Command
from .common import decoded, errors_in, read_bytes, read_text, say
from .output import deliver

if TYPE_CHECKING:
    from ..ollama.selection import Selection

_WAYS = {
    "template": (GO_TEMPLATE,),
    "modelfile": (MODELFILE,),
    "jinja": (CHAT_TEMPLATE, GGUF, TOKENIZER_CONFIG),
}
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
        "mkmodelfile render Modelfile --messages chat.json",
        "mkmodelfile render --jinja chat_template.jinja --messages chat.json --think on",
        "mkmodelfile render --template chat.gotmpl --messages chats.json --id two-images",
    ),
)
@click.argument("source", required=False, metavar="[FILE-or-NAME]")
@click.option(
    "--template", metavar="FILE", help="Go TEMPLATE: show the prompt that Ollama sends to the engine."
)
@click.option("--modelfile", metavar="FILE", help="Modelfile: the same, with its SYSTEM and MESSAGEs.")
@click.option("--jinja", metavar="FILE-or-NAME", help="Chat template: show what apply_chat_template renders.")
@click.option(
    "--messages",
    required=True,
    metavar="FILE",
    help='JSON file with messages, as [{"role": "user", "content": "Hi"}], or with conversations; `-` is '
    "standard input.",
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
    source: str | None,
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

    Give one of --template, --modelfile (as Ollama renders it) and --jinja (as Hugging Face does); or a FILE,
    and what it holds decides: a GGUF, a folder of Hugging Face's and a name are rendered by their chat
    template. The prompt goes to stdout without any added byte. Exit code 1 if the server would refuse the
    request.
    """
    sources = {"template": template, "modelfile": modelfile, "jinja": jinja}
    given = [f"--{name}" for name, value in sources.items() if value] + (["FILE"] if source else [])
    if len(given) != 1:
        found = " and ".join(given) or "none"
        raise click.UsageError(f"give one of --template, --modelfile and --jinja, or a FILE; found {found}")
    _refuse_package(source or template or modelfile or jinja or "")
    if source:
        way = _way_of(source)
        template, modelfile, jinja = (source if way == name else None for name in sources)
    only = (("--bos", bos is not None), ("--eos", eos is not None))
    for option, was_given in (*only, ("--no-generation-prompt", no_generation_prompt)):
        if was_given and not jinja:
            raise click.UsageError(f"{option} is for --jinja; a TEMPLATE writes its own texts")
    conversation = _conversation(messages, ident, tools, think)
    with errors_in(template or modelfile or jinja or ""):
        if template:
            text = _as_ollama(_go_template(template), conversation)
        elif modelfile:
            text = _with_modelfile(read_bytes(modelfile), modelfile, conversation)
        else:
            assert jinja is not None
            text = _as_huggingface(jinja, conversation, bos, eos, not no_generation_prompt)
    deliver(text, nl_on_terminal=True)


def _way_of(source: str) -> str:
    """Which option takes a file or a name. Raises UsageError where that cannot be told."""
    if source == "-":
        raise click.UsageError("say what standard input holds: --template -, --modelfile - or --jinja -")
    if parse_name(source).kind != PATH or os.path.isdir(source):  # noqa: PTH112
        return "jinja"
    kind = kind_of(read_bytes(source, LOOKED_AT), source)
    way = next((way for way, kinds in _WAYS.items() if kind in kinds), None)
    if way is None:
        what = f"this is {kind.what}" if kind else "it cannot be told what this file is"
        hint = "name it with --template (a Go template), --modelfile or --jinja (a chat template, a GGUF)"
        raise UsageError(what, span=Span(source), help=f"{kind.taken_by}; or {hint}" if kind else hint)
    return way


def _refuse_package(path: str) -> None:
    """Raises UsageError for a package's folder or its file: its Modelfile is what renders."""
    folder = Path(path)
    is_file = folder.name in PACKAGE_FILES
    if is_file or (path not in ("", "-") and package_file_in(folder) is not None):
        home = folder.parent if is_file else folder
        built = home / "build" / "NAME" / "Modelfile"
        raise UsageError(
            f"this is {PACKAGE_FILE.what if is_file else 'a package'}, expected a file that renders",
            span=Span(path),
            help=f"{PACKAGE_FILE.taken_by}: `mkmodelfile build {home}` writes its Modelfile; then "
            f"`mkmodelfile render {built} --messages FILE` shows the prompt, and `mkmodelfile check {home}` "
            "compares it with the chat template's",
        )


def _go_template(path: str) -> str:
    """The text of a Go template. Raises UsageError for a file of another kind."""
    data = read_bytes(path)
    kind = kind_of(data, path)
    text = "" if kind is GGUF else decoded(data, path)
    # What has `{%` and actions of Go as well could be either; then Go decides.
    if kind in (None, GO_TEMPLATE) or (kind is CHAT_TEMPLATE and has_go_actions(text)):
        return text
    raise UsageError(f"by its contents this is {kind.what}, expected a Go template", help=kind.taken_by)


def _conversation(path: str, ident: str | None, tools: str | None, think: str | None) -> Conversation:
    with errors_in(path):
        found = (
            conversations_from(parse_json(read_bytes("-"), "<stdin>"), default_id="stdin")
            if path == "-"
            else load_conversations(Path(path))
        )
        ids = ", ".join(c.id for c in found)
        if ident is not None:
            found = [c for c in found if c.id == ident]
            if not found:
                raise UsageError(f"no conversation has the id {ident!r}", help=f"give one of its ids: {ids}")
        if len(found) != 1:
            raise UsageError(
                f"found {len(found)} conversations, expected one", help=f"choose one with --id: {ids}"
            )
    data = found[0].to_dict()
    if think:
        data["think"] = _THINK[think]
    if tools is None:
        return Conversation.from_dict({k: v for k, v in data.items() if k != "category"})
    with errors_in(tools):
        data["tools"] = parse_json(read_bytes(tools), tools, help="expected a list of tools")
        return Conversation.from_dict({k: v for k, v in data.items() if k != "category"})


def _as_ollama(template: str, conversation: Conversation) -> str:
    from ..ollama.prompt import render_prompt

    tools = list(conversation.tools) if conversation.tools else None
    try:
        return render_prompt(template, list(conversation.messages), tools=tools, think=conversation.think)
    except GoTemplateError as error:
        error.span = _place(error, template)
        error.help = error.help or f"`mkmodelfile explain {error.code}` has examples; the message is Go's own"
        raise


def _place(error: GoTemplateError, template: str) -> Span | None:
    """Where Go says that the template fails, with the column in characters from 1."""
    if error.line is None:
        return None
    if error.column is None:
        return Span(line=error.line)
    line = template.split("\n")[error.line - 1].encode("utf-8", "surrogateescape")
    return Span(line=error.line, column=1 + len(line[: error.column].decode("utf-8", "surrogateescape")))


_HELP = "render the GGUF's own chat template with --jinja MODEL.gguf"


def _instead(selection: Selection | None) -> str:
    """Who makes the prompt without a TEMPLATE, as the rest of a sentence."""
    if selection is None:
        return ""
    if selection.source == "template" and selection.detected and selection.detected.name:
        return f": `ollama create` adds Ollama's own {selection.detected.name!r}"
    why = selection.why.removeprefix("there is no TEMPLATE, so ").removeprefix("there is no TEMPLATE and ")
    return f": {why}"


def _with_modelfile(data: bytes, name: str, conversation: Conversation) -> str:
    from ..lint.context import Context
    from ..ollama.decoding import decode
    from ..ollama.grammar import parse_modelfile
    from ..ollama.prompt import PromptTemplate
    from ..ollama.renderer_prompt import RendererPrompts
    from ..ollama.versions import Target

    parsed = parse_modelfile(data)
    folder = Path() if name == "-" else Path(name).parent
    context = Context(decode(data), parsed, folder, Target.parse("latest"))
    selection = context.selection
    tools = list(conversation.tools) if conversation.tools else None
    if selection and selection.source == "renderer":
        rendered = RendererPrompts.from_modelfile(
            parsed,
            renderer=selection.renderer,
            parser=selection.parser,
            family=context.files.architecture,
            parameters=context.files.parameter_count,
        )
        prompt = rendered.render(list(conversation.messages), tools=tools, think=conversation.think)
        if rendered.varies:
            say(f"warning: {rendered.varies} is by chance on a server; this is one of several prompts")
        return prompt
    if context.template is None:
        if selection is None or selection.source != "message":
            raise UsageError(f"the Modelfile has no TEMPLATE{_instead(selection)}", help=_HELP)
        say(f"warning: {selection.why}")
    template = PromptTemplate.from_modelfile(parsed)
    return template.render(list(conversation.messages), tools=tools, think=conversation.think)


def _as_huggingface(
    path: str, conversation: Conversation, bos: str | None, eos: str | None, generation_prompt: bool
) -> str:
    from ..huggingface import render_reference
    from ..huggingface.chat_template_file import ChatTemplate, named_chat_template
    from ..huggingface.other_texts import require_chat_template

    source = ChatTemplate(read_text("-")) if path == "-" else named_chat_template(path)[0]
    require_chat_template(source.text, plain=True)
    return render_reference(
        source.text,
        list(conversation.messages),
        tools=list(conversation.tools) if conversation.tools else None,
        bos_token=bos if bos is not None else source.bos_token or "",
        eos_token=eos if eos is not None else source.eos_token or "",
        add_generation_prompt=generation_prompt,
        think=conversation.think,
    )
