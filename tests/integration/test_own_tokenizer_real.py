"""AutoGLM's example with the tokenizer that its micro stand-in would have been made from."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from modelfile_kit.align.package_check import check_package
from modelfile_kit.building.build import Build, build
from modelfile_kit.cli.main import run
from modelfile_kit.gguf_file import read_header
from modelfile_kit.gguf_file.vocabulary import Vocabulary
from modelfile_kit.micro import MicroPair, build_pair
from tests.reference_tokenizer import toys

pytestmark = pytest.mark.engine

EXAMPLE = Path(__file__).parents[2] / "examples" / "autoglm-phone-9b"
ACCENTS = {"id": "accents", "messages": [{"role": "user", "content": "Cafe\u0301, please."}]}


@pytest.fixture(scope="module")
def pair(llama_cpp, tmp_path_factory) -> MicroPair:
    pytest.importorskip("tokenizers")
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
    normalizers = pytest.importorskip("tokenizers.normalizers")
    own = glm(tmp_path / "own", pair, normalizer=normalizers.NFC())
    page = tmp_path / "report.html"
    files = ["--model", str(pair.model), "--projector", str(pair.projector), "--tokenizer", str(own)]
    assert run(["check", str(package), *files, "--html", str(page)]) == 0
    out = capfd.readouterr().out
    assert "1 of 2 conversations have other tokens with llama.cpp than the model was" in out
    assert "the normalizer of its tokenizer (NFC): in 'accents' 'e\\u0301' is" in out
    text = page.read_text(encoding="utf-8")
    assert text.count("tokens with llama.cpp</div>") == text.count(
        "tokens of the model&#39;s own tokenizer</div>"
    )
    assert text.count('class="token differs') == 2  # the first that differs, in both rows
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
