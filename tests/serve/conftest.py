"""The demo package, a real llama-server where there is one, and a stand-in that fails in every way."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from modelfile_kit.building.build import Build, build
from modelfile_kit.micro.demo_package import write_demo_package
from modelfile_kit.serve.program import LLAMA_SERVER, Program
from tests.llama_server import llama_server_or_skip

# What every llama-server of the last years knows; --help prints them as llama-server does.
STAND_IN = '''#!{python}
import http.server, json, os, signal, subprocess, sys, time

HELP = """----- common params -----

-m,    --model FNAME                    model path to load
-mm,   --mmproj FILE                    path to a multimodal projector file, see also --unknown-word
-c,    --ctx-size N                     size of the prompt context
-a,    --alias STRING                   set model name aliases
--host HOST                             ip address to listen
--port PORT                             port to listen (default: 8080)
-ngl,  --gpu-layers, --n-gpu-layers N   layers to store in VRAM
--list-devices                          print list of available devices and exit
-np,   --parallel N                     number of server slots
--temp, --temperature N                 temperature (default: 0.80)
--chat-template-file JINJA_TEMPLATE_FILE
                                        set custom jinja chat template file
"""
if "--version" in sys.argv:
    sys.exit("version: 9.9.9 (build 1, commit abc)")
if "--help" in sys.argv:
    print(HELP)
    sys.exit()
if "--list-devices" in sys.argv:
    print("Available devices:\\n  (none)")
    sys.exit()
arguments = dict(zip(sys.argv[1:], sys.argv[2:]))
fault = os.environ.get("STAND_IN_FAULT", "")
if fault == "known":
    print("0.1 E load: error loading model: tensor 'a' data is not within the file bounds", flush=True)
    sys.exit(1)
if fault == "unknown":
    print("loading\\nfrobnication failed: the moon is full", flush=True)
    sys.exit(3)
if fault == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
if fault == "crashed":
    os.kill(os.getpid(), signal.SIGSEGV)
if fault == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if fault == "family":
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])

class Answer(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        if fault == "dies later":
            print("half way: error: no more", flush=True)
            os._exit(9)
        self.send_response(503 if fault == "never ready" else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{{}}")
        if fault == "says":
            print(os.environ["STAND_IN_SAYS"], flush=True)

print("key:", os.environ.get("LLAMA_API_KEY", "none"), flush=True)
http.server.ThreadingHTTPServer((arguments["--host"], int(arguments["--port"])), Answer).serve_forever()
'''


@pytest.fixture
def stand_in(tmp_path) -> Path:
    """A program that takes few options, and fails as STAND_IN_FAULT says."""
    path = tmp_path / "bin" / "llama-server"
    path.parent.mkdir()
    path.write_text(STAND_IN.format(python=sys.executable), encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> Path:
    """The folder of the demo package."""
    folder = tmp_path_factory.mktemp("demo package")
    write_demo_package(folder)
    return folder


@pytest.fixture(scope="session")
def built(demo) -> Build:
    return build(demo, write=False)


@pytest.fixture(scope="session")
def llama_server() -> Path:
    """The real program."""
    return llama_server_or_skip()


def program_with(*options: str, kind: str = LLAMA_SERVER) -> Program:
    """A program that knows these options; it is never started."""
    program = Program(kind, ("llama-server",), "made up", "1")
    program.__dict__["options"] = frozenset(options)
    return program
