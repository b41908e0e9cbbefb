"""The pages under docs/running: the ways to run a package, with command lines that a test runs.

Each page is text and steps. tests/integration/test_running_pages_real.py runs the steps of a page in order,
in an empty folder, against a real llama-server and a real Ollama, and looks at what they show.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from modelfile_kit.building.build import build
from modelfile_kit.micro.demo_package import write_demo_package
from modelfile_kit.serve.command_line import TEMPLATE_FILE, ServeOptions, make_command_line
from modelfile_kit.serve.printed import shell
from modelfile_kit.serve.program import LLAMA_SERVER, Program

HEAD = "Made by `tools/docs.py`. The command lines and scripts of this page are run by a test.\n"
# Where the pages show a path of the reader's own.
FOLDER = "/home/me/my-demo"

# What the printed command line uses; every llama-server of the last years has these.
_OPTIONS = (
    *("--model", "--mmproj", "--host", "--port", "--alias", "--ctx-size", "--n-gpu-layers", "--parallel"),
    *("--jinja", "--offline", "--reverse-prompt", "--temp", "--chat-template-file"),
)


@dataclass(frozen=True)
class Step:
    """One command line. shows: what its output must contain; serves: whether it runs until it is ended."""

    command: str
    shows: tuple[str, ...] = ()
    serves: bool = False


PACKAGE = (
    Step("mkmodelfile demo --output my-demo --no-server", ("it named the colours of 3 images",)),
    Step("""python -c "from PIL import Image; Image.new('RGB', (112, 112), 'red').save('red.png')\""""),
)
OLLAMA = (
    Step("mkmodelfile publish my-demo", ("publish: ok",)),
    Step('ollama run mkmodelfile-demo "What is the main colour of this picture? ./red.png"', ("red",)),
    Step("mkmodelfile verify mkmodelfile-demo --package my-demo", ("verify: ok",)),
)
SERVE = (Step("mkmodelfile serve my-demo", ("ready",), serves=True),)
CHECK = (
    Step("mkmodelfile serve --check http://127.0.0.1:8080/v1 --package my-demo", ("serve: ok (14 passed",)),
)
CHECK_OLLAMA = (
    Step(
        "mkmodelfile serve --check http://127.0.0.1:11434/v1 --package my-demo",
        ("serve: ok (14 passed", "Ollama"),
    ),
)
CHECK_PACKAGE = (Step("mkmodelfile serve --check my-demo", ("serve: ok (14 passed",)),)
PRINT = (
    Step("mkmodelfile serve my-demo --print shell", ("--mmproj",)),
    Step("mkmodelfile serve my-demo --print compose > compose.yaml"),
    Step("mkmodelfile serve my-demo --print systemd > demo.service"),
    Step("mkmodelfile serve my-demo --print docker", ("docker run",)),
)

LANGCHAIN = """\
import base64
from langchain_core.messages import HumanMessage
from langchain_openai import ChatOpenAI

model = ChatOpenAI(model="mkmodelfile-demo", base_url="http://127.0.0.1:8080/v1", api_key="none")
data = base64.b64encode(open("red.png", "rb").read()).decode()
image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}
question = {"type": "text", "text": "What is the main colour of this picture? Answer with one word."}
for piece in model.stream([HumanMessage([image, question])]):
    print(piece.content, end="", flush=True)
"""
OPENAI = """\
import base64
from openai import OpenAI

client = OpenAI(base_url="http://127.0.0.1:8080/v1", api_key="none")
data = base64.b64encode(open("red.png", "rb").read()).decode()
image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}
question = {"type": "text", "text": "What is the main colour of this picture? Answer with one word."}
answer = client.chat.completions.create(
    model="mkmodelfile-demo",
    messages=[{"role": "user", "content": [image, question]}],
    extra_body={"chat_template_kwargs": {"enable_thinking": False}},
)
print(answer.choices[0].message.content, answer.usage.prompt_tokens)
"""


def steps(*some: Step) -> str:
    """The command lines as a block."""
    return "```sh\n" + "".join(f"{step.command}\n" for step in some) + "```\n"


def _script(text: str) -> str:
    return f"```python\n{text}```\n"


def printed_shell() -> str:
    """What `serve my-demo --print shell` prints for the demo package, its folder named `FOLDER`."""
    with tempfile.TemporaryDirectory() as folder:
        write_demo_package(Path(folder))
        built = build(folder, write=False)
        program = Program(LLAMA_SERVER, ("llama-server",), "", "")
        program.__dict__["options"] = frozenset(_OPTIONS)
        line = make_command_line(built, program, ServeOptions())
        template = built.path.parent / TEMPLATE_FILE
        return shell(line, template).replace(str(built.package.folder), FOLDER)


def index() -> str:
    """docs/running/README.md."""
    return f"""\
# Running a package

{HEAD}
| way | for | page |
| --- | --- | --- |
| `ollama run`, Ollama's API | people at a terminal, and everything that speaks to Ollama | \
[ollama.md](ollama.md) |
| llama-server | one model for clients of OpenAI's API; containers, units, a command line of your own | \
[llama-server.md](llama-server.md) |
| openai, LangChain | programs; they ask either of the two | [openai-clients.md](openai-clients.md) |

All pages use the package of `mkmodelfile demo`. Its micro model names the colour of an image, has 1.2 MB, and
answers at once on any machine:

{steps(*PACKAGE)}
What differs between the two servers, for the same package:

| | Ollama | llama-server (`mkmodelfile serve`) |
| --- | --- | --- |
| prompts | the TEMPLATE, proven equal to the chat template | the chat template, by llama.cpp's own Jinja \
engine; compared when the server starts (MK885) |
| SYSTEM, MESSAGE | added where the request has no system message | the same: they are put into the chat \
template |
| stops | always | unless the request has its own `stop` |
| `parameters` | defaults of every request | those that llama-server has an option for (MK882 names the \
others) |
| sampling that nobody set | the GGUF's, else Ollama's defaults (top_p 0.9, min_p 0) | the GGUF's, else \
llama-server's (top_p 0.95, min_p 0.05) |
| place of an image | before the text, as the TEMPLATE has it | where the client puts it: send it first |
| images | PNG, JPEG, WebP | PNG, JPEG, and more, no WebP |
| a prompt that is too long | cut without an error | HTTP 400 |
| several models | yes | one |
"""


def ollama() -> str:
    """docs/running/ollama.md."""
    return f"""\
# With Ollama

{HEAD}
The package of [the demonstration](README.md) on an Ollama server that runs on this machine:

{steps(*PACKAGE, *OLLAMA)}
`publish` gives the model its name only once it has passed the checks of `verify`. `ollama run` takes the
path of an image anywhere in the question. Another server is named by `--host`, or by OLLAMA_HOST for both
programs.

Ollama has OpenAI's API as well, at `/v1`. See whether it works for this model:

{steps(*CHECK_OLLAMA)}
"""


def llama_server() -> str:
    """docs/running/llama-server.md."""
    return f"""\
# With llama-server

{HEAD}
llama-server is llama.cpp's own server. Ollama 0.30 and later bring one, and the kit finds it there; else on
PATH, or where `--llama-server` says. Without any, `pip install "modelfile-kit[serve]"` gives
llama-cpp-python's server, which can do less (MK882 says what).

{steps(*PACKAGE, *SERVE)}
It loads the model with its projector, waits until it is ready, compares the prompts of the package's
conversations with its chat template, and serves at `http://127.0.0.1:8080/v1` until Ctrl-C (or SIGTERM,
SIGHUP). `-v` shows its log. In a second terminal:

{steps(*CHECK)}
Both in one, on a free port, for CI:

{steps(*CHECK_PACKAGE)}
## The command line

`--print` shows how to run it without the kit: for a shell, as a compose file, as a unit of systemd, or for
docker. The files are mounted to be read only, and the port is open on this machine alone. What is printed
fits the llama-server on this machine. Another one, such as that of the container, may be older or newer.

{steps(*PRINT)}
The first of them prints

```sh
{printed_shell()}```

- `--mmproj` is the projector. Without it llama-server refuses images.
- `--chat-template-file` is there where the package has a system text, messages or a chat template of its
  own. The kit writes that file. It is the model's chat template with one line in front, which puts the
  package's messages before those of the request, by Ollama's rule. Without them the chat template in the
  GGUF is used.
- `--reverse-prompt` is how llama-server is told stops: they are the default of each request's `stop`. A
  request that has its own replaces them all. Control tokens never show in the text, so a stop that is one
  ends no answer (MK321); the model's end-of-generation tokens do.
- `--ctx-size` is the package's `num_ctx`, else 4096 or what the model can. Of several requests at a time
  (`--parallel`) each has that many tokens.
- `--n-gpu-layers` comes from `--gpu-layers N|all` or the package's `num_gpu`; without either llama-server
  decides.

## Who may ask

It listens on 127.0.0.1, for this machine alone. With `--host 0.0.0.0` give it an API key: in a file
(`--api-key-file`), or in the variable MKMODELFILE_API_KEY. The key is handed on by the environment, never
on a command line, and never printed.

## When it does not start

The last lines of its log are shown with what they mean. `mkmodelfile doctor "TEXT OF THE ERROR"` explains
any other text of its log. A port in use is MK866, a GPU that it does not see MK883, a model without a chat
template MK884.
"""


def clients() -> str:
    """docs/running/openai-clients.md."""
    return f"""\
# With the openai package and LangChain

{HEAD}
Any client of OpenAI's API can ask llama-server, and Ollama at `/v1`. Start one of them:

{steps(*PACKAGE, *SERVE)}
LangChain (`pip install langchain-openai`), streamed; it prints `red`:

{_script(LANGCHAIN)}
The openai package (`pip install openai`), with a key of the chat template; it prints `red` and the tokens
of the prompt:

{_script(OPENAI)}
For Ollama write `base_url="http://127.0.0.1:11434/v1"` after `mkmodelfile publish my-demo`; nothing else
changes.

- Images are data URLs (`data:image/png;base64,…`) in parts of type `image_url`. Put them before the text:
  that is where models were trained to see them. A bare base64 text is refused (MK863).
- `chat_template_kwargs` (`enable_thinking` and others) is llama-server's and vLLM's; Ollama ignores it and
  takes `reasoning_effort`. In LangChain both go into `extra_body`.
- Thoughts come as `reasoning_content` (llama-server) or `reasoning` (Ollama). LangChain's ChatOpenAI shows
  neither.
- The name of the model is the package's name, or what `serve --alias` says. llama-server answers to any name.

Whether a server does all this for a package, `serve --check` says. It works with any server with OpenAI's
API:

{steps(*CHECK)}
"""
