"""docs/releases.md: the releases of Ollama that can be a target, and what each changed."""

from __future__ import annotations

from modelfile_kit.ollama.builtin import PARSERS, RENDERERS
from modelfile_kit.ollama.releases import RELEASES
from modelfile_kit.ollama.versions import ALWAYS, LATEST, SINCE, Version, version_text
from tests.ollama_process import OLDER
from tests.oracle.oracle import VERSIONS

_HEAD = """\
# Releases of Ollama

Made from `modelfile_kit/ollama/versions.py`, `releases.py` and `builtin.py` by `tools/docs.py`.

A package is for the releases that its `target:` names, and `--target` of a command counts before it:

| target | means |
| --- | --- |
| `latest` (the default) | {latest} |
| `0.12.6`, `0.30` | that release |
| `">=0.30"` | that release and every later one, up to those that are not out yet |

Any release from 0.5 on can be a target. What is true of a release was read in its sources. Prompts,
Modelfiles, PARAMETERs, template detection and reply parsing are compared with Ollama's own packages at these
releases, in every run of the tests: {judged}.
A release between two of them is treated as the table below says. A real server of {latest} and one of {older}
run the tests that need a server.

A server may be newer than {latest}. `publish` and `verify` then go by what {latest} does, and verification
says where the server answers otherwise. `python -m tools.ollama_release` shows what a new release changed
([CONTRIBUTING.md](../CONTRIBUTING.md), recipe 11).

## What each release changed

Only what matters to a package. A change between two releases whose sources were read is counted with the
later one. *llama.cpp* is named where its build changed (from 0.30 on; before, it was compiled in).

| release | day | llama.cpp | what came and went |
| --- | --- | --- | --- |
"""


def page() -> str:
    """The whole page."""
    latest = version_text(LATEST)
    head = _HEAD.format(latest=latest, judged=", ".join(VERSIONS), older=OLDER)
    return head + "".join(_row(version) for version in sorted(_changes(), reverse=True))


def _row(version: Version) -> str:
    release = RELEASES.get(version)
    build = release.llama_cpp if release else None
    before = [r.llama_cpp for v, r in RELEASES.items() if v < version]
    shown = f"b{build}" if build and build not in before else ""
    return (
        f"| {version_text(version)} | {release.day if release else ''} | {shown} | "
        f"{'; '.join(_changes()[version])} |\n"
    )


def _changes() -> dict[Version, list[str]]:
    """Every release with a row, and its lines."""
    found: dict[Version, list[str]] = {version: [] for version in RELEASES}
    for feature in SINCE.values():
        if feature.since != ALWAYS:
            found.setdefault(feature.since, []).append(feature.what)
        if feature.until:
            found.setdefault(feature.until, []).append(f"**no longer:** {feature.what}")
    for word, since_of in (
        ("RENDERER", RENDERERS),
        ("PARSER", {name: parser.since for name, parser in PARSERS.items()}),
    ):
        for version in {*since_of.values()}:
            names = ", ".join(f"`{name}`" for name, since in since_of.items() if since == version)
            found.setdefault(version, []).append(f"{word} {names}")
    return found
