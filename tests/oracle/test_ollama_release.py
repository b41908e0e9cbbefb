"""The tool that reads a new release: on two small modules made here, and on the ones that are committed."""

from __future__ import annotations

import json
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from modelfile_kit.ollama.releases import RELEASES
from modelfile_kit.ollama.versions import LATEST
from tests.oracle.oracle import OracleUnavailableError, go_binary
from tools.ollama_release import __main__ as tool
from tools.ollama_release import tables
from tools.ollama_release.sources import sample

MODULE = "github.com/ollama/ollama"
OLD = {
    "LLAMA_CPP_VERSION": "b20000\n",
    "parser/parser.go": """package parser
import "errors"
// The first words.
func isValidCommand(cmd string) bool {
	switch cmd {
	case "from", "license", "template", "system", "adapter", "renderer", "parser", "parameter", "message":
		return true
	}
	return false
}
var errOld = errors.New("an old complaint")
""",
    "model/renderers/renderer.go": """package renderers
func rendererForName(name string) int {
	switch name {
	case "qwen3-coder":
		return 1
	}
	return 0
}
""",
    "api/types.go": """package api
type Options struct {
	TopK int `json:"top_k,omitempty"`
	Stop []string `json:"stop,omitempty"`
}
""",
    "server/routes.go": """package server
func routes(r router) { r.POST("/api/chat", nil) }
""",
    "template/index.json": '[{"template": "{{ x }}", "name": "one"}]',
}
NEW = {
    **OLD,
    "LLAMA_CPP_VERSION": "b20001\n",
    "parser/parser.go": OLD["parser/parser.go"]
    .replace("The first words", "Other words")
    .replace('"message"', '"message", "voice"')
    .replace("an old complaint", "no voice named %q"),
    "model/renderers/renderer.go": OLD["model/renderers/renderer.go"].replace("coder", "painter"),
    "api/types.go": OLD["api/types.go"].replace("}", '\tLoudness float32 `json:"loudness"`\n}'),
    "server/routes.go": OLD["server/routes.go"].replace("nil)", 'nil); r.POST("/api/speak", nil)'),
    "server/create.go": 'package server\nvar errGone = errors.New("an old complaint")\n',
}


def publish(proxy: Path, version: str, files: Mapping[str, str]) -> None:
    """A release as a Go proxy serves it."""
    folder = proxy / MODULE / "@v"
    folder.mkdir(parents=True, exist_ok=True)
    mod = f"module {MODULE}\n\ngo 1.21\n"
    about = {"Version": f"v{version}", "Time": "2027-01-02T03:04:05Z"}
    (folder / f"v{version}.info").write_text(json.dumps(about))
    (folder / f"v{version}.mod").write_text(mod)
    with zipfile.ZipFile(folder / f"v{version}.zip", "w") as archive:
        for name, text in {"go.mod": mod, **files}.items():
            archive.writestr(f"{MODULE}@v{version}/{name}", text)
    with (folder / "list").open("a") as names:
        names.write(f"v{version}\n")


@pytest.fixture
def proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Go proxy with the two releases, and no way to any other."""
    go = go_binary()
    if go is None:
        pytest.skip("there is no Go here")
    built = subprocess.run([go, "env", "GOCACHE"], capture_output=True, text=True, check=True).stdout.strip()
    settings = {
        "GOCACHE": built,
        "GOMODCACHE": str(tmp_path / "modules"),
        "GOFLAGS": "-modcacherw",
        "GOPROXY": f"file://{tmp_path / 'proxy'}",
        "GOSUMDB": "off",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    publish(tmp_path / "proxy", "0.98.0", OLD)
    publish(tmp_path / "proxy", "0.99.0", NEW)
    return tmp_path / "proxy"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(tool.main, arguments)


@pytest.mark.oracle
def test_a_new_release_is_found_and_compared(
    proxy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = tmp_path / "releases.py"
    monkeypatch.setattr(tool, "TABLE", written)
    done = run("--since", "0.98.0", "--write")
    assert done.exit_code == 0, done.output
    text = done.output
    assert "Ollama 0.99.0 (2027-01-02, llama.cpp b20001), newer than the kit's latest" in text
    assert "compared with 0.98.0 (2027-01-02, llama.cpp b20000)" in text
    for line in ("+ voice", "- qwen3-coder", "+ qwen3-painter", "+ loudness float32", "+ POST /api/speak"):
        assert f"  {line}\n" in text, text
    # What only moved to another file is neither new nor gone; what doctor does not know is marked.
    assert "?      'parser/parser.go: no voice named %q'" in text and "old complaint" not in text
    assert "unchanged: functions of a TEMPLATE, PARSERs, built-in templates" in text
    assert "server/create.go new: selection.py" in text
    assert "renderers: not in the kit's table: qwen3-painter" in text
    assert "parameters: not in the kit's table: loudness (float)" in text
    assert "the judge cannot be built" in text
    assert '    (0, 99, 0): Release("2027-01-02", 20001),\n}\n' in written.read_text()
    assert f"    {LATEST}: Release" in written.read_text()


@pytest.mark.oracle
def test_a_release_that_nobody_has(proxy: Path) -> None:
    done = run("0.97.0")
    assert done.exit_code == 1 and "v0.97.0" in done.output


@pytest.mark.oracle
def test_a_changed_comment_is_no_change(proxy: Path) -> None:
    publish(proxy, "0.99.1", {**OLD, "parser/parser.go": "// Words.\n" + OLD["parser/parser.go"]})
    text = run("0.99.1", "--since", "0.98.0", "--no-judges").output
    assert "parser/parser.go" not in text


@pytest.mark.oracle
def test_the_committed_tables_are_what_the_tool_makes() -> None:
    if go_binary() is None:
        pytest.skip("there is no Go here")
    try:
        assert list(tool.checked()) == []
    except OracleUnavailableError as e:
        pytest.skip(str(e))


def test_a_row_that_was_changed_by_hand_is_seen() -> None:
    assert tables.TABLE.read_text(encoding="utf-8") == tables.table(RELEASES)
    wrong = {**RELEASES, LATEST: RELEASES[LATEST]._replace(llama_cpp=1)}
    assert tables.TABLE.read_text(encoding="utf-8") != tables.table(wrong)


def test_a_text_with_its_places_filled() -> None:
    assert sample("split GGUF %q has %d shards: %w (%5.2f)") == 'split GGUF "m" has 3 shards: x (x)'
