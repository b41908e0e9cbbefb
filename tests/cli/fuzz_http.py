"""Every command that asks a server, asked back oddly: `python -m tests.cli.fuzz_http 1000 7`.

Each input is a command line and a server that gives odd answers (hostile_server.py). No command crashes or
hangs beyond its deadline, no password or key is printed or goes to another server, and nothing of an answer
commands the terminal.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import random
import re
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from modelfile_kit.micro import build_pair
from modelfile_kit.vision.colour_images import colour_probes
from tests.cli.fuzz_terminal import inside, without_signs
from tests.cli.hostile_server import Answers, Plan, address, hostile_server
from tests.cli.test_output import faults, seen_by
from tests.cli.test_secrets import OTHERS, PASSWORD, WITH_HOST
from tests.fuzzing import Fault, HangError, Tally, run, within

KEY = "sk-very-secret"
DEADLINE = 1.5  # seconds, the commands' own
STALL = 4.0  # seconds for which a server is silent
SECONDS = 180  # a command asks up to some thirty times
SECRETS = (PASSWORD, KEY, base64.b64encode(f"me:{PASSWORD}".encode()).decode().rstrip("="))
# Command lines that are wrong anyway, and one that shows tracebacks.
ROWS = [row for row in OTHERS if "nonsense" not in row and "--nonsense" not in row and "--debug" not in row]


# Names of hubs; the environment says which server is the hub.
HUBS = (
    ["inspect", "hf.co/org/repo"],
    ["fit", "hf.co/org/repo/m.gguf"],
    ["inspect", "ms://org/repo"],
    ["init", "--model", "ms://org/repo"],
)


def command_lines() -> list[tuple[list[str], bool]]:
    """With {} in the place of an address; and whether OLLAMA_HOST names the server instead."""
    named = [([name, *rest], True) for name, rest in WITH_HOST.items()]
    return named + [(list(row), False) for row in (*ROWS, *HUBS)]


@contextlib.contextmanager
def places() -> Iterator[dict[str, str]]:
    """A package and an image for the command lines."""
    with tempfile.TemporaryDirectory() as folder:
        build_pair(Path(folder))
        text = "name: tiny\nmodel: micro-glm4v.gguf\nprojector: mmproj-micro-glm4v.gguf\n"
        Path(folder, "mkmodelfile.yaml").write_text(text)
        image = Path(folder, "i.png")
        image.write_bytes(colour_probes()[0].bytes)
        yield {"package": folder, "image": str(image)}


def cases(count: int, seed: int, tally: Tally) -> Iterator[Fault | None]:
    """What is wrong with each command line and its server."""
    with places() as known, tempfile.TemporaryDirectory() as here, inside(here):
        gguf = Path(known["package"], "micro-glm4v.gguf").read_bytes()
        for number in range(count):
            yield case(random.Random(f"{seed}-{number}"), known, gguf, tally)


def case(chance: random.Random, known: dict[str, str], gguf: bytes, tally: Tally) -> Fault | None:
    """What is wrong with one command line and its server."""
    row, by_variable = chance.choice(command_lines())
    with hostile_server() as server, hostile_server() as other:
        rate, first = chance.choice([0.1, 0.3, 1.0]), chance.choice([0, 0, 1, 2, 3, 4, 6, 9, 14])
        first = 0 if row[0] in ("inspect", "fit", "init") else first
        server.plan = Plan(chance, Answers(gguf), rate, first, STALL, f"http://{address(other)}")
        other.plan = Plan(random.Random(1), Answers(gguf))
        login = chance.random() < 0.5
        url = f"http://{f'me:{PASSWORD}@' if login else ''}{address(server)}"
        os.environ.pop("OLLAMA_HOST", None)
        for name in ("OLLAMA_API_KEY", "OPENAI_API_KEY"):
            os.environ[name] = KEY
            os.environ[f"{name}_HOST"] = address(server)
        for name in ("HF_ENDPOINT", "MODELSCOPE_DOMAIN"):
            os.environ[name] = f"http://{address(server)}"
        for name in ("HF_TOKEN", "MODELSCOPE_API_TOKEN"):
            os.environ[name] = KEY
        if by_variable:
            os.environ["OLLAMA_HOST"] = url
        line = [a.format(url, **known) if "{" in a else a for a in row] + ["--deadline", str(DEADLINE)]
        terminal = chance.random() < 0.2
        what = fault(line, terminal, tally)
        tally["odd answers"] += len(server.plan.done)
        tally["requests"] += len(server.plan.seen)
        tally["requests to the other server"] += len(other.plan.seen)
        for received in other.plan.seen:
            if any(secret.encode() in received for secret in SECRETS):
                what = what or f"a secret went to another server: {received!a:.300}"
        if not what:
            return None
        said: dict[str, Any] = {"line": line, "answers": server.plan.done, "what": what}
        return Fault(
            f"{' '.join(row)}: {what}\n  {server.plan.done!a:.400}",
            json.dumps(said, indent=1).encode(),
            ".json",
        )


def fault(line: list[str], terminal: bool, tally: Tally) -> str:
    """What is wrong with what a command line writes, "" if nothing is."""
    try:
        with within(SECONDS):
            said = seen_by(line, terminal)
    except (Exception, HangError):
        return traceback.format_exc(limit=-4)
    tally[f"mkmodelfile {line[0]}"] += 1
    if found := re.search("MK999|^Traceback", said, re.MULTILINE):
        return f"{said[max(0, found.start() - 100) : found.start() + 500]!a}"
    if any(secret in said for secret in SECRETS):
        return f"a secret is printed: {said!a:.500}"
    if line[0] != "caption":  # its answers go out as they are
        return "; ".join(faults(without_signs(said), None, terminal)[:2])
    return ""


if __name__ == "__main__":
    raise SystemExit(run("answers of servers", cases))
