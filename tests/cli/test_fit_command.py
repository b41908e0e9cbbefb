from __future__ import annotations

import json
from dataclasses import replace

import pytest

from modelfile_kit.micro import build_pair
from tests.fit.real_models import MODELS, write


@pytest.fixture
def model(tmp_path):
    return write(tmp_path / "m.gguf", MODELS["Llama-3.2-1B"], words=False)


def data(done):
    return json.loads(done.out)["cases"][0]["data"]


def test_a_model_in_words(model, mkmodelfile):
    done = mkmodelfile("fit", model)
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[1] == "  context 4,096, cache f16, batch 512"
    # What llama-server reports: 727.75, 128.00 and 68.01 MiB (tests/fit/engine_memory.txt).
    assert lines[2].split()[:3] == ["weights", "728", "MiB"]
    assert lines[3].split() == ["cache", "128", "MiB"]
    assert lines[4].split() == ["compute", "68.0", "MiB"]
    assert "estimated" in done.out
    assert "largest context" not in done.out


def test_the_same_input_gives_the_same_output(model, mkmodelfile):
    first, second = (mkmodelfile("fit", model, "--memory", "2GiB") for _ in range(2))
    assert (first.out, first.err) == (second.out, second.err)


def test_what_fits(model, mkmodelfile):
    done = mkmodelfile("fit", model, "--memory", "4GiB", "--format", "json")
    found = data(done)
    assert done.code == 0
    assert found["memory"] == [4 << 30]
    assert 65_536 < found["largest_context"] < 131_072
    rows = {row["name"]: row for row in found["quantizations"]}
    assert rows["Q8_0"]["largest_context"] < found["largest_context"]
    assert rows["Q3_K_M"]["largest_context"] >= found["largest_context"]
    assert "largest context within 4.00 GiB: " in mkmodelfile("fit", model, "--memory", "4GiB").out


def test_what_does_not_fit_is_an_error_with_the_way_out(model, mkmodelfile):
    done = mkmodelfile("fit", model, "--memory", "2GiB", "--context", "65536")
    assert done.code == 1
    assert "MK449" in done.err
    assert "use a context of at most " in done.err
    done = mkmodelfile("fit", model, "--memory", "100MiB")
    assert done.code == 1
    assert "does not fit" in done.out
    assert "at most" not in done.err
    # nothing smaller fits either: what would help is another model
    assert "use a smaller model; no smaller quantization fits with this context (Q3_K_M needs " in done.err
    done = mkmodelfile("fit", model, "--memory", "860MiB")
    assert "use a smaller quantization (Q" in done.err and "use a smaller model" not in done.err


def test_layers_on_a_gpu(model, mkmodelfile):
    found = data(mkmodelfile("fit", model, "--gpu-layers", "10", "--format", "json"))
    assert [device["layers"] for device in found["devices"]] == [7, 10]
    done = mkmodelfile("fit", model, "--gpu-layers", "fit", "--memory", "500MiB")
    assert done.code == 0
    assert "of 17 layers fit on the GPU" in done.out


def test_gpus_share_by_their_memory(model, mkmodelfile):
    found = data(
        mkmodelfile("fit", model, "--gpu-layers", "all", "--memory", "3GiB,1GiB", "--format", "json")
    )
    assert [device["name"] for device in found["devices"]] == ["CPU", "GPU 0", "GPU 1"]
    assert [device["layers"] for device in found["devices"]] == [0, 13, 4]


def test_other_quantizations_beside_it_are_read(model, mkmodelfile):
    write(model.with_name("other.gguf"), MODELS["Llama-3.2-1B"], "Q8_0", words=False)
    write(model.with_name("foreign.gguf"), MODELS["LFM2-1.2B"], words=False)
    import gguf

    out = gguf.GGUFWriter(str(model.with_name("broken.gguf")), "llama")
    out.close()
    rows = data(mkmodelfile("fit", model, "--format", "json"))["quantizations"]
    assert sum(not row["estimated"] for row in rows) == 1  # made-up files do not name their type


def test_a_context_beyond_the_trained_one(model, mkmodelfile):
    done = mkmodelfile("fit", model, "--context", "200000")
    assert done.code == 0
    assert "MK126" in done.err
    assert "131,072" in done.err


def test_an_unknown_architecture_has_weights(tmp_path, mkmodelfile):
    odd = replace(MODELS["Llama-3.2-1B"], architecture="from_the_future")
    done = mkmodelfile("fit", write(tmp_path / "odd.gguf", odd, words=False), "--memory", "4GiB")
    assert done.code == 0
    assert "MK471" in done.err
    assert "only the weights are counted" in done.err
    assert "728 MiB" in done.out
    assert "cache" not in done.out


def test_a_package_has_its_context_and_projector(package, mkmodelfile):
    done = mkmodelfile("fit", package, "--format", "json")
    assert done.code == 0, done.err
    found = data(done)
    assert found["context"] > 0
    assert found["projector"]["weights"] > 0
    assert data(mkmodelfile("fit", package, "--projector", "none", "--format", "json"))["projector"] is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--memory", "much"], "is no size"),
        (["--memory", "0GiB"], "more than 0"),
        (["--memory", "12"], "has no unit, which means bytes"),
        (["--memory", "12GiB,8GiB"], "--memory has several sizes, and no layers are on a GPU"),
        (["--split", "3,1"], "--split shares out GPUs, and no layers are on a GPU"),
        (["--memory", "99999999TiB"], "at most 1 PiB"),
        (["--context", "0"], "--context"),
        (["--cache-type", "q3_K"], "--cache-type"),
        (["--gpu-layers", "some"], "`all` or `fit`"),
        (["--gpu-layers", "1" * 5000], "`all` or `fit`"),
        (["--gpu-layers", "fit"], "needs --memory"),
        (["--split", "a,b"], "one number for each GPU"),
        (["--split", "0,0"], "one number for each GPU"),
        (["--no-flash-attention", "--cache-type", "q8_0"], "needs flash attention"),
    ],
)
def test_wrong_options(model, mkmodelfile, arguments, words):
    done = mkmodelfile("fit", model, *arguments)
    assert done.code == 2
    assert words in done.err


def test_a_cache_type_that_the_heads_do_not_suit(tmp_path, mkmodelfile):
    odd = replace(MODELS["Llama-3.2-1B"], head=80)
    done = mkmodelfile("fit", write(tmp_path / "odd.gguf", odd, words=False), "--cache-type", "q8_0")
    assert done.code == 1
    assert "MK472" in done.err


def test_files_in_the_wrong_place(tmp_path, model, mkmodelfile):
    pair = build_pair(tmp_path)
    assert "is a projector, expected a model" in mkmodelfile("fit", pair.projector).err
    assert "is a model, expected a projector" in mkmodelfile("fit", model, "--projector", model).err
    assert "MK402" in mkmodelfile("fit", tmp_path / "no.gguf").err
    (tmp_path / "no.gguf").write_text("no GGUF")
    assert "MK403" in mkmodelfile("fit", tmp_path / "no.gguf").err


def test_inspect_says_it_in_a_line(model, mkmodelfile):
    done = mkmodelfile("inspect", model)
    # Weights, keys and values, compute and output of llama-server: 727.75, 128.00, 68.01, 0.49 MiB.
    assert "memory         924 MiB with 4,096, " in done.out
    found = data(mkmodelfile("inspect", model, "--format", "json"))["memory"]
    assert list(found) == ["4096", "131072"]
    assert found["4096"] / 2**20 == pytest.approx(727.75 + 128 + 68.01 + 0.49, abs=0.1)


def test_a_package_says_how_much_there_is(package, mkmodelfile):
    file = package / "mkmodelfile.yaml"
    file.write_text(file.read_text() + "memory: 1MiB\n")
    done = mkmodelfile("fit", package)
    assert done.code == 1
    assert "there are 1.00 MiB" in done.err
    assert mkmodelfile("fit", package, "--memory", "1GiB").code == 0
