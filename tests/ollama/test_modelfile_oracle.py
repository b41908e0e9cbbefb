"""Every Modelfile means to the kit what it means to Ollama's own parser."""

from __future__ import annotations

import os

import pytest

from modelfile_kit import ModelfileError, parse_modelfile
from tests.ollama.generate_modelfiles import modelfiles
from tests.oracle.oracle import VERSIONS, b64, modelfile_answer

pytestmark = pytest.mark.oracle

COUNT = int(os.environ.get("MKMODELFILE_FUZZ", "4000"))
SEED = int(os.environ.get("MKMODELFILE_SEED", "1"))
# Ollama's error texts, by the code that the kit gives them.
REFUSALS = {
    "MK101": "command must be one of",
    "MK102": "message role must be",
    "MK103": "unexpected EOF",
    "MK104": "no FROM line",
}
# What Ollama refuses in the same words, and the kit tells apart.
UNKNOWN = {"MK116": "MK101", "MK133": "MK101", "MK136": "MK101", "MK137": "MK101", "MK138": "MK101"}


def ours(data, target):
    """Commands in Ollama's own names, or the refusal."""
    try:
        parsed = parse_modelfile(data, target=target, dialect=False)
    except ModelfileError as e:
        return UNKNOWN.get(e.code, e.code), e.line
    return [as_command(i) for i in parsed.instructions]


def as_command(i):
    if i.name == "parameter":
        return i.key, i.value
    if i.name == "message":
        return "message", f"{i.key}: {i.value}"
    return ("model" if i.name == "from" else i.name), i.value


def theirs(answer):
    if answer["ok"]:
        return answer["commands"]
    text = answer["error"]
    code = next(code for code, words in REFUSALS.items() if words in text)
    return code, answer.get("line")


def differences(judge, files):
    """(file, ours, Ollama's) of every file that the two do not read alike."""
    files = list(files)
    questions = ({"op": "modelfile", "data_b64": b64(data)} for data in files)
    for data, answer in zip(files, judge.ask_all(questions), strict=True):
        wanted, found = theirs(modelfile_answer(answer)), ours(data, judge.version)
        if wanted != found:
            yield data, found, wanted


@pytest.mark.parametrize("version", VERSIONS)
def test_generated_files(oracle_for, version):
    count = COUNT if version == VERSIONS[-1] else COUNT // 10
    assert list(differences(oracle_for(version), modelfiles(SEED, count))) == []


def test_what_is_written_is_read_by_ollama(oracle):
    written = 0
    for data in modelfiles(SEED + 1, COUNT):
        try:
            parsed = parse_modelfile(data, dialect=False)
        except ModelfileError:
            continue
        again = oracle.modelfile(str(parsed).encode())
        assert again["ok"], data
        assert again["commands"] == [as_command(i) for i in parsed.instructions], data
        written += 1
    assert written > COUNT / 5


def test_every_code_point(oracle):
    """Which characters a value keeps, all 1,112,064 of them, at both ends and in the middle of a value."""
    for start in range(0, 0x110000, 0x1000):
        points = [chr(p) for p in range(start, start + 0x1000) if not 0xD800 <= p < 0xE000]
        data = ("FROM x\nSYSTEM a" + "b".join(points) + "c\n").encode()
        assert list(differences(oracle, [data])) == []
