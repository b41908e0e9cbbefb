"""`mkmodelfile push`."""

from __future__ import annotations

from pathlib import Path

import click

from ..building.build import Build, build
from ..core.errors import ServerError, UsageError
from ..core.ollama_host import resolve_host
from ..package.package import load_package
from ..publish.expectation import Expectation
from ..publish.kit_push import push_by_kit, require_kit_pushable
from ..publish.names import require_name
from ..publish.publish import NotVerifiedError, Published, publish
from ..publish.push import require_pushable
from ..publish.second_server import hindrance_of, require_other_server, verify_elsewhere
from ..publish.verify import VerifyReport
from ..report import Report
from ..report.convert import verify_report
from ..runtime.ollama.client import OllamaServer
from ..sources.model_name import parse_model_name
from .command import Command
from .common import (
    file_options,
    finish,
    format_option,
    host_option,
    insecure_option,
    package_argument,
    print_diagnostics,
    say,
    step_progress,
)
from .push_elsewhere import Wanted, is_elsewhere, push_elsewhere


@click.command(
    "push",
    cls=Command,
    examples=(
        "mkmodelfile push --to me/my-model:q4",
        "mkmodelfile push ./my-package --to registry.lan:5000/team/my-model --insecure",
        "mkmodelfile push --to hf.co/me/my-model-GGUF --create",
        "mkmodelfile push --to oci://ghcr.io/me/my-model:q4",
    ),
)
@package_argument
@file_options
@click.option(
    "--to",
    metavar="NAME",
    help="Where to: [HOST/]NAMESPACE/MODEL[:TAG] (without HOST ollama.com; by default the package's name), "
    "hf.co/ORG/REPO, or oci://HOST/REPOSITORY[:TAG].",
)
@host_option
@insecure_option
@click.option(
    "--verify-on",
    metavar="URL",
    help="Have another Ollama server pull the pushed model, and verify it there.",
)
@click.option("--create", is_flag=True, help="Make the hub's repository if there is none.")
@click.option("--private", is_flag=True, help="Make it a private one.")
@click.option(
    "--overwrite", is_flag=True, help="Replace files of the hub's repository that others wrote or changed."
)
@click.option(
    "--by",
    type=click.Choice(["server", "kit"]),
    help="Who pushes: the Ollama server, which verifies the model before, or the kit itself, with the logins "
    "of docker and podman. By default the server, and the kit where none answers.",
)
@click.option("--dry-run", is_flag=True, help="Check name and sign-in, show what would go; change nothing.")
@click.option("--no-verify", is_flag=True, help="Do not verify the model before it is pushed.")
@click.option("--anyway", is_flag=True, help="Push even if that verification fails.")
@format_option
def command(
    package: Path,
    model: str | None,
    projector: str | None,
    to: str | None,
    host: str | None,
    insecure: bool,
    verify_on: str | None,
    create: bool,
    private: bool,
    overwrite: bool,
    by: str | None,
    dry_run: bool,
    no_verify: bool,
    anyway: bool,
    output_format: str,
) -> None:
    """Push PACKAGE to a registry of Ollama models, to Hugging Face's hub, or as OCI artifact to any registry.

    Name, namespace and sign-in are checked first. Then the package is published on the Ollama server, as
    `publish` does, and that server pushes it; or the kit pushes by itself (--by kit). After a break the
    command goes on where it was.
    """
    if to is not None and not to.strip():
        raise UsageError("--to is empty", help="name the place, or leave --to out for the package's own name")
    if to is not None and is_elsewhere(to):
        if verify_on is not None or by is not None:
            raise click.UsageError("--verify-on and --by are for models in a registry of Ollama models")
        push_elsewhere(
            to,
            Wanted(package, model, projector, create, private, overwrite, insecure, dry_run, output_format),
        )
        return
    if create or private or overwrite:
        raise click.UsageError("--create, --private and --overwrite are for --to hf.co/ORG/REPO")
    first = resolve_host(host)
    if verify_on is not None and by != "kit":
        require_other_server(first, resolve_host(verify_on))
    whole = load_package(package)
    if whole.variants:
        raise UsageError(
            f"{package} has several variants, and a push is of one model",
            help="`mkmodelfile publish --push` pushes all of them, or those of --variant",
        )
    wanted = to or whole.name
    by = by or _who_pushes(host, wanted)
    if by == "kit":
        require_kit_pushable(wanted, insecure=insecure)
    else:
        with OllamaServer(host) as server:
            require_pushable(server, wanted, insecure=insecure)
    built = build(package, model=model, projector=projector)
    print_diagnostics(built.diagnostics)
    if by == "kit":
        verified = _by_kit(wanted, built, insecure=insecure, verify_on=verify_on, dry_run=dry_run)
        report = (
            verify_report(verified, command="push", subject=wanted) if verified else Report("push", wanted)
        )
        finish(report, output_format)
        return
    try:
        with step_progress() as progress:
            done = publish(
                built,
                wanted,
                host=host,
                dry_run=dry_run,
                push=True,
                insecure=insecure,
                progress=progress,
                verify=not no_verify,
                force=anyway,
            )
    except NotVerifiedError as error:
        say(f"{wanted} was not pushed: its verification failed")
        finish(verify_report(error.report, command="push", subject=wanted), output_format)
        return
    print_diagnostics(done.diagnostics)
    verified = done.verified
    _tell(done)
    if not dry_run and (found := hindrance_of(wanted, insecure=insecure)):
        print_diagnostics([found])
    if verify_on is not None and not dry_run:
        verified = _verified_on(verify_on, wanted, built, insecure)
    finish(_report(wanted, verified), output_format)


def _report(name: str, verified: VerifyReport | None) -> Report:
    return verify_report(verified, command="push", subject=name) if verified else Report("push", name)


def _who_pushes(host: str | None, name: str) -> str:
    """The server, where one answers; the kit where none does, unless only a server can."""
    try:
        with OllamaServer(host) as server:
            server.version()
    except ServerError as error:
        if error.code != "MK802" or parse_model_name(require_name(name)).on_ollama_com:
            raise
        say(f"{error.message}: the kit pushes by itself")
        return "kit"
    return "server"


def _by_kit(
    name: str, built: Build, *, insecure: bool, verify_on: str | None, dry_run: bool
) -> VerifyReport | None:
    """Pushes without a server; the verification by `verify_on`, if there is one."""
    if dry_run:
        say(f"dry run: would push {name} without a server")
        return None
    with step_progress() as progress:
        done = push_by_kit(built, name, insecure=insecure, progress=progress)
    say(f"pushed {name} ({done.sent / 1e6:.1f} of {done.size / 1e6:.1f} MB sent), {done.digest}")
    if found := hindrance_of(name, insecure=insecure):
        print_diagnostics([found])
    if verify_on is None:
        say("no server has verified it: --verify-on has one pull it and verify it")
        return None
    return _verified_on(verify_on, name, built, insecure)


def _verified_on(host: str, name: str, built: Build, insecure: bool) -> VerifyReport:
    say(f"{resolve_host(host)} pulls {name} and verifies it")
    with step_progress() as progress:
        meant = Expectation.from_build(built)
        return verify_elsewhere(host, name, insecure=insecure, expectation=meant, progress=progress)


def _tell(done: Published) -> None:
    size = f"{done.uploaded_bytes / 1e6:.1f} MB"
    if done.dry_run:
        say(f"dry run: would publish {done.name} on {done.host} ({size} to upload) and push it from there")
        return
    say(f"pushed {done.name} from {done.host} (Ollama {done.version})")
