"""AutoGLM's example with the tokenizer that its micro stand-in would have been made from."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.align.package_check import check_package
from modelfile_kit.building.build import Build, build
from modelfile_kit.cli.main import run
from modelfile_kit.gguf_file import read_header
from modelfile_kit.gguf_file.vocabulary import Vocabulary
from modelfile_kit.micro import MicroPair, build_pair
from modelfile_kit.report.model import Status
from modelfile_kit.testing.golden_run import run_golden
from tests.reference_tokenizer import toys

pytestmark = pytest.mark.engine

EXAMPLE = Path(__file__).parents[2] / "examples" / "autoglm-phone-9b"
ACCENTS: dict[str, Any] = {"id": "accents", "messages": [{"role": "user", "content": "Cafe\u0301, please."}]}


@pytest.fixture(scope="module")
def pair(llama_cpp, tmp_path_factory) -> MicroPair:
    pytest.importorskip("tokenizers", reason="needs tokenizers (extra tokenizers)")
    return build_pair(tmp_path_factory.mktemp("glm"))


@pytest.fixture
def package(pair, tmp_path) -> Path:
    """The example, with one more conversation."""
    folder = shutil.copytree(EXAMPLE, tmp_path / "package")
    golden = folder / "golden"
    shutil.rmtree(golden)
    golden.mkdir()
    picture = {"role": "user", "content": "What is it?", "images": 1}
    conversations = [ACCENTS, {"id": "image", "category": "images", "messages": [picture]}]
    (golden / "conversations.json").write_text(json.dumps(conversations), encoding="utf-8")
    return folder


def glm(folder: Path, pair: MicroPair, **changes) -> Path:
    return toys.of_vocabulary(folder, Vocabulary.from_header(read_header(pair.model)), **changes)


def built(pair: MicroPair, folder: Path = EXAMPLE) -> Build:
    return build(folder, model=str(pair.model), projector=str(pair.projector), write=False)


def test_every_conversation_has_the_tokens_of_the_training(pair, tmp_path):
    report = check_package(built(pair), reference=glm(tmp_path, pair), embedded=False)
    assert report.ok and report.vocabulary is not None
    assert len(report.conversations) >= 12
    assert all(c.own_tokens is not None and c.own_tokens.equal for c in report.conversations)
    assert not {d.code for d in report.all_diagnostics} & {"MK760", "MK765"}
    assert report.to_dict()["conversations"][0]["own_tokens"]["equal"] is True


def test_a_normalizer_is_named_in_the_report(pair, package, tmp_path, capfd):
    normalizers = pytest.importorskip("tokenizers.normalizers", reason="needs tokenizers (extra tokenizers)")
    own = glm(tmp_path / "own", pair, normalizer=normalizers.NFC())
    page = tmp_path / "report.html"
    files = ["--model", str(pair.model), "--projector", str(pair.projector), "--tokenizer", str(own)]
    assert run(["check", str(package), *files, "--html", str(page), "-v"]) == 0
    out = capfd.readouterr().out
    assert "1 of 2 conversations have other tokens with llama.cpp than the model was" in out
    assert "the normalizer of its tokenizer (NFC): in 'accents' 'e\\u0301' is" in out
    text = page.read_text(encoding="utf-8")
    # one of the two conversations, with what differs marked on both sides
    [places] = re.findall(r"Tokens of the model&#39;s own tokenizer: differences.*?</table>", text, re.DOTALL)
    cells = re.findall(r"<td>(.*?)</td>", places, re.DOTALL)
    assert all(re.search(r'class="token[^"]* differs"', cell) for cell in cells[:2])
    report = check_package(built(pair, package), reference=own, embedded=False)
    [accents, image] = [c.own_tokens for c in report.conversations]
    assert accents is not None and image is not None and image.equal
    first = accents.first
    assert first is not None and accents.ours[first].id != accents.theirs[first].id


def test_a_word_that_is_no_token_of_the_training(pair, package, tmp_path):
    conversations = [{"id": "asks", "messages": [{"role": "user", "content": "Write <answer>."}]}]
    (package / "golden/conversations.json").write_text(json.dumps(conversations), encoding="utf-8")
    own = glm(tmp_path / "own", pair, words=False)
    report = check_package(built(pair, package), reference=own, embedded=False)
    [found] = [d for d in report.all_diagnostics if d.code == "MK765"]
    assert (str(found.severity), "a message that holds the text of a special token" in found.message) == (
        "warning",
        True,
    )


def test_words_that_only_one_side_leaves_whole(pair, package, tmp_path):
    """llama.cpp does so for `glm4`; a tokenizer that does not gets other tokens for ' bl'."""
    conversations = [{"id": "blue", "messages": [{"role": "user", "content": "It is bl?"}]}]
    (package / "golden/conversations.json").write_text(json.dumps(conversations), encoding="utf-8")
    own = glm(tmp_path / "own", pair, whole=False)
    report = check_package(built(pair, package), reference=own, embedded=False)
    [found] = [d for d in report.all_diagnostics if d.code == "MK765"]
    assert "words that are tokens, which only one side leaves whole: in 'blue' ' bl' is [" in found.message


def test_golden_files_hold_the_tokens_of_both(pair, package, tmp_path):
    own = glm(tmp_path / "own", pair)
    made = built(pair, package)
    cases = run_golden(made, update=True, tokenizer=str(own))
    assert {c.status for c in cases} == {Status.PASSED}
    golden = json.loads((package / "golden/accents.tokens.json").read_text(encoding="utf-8"))
    assert [name.rpartition("-")[0] for name in golden] == ["glm4", "tokenizer.json"]
    ours, theirs = golden.values()
    assert ours == theirs and ours[0][1] == "[gMASK]"
    tokenizers = pytest.importorskip("tokenizers", reason="needs tokenizers (extra tokenizers)")
    text = made.expected(ACCENTS["messages"])
    judge = tokenizers.Tokenizer.from_file(str(own / "tokenizer.json"))
    assert [number for number, _ in theirs] == judge.encode(text, add_special_tokens=False).ids
    by_name = {c.name: c for c in run_golden(made, tokenizer=str(own))}
    assert by_name["accents"].summary == (
        f"prompt and {len(ours)} tokens, {len(theirs)} tokens of the model's own tokenizer"
    )
    assert by_name["tokens of the training"].summary.startswith("2 of 2 conversations")
    said = by_name["generated texts"]
    same, _, count = said.summary.split()[:3]
    assert same == count and int(count.replace(",", "")) >= 1000 and said.diagnostics == ()
    path = package / "golden/accents.tokens.json"
    changed = json.loads(path.read_text(encoding="utf-8"))
    name = next(n for n in changed if n.startswith("tokenizer.json"))
    changed[name][3][0] += 1
    path.write_text(json.dumps(changed), encoding="utf-8")
    [failed] = [c for c in run_golden(made, tokenizer=str(own)) if c.status is Status.FAILED]
    assert [d.code for d in failed.diagnostics] == ["MK913"]
    assert "the tokens of the model's own tokenizer have changed" in failed.summary


def test_test_names_the_cause_too(pair, package, tmp_path):
    normalizers = pytest.importorskip("tokenizers.normalizers", reason="needs tokenizers (extra tokenizers)")
    own = glm(tmp_path / "own", pair, normalizer=normalizers.NFC())
    cases = run_golden(built(pair, package), update=True, tokenizer=str(own))
    [case] = [c for c in cases if c.name == "tokens of the training"]
    assert case.summary == "1 of 2 conversations have the tokens of the model's own tokenizer"
    [found] = case.diagnostics
    assert (found.code, str(found.severity)) == ("MK765", "info")
    [case] = [c for c in cases if c.name == "generated texts"]
    [found] = case.diagnostics
    assert (found.code, str(found.severity), case.status) == ("MK760", "info", Status.PASSED)
    assert "the normalizer of its tokenizer (NFC); the smallest is" in found.message
