"""Writes the pages made from the code: `python -m tools.docs [PAGE…]`. A test holds them current."""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from modelfile_kit.cli.main import cli
from modelfile_kit.package.schema import json_schema
from tools import code_pages, completion_table, man_pages, release_page, running_pages
from tools.compatibility import page

DOCS = Path(__file__).resolve().parents[1] / "docs"

PACKAGE_HEAD = """\
# mkmodelfile.yaml

Made from the package file's schema by `tools/docs.py`; the schema itself is
[mkmodelfile.schema.json](mkmodelfile.schema.json), which `mkmodelfile schema` prints. The first line that
`init` writes names it, so that an editor completes and checks the file while you write; without a network see
[editors.md](editors.md). `mkmodelfile` checks it too: an unknown key, a wrong type or an impossible value is
an error with its line and column.

| key | default | meaning |
| --- | --- | --- |
"""

PACKAGE_TAIL = """
A hand-written `template:` is used instead of a compiled TEMPLATE. Give the model's `chat_template:` too, and
`mkmodelfile check` says where the two differ.

## A system text that the chat template refuses

Some chat templates (Gemma 2's, for instance) call `raise_exception` for system messages. With `system:`
such a package is an error (MK526). `system_in: user` has the text, a newline and the first message's text
in one user turn, as llama-server does it in native mode. The TEMPLATE has the text in it, and there is no
SYSTEM. It is proven against the chat template, given messages that hold the text. A request with a system
message of its own is refused as before. Where the template has no place for the text that is right, it is
an error (MK304).

## Who makes the prompts, who reads the replies

A TEMPLATE (or the GGUF's own Jinja, or a RENDERER) makes the prompts. Thoughts and tool calls in the replies
are found by the tags that Ollama infers from the TEMPLATE, by the PARSER, or, for the GGUF's own Jinja, by
llama-server.

- `parser: auto`, the default, proves the way back. Every kind of reply that the chat template shows (answers,
  thoughts, one and several tool calls, arguments of every type) goes through Ollama's readers, whole and in
  pieces. The Modelfile gets the PARSER that gives back more tool calls or thoughts than the TEMPLATE's tags
  and no plain answer less (MK678), or none. What no reader gives back is a finding (MK670 to MK674).
- `parser: NAME` writes that PARSER, and `build` says what it reads of this model's replies (MK530). With a
  parser the GGUF's own Jinja is never used, so `mode: native` with a parser is an error.
- `parser: none` writes none: the TEMPLATE's tags read the replies.
- `renderer: NAME` and `parser: NAME` write both: Ollama's own code makes the prompts, and neither a
  TEMPLATE nor the chat template is used. The kit has all of Ollama's renderers since 0.30 in Python, exact
  to the byte, so `build` holds their prompts to the chat template as it does a TEMPLATE's, at the oldest
  and the newest server of `target`. MK529 shows where they differ; `check`, `test` and `render` use them
  too. A renderer alone is an error.
- With `mode: auto`, `renderer: auto` takes a renderer with its parser where both are proven nowhere worse
  than a TEMPLATE (or the GGUF's own Jinja), for prompts and replies, and better somewhere. For architectures
  to which `create` gives a renderer in any case (gemma4, laguna, nemotron_h) the best one is written down,
  with what is proven of it. `renderer: none` is none.

`report.json` says under `replies` what comes back: "answer", "thinking" and "tools" are "exact" (as the model
wrote them, in pieces of every size), "partial", "unread" or "absent" (the chat template shows none).
`mkmodelfile check --replies` sees the same on a server. A model that is installed already gets its TEMPLATE,
PARSER and stops by `mkmodelfile repair NAME`.

A name that no release has, or that is younger than `target`, is an error that says which release has it.

The Modelfile gets REQUIRES where a server that knows this instruction, but is too old for the parser, the
renderer, the draft or native mode, would accept it. Ollama 0.33 and 0.34 store that release and show it;
they do not refuse the model because of it.

## More files

- `adapters: [lora.gguf]` writes ADAPTER, for releases before 0.34.1, such as `target: 0.33.0`: later ones
  refuse it. Merge an adapter with llama.cpp's `llama-export-lora`, or serve it with `llama-server --lora`.
- `quantize: q4_K_M` has an F16, BF16 or F32 model quantized when it is published: F16 and BF16 by the server
  before 0.34.1, everything else by llama-quantize before it is sent. No instruction says `quantize`; a
  comment in the Modelfile says what `ollama create` has to be told.
- `draft: mtp.gguf` writes DRAFT: a model with MTP layers or a dflash model, since 0.30. An ordinary small
  model cannot be one (MK446).

## The original model's tokenizer

The tokens of a GGUF are those of its own vocabulary, and a conversion can get it wrong: another
pre-tokenizer, a lost token, a special token that is stored as ordinary text. `check` and `test` compare it
with the tokenizer that the model was trained with, where there is one: `tokenizer: auto` looks for
`tokenizer.json`, `tekken.json`, `tokenizer.model` or a `.tiktoken` file beside the GGUF. A path names such a
file, or the folder of the original model; of a folder `tokenizer_config.json`, `special_tokens_map.json` and
`added_tokens.json` count too, as in
transformers: where the first has an `added_tokens_decoder`, the other two are not read. It needs the extra
`tokenizers`, and `--tokenizer` takes its place for one run:

```sh
mkmodelfile inspect model.gguf --tokenizer ./Qwen3-8B
```

`check` also gives ten thousand generated texts to both, and names the cause of each difference with the
smallest text that has it (MK760). A tiktoken file says neither pattern nor special tokens, so only those of
known models are taken.

## Conversations

A package is tried with conversations: `build` with `mode: auto` decides by them, and `check`, `test`,
`publish` and `verify --package` compare their prompts. They are, the first that there is of:

1. `conversations.json` in the folder of golden files (`tests:`), the package's own; all of them count,
2. those of the model's family,
3. plain ones, for a model of no known family.

```json
[
  {"id": "greeting", "messages": [{"role": "user", "content": "Hello"}]},
  {"id": "two-images", "messages": [{"role": "user", "content": "Compare these.", "images": 2}]},
  {"id": "thinking", "think": true, "messages": [{"role": "user", "content": "What is 17 * 3?"}]}
]
```

`messages` and `tools` are as Ollama's /api/chat takes them; `images` may be a count, as test images are
made on the spot. An `id` is a file name: letters, digits, `.`, `_` and `-`.

## Without the model: stand-in.yaml

`mkmodelfile test --micro` tests a package where its model is missing, as in a CI without the gigabytes.
What the model is like stands in `stand-in.yaml` in the folder of golden files; `mkmodelfile micro
--describe` writes it, and the model's chat template beside it, where the model is. The micro model that is
made from it has the same architecture, special tokens, BOS rules, chat template and kind of projector, so
its prompts are the real ones. `mkmodelfile micro -o micro` writes it, to try `build`, `check` and `publish`
with `--model`. Without a stand-in.yaml the micro GLM-4.1V is used.

```yaml
name: Gemma 3 4b It
architecture: gemma3
context_length: 131072
tokenizer:                 # the keys of tokenizer.ggml; special tokens by their text
  model: llama             # or gpt2: the kinds that a micro model can have
  pre: default
  bos_token_id: <bos>
  eos_token_id: <eos>
  eot_token_id: <end_of_turn>
  add_bos_token: true
control: [<eos>, <bos>, <start_of_turn>, <end_of_turn>, <start_of_image>, <end_of_image>]
user_defined: []
chat_template: chat_template.jinja
m_rope: false              # whether there is a key rope.dimension_sections
projector: {file: mmproj-model-f16.gguf, type: gemma3, senses: [vision]}
reply: [Hello]             # the tokens of its answer
```

Models of the architectures llama, mistral3, qwen2, qwen2vl, chatglm, gemma3 and gpt-oss answer (`reply`, or
the colour of an image); of others there is a header, which can be built, checked and tested, but not
served.

## Example

```yaml
name: autoglm-phone-9b
model: AutoGLM-Phone-9B-Q4_K_M.gguf
projector: auto
chat_template: gguf
end_token: auto
stop: auto
system: 你是一个支持图文理解的智能助手,请结合上下文准确回答。
parameters: {num_ctx: 4096, temperature: 0.5}
image: {separator: ""}
target: ">=0.30"
mode: auto
tests: golden/
```
"""


def _package_file() -> str:
    return PACKAGE_HEAD + "".join(_rows(json_schema())) + PACKAGE_TAIL


def _schema() -> str:
    return json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n"


def _rows(schema: dict[str, Any], prefix: str = "") -> list[str]:
    rows = []
    for key, value in schema["properties"].items():
        default = "required" if key in schema.get("required", ()) else _default(value)
        rows.append(f"| `{prefix}{key}` | {default} | {value['description']} |\n")
        if "$ref" in value:
            rows += _rows(_SCHEMA["$defs"][value["$ref"].rsplit("/", 1)[1]], f"{prefix}{key}.")
    return rows


def _default(value: dict[str, Any]) -> str:
    default = value.get("default")
    return "" if default is None else f"`{json.dumps(default, ensure_ascii=False)}`"


_SCHEMA = json_schema()


COMMANDS_HEAD = """\
# Commands

Made from the commands themselves by `tools/docs.py`. Every command also takes `-q` (no progress, no
remarks), `-v` (what each finding means) and `--debug` (a traceback), before its name or behind it.
"""


def _commands() -> str:
    parts = [COMMANDS_HEAD]
    context = click.Context(cli, info_name="mkmodelfile")
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        arguments = " ".join(p.make_metavar(context) for p in command.params if isinstance(p, click.Argument))
        parts.append(f"\n## mkmodelfile {name} {arguments}".rstrip() + f"\n\n{_prose(command.help or '')}\n")
        options = [p for p in command.params if isinstance(p, click.Option)]
        if options:
            parts.append("\n| option | meaning |\n| --- | --- |\n")
            parts += [_option(o) for o in options]
        if examples := getattr(command, "examples", ()):
            parts.append("\n```sh\n" + "".join(f"{line}\n" for line in examples) + "```\n")
    return "".join(parts)


def _prose(text: str) -> str:
    return inspect.cleandoc(text)


def _option(option: click.Option) -> str:
    value = ""
    if not option.is_flag:
        choices = getattr(option.type, "choices", None)
        value = " " + ("\\|".join(choices) if choices else option.metavar or option.type.name.upper())
    default = f" (default `{option.default}`)" if option.show_default and option.default is not None else ""
    return f"| `{', '.join(option.opts)}`{value} | {option.help or ''}{default} |\n"


# Each page's name, and what writes its text.
PAGES: dict[str, Callable[[], str]] = {
    "package-file.md": _package_file,
    "mkmodelfile.schema.json": _schema,
    "commands.md": _commands,
    "../modelfile_kit/cli/completion_table.json": completion_table.table,
    **{f"../man/{name}": write for name, write in man_pages.pages().items()},
    "COMPATIBILITY.md": page.page,
    "releases.md": release_page.page,
    "rules.md": code_pages.rules,
    "running/README.md": running_pages.index,
    "running/ollama.md": running_pages.ollama,
    "running/llama-server.md": running_pages.llama_server,
    "running/openai-clients.md": running_pages.clients,
    "codes/README.md": code_pages.index,
    **code_pages.areas(),
}

if __name__ == "__main__":
    for name in sys.argv[1:] or PAGES:
        (DOCS / name).parent.mkdir(exist_ok=True)
        (DOCS / name).write_text(PAGES[name](), encoding="utf-8")
        sys.stdout.write(f"wrote docs/{name}\n")
