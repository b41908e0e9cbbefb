"""Replies of a real engine, read by a real server through the tags of a compiled TEMPLATE."""

from __future__ import annotations

import functools

import pytest

from modelfile_kit.compiler import compile_template
from modelfile_kit.huggingface import Reference
from modelfile_kit.lint import lint_modelfile
from modelfile_kit.micro import answers, build_model
from modelfile_kit.micro import tokens as vocabulary
from modelfile_kit.micro.answers import END_OF_TURN, Rule
from modelfile_kit.publish.blobs import digest_file
from modelfile_kit.replies.call_tag import best_tool_tag
from modelfile_kit.replies.spoken import best_thinking_tags

pytestmark = pytest.mark.server

TOOL = {
    "type": "function",
    "function": {"name": "look", "description": "d", "parameters": {"type": "object", "properties": {}}},
}
CALL = '{"name": "look", "arguments": {"where": "up"}}'
JINJA = (
    "[gMASK]<sop>\n{% if tools %}<|system|>\n{{ tools | tojson }}{% endif %}{% for m in messages %}"
    "<|{{ m.role }}|>\n{% if m.reasoning_content %}<think>{{ m.reasoning_content }}</think>{% endif %}"
    "{{ m.content }}{% for c in m.tool_calls or [] %}CALL{% endfor %}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
MARKED = JINJA.replace(
    "CALL",
    '<calls><call>{"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments | tojson }}}</call>',
)
ANSWER = ("<think>", "No", " image", "</think>", "<calls>", "<call>", CALL, "</call>")


def says(*tokens):
    """A way to answer: these tokens one after the other, then the end of the turn."""
    steps = zip((None, *tokens), (*tokens, END_OF_TURN), strict=True)
    return tuple(Rule(after, say, False if after is None else None) for after, say in steps)


@pytest.fixture
def reply(ollama_server, tmp_path, monkeypatch):
    """What the server answers for a model that says these tokens, some of them control tokens."""

    def reply(tokens, jinja, *, control=(), tools=None, parser=None):
        monkeypatch.setitem(answers.STYLES, "said", says(*tokens))
        plain = [t for t in dict.fromkeys((*ANSWER, *tokens)) if t not in control and t[0] in "<{"]
        kept = [t for t in vocabulary.CONTROL_TOKENS if t not in plain]
        types = {"control": [*kept, *control], "user_defined": [*vocabulary.USER_DEFINED_TOKENS, *plain]}
        built = functools.partial(vocabulary.build_vocabulary, **types)
        monkeypatch.setattr("modelfile_kit.micro.build.build_vocabulary", built)
        path = build_model(tmp_path / "said.gguf", style="said", chat_template=jinja)
        compiled = compile_template(jinja)
        digest, _ = digest_file(path)
        ollama_server.upload_blob(digest, [path.read_bytes()], path.stat().st_size)
        request = {"model": "said", "files": {path.name: digest}, "template": compiled.template}
        ollama_server.create({**request, **({"parser": parser} if parser else {})})
        assert ollama_server.show("said")["template"] == compiled.template
        found = ollama_server.chat("said", [{"role": "user", "content": "hi"}], tools=tools)
        modelfile = f'FROM {path}\nTEMPLATE """{compiled.template}"""\n'
        modelfile += f"PARSER {parser}\n" if parser else ""
        codes = {d.code for d in lint_modelfile(modelfile, base=tmp_path)}
        return found, codes

    return reply


CALLED = [("look", {"where": "up"})]


def calls(found):
    return [
        (c["function"]["name"], c["function"]["arguments"]) for c in (found.raw or {}).get("tool_calls", [])
    ]


def test_thoughts_and_calls_come_out(reply):
    reference = Reference(MARKED)
    assert (best_thinking_tags(reference), best_tool_tag(reference)) == (("<think>", "</think>"), "<calls>")
    found, codes = reply(ANSWER, MARKED, tools=[TOOL])
    assert (found.thinking, found.text, calls(found)) == ("No image", "", CALLED)
    assert not codes & {"MK670", "MK329"}


def test_control_tokens_of_a_call_are_left_in_as_far_as_the_tag_needs_it(reply):
    found, codes = reply(ANSWER, MARKED, tools=[TOOL], control=["<calls>", "<call>", "</call>"])
    assert (found.thinking, found.text, calls(found)) == ("No image", "", CALLED)
    assert "MK329" not in codes


def test_control_tokens_around_a_thought_are_not(reply):
    found, codes = reply(ANSWER, MARKED, tools=[TOOL], control=["<think>", "</think>"])
    assert (found.thinking, found.text, calls(found)) == ("", "No image", CALLED)
    assert "MK329" in codes


def test_calls_that_are_no_json_are_text_and_a_parser_reads_them(reply):
    call = "<tool_call>\n<function=look>\n<parameter=where>\nup\n</parameter>\n</function>\n</tool_call>"
    value = "<parameter={{ k }}>\n{{ v if v is string else v | tojson }}\n</parameter>\n"
    arguments = "{% for k, v in c.function.arguments | items %}" + value + "{% endfor %}"
    written = "<tool_call>\n<function={{ c.function.name }}>\n" + arguments + "</function>\n</tool_call>"
    thought = "{% if m.reasoning_content %}<think>{{ m.reasoning_content }}</think>{% endif %}"
    jinja = JINJA.replace("CALL", written).replace(thought, "")
    found, codes = reply([call], jinja, tools=[TOOL])
    assert (found.text, calls(found)) == (call, [])
    assert "MK670" in codes
    found, codes = reply([call], jinja, tools=[TOOL], parser="qwen3-coder")
    assert (found.text, calls(found)) == ("", CALLED)
    assert "MK670" not in codes
