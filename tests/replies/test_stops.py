"""Where a reply ends, as the reference shows it."""

from __future__ import annotations

import pytest

from modelfile_kit.huggingface import Reference
from modelfile_kit.replies.stops import stops
from modelfile_kit.replies.turns import turns_of
from tests.replies import formats

TURNS = "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}{{ END }}{% endfor %}<|assistant|>\n"


@pytest.mark.parametrize(
    ("source", "eos", "expected"),
    [
        (TURNS.replace("{{ END }}", "<|end|>\n"), "", ["<|end|>"]),
        (TURNS.replace("{{ END }}", "</s>"), "</s>", ["</s>"]),
        # The prompt that stands there without being asked for is no end.
        (TURNS.replace("{{ END }}", ""), "", ["<|user|>"]),
        ("{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}", "", ["user:"]),
        (formats.JSON_CALLS, "<|im_end|>", ["<|im_end|>"]),
        (formats.JSON_CALLS, "</s>", ["<|im_end|>"]),
        (formats.OPEN_TURNS, "", ["<|user|>", "<|tool|>"]),
        # What stands between a thought and the answer ends nothing.
        (formats.CHANNELS, "<|return|>", ["<|return|>", "<|call|>"]),
        (formats.CHANNELS, "", ["<|return|>", "<|call|>"]),
        # Calls end otherwise than answers do, and the next prompt stands there without being asked for.
        (
            formats.chatml(
                "<call>{{ c.function.name }} {{ c.function.arguments | tojson }}</call>", think=""
            ).replace(
                "{{ m.content }}{% for c",
                "{% if not m.tool_calls %}<say>{{ m.content }}</say>{% endif %}{% for c",
            )
            + "{% if not add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
            "",
            ["</say>", "<|im_end|>"],
        ),
        # A text that ends the other turns too stands before the EOS.
        (
            formats.chatml("", end="\n<|end|>\n{{ eos_token if m.role == 'assistant' }}"),
            "</s>",
            ["<|end|>", "</s>"],
        ),
        # An EOS that only closes the whole text adds nothing.
        (formats.chatml("") + "{% if not add_generation_prompt %}</s>{% endif %}", "</s>", ["<|im_end|>"]),
        # A question about a conversation is no conversation that goes on.
        (
            "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}Is the last message above, "
            "taken for itself and with all that was said before, a safe one? Say yes or no.",
            "</s>",
            [],
        ),
        ("{% for m in messages %}{{ m.nothing.there }}{% endfor %}", "</s>", []),
    ],
)
def test_stops(source: str, eos: str, expected: list[str]) -> None:
    assert stops(Reference(source, eos_token=eos), eos) == expected


def test_a_last_turn_that_is_left_out_is_looked_for_in_the_middle() -> None:
    source = (
        "{% for m in messages %}{% if m.role == 'user' %}\nHuman: {{ m.content }}\nRobot:"
        "{% elif not loop.last %} {{ m.content }}{% endif %}{% endfor %}[SEP]"
    )
    assert stops(Reference(source), "") == ["Human:"]


@pytest.mark.parametrize("source", [v for k, v in vars(formats).items() if k.isupper() and k[0] != "_"])
def test_no_stop_stands_in_what_the_model_writes(source: str) -> None:
    reference = Reference(source, eos_token="<|eos|>")
    turns = turns_of(reference)
    assert turns
    for stop in stops(reference, "<|eos|>"):
        assert all(stop not in turn.inside for turn in turns)
        assert any(stop in turn.tail + (turn.following or "") for turn in turns)
