"""Where a projector is looked for: layouts of hubs, of Hugging Face's cache and of Ollama's store."""

from __future__ import annotations

import json
import os

import pytest

from modelfile_kit.gguf_file.neighbours import MAX_FILES, neighbours, state_around
from modelfile_kit.gguf_file.projector_choice import find_projector
from tests.gguf_file.handmade import Typed, gguf, model, projector

MARKS = ("<|begin_of_image|>", "<|end_of_image|>")
SEES = {"own__rope__dimension_sections": Typed("int32[]", [8, 12, 12, 0])}


@pytest.fixture
def put(tmp_path):
    """Writes a glm4 model that sees, or (kind) its projector, below the test's folder."""

    def put(name, kind="", **more):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        entries = projector(kind, **more) if kind else model("glm4", MARKS, (3, 3), **{**SEES, **more})
        path.write_bytes(gguf(entries))
        return path

    return put


@pytest.mark.parametrize(
    "place", ["m/mmproj.gguf", "m/mmproj/any.gguf", "mmproj-F16.gguf", "mmproj/x.gguf", "m/odd-name.gguf"]
)
def test_places(put, place):
    text, eye = put("m/model.gguf"), put(place, "glm4v")
    assert find_projector(text).path == eye


def test_the_nearest_is_taken(put):
    text = put("m/model.gguf")
    put("mmproj-F16.gguf", "glm4v")
    near = put("m/mmproj.gguf", "glm4v")
    assert find_projector(text).path == near


def test_the_folder_above_is_not_a_package(put):
    text = put("m/model.gguf")
    put("odd-name.gguf", "glm4v")
    assert find_projector(text).path is None


def test_beside_the_symlink_before_the_blob(put, tmp_path):
    cache = tmp_path / "models--org--GLM-4.1V-GGUF"
    text, eye = put(f"{cache.name}/blobs/aa11"), put(f"{cache.name}/blobs/bb22", "glm4v")
    snapshot = cache / "snapshots" / "deadbeef"
    snapshot.mkdir(parents=True)
    (snapshot / "GLM-4.1V-Q4_K_M.gguf").symlink_to(text)
    (snapshot / "mmproj-GLM-4.1V-F16.gguf").symlink_to(eye)
    choice = find_projector(snapshot / "GLM-4.1V-Q4_K_M.gguf")
    assert choice.path == snapshot / "mmproj-GLM-4.1V-F16.gguf"
    assert choice.diagnostics == ()


def test_behind_a_link_to_a_link_of_the_cache(put, tmp_path):
    cache = tmp_path / "models--org--GLM-4.1V-GGUF"
    text = put(f"{cache.name}/blobs/aa11", general__name=Typed("string", "GLM 4.1V"))
    eye = put(f"{cache.name}/blobs/bb22", "glm4v", general__name=Typed("string", "GLM 4.1V"))
    snapshot = cache / "snapshots" / "deadbeef"
    snapshot.mkdir(parents=True)
    (snapshot / "GLM-4.1V-Q4_K_M.gguf").symlink_to(f"../../blobs/{text.name}")
    (snapshot / "mmproj-GLM-4.1V-F16.gguf").symlink_to(f"../../blobs/{eye.name}")
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "other.gguf").symlink_to(f"../{cache.name}/snapshots/deadbeef/GLM-4.1V-Q4_K_M.gguf")
    (tmp_path / "work" / "m.gguf").symlink_to("other.gguf")
    assert (found := find_projector(tmp_path / "work" / "m.gguf").path)
    assert found.samefile(eye) and found.parent.samefile(snapshot)


def test_behind_a_link_to_another_folder(put, tmp_path):
    text, eye = put("store/GLM-4.1V-Q4_K_M.gguf"), put("store/mmproj.gguf", "glm4v")
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "m.gguf").symlink_to(text)
    assert find_projector(tmp_path / "work" / "m.gguf").path == eye


def test_ollamas_store_by_manifest(put, tmp_path):
    text, eye = put("store/blobs/sha256-" + "a" * 64), put("store/blobs/sha256-" + "b" * 64, "glm4v")
    put("store/blobs/sha256-" + "c" * 64, "glm4v")
    manifest = tmp_path / "store/manifests/registry.ollama.ai/library/glm/latest"
    manifest.parent.mkdir(parents=True)
    kinds = {"model": "a", "projector": "b"}
    layers = [
        {"mediaType": f"application/vnd.ollama.image.{k}", "digest": "sha256:" + c * 64}
        for k, c in kinds.items()
    ]
    manifest.write_text(json.dumps({"layers": layers}))
    (manifest.parent / "broken").write_text('{"layers": [1')
    assert find_projector(text).path == eye
    manifest.unlink()
    assert find_projector(text).path is None


def test_a_split_model_in_a_folder_of_its_own(put):
    part = {"split__count": Typed("uint16", 2)}
    first = put("Q4/GLM-4.5V-Q4_K_M-00001-of-00002.gguf", **part, split__no=Typed("uint16", 0))
    put("Q4/GLM-4.5V-Q4_K_M-00002-of-00002.gguf", **part, split__no=Typed("uint16", 1))
    eye = put("mmproj-F16.gguf", "glm4v")
    assert find_projector(first).path == eye
    assert find_projector(first).rejected == ()


def test_a_folder_with_too_many_files(put, header):
    text = put("m/model.gguf")
    for n in range(MAX_FILES + 2):
        (text.parent / f"a{n:03}.gguf").write_bytes(b"x")
    around = list(neighbours(text, header(model())))
    assert [n.listed for n in around].count(False) == 2


def test_of_thousands_of_files_only_the_links_are_resolved(put, header, tmp_path, monkeypatch):
    text = put("m/model.gguf")
    for n in range(3000):
        (text.parent / f"a{n:04}.gguf").touch()
    (text.parent / "zz-itself.gguf").symlink_to("model.gguf")
    (text.parent / "zz-other.gguf").symlink_to("a0000.gguf")
    asked = []
    real = os.path.realpath

    def noted(path, **how):
        asked.append(path)
        return real(path, **how)

    monkeypatch.setattr(os.path, "realpath", noted)
    around = [n.path.name for n in neighbours(text, header(model()))]
    assert len(around) == 3000 and not {"model.gguf", "zz-itself.gguf", "zz-other.gguf"} & {*around}
    assert len(asked) < 20


def test_a_state_rests_on_the_files_that_are_looked_at_and_on_the_parts(put):
    text = put("m/model-00001-of-00002.gguf")
    for n in range(MAX_FILES + 1):
        (text.parent / f"a{n:03}.gguf").touch()
    part, last = text.parent / "model-00002-of-00002.gguf", text.parent / f"a{MAX_FILES}.gguf"
    seen = [state_around(text)]
    for changed in (text.parent / "a000.gguf", part, text.parent.parent / "mmproj-of-it.gguf"):
        changed.write_bytes(b"changed")
        seen.append(state_around(text))
    assert len({*seen}) == 4
    last.write_bytes(b"changed")
    assert state_around(text) == seen[-1]
