"""A release's sources, out of Go's module cache, and what they say of themselves."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from modelfile_kit.ollama.versions import Version, parse_version, version_text
from tests.oracle.oracle import go_binary

MODULE = "github.com/ollama/ollama"
FACTS = Path(__file__).with_name("facts.go")
SECONDS = 600


class ReleaseUnavailableError(Exception):
    """There is no Go, or its proxy does not have the release; the text says which."""


@dataclass(frozen=True)
class Sources:
    """A release. folder: of its module; day: when it was made, as 2026-09-23; facts: section to lines."""

    version: Version
    folder: Path
    day: str
    facts: Mapping[str, frozenset[str]] = field(repr=False)

    @property
    def llama_cpp(self) -> int | None:
        """The number of the llama.cpp build inside, None before 0.30."""
        [build] = self.facts.get("llama.cpp") or [""]
        return int(build.removeprefix("b")) if build else None

    def of(self, section: str) -> frozenset[str]:
        """The lines of a section, none where the release has no such thing."""
        return self.facts.get(section, frozenset())


def read_sources(version: Version) -> Sources:
    """Downloads a release's module, unless Go has it already. Raises ReleaseUnavailableError."""
    name = f"{MODULE}@v{version_text(version)}"
    folder = Path(str(json.loads(_go("mod", "download", "-json", name))["Dir"]))
    day = str(json.loads(_go("list", "-m", "-json", name))["Time"])[:10]
    found = json.loads(_go("run", str(FACTS), str(folder)))
    return Sources(version, folder, day, {k: frozenset(v) for k, v in found.items()})


def newest(known: Version) -> Version:
    """The newest release that the proxy has, at least `known`.

    A proxy's list can be older than what it serves, so the next patch and the next minor release are asked
    for by name as well.
    """
    listed = _go("list", "-m", "-versions", MODULE).split()[1:]
    released = [v for text in listed if (v := parse_version(text)) and "-" not in text]
    major, minor, patch = known
    for follower in ((major, minor, patch + 1), (major, minor + 1, 0)):
        if _exists(follower):
            released.append(follower)
    return max([known, *released])


def _exists(version: Version) -> bool:
    try:
        _go("list", "-m", f"{MODULE}@v{version_text(version)}")
    except ReleaseUnavailableError:
        return False
    return True


def _go(*arguments: str) -> str:
    go = go_binary()
    if go is None:
        raise ReleaseUnavailableError("there is no Go, and Ollama's sources come from the Go module proxy")
    try:
        # Away from any go.mod, so that no module's own requirements are in the way.
        command = [go, *arguments]
        done = subprocess.run(command, cwd=FACTS.parent, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired as e:
        raise ReleaseUnavailableError(f"go {arguments[0]} took more than {SECONDS} s") from e
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip())[-1000:]
        raise ReleaseUnavailableError(f"go {' '.join(arguments)}: {said}")
    return done.stdout


def sample(text: str) -> str:
    """A format string of Go with something in its places."""
    return re.sub(r"%[-+#0-9.*]*([a-zA-Z])", lambda m: {"d": "3", "q": '"m"'}.get(m[1], "x"), text)
