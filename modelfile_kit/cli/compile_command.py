"""`mkmodelfile compile`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click

from ..chat_template_file import ChatTemplate, load_chat_template
from ..compiler import Compiled, compile_template
from ..diagnostics import has_errors
from ..report import FORMATS, Report, render
from .common import errors_in, in_file, print_diagnostics, read_text, say


@click.command("compile")
@click.argument("chat_template", type=click.Path(allow_dash=True))
@click.option("--bos", metavar="TEXT", help="The model's BOS token, where the template uses `bos_token`.")
@click.option("--eos", metavar="TEXT", help="The model's EOS token, where the template uses `eos_token`.")
@click.option("--name", metavar="NAME", help="Which of several named templates (default, tool_use, …).")
@click.option("--target", default="latest", show_default=True, help="The oldest Ollama it must work on.")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="text: TEMPLATE on stdout, findings on stderr; others: a report on stdout.",
)
def command(
    chat_template: str, bos: str | None, eos: str | None, name: str | None, target: str, output_format: str
) -> None:
    """Compile CHAT_TEMPLATE (Jinja text, a GGUF, a tokenizer_config.json, or - for stdin) to a Go TEMPLATE.

    The TEMPLATE goes to stdout, what could not be proven goes to stderr. Exit code 1 says that the
    result must not be used as it is.
    """
    source = _load(chat_template, name)
    with errors_in(chat_template):
        compiled = compile_template(
            source.text,
            bos_token=bos if bos is not None else source.bos_token or "",
            eos_token=eos if eos is not None else source.eos_token or "",
            target=target,
        )
    findings = [replace(d, span=in_file(d.span, chat_template)) for d in compiled.diagnostics]
    compiled = replace(compiled, diagnostics=findings)
    if output_format == "text":
        _print(compiled)
    else:
        facts: dict[str, object] = {"coverage": dict(compiled.coverage), "stop": list(compiled.stop)}
        facts["template"] = compiled.template
        report = Report("compile", chat_template, diagnostics=tuple(compiled.diagnostics), facts=facts)
        click.echo(render(report, output_format), nl=False)
    if has_errors(compiled.diagnostics):
        raise click.exceptions.Exit(1)


def _load(path: str, name: str | None) -> ChatTemplate:
    return ChatTemplate(read_text("-")) if path == "-" else load_chat_template(Path(path), name=name)


def _print(compiled: Compiled) -> None:
    if compiled.template:
        # No newline is added: in a TEMPLATE every byte counts.
        click.echo(compiled.template, nl=sys.stdout.isatty())
    print_diagnostics(compiled.diagnostics)
    say("coverage: " + ", ".join(f"{kind} {how}" for kind, how in compiled.coverage.items()))
    if compiled.stop:
        say("stop: " + " ".join(repr(s) for s in compiled.stop))
