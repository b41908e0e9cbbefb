"""Names of models; what they mean is written by hand after Ollama's types/model/name.go."""

from __future__ import annotations

import pytest

from modelfile_kit.sources.model_name import (
    base_of,
    check_name,
    has_tag,
    model_part,
    parse_model_name,
    tag_of,
    with_tag,
)

# name: host, namespace, model, tag, and as `ollama list` shows it
MEANT = {
    "m": ("registry.ollama.ai", "library", "m", "latest", "m:latest"),
    "m:8b": ("registry.ollama.ai", "library", "m", "8b", "m:8b"),
    "me/m": ("registry.ollama.ai", "me", "m", "latest", "me/m:latest"),
    "box:5000/me/m": ("box:5000", "me", "m", "latest", "box:5000/me/m:latest"),
    "box:5000/me/m:q4": ("box:5000", "me", "m", "q4", "box:5000/me/m:q4"),
    "http://box/me/m:q4": ("box", "me", "m", "q4", "box/me/m:q4"),
    "Registry.Ollama.AI/Library/M:Q4": ("Registry.Ollama.AI", "Library", "M", "Q4", "M:Q4"),
    "registry.ollama.ai/me/m": ("registry.ollama.ai", "me", "m", "latest", "me/m:latest"),
    "hf.co/org/repo:Q4_K_M": ("hf.co", "org", "repo", "Q4_K_M", "hf.co/org/repo:Q4_K_M"),
}


@pytest.mark.parametrize("name", MEANT)
def test_the_parts_of_a_name(name: str) -> None:
    found = parse_model_name(name)
    assert (found.host, found.namespace, found.model, found.tag, found.short) == MEANT[name]
    assert found.repository == f"{found.namespace}/{found.model}"
    assert found.scheme == ("http" if name.startswith("http:") else "")
    assert check_name(name) is None


def test_a_name_that_is_not_utf_8() -> None:
    # So Python hands on what a command line holds besides UTF-8.
    problem = check_name("\udcff\udcfe")
    assert problem is not None
    assert "expected a letter" in problem.message
    assert check_name("\udcff" * 81) is not None


def test_the_whole_name_means_itself() -> None:
    for name in MEANT:
        whole = str(parse_model_name(name))
        assert str(parse_model_name(whole)) == whole


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("me/m", True),
        ("ollama.com/me/m", True),
        ("registry.OLLAMA.ai/me/m", True),
        ("registry.ollama.ai:443/me/m", True),
        ("notollama.ai/me/m", False),
        ("ollama.ai.example/me/m", False),
        ("box:5000/me/m", False),
    ],
)
def test_what_leads_to_ollamas_own_registry(name: str, own: bool) -> None:
    assert parse_model_name(name).on_ollama_com is own


@pytest.mark.parametrize("name", ["", ":q4", "me/", "/m", "a/b/c/", "m:", "ü", "a.b/m", "m" * 81])
def test_what_is_no_name_is_refused(name: str) -> None:
    assert check_name(name) is not None
    with pytest.raises(ValueError):
        parse_model_name(name)


def test_too_many_parts_are_counted() -> None:
    problem = check_name("a/b/c/d/e")
    assert problem is not None
    assert problem.message == (
        "'a/b/c/d/e': it has 5 parts with `/` between them, expected HOST/NAMESPACE/MODEL at most"
    )


@pytest.mark.parametrize(
    ("name", "base", "model", "tag"),
    [
        ("m", "m", "m", "latest"),
        ("m:8b", "m", "m", "8b"),
        ("me/m:8b", "me/m", "m", "8b"),
        ("box:5000/me/m", "box:5000/me/m", "m", "latest"),
        ("box:5000/me/m:Q4", "box:5000/me/m", "m", "Q4"),
    ],
)
def test_the_port_of_a_host_is_no_tag(name: str, base: str, model: str, tag: str) -> None:
    assert (base_of(name), model_part(name), tag_of(name)) == (base, model, tag)
    assert with_tag(name) == f"{base}:{tag}"
    assert has_tag(name) is (with_tag(name) == name)
    parts = parse_model_name(name)
    assert (parts.model, parts.tag) == (model, tag)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("http://me:s3cret@host/x/m", "`http-host-x-m`"),
        ("https://me:s3cret@host:11434/my model", "`https-host-11434-my-model`"),
        ("me:s3cret@host/m", "`host-m`"),
    ],
)
def test_no_password_in_what_is_said_of_a_name(name: str, advice: str) -> None:
    problem = check_name(name)
    assert problem is not None
    assert advice in problem.help
    assert "***@host" in problem.message
    assert "s3cret" not in problem.message + problem.help


def test_a_digest_is_no_password() -> None:
    problem = check_name("model:tag@sha256:0a1b")
    assert problem is not None and "'model:tag@sha256:0a1b'" in problem.message
