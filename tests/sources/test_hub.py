"""With the real huggingface_hub, against a hub on this machine."""

from __future__ import annotations

import builtins
import hashlib
import shutil
import time
from pathlib import Path

import pytest

from modelfile_kit.core import http_client
from modelfile_kit.core.errors import GGUFError, MissingDependencyError, SourceError, UsageError
from modelfile_kit.gguf_file import read_header
from modelfile_kit.sources import hub as module
from modelfile_kit.sources.hub import HubRepository, cache_folder
from modelfile_kit.sources.name import parse_name
from modelfile_kit.sources.repository import read_text
from modelfile_kit.sources.resolve import resolve

NAME = "hf.co/org/repo-GGUF"


@pytest.fixture
def repo(hub, model):
    return hub.add(
        "org/repo-GGUF",
        {
            "m-Q4_K_M.gguf": model,
            "m-Q8_0.gguf": model + b"8",
            "mmproj-F16.gguf": model[:5000],
            "README.md": b"about",
            "chat_template.jinja": b"{{ messages }}",
            "sub/config.json": b"{}",
        },
    )


def opened(name: str = NAME) -> HubRepository:
    return HubRepository(parse_name(name))


def test_the_list_is_that_of_huggingface_hub(hub, repo) -> None:
    from huggingface_hub import HfApi

    hub.page = 2
    found = opened()
    files = {file.path: file for file in found.files()}
    assert sorted(files) == sorted(HfApi(endpoint=hub.url).list_repo_files("org/repo-GGUF", token=False))
    assert found.revision == repo.commit
    assert (
        files["m-Q4_K_M.gguf"].digest == f"sha256:{hashlib.sha256(repo.files['m-Q4_K_M.gguf']).hexdigest()}"
    )
    assert files["README.md"].size == 5 and not files["README.md"].digest


@pytest.mark.parametrize("entries", [[], [{"type": "directory", "oid": "0" * 40, "path": "a"}]])
def test_a_list_whose_pages_name_one_another_ends(hub, repo, monkeypatch, entries) -> None:
    monkeypatch.setattr(module, "MAX_ANSWERS", 20)
    asked = []

    def answer(request) -> None:
        asked.append(request.path)
        again = {"Link": f'<{hub.url}{request.path}>; rel="next"'}
        if "/revision/" in request.path or request.path.endswith("repo-GGUF"):
            request.reply_json({"id": "org/repo-GGUF", "sha": repo.commit, "tags": [], "siblings": []})
        else:
            request.reply_json(entries if "/tree/" in request.path else [], again)

    monkeypatch.setattr(hub, "answer", answer)
    for question in (lambda: opened().files(), lambda: module.repositories_of("org")):
        asked.clear()
        with pytest.raises(SourceError, match="answers one question with more than 20 pages"):
            question()
        assert len(asked) == module.MAX_ANSWERS


def test_the_pages_of_a_list_have_one_deadline(hub, repo, monkeypatch) -> None:
    """Each comes in time, and all of them would take hours."""
    monkeypatch.setattr(module, "HEADER_SECONDS", 1.0)
    answer_at_once = hub.answer

    def answer(request) -> None:
        time.sleep(0.4)
        answer_at_once(request)

    monkeypatch.setattr(hub, "answer", answer)
    hub.page = 1
    with pytest.raises(SourceError, match="deadline of 1 s"):
        opened().files()


def test_a_header_is_read_by_ranges_from_the_other_host(hub, repo, model) -> None:
    header = read_header(f"{NAME}:Q4_K_M")
    assert (header.architecture, header.size, header.source) == ("glm4", len(model), f"{NAME}/m-Q4_K_M.gguf")
    assert header.data_offset < hub.cdn.sent() < 2 * header.data_offset < len(model)
    assert all(asked.range for asked in hub.cdn.asked)
    assert {a.path.split("?")[0] for a in hub.asked} == {
        "/api/models/org/repo-GGUF",
        f"/api/models/org/repo-GGUF/tree/{repo.commit}",
        f"/org/repo-GGUF/resolve/{repo.commit}/m-Q4_K_M.gguf",
    }


def test_the_token_goes_to_the_hub_alone(hub, repo, monkeypatch) -> None:
    repo.private = True
    with pytest.raises(SourceError, match="does not exist on the hub, or is private") as e:
        opened().files()
    assert (e.value.code, e.value.exit_code) == ("MK481", 2)
    assert "HF_TOKEN" in e.value.help
    monkeypatch.setenv("HF_TOKEN", "hf_other")
    with pytest.raises(SourceError) as e:
        opened().files()
    assert "needs a token (HF_TOKEN) that may read it" in e.value.help
    hub.asked.clear()
    monkeypatch.setenv("HF_TOKEN", hub.token)
    assert read_header(NAME).architecture == "glm4"
    assert {a.authorization for a in hub.asked} == {f"Bearer {hub.token}"}
    assert {a.authorization for a in hub.cdn.asked} == {""}


@pytest.mark.parametrize("address", ["notaurl", "ftp://hub.example", "https://", "http://hub.example:99999"])
def test_an_endpoint_that_is_no_address(monkeypatch, address) -> None:
    monkeypatch.setenv("HF_ENDPOINT", address)
    with pytest.raises(UsageError, match=r"HF_ENDPOINT is .* no address of a web server") as e:
        opened()
    assert e.value.exit_code == 2


def test_a_token_that_no_header_holds(repo, monkeypatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_s€cret")
    with pytest.raises(UsageError, match="its character 5 is not visible ASCII") as e:
        opened().files()
    assert "s€cret" not in str(e.value)


def test_a_token_over_plain_http_to_another_machine(repo, monkeypatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.example.invalid")
    with pytest.raises(UsageError) as e:
        opened().files()
    assert e.value.code == "MK817"
    assert "hf_secret" not in str(e.value)


def test_the_library_sends_through_the_kits_client(hub, repo, monkeypatch) -> None:
    """Deadlines hold, and what the library had before is put back."""
    from huggingface_hub.utils import _http

    before = _http._GLOBAL_CLIENT_FACTORY
    watched: list[str] = []
    handle = http_client._Transport.handle_request

    def watch(self, request):
        watched.append(request.url.path)
        return handle(self, request)

    monkeypatch.setattr(http_client._Transport, "handle_request", watch)
    opened().files()
    assert watched == [asked.path.partition("?")[0] for asked in hub.asked] and len(watched) == 2
    assert _http._GLOBAL_CLIENT_FACTORY is before
    answer = hub.answer

    def late(request) -> None:
        time.sleep(0.5)
        answer(request)

    monkeypatch.setattr(hub, "answer", late)
    with http_client.patience(deadline=0.2), pytest.raises(SourceError, match="than the deadline of 0") as e:
        opened().files()
    assert e.value.code == "MK484"


def test_a_gated_repository(hub, repo, monkeypatch) -> None:
    repo.gated = True
    with pytest.raises(SourceError, match="is gated") as e:
        read_header(NAME)
    assert e.value.code == "MK482"
    assert "huggingface.co/org/repo-GGUF" in e.value.help and "hf auth login" in e.value.help
    monkeypatch.setenv("HF_TOKEN", "hf_of_somebody_else")
    with pytest.raises(SourceError, match="owner did not") as e:
        read_header(NAME)
    assert "hf auth login" not in e.value.help
    monkeypatch.setenv("HF_TOKEN", hub.token)
    assert read_header(NAME).architecture == "glm4"


def test_missing_and_refused(hub, repo, model) -> None:
    for name, words in (
        ("hf.co/org/none", "does not exist on the hub, or is private"),
        ("hf://org/repo-GGUF@v9", "has no revision 'v9'"),
        (f"{NAME}/none.gguf", "has no file 'none.gguf'"),
    ):
        with pytest.raises(SourceError, match=words) as e:
            resolve(name)
        assert e.value.code == "MK481"
    hub.refuse["/api/models/org/repo-GGUF"] = 429, {"Retry-After": "120"}
    with pytest.raises(SourceError, match="too many requests from here; it says to wait 120 s") as e:
        resolve(NAME)
    assert e.value.code == "MK483"
    assert len([a for a in hub.asked if a.path == "/api/models/org/repo-GGUF"]) == 2  # not asked on and on
    hub.refuse["/api/models/org/repo-GGUF"] = 503, {}
    with pytest.raises(SourceError, match="the hub fails: HTTP 503") as e:
        resolve(NAME)
    assert e.value.code == "MK484"


def test_a_refusal_of_the_file_itself(hub, repo) -> None:
    found = resolve(NAME)
    hub.refuse[f"/org/repo-GGUF/resolve/{repo.commit}/m-Q4_K_M.gguf"] = 429, {}
    with pytest.raises(SourceError) as e:
        read_header(found.path)
    assert e.value.code == "MK483"


def test_a_hub_that_lies_about_a_size(hub, repo, model) -> None:
    repo.listed_size["m-Q4_K_M.gguf"] = 17
    with pytest.raises(
        SourceError, match=f"has {len(model):,} bytes on the server, the list of files says 17"
    ) as e:
        read_header(NAME)
    assert e.value.code == "MK488"
    repo.listed_size.clear()
    hub.cdn.lie_total = 5
    with pytest.raises(SourceError) as e:
        read_header(NAME)
    assert e.value.code == "MK488"


def test_another_server_than_a_hub(hub, monkeypatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", hub.cdn.url)
    with pytest.raises(SourceError, match="does not exist on the hub"):
        resolve(NAME)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(SourceError, match="cannot be reached") as e:
        resolve(NAME)
    assert e.value.code == "MK484"


def test_what_was_fetched_is_in_the_cache_of_huggingface_hub(hub, repo, model) -> None:
    from huggingface_hub import hf_hub_download, try_to_load_from_cache

    found = resolve(NAME)
    told: list[tuple[int, int]] = []
    path = found.fetch(lambda done, total: told.append((done, total)))
    assert path == found.path and path.read_bytes() == model
    assert told[-1] == (len(model), len(model))
    before = len(hub.cdn.asked)
    cache = cache_folder()
    assert try_to_load_from_cache("org/repo-GGUF", "m-Q4_K_M.gguf", cache_dir=cache) == str(path)
    assert hf_hub_download("org/repo-GGUF", "m-Q4_K_M.gguf", cache_dir=cache, endpoint=hub.url) == str(path)
    assert read_header(NAME).source == str(path)
    assert len(hub.cdn.asked) == before


def test_what_huggingface_hub_fetched_is_read_from_its_cache(hub, repo) -> None:
    from huggingface_hub import hf_hub_download

    cache = cache_folder()
    path = hf_hub_download("org/repo-GGUF", "m-Q8_0.gguf", cache_dir=cache, endpoint=hub.url, token=False)
    before = len(hub.cdn.asked)
    assert read_header(f"{NAME}:q8_0").source == path
    assert len(hub.cdn.asked) == before


def test_without_a_connection_the_cache_is_read(hub, repo, monkeypatch) -> None:
    resolve(NAME).fetch()
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert resolve(NAME).fetch().is_file()
    with pytest.raises(SourceError, match="has no quantization Q8_0"):
        resolve(f"{NAME}:Q8_0")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert opened().from_cache == "HF_HUB_OFFLINE is set"
    with pytest.raises(SourceError, match="is not in the cache, and HF_HUB_OFFLINE is set") as e:
        resolve("hf.co/org/other")
    assert e.value.code == "MK484"


def test_a_commit_in_the_cache_needs_no_connection(hub, repo, monkeypatch) -> None:
    resolve(NAME).fetch()
    hub.asked.clear()
    found = resolve(f"hf://org/repo-GGUF@{repo.commit}/m-Q4_K_M.gguf")
    assert found.path.is_file() and hub.asked == []


def test_a_branch_moves_on(hub, repo, model) -> None:
    first = resolve(NAME).fetch()
    hub.add("org/repo-GGUF", {"m-Q4_K_M.gguf": model + b"new"})
    second = resolve(NAME)
    assert second.revision != repo.commit
    assert second.fetch() != first
    assert second.path.read_bytes() == model + b"new"


def test_one_blob_for_two_commits(hub, repo, model) -> None:
    resolve(NAME).fetch()
    before = len(hub.cdn.asked)
    hub.add("org/repo-GGUF", {"m-Q4_K_M.gguf": model, "more.txt": b"more"})
    found = resolve(NAME)
    assert found.fetch().read_bytes() == model
    assert len(hub.cdn.asked) == before


def test_a_download_that_breaks_goes_on_where_it_was(hub, repo, model) -> None:
    hub.cdn.break_after = [1_500_000]
    with pytest.raises(GGUFError, match="cannot be read"):
        resolve(NAME).fetch()
    assert not resolve(NAME).path.exists()
    hub.cdn.asked.clear()
    assert resolve(NAME).fetch().read_bytes() == model
    assert int(hub.cdn.asked[0].range.removeprefix("bytes=").partition("-")[0]) >= 1_000_000


def test_other_bytes_than_listed_are_not_used(hub, repo, model) -> None:
    digest = hashlib.sha256(model).hexdigest()
    hub.cdn.contents[digest] = bytes(len(model))
    with pytest.raises(SourceError, match="have the SHA-256") as e:
        resolve(NAME).fetch()
    assert e.value.code == "MK488"
    assert not resolve(NAME).path.exists()
    hub.cdn.contents[digest] = model
    assert resolve(NAME).fetch().read_bytes() == model


def test_small_files(hub, repo) -> None:
    found = opened()
    assert read_text(found, "chat_template.jinja") == b"{{ messages }}"
    assert read_text(found, "sub/config.json") == b"{}"
    assert read_text(found, "none.json") is None
    with pytest.raises(SourceError, match="is larger than"):
        read_text(found, "README.md", limit=3)


def test_paths_that_lead_out_of_the_cache_are_no_files(hub) -> None:
    hub.add(
        "org/evil", {"../../x.gguf": b"x" * 10, "/etc/y.gguf": b"y", "a\\b.gguf": b"z", "good.gguf": b"g"}
    )
    assert [file.path for file in opened("hf.co/org/evil").files()] == ["good.gguf"]


def test_a_commit_that_leads_out_of_the_cache(hub) -> None:
    hub.add("org/evil", {"good.gguf": b"g"}, commit="../../../x")
    with pytest.raises(SourceError, match="answers otherwise than the hub does"):
        opened("hf.co/org/evil").files()


def test_without_the_library(hub, repo, model, monkeypatch) -> None:
    real = builtins.__import__

    def without(name, *rest):
        if name.startswith("huggingface_hub"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingDependencyError) as e:
        resolve(NAME)
    assert "modelfile-kit[hub]" in e.value.help
    # The page's own address works as any other does.
    url = f"{hub.url}/org/repo-GGUF/blob/main/m-Q4_K_M.gguf"
    assert read_header(url).size == len(model)
    assert resolve(url).fetch().read_bytes() == model


def test_where_the_cache_is(monkeypatch, tmp_path) -> None:
    for variable in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(variable, raising=False)
    assert cache_folder() == Path.home() / ".cache" / "huggingface" / "hub"
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert cache_folder() == Path("/x/huggingface/hub")
    monkeypatch.setenv("HF_HOME", "/h")
    assert cache_folder() == Path("/h/hub")
    monkeypatch.setenv("HF_HUB_CACHE", "/c")
    assert cache_folder() == Path("/c")


def test_a_cache_that_was_thinned_out(hub, repo, model) -> None:
    """Blobs that somebody deleted are links to nothing in the snapshot."""
    found = resolve(NAME)
    found.fetch()
    shutil.rmtree(cache_folder() / "models--org--repo-GGUF" / "blobs")
    assert read_header(NAME).size == len(model)
    assert resolve(NAME).fetch().read_bytes() == model


def test_an_answer_too_deep_for_the_library_is_no_crash(httpserver, monkeypatch, tmp_path):
    httpserver.expect_request("/api/models/org/repo").respond_with_data(
        '{"sha": ' + "[" * 50_000 + "]" * 50_000 + "}", content_type="application/json"
    )
    monkeypatch.setenv("HF_ENDPOINT", httpserver.url_for("/").rstrip("/"))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    repository = HubRepository(parse_name("hf.co/org/repo"))
    with pytest.raises(SourceError) as e:
        repository.files()
    assert e.value.code == repository.no_hub().code


def test_an_answer_without_end_is_not_held(httpserver, monkeypatch, tmp_path):
    monkeypatch.setattr("modelfile_kit.sources.hub.MAX_TEXT_BYTES", 1 << 20)
    httpserver.expect_request("/api/models/org/repo").respond_with_data(
        "{" + " " * (2 << 20) + "}", content_type="application/json"
    )
    monkeypatch.setenv("HF_ENDPOINT", httpserver.url_for("/").rstrip("/"))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    with pytest.raises(SourceError, match="answers otherwise than the hub does"):
        HubRepository(parse_name("hf.co/org/repo")).files()
