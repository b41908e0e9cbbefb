"""One PARAMETER put to build, lint, publish and Ollama's own client.

    python -m tests.ollama.parameter_answers --count 10000 --seed 1

prints how many of that many generated ones get another answer from the kit than from Ollama.
"""

from __future__ import annotations

import argparse
import json
import random
import struct
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from modelfile_kit import lint_modelfile
from modelfile_kit.building.parameters import check_parameters
from modelfile_kit.core.errors import ModelfileError
from modelfile_kit.ollama.grammar import parse_modelfile
from modelfile_kit.package.package import Package
from modelfile_kit.publish.create_request import make_request
from tests.oracle.oracle import LATEST, Oracle, b64

Case = tuple[str, str]

KNOWN: list[Case] = [
    ("seed", "1000000000000000000"),
    ("temperature", "0x1p-2"),
    ("top_p", "1_0.5"),
    ("temperature", "1e39"),
]
INTEGERS = ("seed", "num_ctx", "num_keep", "top_k", "num_predict", "num_gpu", "num_thread")
FLOATS = ("temperature", "top_p", "min_p", "repeat_penalty", "presence_penalty", "frequency_penalty")
WORDS = ("1", "0", "t", "F", "true", "TRUE", "True", "tRUE", "yes", "on", "nan", "inf", "-Inf", "+infinity")


def generated(*, seed: int, count: int) -> list[Case]:
    """Names and values: of the parameter's kind, nearly so, and of any other."""
    source = random.Random(seed)
    makers = (_integer, _decimal, _hexadecimal, _exact_float, _middle_of_two_floats, _noise, _word)
    cases = []
    for _ in range(count):
        names = source.choice((INTEGERS, FLOATS, FLOATS, ("use_mmap", "num_ctxx", "Temperature", "mirostat")))
        cases.append((source.choice(names), source.choice(makers)(source)))
    return cases


def _digits(source: random.Random, most: int) -> str:
    text = "".join(source.choice("0123456789") for _ in range(source.randint(1, most)))
    return "_".join((text[:1], text[1:])) if len(text) > 1 and source.random() < 0.1 else text


def _integer(source: random.Random) -> str:
    edge = source.choice((0, 2**31, 2**53, 2**63, 10**18, 10**19))
    number = edge + source.randint(-3, 3) if source.random() < 0.5 else source.getrandbits(70)
    return source.choice(("", "", "-", "+", "0")) + str(abs(number))


def _decimal(source: random.Random) -> str:
    text = source.choice(("", "-", "+")) + _digits(source, 12)
    text += source.choice(("", ".", "." + _digits(source, 12)))
    return text + source.choice(("", "", f"e{source.choice(('', '-', '+'))}{_digits(source, 2)}"))


def _hexadecimal(source: random.Random) -> str:
    digits = f"{source.getrandbits(source.choice((4, 24, 25, 60, 90))):x}"
    at = source.randint(0, len(digits))
    return f"0x{digits[:at]}.{digits[at:]}p{source.randint(-170, 130)}"


def _float32(source: random.Random) -> float:
    if source.random() < 0.3:  # the neighbours of powers of two are unevenly far
        return float(struct.unpack("<f", struct.pack("<I", source.randrange(1, 255) << 23))[0])
    return float(struct.unpack("<f", struct.pack("<I", source.randrange(0, 0x7F800000)))[0])


def _exact_float(source: random.Random) -> str:
    return f"{_float32(source):.{source.choice((6, 7, 8, 9, 12, 17, 40))}g}"


def _middle_of_two_floats(source: random.Random) -> str:
    """The middle between two float32, or a text a little beside it: which one is nearer is decided there."""
    (bits,) = struct.unpack("<I", struct.pack("<f", _float32(source)))
    low, high = (struct.unpack("<f", struct.pack("<I", bits + i))[0] for i in (0, 1))
    if high == float("inf"):
        high = 2.0**128
    middle = f"{(low + high) / 2:.60e}"
    mantissa, _, power = middle.partition("e")
    return source.choice((middle, f"{mantissa}1e{power}", f"{mantissa[:45]}e{power}"))


def _noise(source: random.Random) -> str:
    return "".join(source.choice("0123456789.eE+-_xXpP") for _ in range(source.randrange(1, 9)))


def _word(source: random.Random) -> str:
    return source.choice(WORDS)


def disagreements(
    cases: Sequence[Case], judge: Oracle, version: str, folder: Path
) -> list[tuple[Case, str, Any, Any]]:
    """What build, lint or publish answer otherwise than Ollama's client: case, who, ours, Ollama's.

    An answer is the value of the create request, "refused", or "left out".
    """
    modelfiles = [f"FROM m\nPARAMETER {name} {text}\n" for name, text in cases]
    questions = ({"op": "create_request", "data_b64": b64(m.encode())} for m in modelfiles)
    wrong = []
    for case, modelfile, answer in zip(cases, modelfiles, judge.ask_all(questions), strict=True):
        theirs: Any = "refused"
        if answer["ok"]:
            theirs = json.loads(answer["sent"]).get("parameters", {}).get(case[0], "left out")
        for who, ours in _answers(case, modelfile, version, folder):
            said = theirs if who == "publish" or theirs in ("refused", "left out") else "taken"
            if not _same(ours, said):
                wrong.append((case, who, ours, said))
    return wrong


def _same(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, float) and ours == theirs:
        return not isinstance(theirs, bool)
    if not isinstance(ours, float) or isinstance(theirs, (bool, str)):
        return type(ours) is type(theirs) and bool(ours == theirs)
    # Of two shortest decimals that are equally near, Go's choice hangs on its release: both are one float32.
    if struct.pack("<f", ours) != struct.pack("<f", float(theirs)):
        return False
    return len(_significant(ours)) == len(_significant(theirs))


def _significant(number: float) -> str:
    return f"{float(number)!r}".partition("e")[0].replace(".", "").strip("-0")


def _answers(case: Case, modelfile: str, version: str, folder: Path) -> Iterator[tuple[str, Any]]:
    name, text = case
    package = Package(folder, "a", folder / "m", parameters={name: text}, target=version)
    yield "build", _of_codes(d.code for d in check_parameters(package))
    # Only what says that Ollama refuses or ignores the line; other rules judge whether it is wise.
    found = lint_modelfile(modelfile, target=version)
    yield "lint", _of_codes(d.code for d in found if d.code in ("MK110", "MK111", "MK112"))
    try:
        sent = make_request(parse_modelfile(modelfile), folder).body("a", {}).get("parameters", {})
        yield "publish", json.loads(json.dumps(sent)).get(name, "left out")
    except ModelfileError:
        yield "publish", "refused"


def _of_codes(codes: Iterator[str]) -> str:
    found = set(codes)
    return "left out" if "MK112" in found else "refused" if found else "taken"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--version", default=LATEST)
    chosen = options.parse_args()
    cases = [*KNOWN, *generated(seed=chosen.seed, count=chosen.count)]
    with Oracle(chosen.version) as judge, tempfile.TemporaryDirectory() as folder:
        wrong = disagreements(cases, judge, chosen.version, Path(folder))
        for line in wrong[:20]:
            print(*line, sep=" · ")
        print(f"{len(cases)} PARAMETERs, {len(wrong)} other answers than Ollama {chosen.version}")


if __name__ == "__main__":
    main()
