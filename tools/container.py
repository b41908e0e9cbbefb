"""Runs the steps of the Containerfile without a container engine.

    python -m tools.container FOLDER [TARGET…]

Each stage is a folder that begins as a copy of a Debian that debootstrap lays (or of the stage that it is
built from); RUN happens in it by chroot, COPY by copying. At the end the image's entry point lints a
Modelfile as the image's user. Needs root, debootstrap and a mirror of Debian. FOLDER is where the stages are
made (some 2 GB). WHEELS=FOLDER has pip take wheels from there, such as a compiled llama-cpp-python.

What this cannot show: layers, the build cache, and how an engine passes volumes.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "Containerfile"
MIRROR = "http://deb.debian.org/debian"
# Of the machine, so that pip reaches its index; an image has none of them.
_PASSED = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")
_PIP = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "PIP_DEFAULT_TIMEOUT")


@dataclass
class Stage:
    """A stage of a Containerfile: its name, what it is built from, its instructions in order."""

    name: str
    base: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def last(self, instruction: str) -> str:
        """The value of an instruction of which the last one counts; "" where there is none."""
        return next((value for name, value in reversed(self.steps) if name == instruction), "")


def read_stages(text: str) -> dict[str, Stage]:
    """The stages of a Containerfile, by name. Raises ValueError for what this tool does not know."""
    stages: dict[str, Stage] = {}
    current: Stage | None = None
    for name, value in _instructions(text):
        if name == "FROM":
            found = re.fullmatch(r"(\S+) AS (\S+)", value)
            if found is None:
                raise ValueError(f"FROM {value}: expected FROM IMAGE AS NAME")
            current = stages[found[2]] = Stage(found[2], found[1])
        elif current is None or name not in ("RUN", "COPY", "ENV", "USER", "WORKDIR", "ENTRYPOINT", "CMD"):
            raise ValueError(f"{name} is not known here")
        else:
            current.steps.append((name, value))
    return stages


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    for whole in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines():
        if whole.strip():
            name, _, value = whole.strip().partition(" ")
            yield name.upper(), " ".join(value.split()) if name.upper() != "RUN" else value.strip()


def ignored(path: str, patterns: Sequence[str]) -> bool:
    """Whether .dockerignore keeps a path of the context away; the last pattern that fits decides."""
    kept_away = False
    for pattern in patterns:
        plain = pattern.removeprefix("!").removeprefix("**/")
        parts = path.split("/")
        ends = ["/".join(parts[:n]) for n in range(1, len(parts) + 1)]
        fits = any(fnmatch(end, plain) for end in ends)
        if pattern.removeprefix("!").startswith("**/"):
            fits = any(fnmatch(part, plain) for part in parts)
        if fits:
            kept_away = not pattern.startswith("!")
    return kept_away


class Trial:
    """Makes stages in a folder."""

    def __init__(self, folder: Path, *, find_links: Path | None = None) -> None:
        self.folder = folder
        self.stages = read_stages(FILE.read_text(encoding="utf-8"))
        self.environments: dict[str, dict[str, str]] = {}
        self.find_links = find_links
        lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        self.patterns = [line for line in lines if line and not line.startswith("#")]

    def make(self, name: str) -> Path:
        """The folder of a stage with its steps done; of an image, a Debian that debootstrap lays."""
        place = self.folder / name.replace(":", "-")
        if name not in self.stages:
            return self._debian(name, place)
        if name in self.environments:
            return place
        stage = self.stages[name]
        base = self.make(stage.base)
        print(f"== {name}", flush=True)
        _remove(place)
        subprocess.run([_program("cp"), "--archive", "--reflink=auto", str(base), str(place)], check=True)
        environment = self.environments[name] = dict(self.environments.get(stage.base, {}))
        for instruction, value in stage.steps:
            if instruction == "RUN":
                self._run(place, ["/bin/sh", "-c", value], environment)
            elif instruction == "COPY":
                self._copy(place, value)
            elif instruction == "ENV":
                for pair in shlex.split(value):
                    key, _, text = pair.partition("=")
                    path = environment.get("PATH", _PATH)
                    environment[key] = text.replace("$PATH", path)
        return place

    def call(self, name: str, arguments: Sequence[str], volume: Path) -> subprocess.CompletedProcess[str]:
        """The entry point of an image, as its user, with a folder in the place of its WORKDIR."""
        stage, place = self.stages[name], self.make(name)
        inside = place / stage.last("WORKDIR").lstrip("/")
        shutil.copytree(volume, inside, dirs_exist_ok=True)
        line = [*json.loads(stage.last("ENTRYPOINT")), *arguments]
        script = f"cd {shlex.quote(stage.last('WORKDIR'))} && exec {shlex.join(line)}"
        chroot = [_program("chroot"), f"--userspec={stage.last('USER')}", str(place), "/bin/sh", "-c", script]
        environment = {"PATH": _PATH, "HOME": "/nonexistent", **self.environments[name]}
        return subprocess.run(chroot, env=environment, capture_output=True, text=True)

    def _debian(self, image: str, place: Path) -> Path:
        release = re.fullmatch(r"debian:(\w+)-slim", image)
        if release is None:
            raise ValueError(f"{image}: only debian:RELEASE-slim can be laid by debootstrap")
        if not (place / "bin/sh").exists():
            print(f"== {image}, by debootstrap", flush=True)
            _remove(place)
            line = [_program("debootstrap"), "--variant=minbase", release[1], str(place), MIRROR]
            subprocess.run(line, check=True)
        return place

    def _run(self, place: Path, line: Sequence[str], environment: Mapping[str, str]) -> None:
        variables = {k: os.environ[k] for k in (*_PASSED, *_PIP) if k in os.environ}
        variables |= {"PATH": _PATH, "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive", **environment}
        shutil.copy("/etc/resolv.conf", place / "etc/resolv.conf")
        lent = place / "lent"  # for this step alone
        lent.mkdir(exist_ok=True)
        try:
            if certificate := os.environ.get("PIP_CERT"):
                shutil.copy(certificate, lent / "certificate.pem")
                variables["PIP_CERT"] = "/lent/certificate.pem"
            if self.find_links is not None:
                shutil.copytree(self.find_links, lent / "wheels", dirs_exist_ok=True)
                variables["PIP_FIND_LINKS"] = "/lent/wheels"
            subprocess.run([_program("chroot"), str(place), *line], env=variables, check=True)
        finally:
            shutil.rmtree(lent)

    def _copy(self, place: Path, value: str) -> None:
        *words, target = value.split()
        origin = ROOT
        if words[0].startswith("--from="):
            origin = self.make(words.pop(0).partition("=")[2])
        for word in words:
            source = origin / word.lstrip("/")
            into = place / target.lstrip("/")
            if source.is_dir():
                shutil.copytree(
                    source, into, symlinks=True, dirs_exist_ok=True, ignore=self._unwanted(origin)
                )
            else:
                into.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, into)

    def _unwanted(self, origin: Path) -> Callable[[str, list[str]], set[str]] | None:
        """What shutil leaves out: of the context, what .dockerignore names."""
        if origin != ROOT:
            return None

        def names(folder: str, inside: list[str]) -> set[str]:
            below = Path(folder).relative_to(ROOT)
            return {name for name in inside if ignored((below / name).as_posix(), self.patterns)}

        return names


_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def _program(name: str) -> str:
    """The path of a program. Raises FileNotFoundError where there is none."""
    found = shutil.which(name)
    if found is None:
        raise FileNotFoundError(f"{name} is not installed")
    return found


def _remove(place: Path) -> None:
    if place.exists():
        shutil.rmtree(place)


def size_of(folder: Path) -> int:
    """Bytes of the files in a folder, each once."""
    files = {
        p.lstat().st_ino: p.lstat().st_size for p in folder.rglob("*") if p.is_file() and not p.is_symlink()
    }
    return sum(files.values())


def try_target(trial: Trial, name: str) -> None:
    """Makes an image and calls its entry point. Raises AssertionError where it does not do what it should."""
    place = trial.make(name)
    volume = trial.folder / "volume"
    _remove(volume)
    volume.mkdir()
    (volume / "Modelfile").write_text("FROM llama3.2\nPARAMETER nope 1\n")
    version = trial.call(name, ["--version"], volume)
    assert version.returncode == 0, version.stderr
    found = trial.call(name, ["lint", "."], volume)
    assert (found.returncode, "MK110" in found.stdout) == (1, True), found.stdout + found.stderr
    line = [_program("chroot"), str(place), "/opt/mkmodelfile/bin/python", "-c", "import llama_cpp"]
    assert (subprocess.run(line, stderr=subprocess.DEVNULL).returncode == 0) is (name == "engine")
    print(f"{name}: {version.stdout.strip()}, {size_of(place) / 1e6:.0f} MB with Debian", flush=True)


def main() -> None:
    """The command line."""
    folder, *targets = sys.argv[1:]
    trial = Trial(Path(folder), find_links=Path(w) if (w := os.environ.get("WHEELS")) else None)
    for target in targets or ("slim", "engine"):
        try_target(trial, target)


if __name__ == "__main__":
    main()
