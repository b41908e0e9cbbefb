"""What fits, held against estimates at the border."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from modelfile_kit.fit.estimate import Estimate, estimate_shape
from modelfile_kit.fit.search import fits, largest_context, most_layers
from modelfile_kit.fit.settings import Settings
from modelfile_kit.fit.shape import Shape, shape_of
from modelfile_kit.fit.sources import open_model
from modelfile_kit.gguf_file.tensors import TensorInfo

from .real_models import MODELS, write

GIB = 1 << 30


@dataclass(frozen=True)
class Known:
    shape: Shape
    tensors: tuple[TensorInfo, ...]

    def estimate(self, settings: Settings) -> Estimate:
        return estimate_shape(self.shape, self.tensors, settings)

    def context(self, settings: Settings, memory: int) -> int:
        found = largest_context(self.shape, self.tensors, settings, (memory,))
        assert found is not None
        return found

    def layers(self, settings: Settings, memory: int) -> int:
        found = most_layers(self.shape, self.tensors, settings, (memory,))
        assert found is not None
        return found


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = write(tmp_path_factory.mktemp("m") / "m.gguf", MODELS["Qwen3-8B"], words=False)
    found = open_model(path)
    return Known(shape_of(found.header, found.tensors), found.tensors)


@pytest.mark.parametrize("memory", [6 * GIB, 7 * GIB])
def test_the_longest_context_is_the_last_that_fits(model, memory):
    settings = Settings(4096)
    found = model.context(settings, memory)
    assert 0 < found < 40960
    assert model.estimate(replace(settings, context=found)).total <= memory
    assert model.estimate(replace(settings, context=found + 256)).total > memory


def test_not_beyond_the_trained_context_and_not_below_the_weights(model):
    assert model.context(Settings(4096), 64 * GIB) == 40960
    assert model.context(Settings(4096), 4 * GIB) == 0


def test_a_smaller_cache_gives_a_longer_context(model):
    plain = model.context(Settings(4096), 6 * GIB)
    assert model.context(Settings(4096, cache_type="q8_0"), 6 * GIB) > 1.8 * plain
    assert model.context(Settings(4096, slots=2), 6 * GIB) < 0.6 * plain


def test_the_most_layers_are_the_last_that_fit(model):
    settings, memory = Settings(4096), 3 * GIB
    found = model.layers(settings, memory)
    assert 0 < found < 36
    gpu = model.estimate(replace(settings, gpu_layers=found)).devices[1]
    more = model.estimate(replace(settings, gpu_layers=found + 1)).devices[1]
    assert gpu.total <= 3 * GIB < more.total
    assert model.layers(settings, 64 * GIB) == 37
    assert model.layers(settings, 1 << 20) == 0


def test_every_gpu_is_held_against_its_own_memory(model):
    shared = model.estimate(Settings(4096, gpu_layers=99, split=(3, 1)))
    first, second = (device.total for device in shared.devices[1:])
    assert fits(shared, (first, second))
    assert not fits(shared, (first - 1, second))
    assert not fits(shared, (first, second - 1))
    assert fits(shared, (max(first, second),))
