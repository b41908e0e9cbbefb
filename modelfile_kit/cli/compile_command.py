"""`mkmodelfile compile`.

What only some calls need is imported where it is used, so that the command starts faster.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..compiler import Compiled, compile_template
from ..core.diagnostics import has_errors, with_excerpts
from ..core.files import is_gguf_file
from ..huggingface.chat_template_file import (
    ChatTemplate,
    chat_template_from,
    named_chat_template,
    unknown_tokens,
)
from ..report import FORMATS, Report, render
from ..sources.places import remote
from .command import Command
from .common import (
    errors_in,
    in_file,
    print_diagnostics,
    read_bytes,
    report_option,
    say,
    write_report_files,
)
from .output import deliver, show, wants_color, write_report

if TYPE_CHECKING:
    from ..compiler.explain.explain import Explanation


@click.command(
    "compile",
    cls=Command,
    examples=(
        "mkmodelfile compile chat_template.jinja > chat.gotmpl",
        "mkmodelfile compile model.gguf --explain",
        "mkmodelfile compile hf.co/ORG/REPO-GGUF:Q4_K_M",
        "mkmodelfile compile chat_template.jinja --bos '<s>' --target '>=0.12'",
    ),
)
@click.argument("chat_template", type=click.Path(allow_dash=True), required=False)
@click.option("--jinja", metavar="FILE-or-NAME", help="The same as CHAT_TEMPLATE, as `render` has it.")
@click.option("--bos", metavar="TEXT", help="The model's BOS token, where the template uses `bos_token`.")
@click.option("--eos", metavar="TEXT", help="The model's EOS token, where the template uses `eos_token`.")
@click.option("--name", metavar="NAME", help="Which of several named templates (default, tool_use, …).")
@click.option(
    "--target",
    default="latest",
    show_default=True,
    help="Oldest Ollama that the TEMPLATE must work on, such as '>=0.30'.",
)
@click.option(
    "--explain", is_flag=True, help="Show what each construct became, instead of the TEMPLATE (text, json)."
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="text: TEMPLATE on stdout, findings on stderr; others: a report on stdout.",
)
@report_option
def command(
    chat_template: str | None,
    jinja: str | None,
    bos: str | None,
    eos: str | None,
    name: str | None,
    target: str,
    explain: bool,
    output_format: str,
) -> None:
    """Compile CHAT_TEMPLATE to a Go TEMPLATE.

    CHAT_TEMPLATE is a chat_template.jinja, a GGUF, a tokenizer_config.json, a chat_template.json, a folder
    with such files, a name such as hf.co/ORG/REPO, or - for standard input. The TEMPLATE goes to stdout, what
    could not be proven goes to stderr. Exit code 1 says that the result must not be used as it is.
    """
    if explain and output_format not in ("text", "json"):
        raise click.UsageError(f"--explain is written as text or json, not as {output_format}")
    if (chat_template is None) == (jinja is None):
        which = "neither" if jinja is None else "both"
        raise click.UsageError(f"give CHAT_TEMPLATE or --jinja FILE-or-NAME; found {which}")
    chat_template = chat_template or jinja or ""
    source, place = _load(chat_template, name)
    explained: Explanation | None = None
    with errors_in(chat_template):
        tokens = {
            "bos_token": bos if bos is not None else source.bos_token or "",
            "eos_token": eos if eos is not None else source.eos_token or "",
        }
        if explain:
            from ..compiler.explain.explain import explain_template

            explained = explain_template(source.text, **tokens, target=target)
            compiled = explained.compiled
        else:
            compiled = _compiled(source, place, tokens, target, bos is None and eos is None)
    given = [name for name, text in (("bos_token", bos), ("eos_token", eos)) if text is not None]
    noted = unknown_tokens(source, *given)
    found = with_excerpts(noted + compiled.diagnostics, source.text.split("\n"))
    findings = [replace(d, span=in_file(d.span, chat_template)) for d in found]
    compiled = replace(compiled, diagnostics=findings)
    report = _report(chat_template, compiled, source, explained)
    write_report_files(report)
    if output_format == "text":
        _print(compiled, source, explained)
    else:
        write_report(render(report, output_format), output_format)
    if has_errors(compiled.diagnostics):
        raise click.exceptions.Exit(1)


def _load(text: str, name: str | None) -> tuple[ChatTemplate, Path | None]:
    """The chat template, and the path of its file; None for standard input."""
    if text == "-":
        return chat_template_from(read_bytes("-"), "<stdin>", name=name), None
    return named_chat_template(text, name=name)


def _compiled(
    source: ChatTemplate, path: Path | None, tokens: dict[str, str], target: str, own_tokens: bool
) -> Compiled:
    """The TEMPLATE; of a GGUF without the BOS and EOS that its engine adds, as `build` makes it."""
    if own_tokens and path is not None and _is_gguf(path):
        from ..building.engine_tokens import compile_for_engine
        from ..building.sources import ModelTemplate
        from ..gguf_file import Vocabulary, read_header
        from ..ollama.prompt_ends import PromptEnds

        ends = PromptEnds.of(Vocabulary.from_header(read_header(path)))
        reference = ModelTemplate(source.text, "gguf", tokens["bos_token"], tokens["eos_token"])
        for text, adds in ((ends.bos, ends.adds_bos), (ends.eos, ends.adds_eos)):
            if adds and text:
                say(f"the engine adds {text} to every prompt, so the TEMPLATE does not write it")
        return compile_for_engine(reference, ends, target)
    return compile_template(source.text, **tokens, target=target)


def _is_gguf(path: Path) -> bool:
    return remote(path) is not None or (path.is_file() and is_gguf_file(path))


def _report(subject: str, compiled: Compiled, source: ChatTemplate, explained: Explanation | None) -> Report:
    facts: dict[str, object] = {"coverage": dict(compiled.coverage), "stop": list(compiled.stop)}
    facts["replies"], facts["parser"] = dict(compiled.replies), compiled.parser
    facts["name"], facts["names"] = source.name, list(source.names)
    facts["template"] = compiled.template
    if explained:
        from ..report.explanation import to_dict

        facts |= to_dict(explained)
    return Report("compile", subject, diagnostics=tuple(compiled.diagnostics), facts=facts)


def _print(compiled: Compiled, source: ChatTemplate, explained: Explanation | None) -> None:
    if explained:
        from ..report.explanation import render as side_by_side

        width = shutil.get_terminal_size().columns
        show(side_by_side(explained, width=width, color=wants_color(sys.stdout)), nl=False)
        # findings about a line stand beside it
        print_diagnostics(d for d in compiled.diagnostics if d.code == "MK612")
    else:
        if compiled.template:
            # No newline is added: in a TEMPLATE every byte counts.
            deliver(compiled.template, nl_on_terminal=True)
        print_diagnostics(compiled.diagnostics)
    if source.beside:
        say(f"bos and eos tokens: from {source.beside}")
    if len(source.names) > 1:
        others = ", ".join(n for n in source.names if n != source.name)
        say(f"template: {source.name!r} (--name takes another: {others})")
    say("coverage: " + ", ".join(f"{kind} {how}" for kind, how in compiled.coverage.items()))
    if compiled.replies:
        say("replies: " + ", ".join(f"{aspect} {how}" for aspect, how in compiled.replies.items()))
    if compiled.parser:
        say(f"parser: {compiled.parser}")
    if compiled.stop:
        say("stop: " + " ".join(repr(s) for s in compiled.stop))
