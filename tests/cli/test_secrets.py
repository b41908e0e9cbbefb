"""What no command prints: user, password and signature in the address of a server or a file."""

from __future__ import annotations

import re

import click
import pytest

from modelfile_kit.cli.main import cli
from modelfile_kit.micro import build_pair

PASSWORD = "hunter2"
# Nothing answers at port 9; the addresses that are none have another fault each.
ADDRESSES = (
    f"http://me:{PASSWORD}@127.0.0.1:9",
    f"http://me:{PASSWORD}@127.0.0.1:9/x.gguf?sign={PASSWORD}",
    f"http://me:{PASSWORD}@127.0.0.1:port",
    f"http://me:{PASSWORD}@127.0.0.1:99999",
    f"ftp://me:{PASSWORD}@127.0.0.1:9",
    f"http://me:{PASSWORD}@[::9",
    f"http://me:{PASSWORD}@\u2603.\udc80:9/",
    f"http://me:{PASSWORD}/word@127.0.0.1:9/x.gguf",
    f"http://me:12/{PASSWORD}@127.0.0.1:9/x.gguf",
    f"http://me:a@{PASSWORD}/word@127.0.0.1:9/x.gguf",
    f"http://me:a@..:9/{PASSWORD}@127.0.0.1:9/x.gguf",
    f"http://me:a@127.0.0.1:9/{PASSWORD}@127.0.0.1:9/x.gguf",
    f"http://me:{PASSWORD}@",
    f"http://me:{PASSWORD}@xn--:9/x.gguf",
    f"http://me:{PASSWORD}@{'a' * 70}:9/x.gguf",
)
# Where a command takes an address: {} in its arguments. Those with --host take it also by OLLAMA_HOST.
WITH_HOST = {
    "publish": ["{package}"],
    "verify": ["some-model"],
    "repair": ["some-model"],
    "rollback": ["some-model"],
    "audit": ["ollama://"],
    "adopt": ["some-model"],
    "diff": ["{package}", "ollama://some-model"],
    "push": ["{package}", "--to", "box/me/m"],
    "doctor": [],
    "demo": ["--host", "{}"],
    "init": ["ollama://some-model", "--host", "{}"],
    "caption": ["{image}", "--model", "some-model"],
    "check": ["{package}", "--replies"],
}
OTHERS = (
    ["inspect", "{}"],
    ["inspect", "{}", "--format", "json"],
    ["inspect", "{}", "--format", "sarif"],
    ["fit", "{}"],
    ["pull", "{}"],
    ["pull", "{}", "--format", "json"],
    ["diff", "{}", "{package}"],
    ["diff", "{package}", "{}", "--format", "json"],
    ["init", "--model", "{}"],
    ["audit", "--jobs", "1", "--output", "table", "{}", "{}?other"],
    ["audit", "--jobs", "1", "--format", "json", "{}"],
    ["caption", "{image}", "--url", "{}"],
    ["serve", "--check", "{}"],
    ["publish", "{package}", "--host", "{}", "--format", "json"],
    ["push", "{package}", "--to", "box/me/m", "--verify-on", "{}"],
    ["verify", "some-model", "--host", "{}", "--format", "junit"],
    ["inspect", "{}", "--format", "nonsense"],
    ["verify", "some-model", "--host", "{}", "--format", "json", "--nonsense", "{}"],
    ["--debug", "inspect", "{}"],
)


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    folder = tmp_path_factory.mktemp("package")
    build_pair(folder)
    text = "name: tiny\nmodel: micro-glm4v.gguf\nprojector: mmproj-micro-glm4v.gguf\n"
    (folder / "mkmodelfile.yaml").write_text(text)
    image = folder / "i.png"
    from modelfile_kit.vision.colour_images import colour_probes

    image.write_bytes(colour_probes()[0].bytes)
    return {"package": str(folder), "image": str(image)}


def filled(arguments, address, places):
    named = [a.format(address, **places) if "{" in a else a for a in arguments]
    return [str(a) for a in named]


def options(name):
    command = cli.get_command(click.Context(cli), name)
    return {opt for p in command.params for opt in p.opts}


def test_every_command_with_a_host_is_tried():
    """A later command that takes an address has to be in this table."""
    names = cli.list_commands(click.Context(cli))
    assert {n for n in names if "--host" in options(n) and n != "serve"} == set(WITH_HOST)
    for name in names:
        if "--url" in options(name):
            assert any(row[0] == name and "--url" in row for row in OTHERS)
        assert ("--deadline" in options(name)) == ("--min-rate" in options(name))
    assert {n for n in names if "--deadline" in options(n)} >= {*WITH_HOST, "serve", "inspect", "fit"}


@pytest.mark.parametrize("row", [*WITH_HOST, *OTHERS], ids=lambda r: r if isinstance(r, str) else " ".join(r))
def test_no_password_is_printed(mkmodelfile, places, row, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    # These build before they ask, or start processes; what is refused is refused by functions that all use.
    for address in ADDRESSES[::4] if row in ("demo", "check") or "audit" in row else ADDRESSES:
        if isinstance(row, str):
            monkeypatch.setenv("OLLAMA_HOST", address)
            arguments = [row, *WITH_HOST[row]]
        else:
            arguments = row
        done = mkmodelfile(*filled(arguments, address, places))
        assert PASSWORD not in done.out + done.err, (address, done)
        assert not re.search("MK999|^Traceback", done.out + done.err, re.MULTILINE) or "--debug" in arguments
        assert done.code != 0 or row == "doctor"
    for file in tmp_path.rglob("*.*"):
        assert PASSWORD.encode() not in file.read_bytes(), file
