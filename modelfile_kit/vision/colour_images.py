"""Test images, made when they are needed, whose right answer is known, and a judge of the answers."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ..core.extras import installed
from ..ollama.special_tokens import without_control_texts
from .encode import encoded
from .png import painted, plain

# A colour or shape, and how it is called in a dozen languages. Latin words count only as whole words,
# Cyrillic stems at the start of a word, the rest wherever it stands.
WORDS: Mapping[str, str] = {
    "red": """red crimson scarlet rot rote rotes rouge rojo roja rosso rossa vermelho vermelha rood
        красн 红 紅 赤 빨간 빨강 أحمر लाल""",
    "green": """green lime grün grüne grünes vert verte verde groen
        зелен зелён 绿 緑 綠 초록 녹색 أخضر हरा""",
    "blue": """blue blau blaue blaues bleu bleue azul blu blauw
        син голуб 蓝 藍 青 파란 파랑 أزرق नीला""",
    "yellow": """yellow gelb gelbe gelbes jaune amarillo amarilla giallo gialla amarelo amarela geel
        жёлт желт 黄 黃 노란 노랑 أصفر पीला""",
    "black": """black schwarz schwarze schwarzes noir noire negro negra nero preto preta zwart
        черн чёрн 黑 黒 검은 검정 أسود काला""",
    "white": """white weiß weiss weiße blanc blanche blanco blanca bianco branco branca wit
        бел 白 흰 하얀 أبيض सफेद""",
    "circle": """circle disc disk round dot kreis cercle rond círculo cerchio cirkel
        круг 圆 圓 円 丸 동그라미 원형""",
    "square": """square rectangle quadrat viereck rechteck carré cuadrado quadrato quadrado vierkant
        квадрат прямоуголь 方形 正方 四角 矩形 사각""",
    "triangle": """triangle dreieck triángulo triangolo triângulo driehoek
        треуголь 三角 삼각""",
}
COLOURS: Mapping[str, tuple[int, int, int]] = {
    "red": (255, 0, 0),
    "green": (0, 255, 0),
    "blue": (0, 0, 255),
    "yellow": (255, 255, 0),
    "black": (0, 0, 0),
    "white": (255, 255, 255),
}
SHAPES = ("circle", "square", "triangle")

COLOUR_QUESTION = "What is the main colour of this picture? Answer with one word."
SHAPE_QUESTION = "Which shape is in the middle of this picture: a circle, a square or a triangle? One word."

_THOUGHT_TAG = re.compile(r"<(/?)(think|thinking|reasoning)>", re.IGNORECASE | re.ASCII)
_THOUGHT_END = re.compile(r"\A.*</(?:think|thinking|reasoning)>", re.DOTALL | re.IGNORECASE)
_THOUGHT_OPEN = re.compile(r"<(?:think|thinking|reasoning)>.*", re.DOTALL | re.IGNORECASE)
_ANSWER_TAG = re.compile(r"</?answer>", re.IGNORECASE)
_ANSWER = re.compile(r"<answer>(.*?)(?:</answer>|\Z)", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True)
class ImageProbe:
    """An image, a question about it and the right answer.

    id: as `red.png`; bytes: the encoded image; format: "PNG", "JPEG" or "WEBP"; size: pixels wide
    and high; answer: a key of `WORDS`; choices: the keys among which the answer is judged.
    """

    id: str
    bytes: bytes
    format: str
    size: tuple[int, int]
    question: str
    answer: str
    choices: tuple[str, ...]

    def judge(self, text: str) -> bool:
        """Whether a model's answer is right: the first of the choices that it names is the answer."""
        return named(text, self.choices) == self.answer


def colour_probes() -> tuple[ImageProbe, ...]:
    """One plain image per format and one more: four colours, four sizes, so that a guess is not enough.

    A format that cannot be written here is left out; `missing_formats` says which.
    """
    wanted = (
        ("red", "PNG", (64, 64)),
        ("blue", "JPEG", (224, 160)),
        ("green", "WEBP", (112, 112)),
        ("yellow", "PNG", (336, 336)),
    )
    return tuple(
        _probe(
            colour, image_format, size, _plain(colour, image_format, size), COLOUR_QUESTION, tuple(COLOURS)
        )
        for colour, image_format, size in wanted
        if image_format not in missing_formats()
    )


def shape_probes() -> tuple[ImageProbe, ...]:
    """Black shapes on white: beyond the micro model, for real ones."""
    size = (224, 224)
    return tuple(_probe(shape, "PNG", size, _shape(shape, size), SHAPE_QUESTION, SHAPES) for shape in SHAPES)


@lru_cache(maxsize=1)
def missing_formats() -> Mapping[str, str]:
    """Formats that cannot be written here, and why not. A PNG always can."""
    if not installed("PIL"):
        return dict.fromkeys(("JPEG", "WEBP"), 'Pillow is not installed: pip install "modelfile-kit[images]"')
    from PIL import features

    return {} if features.check("webp") else {"WEBP": "this Pillow cannot write it"}


def named(text: str, choices: Sequence[str]) -> str | None:
    """The first of the choices that an answer names, by any of its words; None if it names none.

    Thinking, answer tags, case and punctuation do not count; of a thought that was not finished
    nothing does.
    """
    plain = final_answer(text)
    found = [(place, c) for c in choices for w in WORDS[c].split() if (place := _find(plain, w)) is not None]
    return min(found)[1] if found else None


def final_answer(text: str) -> str:
    """The answer without thinking and tags, folded for comparing."""
    text = _without_thoughts(text)
    text = _THOUGHT_END.sub(" ", text)  # an opening tag that the prompt brought
    text = _THOUGHT_OPEN.sub(" ", text)
    if match := _ANSWER.search(text):
        text = match[1]
    folded = unicodedata.normalize("NFKC", _ANSWER_TAG.sub(" ", without_control_texts(text))).casefold()
    return " ".join(folded.split())


def _without_thoughts(text: str) -> str:
    """The text with a space for each thought whose opening tag has a closing one."""
    tags = list(_THOUGHT_TAG.finditer(text))
    closing: dict[str, list[int]] = {}
    for number, tag in enumerate(tags):
        if tag[1]:
            closing.setdefault(tag[2].lower(), []).append(number)
    pieces, at = [], 0
    for number, tag in enumerate(tags):
        ends = closing.get(tag[2].lower(), [])
        next_end = bisect(ends, number)
        if tag[1] or tag.start() < at or next_end == len(ends):
            continue
        pieces.append(text[at : tag.start()])
        at = tags[ends[next_end]].end()
    return " ".join([*pieces, text[at:]])


def _find(text: str, word: str) -> int | None:
    word = unicodedata.normalize("NFKC", word).casefold()
    script = unicodedata.name(word[0], "").partition(" ")[0]
    if script == "LATIN":
        pattern = rf"(?<![^\W\d_]){re.escape(word)}(?![^\W\d_])"
    elif script == "CYRILLIC":
        pattern = rf"(?<![^\W\d_]){re.escape(word)}"
    else:
        pattern = re.escape(word)
    match = re.search(pattern, text)
    return match.start() if match else None


def plain_png(colour: str, size: tuple[int, int]) -> bytes:
    """A PNG of one of `COLOURS`."""
    return plain(size, COLOURS[colour])


def _plain(colour: str, image_format: str, size: tuple[int, int]) -> bytes:
    if image_format == "PNG":
        return plain_png(colour, size)
    from PIL import Image

    return encoded(Image.new("RGB", size, COLOURS[colour]), image_format)


def _shape(shape: str, size: tuple[int, int]) -> bytes:
    """A black shape that fills the middle half of a white image, from one quarter to three quarters."""

    def colour_at(column: int, row: int) -> tuple[int, int, int]:
        x, y = (4 * column / size[0] - 2, 4 * row / size[1] - 2)  # the shape reaches from -1 to 1
        inside = {
            "circle": x * x + y * y <= 1,
            "square": max(abs(x), abs(y)) <= 1,
            "triangle": y <= 1 and 2 * abs(x) <= y + 1,
        }[shape]
        return COLOURS["black" if inside else "white"]

    return painted(size, colour_at)


def _probe(
    answer: str,
    image_format: str,
    size: tuple[int, int],
    data: bytes,
    question: str,
    choices: tuple[str, ...],
) -> ImageProbe:
    suffix = image_format.lower().replace("jpeg", "jpg")
    return ImageProbe(f"{answer}.{suffix}", data, image_format, size, question, answer, choices)
