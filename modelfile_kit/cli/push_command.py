"""`mkmodelfile push`."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from ..building.build import Build
from ..building.variant_differences import CODES
from ..building.variants import VariantBuild, build_variants
from ..core.diagnostics import Diagnostic
from ..core.errors import KitError, ServerError, UsageError
from ..core.ollama_host import resolve_host
from ..core.progress import Progress
from ..core.urls import is_loopback
from ..package.package import load_package
from ..package.variants import variant_packages
from ..publish.expectation import Expectation
from ..publish.kit_push import require_kit_pushable
from ..publish.names import require_name
from ..publish.publish import NotVerifiedError
from ..publish.push import require_https, require_pushable
from ..publish.second_server import hindrance_of, require_other_server, verify_elsewhere
from ..publish.variants import VariantPublish, publish_variants, push_variants_by_kit
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
    print_serious,
    say,
)
from .progress import step_progress
from .published_variants import outcome_of, raise_if_none_was_tried
from .push_elsewhere import Wanted, is_elsewhere, push_elsewhere
from .variants import Outcome, failed, raise_if_all_alike, report_of_variants, variant_names, variant_option


@dataclass(frozen=True)
class _How:
    """How the models get there. verify_on: the URL of another server, None for none."""

    by: str
    host: str | None
    insecure: bool
    verify_on: str | None
    dry_run: bool
    verify: bool
    anyway: bool


@click.command(
    "push",
    cls=Command,
    examples=(
        "mkmodelfile push --to me/my-model:q4",
        "mkmodelfile push --to me/my-model --variant q4_K_M --variant q8_0",
        "mkmodelfile push --to hf.co/me/my-model-GGUF --create",
        "mkmodelfile push --to oci://ghcr.io/me/my-model:q4",
    ),
)
@package_argument
@variant_option
@file_options
@click.option(
    "--to",
    metavar="NAME",
    help="Where to: [HOST/]NAMESPACE/MODEL[:TAG] (without HOST ollama.com; by default the package's name), "
    "hf.co/ORG/REPO, or oci://HOST/REPOSITORY[:TAG]. Variants get their tags with it.",
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
    variants: tuple[str, ...],
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
    `publish` does, and that server pushes it; or the kit pushes by itself (--by kit). Of a package with
    variants each is pushed under a tag of its own, and what they share is sent once. After a break the
    command goes on where it was.
    """
    if to is not None and not to.strip():
        raise UsageError("--to is empty", help="name the place, or leave --to out for the package's own name")
    if to is not None and is_elsewhere(to):
        if verify_on is not None or by is not None:
            raise click.UsageError("--verify-on and --by are for models in a registry of Ollama models")
        files = (package, variants, model, projector)
        push_elsewhere(to, Wanted(*files, create, private, overwrite, insecure, dry_run, output_format))
        return
    if create or private or overwrite:
        raise click.UsageError("--create, --private and --overwrite are for --to hf.co/ORG/REPO")
    first = resolve_host(host)
    if verify_on is not None and by != "kit":
        require_other_server(first, resolve_host(verify_on))
    whole = load_package(package)
    wanted = to or whole.name
    names = variant_names(whole, to)
    chosen = [p.variant or p.name for p in variant_packages(whole, variants)]
    by = by or _who_pushes(host, wanted)
    how = _How(by, host, insecure, verify_on, dry_run, not no_verify, anyway)
    _require_pushable([name for tag in chosen for name in names[tag]], how)
    builds = build_variants(whole, variants, model=model, projector=projector, clock=time.monotonic)
    raise_if_all_alike(builds)
    if len(builds) > 1:
        report = _push_all(wanted, builds, names, how, output_format)
    else:
        report = _push_one(builds[0], names[builds[0].tag], how, output_format)
    finish(replace(report, brief=True), output_format)


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


def _require_pushable(names: Sequence[str], how: _How) -> None:
    """Raises for a name that cannot be pushed, before anything is built."""
    if how.by == "kit":
        for name in names:
            require_kit_pushable(name, insecure=how.insecure)
        return
    with OllamaServer(how.host) as server:
        require_pushable(server, names[0], insecure=how.insecure)
        for name in names[1:]:  # the same namespace, so the same account
            require_pushable(None, name, insecure=how.insecure)
        if is_loopback(server.url) and not how.insecure:
            require_https(names[0])


def _push_one(build: VariantBuild, names: tuple[str, ...], how: _How, output_format: str) -> Report:
    """A package, or the one variant that was chosen."""
    assert build.built is not None
    own = names[0]
    found = print_serious(build.built.diagnostics, output_format)
    with step_progress() as progress:
        (one,) = _pushed([build], {build.tag: names}, how, progress)
        if isinstance(one.error, NotVerifiedError):
            say(f"{own} was not pushed: its verification failed")
            return _with(verify_report(one.error.report, command="push", subject=own), found)
        if one.error is not None:
            raise one.error
        if one.done is not None:
            found += print_serious(one.done.diagnostics, output_format)
        _tell(one)
        verified = one.done.verified if one.done is not None else None
        _tell_hindrance(own, how)
        if how.verify_on is not None and not how.dry_run:
            verified = _verified_on(how.verify_on, own, build.built, how.insecure, progress)
    return _with(
        verify_report(verified, command="push", subject=own) if verified else Report("push", own), found
    )


def _with(report: Report, found: Iterable[Diagnostic]) -> Report:
    """With these findings before its own."""
    return replace(report, diagnostics=tuple(dict.fromkeys((*found, *report.diagnostics))))


def _push_all(
    subject: str,
    builds: Sequence[VariantBuild],
    names: Mapping[str, tuple[str, ...]],
    how: _How,
    output_format: str,
) -> Report:
    """Every variant, each told as it is pushed."""
    of_builds = dict.fromkeys(d for b in builds if b.built for d in b.built.diagnostics)
    # what is about one variant stands with it
    found = print_serious((d for d in of_builds if d.code not in CODES), output_format)
    all_of_them: list[VariantPublish] = []
    outcomes: list[Outcome] = []
    with step_progress() as progress:
        for one in _pushed(builds, names, how, progress):
            all_of_them.append(one)
            _tell(one)
            if one.error is not None:
                say(f"{one.names[0]}: {one.result}")
            outcomes.append(_outcome(one, how, progress))
    raise_if_none_was_tried(all_of_them)
    if pushed := [one.names[0] for one in all_of_them if one.error is None]:
        _tell_hindrance(pushed[0], how)
    return _with(report_of_variants("push", subject, outcomes), found)


def _pushed(
    builds: Sequence[VariantBuild],
    names: Mapping[str, tuple[str, ...]],
    how: _How,
    progress: Progress | None,
) -> Iterator[VariantPublish]:
    if how.by == "kit":
        return push_variants_by_kit(
            builds, names, insecure=how.insecure, dry_run=how.dry_run, progress=progress
        )
    return publish_variants(
        builds,
        names,
        host=how.host,
        dry_run=how.dry_run,
        push=True,
        insecure=how.insecure,
        progress=progress,
        verify=how.verify,
        force=how.anyway,
    )


def _outcome(one: VariantPublish, how: _How, progress: Progress | None) -> Outcome:
    """The outcome of a variant; where another server is to verify it, by that one."""
    built = one.of.built
    if how.verify_on is None or how.dry_run or one.error is not None or built is None:
        return outcome_of(one, command="push")
    try:
        elsewhere = _verified_on(how.verify_on, one.names[0], built, how.insecure, progress)
    except KitError as error:
        return failed(
            one.of,
            error,
            f"{one.result}, not verified",
            names=one.names,
            seconds=one.of.seconds + one.seconds,
        )
    return outcome_of(one, command="push", elsewhere=elsewhere)


def _verified_on(
    host: str, name: str, built: Build, insecure: bool, progress: Progress | None
) -> VerifyReport:
    say(f"{resolve_host(host)} pulls {name} and verifies it")
    meant = Expectation.from_build(built)
    return verify_elsewhere(host, name, insecure=insecure, expectation=meant, progress=progress)


def _tell_hindrance(name: str, how: _How) -> None:
    """Says where no Ollama server can pull what was pushed, and that none has verified it."""
    if how.dry_run:
        return
    if found := hindrance_of(name, insecure=how.insecure):
        print_diagnostics([found])
    if how.by == "kit" and how.verify_on is None:
        say("no server has verified it: --verify-on has one pull it and verify it")


def _tell(one: VariantPublish) -> None:
    """What the server did, or the kit by itself."""
    if (done := one.done) is not None:
        size, names = f"{done.uploaded_bytes / 1e6:.1f} MB", ", ".join((done.name, *done.also))
        if done.dry_run:
            say(f"dry run: would publish {names} on {done.host} ({size} to upload) and push it from there")
        else:
            say(f"pushed {names} from {done.host} (Ollama {done.version}), where it stays")
    for push in one.by_kit:
        sizes = f"{push.sent / 1e6:.1f} of {push.size / 1e6:.1f} MB"
        if push.dry_run:
            say(f"dry run: would push {push.name} without a server ({sizes} to send), {push.digest}")
        else:
            say(f"pushed {push.name} ({sizes} sent), {push.digest}")
