from __future__ import annotations

import hashlib

import pytest

from modelfile_kit.core.errors import GGUFError, SourceError
from modelfile_kit.gguf_file import read_header
from modelfile_kit.sources.modelscope import ModelScopeRepository
from modelfile_kit.sources.name import parse_name
from modelfile_kit.sources.resolve import resolve

NAME = "ms://org/repo-GGUF"


@pytest.fixture
def repo(modelscope, model):
    return modelscope.add(
        "org/repo-GGUF", {"m-Q4_K_M.gguf": model, "m-Q8_0.gguf": model, "README.md": b"about"}
    )


def test_the_list_and_a_header(modelscope, repo, model) -> None:
    found = ModelScopeRepository(parse_name(NAME))
    assert [file.path for file in found.files()] == ["README.md", "m-Q4_K_M.gguf", "m-Q8_0.gguf"]
    assert found.files()[1].digest == f"sha256:{hashlib.sha256(model).hexdigest()}"
    assert found.revision == repo.commit
    modelscope.asked.clear()
    header = read_header(f"{NAME}:Q8_0")
    assert (header.architecture, header.size) == ("glm4", len(model))
    assert header.source == "modelscope.cn/org/repo-GGUF/m-Q8_0.gguf"
    assert header.data_offset < modelscope.sent("m-Q8_0.gguf") < len(model)


@pytest.mark.parametrize("page", ["blob", "resolve"])
def test_its_own_addresses(modelscope, repo, page) -> None:
    address = f"{modelscope.url}/models/org/repo-GGUF/{page}/master/m-Q8_0.gguf"
    assert resolve(address).title == "modelscope.cn/org/repo-GGUF/m-Q8_0.gguf"


def test_a_file_is_fetched_once(modelscope, repo, model) -> None:
    path = resolve(NAME).fetch()
    assert path.read_bytes() == model
    modelscope.asked.clear()
    assert resolve(NAME).fetch() == path and read_header(path).architecture == "glm4"
    assert modelscope.sent(".gguf") == 0
    modelscope.add("org/repo-GGUF", {"m-Q4_K_M.gguf": model + b"new"})
    assert resolve(NAME).fetch().read_bytes() == model + b"new"


def test_a_private_one_needs_the_token(modelscope, repo, monkeypatch) -> None:
    repo.private = True
    with pytest.raises(SourceError, match="does not exist on ModelScope, or is private") as e:
        resolve(NAME)
    assert (e.value.code, e.value.exit_code) == ("MK481", 2)
    assert "MODELSCOPE_API_TOKEN" in e.value.help
    monkeypatch.setenv("MODELSCOPE_API_TOKEN", modelscope.token)
    assert read_header(NAME).architecture == "glm4"


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (429, "MK483", "too many requests"),
        (403, "MK482", "owner's consent"),
        (500, "MK484", "ModelScope fails: HTTP 500"),
        (418, "MK402", "HTTP 418: the server refuses"),
    ],
)
def test_refusals(modelscope, repo, status, code, words) -> None:
    modelscope.refuse["/api/v1/models/org/repo-GGUF/repo/files"] = status
    with pytest.raises(GGUFError, match=words) as e:
        resolve(NAME)
    assert e.value.code == code


def test_missing_revision_and_file(modelscope, repo) -> None:
    with pytest.raises(SourceError, match="lists no files of revision 'v9': no revision"):
        resolve("ms://org/repo-GGUF@v9")
    with pytest.raises(SourceError, match=r"has no file 'x\.gguf'"):
        resolve("ms://org/repo-GGUF/x.gguf")


def test_a_list_that_lies_about_a_size(modelscope, repo) -> None:
    repo.listed_size["m-Q4_K_M.gguf"] = 5
    with pytest.raises(SourceError, match="the list of files says 5") as e:
        read_header(NAME)
    assert e.value.code == "MK488"


def test_another_server(hub, monkeypatch) -> None:
    monkeypatch.setenv("MODELSCOPE_DOMAIN", hub.cdn.url)
    with pytest.raises(SourceError) as e:
        resolve(NAME)
    assert e.value.code == "MK482"
    monkeypatch.setenv("MODELSCOPE_DOMAIN", "http://127.0.0.1:9")
    with pytest.raises(GGUFError, match="cannot be read"):
        resolve(NAME)


@pytest.mark.parametrize("revision", ["../../../../../out", "/out", "..", "a\ud800", "master"])
def test_a_revision_that_leads_out_of_the_cache(httpserver, revision, monkeypatch, tmp_path) -> None:
    entry = {"Path": "m.gguf", "Size": 4, "Type": "blob", "Revision": revision}
    odd = {"Path": "a\ud800.gguf", "Size": 4, "Type": "blob", "Revision": revision}
    httpserver.expect_request("/api/v1/models/org/repo/repo/files").respond_with_json(
        {"Success": True, "Data": {"Files": [entry, odd]}}
    )
    httpserver.expect_request("/models/org/repo/resolve/master/m.gguf").respond_with_data(b"GGUF")
    monkeypatch.setenv("MODELSCOPE_DOMAIN", httpserver.url_for("/"))
    monkeypatch.setenv("MODELFILE_KIT_FILES", str(tmp_path / "files"))
    found = ModelScopeRepository(parse_name("ms://org/repo"))
    (file,) = found.files()
    place = found.fetch(file)
    assert ".." not in place.parts
    assert place.resolve().is_relative_to((tmp_path / "files" / "modelscope" / "org--repo").resolve())
    assert place.read_bytes() == b"GGUF"
