"""What llama.cpp really makes of the weights. llama.cpp runs in a child process."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys

import pytest

from modelfile_kit.micro import COLOURS, LOST, NO_IMAGE, build_model, build_pair
from modelfile_kit.micro.answers import DARKER

pytestmark = pytest.mark.engine

HEAD, USER, END = "[gMASK]<sop>", "<|user|>\n", "<|assistant|>\n"

COMPLETE = """
import json, sys
from llama_cpp import Llama
path, prompts = json.load(sys.stdin)
model = Llama(path, n_ctx=2048, n_threads=1, n_threads_batch=1, verbose=False)
for prompt in prompts:
    model.reset()
    choice = model.create_completion(prompt, max_tokens=8, temperature=0.8)["choices"][0]
    print(json.dumps([choice["text"], choice["finish_reason"]]))
model.close()
"""

CHAT = """
import base64, io, json, sys
from PIL import Image
from llama_cpp import Llama
from llama_cpp.llama_chat_format import MTMDChatHandler
model_path, eye_path, chats = json.load(sys.stdin)
eye = MTMDChatHandler(eye_path, verbose=False)
model = Llama(model_path, chat_handler=eye, n_ctx=2048, n_threads=1, n_threads_batch=1, verbose=False)
def part(p):
    if isinstance(p, str):
        return {"type": "text", "text": p}
    colour, kind, size = p
    out = io.BytesIO()
    Image.new("RGB", size, tuple(colour)).save(out, kind)
    data = base64.b64encode(out.getvalue()).decode()
    return {"type": "image_url", "image_url": {"url": f"data:image/{kind.lower()};base64,{data}"}}
for chat in chats:
    turns = [
        {"role": r, "content": c if isinstance(c, str) else [part(p) for p in c]} for r, c in chat
    ]
    choice = model.create_chat_completion(messages=turns, max_tokens=24, temperature=0.8)["choices"][0]
    print(json.dumps([choice["message"]["content"], choice["finish_reason"]]))
model.close()
"""


def ask(script, *what):
    if importlib.util.find_spec("llama_cpp") is None:
        pytest.skip("llama-cpp-python (the extra align) is not installed")
    run = subprocess.run(
        [sys.executable, "-c", script],
        input=json.dumps(what),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    return [tuple(json.loads(line)) for line in run.stdout.splitlines()]


def chat(pair, chats):
    return ask(CHAT, str(pair.model), str(pair.projector), chats)


def square(colour, kind="PNG", size=(64, 64)):
    return [colour, kind, size]


def test_every_colour_in_every_format_and_shape(tmp_path):
    asked = [(name, square(colour)) for name, colour in (*COLOURS.items(), *DARKER.items())]
    for name in ("red", "white", "brown"):
        for kind in ("PNG", "JPEG", "BMP"):
            for size in ((10, 10), (400, 90), (64, 40)):  # the last two get black borders
                asked.append((name, square(COLOURS[name], kind, size)))
    chats = [[("user", [picture, "What colour is this?"])] for _, picture in asked]
    assert chat(build_pair(tmp_path), chats) == [(name, "stop") for name, _ in asked]


@pytest.mark.parametrize("style", ["plain", "think"])
def test_the_latest_picture_is_the_one_that_counts(tmp_path, style):
    red, blue, far = square((255, 0, 0)), square((0, 0, 255), "PNG", (336, 336)), "x" * 400
    chats = [
        [("user", [blue, red, "Both?"])],
        [("user", [red, "a"]), ("assistant", "red"), ("user", [blue, "And this?"])],
        [("user", [blue, far]), ("assistant", "blue"), ("user", [red, far])],
        [("system", "Be brief."), ("user", [blue, "a"]), ("assistant", "blue"), ("user", "Sure?")],
        [("user", "Hello")],
    ]
    words = ["red", "blue", "red", "blue", NO_IMAGE]
    if style == "think":
        seen = "<think>The picture is {0}.</think><answer>{0}</answer>"
        words = [seen.format(w) for w in words[:4]]
        words.append(f"<think>No picture.</think><answer>{NO_IMAGE}</answer>")
    assert chat(build_pair(tmp_path, style=style), chats) == [(w, "stop") for w in words]


def test_a_template_that_writes_the_marks_too_loses_it(tmp_path):
    """llama.cpp puts the marks around a picture by itself, so a template must not."""
    picture = square((255, 0, 0))
    around = [("user", ["<|begin_of_image|>", picture, "<|end_of_image|>What colour?"])]
    behind = [("user", [picture, "<|begin_of_image|><|image|><|end_of_image|>What colour?"])]
    for text, reason in chat(build_pair(tmp_path), [around, behind]):
        assert (set(text), reason) == ({LOST}, "length")


SOUND = (
    f"{HEAD}{USER}Hi{END}",
    f"{HEAD}<|system|>\nRed.{USER}Hi{END}red{USER}no{END}",
    f"{HEAD}{USER}{'red no ' * 150}{END}",
)
WRONG = {
    "no prefix": f"{USER}Hi{END}",
    "prefix twice": f"{HEAD}{HEAD}{USER}Hi{END}",
    "prefix at every turn": f"{HEAD}{USER}Hi{END}x{HEAD}{USER}Hi{END}",
    "no generation prompt": f"{HEAD}{USER}Hi",
    "no newline at the end": f"{HEAD}{USER}Hi<|assistant|>",
    "two newlines at the end": f"{HEAD}{USER}Hi{END}\n",
    "no user": f"{HEAD}{END}",
    "another family": "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n",
}


@pytest.mark.parametrize("fault", [None, "no-rope-sections", "text-llama"])
def test_a_wrong_prompt_shows(tmp_path, fault):
    path = build_model(tmp_path / "m.gguf", fault=fault)
    answers = ask(COMPLETE, str(path), [*SOUND, *WRONG.values()])
    assert answers[: len(SOUND)] == [(NO_IMAGE, "stop")] * len(SOUND)
    for name, (text, reason) in zip(WRONG, answers[len(SOUND) :], strict=True):
        assert (set(text), reason) == ({LOST}, "length"), name
