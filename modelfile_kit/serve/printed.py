"""A command line as a shell command, a compose file, a systemd unit or a docker command."""

from __future__ import annotations

import csv
import io
import json
import shlex
from collections.abc import Callable
from pathlib import Path

from ..core.errors import UsageError
from .command_line import CommandLine, Option
from .program import LLAMA_SERVER

IMAGE = "ghcr.io/ggml-org/llama.cpp:server"
GPU_IMAGE = "ghcr.io/ggml-org/llama.cpp:server-cuda"
_FOLDER = "/models"  # in the container
_EVERY = "0.0.0.0"  # noqa: S104 -- in the container; the port is published at the asked address alone
KEY_VARIABLE = "LLAMA_API_KEY"  # llama-server's own


def shell(line: CommandLine, template: Path | None, *, key: bool = False) -> str:
    """A command for sh, an option on each line. key: an API key comes by llama-server's variable."""
    rows = [shlex.join(line.program.command), *(shlex.join(o.words) for o in line.all_options(template))]
    note = f"# the API key is taken from the variable {KEY_VARIABLE}\n" if key else ""
    return note + " \\\n  ".join(rows) + "\n"


def docker(line: CommandLine, template: Path | None, *, key: bool = False) -> str:
    """A `docker run` of llama.cpp's own image, with the files mounted to be read only."""
    options, mounts = _contained(line, template)
    rows = [
        "docker run --rm --init",
        shlex.join(("--name", _slug(line.name))),
        shlex.join(("--publish", f"{_published(line)}:{line.port}:{line.port}")),
        *(["--gpus all"] if line.gpu else []),
        *([f"--env {KEY_VARIABLE}"] if key else []),
        *(shlex.join(("--mount", _mount(source, target))) for source, target in mounts),
        GPU_IMAGE if line.gpu else IMAGE,
        *(shlex.join(o.words) for o in options),
    ]
    return " \\\n  ".join(rows) + "\n"


def compose(line: CommandLine, template: Path | None, *, key: bool = False) -> str:
    """A compose file with one service."""
    options, mounts = _contained(line, template)
    text = [
        "services:",
        f"  {_slug(line.name)}:",
        f"    image: {GPU_IMAGE if line.gpu else IMAGE}",
        "    init: true",
        "    restart: unless-stopped",
        "    ports:",
        f"      - {_yaml(f'{_published(line)}:{line.port}:{line.port}')}",
    ]
    if key:
        text += ["    environment:", f"      - {KEY_VARIABLE}"]
    if line.gpu:
        text += [
            "    deploy:",
            "      resources:",
            "        reservations:",
            "          devices:",
            "            - {driver: nvidia, count: all, capabilities: [gpu]}",
        ]
    text += ["    volumes:"]
    for source, target in mounts:
        text += [
            "      - type: bind",
            f"        source: {_yaml(source)}",
            f"        target: {_yaml(target)}",
            "        read_only: true",
        ]
    text += ["    command:", *(f"      - {_yaml(word)}" for o in options for word in o.words)]
    return "\n".join(text) + "\n"


def systemd(line: CommandLine, template: Path | None, *, key: bool = False) -> str:
    """A unit for systemd, of the system or of a user."""
    program, *rest = line.program.command
    # systemd looks for variables in every word but the program's own path
    rows = [" ".join([_unit_word(program, variables=False), *map(_unit_word, rest)])]
    rows += [" ".join(map(_unit_word, o.words)) for o in line.all_options(template)]
    start = " \\\n  ".join(rows)
    note = (
        f"# The API key is not written here: give it by --api-key-file, or set {KEY_VARIABLE} in a file\n"
        "# that EnvironmentFile= names.\n"
        if key
        else ""
    )
    return (
        f"[Unit]\nDescription=llama-server with {_unit_text(line.name)}\nAfter=network.target\n\n"
        f"[Service]\n{note}Type=exec\nExecStart={start}\nRestart=on-failure\nRestartSec=5\n"
        "NoNewPrivileges=yes\n\n[Install]\nWantedBy=default.target\n"
    )


PRINTED: dict[str, Callable[..., str]] = {
    "shell": shell,
    "compose": compose,
    "systemd": systemd,
    "docker": docker,
}


def _contained(line: CommandLine, template: Path | None) -> tuple[list[Option], list[tuple[str, str]]]:
    """The options as they are in the container, and which file is mounted where."""
    if line.program.kind != LLAMA_SERVER:
        raise UsageError(
            "a container runs llama-server, and the options here are those of llama-cpp-python's server",
            help="name a llama-server by --llama-server PATH, or use `--print shell`",
        )
    mounts: dict[str, str] = {}
    options = []
    for option in line.all_options(template):
        if option.file:
            option = Option(option.name, _place(option.value, mounts), file=True)
        elif option.name == "--host":
            option = Option(option.name, _EVERY)
        options.append(option)
    for part in line.parts:
        _place(str(part), mounts)
    return options, list(mounts.items())


def _place(source: str, mounts: dict[str, str]) -> str:
    """Where a file is in the container: under its own name, which llama.cpp needs for a split model."""
    if source not in mounts:
        target = f"{_FOLDER}/{Path(source).name}"
        taken = set(mounts.values())
        number = 2
        while target in taken:
            target = f"{_FOLDER}/{number}/{Path(source).name}"
            number += 1
        mounts[source] = target
    return mounts[source]


def _published(line: CommandLine) -> str:
    return f"[{line.host}]" if ":" in line.host else line.host


def _mount(source: str, target: str) -> str:
    """The value of --mount, which docker reads as a line of CSV."""
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(["type=bind", f"src={source}", f"dst={target}", "readonly"])
    return out.getvalue()


def _slug(name: str) -> str:
    """A model's name as that of a service: the last part, without its tag."""
    last = name.rsplit("/", 1)[-1].partition(":")[0]
    return (
        "".join(c if (c.isalnum() and c.isascii()) or c in "-_" else "-" for c in last).strip("-_") or "model"
    )


def _yaml(text: str) -> str:
    """A text in YAML's double quotes; compose takes `$` for a variable unless it is doubled."""
    return json.dumps(text.replace("$", "$$"), ensure_ascii=False)


def _unit_word(word: str, *, variables: bool = True) -> str:
    """A word of ExecStart (systemd.service, "Command lines"): quoted, with `%` and `$` doubled."""
    escaped = _unit_text(word).replace("\\", "\\\\").replace('"', '\\"')
    escaped = escaped.replace("$", "$$") if variables else escaped
    escaped = escaped.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    plain = word and all(c.isalnum() or c in "-_./:=,+@" for c in word)
    return word if plain else f'"{escaped}"'


def _unit_text(text: str) -> str:
    return text.replace("%", "%%")
