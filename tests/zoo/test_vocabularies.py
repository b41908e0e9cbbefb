"""What the kit says of BOS for every tokenizer, against what engines counted (seen_vocabularies.txt)."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from modelfile_kit.building.build import build
from modelfile_kit.building.plan import BuildError
from modelfile_kit.cli.main import cli
from modelfile_kit.core.errors import KitError
from modelfile_kit.gguf_file import Vocabulary, read_header
from modelfile_kit.ollama.prompt_ends import PromptEnds

from .ask_vocabulary import Counted, read_counted
from .seen import LLAMA_SERVER
from .vocabularies import TOKENIZERS, vocabularies, vocabulary_model

COUNTED = {(r.name, r.said, r.engine): r for r in read_counted()}
OLLAMAS = ("0.33.0", "0.34.4")
BOS_CASES = [which for which in vocabularies() if which[0] != "none"]


def test_every_tokenizer_has_a_row_of_every_engine() -> None:
    engines = (LLAMA_SERVER, *OLLAMAS)
    assert COUNTED.keys() == {(*which, engine) for which in vocabularies() for engine in engines}


def counts(name: str, said: str, engine: str) -> tuple[int, int]:
    """Tokens of "hi" as the model gets them, and of the same with BOS's text before it."""
    row: Counted = COUNTED[name, said, engine]
    return int(row.added), int(row.written)


@pytest.mark.parametrize(("name", "said"), BOS_CASES)
def test_the_rule_counts_what_the_engines_count(name: str, said: str, tmp_path: Path) -> None:
    path = vocabulary_model(tmp_path / "m.gguf", name, said)
    ends = PromptEnds.of(Vocabulary.from_header(read_header(path)))
    plain = int(COUNTED[name, said, LLAMA_SERVER].plain)
    around = ends.adds_bos + ends.adds_eos
    # WPM has a word for "hi" and cuts it behind a special token as before; all count BOS's text as one
    assert counts(name, said, LLAMA_SERVER) == (plain + around, plain + around + 1)
    for version in OLLAMAS:
        text = f"{TOKENIZERS[name].bos}hi"
        written = plain + around + (ends.sent(text) == text)
        assert counts(name, said, version) == (plain + around, written)


AFTER = {"WPM": 1, "UGM": 1}
"""Tokens that these put after a prompt, [SEP] and </s>."""


@pytest.mark.parametrize(("name", "said"), BOS_CASES)
def test_lint_and_build_see_two_bos_where_the_engine_gets_two(name: str, said: str, tmp_path: Path) -> None:
    path = vocabulary_model(tmp_path / "m.gguf", name, said)
    bos, engine = TOKENIZERS[name].bos, COUNTED[name, said, LLAMA_SERVER]
    added = int(engine.added) - int(engine.plain) - AFTER.get(name, 0)
    alone, written = counts(name, said, OLLAMAS[-1])
    received = added + written - alone  # of a prompt that has BOS's text
    (tmp_path / "Modelfile").write_text(f'FROM {path}\nTEMPLATE """{bos}{{{{ .Prompt }}}}"""\n')
    linted = CliRunner().invoke(cli, ["lint", str(tmp_path / "Modelfile")])
    assert ("MK325" in linted.output) is (received == 2), linted.output
    # of a chat template that writes BOS itself, the TEMPLATE lets the model get one
    (tmp_path / "chat.jinja").write_text("{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}")
    package = f"name: zoo\nmodel: {path}\nmode: go\nchat_template: chat.jinja\n"
    (tmp_path / "mkmodelfile.yaml").write_text(package)
    if name in AFTER:  # what comes after a prompt ends the model's turn before it begins
        with pytest.raises(BuildError) as caught:
            build(tmp_path)
        assert caught.value.code == "MK728"
        return
    built = build(tmp_path)
    assert built.template is not None
    assert built.template.startswith(bos) is (added == 0)


def test_a_model_without_tokens_is_refused(tmp_path: Path) -> None:
    """llama.cpp loads it and ends at the first text; Ollama answers HTTP 500."""
    path = vocabulary_model(tmp_path / "m.gguf", "none", "absent")
    assert all(row.added.startswith(("0 ", "500 ", "-")) for key, row in COUNTED.items() if key[0] == "none")
    (tmp_path / "mkmodelfile.yaml").write_text(f"name: zoo\nmodel: {path}\n")
    with pytest.raises(KitError):
        build(tmp_path)
