"""Sessions of a client with the server in a process of its own."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.lsp.document_text import DocumentText
from tests.lsp.client import PATIENCE, Client, uri_of

pytest.importorskip("pygls", reason="pygls (the extra lsp) is not installed")

# What a server that only answers never does; told on its standard error.
WATCH = """
import os, sys
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
def watch(event, arguments):
    if event == "open" and (isinstance(arguments[0], int) or not (arguments[2] or 0) & WRITING):
        return  # a stream that is open already, or a file that is read
    if event in ("open", "socket.connect", "socket.getaddrinfo", "socket.bind", "socket.sendto", "os.rename",
                 "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.link", "os.symlink", "os.chmod",
                 "subprocess.Popen", "os.fork", "os.posix_spawn"):
        os.write(2, f"{event} {arguments!r}\\n".encode())
sys.addaudithook(watch)
"""


@pytest.fixture
def folder(tmp_path: Path, pair: Any) -> Path:
    """A folder with a model, and nothing that a test may change."""
    home = tmp_path / "你 package"
    home.mkdir()
    (home / pair.model.name).write_bytes(pair.model.read_bytes())
    return home


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """One server for the tests that leave it as it was."""
    with Client() as client:
        client.start()
        yield client


def applied(text: str, edits: list[dict[str, Any]]) -> str:
    """A text with a client's edits, from the last to the first."""
    lines = DocumentText(text)
    places = [
        (*(lines.offset(*edit["range"][end].values()) for end in ("start", "end")), edit["newText"])
        for edit in edits
    ]
    for start, end, new in sorted(places, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def at(line: int, character: int, to: int | None = None) -> dict[str, Any]:
    """A range in one line."""
    end = character if to is None else to
    return {"start": {"line": line, "character": character}, "end": {"line": line, "character": end}}


def test_a_session(folder: Path, pair: Any, tmp_path: Path) -> None:
    """A Modelfile is opened, asked about, completed, corrected and formatted; the server writes nothing."""
    watch = tmp_path / "watch"
    watch.mkdir()
    (watch / "sitecustomize.py").write_text(WATCH)
    path = os.pathsep.join([str(watch), *sys.path])
    uri = uri_of(folder / "Modelfile")
    before = {p.name: p.stat().st_mtime_ns for p in folder.iterdir()}
    model = pair.model.name
    text = f"from ./{model}\nSYSTEM 你好😀 there\nPARAM\n"
    with Client(PYTHONPATH=path, PYTHONDONTWRITEBYTECODE="1") as client:
        capabilities = client.start()
        assert capabilities["positionEncoding"] == "utf-16"
        assert capabilities["textDocumentSync"]["change"] == 2
        client.open(uri, text)
        [refused] = [d for d in client.findings(uri, 1) if d["severity"] == 1]
        assert (refused["code"], refused["source"]) == ("MK101", "mkmodelfile")
        assert refused["range"] == at(2, 0, 5)
        assert "PARAMETER" in refused["message"] and refused["codeDescription"]["href"].endswith(
            "-instruction"
        )

        # the name of the instruction, then of the parameter, as the editor's user takes them
        items = client.at("completion", uri, 2, 5)["items"]
        [item] = [i for i in items if i["label"] == "PARAMETER"]
        assert item["textEdit"]["range"] == at(2, 0, 5)
        text = applied(text, [item["textEdit"]])
        client.change(uri, 2, {"range": item["textEdit"]["range"], "text": item["textEdit"]["newText"]})
        items = client.at("completion", uri, 2, 10)["items"]
        [item] = [i for i in items if i["label"] == "top_p"]
        client.change(uri, 3, {"range": item["textEdit"]["range"], "text": item["textEdit"]["newText"]})
        text = applied(text, [item["textEdit"]])
        assert text.endswith("PARAMETER top_p \n")
        hover = client.at("hover", uri, 2, 12)
        assert hover["range"] == at(2, 10, 15)
        assert "from 0 to 1" in hover["contents"]["value"] and "Default: 0.9" in hover["contents"]["value"]

        # behind an emoji a column is not a character
        client.change(
            uri, 4,
            {"range": at(2, 16), "text": "0.9"},
            {"range": at(1, 11, 17), "text": " you"},
            {"range": at(2, 19), "text": "\nTEMPLATE \"\"\"{{ .Prompt }}\\n\"\"\""},
        )  # fmt: skip
        text = (
            f'from ./{model}\nSYSTEM 你好😀 you\nPARAMETER top_p 0.9\nTEMPLATE """{{{{ .Prompt }}}}\\n"""\n'
        )
        found = client.findings(uri, 4)
        [escape] = [d for d in found if d["code"] == "MK122"]
        assert escape["range"]["start"] == {"line": 3, "character": 25}

        context = {"diagnostics": [escape]}
        actions = client.about("codeAction", uri, range=at(3, 3), context=context)
        assert [a["kind"] for a in actions] == ["quickfix", "source.fixAll"]
        assert actions[0]["diagnostics"] == [escape]
        edits = actions[0]["edit"]["changes"][uri]
        fixed = applied(text, edits)
        assert fixed == text.replace("\\n", "\n")
        assert applied(text, actions[1]["edit"]["changes"][uri]) == fixed
        only = {"diagnostics": [], "only": ["refactor"]}
        assert client.about("codeAction", uri, range=at(3, 3), context=only) == []
        text = fixed
        client.change(uri, 5, *({"range": e["range"], "text": e["newText"]} for e in edits))
        assert "MK122" not in [d["code"] for d in client.findings(uri, 5)]

        edits = client.about("formatting", uri, options={"tabSize": 4, "insertSpaces": True})
        assert applied(text, edits) == text.replace("from", "FROM")
        symbols = client.about("documentSymbol", uri)
        assert [s["name"] for s in symbols] == ["FROM", "SYSTEM", "PARAMETER top_p", "TEMPLATE"]
        [link] = client.about("documentLink", uri)
        assert link["target"] == uri_of(folder / model) and link["range"] == at(0, 5, 7 + len(model))
        assert client.at("definition", uri, 0, 9)["uri"] == uri_of(folder / model)
        assert client.at("definition", uri, 1, 9) is None

        client.send("textDocument/didClose", {"textDocument": {"uri": uri}})
        assert client.findings(uri) == []
        assert client.ask("shutdown") is None
        client.send("exit")
        assert client.process.wait(PATIENCE) == 0
        assert client.errors == "", "it wrote a file, asked the network or started a program"
    assert {p.name: p.stat().st_mtime_ns for p in folder.iterdir()} == before


def test_a_package_file_and_a_template(client: Client, folder: Path, pair: Any) -> None:
    uri = uri_of(folder / "mkmodelfile.yaml")
    client.open(uri, f"name: 你😀\nmodle: {pair.model.name}\n", "yaml")
    [unknown, *_] = [d for d in client.findings(uri) if d["code"] == "MK503"]
    assert unknown["range"] == at(1, 0, 5)
    [fix] = client.about("codeAction", uri, range=at(1, 2), context={"diagnostics": [unknown]})
    assert fix["edit"]["changes"][uri] == [{"range": at(1, 0, 5), "newText": "model"}]
    client.change(uri, 2, {"range": at(1, 0, 5), "text": "model"})
    client.change(uri, 3, {"text": f"name: a\nmodel: {pair.model.name}\nprojector: \n"})
    assert [d["code"] for d in client.findings(uri, 3)] == ["MK504"]
    labels = [i["label"] for i in client.at("completion", uri, 2, 11)["items"]]
    assert labels == ["auto", "none", pair.model.name]
    [link] = client.about("documentLink", uri)
    assert link["target"] == uri_of(folder / pair.model.name)

    template = uri_of(folder / "t.gotmpl")
    client.open(template, "{{ range .Messages }}😀{{ .Rol }}{{ end }}", "gotmpl")
    assert at(0, 26)["start"] in [d["range"]["start"] for d in client.findings(template)]
    assert "Role" in [i["label"] for i in client.at("completion", template, 0, 29)["items"]]


def test_a_file_that_is_saved_is_looked_at_again(client: Client, folder: Path) -> None:
    """With the configuration and the files that are there then."""
    (folder / ".git").mkdir()
    uri = uri_of(folder / "Modelfile")
    client.open(uri, "FROM ./later.gguf\nPARAMETER top_p 9\n")
    assert {"MK430", "MK125"} <= {d["code"] for d in client.findings(uri)}
    (folder / "mkmodelfile.toml").write_text('[lint]\nignore = ["MK125"]\nfiles = false\n')
    client.send("textDocument/didSave", {"textDocument": {"uri": uri}})
    assert not {"MK430", "MK125"} & {d["code"] for d in client.findings(uri)}


def test_other_files_are_left_alone(client: Client, folder: Path) -> None:
    uri = uri_of(folder / "values.yaml")
    client.open(uri, "modle: x\n", "yaml")
    assert client.at("hover", uri, 0, 1) is None
    assert client.at("completion", uri, 0, 1) is None
    assert client.about("documentSymbol", uri) == []
    unsaved = "untitled:Untitled-1"
    client.open(unsaved, "FROM a\nPARAMETER x 1\n", "modelfile")
    assert [d["code"] for d in client.findings(unsaved)] == ["MK110"]


@pytest.mark.parametrize(("unit", "column"), [("utf-8", 14), ("utf-32", 9)])
def test_columns_are_in_the_units_that_were_agreed_on(unit: str, column: int) -> None:
    with Client() as client:
        assert client.start([unit, "utf-16"])["positionEncoding"] == unit
        client.open("untitled:a", "SYSTEM 你😀x\n", "modelfile")
        client.change("untitled:a", 2, {"range": at(0, column, column + 1), "text": "\nPARAMETER"})
        client.change("untitled:a", 3, {"range": at(1, 9), "text": " num_ctx 1"})
        assert [s["detail"] for s in client.about("documentSymbol", "untitled:a")] == ["你😀", "1"]
        assert client.at("hover", "untitled:a", 1, 12)["range"] == at(1, 10, 17)


def test_only_the_newest_text_is_looked_at(client: Client) -> None:
    uri = "untitled:typed"
    text = "FROM ./m.gguf\nPARAMETER temperature 1\n"
    client.open(uri, "", "modelfile", 0)
    for version, end in enumerate(range(1, len(text) + 1), 1):
        client.change(uri, version, {"text": text[:end]})
        assert client.at("completion", uri, 0, end) is not None  # answered meanwhile
    assert client.findings(uri, len(text)) == []
    published = [m["params"] for m in client.received if m.get("method") == "textDocument/publishDiagnostics"]
    versions = [p["version"] for p in published if p["uri"] == uri]
    assert versions == sorted(versions) and len(versions) < len(text)


@pytest.mark.parametrize("name", ["Modelfile", "mkmodelfile.yaml", "x.gotmpl"])
def test_any_text_is_borne(client: Client, name: str) -> None:
    uri = f"file:///none/{name}"
    garbage = bytes(range(256)).decode("latin-1") * 40 + '\ud800{{\u2028\n\'"""' + "{" * 300
    texts = [garbage, "GGUF\x03\0\0\0", "\ufeff" * 5, "x" * 5_000, "[" * 900, '"""\n' * 300, "{{ (" * 200]
    for version, text in enumerate(texts):
        if version == 0:
            client.open(uri, text, "", 0)
        else:
            client.change(uri, version, {"text": text})
        client.findings(uri, version)
        for line, character in ((0, 0), (0, 3), (1, 4), (10**6, 10**6), (0, len(text))):
            client.at("hover", uri, line, character)
            client.at("completion", uri, line, character)
            client.at("definition", uri, line, character)
        client.about("documentSymbol", uri)
        client.about("documentLink", uri)
        client.about("formatting", uri, options={"tabSize": 4, "insertSpaces": True})
        client.about("codeAction", uri, range=at(0, 0, 10**6), context={"diagnostics": []})
    client.send("textDocument/didClose", {"textDocument": {"uri": uri}})


def test_a_large_file_is_told_and_left_alone(client: Client) -> None:
    uri = "untitled:large"
    client.open(uri, 'FROM a\nSYSTEM """' + "你😀 x\n" * 1_700_000 + '"""\n', "modelfile")
    [told] = client.findings(uri)
    assert "1,000,000" in told["message"] and told["severity"] == 3
    assert client.at("hover", uri, 0, 1) is None
    client.change(uri, 2, {"text": "FROM a\n"})
    assert client.findings(uri, 2) == []


def test_what_is_no_message_of_the_protocol(client: Client) -> None:
    client.write(b"\0\xff\xfe garbage\r\n\r\nContent-Length: x\r\n\r\n")
    client.write(b'Content-Length: 7\r\n\r\n{"a": \xff')
    client.write(b"Content-Length: 2\r\n\r\n[]")
    client.send(
        "textDocument/didChange",
        {"textDocument": {"uri": "untitled:none", "version": 1}, "contentChanges": []},
    )
    client.send("textDocument/didClose", {"textDocument": {"uri": "untitled:none"}})
    client.send("$/somethingNew", {})
    client.open("untitled:after", "FROM a\n", "modelfile")
    assert client.findings("untitled:after") == []


def test_a_target_of_the_editor() -> None:
    with Client() as client:
        client.start(options={"target": "0.12.6"})
        client.open("untitled:a", "FROM a\nREQUIRES 0.30.0\n", "modelfile")
        assert "MK116" in [d["code"] for d in client.findings("untitled:a")]
        client.send("workspace/didChangeConfiguration", {"settings": {"mkmodelfile": {"target": "latest"}}})
        assert "MK116" not in [d["code"] for d in client.findings("untitled:a")]
        client.send("workspace/didChangeConfiguration", {"settings": {"mkmodelfile": {"target": "1.x"}}})
        told = client.wait(lambda m: m.get("method") == "window/showMessage")
        assert "'1.x' is not a version" in told["params"]["message"]


@pytest.mark.parametrize("end", ["input", "message", "work", "exit", "signal", "signal at rest"])
def test_the_end_in_the_middle_of_everything(end: str) -> None:
    """However a client goes away, the server goes too."""
    with Client() as client:
        client.start()
        client.open(
            "untitled:a", "FROM a\n" + 'TEMPLATE """{{ range .Messages }}{{ .Content }}{{ end }}"""\n' * 300
        )
        if end == "message":
            client.write(b'Content-Length: 400\r\n\r\n{"jsonrpc": "2.0", "meth')
        elif end == "work":
            client.findings("untitled:a", 1)
            client.change("untitled:a", 2, {"text": "FROM b\n" * 2_000})
            client.send("textDocument/didClose", {"textDocument": {"uri": "untitled:a"}})
        elif end == "exit":
            client.send("exit")
            assert client.process.wait(PATIENCE) == 1  # the protocol: no `shutdown` came before
        elif end.startswith("signal"):
            if end == "signal at rest":
                client.findings("untitled:a", 1)
            client.process.send_signal(signal.SIGTERM)
            assert client.process.wait(PATIENCE) == 130
        client.close()
        assert "Traceback" not in client.errors


def test_without_the_extra_the_way_to_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['pygls'] = None\n")
    path = os.pathsep.join([str(tmp_path), *sys.path])
    client = Client([sys.executable, "-m", "modelfile_kit", "lsp"], PYTHONPATH=path)
    assert client.close() == 2
    assert 'pip install "modelfile-kit[lsp]"' in client.errors


def test_an_edit_of_a_file_that_was_never_opened_is_passed_over(client: Client, tmp_path: Path) -> None:
    uri, before = uri_of(tmp_path / "Modelfile"), len(client.received)
    client.change(uri, 2, {"range": at(0, 0), "text": "FROM x"})
    assert client.at("hover", uri, 0, 0) is None
    assert not [m for m in client.received[before:] if m.get("method") == "window/showMessage"]


def test_the_protocols_library_keeps_no_copy_of_what_is_edited() -> None:
    """Its copy would cost seconds for a few edits of a large file."""
    watched = """
import os, runpy, sys
from pygls.workspace import TextDocument
TextDocument.apply_change = lambda *_: os.write(2, b"an edit was copied")
sys.argv = ["mkmodelfile", "lsp"]
runpy.run_module("modelfile_kit", run_name="__main__")
"""
    uri = "untitled:Modelfile"
    with Client([sys.executable, "-c", watched]) as client:
        client.start()
        client.open(uri, "FROM x\n")
        client.change(uri, 2, {"range": at(0, 0, 4), "text": "NOTHING"})
        assert [found["code"] for found in client.findings(uri, 2)] == ["MK104", "MK101"]
        client.close()
        assert "copied" not in client.errors


@pytest.mark.parametrize("length", [10**20, 10**11])
def test_a_message_without_end_is_refused(length: int) -> None:
    with Client() as client:
        client.start()
        client.write(b"Content-Length: %d\r\n\r\n{" % length)
        assert client.process.wait(PATIENCE) == 2
        client.close()
        assert f"{length:,} bytes" in client.errors and "MK999" not in client.errors


@pytest.mark.parametrize(
    "uri", ["file://[bad/Modelfile", "http://[bad/Modelfile", "http://[::1/Modelfile", "//[x/Modelfile"]
)
def test_an_address_that_python_refuses_is_a_file_without_a_path(client: Client, uri: str) -> None:
    """Python takes these for half an IPv6 address; a client names freely what is on no disk."""
    client.open(uri, "PARAM x\n", version=1)
    assert "MK101" in {d["code"] for d in client.findings(uri, 1)}
    client.change(uri, 2, {"range": at(0, 0, 7), "text": "FROM x"})
    assert client.at("hover", uri, 0, 1)["range"] == at(0, 0, 4)
    assert "MK101" not in {d["code"] for d in client.findings(uri, 2)}
    client.send("textDocument/didClose", {"textDocument": {"uri": uri}})
    assert client.findings(uri) == []
    assert client.at("hover", uri, 0, 1) is None


@pytest.mark.parametrize(
    "folder",
    [
        {"rootUri": "file://[x"},
        {"rootUri": "http://[::1"},
        {"rootUri": None, "rootPath": "//x"},
        {"rootUri": None, "workspaceFolders": [{"uri": "file://[x", "name": "x"}]},
    ],
)
def test_a_client_may_have_any_folder_open(folder: dict[str, Any]) -> None:
    with Client() as client:
        asked = {"processId": os.getpid(), "capabilities": {}, **folder}
        assert client.ask("initialize", asked)["capabilities"]["hoverProvider"]
        client.send("initialized", {})
        change = {
            "added": [{"uri": "file://[y", "name": "y"}],
            "removed": [{"uri": "file://[x", "name": "x"}],
        }
        client.send("workspace/didChangeWorkspaceFolders", {"event": change})
        uri = "untitled:Modelfile"
        client.open(uri, "PARAM x\n", version=1)
        assert "MK101" in {d["code"] for d in client.findings(uri, 1)}
