"""Estimates, held against what llama-server reports of models of real shape (tests/fit/engine_memory.txt)."""

from __future__ import annotations

import os
import random
from functools import cache
from pathlib import Path

import httpx
import pytest

from modelfile_kit.fit import Model as LoadedModel
from modelfile_kit.fit import Settings, estimate, open_model
from modelfile_kit.fit.architectures import KNOWN, OTHER_CACHE
from modelfile_kit.gguf_file import read_header
from modelfile_kit.gguf_file.tensors import TensorInfo
from modelfile_kit.micro import build_pair

from ..gguf_file.handmade import Typed, gguf
from ..ollama_process import OllamaProcess
from ..zoo.writer import text_model
from .real_models import MODELS, Model, metadata, tensors, write
from .record import Memory, Run, ask, read_record

RECORD = read_record()
MIB = 1 << 20
WITHIN = 0.1
ROUNDED = 0.02  # MiB; the log has two digits
SOAK = "MKMODELFILE_SOAK" in os.environ
LIVE = ["Llama-3.2-1B", "LFM2-1.2B"]
"""Dense and hybrid, and small; `make soak` asks about all."""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")

    @cache
    def path(name: str, *, words: bool = False) -> Path:
        return write(folder / f"{name}-{words}.gguf", MODELS[name], words=words)

    return path


def settings(run: Run) -> Settings:
    return Settings(run.context, slots=run.slots, cache_type=run.cache, flash_attention=run.flash)


def computed(path: Path, run: Run) -> Memory:
    device = estimate(open_model(path), settings(run)).devices[0]
    values = (device.weights, device.cache, device.states, device.compute, device.output)
    return Memory(*(value / MIB for value in values))


def differences(ours: Memory, theirs: Memory) -> list[str]:
    found = []
    for part in ("model", "cache", "states", "compute", "output"):
        mine, reported = getattr(ours, part), getattr(theirs, part)
        if abs(mine - reported) > WITHIN * reported + ROUNDED:
            found.append(f"{part}: {mine:.2f} MiB, llama-server reports {reported:.2f}")
    return found


@pytest.mark.parametrize("name", MODELS)
def test_every_line_is_within_a_tenth_of_the_record(name, files):
    of_this = {run: memory for run, memory in RECORD.items() if run.model == name}
    assert of_this, "nothing was recorded"
    assert {run.context for run in of_this} == {4096, 32768}
    assert {run.cache for run in of_this} == {"f16", "q8_0"}
    wrong = {
        run.words: found
        for run, memory in of_this.items()
        if (found := differences(computed(files(name), run), memory))
    }
    assert not wrong


@pytest.mark.server
@pytest.mark.parametrize("name", MODELS if SOAK else LIVE)
def test_a_running_llama_server_reports_the_same(name, files, engine):
    for run in (Run(name, 2048), Run(name, 4096, cache="q8_0", slots=2)):
        file = files(name, words=True)
        wrong = differences(computed(file, run), ask(engine / "llama-server", file, run.arguments))
        assert not wrong, run.words


def test_record_has_enough_shapes():
    big = [run.model for run in RECORD if run.context == 32768 and run.cache == "q8_0"]
    assert len(big) >= 12
    assert len({MODELS[name].architecture for name in big}) >= 12


def test_devices_share_what_one_alone_would_have(files):
    model = open_model(files("Mistral-7B-v0.3"))
    alone = estimate(model, Settings(4096)).devices[0]
    shared = estimate(model, Settings(4096, gpu_layers=20, split=(3, 1)))
    assert [device.name for device in shared.devices] == ["CPU", "GPU 0", "GPU 1"]
    assert [device.layers for device in shared.devices] == [13, 15, 5]  # 33 with the output
    assert sum(device.weights for device in shared.devices) == alone.weights
    assert sum(device.cache for device in shared.devices) == alone.cache


def test_shared_embeddings_lie_on_both_devices(files):
    model = open_model(files("Llama-3.2-1B"))
    shared = estimate(model, Settings(4096, gpu_layers=99))
    embeddings = next(tensor.size or 0 for tensor in model.tensors if tensor.name == "token_embd.weight")
    weights = sum(tensor.size or 0 for tensor in model.tensors)
    assert sum(device.weights for device in shared.devices) == weights + embeddings


def test_layers_for_drafting_alone_are_not_loaded(tmp_path):
    plain = MODELS["GLM-4-9B-0414"]
    keys = {**(plain.keys or {}), "nextn_predict_layers": 1}
    drafting = Model(**{**plain.__dict__, "layers": plain.layers + 1, "keys": keys})
    one = open_model(write(tmp_path / "one.gguf", plain, words=False))
    two = open_model(write(tmp_path / "two.gguf", drafting, words=False))
    settings = Settings(4096)
    assert estimate(one, settings).devices == estimate(two, settings).devices


def test_an_unknown_architecture_has_weights_alone(tmp_path):
    plain = MODELS["Llama-3.2-1B"]
    odd = Model(**{**plain.__dict__, "architecture": "from_the_future"})
    found = estimate(open_model(write(tmp_path / "odd.gguf", odd, words=False)), Settings(4096, gpu_layers=5))
    assert "from_the_future" in found.unknown
    assert [(d.cache, d.compute, d.states) for d in found.devices] == [(0, 0, 0)]
    assert found.total == sum(found.weights.values()) > 0


def test_numbers_that_are_missing_are_named(tmp_path):
    path = text_model(tmp_path / "m.gguf", "llama", keys={}, layers=2, said_layers=0)
    found = estimate(open_model(path), Settings(4096))
    assert "llama.block_count" in found.unknown


def test_the_projector_counts_where_it_lies(tmp_path):
    pair = build_pair(tmp_path)
    assert pair.projector is not None
    projector = read_header(pair.projector)
    model = open_model(pair.model)
    weights = sum(tensor.size or 0 for tensor in projector.tensors)
    for settings, place in ((Settings(512), 0), (Settings(512, gpu_layers=99), 1)):
        found = estimate(model, settings, projector)
        assert found.devices[place].projector >= weights
        assert found.total - estimate(model, settings).total == found.devices[place].projector


@pytest.mark.server
def test_ollama_ps_shows_the_same(tmp_path, engine):
    ollama = OllamaProcess(engine.parents[1] / "bin" / "ollama", tmp_path / "server")
    model = build_pair(tmp_path).model
    numbers = "PARAMETER num_ctx 8192\nPARAMETER num_batch 512\nPARAMETER num_gpu 0\n"
    (tmp_path / "Modelfile").write_text(f"FROM {model}\n{numbers}")
    ollama.start()
    try:
        ollama.run("create", "m", "-f", str(tmp_path / "Modelfile"))
        done = httpx.post(f"{ollama.url}/api/generate", json={"model": "m"}, timeout=120, trust_env=False)
        assert done.status_code == 200, done.text
        (running,) = httpx.get(f"{ollama.url}/api/ps", timeout=10, trust_env=False).json()["models"]
        log = ollama.log.read_text()
    finally:
        ollama.stop()
    context = running["context_length"]
    found = estimate(open_model(model), Settings(context))
    assert found.total == pytest.approx(running["size"], rel=WITHIN), (context, log[-3000:])


ODD: tuple[object, ...] = (0, 1, 7, 2**31, 2**32 - 1, -1, "x", 1.5, True, [1, 2], [], [0] * 3)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_a_header_says_there_is_an_answer(seed, tmp_path):
    chance = random.Random(seed)
    names = sorted(KNOWN | OTHER_CACHE.keys() | {"x"})
    for _ in range(60):
        model = MODELS[chance.choice(list(MODELS))]
        architecture = chance.choice([model.architecture, chance.choice(names)])
        keys = {
            f"{architecture}.{key}": chance.choice(ODD) if chance.random() < 0.1 else value
            for key, value in metadata(model).items()
            if chance.random() > 0.08
        }
        entries = {"general.architecture": architecture, **keys}
        path = tmp_path / "m.gguf"
        path.write_bytes(gguf({key: typed(value) for key, value in entries.items()}))
        found = tuple(
            TensorInfo(name, chance.choice([shape[::-1]] * 20 + [(), (1,), (0, 0)]), "F16", 0, 2)
            for name, shape in tensors(model)
            if chance.random() > 0.1
        )
        asked = Settings(
            chance.choice([1, 4096, 1 << 24]),
            slots=chance.choice([1, 3, 256]),
            cache_type=chance.choice(["f16", "q8_0"]),
            flash_attention=chance.random() < 0.7,
            gpu_layers=chance.choice([0, 5, 99999]),
            split=chance.choice([(1.0,), (0.0, 1.0), (3.0, 1.0)]),
        )
        answer = estimate(LoadedModel(read_header(path), found, ()), asked)
        assert sum(answer.weights.values()) == 2 * len(found)
        assert answer.unknown or len(answer.devices) == (1 + len(asked.split) if asked.gpu_layers else 1)


def typed(value) -> Typed:
    if isinstance(value, (list, tuple)):
        return Typed("int32[]", list(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return Typed("int32" if value < 0 else "uint32", value)
    return Typed({bool: "bool", str: "string", float: "float32"}[type(value)], value)
