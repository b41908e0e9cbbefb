"""Publishing to a real Ollama: what arrives, what is sent twice, and what a failure leaves behind."""

from __future__ import annotations

import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from modelfile_kit.building.build import build
from modelfile_kit.cli.main import run
from modelfile_kit.core.errors import ServerError
from modelfile_kit.gguf_file.patch import patch
from modelfile_kit.publish import publish as publishing
from modelfile_kit.publish.expectation import Expectation
from modelfile_kit.publish.names import WORKING_TAG
from modelfile_kit.publish.publish import NotVerifiedError
from modelfile_kit.publish.served_model import ServedModel
from modelfile_kit.publish.verify import verify
from modelfile_kit.runtime.ollama.replies import RefusedError
from modelfile_kit.vision.colour_images import colour_probes

# These tests verify on their own, or look at what verification does not.
publish = functools.partial(publishing.publish, verify=False)

pytestmark = pytest.mark.server

NAME = "autoglm-phone-9b"
PACKAGE = f"""
name: {NAME}
model: {{model}}
projector: {{projector}}
system: 你是一个支持图文理解的智能助手,请结合上下文准确回答。
parameters: {{{{num_ctx: 4096, temperature: 0.5}}}}
"""
TEMPLATE = """[gMASK]<sop>{{ range .Messages }}<|{{ .Role }}|>
{{ .Content }}{{ end }}<|assistant|>
"""


@pytest.fixture
def package(tmp_path, micro_pair):
    folder = tmp_path / "package"
    folder.mkdir()
    text = PACKAGE.format(model=micro_pair.model, projector=micro_pair.projector)
    (folder / "mkmodelfile.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def modelfile(tmp_path, micro_pair):
    """Writes a Modelfile by hand: the micro pair, a TEMPLATE, and more lines."""

    def write(*more, template=TEMPLATE):
        path = tmp_path / "Modelfile"
        froms = f"FROM {micro_pair.model}\nFROM {micro_pair.projector}\n"
        path.write_text(froms + f'TEMPLATE """{template}"""\n' + "\n".join(more), encoding="utf-8")
        return path

    return write


def names(server):
    return {m["model"] for m in server.models()}


def test_a_package_is_built_published_and_verified(package, ollama_server, llama_cpp):
    built = build(package)
    done = publish(built, NAME, host=ollama_server.url)
    assert done.name == NAME
    assert done.digest
    report = verify(NAME, host=ollama_server.url, expectation=Expectation.from_build(built))
    assert [(c.name, c.detail) for c in report.checks if c.status == "fail"] == []
    seen = {c.name.split()[0] for c in report.checks if c.status == "ok"}
    assert {"capabilities", "description", "engine", "prompt", "tokens", "stop", "image", "no"} <= seen
    assert not report.native


@pytest.mark.skipif(os.name == "nt", reason="no owner of a folder to compare with")
def test_into_a_store_of_this_user_nothing_is_sent(
    modelfile, either_server, either_process, tmp_path, monkeypatch
):
    """The server has the same blobs as where they were sent, and makes the same model of them."""
    monkeypatch.setenv("OLLAMA_MODELS", str(either_process.models))
    path = modelfile(f"SYSTEM {tmp_path.name}")
    before, stored = either_process.log.read_text(), set((either_process.models / "blobs").glob("*"))
    done = publish(path, "here", host=either_server.url)
    assert 'POST     "/api/blobs' not in either_process.log.read_text()[len(before) :]
    for blob in done.blobs:
        there = either_process.models / "blobs" / blob.digest.replace(":", "-")
        assert there.read_bytes() == blob.path.read_bytes()
    assert all(len(p.name) == 71 for p in set((either_process.models / "blobs").glob("*")) - stored)
    assert verify("here", host=either_server.url).ok


def test_a_package_is_verified_by_its_path(package, ollama_server, llama_cpp, monkeypatch, capsys):
    publish(build(package), NAME, host=ollama_server.url)
    monkeypatch.chdir(package.parent)
    assert run(["verify", "./package", "--host", ollama_server.url]) == 0
    assert NAME in capsys.readouterr().out
    text = (package / "mkmodelfile.yaml").read_text(encoding="utf-8")
    (package / "mkmodelfile.yaml").write_text(text.replace("0.5", "0.25"), encoding="utf-8")
    assert run(["verify", "./package", "--host", ollama_server.url]) == 1
    assert "PARAMETER temperature" in capsys.readouterr().out


def test_the_real_ollama_run_names_the_colour(package, ollama_server, ollama_process, tmp_path):
    publish(build(package), NAME, host=ollama_server.url)
    for probe in colour_probes():
        (tmp_path / probe.id).write_bytes(probe.bytes)
        answer = ollama_process.run("run", NAME, f"What colour is this? ./{probe.id}", cwd=tmp_path)
        assert answer.strip() == probe.answer


def test_the_second_time_nothing_is_sent(package, ollama_server):
    built = build(package)
    uploaded = publish(built, NAME, host=ollama_server.url).blobs
    again = publish(built, NAME, host=ollama_server.url)
    assert again.uploaded_bytes == 0
    assert again.unchanged
    assert [b.digest for b in again.blobs] == [b.digest for b in uploaded]
    assert publish(built, "other", host=ollama_server.url).uploaded_bytes == 0


def test_only_what_the_server_lacks_is_sent(modelfile, ollama_server, micro_pair, tmp_path):
    publish(modelfile(), "first", host=ollama_server.url)
    grown = tmp_path / "grown.gguf"
    # A byte behind the tensors is another file with the same meaning.
    grown.write_bytes(micro_pair.model.read_bytes() + b"\0")
    text = modelfile().read_text(encoding="utf-8").replace(str(micro_pair.model), str(grown))
    (tmp_path / "Modelfile").write_text(text, encoding="utf-8")
    done = publish(tmp_path / "Modelfile", "second", host=ollama_server.url)
    assert [b.uploaded for b in done.blobs] == [True, False]


def test_a_dry_run_changes_nothing(modelfile, ollama_server):
    before = names(ollama_server)
    done = publish(modelfile(), "dry", host=ollama_server.url, dry_run=True)
    assert done.dry_run
    assert done.digest == ""
    assert done.request["model"] == "dry"
    assert names(ollama_server) == before


def test_everything_of_a_modelfile_arrives(modelfile, ollama_server):
    path = modelfile(
        "SYSTEM Answer briefly.",
        "PARAMETER stop <|observation|>",
        'PARAMETER stop "a b"',
        "PARAMETER top_k 7",
        "PARAMETER temperature 0.25",
        "MESSAGE user hi",
        "MESSAGE assistant hello",
        "LICENSE MIT",
        "REQUIRES 0.14.0",
    )
    publish(path, "whole", host=ollama_server.url)
    served = ServedModel.from_show("whole", ollama_server.show("whole"))
    assert served.template == TEMPLATE
    assert served.system == "Answer briefly."
    assert served.parameters == {"stop": ["<|observation|>", "a b"], "top_k": 7, "temperature": 0.25}
    assert [m["content"] for m in served.messages] == ["hi", "hello"]
    assert (served.license, served.requires) == ("MIT", "0.14.0")


CHANGES = {
    "another template": (["SYSTEM s"], ["SYSTEM s"], TEMPLATE.replace("{{ .Role }}", "{{- .Role }}")),
    "stops gone": (["PARAMETER stop x"], [], TEMPLATE),
    "another parameter": (["PARAMETER top_k 3"], ["PARAMETER top_k 4"], TEMPLATE),
    "a parameter gone": (["PARAMETER top_k 3", "PARAMETER seed 1"], ["PARAMETER seed 1"], TEMPLATE),
    "system gone": (["SYSTEM s"], [], TEMPLATE),
    "messages gone": (["MESSAGE user hi"], [], TEMPLATE),
    "messages changed": (["MESSAGE user hi"], ["MESSAGE user ho"], TEMPLATE),
    "licence new": ([], ["LICENSE MIT"], TEMPLATE),
    "licence the same": (["LICENSE MIT"], ["LICENSE MIT", "SYSTEM s"], TEMPLATE),
    "licence gone": (["LICENSE MIT"], [], TEMPLATE),
    "licence changed": (["LICENSE MIT"], ["LICENSE BSD"], TEMPLATE),
    "requires gone": (["REQUIRES 0.14.0"], [], TEMPLATE),
}


@pytest.mark.parametrize("change", CHANGES)
def test_layers_that_are_taken_over_bring_nothing_else_along(change, modelfile, ollama_server, monkeypatch):
    before, after, template = CHANGES[change]
    publish(modelfile(*before), "again", host=ollama_server.url)
    publish(modelfile(*after, template=template), "again", host=ollama_server.url)
    publish(modelfile(*after, template=template), "afresh", host=ollama_server.url, reuse=False)
    keys = ("template", "system", "parameters", "messages", "license", "capabilities", "requires")
    again, afresh = (ollama_server.show(n) for n in ("again", "afresh"))
    assert {k: again.get(k) for k in keys} == {k: afresh.get(k) for k in keys}
    assert ServedModel.from_show("", again).layers == ServedModel.from_show("", afresh).layers


def test_a_new_template_on_the_same_files_rewrites_no_layer(modelfile, ollama_server):
    publish(modelfile("SYSTEM a"), "quick", host=ollama_server.url)
    done = publish(modelfile("SYSTEM b"), "quick", host=ollama_server.url)
    assert done.reused
    assert ollama_server.show("quick")["system"] == "b"


# -- failures --------------------------------------------------------------------------------


def old_model(server, modelfile):
    publish(modelfile("SYSTEM old"), "kept", host=server.url)
    return server.show("kept")["modelfile"], names(server)


def test_a_create_that_the_server_refuses_leaves_the_old_model(modelfile, ollama_server):
    before = old_model(ollama_server, modelfile)
    broken = modelfile("SYSTEM new", template="{{ range .Messages }}")
    with pytest.raises(RefusedError) as e:
        publish(broken, "kept", host=ollama_server.url)
    assert "template" in e.value.detail.lower() or "EOF" in e.value.detail
    assert (ollama_server.show("kept")["modelfile"], names(ollama_server)) == before


def test_a_cut_file_leaves_the_old_model(modelfile, ollama_server, micro_pair, tmp_path):
    before = old_model(ollama_server, modelfile)
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(micro_pair.model.read_bytes()[:-5000])
    (tmp_path / "Modelfile").write_text(f"FROM {cut}\nFROM {micro_pair.projector}\n", encoding="utf-8")
    with pytest.raises(RefusedError) as e:
        publish(tmp_path / "Modelfile", "kept", host=ollama_server.url)
    assert "exceeds file size" in e.value.detail
    assert e.value.status == 200  # it came inside a stream that had begun well
    assert (ollama_server.show("kept")["modelfile"], names(ollama_server)) == before


def test_a_model_that_fails_verification_leaves_the_old_model(modelfile, ollama_server):
    before = old_model(ollama_server, modelfile)
    # Sound for the server, and not what the chat template in the GGUF renders.
    other = modelfile("SYSTEM new", template=TEMPLATE.replace("<sop>", "<sop> "))
    with pytest.raises(NotVerifiedError) as e:
        publishing.publish(other, "kept", host=ollama_server.url)
    assert "MK720" in {d.code for d in e.value.report.diagnostics}
    assert (ollama_server.show("kept")["modelfile"], names(ollama_server)) == before
    forced = publishing.publish(other, "kept", host=ollama_server.url, force=True)
    assert not forced.verified.ok
    assert ollama_server.show("kept")["system"] == "new"


def test_a_sound_package_is_verified_before_it_has_its_name(package, ollama_server, llama_cpp):
    done = publishing.publish(build(package), NAME, host=ollama_server.url)
    assert done.verified.ok
    assert WORKING_TAG in done.verified.name
    assert not [n for n in names(ollama_server) if WORKING_TAG in n]


INTERRUPTED = """
import signal, sys
from modelfile_kit.publish.publish import publish

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background runs ignore it
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # and nohup ignores this one

def stop_here(step):
    print(step.stage, flush=True)
    if step.stage == sys.argv[3]:
        sys.stdin.read()  # until the signal comes

try:
    publish(sys.argv[1], "kept", host=sys.argv[2], progress=stop_here, reuse=False, verify=False)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signal that interrupts another process")
@pytest.mark.parametrize(
    ("stage", "sign"),
    [
        ("hash", "SIGINT"),
        ("upload", "SIGINT"),
        ("create", "SIGINT"),
        ("upload", "SIGTERM"),
        ("create", "SIGHUP"),
    ],
)
def test_an_end_leaves_the_old_model(stage, sign, modelfile, ollama_server, micro_pair, tmp_path):
    before = old_model(ollama_server, modelfile)
    # A model that the server does not know yet, so that there is something to send.
    new = tmp_path / "new.gguf"
    zeros = bytes(2 << 20)
    new.write_bytes(micro_pair.model.read_bytes() + zeros + f"{stage} {sign}".encode())
    path = modelfile("SYSTEM new")
    text = path.read_text(encoding="utf-8").replace(str(micro_pair.model), str(new))
    path.write_text(text, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(path), ollama_server.url, stage],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    for line in process.stdout:
        if line.strip() == stage:
            break
    time.sleep(0.2)
    process.send_signal(getattr(signal, sign))
    out, _ = process.communicate(timeout=30)
    assert "interrupted" in out
    assert (ollama_server.show("kept")["modelfile"], names(ollama_server)) == before


def test_what_a_killed_publish_left_is_swept(modelfile, ollama_server, monkeypatch):
    publish(modelfile(), "kept", host=ollama_server.url)
    left = f"kept:{WORKING_TAG}0123456789ab"
    ollama_server.copy("kept", left)
    assert publish(modelfile("SYSTEM b"), "kept", host=ollama_server.url).removed == ()
    assert left in names(ollama_server)
    from datetime import timedelta

    from modelfile_kit.publish import take_over

    monkeypatch.setattr(take_over, "STALE", timedelta(seconds=-1))
    assert publish(modelfile("SYSTEM c"), "kept", host=ollama_server.url).removed == (left,)
    assert left not in names(ollama_server)


def test_the_old_models_blobs_are_freed(modelfile, ollama_server, ollama_process):
    """Taking a name over by a copy must not leave the old model's layers behind."""
    publish(modelfile("SYSTEM " + "old " * 50), "kept", host=ollama_server.url, reuse=False)
    before = {p.name for p in (ollama_process.models / "blobs").iterdir()}
    publish(modelfile("SYSTEM " + "new " * 50), "kept", host=ollama_server.url, reuse=False)
    after = {p.name for p in (ollama_process.models / "blobs").iterdir()}
    # The old SYSTEM and the old config are gone, the new ones are there.
    assert len(after) == len(before)
    assert after != before


def test_a_push_to_nowhere_is_an_error_of_the_push(modelfile, ollama_server):
    with pytest.raises(ServerError):
        publish(modelfile(), "127.0.0.1:9/me/pushed", host=ollama_server.url, push=True)
    assert ollama_server.exists("127.0.0.1:9/me/pushed")


def test_a_server_that_dies_in_between(tmp_path, ollama_process, modelfile, micro_pair):
    from tests.ollama_process import OllamaProcess

    mortal = OllamaProcess(ollama_process.program, tmp_path / "mortal")
    mortal.start()
    try:
        big = tmp_path / "big.gguf"
        big.write_bytes(micro_pair.model.read_bytes() + b"\0" * (32 << 20))
        path = modelfile()
        text = path.read_text(encoding="utf-8").replace(str(micro_pair.model), str(big))
        path.write_text(text, encoding="utf-8")

        def kill(step):
            if step.stage == "upload" and step.done > 8 << 20:
                mortal.stop(at_once=True)

        with pytest.raises(ServerError) as e:
            publish(path, "mortal", host=mortal.url, progress=kill)
        assert e.value.code in ("MK802", "MK805")
        assert mortal.host in e.value.message
    finally:
        mortal.stop()
        shutil.rmtree(tmp_path / "mortal", ignore_errors=True)


def test_published_values_are_json(modelfile, ollama_server):
    done = publish(modelfile(), "plain", host=ollama_server.url)
    assert json.loads(json.dumps(done.request)) == done.request


def test_a_named_chat_template_is_what_the_server_renders(package, ollama_server, micro_pair, tmp_path):
    jinja = "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}!{% endfor %}<|assistant|>"
    model = tmp_path / "named.gguf"
    patch(micro_pair.model, model, {"tokenizer.chat_template.tool_use": jinja})
    text = f"name: named\nmodel: {model}\nprojector: none\nchat_template_name: tool_use\n"
    (package / "mkmodelfile.yaml").write_text(text, encoding="utf-8")
    publish(build(package), "named", host=ollama_server.url)
    messages = [{"role": "user", "content": "Hi"}]
    assert ollama_server.render("named", messages).prompt == "<|user|>\nHi!<|assistant|>"


def test_messages_of_a_package_stand_first_on_the_server(package, ollama_server):
    first = "messages: [{role: user, content: a}, {role: assistant, content: b}]\n"
    path = package / "mkmodelfile.yaml"
    path.write_text(path.read_text(encoding="utf-8") + first, encoding="utf-8")
    built = build(package)
    publish(built, NAME, host=ollama_server.url)
    asked = [{"role": "user", "content": "c"}]
    own = [{"role": "system", "content": "T"}, *asked]
    for messages in (asked, own):
        assert ollama_server.render(NAME, messages).prompt == built.expected(messages)
    report = verify(NAME, host=ollama_server.url, expectation=Expectation.from_build(built))
    assert [(c.name, c.detail) for c in report.checks if c.status == "fail"] == []
    assert [c for c in report.checks if c.name.startswith("prompt") and c.status == "ok"]


def test_back_to_the_model_before(modelfile, ollama_server, capsys):
    def system():
        return ServedModel.from_show("back", ollama_server.show("back")).system

    first = publish(modelfile("SYSTEM 1"), "back", host=ollama_server.url, keep_previous=True)
    second = publish(modelfile("SYSTEM 2"), "back", host=ollama_server.url, keep_previous=True)
    assert (first.kept, second.kept) == ("", "back:latest-previous")
    assert run(["rollback", "back", "--host", ollama_server.url, "--list"]) == 0
    assert "back:latest-previous" in capsys.readouterr().out
    for expected in ("1", "2", "1"):
        assert run(["rollback", "back", "--host", ollama_server.url]) == 0
        assert system() == expected
    assert {n for n in names(ollama_server) if n.startswith("back:")} == {
        "back:latest",
        "back:latest-previous",
    }
    ollama_server.delete("back:latest-previous")
    assert run(["rollback", "back", "--host", ollama_server.url]) == 2
    assert "MK842" in capsys.readouterr().err
    assert system() == "1"
