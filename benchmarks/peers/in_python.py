"""Asks one Python converter for each template: `in_python.py PEER FOLDER`, JSON lists on stdin and stdout.

FOLDER is the converter's unpacked wheel. What it imports and is not installed here (torch and its like)
is replaced by stand-ins: the parts that make a Modelfile are text handling and never compute with it.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import json
import logging
import sys
import types
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

from modelfile_kit.huggingface import render_reference

Answer = dict[str, str]
Entry = dict[str, Any]
# Never the real ones: seconds to import, and the converters ask for other versions than may be here.
STAND_INS = {
    *("accelerate", "datasets", "fsspec", "modelscope_hub", "numpy", "peft", "torch", "torchaudio"),
    *("torchvision", "transformers", "trl"),
}


class _StandIn(types.ModuleType):
    """A module that has every name: empty classes, and functions that answer anything."""

    __path__ = []  # noqa: RUF012 - that it has one makes it a package
    __version__ = "99.0"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        value = type(name, (), {}) if name[0].isupper() else MagicMock(name=name)
        setattr(self, name, value)
        return value


class _StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the stand-ins before the import system looks for the real ones."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname.split(".")[0] in STAND_INS:
            return importlib.machinery.ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return _StandIn(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """There is nothing to run."""


def bare(folder: Path, *packages: str) -> None:
    """Packages whose own `__init__` (which imports the whole of a trainer) is not run."""
    for name in packages:
        module = _StandIn(name)
        module.__path__ = [str(folder / name.replace(".", "/"))]
        sys.modules[name] = module


class Tokenizer:
    """What the converters ask of a tokenizer: its chat template and its two tokens' texts."""

    def __init__(self, entry: Entry) -> None:
        self.chat_template: str = entry["source"]
        self.bos_token: str | None = entry["bos_token"]
        self.eos_token: str | None = entry["eos_token"]
        self.bos_token_id = None if self.bos_token is None else 1
        self.eos_token_id = None if self.eos_token is None else 2

    def encode(self, text: str, **_: Any) -> list[int]:
        """What stands before every text: the BOS, where the chat template writes it too."""
        assert not text
        begin = self.apply_chat_template([{"role": "user", "content": "x"}], add_generation_prompt=True)
        return [1] if self.bos_token and begin.startswith(self.bos_token) else []

    def decode(self, ids: Sequence[int], **_: Any) -> str:
        return "".join((self.bos_token if i == 1 else self.eos_token) or "" for i in ids)

    def convert_tokens_to_ids(self, token: Any) -> Any:
        return token

    def convert_ids_to_tokens(self, ids: Any) -> Any:
        return ids

    def apply_chat_template(
        self, messages: list[dict[str, Any]], *, add_generation_prompt: bool, **_: Any
    ) -> str:
        return render_reference(
            self.chat_template,
            messages,
            bos_token=self.bos_token,
            eos_token=self.eos_token,
            add_generation_prompt=add_generation_prompt,
        )


def plain_name(name: str) -> str:
    """A model's name without what file names and hubs write differently."""
    return name.lower().replace("/", "-").replace("_", "-").replace(":", "-")


def find(entry: Entry, known: dict[str, str]) -> str | None:
    """What a table of models says about an entry, whose name is `model`, else the id without its group."""
    name = str(entry.get("model") or entry["id"].split(":", 1)[-1])
    by_name = {plain_name(k): v for k, v in known.items()}
    by_name |= {plain_name(k.split("/")[-1]): v for k, v in known.items()} | by_name
    return by_name.get(plain_name(name))


def unsloth(folder: Path) -> Callable[[Entry], Answer]:
    """The static table of models and Modelfiles, the end token put in as `create_ollama_modelfile` does."""
    spec = importlib.util.spec_from_file_location("tables", folder / "unsloth" / "ollama_template_mappers.py")
    assert spec and spec.loader
    tables = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tables)

    def convert(entry: Entry) -> Answer:
        name = find(entry, tables.MODEL_TO_OLLAMA_TEMPLATE_MAPPER)
        modelfile = tables.OLLAMA_TEMPLATES.get(name)
        if not modelfile:
            return {"why": "not in its table"}
        text = modelfile.replace("{__FILE_LOCATION__}", "model.gguf")
        return {"modelfile": text.replace("{__EOS_TOKEN__}", entry["eos_token"] or "")}

    return convert


def llama_factory(folder: Path) -> Callable[[Entry], Answer]:
    """`get_ollama_modelfile` of the template its own table names, else of what it parses from the Jinja."""
    bare(folder, "llamafactory", "llamafactory.data", "llamafactory.extras")
    templates = importlib.import_module("llamafactory.data.template")
    constants = importlib.import_module("llamafactory.extras.constants")

    known = {
        str(place): constants.DEFAULT_TEMPLATE[model]
        for model, places in constants.SUPPORTED_MODELS.items()
        for place in places.values()
        if constants.DEFAULT_TEMPLATE[model]
    }

    def convert(entry: Entry) -> Answer:
        tokenizer = Tokenizer(entry)
        name = find(entry, known)
        template = templates.TEMPLATES[name] if name else templates.parse_template(tokenizer)
        return {"modelfile": template.get_ollama_modelfile(tokenizer)}

    return convert


def modelscope(folder: Path) -> Callable[[Entry], Answer]:
    """`TemplateLoader.to_ollama` without the network."""
    bare(folder, "modelscope", "modelscope.preprocessors")
    loader: Any = importlib.import_module("modelscope.preprocessors.templates.loader")

    def convert(entry: Entry) -> Answer:
        name = str(entry.get("model") or entry["id"].split(":", 1)[-1])
        loader.snapshot_download = lambda *_, **__: ""
        loader.AutoTokenizer = SimpleNamespace(from_pretrained=lambda *_, **__: Tokenizer(entry))
        loader.AutoConfig = SimpleNamespace(from_pretrained=lambda *_, **__: None)
        text = loader.TemplateLoader.to_ollama(model_id=name, ignore_oss_model_file=True)
        return {"modelfile": text} if text else {"why": "no family matches the name"}

    return convert


PEERS = {"unsloth": unsloth, "llamafactory": llama_factory, "modelscope": modelscope}


def main() -> None:
    peer, folder = sys.argv[1], Path(sys.argv[2])
    sys.path.insert(0, str(folder))
    sys.meta_path.insert(0, _StandIns())
    logging.disable(logging.CRITICAL)
    convert = PEERS[peer](folder)
    answers = []
    for entry in json.load(sys.stdin):
        try:
            answers.append(convert(entry))
        except Exception as e:
            answers.append({"why": f"{type(e).__name__}: {e}"[:300]})
    sys.stdout.write("\n" + json.dumps(answers))


if __name__ == "__main__":
    main()
