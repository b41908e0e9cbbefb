"""mkmodelfile.yaml: what is taken, and for everything else a finding with its place and a way out."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from modelfile_kit.core.diagnostics import Span
from modelfile_kit.core.errors import PackageError
from modelfile_kit.package.package import Package, load_package
from modelfile_kit.package.schema import PackageShape, json_schema

WHOLE = """\
name: autoglm-phone-9b
model: AutoGLM-Phone-9B-Q4_K_M.gguf      # relative to this file
projector: auto
chat_template: gguf
end_token: auto
stop: auto
system: 你是一个支持图文理解的智能助手,请结合上下文准确回答。
parameters: {num_ctx: 4096, temperature: 0.5}
image: {separator: ""}
target: ">=0.30"
mode: auto
license: LICENSE
tests: golden/
"""

LEAST = "name: a\nmodel: a.gguf\n"


def package(folder: Path, text: str | bytes) -> Package:
    file = folder / "mkmodelfile.yaml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return load_package(file)


def findings(folder: Path, text: str | bytes) -> list[tuple[str, int | None, int | None]]:
    with pytest.raises(PackageError) as caught:
        package(folder, text)
    spans = [(d.code, d.span or Span("")) for d in caught.value.diagnostics]
    return [(code, span.line, span.column) for code, span in spans]


def finding(folder: Path, text: str | bytes) -> str:
    """The only finding, message and help in one."""
    with pytest.raises(PackageError) as caught:
        package(folder, text)
    [only] = caught.value.diagnostics
    return f"{only.message} | {only.help}"


def test_every_key(tmp_path: Path) -> None:
    p = package(tmp_path, WHOLE)
    assert p.name == "autoglm-phone-9b"
    assert p.model == tmp_path / "AutoGLM-Phone-9B-Q4_K_M.gguf"
    assert (p.projector, p.chat_template, p.end_token, p.stop, p.mode) == (
        "auto",
        "gguf",
        "auto",
        "auto",
        "auto",
    )
    assert p.system == "你是一个支持图文理解的智能助手,请结合上下文准确回答。"
    assert dict(p.parameters) == {"num_ctx": 4096, "temperature": 0.5}
    assert p.image_separator == ""
    assert p.target == ">=0.30"
    assert p.license == tmp_path / "LICENSE"
    assert p.tests == tmp_path / "golden"
    assert p.span("parameters.temperature").line == 8


def test_defaults_are_those_of_the_whole_file(tmp_path: Path) -> None:
    whole, least = package(tmp_path, WHOLE), package(tmp_path, LEAST)
    for key in ("projector", "chat_template", "template", "end_token", "stop", "target", "mode", "tests"):
        assert getattr(least, key) == getattr(whole, key), key
    assert (least.system, dict(least.parameters), least.license) == (None, {}, None)


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"name: a\rmodel: b\r\nsystem: \x07", (3, 9)),  # YAML 1.2, 5.4: CR, LF and both end a line
        ("name: a\x85\u2028system: \x07".encode(), (3, 9)),  # and to YAML 1.1 (4.2.4) NEL, LS and PS too
        (b"\xef\xbb\xbfname: \x07", (1, 7)),
        ("name: é\x07".encode("utf-16"), (1, 8)),
        (b"name: a\rsystem: \xff", (2, 9)),
        (b"name: \xc3\xa9\xff", (1, 8)),
        (b"GGUF\x03", (1, 1)),
        (b"#" * 300_000, (1, 1)),
        (b"%YAML 1." + b"9" * 5000 + b"\n---\n", (1, 9)),
    ],
)
def test_where_what_is_no_yaml_is_found(tmp_path: Path, data: bytes, place: tuple[int, int]) -> None:
    assert findings(tmp_path, data) == [("MK502", *place)]


def test_a_folder_means_the_file_in_it(tmp_path: Path) -> None:
    package(tmp_path, LEAST)
    assert load_package(tmp_path).name == "a"
    (tmp_path / "mkmodelfile.yaml").rename(tmp_path / "mkmodelfile.yml")
    assert load_package(tmp_path).file.name == "mkmodelfile.yml"


@pytest.mark.parametrize("path", ["nowhere", "nowhere/mkmodelfile.yaml", "."])
def test_no_file(tmp_path: Path, path: str) -> None:
    with pytest.raises(PackageError) as caught:
        load_package(tmp_path / path)
    assert caught.value.help


def test_other_spellings(tmp_path: Path) -> None:
    p = package(
        tmp_path,
        LEAST
        + "projector: ../mmproj.gguf\nchat_template: family:glm4v\ntemplate: t.gotmpl\n"
        + "stop: ['<|user|>', x]\n"
        + 'license: |\n  Free to use.\n  Really.\nimage: {separator: "\\n"}\nmode: go\ntarget: 0.12.6\n',
    )
    assert p.projector == tmp_path / ".." / "mmproj.gguf"
    assert (p.family, p.template, p.stop) == ("glm4v", tmp_path / "t.gotmpl", ("<|user|>", "x"))
    assert p.license == "Free to use.\nReally.\n"
    assert p.image_separator == "\n"


def test_all_findings_come_at_once_and_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = "name: 你好\nmodle: x.gguf\ntarget: 0.30\nstop: x\n"
    text += "parameters:\n  stop: x\nimage: {seperator: 3}\nname: b\n"
    assert findings(tmp_path, text) == [
        ("MK503", 2, 1),  # modle, and so no finding about a missing `model`
        ("MK504", 3, 9),
        ("MK504", 4, 7),
        ("MK503", 7, 9),
        ("MK505", 8, 1),
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("modl: b.gguf", "did you mean"),
        ("mmproj: b.gguf", "did you mean `projector`"),
        ("stops: [a]", "did you mean `stop`"),
        ("wibble: x.gguf", "known keys are name, model"),
        ("target: 0.30", 'number 0.3, expected text such as ">=0.30" | put it in quotes: "0.30"'),
        ("target: new", "'new' is not a version"),
        ("stop: </answer>", "write a list: stop: ['</answer>']"),
        ("stop: [3]", "`stop`, entry 1, is the number 3, expected text"),
        ("stop: ['']", "entry 1 is empty"),
        ("stop: [a, a]", "'a' twice"),
        ("projector: off", "write `projector: none`"),
        ("projector: yes", "write `projector: auto`"),
        ("tokenizer: no", "write `tokenizer: none`"),
        ("tokenizer: hf.co/org", "did you mean `hf.co/org/REPO`?"),
        ("vocab: a", "did you mean `tokenizer`"),
        ("end_token: ''", "empty text"),
        ("parser: ''", "write auto, none, or the name of one of Ollama's parsers, or remove `parser`"),
        ("mode: Go", "did you mean `go`"),
        ("mode: [go]", "a list of 1, expected auto, go, native or renderer"),
        ("system:", "write a value, or remove `system`"),
        ("parameters: [num_ctx]", "expected a mapping of names"),
        ("parameters: {num_ctx: {a: 1}}", "`parameters.num_ctx` is a mapping"),
        ("parameters: {num_ctx: 2024-01-01}", "`parameters.num_ctx` is a date"),
        ("parameters: {temperature: .inf}", "finite"),
        ("parameters: {stop: x}", "write it as `stop:`"),
        ("parameters: {mmproj: x}", "write it as `projector:`"),
        ("parameters: {'num ctx': 1}", "letters, digits and `_`"),
        ("image: {sep: x}", "known keys are separator"),
        ("image: yes", "a mapping such as"),
        ("chat_template: family:glm4w", "did you mean `family:glm4`"),
        ("chat_template: glm4v", "did you mean `family:glm4v`"),
        ("template: https://example.org/t.gotmpl", "download it"),
        ("license: 3", 'put it in quotes: "3"'),
        ("{a: b}: c", "a list or a mapping"),
        ("system: a: b", "not YAML"),
        ("system: *x", "alias"),
        (
            "system: !!python/object/apply:os.system x",
            "tag !!python/object/apply:os.system is not allowed",
        ),
        ("system: 2024-13-45", "in quotes"),
        ("<<: {system: x}", "merge keys"),
        ("? [a]\n: b", "a list or a mapping"),
        ("---\nname: b", "one document"),
        ("system:\n\tx", "does not allow tabs"),
        ("system: '\x07'", "U+0007"),
        ("\ufeffsystem: x", "U+FEFF"),
        ("? ", "a key that is empty"),
        ('system: "\\UFFFFFFFF"', "a number out of range"),
        ("system: !!bool maybe", "tag !!bool is not allowed"),
        ("memory: !!seq 12GiB", "tag !!seq is not allowed"),
        ("!!timestamp system: x", "tag !!timestamp is not allowed"),
    ],
)
def test_one_finding(tmp_path: Path, line: str, said: str) -> None:
    assert said in finding(tmp_path, LEAST + line + "\n")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("my model", "holds ' '"),
        ("-a", "begins with '-'"),
        ("a" * 81, "81 bytes, at most 80"),
        ("a:b:c", "holds ':'"),
        ("a.b/c/d", None),
        ("a.b/c", "the namespace holds '.'"),
        ("a:", "the tag is empty"),
        ("/a", "the namespace is empty"),
        ("é", "begins with 'é'"),
        ("localhost:5000/me/model:q4", None),
        ("Me_1/m-1.5:Q4_K_M", None),
        ("a:" + "t" * 80, None),
    ],
)
def test_names_by_ollamas_rules(tmp_path: Path, name: str, said: str | None) -> None:
    text = f"name: {name!r}\nmodel: a.gguf\n"
    if said is None:
        assert package(tmp_path, text).name == name
    else:
        assert said in finding(tmp_path, text)


def test_native_cannot_have_what_needs_a_template(tmp_path: Path) -> None:
    text = LEAST + "mode: native\ntemplate: t\nend_token: x\nimage: {separator: x}\ntarget: '0.12'\n"
    text += "chat_template: family:glm4\n"
    codes = findings(tmp_path, text)
    assert [code for code, _, _ in codes] == ["MK507"] * 5
    assert package(tmp_path, LEAST + "mode: native\ntarget: '>=0.30'\n").mode == "native"


def test_messages(tmp_path: Path) -> None:
    text = LEAST + "messages:\n- {role: user, content: Hi}\n- {role: assistant, content: Hello.}\n"
    assert package(tmp_path, text).messages == (("user", "Hi"), ("assistant", "Hello."))
    assert package(tmp_path, LEAST).messages == ()


@pytest.mark.parametrize(
    ("value", "said", "place"),
    [
        ("Hi", "`messages` is text ('Hi'), expected a list of messages such as", (3, 11)),
        ("[Hi]", "`messages` is text ('Hi'), expected a list of messages such as", (3, 12)),
        ("[{role: User, content: a}]", "write system, user or assistant, in lower case", (3, 19)),
        ("[{role: tool, content: a}]", "`messages.role` is text ('tool')", (3, 19)),
        ("[{role: user, content: 3}]", 'put it in quotes: "3"', (3, 34)),
        ("[{role: user, content: ''}]", "`messages.content` is empty text", (3, 34)),
        ("[{role: user}]", "`messages.content` is missing, expected text", (3, 12)),
        ("[{role: user, content: a, contents: b}]", "unknown key `messages.contents`", (3, 37)),
    ],
)
def test_wrong_messages(tmp_path: Path, value: str, said: str, place: tuple[int, int]) -> None:
    text = LEAST + f"messages: {value}\n"
    assert said in finding(tmp_path, text)
    assert [(line, column) for _, line, column in findings(tmp_path, text)] == [place]


def test_a_named_chat_template(tmp_path: Path) -> None:
    assert package(tmp_path, LEAST).chat_template_name is None
    assert package(tmp_path, LEAST + "chat_template_name: tool_use\n").chat_template_name == "tool_use"
    assert package(tmp_path, LEAST + "mode: native\nchat_template_name: default\n").mode == "native"
    native = LEAST + "mode: native\nchat_template_name: tool_use\n"
    assert findings(tmp_path, native) == [("MK507", 4, 21)]
    family = LEAST + "chat_template: family:glm4\nchat_template_name: tool_use\n"
    assert findings(tmp_path, family) == [("MK507", 4, 21)]
    assert "expected a name such as tool_use" in finding(tmp_path, LEAST + "chat_template_name: ''\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "UTF-8"),
        (b"GGUF\x03\x00\x00\x00", "not YAML"),
        (b"", "an empty file"),
        (b"- a\n", "a list of 1"),
        (b"x" * 300_000, "262145 bytes, expected at most 262144"),
        (b"[" * 5000, "nested more than 16 deep"),
        (b"a: &a [*a]", "nested more than 16 deep"),
        (b'name: tiny\nmodel: m.gguf\n"\\udb40\\udc41": 1', r"\udb40 is half a character"),
        (b'name: tiny\nmodel: m.gguf\nsystem: "\\udc80"', r"\udc80 is half a character"),
        (b"name: a\nmodel: \xff\n", "UTF-8"),
    ],
)
def test_what_is_no_package_file(tmp_path: Path, text: bytes, said: str) -> None:
    assert said in finding(tmp_path, text)


def test_aliases_cannot_blow_up(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for i in range(1, 12):
        lines.append(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]")
    assert "20000 values" in finding(tmp_path, "\n".join(lines))


def test_many_unknown_keys_take_work_by_their_number(tmp_path: Path) -> None:
    def calls(keys: int) -> int:
        """Of Python's functions, while so many unknown keys are found."""
        path = tmp_path / "mkmodelfile.yaml"
        path.write_text("name: x\nmodel: m.gguf\n" + "".join(f"k{n}: 1\n" for n in range(keys)))
        counted = 0

        def count(*_: object) -> None:
            nonlocal counted
            counted += 1

        before = sys.getprofile()
        sys.setprofile(count)
        try:
            with pytest.raises(PackageError) as caught:
                load_package(path)
        finally:
            sys.setprofile(before)
        assert len(caught.value.findings) == keys
        return counted

    calls(1)  # what is made once
    assert calls(400) < 5 * calls(100)


def test_an_alias_is_its_value(tmp_path: Path) -> None:
    p = package(tmp_path, "name: &n a\nmodel: a.gguf\nsystem: *n\n")
    assert p.system == "a"


def test_the_schema_says_what_each_key_is() -> None:
    schema = json_schema()
    assert schema["$id"].startswith("https://")
    assert schema["required"] == ["name"]
    assert schema["anyOf"] == [{"required": ["model"]}, {"required": ["variants"]}]
    assert schema["additionalProperties"] is False
    for key, value in {**schema["properties"], **schema["$defs"]["ImageShape"]["properties"]}.items():
        assert value.get("description"), key
    assert set(schema["properties"]) == set(PackageShape.model_fields)
