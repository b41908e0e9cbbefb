"""Names of registries, by the grammar that OCI distribution 1.1 writes down."""

from __future__ import annotations

import pytest

from modelfile_kit.sources.registry_names import host_problem, repository_problem, tag_problem


@pytest.mark.parametrize(
    ("host", "word"),
    [
        ("registry.lan", ""),
        ("registry.lan:5000", ""),
        ("[::1]:5000", ""),
        ("h:65535", ""),
        ("h:65536", "1 to 65535"),
        ("h:0", "1 to 65535"),
        ("h:999999", "1 to 65535"),
        ("h:", "not the host"),
        ("-h", "not the host"),
        ("h h", "not the host"),
        ("", "not the host"),
    ],
)
def test_hosts(host: str, word: str) -> None:
    assert word in host_problem(host)
    assert bool(word) == bool(host_problem(host))


@pytest.mark.parametrize("name", ["a", "a/b", "a-b_c.d/e--f/g__h", "0/1"])
def test_repositories(name: str) -> None:
    assert repository_problem(name) == ""


@pytest.mark.parametrize("name", ["A", "a/B", "a//b", "/a", "a/", "a..b", "a___b", "-a", "a.", "ä", ""])
def test_no_repositories(name: str) -> None:
    assert "small letters" in repository_problem(name)


@pytest.mark.parametrize(
    ("tag", "right"), [("Q4_K_M", True), ("v1.2-x", True), ("a" * 129, False), (".a", False)]
)
def test_tags(tag: str, right: bool) -> None:
    assert (tag_problem(tag) == "") is right
