"""A seeded share of what `python -m tests.package.fuzz` does at any scale, and proof that it finds faults."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from modelfile_kit.package import bounded_yaml
from modelfile_kit.package.bounded_yaml import Document
from tests.fuzzing import run
from tests.package import fuzz
from tests.package.generate_yaml import documents
from tests.package.second_reader import scalar

COUNT = int(os.environ.get("MKMODELFILE_FUZZ", "1500"))
SEED = int(os.environ.get("MKMODELFILE_SEED", "1"))


def test_every_document_is_read_or_refused_with_its_place() -> None:
    tally: Counter[str] = Counter()
    found = [fault for fault in fuzz.cases(COUNT, SEED, tally) if fault]
    assert not found, f"{found[0].what}\n{found[0].data!r}"
    for kind in ("a package", "a document", "refused"):
        assert tally[kind] > COUNT // 20, tally


def test_the_same_seed_gives_the_same_documents() -> None:
    assert list(documents(3, 50)) == list(documents(3, 50)) != list(documents(4, 50))


def _crashes(load: Callable[..., Document]) -> Callable[..., Document]:
    def faulty(data: bytes, file: str | None) -> Document:
        return load(data, file) if data.index(b"\n") else Document(file)

    return faulty


def _forgets_places(load: Callable[..., Document]) -> Callable[..., Document]:
    def faulty(data: bytes, file: str | None) -> Document:
        found = load(data, file)
        return Document(file, found.value, found.keys, {}, found.raw, found.diagnostics)

    return faulty


def _reads_octal_as_decimal(load: Callable[..., Document]) -> Callable[..., Document]:
    return lambda data, file: load(data.replace(b"017", b"17"), file)


def _searches_without_end(load: Callable[..., Document]) -> Callable[..., Document]:
    def faulty(data: bytes, file: str | None) -> Document:
        for n in range(len(data) ** 2 // 40 if len(data) < 5000 else 0):
            data[n % len(data) :].strip()
        return load(data, file)

    return faulty


@pytest.mark.parametrize(
    ("faulty", "said"),
    [
        (_crashes, "ValueError: subsection not found"),
        (_forgets_places, "for one of the two"),
        (_reads_octal_as_decimal, "libyaml"),
        (_searches_without_end, "calls for"),
    ],
)
def test_a_fault_is_found(
    faulty: Callable[[Callable[..., Document]], Callable[..., Document]],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(fuzz, "CALLS_A_BYTE", 10)
    monkeypatch.setattr(fuzz, "CALLS", 100_000)
    monkeypatch.setattr(fuzz, "load", faulty(bounded_yaml.load))
    monkeypatch.setattr(fuzz, "documents", _few)
    assert run("package files", fuzz.cases, ["100", "1", "--keep", str(tmp_path)]) == 1
    assert said in capsys.readouterr().out
    assert list(tmp_path.glob("*.yaml"))


def _few(seed: int, count: int) -> list[bytes]:
    long = b"name: " + b"x" * 4500
    return [long, b"name: 017\nmodel: x\n", *documents(seed, count - 2)]


@pytest.mark.parametrize(
    ("text", "value"),
    # yaml.org/type/int.html and float.html: what the specification's own examples are
    [
        ("685230", 685230),
        ("+685_230", 685230),
        ("02472256", 685230),
        ("0x_0A_74_AE", 685230),
        ("0b1010_0111_0100_1010_1110", 685230),
        ("190:20:30", 685230),
        ("6.8523015e+5", 685230.15),
        ("685.230_15e+03", 685230.15),
        ("685_230.15", 685230.15),
        ("190:20:30.15", 685230.15),
        ("-.inf", float("-inf")),
        ("yes", True),
        ("Off", False),
        ("~", None),
        ("1e3", "1e3"),
        ("08", "08"),
    ],
)
def test_the_second_reader_reads_the_examples_of_the_specification(text: str, value: object) -> None:
    assert scalar(text) == value
    assert type(scalar(text)) is type(value)
