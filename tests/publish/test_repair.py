"""Carrying a repair out, on a small Ollama that does what a test wants."""

from __future__ import annotations

from typing import Any

import pytest

from modelfile_kit.core.errors import ServerError
from modelfile_kit.publish import repair as repairing
from modelfile_kit.publish.repair import NotRepairedError, repair, request_of
from modelfile_kit.publish.repair_plan import Change, RepairPlan, Setting
from modelfile_kit.publish.served_model import ServedModel
from modelfile_kit.publish.subject import Check
from modelfile_kit.publish.take_over import digest_of
from modelfile_kit.publish.verify import VerifyReport
from modelfile_kit.runtime.ollama.client import OllamaServer

from .fake_ollama import FakeOllama

OLD, NEW = "old {{ .Prompt }}", "new {{ .Prompt }}"


@pytest.fixture
def fake(httpserver: Any) -> FakeOllama:
    fake = FakeOllama(httpserver)
    fake.models["m:latest"] = {"template": OLD, "files": {"m.gguf": "sha256:" + "0" * 64}}
    return fake


def plan(server: OllamaServer) -> RepairPlan:
    served = ServedModel.from_show("m", server.show("m"))
    before = Setting(OLD, "", (), {}, {})
    after = Setting(NEW, "", ("<end>",), {}, {})
    changes = (Change("TEMPLATE", OLD, NEW, ""),)
    return RepairPlan(served, "0.33.0", changes, "", before, after, digest=digest_of(server, "m") or "")


def verdict(monkeypatch: pytest.MonkeyPatch, *, new: str, old: str = "ok") -> None:
    def verify(_: object, name: str, **__: object) -> VerifyReport:
        check = Check("stop", old if name == "m" else new)
        return VerifyReport(name, "", "0.33.0", False, (check,))

    monkeypatch.setattr(repairing, "verify_on", verify)


def test_the_old_one_is_kept(fake: FakeOllama, monkeypatch: pytest.MonkeyPatch) -> None:
    verdict(monkeypatch, new="ok")
    with OllamaServer(fake.url) as server:
        done = repair(server, plan(server))
    assert done.kept == "m:latest-before-repair"
    assert fake.models["m:latest-before-repair"]["template"] == OLD
    assert fake.models["m:latest"]["template"] == NEW
    assert fake.models["m:latest"]["parameters"] == {"stop": ["<end>"]}
    assert set(fake.models) == {"m:latest", "m:latest-before-repair"}
    assert not any(path.startswith("/api/blobs") for _, path in fake.asked)


@pytest.mark.parametrize("moment", ["planned", "made"])
@pytest.mark.parametrize("other", [{"template": "theirs {{ .Prompt }}"}, None])
def test_a_model_that_somebody_replaced_or_removed_is_left_alone(
    fake: FakeOllama, monkeypatch: pytest.MonkeyPatch, moment: str, other: dict[str, str] | None
) -> None:
    def meanwhile() -> None:
        fake.models.pop("m:latest")
        fake.models |= {"m:latest": other} if other else {}

    def verify(_: object, name: str, **__: object) -> VerifyReport:
        if moment == "made":
            meanwhile()
        return VerifyReport(name, "", "0.33.0", False, (Check("stop", "ok"),))

    monkeypatch.setattr(repairing, "verify_on", verify)
    with OllamaServer(fake.url) as server:
        planned = plan(server)
        if moment == "planned":
            meanwhile()
        with pytest.raises(ServerError, match="replaced on" if other else "removed on") as caught:
            repair(server, planned)
    assert caught.value.code == "MK878"
    assert fake.models == ({"m:latest": other} if other else {})


def test_a_new_one_that_is_worse_changes_nothing(fake: FakeOllama, monkeypatch: pytest.MonkeyPatch) -> None:
    verdict(monkeypatch, new="fail")
    with OllamaServer(fake.url) as server, pytest.raises(NotRepairedError, match="stop") as caught:
        repair(server, plan(server))
    assert caught.value.code == "MK881"
    assert list(fake.models) == ["m:latest"]
    assert fake.models["m:latest"]["template"] == OLD


def test_a_fault_that_the_old_one_has_too_is_no_reason(
    fake: FakeOllama, monkeypatch: pytest.MonkeyPatch
) -> None:
    verdict(monkeypatch, new="fail", old="fail")
    with OllamaServer(fake.url) as server:
        repair(server, plan(server))
    assert fake.models["m:latest"]["template"] == NEW


def test_a_server_that_forgets_the_template(fake: FakeOllama, monkeypatch: pytest.MonkeyPatch) -> None:
    verdict(monkeypatch, new="ok")
    fake.forget = {"template"}
    with OllamaServer(fake.url) as server, pytest.raises(ServerError, match="not what was asked for"):
        repair(server, plan(server))
    assert list(fake.models) == ["m:latest"]


def test_only_what_changes_is_sent(fake: FakeOllama) -> None:
    with OllamaServer(fake.url) as server:
        assert request_of(plan(server), "t") == {
            "model": "t",
            "from": "m",
            "template": NEW,
            "parameters": {"stop": ["<end>"]},
        }
