from __future__ import annotations

import pytest

from modelfile_kit.huggingface import Reference
from modelfile_kit.prover.image_text import has_images, image_text, inserted

PARTS = "{% for m in messages %}{% for p in m.content %}{% if p.type == 'image' %}MARK{% else %}{{ p.text }}"
PARTS += "{% endif %}{% endfor %}{% endfor %}"
TEXT_ONLY = "{% for m in messages %}{% for p in m.content %}{{ p.text }}{% endfor %}{% endfor %}"


def reference(text: str) -> Reference:
    return Reference(text, bos_token="", eos_token="")


@pytest.mark.parametrize(
    ("fewer", "more", "piece"),
    [
        ("ab", "a<x>b", "<x>"),
        ("a<x>b", "a<x><x>b", "<x>"),
        ("a\nb", "a\n<x>\nb", "<x>\n"),
        ("ab", "ab", None),
        ("ab", "cd", None),
        ("ab", "xayb", None),
    ],
)
def test_inserted(fewer: str, more: str, piece: str | None) -> None:
    assert inserted(fewer, more) == piece


@pytest.mark.parametrize(
    ("template", "has"),
    [
        (PARTS.replace("MARK", "<|image|>"), True),
        (PARTS.replace("MARK", "Picture {{ loop.index }}: <image>"), True),  # a text of its own for each
        (PARTS.replace("MARK", ""), False),
        (TEXT_ONLY, False),
        ("{% for m in messages %}{{ m.content }}{% endfor %}", False),
        ("{% for m in messages %}{{ m.content | tojson }}{% endfor %}", False),
        ("{% for m in messages %}{{ m.content | join(' ') }}{% endfor %}", False),
        ("{% for m in messages %}{{ raise_exception('text only') }}{% endfor %}", True),  # refuses; not told
    ],
)
def test_has_images(template: str, has: bool) -> None:
    assert has_images(reference(template)) is has


def test_the_text_of_an_image() -> None:
    assert image_text(reference(PARTS.replace("MARK", "<|image|>"))) == "<|image|>"
    assert image_text(reference(TEXT_ONLY)) is None
