"""`verify --phone-agent` on a real Ollama: a seeing micro model that answers as AutoGLM-Phone does."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence

import pytest

from modelfile_kit.cli.main import run
from modelfile_kit.micro import answers, build_pair
from modelfile_kit.micro import tokens as vocabulary
from modelfile_kit.micro.answers import END_OF_TURN, Rule

pytestmark = pytest.mark.server

TAP = 'do(action="Tap", element=[270,740])'
TEMPLATE = """[gMASK]<sop>{{ range .Messages }}<|{{ .Role }}|>
{{ .Content }}{{ end }}<|assistant|>
"""


@pytest.fixture
def phone(ollama_process, ollama_server, tmp_path, monkeypatch, capsys):
    """What `verify --phone-agent` says of a model that writes these tokens about any image."""

    def verified(name: str, tokens: Sequence[str], stop: str = "") -> dict[str, dict]:
        steps = zip((None, *tokens), (*tokens, END_OF_TURN), strict=True)
        said = tuple(Rule(after, say, True if after is None else None) for after, say in steps)
        monkeypatch.setitem(answers.STYLES, "said", said)
        own = [t for t in tokens if t not in vocabulary.USER_DEFINED_TOKENS]
        built = functools.partial(
            vocabulary.build_vocabulary, user_defined=[*vocabulary.USER_DEFINED_TOKENS, *own]
        )
        monkeypatch.setattr("modelfile_kit.micro.build.build_vocabulary", built)
        pair = build_pair(tmp_path / name, style="said")
        path = tmp_path / f"Modelfile.{name}"
        path.write_text(
            f'FROM {pair.model}\nFROM {pair.projector}\nTEMPLATE """{TEMPLATE}"""\n{stop}', encoding="utf-8"
        )
        ollama_process.run("create", name, "-f", str(path))
        capsys.readouterr()
        run(["verify", name, "--host", ollama_process.host, "--phone-agent", "--format", "json", "-q"])
        cases = json.loads(capsys.readouterr().out)["cases"]
        return {c["name"]: c for c in cases if c["name"].startswith("phone agent")}

    return verified


def test_an_agents_answer_with_and_without_its_stop(phone):
    tokens = ("<think>", "The", " picture", "</think>", "<answer>", TAP, "</answer>")
    stopped = phone("phone", tokens, "PARAMETER stop </answer>\n")
    assert [c["status"] for c in stopped.values()] == ["passed", "passed"], stopped
    assert TAP in str(stopped)
    # The same model without the stop: the agent would get `</answer>` as a part of the action.
    unstopped = phone("unstopped", tokens)
    assert [c["status"] for c in unstopped.values()] == ["failed", "failed"], unstopped
    assert "MK894" in str(unstopped)
    assert "PARAMETER stop </answer>" in str(unstopped)


def test_a_tap_beside_the_button_and_no_action_at_all(phone):
    beside = phone(
        "beside", ("<answer>", TAP.replace("270", "730"), "</answer>"), "PARAMETER stop </answer>\n"
    )
    assert [c["status"] for c in beside.values()] == ["failed", "passed"], beside
    assert "MK895" in str(beside)
    colour = phone("colour", ("The", " picture"))
    assert [c["status"] for c in colour.values()] == ["failed", "failed"], colour
    assert "MK894" in str(colour)
