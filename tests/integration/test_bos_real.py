"""BOS on a real server: what prompt_eval_count says, and packages that are green from build to verify.

Seen on 2026-11-27 with Ollama 0.33.0 and 0.34.4: a vocabulary that adds BOS and a TEMPLATE that writes it
give two BOS tokens; `<bos>` is taken off where the GGUF says add_bos_token, whatever its BOS token is.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit.align.package_check import check_package
from modelfile_kit.building.build import build
from modelfile_kit.gguf_file import Vocabulary, read_header
from modelfile_kit.gguf_file.patch import patch
from modelfile_kit.lint.runner import lint_modelfile
from modelfile_kit.micro import build_pair
from modelfile_kit.micro.chat_template import CHAT_TEMPLATE
from modelfile_kit.ollama.prompt_ends import PromptEnds
from modelfile_kit.publish.expectation import Expectation
from modelfile_kit.publish.publish import publish
from modelfile_kit.publish.verify import verify
from modelfile_kit.runtime.tokenizer import LlamaTokenizer

pytestmark = pytest.mark.server

BOS = "<bos>"
WITH_BOS = "{{ bos_token }}" + CHAT_TEMPLATE
HI = [{"role": "user", "content": "Hi"}]
GO = "[gMASK]<sop>{{ range .Messages }}<|{{ .Role }}|>\n{{ .Content }}{{ end }}<|assistant|>\n"


def model(folder: Path, bos: str, jinja: str = WITH_BOS, **keys: bool) -> Path:
    """The model of a micro pair, with a BOS token of its own."""
    extra = [bos] if bos.startswith("<") else []
    path = build_pair(folder, chat_template=jinja, extra_tokens=extra).model
    token = Vocabulary.from_header(read_header(path)).id_of(bos)
    assert token is not None
    changes = {f"tokenizer.ggml.{name}": value for name, value in keys.items()}
    patch(path, path, {"tokenizer.ggml.bos_token_id": token, **changes})
    return path


def counted(server, folder: Path, path: Path, template: str) -> int:
    """prompt_eval_count of one short question."""
    (folder / "mkmodelfile.yaml").write_text(
        f"name: a\nmodel: {path.name}\nprojector: none\ntemplate: t.gotmpl\n"
    )
    (folder / "t.gotmpl").write_text(template)
    publish(build(folder), "bos", host=server.url, verify=False)
    return server.chat("bos", HI, options={"num_predict": 1}).prompt_tokens


@pytest.mark.parametrize("bos", [BOS, "<s>"])
@pytest.mark.parametrize("keys", [{}, {"add_bos_token": True}, {"add_bos_token": False}])
def test_the_server_counts_what_the_rule_says(bos, keys, tmp_path, ollama_server, llama_cpp):
    path = model(tmp_path, bos, **keys)
    rule = PromptEnds.of(Vocabulary.from_header(read_header(path)))
    with LlamaTokenizer(path) as tokenizer:
        for template in (GO, f"{BOS}{GO}", f"<s>{GO}"):
            prompt = template.partition("{{")[0] + "<|user|>\nHi<|assistant|>\n"
            expected = len(tokenizer.tokenize(rule.received(prompt), add_bos=False))
            assert counted(ollama_server, tmp_path, path, template) == expected, template


@pytest.mark.parametrize("adds", [True, False])
@pytest.mark.parametrize(
    ("bos", "jinja"),
    [
        # The micro model only answers prompts that begin with [gMASK], so that is its BOS here.
        ("[gMASK]", CHAT_TEMPLATE),
        (BOS, WITH_BOS),
        ("<s>", WITH_BOS),
    ],
)
def test_a_package_is_green_from_build_to_verify(bos, jinja, adds, tmp_path, ollama_server, llama_cpp):
    path = model(tmp_path, bos, jinja, add_bos_token=adds)
    (tmp_path / "mkmodelfile.yaml").write_text(f"name: a\nmodel: {path.name}\nmode: go\n")
    built = build(tmp_path)
    assert built.template is not None
    assert built.template.startswith(bos) == (not adds)
    checked = check_package(built, embedded=False)
    assert [d for d in checked.all_diagnostics if d.severity.rank < 2] == []
    linted = lint_modelfile(str(built.modelfile), base=built.path.parent)
    assert [d for d in linted if d.severity.rank < 2] == []
    publish(built, "bos", host=ollama_server.url, verify=bos == "[gMASK]")
    report = verify("bos", host=ollama_server.url, expectation=Expectation.from_build(built), max_tokens=20)
    about = [c for c in report.checks if c.name.split()[0] in ("prompt", "tokens")]
    assert {c.status for c in about} == {"ok"}
    assert len(about) > 4
    with LlamaTokenizer(path) as tokenizer:
        expected = len(tokenizer.tokenize(built.original(HI), add_bos=False))
    assert ollama_server.chat("bos", HI, options={"num_predict": 1}).prompt_tokens == expected


def test_what_the_engine_adds_is_gone_from_a_patched_copy(tmp_path, ollama_server, llama_cpp):
    """No TEMPLATE helps where the chat template has no BOS; the copy that the message names does."""
    path = model(tmp_path, "<s>", CHAT_TEMPLATE, add_bos_token=True)
    text = "name: a\nmodel: {}\nprojector: none\nmode: go\n"
    (tmp_path / "mkmodelfile.yaml").write_text(text.format(path.name))
    told = build(tmp_path)
    assert [d.code for d in told.diagnostics if d.code == "MK703"] == ["MK703"]
    patch(path, tmp_path / "p.gguf", {"tokenizer.ggml.add_bos_token": False})
    (tmp_path / "mkmodelfile.yaml").write_text(text.format("p.gguf"))
    built = build(tmp_path)
    assert [d.code for d in built.diagnostics if d.code == "MK703"] == []
    counts = []
    for which in (told, built):
        publish(which, "bos", host=ollama_server.url, verify=False)
        counts.append(ollama_server.chat("bos", HI, options={"num_predict": 1}).prompt_tokens)
    assert counts[0] == counts[1] + 1
