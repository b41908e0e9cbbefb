"""OCI layouts, judged by ModelPack's and OCI's own validators."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.core.errors import UsageError
from modelfile_kit.packing.oci_layout import make_artifact, write_layout
from tests.packing.judge import judge
from tests.replies import formats


def manifests(folder: Path) -> list[dict[str, Any]]:
    return [
        json.loads((folder / "blobs" / entry["digest"].replace(":", "/")).read_text())
        for entry in json.loads((folder / "index.json").read_text())["manifests"]
    ]


def test_the_judge_finds_nothing_wrong(seeing, tmp_path, micro_pair) -> None:
    (tmp_path / "LICENSE").write_text("Mine.\n")
    (tmp_path / "README.md").write_text("---\nlicense: mit\n---\n")
    folder, artifact = write_layout(seeing("license: LICENSE\nsystem: Be brief.\n"))
    assert folder == tmp_path / "build" / "demo" / "oci"
    assert judge(folder) == []
    [manifest] = manifests(folder)
    kinds = {
        layer["annotations"]["org.cncf.model.filepath"]: layer["mediaType"] for layer in manifest["layers"]
    }
    start = "application/vnd.cncf.model."
    assert kinds == {
        "micro-glm4v.gguf": f"{start}weight.v1.raw",
        "mmproj-micro-glm4v.gguf": f"{start}weight.v1.raw",
        "Modelfile": f"{start}weight.config.v1.raw",
        "template": f"{start}weight.config.v1.raw",
        "chat_template.jinja": f"{start}weight.config.v1.raw",
        "LICENSE": f"{start}doc.v1.raw",
        "README.md": f"{start}doc.v1.raw",
    }
    assert [layer.name for layer in artifact.layers] == list(kinds)


def test_the_judge_finds_faults(seeing) -> None:
    folder, artifact = write_layout(seeing())
    config = folder / "blobs" / json.loads(artifact.manifest)["config"]["digest"].replace(":", "/")
    config.write_bytes(config.read_bytes().replace(b'"gguf"', b"7"))
    assert len(judge(folder)) >= 2


def test_the_same_package_gives_the_same_artifact(seeing) -> None:
    built = seeing()
    assert make_artifact(built).digest == make_artifact(built).digest
    assert make_artifact(built).digest != make_artifact(seeing("system: Sing.\n")).digest


def test_a_text_model_with_tools(speaking) -> None:
    folder, _ = write_layout(speaking(formats.JSON_CALLS, "mode: go\n"))
    assert judge(folder) == []
    [manifest] = manifests(folder)
    config = json.loads((folder / "blobs" / manifest["config"]["digest"].replace(":", "/")).read_text())
    assert config["config"]["capabilities"]["toolUsage"] is True
    assert config["config"]["capabilities"]["inputTypes"] == ["text"]


def test_large_files_are_not_copied_and_not_written_twice(seeing, micro_pair) -> None:
    built = seeing()
    folder, artifact = write_layout(built)
    blob = folder / "blobs" / artifact.layers[0].digest.replace(":", "/")
    assert blob.read_bytes() == micro_pair.model.read_bytes()
    before = blob.stat()
    write_layout(built)
    assert (blob.stat().st_ino, blob.stat().st_ctime_ns) == (before.st_ino, before.st_ctime_ns)


def test_tags_stay_beside_each_other(seeing, tmp_path) -> None:
    out = tmp_path / "layout"
    for name, text in (("demo:q4", ""), ("demo:q8", "system: a\n"), ("demo:q8", "system: b\n")):
        write_layout(seeing(text, name=name), out)
    assert judge(out) == []
    entries = json.loads((out / "index.json").read_text())["manifests"]
    tags = [entry["annotations"]["org.opencontainers.image.ref.name"] for entry in entries]
    assert tags == ["q4", "q8"]


def test_what_is_not_in_it(seeing) -> None:
    [found] = make_artifact(seeing("quantize: q8_0\n")).diagnostics
    assert (found.code, str(found.severity)) == ("MK545", "warning")


@pytest.mark.parametrize("text", ["[]", "{}", '{"manifests": 1}', '{"manifests": [1]}', "{"])
def test_another_index_is_not_overwritten(seeing, tmp_path, text: str) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "index.json").write_text(text)
    with pytest.raises(UsageError, match=r"index\.json"):
        write_layout(seeing(), tmp_path / "out")
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["index.json"]


def test_a_full_disk_leaves_nothing(seeing, tmp_path, monkeypatch) -> None:
    def full(_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    built = seeing()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match="the disk is full"):
        write_layout(built, tmp_path / "out")
    assert not (tmp_path / "out").exists()
