"""Known advisories about what the project depends on: `python -m tools.advisories`.

tools/advisories.tsv has a row for each range of affected versions: package, number of the advisory, first
affected version, first fixed version ("<=X" where no fix is known: X is the newest affected one), the record
that says so (a PYSEC or GHSA number, or the CVE record itself), and why it does not concern us, if so. Rows
up to October 2024 are those of the Python Packaging Authority's database; later ones were added by hand.

The command resolves the dependencies as pip would, to the lowest and the newest versions, with every extra
that a user installs, and holds them against the table. The public workflow asks the databases themselves.
"""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pytest brings it where Python has no tomllib

ROOT = Path(__file__).resolve().parents[1]
TABLE = Path(__file__).with_name("advisories.tsv")
# What a user can install; `dev` and `judges` are for work on the project itself.
NOT_SHIPPED = frozenset({"dev", "judges"})
PYTHONS = ("3.10", "3.13")


@dataclass(frozen=True)
class Advisory:
    """One range of affected versions of one package, from `first` up to, not including, `fixed`.

    last: the newest affected version where no fix is known, else None. excuse: why it does not concern us, or
    "".
    """

    package: str
    number: str
    first: Version
    fixed: Version | None
    last: Version | None
    source: str
    excuse: str

    def hits(self, version: Version) -> bool:
        """True where this version of the package is affected."""
        if version < self.first:
            return False
        if self.fixed is not None:
            return version < self.fixed
        return self.last is None or version <= self.last


@cache
def advisories() -> tuple[Advisory, ...]:
    """The rows of the table."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t"))[1:]
    return tuple(_advisory(row) for row in rows)


def _advisory(row: list[str]) -> Advisory:
    package, number, first, end, source, excuse = row
    known = end.startswith("<=")
    return Advisory(
        package,
        number,
        Version(first),
        Version(end) if end and not known else None,
        Version(end[2:]) if known else None,
        source,
        excuse,
    )


def project_table() -> dict[str, Any]:
    """The table [project] of pyproject.toml."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    table: dict[str, Any] = tomllib.loads(text)["project"]
    return table


def shipped_extras() -> list[str]:
    """The names of the extras that a user installs."""
    return sorted(set(project_table()["optional-dependencies"]) - NOT_SHIPPED)


def affected(versions: Mapping[str, str]) -> list[Advisory]:
    """The advisories that concern these versions, by package name, and have no excuse."""
    return [
        a
        for a in advisories()
        if not a.excuse and a.package in versions and a.hits(Version(versions[a.package]))
    ]


def lowest_claimed(requirements: Iterable[str]) -> dict[str, str]:
    """The lowest version of each package that these requirements allow, for those with a lower bound."""
    found: dict[str, str] = {}
    for text in requirements:
        requirement = Requirement(text)
        bounds = [s.version for s in requirement.specifier if s.operator in (">=", "==", "~=")]
        if bounds:
            found[canonicalize_name(requirement.name)] = str(max(map(Version, bounds)))
    return found


def resolved(extras: Iterable[str], python: str, resolution: str) -> dict[str, str]:
    """Package names and versions, as uv resolves pyproject.toml with these extras.

    resolution: "lowest-direct" or "highest". Raises subprocess.CalledProcessError with uv's words in stderr.
    """
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-annotate", "--no-header"]
    command += ["--python-version", python, "--resolution", resolution]
    for extra in extras:
        command += ["--extra", extra]
    done = subprocess.run(
        [*command, str(ROOT / "pyproject.toml")], capture_output=True, text=True, check=True
    )
    lines = [line.split(";")[0].strip() for line in done.stdout.splitlines()]
    pairs = [line.split("==") for line in lines if "==" in line]
    return {canonicalize_name(name.partition("[")[0]): version for name, version in pairs}


def main() -> int:
    """Resolve both ways for the oldest and the newest Python, and print what is affected."""
    extras = shipped_extras()
    bad = 0
    for python in PYTHONS:
        for resolution in ("lowest-direct", "highest"):
            versions = resolved(extras, python, resolution)
            hits = affected(versions)
            bad += len(hits)
            print(f"Python {python}, {resolution}: {len(versions)} packages, {len(hits)} affected")
            for a in hits:
                end = f"fixed in {a.fixed}" if a.fixed else "no fix is known"
                print(f"  {a.package} {versions[a.package]}: {a.number} ({a.source}), {end}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
