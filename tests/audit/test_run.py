"""An audit of models in files and on a hub, by processes of this machine and by a Dask cluster."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from modelfile_kit.audit import run as running
from modelfile_kit.audit.look import look
from modelfile_kit.audit.rows import Row
from modelfile_kit.audit.run import WORKER_DIED, Done, audit
from modelfile_kit.audit.templates import Judged, Judgements, Template, judge
from modelfile_kit.audit.workers import Workers, dask_workers, local_workers
from modelfile_kit.compiler import compile_template
from modelfile_kit.core.http_client import Budget, patience
from modelfile_kit.micro import build_model, build_pair
from tests.hub_server import HubServer

JINJA = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}<|assistant|>"
OTHER = "{% for m in messages %}[{{ m.role | upper }}]{{ m.content }}{% endfor %}"
BAD = "{% for m in messages %}{{ m.content"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    for number, text in enumerate((JINJA, JINJA, OTHER, BAD)):
        (folder / f"{number}").mkdir()
        build_model(folder / f"{number}" / f"model-{number}.gguf", chat_template=text)
    (folder / "pair").mkdir()
    build_pair(folder / "pair")
    (folder / "9").mkdir()
    (folder / "9" / "cut.gguf").write_bytes((folder / "0" / "model-0.gguf").read_bytes()[:5000])
    return folder


@pytest.fixture
def hub(files: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[HubServer]:
    server = HubServer()
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    for number in range(3):
        path = files / f"{number}" / f"model-{number}.gguf"
        server.add(f"org/model-{number}", {"m-Q4_K_M.gguf": path, "README.md": b"x"})
    pair = {path.name: path for path in (files / "pair").glob("*.gguf")}
    server.add("org/pair", pair)
    yield server
    server.close()


def names(folder: Path) -> list[str]:
    return sorted(str(p) for p in folder.rglob("*.gguf") if "mmproj" not in p.name)


def run(
    wanted: list[str],
    opened: Callable[[], AbstractAsyncContextManager[Workers]] = lambda: local_workers(2),
    *,
    judgements: Judgements | None = None,
    known: dict[str, Row] | None = None,
) -> dict[str, Done]:
    async def work() -> dict[str, Done]:
        async with opened() as workers:
            return {
                d.row.name: d async for d in audit(wanted, workers, judgements or Judgements(None), known)
            }

    return asyncio.run(work())


def test_a_row_says_what_the_kit_says_of_the_model(files: Path) -> None:
    rows = {Path(name).parent.name: done.row for name, done in run(names(files)).items()}
    assert set(rows) == {"0", "1", "2", "3", "9", "pair"}
    assert (rows["0"].template, rows["0"].chat) == (rows["1"].template, "exact")
    compiled = compile_template(OTHER)
    assert rows["2"].chat == compiled.coverage["chat"]
    assert rows["2"].answer == compiled.replies["answer"]
    assert rows["3"].verdict == "error"
    assert rows["3"].chat == "unsupported"
    assert (rows["9"].verdict, rows["9"].error[:5]) == ("failed", "MK404")
    assert (rows["pair"].input, rows["pair"].projector) == ("text,image", "mmproj-micro-glm4v.gguf")
    assert rows["pair"].vocabulary == rows["0"].vocabulary > 300
    assert rows["pair"].memory > rows["0"].memory > 0


def test_the_hub_is_read_by_ranges_and_a_known_revision_is_not_read(hub: HubServer, files: Path) -> None:
    wanted = ["hf.co/org/pair", *(f"hf.co/org/model-{n}" for n in range(3)), "hf.co/org/none"]
    first = run(wanted)
    rows = {name: done.row for name, done in first.items()}
    assert rows["hf.co/org/none"].error.startswith("MK481")
    assert rows["hf.co/org/pair"].projector == "mmproj-micro-glm4v.gguf"
    assert rows["hf.co/org/model-0"].revision == hub.repos["org/model-0"].commit
    size = (files / "0" / "model-0.gguf").stat().st_size
    assert 0 < first["hf.co/org/model-0"].read < size / 3
    assert sum(done.read for done in first.values()) == hub.cdn.sent()
    hub.cdn.asked.clear()
    hub.add("org/model-0", {"m-Q4_K_M.gguf": files / "2" / "model-2.gguf"})
    second = run(wanted, known=rows)
    assert {name for name, done in second.items() if done.new} == {"hf.co/org/model-0", "hf.co/org/none"}
    assert second["hf.co/org/model-0"].row.template == rows["hf.co/org/model-2"].template
    assert len({a.path for a in hub.cdn.asked}) == 1


class Here:
    """Does the work in this process."""

    count = 1

    async def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return function(*arguments)


@contextlib.asynccontextmanager
async def here() -> AsyncIterator[Here]:
    yield Here()


@pytest.mark.parametrize("what", ["a projector comes", "it changes", "it goes", "another file changes"])
def test_a_row_is_made_anew_where_what_it_rests_on_changes(files: Path, tmp_path: Path, what: str) -> None:
    pair = build_pair(tmp_path / "m")
    assert pair.projector is not None
    (tmp_path / "m" / "README.md").write_text("one")
    away = tmp_path / "away.gguf"
    if what == "a projector comes":
        pair.projector.rename(away)
    rows = {name: done.row for name, done in run([str(pair.model)], here).items()}
    if what == "a projector comes":
        away.rename(pair.projector)
    elif what == "it changes":
        pair.projector.write_bytes(b"GGUF")
    elif what == "it goes":
        pair.projector.unlink()
    else:
        (tmp_path / "m" / "README.md").write_text("two words")
    [done] = run([str(pair.model)], here, known=rows).values()
    assert done.new == (what != "another file changes")
    assert bool(done.row.projector) == (what in ("a projector comes", "another file changes"))


def test_addresses_that_are_told_alike_have_a_row_each(files: Path, httpserver: HTTPServer) -> None:
    data = (files / "0" / "model-0.gguf").read_bytes()
    httpserver.expect_request("/m.gguf", query_string="file=1").respond_with_data(data)
    httpserver.expect_request("/m.gguf", query_string="file=2").respond_with_data(b"no GGUF")
    url = httpserver.url_for("/m.gguf")
    rows = run([f"{url}?file=1", f"{url}?file=2"])
    assert [rows[f"{url}?…"].row.verdict, rows[f"{url}?… (2)"].row.verdict] == ["error", "failed"]
    # A row that is known by such a name can be another's.
    again = run([f"{url}?file=2"], known={name: done.row for name, done in rows.items()})
    assert again[f"{url}?…"].row.verdict == "failed"


def counted(template: Template) -> Judged:
    with Path(os.environ["JUDGED"]).open("a") as file:
        file.write(template.key + "\n")
    return judge(template)


def test_a_template_is_judged_once(files: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(running, "judge", counted)
    monkeypatch.setenv("JUDGED", str(tmp_path / "judged"))
    cold = run(names(files), judgements=Judgements(tmp_path / "cache"))
    assert len((tmp_path / "judged").read_text().split()) == 4
    warm = run(names(files), judgements=Judgements(tmp_path / "cache"))
    assert len((tmp_path / "judged").read_text().split()) == 4
    assert {n: d.row for n, d in cold.items()} == {n: d.row for n, d in warm.items()}
    kept = next((tmp_path / "cache").rglob("*.json"))
    kept.write_text("{")
    run(names(files), judgements=Judgements(tmp_path / "cache"))
    assert len((tmp_path / "judged").read_text().split()) == 5


def deadly(name: str, known: str = "") -> Any:
    if "model-2" in name:
        os.kill(os.getpid(), signal.SIGKILL)
    return look(name, known)


def greedy(name: str, known: str = "") -> Any:
    if "model-2" in name:
        _ = bytearray(3 << 30)
    return look(name, known)


def faulty(name: str, known: str = "") -> Any:
    if "model-2" in name:
        raise ZeroDivisionError("ours")
    return look(name, known)


def once(name: str, known: str = "") -> Any:
    mark = Path(os.environ["DIED"])
    if "model-2" in name and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return look(name, known)


def test_a_dead_worker_costs_its_model_alone(
    files: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(running, "look", deadly)
    rows = {Path(name).parent.name: done.row for name, done in run(names(files)).items()}
    assert rows["2"].error.startswith(WORKER_DIED)
    assert {number for number, row in rows.items() if row.verdict == "failed"} == {"2", "9"}
    monkeypatch.setattr(running, "look", once)
    monkeypatch.setenv("DIED", str(tmp_path / "died"))
    rows = {Path(name).parent.name: done.row for name, done in run(names(files)).items()}
    assert (tmp_path / "died").exists()
    assert rows["2"].error == ""


def test_memory_is_bounded(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "look", greedy)
    found = run([str(files / "2" / "model-2.gguf"), str(files / "0" / "model-0.gguf")])
    errors = {Path(name).parent.name: done.row.error for name, done in found.items()}
    assert errors["0"] == ""
    assert errors["2"].startswith("MK405")


def test_a_fault_of_the_kit_costs_one_model(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "look", faulty)
    found = run([str(files / "2" / "model-2.gguf"), str(files / "0" / "model-0.gguf")])
    errors = {Path(name).parent.name: done.row.error for name, done in found.items()}
    assert errors == {"0": "", "2": "MK999: internal error: ZeroDivisionError: ours"}


def borne() -> tuple[float, float]:
    return Budget(30.0).seconds, Budget().seconds


@pytest.mark.parametrize("where", ["here", "dask"])
def test_a_worker_waits_no_longer_than_the_user_says(where: str) -> None:
    if where == "dask":
        pytest.importorskip("distributed", reason="the extra dask is not installed")

    async def ask() -> tuple[float, float]:
        opened = local_workers(1) if where == "here" else dask_workers("local", 1)
        async with opened as workers:
            return await workers.call(borne)

    with patience(3.0):
        assert asyncio.run(ask()) == (3.0, 3.0)


def test_dask_gives_the_same_rows(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    here = {name: done.row for name, done in run(names(files)).items()}
    there = {name: done.row for name, done in run(names(files), lambda: dask_workers("local", 2)).items()}
    assert there == here
    monkeypatch.setattr(running, "look", deadly)
    rows = {
        Path(n).parent.name: d.row for n, d in run(names(files), lambda: dask_workers("local", 2)).items()
    }
    assert {number for number, row in rows.items() if row.verdict == "failed"} == {"2", "9"}
    assert rows["2"].error.startswith(WORKER_DIED)
