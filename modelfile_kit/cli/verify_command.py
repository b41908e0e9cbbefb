"""`mkmodelfile verify`.

What only some calls need is imported where it is used, so that the command starts faster.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ..building.build import Build
from ..building.variants import VariantBuild, build_variants
from ..core.errors import KitError
from ..core.extras import need_pillow
from ..package.package import Package, load_package
from ..package.variants import variant_named
from ..publish.expectation import Expectation
from ..publish.names import name_on_server
from ..publish.reply_sources import source_of_build
from ..publish.verify import verify
from ..report import Report, Status
from ..report.convert import reply_cases, verify_report
from ..sources.model_name import has_tag
from ..vision.sounds import read_sound
from .command import Command
from .common import (
    finish,
    format_option,
    host_option,
    html_option,
    say,
    tried_replies,
    write_page,
)
from .progress import step_progress
from .variants import (
    Outcome,
    failed,
    is_package,
    model_named,
    own_findings,
    raise_if_all_alike,
    report_of_variants,
    variant_names,
    variant_option,
)


@click.command(
    "verify",
    cls=Command,
    examples=(
        "mkmodelfile verify my-model",
        "mkmodelfile verify ./my-package --html report.html",
        "mkmodelfile verify my-model:q8_0 --package ./my-package",
        "mkmodelfile verify my-model --replies --sound speech.wav --host http://gpu-server:11434",
    ),
)
@click.argument("name")
@click.option(
    "--package",
    type=click.Path(path_type=Path),
    help="Compare the model with this package; without one, with what the server says about it.",
)
@variant_option
@click.option("--model", metavar="FILE", help="With --package: this GGUF instead of the package's.")
@click.option("--projector", metavar="FILE", help="With --package: this projector instead of the package's.")
@host_option
@click.option(
    "--replies",
    is_flag=True,
    help="Also see whether what the model writes is read back: thoughts, tool calls, answers.",
)
@click.option(
    "--sound",
    "sounds",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="Also send this sound (WAV or MP3) to a model that hears; may be given several times.",
)
@click.option("--shapes", is_flag=True, help="Also ask for shapes (not for the micro model).")
@click.option(
    "--phone-agent",
    is_flag=True,
    help="Also ask as Open-AutoGLM does: a phone's screen, and the answer has to be an action.",
)
@html_option
@format_option
def command(
    name: str,
    package: Path | None,
    variants: tuple[str, ...],
    model: str | None,
    projector: str | None,
    host: str | None,
    replies: bool,
    sounds: tuple[Path, ...],
    shapes: bool,
    phone_agent: bool,
    html: Path | None,
    output_format: str,
) -> None:
    """Verify the model NAME on an Ollama server: capabilities, prompts, tokens, stop tokens and images.

    A NAME that begins with `./`, `../` or `/` is a package: its model is verified, and compared with it.
    With a package that has variants, a NAME with a tag is the variant of that tag, and a NAME without one
    stands for all of them.
    """
    is_path = is_package(name)
    if is_path:
        if package is not None:
            raise click.UsageError(f"NAME is a path ({name}), and --package names another package")
        package = Path(name)
    else:
        name = name_on_server(name)
    if phone_agent:
        need_pillow("--phone-agent")
    heard = [read_sound(path) for path in sounds]
    if package is None and (model or projector or variants):
        raise click.UsageError("--model, --projector and --variant need --package")

    def look(model_name: str, built: Build | None) -> Report:
        with model_named(model_name), step_progress() as progress:
            verified = verify(
                model_name,
                host=host,
                expectation=Expectation.from_build(built) if built is not None else None,
                progress=progress,
                shapes=shapes,
                phone_agent=phone_agent,
                sounds=heard,
            )
        report = verify_report(verified)
        if not replies:
            return report
        tried = tried_replies(source_of_build(built) if built is not None else None, model_name, host)
        cases, facts = (*report.cases, *reply_cases(tried)), {**report.facts, "replies read by": tried.reader}
        return replace(report, cases=cases, facts=facts)

    def end(report: Report, builds: Sequence[VariantBuild] = ()) -> None:
        if html:
            from .checked import check_for_page

            checked = [check_for_page(str(package), builds)] if builds else []
            write_page(html, report, *checked)
        finish(replace(report, brief=True), output_format)

    if package is None:
        end(look(name, None))
        return
    whole = load_package(package)
    name = whole.name if is_path else name
    one = None if variants or is_path else variant_named(whole, name)
    chosen = variants or ((one.variant or "",) if one is not None and has_tag(name) else ())
    builds = build_variants(
        whole, chosen, model=model, projector=projector, write=False, clock=time.monotonic
    )
    raise_if_all_alike(builds)
    if len(builds) == 1 and not variants:
        end(look(name, builds[0].built), builds)
        return
    end(_every(whole, name, builds, look), builds)


def _every(
    whole: Package, name: str, builds: Sequence[VariantBuild], look: Callable[[str, Build], Report]
) -> Report:
    """The variants of a package under the name that they were published with, one after the other."""
    named = variant_names(whole, name)
    outcomes = []
    for one in builds:
        if one.built is None:
            assert one.error is not None
            outcomes.append(failed(one, one.error))
            continue
        names, started = named[one.tag], time.monotonic()
        say(f"verifying {names[0]}")
        try:
            report = look(names[0], one.built)
        except KitError as error:
            if error.exit_code != 1:
                raise
            outcomes.append(failed(one, error, names=names, seconds=time.monotonic() - started))
            continue
        status = Status.PASSED if report.ok else Status.FAILED
        more: dict[str, Any] = {"names": names, "seconds": time.monotonic() - started}
        word = "ok" if report.ok else "failed"
        found = own_findings(one.built)
        outcomes.append(
            Outcome(one, word, status, cases=report.cases, diagnostics=found, facts=report.facts, **more)
        )
    return report_of_variants("verify", name, outcomes)
