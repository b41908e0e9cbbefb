"""Parrots on a real server: what comes back of every kind of reply, by every way, and that nothing stays."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from modelfile_kit.cli.main import run
from modelfile_kit.micro import build_model
from modelfile_kit.ollama.prompt import PromptTemplate
from modelfile_kit.publish.reply_sources import source_of_served
from modelfile_kit.publish.reply_trials import Trial, try_replies
from modelfile_kit.replies.native_trip import native_summary, native_trip
from modelfile_kit.replies.round_trip import same_calls
from modelfile_kit.runtime.ollama.messages import WAYS
from tests.integration.parrots import Template
from tests.ollama_process import ROOT
from tests.replies import formats
from tools import reply_table

pytestmark = pytest.mark.server

# In every run; gpt-oss by the tags, as its architecture would bring PARSER harmony.
FEW = ("Qwen-Qwen3-0.6B", "Qwen3-Coder", "google-gemma-4-31B-it-interleaved", "openai-gpt-oss-120b")
SOAK = os.environ.get("MKMODELFILE_SOAK") == "1"
LEAST = 30  # templates of others that are to be seen on the server


def statuses(report):
    return {trial.kind.name: trial.status for trial in report.trials}


def differing(template: Template, trial: Trial) -> list[str]:
    """The ways in which the server gave another message than the kit predicts."""
    seen = PromptTemplate(template.compiled.template)
    assert trial.spoken is not None
    wanted = template.predicted(seen, trial.spoken)
    if trial.kind.form:  # the schema lets nothing through but the answer
        wanted = replace(wanted, content=trial.kind.content)
    wrong = []
    for one in trial.seen:
        got = one.answer
        same = (
            got is not None
            and (got.content, got.thinking) == (wanted.content, wanted.thinking)
            and same_calls(got.calls, wanted.tool_calls)
        )
        if not same:
            wrong.append(f"{trial.kind.name}, {one.way}: {got or one.error}, not {wanted}")
    return wrong


def test_json_calls_and_thoughts_come_back_by_every_way(ollama_server):
    template = Template(formats.JSON_CALLS, eos_token="<|im_end|>")
    report = try_replies(ollama_server, "said", template.source(), size=1)
    assert set(statuses(report).values()) == {"read"}
    assert {d.code for d in report.diagnostics} == {"MK875"}
    assert {seen.way for trial in report.trials for seen in trial.seen} == set(WAYS)
    assert [d for trial in report.trials for d in differing(template, trial)] == []
    assert ollama_server.models() == []


def test_calls_that_no_tag_reads_are_told_with_the_parser_that_does(ollama_server):
    call = (
        "<tool_call>\n<function={{ c.function.name }}>\n{% for k, v in c.function.arguments | items %}"
        "<parameter={{ k }}>\n{{ v }}\n</parameter>\n{% endfor %}</function>\n</tool_call>"
    )
    template = Template(formats.chatml(call, think=""), eos_token="<|im_end|>")
    report = try_replies(ollama_server, "said", template.source(), ways=WAYS[:2])
    found = statuses(report)
    assert (found["answer"], found["call"], found["thought and call"]) == ("read", "unread", "absent")
    told = next(d for d in report.diagnostics if d.message.startswith("call:"))
    assert told.code == "MK870"
    assert "PARSER qwen3-coder" in told.help
    assert "the user gets the text '<tool_call> <function=tool_q7>" in told.message
    read = try_replies(ollama_server, "said", template.source(parser="qwen3-coder"), ways=WAYS[1:3])
    assert statuses(read)["call"] == statuses(read)["two calls"] == "read"


def test_a_reply_that_the_parser_refuses(ollama_server):
    """PARSER qwen3-coder parses what stands between the tags as XML, and ends the stream where it is none."""
    call = "<tool_call>\n<function={{ c.function.name }}><<</tool_call>"
    template = Template(formats.chatml(call, think=""), eos_token="<|im_end|>")
    report = try_replies(ollama_server, "said", template.source(parser="qwen3-coder"))
    trial = next(t for t in report.trials if t.kind.name == "call without arguments")
    assert {seen.problem for seen in trial.seen} == {"refused"}
    assert {d.code for d in trial.diagnostics} == {"MK873"}
    assert "XML" in trial.diagnostics[0].message


def test_default_sampling_says_the_same(ollama_server):
    template = Template(formats.JSON_CALLS, eos_token="<|im_end|>")
    options = {"temperature": 1.0, "seed": 11}
    report = try_replies(ollama_server, "said", template.source(), options=options, ways=WAYS[1:3], size=5)
    assert set(statuses(report).values()) == {"read"}


# A shell starts what runs in the background with SIGINT ignored.
SCRIPT = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from modelfile_kit.publish.reply_sources import source_of_served
from modelfile_kit.publish.reply_trials import try_replies
from modelfile_kit.runtime.ollama.client import OllamaServer
from tests.integration.parrots import Template
from tests.replies import formats
from tools import reply_table
source = Template(formats.JSON_CALLS, eos_token="<|im_end|>").source()
told = lambda step: print(step.subject, flush=True)
with OllamaServer(sys.argv[1]) as server:
    try_replies(server, "killed", source, progress=told)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to catch")
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_trial_leaves_nothing(ollama_server, sign):
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, ollama_server.url],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    assert process.stdout.readline()  # the first kind is being asked for: the parrot is there
    assert any("mkmodelfile-" in m["model"] for m in ollama_server.models())
    process.send_signal(sign)
    assert process.wait(60) != 0
    assert ollama_server.models() == []


def test_an_answer_by_a_schema_after_a_thought_and_replies_that_go_wrong(ollama_server):
    template = Template(formats.JSON_CALLS, eos_token="<|im_end|>")
    report = try_replies(ollama_server, "said", template.source(), ways=WAYS[:2])
    found = statuses(report)
    assert found["answer by a schema"] == found["thought and answer by a schema"] == "read"
    words = {told.odd.name: told.words for told in report.odd}
    assert words["call that breaks off"] == "the user gets nothing at all (done_reason length)"
    assert words["thought without end"].startswith("the user gets thought 'I compare")
    assert "done_reason length" in words["thought without end"]
    assert [(d.code, d.message.partition(":")[0]) for d in report.diagnostics] == [
        ("MK875", "call that breaks off")
    ]


def test_llama_server_alone_reads_what_its_parser_knows(ollama_process):
    program = ollama_process.program.resolve().parents[1] / "lib" / "ollama" / "llama-server"
    if not program.is_file():
        pytest.skip(f"{program} was not found")
    template = Template(formats.JSON_CALLS, eos_token="<|im_end|>")
    trip = native_trip(program, template.reference, template.voice, template.eos)
    assert trip.engine.startswith("llama-server ")
    assert trip.unseen == {}
    assert [kind for kind, right in trip.read.items() if not right] == []
    assert "reads answer, answer beside tools" in native_summary(trip)
    odd = Template(formats.XML_CALLS, eos_token="<|im_end|>")
    assert native_trip(program, odd.reference, odd.voice, odd.eos).read["answer"]


def test_commands(ollama_process, ollama_server, tmp_path, monkeypatch, capfd):
    """`check --replies` of a package, and `verify --replies` of the model that was published from it."""
    tokens = ["<|im_start|>", "<|im_end|>", "<tool_call>", "</tool_call>"]
    build_model(tmp_path / "m.gguf", chat_template=formats.JSON_CALLS, extra_tokens=tokens)
    (tmp_path / "mkmodelfile.yaml").write_text("name: tiny\nmodel: m.gguf\nprojector: none\n")
    monkeypatch.chdir(tmp_path)
    assert run(["check", "-v", "--bytes-only", "--replies", "--host", ollama_process.host]) == 0
    assert "reply: thought and two calls  read back" in capfd.readouterr().out
    assert run(["publish", "--no-verify", "--host", ollama_process.host]) == 0
    report = try_replies(ollama_server, "tiny", source_of_served(ollama_server, "tiny"), ways=WAYS[:1])
    assert set(statuses(report).values()) == {"read"}
    assert [m["model"] for m in ollama_server.models()] == ["tiny:latest"]


def corpus_template(shared: Path, entry: dict[str, str]) -> Template:
    text = (shared / "corpus" / entry["file"]).read_text(encoding="utf-8")
    return Template(text, entry["bos_token"] or "", entry["eos_token"] or "")


@pytest.mark.slow
def test_what_the_kit_predicts_is_what_the_server_returns(ollama_server, shared):
    """Some templates in every run, all with MKMODELFILE_SOAK=1."""
    entries = json.loads((shared / "corpus" / "index.json").read_text(encoding="utf-8"))
    seen, asked, wrong = [], 0, []
    for entry in entries:
        if not (SOAK or entry["id"] in FEW):
            continue
        template = corpus_template(shared, entry)
        report = try_replies(ollama_server, "said", template.source(), ways=WAYS[:2])
        trials = [t for t in report.trials if t.status not in ("absent", "skipped")]
        if trials and not report.native:
            seen.append(entry["id"])
            asked += len(trials)
            wrong += [(entry["id"], d) for trial in trials for d in differing(template, trial)]
    assert wrong == []
    assert len(seen) >= (LEAST if SOAK else len(FEW))
    assert asked >= 5 * len(seen)


@pytest.mark.slow
def test_what_is_recorded_of_native_replies_is_what_llama_server_reads(ollama_process, shared):
    """docs/replies.json, for some templates in every run, for all with MKMODELFILE_SOAK=1."""
    program = ollama_process.program.resolve().parents[1] / "lib" / "ollama" / "llama-server"
    if not program.is_file():
        pytest.skip(f"{program} was not found")
    known = json.loads(reply_table.RECORD.read_text(encoding="utf-8"))["templates"]
    wrong = []
    for model in reply_table.models(shared / "corpus"):
        if SOAK or model.name in FEW:
            found = reply_table.read_natively(model, program)
            if found != known[model.digest]["native"]:
                wrong.append((model.name, found))
    assert wrong == []
