"""Every prompt is the one that Ollama's own packages render."""

from __future__ import annotations

import base64
import datetime
import json
import os
import re
from typing import Any

import pytest

from modelfile_kit.core.errors import GoTemplateError, PromptError
from modelfile_kit.ollama.prompt import PromptTemplate
from tests.ollama.generate_requests import PROBES, TRUNCATED, requests
from tests.oracle.oracle import VERSIONS, api_messages, module_folder, source

pytestmark = pytest.mark.oracle

COUNT = int(os.environ.get("MKMODELFILE_FUZZ", "4000"))
SEED = int(os.environ.get("MKMODELFILE_SEED", "1"))
SERVERS = VERSIONS[-2:]  # where the server itself can be asked


def known_templates(version):
    """The texts of Ollama's own templates, read where Go keeps the module."""
    folder = module_folder(version) / "template"
    return {p.stem: p.read_text(encoding="utf-8") for p in sorted(folder.glob("*.gotmpl"))}


def with_pictures(request):
    """The request with real bytes for its pictures, for both sides alike."""
    messages = []
    for message in api_messages(request["messages"]):
        if "images" in message:
            message = {**message, "images": [base64.b64decode(i) for i in message["images"]]}
        messages.append(message)
    return {**request, "messages": messages}


def ours(template, request, **options):
    try:
        return template.render(**with_pictures(request), **options)
    except (PromptError, GoTemplateError) as e:
        return e


def theirs(answer):
    if not answer["ok"]:
        return None
    return as_sent(answer["prompt"])


def as_sent(prompt):
    """A prompt as it leaves the server as JSON: Go writes U+FFFD for a byte that is not UTF-8."""
    return re.sub("[\udc80-\udcff]", "\ufffd", prompt)


def ask(template, request, **more):
    fields = {k: v for k, v in request.items() if k != "messages"}
    return {
        "op": "server_prompt",
        **source(template),
        **fields,
        "messages": api_messages(request["messages"]),
        "name": "m",
        **more,
    }


def check(judge, jobs):
    """Compares (template source, request, options for us, fields for the judge) one by one."""
    compared = refused = 0
    parsed: dict = {}
    jobs = list(jobs)
    answers = judge.ask_all(ask(text, request, **fields) for text, request, _, fields in jobs)
    for (text, request, options, fields), answer in zip(jobs, answers, strict=True):
        own = {k: fields[k] for k in ("system", "name", "family", "projector") if k in fields}
        key = json.dumps([text, own])
        if key not in parsed:
            parsed[key] = PromptTemplate(text, target=judge.version, **own)
        got = ours(parsed[key], request, **options)
        wanted = theirs(answer)
        case = f"{judge.version}\n{text}\n{request}\n{fields}\nOllama: {answer}\nours: {got!r}"
        if "0xc0" in (wanted or ""):
            assert isinstance(got, GoTemplateError), case  # an address, which nobody can foretell
            continue
        if wanted is None:
            refused += 1
            assert isinstance(got, Exception), case
            if "status" in answer:
                assert getattr(got, "status", None) == answer["status"], case
        else:
            assert got == wanted, case
        compared += 1
    return compared, refused


@pytest.mark.parametrize("version", SERVERS)
def test_probes(oracle_for, version):
    judge = oracle_for(version)
    count = COUNT if version == VERSIONS[-1] else COUNT // 4
    jobs: list[Any] = []
    for i, request in enumerate(requests(SEED, count)):
        text = PROBES[i % len(PROBES)]
        fields = {}
        if i % 3 == 0:
            fields["system"] = "Own system."
        if i % 11 == 0:
            fields["family"] = "qwen3"
        jobs.append((text, request, {}, fields))
    compared, refused = check(judge, jobs)
    assert compared > count * 0.9
    assert 0 < refused < compared * 0.9


@pytest.mark.parametrize("version", SERVERS)
def test_truncation(oracle_for, version):
    judge = oracle_for(version)
    jobs: list[Any] = []
    for i, request in enumerate(requests(SEED + 7, COUNT // 4)):
        request = {**request, "tools": None, "think": None}
        limit = [1, 20, 60, 150, 800][i % 5]
        fields = {"system": "S" * (i % 4) * 9, "num_ctx": limit, "projector": i % 2 == 0}
        options = {"num_ctx": limit, "count_tokens": len}
        jobs.append((TRUNCATED[i % 4], request, options, fields))
    check(judge, jobs)


@pytest.mark.parametrize("version", SERVERS)
def test_ollamas_own_templates(oracle_for, version, shared):
    judge = oracle_for(version)
    conversations = json.loads((shared / "corpus" / "conversations.json").read_text())
    jobs: list[Any] = []
    for text in known_templates(version).values():
        for c in conversations:
            jobs.append((text, {k: c[k] for k in ("messages", "tools", "think")}, {}, {}))
        jobs += [(text, r, {}, {}) for r in requests(SEED, 20)]
    compared, _ = check(judge, jobs)
    assert compared >= len(conversations) * 20


@pytest.mark.parametrize("version", VERSIONS)
def test_execute_at_every_version(oracle_for, version):
    """`template.Execute` alone, on the types of each release."""
    judge = oracle_for(version)
    now = datetime.date(2026, 8, 1)
    count = COUNT if version == VERSIONS[-1] else COUNT // 4
    jobs: list[Any] = []
    parsed: dict[str, PromptTemplate | None] = {}
    for i, request in enumerate(requests(SEED + 1, count)):
        text = PROBES[i % len(PROBES)]
        if version == "0.5.13":
            request = plain_types(request)
        if text not in parsed:
            try:
                parsed[text] = PromptTemplate(text, target=version, now=now)
            except GoTemplateError:
                parsed[text] = None
        jobs.append((text, request))
    answers = judge.ask_all(
        {"op": "chat", **source(text), **execution(version, request)} for text, request in jobs
    )
    for (text, request), answer in zip(jobs, answers, strict=True):
        case = f"{version}\n{text}\n{request}\nOllama: {answer}\nours: "
        if parsed[text] is None:
            assert answer.get("stage") == "parse", case
            continue
        try:
            got = execute(parsed[text], request)
        except (GoTemplateError, PromptError) as e:
            if "0xc0" not in answer.get("output", ""):
                assert not answer["ok"], case + repr(e)
            continue
        assert answer["ok"], case + repr(got)
        assert got == answer["output"], case + repr(got)


def execution(version, request):
    think = request["think"]
    return {
        "messages": api_messages(request["messages"]),
        "tools": request["tools"],
        "think": bool(think),
        "think_level": think if isinstance(think, str) else "medium" if think else "",
        "is_think_set": think is not None,
    }


def execute(template, request):
    from modelfile_kit.ollama.api_values import decode_messages, tools_value

    request = with_pictures(request)
    messages = decode_messages(request["messages"])
    return template.execute(messages, tools_value(template.types, request["tools"]), request["think"])


def plain_types(request):
    """0.5.13 takes one type a property, and texts in an enum."""

    def plain(schema):
        if not isinstance(schema, dict):
            return schema
        out = {k: v for k, v in schema.items() if k not in ("anyOf", "properties", "items", "required")}
        if not isinstance(out.get("type", ""), (str, type(None))):
            out["type"] = "string"
        if "enum" in out:
            out["enum"] = [v for v in out["enum"] if isinstance(v, str)]
        return out

    tools = json.loads(json.dumps(request["tools"]))
    for tool in tools or []:
        parameters = tool["function"].get("parameters", {})
        if isinstance(parameters.get("properties"), dict):
            parameters["properties"] = {k: plain(v) for k, v in parameters["properties"].items()}
    return {**request, "tools": tools}
