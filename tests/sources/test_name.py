from __future__ import annotations

import pytest

from modelfile_kit.core.errors import SourceError
from modelfile_kit.sources.name import Name, hub_endpoint, is_name, modelscope_endpoint, parse_name

M = "m.gguf"
NO_ENVIRONMENT: dict[str, str] = {}


def parts(text: str, environment: dict[str, str] = NO_ENVIRONMENT) -> dict[str, str]:
    """What a name says, without what is empty and without its text and address."""
    name = parse_name(text, environment=environment)
    keys = ("kind", "host", "repository", "revision", "file", "folder", "quantization")
    return {key: value for key in keys if (value := getattr(name, key))}


def hub(repository: str = "org/repo", **more: str) -> dict[str, str]:
    return {"kind": "hub", "repository": repository, **more}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hf.co/org/repo", hub()),
        ("hf.co/org/repo:Q4_K_M", hub(quantization="Q4_K_M")),
        ("huggingface.co/org/Repo-1.5_GGUF:iq3_xxs", hub("org/Repo-1.5_GGUF", quantization="iq3_xxs")),
        ("HF.co/org/repo", hub()),
        ("hf.co/org/repo/", hub()),
        ("hf://org/repo", hub()),
        ("hf://models/org/repo", hub()),
        ("hf://org/repo@v1.0", hub(revision="v1.0")),
        ("hf://org/repo@v1.0:Q8_0", hub(revision="v1.0", quantization="Q8_0")),
        ("hf://org/repo@refs%2Fpr%2F3/m.gguf", hub(revision="refs/pr/3", file="m.gguf")),
        ("hf://org/repo@refs/pr/3/m.gguf", hub(revision="refs/pr/3", file="m.gguf")),
        ("hf://org/repo@refs/pr/3", hub(revision="refs/pr/3")),
        ("hf://org/repo/BF16/m-00001-of-00002.gguf", hub(file="BF16/m-00001-of-00002.gguf")),
        ("hf.co/org/repo/m.gguf", hub(file="m.gguf")),
        ("hf.co/org/repo/BF16", hub(folder="BF16")),
        ("hf.co/org/repo/sub:Q8_0", hub(folder="sub", quantization="Q8_0")),
        ("hf.co/org/repo:m-Q4_K_M.gguf", hub(quantization="m-Q4_K_M.gguf")),
        ("hf.co/org/repo/resolve/main/m.gguf", hub(revision="main", file="m.gguf")),
        ("https://huggingface.co/org/repo", hub()),
        (
            "https://huggingface.co/org/repo/resolve/main/m.gguf?download=true",
            hub(revision="main", file="m.gguf"),
        ),
        ("https://hf.co/org/repo/blob/main/sub/m.gguf#L3", hub(revision="main", file="sub/m.gguf")),
        (
            "https://huggingface.co/org/repo/raw/v2/chat_template.jinja",
            hub(revision="v2", file="chat_template.jinja"),
        ),
        ("https://huggingface.co/org/repo/tree/main", hub(revision="main")),
        ("https://huggingface.co/org/repo/tree/main/BF16", hub(revision="main", folder="BF16")),
        (
            "https://huggingface.co/org/repo/blob/refs%2Fpr%2F7/m.gguf",
            hub(revision="refs/pr/7", file="m.gguf"),
        ),
        ("https://huggingface.co/org/repo/resolve/main/a%20b.gguf", hub(revision="main", file="a b.gguf")),
        ("ms://org/repo", {"kind": "modelscope", "repository": "org/repo"}),
        (
            "modelscope.cn/org/repo:Q5_0",
            {"kind": "modelscope", "repository": "org/repo", "quantization": "Q5_0"},
        ),
        (
            "https://www.modelscope.cn/models/org/repo/resolve/master/m.gguf",
            {"kind": "modelscope", "repository": "org/repo", "revision": "master", "file": "m.gguf"},
        ),
        (
            "https://modelscope.cn/models/org/repo/file/view/master/m.gguf",
            {"kind": "modelscope", "repository": "org/repo", "revision": "master", "file": "m.gguf"},
        ),
        ("https://modelscope.cn/models/org/repo", {"kind": "modelscope", "repository": "org/repo"}),
        ("https://example.org/a/b/resolve/main/m.gguf", {"kind": "url", "file": "m.gguf"}),
        ("https://huggingface.co/datasets/org/data/resolve/main/x.gguf", {"kind": "url", "file": "x.gguf"}),
        ("https://me:secret@huggingface.co/org/repo/resolve/main/m.gguf", {"kind": "url", "file": "m.gguf"}),
        ("https://huggingface.co/", {"kind": "url"}),
        ("https://[", {"kind": "url"}),
        ("/models/a.gguf", {"kind": "path"}),
        ("a.gguf", {"kind": "path"}),
        ("org/repo", {"kind": "path"}),
        ("hf.co", {"kind": "path"}),
        ("hf.co/repo", {"kind": "path"}),
        ("./hf.co/org/repo", {"kind": "path"}),
        ("C:\\models\\a.gguf", {"kind": "path"}),
        ("", {"kind": "path"}),
    ],
)
def test_names(text: str, expected: dict[str, str]) -> None:
    assert parts(text) == expected


LIBRARY = {"kind": "ollama", "host": "registry.ollama.ai"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ollama://llama3", {**LIBRARY, "repository": "library/llama3", "revision": "latest"}),
        ("ollama://llama3.2:3b-q4_0", {**LIBRARY, "repository": "library/llama3.2", "revision": "3b-q4_0"}),
        ("ollama://me/model", {**LIBRARY, "repository": "me/model", "revision": "latest"}),
        (
            "ollama://hf.co/org/repo-GGUF:Q4_K_M",
            {"kind": "ollama", "host": "hf.co", "repository": "org/repo-GGUF", "revision": "Q4_K_M"},
        ),
        (
            "ollama://localhost:5000/ns/model:1",
            {"kind": "ollama", "host": "localhost:5000", "repository": "ns/model", "revision": "1"},
        ),
    ],
)
def test_models_of_ollama(text: str, expected: dict[str, str]) -> None:
    """As `ollama pull` reads the same text behind the scheme."""
    assert parts(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hf://org", "one part"),
        ("hf:///repo", "one part"),
        ("hf://o rg/repo", "'o rg' is no ORG"),
        ("hf://org/re:po:Q4", "is no quantization"),
        ("hf://org/repo:", "is no quantization"),
        ("hf://org/repo@", "revision after `@` is empty"),
        ("hf://org/repo@../../x/m.gguf", "no empty part"),
        ("hf://org/repo/../m.gguf", "no empty part"),
        ("hf://org/repo@..", "'..' is no revision"),
        ("hf://org/repo/m.gguf:Q4_0", "one file"),
        ("hf://org/repo/a\x1bb.gguf", "control character"),
        ("hf.co/datasets/org/data", "hold no models"),
        ("hf.co/org/repo/resolve/main/", "no file stands after"),
        ("ollama://", "[HOST/]"),
        ("ollama://a/b/c/d", "[HOST/]"),
        ("ollama://a//c", "[HOST/]"),
        ("ollama://na me", "is no model of Ollama"),
        ("ollama://m:", "[HOST/]"),
        ("ftp://example.org/m.gguf", "not with ftp"),
        ("ftp://me:hunter2@example.org/m.gguf", "has a login"),
        ("ollama://me:hunter2@localhost/ns/m", "has a login"),
        ("hf://me:hunter2@org/repo", "has a login"),
    ],
)
def test_what_begins_as_a_name_and_is_none(text: str, words: str) -> None:
    with pytest.raises(SourceError) as e:
        parse_name(text, environment=NO_ENVIRONMENT)
    assert words in e.value.message
    assert "hunter2" not in str(e.value)
    assert e.value.code == "MK480" and e.value.exit_code == 2
    assert "hf.co/ORG/REPO[:QUANT]" in e.value.help


def test_a_file_that_exists_comes_first(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "hf.co" / "org" / "repo"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    name = parse_name("hf.co/org/repo")
    assert (name.kind, name.also_name) == ("path", True)
    assert parse_name("hf.co/org/repo:Q4_0").kind == "hub"
    assert not parse_name("a.gguf").also_name


def test_a_hub_of_ones_own() -> None:
    here = {"HF_ENDPOINT": "http://127.0.0.1:8080/hub/", "MODELSCOPE_DOMAIN": "http://127.0.0.1:8081"}
    assert parts("http://127.0.0.1:8080/hub/org/repo/blob/main/m.gguf", here) == hub(
        revision="main", file="m.gguf"
    )
    assert parts("http://127.0.0.1:8080/other/repo/x", here) == {"kind": "url", "file": "x"}
    assert parts("http://127.0.0.1:8081/models/org/repo", here)["kind"] == "modelscope"
    assert hub_endpoint(here) == "http://127.0.0.1:8080/hub"
    assert modelscope_endpoint(here) == "http://127.0.0.1:8081"
    assert modelscope_endpoint({"MODELSCOPE_DOMAIN": "modelscope.ai"}) == "https://modelscope.ai"
    assert hub_endpoint({"HF_ENDPOINT": " "}) == "https://huggingface.co"


@pytest.mark.parametrize(
    "text",
    [
        "hf://org/repo",
        "hf://org/repo@v1:Q4_K_M",
        "hf://org/repo@refs%2Fpr%2F3/sub/m.gguf",
        "ms://org/repo:Q8_0",
        "ollama://llama3:latest",
        "ollama://me/model:1",
        "ollama://hf.co/org/repo:Q4_K_M",
        "a.gguf",
        "https://example.org/m.gguf",
    ],
)
def test_a_name_in_full_is_read_back(text: str) -> None:
    name = parse_name(text)
    assert str(name) == text
    again = parse_name(str(name))
    assert again == name


def test_a_login_is_not_shown() -> None:
    name = parse_name("https://me:secret@example.org/m.gguf?sign=secret")
    assert "secret" not in name.text and "secret" not in str(name)
    assert "secret" in name.address


def test_a_commit_is_for_ever() -> None:
    assert Name("", "hub", revision="0" * 40).is_commit
    assert not Name("", "hub", revision="main").is_commit


def test_is_name_looks_at_the_text_alone() -> None:
    assert is_name("hf.co/a/b") and is_name("ollama://x") and is_name("ftp://x")
    assert not is_name("hf.co/a") and not is_name("a/b/c") and not is_name("-")


@pytest.mark.parametrize(
    "address", ["ftp://me:hunter2@box/m", "ollama://me:hunter2@box/m", "hf://me:hunter2@hub/m"]
)
def test_what_is_secret_in_an_address_is_not_told(address):
    with pytest.raises(SourceError) as e:
        parse_name(address)
    assert "hunter2" not in str(e.value.to_diagnostic())
