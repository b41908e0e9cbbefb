"""The examples as a newcomer meets them: each command of each README, on a real server.

The files that a README downloads are replaced by micro models of their shape, under their names. Seen on
Ollama 0.34.4 (2026-11-27): all are published and verified, and prompt_eval_count is the number of tokens of
what Hugging Face renders.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from modelfile_kit.building.build import Build, build
from modelfile_kit.cli.main import cli
from modelfile_kit.micro import build_pair
from modelfile_kit.package.package import load_package
from modelfile_kit.runtime.ollama.client import OllamaServer
from modelfile_kit.runtime.tokenizer import LlamaTokenizer
from modelfile_kit.testing.stand_in_file import load_stand_in, write_micro
from modelfile_kit.vision.colour_images import colour_probes
from modelfile_kit.vision.sounds import tone
from tests.ollama_process import OllamaProcess

pytestmark = pytest.mark.server

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(p.parent.name for p in (ROOT / "examples").glob("*/mkmodelfile.yaml"))
STAND_INS = [n for n in EXAMPLES if (ROOT / "examples" / n / "golden/stand-in.yaml").is_file()]
# Programs of others that fetch or convert gigabytes; test_examples.py looks at the names of their files.
NOT_RUN = ("hf", "llama-quantize", "llama-gguf-split")
THEIR_SCRIPTS = frozenset({"convert_hf_to_gguf.py", "main.py"})  # of llama.cpp and of Open-AutoGLM
RED = next(p for p in colour_probes() if p.answer == "red")

Shell = Callable[[str], str]


def blocks(readme: Path) -> list[list[str]]:
    """The lines of each block of commands that starts in the package's folder."""
    found = re.findall(r"^ *```sh\n(.*?)```", readme.read_text(encoding="utf-8"), flags=re.M | re.S)
    return [[line.strip() for line in block.splitlines() if line.strip()] for block in found]


@pytest.fixture
def shell(tmp_path: Path, ollama_process: OllamaProcess, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """Runs one line as a shell in a checkout would; returns what it prints. A wrong exit code fails."""
    checkout = tmp_path / "checkout"
    for part in ("examples", "templates"):
        shutil.copytree(ROOT / part, checkout / part)
    monkeypatch.chdir(checkout)
    monkeypatch.setenv("OLLAMA_HOST", ollama_process.host)

    def run(line: str) -> str:
        command, _, comment = line.partition(" #")
        code = int(found[1]) if (found := re.search(r"exit code (\d)", comment)) else 0
        program, *arguments = shlex.split(command)
        if "--phone-agent" in arguments:
            code = 1  # a micro model is no phone agent; test_phone_agent_real.py asks one that is
        theirs = not THEIR_SCRIPTS.isdisjoint(arguments) or arguments[:1] == ["quantize"]
        if program in NOT_RUN or theirs or "…" in line:
            return ""
        if program == "cd":
            monkeypatch.chdir(checkout / arguments[0])
            return ""
        if program == "mkmodelfile":
            done = CliRunner().invoke(cli, arguments)
            assert done.exit_code == code, f"{line}\n{done.output}"
            return done.output
        if arguments[:2] == ["-m", "modelfile_kit.micro"]:
            build_pair(Path(arguments[2]))
            return ""
        if program == "ollama":
            command = f"{shlex.quote(str(ollama_process.program))} {shlex.join(arguments)}"
        ended = subprocess.run(
            ["bash", "-c", command], env=ollama_process.env, capture_output=True, text=True, timeout=120
        )
        assert ended.returncode == code, f"{line}\n{ended.stderr}"
        return ended.stdout

    yield run


def prepare(name: str) -> None:
    """What the reader has downloaded, and what he asks about, beside the package file."""
    folder = Path("examples") / name
    package = load_package(folder)
    if found := load_stand_in(package):
        write_micro(package, folder, found)
    else:
        pair = build_pair(folder)
        assert pair.projector is not None
        pair.model.rename(folder / package.model.name)
        pair.projector.rename(folder / "mmproj-AutoGLM-Phone-9B-Q8_0.gguf")
    for image in ("image.png", "screenshot.png"):
        (folder / image).write_bytes(RED.bytes)
    (folder / "speech.wav").write_bytes(tone().data)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_command_of_the_readme_runs(
    name: str, shell: Shell, ollama_server: OllamaServer, llama_cpp: None
) -> None:
    prepare(name)
    said: dict[str, str] = {}
    for block in blocks(ROOT / "examples" / name / "README.md"):
        for line in block:
            said[line] = shell(line)
    told = "\n".join(said.values())
    assert re.search(r"^publish: ok \(\d+ passed", told, flags=re.M), told
    assert re.search(r"^check: ok \(\d+ passed[,)]", told, flags=re.M), told
    (answer,) = [out for line, out in said.items() if line.startswith("ollama run")]
    question = next(line for line in said if line.startswith("ollama run"))
    assert answer.strip() == ("red" if ".png" in question else "Hello")
    for line, out in said.items():
        if line.startswith("curl"):
            assert '"content":"Hello"' in out, out


@pytest.fixture(params=STAND_INS)
def published(request: pytest.FixtureRequest, tmp_path: Path, ollama_server: OllamaServer) -> Build:
    """An example on the server."""
    from modelfile_kit.publish.publish import publish

    package = load_package(ROOT / "examples" / request.param)
    model, _ = write_micro(package, tmp_path / "micro", load_stand_in(package))
    built = build(package.folder, tmp_path / "out", model=model)
    publish(built, "example", host=ollama_server.url, verify=False)
    return built


def test_the_engine_gets_the_tokens_of_the_reference(
    published: Build, ollama_server: OllamaServer, llama_cpp: None
) -> None:
    compared = 0
    with LlamaTokenizer(published.files.model) as tokenizer:
        for conversation in published.conversations():
            if conversation.category == "images":
                continue
            tools, think = conversation.tools, conversation.think
            text = published.original(conversation.messages, tools=tools, think=think)
            reply = ollama_server.chat(
                "example",
                list(conversation.messages),
                tools=tools,
                think=think,
                options={"num_predict": 1},
            )
            assert reply.prompt_tokens == len(tokenizer.tokenize(text, add_bos=False)), conversation.id
            compared += 1
    assert compared >= 4
