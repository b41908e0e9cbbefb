"""The stops that `create` would add beside our TEMPLATE; tests/integration publishes such a package."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit.building.build import Build, build
from modelfile_kit.micro import build_model
from modelfile_kit.publish.expectation import Expectation

# As Ollama's template/index.json has it for `zephyr`; zephyr.json has its stops.
ZEPHYR = (
    "{% for message in messages %}\n{% if message['role'] == 'user' %}\n"
    "{{ '<|user|>\n' + message['content'] + eos_token }}\n{% elif message['role'] == 'system' %}\n"
    "{{ '<|system|>\n' + message['content'] + eos_token }}\n{% elif message['role'] == 'assistant' %}\n"
    "{{ '<|assistant|>\n'  + message['content'] + eos_token }}\n{% endif %}\n"
    "{% if loop.last and add_generation_prompt %}\n{{ '<|assistant|>' }}\n{% endif %}\n{% endfor %}"
)
OWN = "~" * 150 + "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}<|assistant|>"


def package(folder: Path, jinja: str, stop: str) -> Build:
    build_model(folder / "m.gguf", chat_template=jinja)
    path = folder / "mkmodelfile.yaml"
    path.write_text(f"name: p\nmodel: m.gguf\nprojector: none\ntarget: 0.33.0\nstop: {stop}\n")
    return build(path)


def test_an_end_token_takes_their_place(tmp_path: Path) -> None:
    built = package(tmp_path, ZEPHYR, "[]")
    (stop,) = built.plan.stops.stops
    assert stop.text == "<|endoftext|>"  # the micro model's EOS, at which llama.cpp ends
    assert "<|system|> </s> <|user|> <|assistant|>" in stop.why
    assert built.modelfile.parameters("stop") == ("<|endoftext|>",)
    assert Expectation.from_build(built).parameters == {"stop": ["<|endoftext|>"]}


@pytest.mark.parametrize(
    ("jinja", "stop", "expected"),
    [
        (OWN, "[]", ()),  # create recognises nothing
        (ZEPHYR, "[<|observation|>]", ("<|observation|>",)),  # own stops replace all that create has
    ],
)
def test_where_create_adds_none(tmp_path: Path, jinja: str, stop: str, expected: tuple[str, ...]) -> None:
    assert package(tmp_path, jinja, stop).modelfile.parameters("stop") == expected
