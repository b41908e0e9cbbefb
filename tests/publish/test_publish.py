from __future__ import annotations

import os
import time
from typing import Any

import pytest

from modelfile_kit.core.errors import ModelfileError, ServerError, UsageError
from modelfile_kit.micro import build_pair
from modelfile_kit.publish import publish as publishing
from modelfile_kit.publish.names import WORKING_TAG
from modelfile_kit.publish.publish import NotVerifiedError, publish
from modelfile_kit.publish.subject import Check
from modelfile_kit.publish.verify import VerifyReport
from tests.publish.fake_ollama import FakeOllama


@pytest.fixture
def ollama(httpserver):
    return FakeOllama(httpserver)


@pytest.fixture
def modelfile(tmp_path):
    build_pair(tmp_path)
    stamp = time.time() - 60
    for file in tmp_path.glob("*.gguf"):
        os.utime(file, (stamp, stamp))

    def write(*more):
        path = tmp_path / "Modelfile"
        froms = ["FROM micro-glm4v.gguf", "FROM mmproj-micro-glm4v.gguf", "TEMPLATE x"]
        path.write_text("\n".join([*froms, *more]), encoding="utf-8")
        return path

    return write


@pytest.fixture
def go(ollama, tmp_path):
    def run(path, **more):
        # What is verified is another matter than how a model gets there.
        options = {"verify": False, **more}
        return publish(path, "m", host=ollama.url, cache_folder=tmp_path / "cache", **options)

    return run


def test_the_request_reaches_the_server_as_the_modelfile_means_it(ollama, modelfile, go):
    done = go(modelfile("PARAMETER top_k 3", "SYSTEM s"))
    assert set(ollama.models) == {"m:latest"}
    sent = ollama.models["m:latest"]
    assert set(sent["files"]) == {"micro-glm4v.gguf", "mmproj-micro-glm4v.gguf"}
    assert set(sent["files"].values()) == ollama.blobs
    assert (sent["template"], sent["system"], sent["parameters"]) == ("x", "s", {"top_k": 3})
    assert done.request == {**sent, "model": "m"}
    assert done.uploaded_bytes == sum(b.size for b in done.blobs)


def test_it_is_created_under_a_working_name(ollama, modelfile, go):
    go(modelfile())
    assert [r["model"].partition(WORKING_TAG)[0] for r in ollama.created] == ["m:"]


@pytest.fixture
def verification(ollama, monkeypatch):
    """Stands in for asking a model; notes the name it was asked about, and finds what it is told to."""

    class Asked(list):
        status = "ok"

    asked = Asked()

    def look(server, name, *, expectation, progress):
        asked.append((name, dict(ollama.models), expectation))
        checks = (Check("engine", "ok"), Check("stop", asked.status))
        return VerifyReport(name, server.url, "0.33.0", False, checks)

    monkeypatch.setattr(publishing, "verify_on", look)
    return asked


def test_engines_of_the_old_model_are_ended_before_the_new_one_is_verified(
    ollama, modelfile, go, verification
):
    # A server goes on using an engine that runs the same files, whatever template it was started for.
    go(modelfile(), verify=True)
    paths = [path for _, path in ollama.asked]
    assert paths.index("/api/create") < paths.index("/api/generate") < paths.index("/api/copy")
    [(name, models, _)] = verification
    assert name.startswith(f"m:{WORKING_TAG}")
    assert "m:latest" not in models


def test_what_is_there_already_is_verified_under_its_own_name(modelfile, go, verification):
    go(modelfile())
    assert go(modelfile(), verify=True).unchanged
    assert [name for name, *_ in verification] == ["m"]


def test_a_modelfile_is_held_to_what_it_says(modelfile, go, verification):
    go(modelfile("SYSTEM s", "PARAMETER top_k 3"), verify=True)
    [(_, _, meant)] = verification
    assert (meant.template, meant.system, meant.parameters) == ("x", "s", {"top_k": 3})
    assert (meant.model.name, meant.projector.name) == ("micro-glm4v.gguf", "mmproj-micro-glm4v.gguf")


@pytest.mark.parametrize("again", [False, True])
def test_a_model_that_fails_verification_does_not_get_the_name(again, ollama, modelfile, go, verification):
    go(modelfile("SYSTEM old"))
    before = dict(ollama.models)
    verification.status = "fail"
    with pytest.raises(NotVerifiedError, match=r"verification failed \(stop\)") as e:
        go(modelfile("SYSTEM old" if again else "SYSTEM new"), verify=True, push=True)
    assert ollama.models == before
    assert not [path for _, path in ollama.asked if path == "/api/push"]
    assert e.value.report.checks[1].status == "fail"


def test_force_gives_the_name_all_the_same(ollama, modelfile, go, verification):
    verification.status = "fail"
    done = go(modelfile("SYSTEM new"), verify=True, force=True)
    assert ollama.models["m:latest"]["system"] == "new"
    assert not done.verified.ok


def test_publishing_verifies_unless_told_otherwise(ollama, modelfile, tmp_path, verification):
    publish(modelfile(), "m", host=ollama.url, cache_folder=tmp_path / "cache")
    publish(modelfile("SYSTEM s"), "m", host=ollama.url, cache_folder=tmp_path / "cache", verify=False)
    publish(modelfile("SYSTEM t"), "m", host=ollama.url, cache_folder=tmp_path / "cache", dry_run=True)
    assert len(verification) == 1


def test_steps_are_told_in_order(modelfile, go):
    steps: list[Any] = []
    go(modelfile(), progress=steps.append)
    stages = list(dict.fromkeys(s.stage for s in steps))
    assert stages == ["hash", "upload", "create"]
    assert steps[-1].subject == "success"


def test_the_second_publish_only_looks(ollama, modelfile, go):
    go(modelfile())
    ollama.asked.clear()
    done = go(modelfile())
    assert done.unchanged
    assert all(b.from_cache for b in done.blobs)
    assert not [p for m, p in ollama.asked if m != "GET" and p != "/api/show"]


def test_a_changed_parameter_is_built_on_the_layers_that_are_there(ollama, modelfile, go):
    go(modelfile("PARAMETER top_k 3"))
    go(modelfile("PARAMETER top_k 4"))
    assert ollama.created[-1]["from"] == "m"
    assert "files" not in ollama.created[-1]


def test_a_dry_run_sends_nothing(ollama, modelfile, go):
    done = go(modelfile(), dry_run=True)
    assert done.dry_run
    assert done.uploaded_bytes > 0
    assert ollama.models == {}
    assert not [p for m, p in ollama.asked if m == "POST"]


@pytest.mark.parametrize("bad", ["", "a b", "x" * 90])
def test_a_bad_name_asks_no_server(bad, ollama, modelfile):
    with pytest.raises(UsageError):
        publish(modelfile(), bad, host=ollama.url)
    assert ollama.asked == []


def test_a_bad_modelfile_asks_no_server(ollama, modelfile):
    with pytest.raises(ModelfileError):
        publish(modelfile("PARAMETER top_k many"), "m", host=ollama.url)
    assert ollama.asked == []


@pytest.mark.parametrize(
    ("version", "line", "needed"),
    [
        ("0.5.4", "", "0.5.5"),
        ("0.11.10", "RENDERER qwen3-coder", "0.12.0"),
        ("0.11.10", "PARSER qwen3-coder", "0.12.0"),
        ("0.13.5", "REQUIRES 0.14.0", "0.14.0"),
    ],
)
def test_what_a_server_would_drop_without_a_word_is_refused(
    version, line, needed, httpserver, modelfile, tmp_path
):
    ollama = FakeOllama(httpserver, version)
    with pytest.raises(ServerError) as e:
        publish(modelfile(line), "m", host=ollama.url, cache_folder=tmp_path)
    assert e.value.code == "MK806"
    assert version in e.value.message
    assert needed in e.value.message
    assert ollama.models == {}


@pytest.mark.parametrize(
    "words",
    [
        "only one FROM is allowed",
        "multiple FROM commands are not supported",
        "Modelfile has a second FROM",
        "projectors are not supported",
    ],
)
def test_a_server_that_refuses_a_second_from(words, ollama, modelfile, go):
    ollama.stream = [{"status": "parsing"}, {"error": words}]
    with pytest.raises(ServerError) as e:
        go(modelfile())
    assert e.value.code == "MK807"
    assert words in e.value.message
    assert "0.30" in e.value.help


def test_another_refusal_keeps_its_own_words(ollama, modelfile, go):
    ollama.stream = [{"error": "quantization is only supported for F16"}]
    with pytest.raises(ServerError) as e:
        go(modelfile())
    assert e.value.code == "MK801"
    assert "quantization is only supported" in e.value.message


def test_a_server_that_drops_the_projector_and_says_success(ollama, modelfile, go):
    ollama.one_file = True
    with pytest.raises(ServerError) as e:
        go(modelfile())
    assert e.value.code == "MK807"
    assert "mmproj-micro-glm4v.gguf" in e.value.message
    assert ollama.models == {}


@pytest.mark.parametrize("lost", ["template", "system", "parameters", "messages"])
def test_a_server_that_loses_something_and_says_success(lost, ollama, modelfile, go):
    go(modelfile("SYSTEM old"))
    before = dict(ollama.models)
    ollama.forget = {lost}
    with pytest.raises(ServerError) as e:
        go(modelfile("SYSTEM s", "PARAMETER top_k 3", "MESSAGE user hi"), reuse=False)
    assert e.value.code == "MK811"
    assert ollama.models == before


def test_stops_that_create_adds_by_itself_are_no_loss(ollama, modelfile, go, monkeypatch):
    # Ollama 0.33 adds `<turn|>` for gemma4 where the request has no stop.
    create = FakeOllama._create

    def adding(self, request, body):
        done = create(self, request, body)
        self.models[body["model"]].setdefault("parameters", {})["stop"] = ["<turn|>"]
        return done

    monkeypatch.setattr(FakeOllama, "_create", adding)
    go(modelfile("PARAMETER top_k 3"))
    assert ollama.models["m:latest"]["parameters"] == {"top_k": 3, "stop": ["<turn|>"]}


def test_an_interrupt_while_the_server_works(ollama, modelfile, go):
    go(modelfile("SYSTEM old"))
    before = dict(ollama.models)

    def interrupt(step):
        if step.stage == "create":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        go(modelfile("SYSTEM new"), progress=interrupt)
    assert ollama.models == before


def test_a_file_that_is_not_there_asks_the_server_nothing(ollama, tmp_path):
    (tmp_path / "Modelfile").write_text("FROM none.gguf")
    with pytest.raises(UsageError) as e:
        publish(tmp_path / "Modelfile", "m", host=ollama.url)
    assert e.value.code == "MK430"
    assert ollama.asked == []


def test_the_replaced_model_is_kept(ollama, modelfile, go):
    assert go(modelfile("SYSTEM 1"), keep_previous=True).kept == ""
    first = ollama.models["m:latest"]
    assert go(modelfile("SYSTEM 2"), keep_previous=True).kept == "m:latest-previous"
    assert ollama.models["m:latest-previous"] == first
    assert ollama.models["m:latest"] != first


def test_nothing_is_kept_where_nothing_is_replaced(ollama, modelfile, go):
    go(modelfile("SYSTEM 1"))
    assert go(modelfile("SYSTEM 1"), keep_previous=True, reuse=False).kept == ""
    assert set(ollama.models) == {"m:latest"}


def test_a_publish_that_fails_leaves_what_was_kept(ollama, modelfile, go, monkeypatch):
    for text in ("1", "2"):
        go(modelfile(f"SYSTEM {text}"), keep_previous=True)
    before = dict(ollama.models)

    def torn(*_):
        raise ServerError("it broke")

    monkeypatch.setattr(publishing, "take_over", torn)
    with pytest.raises(ServerError, match="it broke"):
        go(modelfile("SYSTEM 3"), keep_previous=True)
    assert ollama.models == before
