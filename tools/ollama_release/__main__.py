"""The command; see the package's first lines."""

from __future__ import annotations

from collections.abc import Iterator

import click

from modelfile_kit.ollama.releases import RELEASES
from modelfile_kit.ollama.versions import LATEST, Version, parse_version, version_text
from tests.oracle.oracle import LATEST as JUDGED
from tests.oracle.oracle import VERSIONS, OracleUnavailableError
from tools.ollama_release.compare import changed_files, differences
from tools.ollama_release.judges import judged, stale_recordings
from tools.ollama_release.sources import ReleaseUnavailableError, Sources, newest, read_sources
from tools.ollama_release.tables import (
    TABLE,
    deviations,
    followed_files,
    table,
    unfounded_texts,
    with_release,
)


@click.command(help=(__doc__ or "").partition(";")[0])
@click.argument("version", required=False)
@click.option("--since", help="Compare with this release instead of the one before.")
@click.option("--write", is_flag=True, help="Add the release to modelfile_kit/ollama/releases.py.")
@click.option("--check", is_flag=True, help="Hold the committed tables against the releases that tests ask.")
@click.option("--judges/--no-judges", default=True, help="Put the recorded questions to both releases.")
def main(version: str | None, since: str | None, write: bool, check: bool, judges: bool) -> None:
    """Prints the report; exit code 1 where --check finds something, or the release cannot be had."""
    try:
        if check:
            found = list(checked(judges=judges))
            click.echo("\n".join(found) or "every table is what the sources say")
            raise SystemExit(bool(found))
        wanted = _version(version) if version else newest(LATEST)
        new, last = read_sources(wanted), read_sources(_version(since) if since else _before(wanted))
        for line in report(new, last, judges=judges):
            click.echo(line)
        if write:
            TABLE.write_text(table(with_release(new)), encoding="utf-8")
            click.echo(f"\nwrote {TABLE.name}")
    except (ReleaseUnavailableError, OracleUnavailableError) as e:
        raise click.ClickException(str(e)) from e


def report(new: Sources, last: Sources, *, judges: bool = True) -> Iterator[str]:
    """What a person has to know of a release, compared with the one before."""
    name, before = version_text(new.version), version_text(last.version)
    place = "newer than" if new.version > LATEST else "older than" if new.version < LATEST else "which is"
    yield f"Ollama {name} ({new.day}, llama.cpp {_build(new)}), {place} the kit's latest"
    yield f"compared with {before} ({last.day}, llama.cpp {_build(last)})"
    yield from differences(last, new)
    yield "\nfiles that the kit follows and whose code changed — read `diff -u` of the two folders:"
    yield f"  {last.folder}\n  {new.folder}"
    yield from changed_files(last, new, followed_files())
    yield f"\nthe kit's tables, beside the sources of {name}:"
    yield from (f"  {line}" for line in list(deviations(new)) or ["no difference"])
    if judges:
        yield "\nthe judges' recorded answers:"
        yield from judged(before, name)
    yield "\nnext: recipe 11 of CONTRIBUTING.md"


def checked(*, judges: bool = True) -> Iterator[str]:
    """Where a committed table is not what the tool would make of it."""
    for version in [v for v in map(_version, VERSIONS) if v >= (0, 30, 0)]:
        sources = read_sources(version)
        yield from (f"{version_text(version)}: {line}" for line in deviations(sources))
        yield from (f"{version_text(version)}: {line}" for line in unfounded_texts(sources))
    if TABLE.read_text(encoding="utf-8") != table(RELEASES):
        yield f"{TABLE.name} was changed by hand"
    if _version(JUDGED) != LATEST:
        yield f"tests ask {JUDGED}, and versions.LATEST is {version_text(LATEST)}"
    if judges:
        yield from stale_recordings(JUDGED)


def _version(text: str) -> Version:
    found = parse_version(text)
    if found is None:
        raise click.BadParameter(f"{text!r} is not a version of Ollama, such as 0.34.4")
    return found


def _before(version: Version) -> Version:
    """The newest release of the table that is older."""
    older = [v for v in RELEASES if v < version]
    if not older:
        raise click.BadParameter(f"the table has no release before {version_text(version)}")
    return max(older)


def _build(sources: Sources) -> str:
    return f"b{sources.llama_cpp}" if sources.llama_cpp else "inside"


if __name__ == "__main__":
    main()
