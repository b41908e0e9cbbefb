"""What the kit says of every pair, against what engines were seen to do (tests/zoo/seen_pairs.txt)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from modelfile_kit.building.build import build
from modelfile_kit.cli.main import cli
from modelfile_kit.core.diagnostics import Severity
from modelfile_kit.core.errors import PackageError
from modelfile_kit.gguf_file import Header, read_header
from modelfile_kit.gguf_file.inputs import model_input
from modelfile_kit.gguf_file.pairing import check_pair
from modelfile_kit.gguf_file.projector_types import AUDIO_TYPES, PROJECTOR_TYPES, SPEECH_TYPES

from .pairs import LIVE, MARKS, Pair, asked, converted, pairs, write_pair
from .projectors import PROJECTORS
from .seen import LLAMA_SERVER, NOTHING, Seen, read_seen

ROWS = read_seen()
ENGINES = {LLAMA_SERVER, "0.33.0", "0.34.4"}
BY_PAIR = {(r.pair, r.marks, r.engine): r for r in ROWS}


def test_every_type_has_a_small_projector_and_a_row_of_every_engine() -> None:
    kinds = converted().keys() - SPEECH_TYPES
    assert kinds == PROJECTORS.keys()
    assert kinds <= {p.kind for p in pairs()}
    wanted = {(str(p), marks, engine) for p, marks in asked() for engine in ENGINES}
    assert BY_PAIR.keys() == wanted, "see tests/zoo/record.py"
    assert len(ROWS) == len(BY_PAIR)


def test_the_pairs_are_those_that_the_kit_knows() -> None:
    known = {(t.name, a) for t in (*PROJECTOR_TYPES.values(), *AUDIO_TYPES.values()) for a in t.architectures}
    tried = {(p.kind, p.architecture) for p in pairs() if "+" not in p.kind}
    assert tried - known == {("yasa2", "llama")}  # made for any text model
    assert known - tried == {("deepseekocr2", "deepseek2")}  # older files of the same text part


def test_every_pair_of_the_converters_is_answered() -> None:
    """All types load with small tensors; only Gemma 3n's ear has no code in llama.cpp."""
    refused = {r.pair for r in ROWS if r.marks and not r.accepted}
    assert refused == {"gemma3na gemma3n", "gemma3nv+gemma3na gemma3n"}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, bool], tuple[Header, Header]]:
    """The headers of every pair that was asked, by pair and marks."""
    found = {}
    for pair, marks in asked():
        paths = write_pair(tmp_path_factory.mktemp("pair"), pair, without=() if marks else MARKS)
        found[str(pair), marks] = read_header(paths[0]), read_header(paths[1])
        for path in paths:
            path.unlink()
    return found


@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_the_kit_says_what_the_engines_did(
    engine: str, files: dict[tuple[str, bool], tuple[Header, Header]]
) -> None:
    wrong = []
    for (name, marks), (model, projector) in files.items():
        row, full = BY_PAIR[name, marks, engine], BY_PAIR[name, True, engine]
        found = check_pair(model, projector)
        codes = {d.code for d in found}
        said = {
            "refused": any(d.severity is Severity.ERROR for d in found),
            "images refused": "MK409" in codes,
            "marks cut into ordinary tokens": "MK414" in codes,
            "sound": "audio" in model_input(model, projector),
            "nothing wrong": not found,
        }
        done = {
            "refused": not row.loads,
            "images refused": row.image.startswith("400 Invalid token"),
            "marks cut into ordinary tokens": _more(row, full),
            "sound": row.sound.isdigit(),
            "nothing wrong": row.loads and not _more(row, full) and not row.image.startswith("400"),
        }
        if said != done and (name, marks) not in ONLY_LARGE:
            wrong.append((name, marks, said, done, sorted(codes)))
        if row.loads and engine != LLAMA_SERVER:
            assert ("audio" in row.capabilities) is said["sound"], row
            assert "vision" in row.capabilities  # of any projector, for sound too
    assert wrong == []


ONLY_LARGE = {("lfm2 lfm2", False)}
"""Images that are cut into parts are refused, the small one of the table is not: see the test below."""


def _more(row: Seen, full: Seen) -> bool:
    """Whether an image or a sound costs more tokens than with the marks as tokens."""
    answers = ((row.image, full.image), (row.sound, full.sound))
    return any(a.isdigit() and b.isdigit() and int(a) > int(b) for a, b in answers)


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(cli, [str(a) for a in arguments])
    return done.exit_code, done.output


def the(kind: str) -> Pair:
    return next(p for p in pairs() if p.kind == kind)


@pytest.mark.parametrize(
    ("kind", "codes"), [("idefics3", ["MK409"]), ("lfm2", ["MK409", "MK414"]), ("voxtral", ["MK414"])]
)
def test_commands_name_missing_tokens(kind: str, codes: Sequence[str], tmp_path: Path) -> None:
    """Images of LFM2 above 512 pixels a side: HTTP 400 "Invalid token" on llama-server and Ollama 0.34.4."""
    model, projector = write_pair(tmp_path, the(kind), without=MARKS)
    status, output = run("inspect", model, projector)
    assert status == 0
    assert all(code in output for code in codes)
    (tmp_path / "mkmodelfile.yaml").write_text(f"name: zoo\nmodel: {model}\nprojector: {projector}\n")
    built = build(tmp_path, tmp_path / "out")
    assert {d.code for d in built.files.diagnostics if d.severity is Severity.WARNING} == set(codes)
    status, output = run("lint", tmp_path / "out" / "Modelfile")
    assert status == 0
    assert all(code in output for code in codes)


def test_what_no_engine_loads_is_not_built(tmp_path: Path) -> None:
    model, projector = write_pair(tmp_path, the("gemma3na"))
    assert run("inspect", model, projector)[0] == 1
    (tmp_path / "mkmodelfile.yaml").write_text(f"name: zoo\nmodel: {model}\nprojector: {projector}\n")
    with pytest.raises(PackageError) as caught:
        build(tmp_path, tmp_path / "out")
    assert "MK421" in {d.code for d in caught.value.diagnostics}
    assert not (tmp_path / "out").exists()


def test_the_pairs_that_are_asked_live_are_of_every_family() -> None:
    """Eyes, ears and both in one file."""
    assert {p.kind for p in LIVE} <= {p.kind for p in pairs()}
    assert {p.senses for p in LIVE} == {("vision",), ("audio",), ("vision", "audio")}
    assert all(BY_PAIR[str(p), True, LLAMA_SERVER].text != NOTHING for p in LIVE)
