"""`mkmodelfile push --to hf.co/…` and `oci://…`: packages as files of a hub, or as OCI artifacts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..building.build import Build
from ..building.variants import build_variants
from ..core.diagnostics import Diagnostic
from ..core.errors import UsageError
from ..core.foreign_text import shown
from ..packing.hub_push import HubPush, push_to_hub
from ..packing.oci_layout import make_artifact
from ..packing.oci_push import OCIPush, push_artifact
from ..report import Report
from ..sources.name import HUB_HOSTS
from ..sources.registry import Registry
from ..sources.registry_names import host_problem, repository_problem, tag_problem
from .common import print_diagnostics, print_report, say
from .output import show
from .progress import step_progress

OCI = "oci://"
_HUB_SCHEME = "hf://"


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for, besides the place. package: as given; the others as the options are."""

    package: Path
    variants: tuple[str, ...]
    model: str | None
    projector: str | None
    create: bool
    private: bool
    overwrite: bool
    insecure: bool
    dry_run: bool
    output_format: str


def is_elsewhere(to: str) -> bool:
    """Whether a place is no registry of Ollama's models."""
    return to.lower().startswith(OCI) or hub_repository(to) is not None


def hub_repository(to: str) -> str | None:
    """ORG/REPO of a place on Hugging Face's hub, None for another place."""
    lower = to.lower()
    if lower.startswith(_HUB_SCHEME):
        return to[len(_HUB_SCHEME) :].rstrip("/")
    rest = to[len("https://") :] if lower.startswith("https://") else to
    host, slash, repository = rest.partition("/")
    return repository.rstrip("/") if slash and host.lower() in HUB_HOSTS else None


def push_elsewhere(to: str, wanted: Wanted) -> None:
    """Pushes a package to a hub's repository or as an artifact, and says what was sent."""
    if "@" in to:  # not shown: a password may stand before it
        raise UsageError(
            "`--to` has an `@`: neither a login nor a digest belongs there",
            help="sign in with `hf auth login` or `docker login`, and name a repository and a tag alone",
            code="MK508",
        )
    repository = hub_repository(to)
    if repository is None and (wanted.create or wanted.private or wanted.overwrite):
        raise UsageError(
            "--create, --private and --overwrite are for repositories of Hugging Face's hub",
            help="leave them out, or push to hf.co/ORG/REPO",
        )
    if repository is not None:
        _refuse_tag(repository)
        _to_hub(repository, wanted)
    else:
        _as_artifact(to[len(OCI) :], wanted)


def _builds(wanted: Wanted) -> list[Build]:
    """The package, or every variant of it that is wanted."""
    found = build_variants(
        wanted.package, wanted.variants, model=wanted.model, projector=wanted.projector, write=False
    )
    for one in found:
        if one.error is not None:
            raise one.error
    return [one.built for one in found if one.built is not None]


def _told_or_reported(pushes: list[_Push], wanted: Wanted) -> None:
    """Findings, files and outcome of every push as text, or a report of all."""
    if wanted.output_format != "text":
        facts = pushes[0].facts if len(pushes) == 1 else {"variants": [push.facts for push in pushes]}
        found = tuple(dict.fromkeys(d for push in pushes for d in push.found))
        print_report(Report("push", pushes[0].name, diagnostics=found, facts=facts), wanted.output_format)
        return
    for push in pushes:
        print_diagnostics(push.found)
        for line in push.lines:
            say(line)
        show(push.result)


@dataclass(frozen=True)
class _Push:
    """What became of one variant: its name, findings, remarks, facts for a report, and the result."""

    name: str
    found: tuple[Diagnostic, ...]
    lines: tuple[str, ...]
    facts: dict[str, Any]
    result: str


def _to_hub(repository: str, wanted: Wanted) -> None:
    pushes = []
    for built in _builds(wanted):
        with step_progress() as progress:
            done = push_to_hub(
                built,
                repository,
                create=wanted.create,
                private=wanted.private,
                dry_run=wanted.dry_run,
                overwrite=wanted.overwrite,
                progress=progress,
            )
        facts = {"url": done.url, "name": done.name, "commit": done.commit, "bytes": done.to_send}
        lines = [f"{file.what:<8} {file.size:>14,}  {file.name}" for file in done.files]
        lines.append(_outcome(done, wanted.dry_run))
        found = (*built.diagnostics, *done.diagnostics)
        facts = {**facts, "files": [asdict(file) for file in done.files]}
        pushes.append(_Push(done.name, found, tuple(lines), facts, done.url))
    _told_or_reported(pushes, wanted)


def _outcome(done: HubPush, dry_run: bool) -> str:
    size = f"{done.to_send / 1e6:.1f} MB"
    if dry_run:
        made = " and make the repository" if done.created else ""
        return f"dry run: would send {size} to {done.url}{made}"
    if not done.commit:
        return f"{done.url} has all of it already"
    return f"sent {size} to {done.url}; run it with `ollama run {done.name}`"


def _as_artifact(place: str, wanted: Wanted) -> None:
    host, repository, tag = split_reference(place)
    builds = _builds(wanted)
    if tag and len(builds) > 1:
        raise UsageError(
            f"{OCI}{shown(place)} names one tag, and the package has {len(builds)} variants",
            help="leave the tag out: every variant has its own",
            code="MK508",
        )
    pushes = []
    with Registry(host, insecure=wanted.insecure) as registry:
        for built in builds:
            with step_progress() as progress:
                artifact = make_artifact(built, progress=progress)
                done = push_artifact(
                    artifact, registry, repository, tag, dry_run=wanted.dry_run, progress=progress
                )
            word = "lacking" if wanted.dry_run else "sent"
            lines = [f"{word:<8} {size:>14,}  {name}" for name, size in done.sent.items()]
            lines.append(_told(done, wanted.dry_run))
            facts: dict[str, Any] = {"name": done.name, "digest": done.digest, "replaced": done.replaced}
            facts["sent"] = done.sent
            found = (*built.diagnostics, *artifact.diagnostics)
            result = f"{done.name.rpartition(':')[0]}@{done.digest}"
            pushes.append(_Push(done.name, found, tuple(lines), facts, result))
    _told_or_reported(pushes, wanted)


def _told(done: OCIPush, dry_run: bool) -> str:
    size = f"{sum(done.sent.values()) / 1e6:.1f} MB"
    if done.unchanged:
        return f"{done.name} is this artifact already"
    before = f"; the tag named {done.replaced} before" if done.replaced else ""
    return f"{'dry run: would send' if dry_run else 'sent'} {size} to {done.name}{before}"


def split_reference(place: str) -> tuple[str, str, str]:
    """Host, repository and tag ("" for none) of `HOST/REPOSITORY[:TAG]`; UsageError for another form."""
    host, slash, rest = place.partition("/")
    repository, _, tag = rest.partition(":")
    if not host or not slash or not repository or rest.endswith(":"):
        raise UsageError(
            f"{OCI}{shown(place)} names no repository of a registry",
            help=f"write {OCI}HOST/REPOSITORY[:TAG], such as {OCI}registry.lan:5000/team/model:q4",
            code="MK508",
        )
    problem = host_problem(host) or repository_problem(repository) or (tag_problem(tag) if tag else "")
    if problem:
        right = f"{OCI}{host}/{repository.lower()}"
        hint = f"for example {shown(right)}" if not repository_problem(repository.lower()) else "correct it"
        raise UsageError(f"{OCI}{shown(place)}: {problem}", help=hint, code="MK508")
    return host, repository, tag


def _refuse_tag(repository: str) -> None:
    name, colon, _ = repository.partition(":")
    if colon:
        raise UsageError(
            f"hf.co/{shown(repository)}: a repository of the hub has no tags to push to",
            help=f"write hf.co/{shown(name)}; the quantization is in the name of the model's file",
            code="MK897",
        )
