"""Model cards, held against Hugging Face's own reader of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from modelfile_kit.gguf_file import read_header
from modelfile_kit.packing.model_card import base_models, front_matter, own_card, write_card
from tests.gguf_file.handmade import Typed, gguf

ATTACK = "x\n---\n# PWNED <script>\n\x1b[2J"


def header(tmp_path, **metadata: Typed):
    path = tmp_path / "made.gguf"
    named = {f"general.{key}": value for key, value in metadata.items()}
    path.write_bytes(gguf({"general.architecture": Typed("string", "llama"), **named}))
    return read_header(path)


def test_the_hub_reads_the_front_matter(seeing, tmp_path) -> None:
    hub = pytest.importorskip("huggingface_hub", reason="needs huggingface_hub (extra hub)")
    (tmp_path / "LICENSE").write_text("Mine.\n")
    card = hub.ModelCard(write_card(seeing("license: LICENSE\n"), "F32").decode())
    assert card.data.to_dict() == {
        "library_name": "gguf",
        "tags": ["gguf", "ollama"],
        "pipeline_tag": "image-text-to-text",
        "license": "other",
        "license_name": "license",
        "license_link": "LICENSE",
    }
    assert card.text.startswith("\n# demo\n")


def test_bases_are_repositories_of_the_hub(tmp_path) -> None:
    urls = {
        "https://huggingface.co/THUDM/GLM-4.1V-9B-Thinking": ["THUDM/GLM-4.1V-9B-Thinking"],
        "https://hf.co/org/name/": ["org/name"],
        "https://example.org/org/name": [],
        "https://huggingface.co/org/name/tree/main": [],
        f"https://huggingface.co/org/{ATTACK}": [],
        "https://[": [],
    }
    for url, names in urls.items():
        metadata = {"base_model.count": Typed("uint32", 1), "base_model.0.repo_url": Typed("string", url)}
        assert base_models(header(tmp_path, **metadata)) == names


def test_what_a_gguf_says_of_itself(seeing, tmp_path) -> None:
    built = seeing()
    languages = Typed("string[]", ["en", "zh", ATTACK])
    said = header(tmp_path, license=Typed("string", "Apache-2.0"), languages=languages)
    files = replace(built.files, header=said)
    values = front_matter(replace(built, files=files))
    assert (values["license"], values["language"]) == ("apache-2.0", ["en", "zh"])
    attacked = header(tmp_path, license=Typed("string", ATTACK))
    assert "license" not in front_matter(replace(built, files=replace(built.files, header=attacked)))


def test_only_a_card_with_front_matter_is_one(tmp_path) -> None:
    assert own_card(tmp_path) is None
    (tmp_path / "README.md").write_text("# A package in a repository\n")
    assert own_card(tmp_path) is None
    (tmp_path / "README.md").write_bytes(b"---\r\nlicense: mit\r\n---\r\n")
    assert own_card(tmp_path) == b"---\r\nlicense: mit\r\n---\r\n"
