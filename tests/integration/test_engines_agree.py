"""The embedded engine answers as a real Ollama does: the same text, tokens and reason to stop."""

from __future__ import annotations

from typing import Any

import pytest

from modelfile_kit.ollama.prompt import render_prompt
from modelfile_kit.runtime.llama_cpp.engine import EmbeddedEngine
from modelfile_kit.vision.colour_images import plain_png

pytestmark = [pytest.mark.server, pytest.mark.engine]

GO = "[gMASK]<sop>{{ range .Messages }}<|{{ .Role }}|>\n{{ .Content }}{{ end }}<|assistant|>\n"
TEMPLATES = {
    "right": GO,
    "picture marks twice": GO.replace(
        "{{ .Content }}", "{{ if .Images }}<|begin_of_image|>{{ end }}{{ .Content }}"
    ),
    "junk after each turn": GO.replace("{{ .Content }}", "{{ .Content }}<|im_end|>\n"),
    "no generation prompt": GO.removesuffix("<|assistant|>\n"),
}
CONVERSATIONS: dict[str, list[Any]] = {
    "text": [{"role": "user", "content": "Hi, 你好"}],
    "picture": [{"role": "user", "content": "What?", "images": [plain_png("red", (112, 112))]}],
    "two sizes, a tag in the text, a second turn": [
        {
            "role": "user",
            "content": "a [img-0] b",
            "images": [plain_png("red", (336, 336)), plain_png("blue", (100, 100))],
        },
        {"role": "assistant", "content": "x"},
        {"role": "user", "content": "and?"},
    ],
}


@pytest.fixture(scope="module")
def engine(llama_cpp, micro_pair):
    with EmbeddedEngine(micro_pair.model, micro_pair.projector) as running:
        yield running


@pytest.mark.parametrize("stop", ["", "image"], ids=["no stop", "a stop"])
@pytest.mark.parametrize("template", TEMPLATES)
def test_both_engines_say_the_same(
    template, stop, engine, micro_pair, ollama_process, ollama_server, tmp_path
):
    text = TEMPLATES[template]
    modelfile = tmp_path / "Modelfile"
    modelfile.write_text(
        f'FROM {micro_pair.model}\nFROM {micro_pair.projector}\nTEMPLATE """{text}"""\n'
        + (f"PARAMETER stop {stop}\n" if stop else ""),
        encoding="utf-8",
    )
    ollama_process.run("create", "agree", "-f", str(modelfile))
    stops = (stop,) if stop else ()
    for name, messages in CONVERSATIONS.items():
        images = [image for message in messages for image in message.get("images", ())]
        ours = engine.generate(render_prompt(text, messages), images, max_tokens=12, stop=stops)
        theirs = ollama_server.chat("agree", messages, options={"num_predict": 12, "temperature": 0.0})
        assert (ours.text, ours.prompt_tokens, ours.completion_tokens, ours.finish_reason) == (
            theirs.text,
            theirs.prompt_tokens,
            theirs.completion_tokens,
            theirs.finish_reason,
        ), name
