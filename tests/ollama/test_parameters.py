"""PARAMETER findings; the values themselves are held against Ollama in test_recorded.py."""

from __future__ import annotations

from typing import Any

import pytest

from modelfile_kit import parse_modelfile
from modelfile_kit.core.diagnostics import Severity
from modelfile_kit.ollama.parameters import Refusal, add_parameter, read_parameter, validate
from modelfile_kit.ollama.versions import Target


def findings(lines, target="latest"):
    return validate(parse_modelfile(f"FROM x\n{lines}"), target, file="Modelfile")


@pytest.mark.parametrize(
    ("line", "code", "severity", "words"),
    [
        ("PARAMETER num_ctxx 1", "MK110", "error", "did you mean num_ctx"),
        ("PARAMETER Stop x", "MK110", "error", "did you mean stop"),
        ("PARAMETER zzz 1", "MK110", "error", "Ollama knows"),
        ("PARAMETER num_ctx 4k", "MK111", "error", "digits only"),
        ("PARAMETER num_ctx 1.0", "MK111", "error", "digits only"),
        ("PARAMETER temperature warm", "MK111", "error", "a number"),
        ("PARAMETER temperature inf", "MK111", "error", "finite"),
        ("PARAMETER use_mmap yes", "MK111", "error", "true or false"),
        ("PARAMETER mirostat 1", "MK112", "warning", "remove the line"),
        ("PARAMETER mmproj ./mmproj.gguf", "MK113", "error", "FROM ./mmproj.gguf"),
        ("ADAPTER ./mmproj-model-f16.gguf", "MK114", "error", "FROM ./mmproj-model-f16.gguf"),
        ("PARAMETER system be nice", "MK115", "warning", "SYSTEM"),
        ("REQUIRES soon", "MK117", "error", "0.14.0"),
        ("REQUIRES 0.14.0.1", "MK117", "error", "0.14.0"),
    ],
)
def test_caught(line, code, severity, words):
    (finding,) = findings(line)
    assert finding.code == code
    assert finding.severity is Severity(severity)
    assert words in finding.help
    assert (finding.span.file, finding.span.line) == ("Modelfile", 2)


@pytest.mark.parametrize(
    "line",
    [
        "PARAMETER stop <|end|>\nPARAMETER stop x",
        "PARAMETER num_ctx 4096",
        "PARAMETER temperature 1_0.5e-1",
        "PARAMETER use_mmap F",
        "REQUIRES v0.14",
        "REQUIRES 0.30.4-rc1+x",
    ],
)
def test_not_caught(line):
    assert findings(line) == []


def test_by_release():
    assert findings("ADAPTER ./lora.gguf", "0.33.0") == []
    assert [d.code for d in findings("ADAPTER ./lora.gguf")] == ["MK116"]
    assert [d.code for d in findings("ADAPTER ./lora.gguf", ">=0.30")] == ["MK116"]
    assert findings("PARAMETER typical_p 0.5", "0.34.0") == []
    assert [d.code for d in findings("PARAMETER typical_p 0.5", ">=0.30")] == ["MK112"]
    assert [d.code for d in findings("PARAMETER typical_p 0.5")] == ["MK110"]
    assert findings("PARAMETER mirostat 1", "0.6.0") == []
    assert [d.code for d in findings("PARAMETER mirostat x", "0.6.0")] == ["MK111"]
    assert [d.code for d in findings("PARAMETER draft_num_predict 4", "0.24.0")] == ["MK110"]
    assert findings("PARAMETER draft_num_predict 4") == []
    assert [d.code for d in findings("RENDERER cogito\nREQUIRES 0.14.0", "0.13.0")] == ["MK116"]
    assert [d.code for d in findings("RENDERER cogito", ">=0.9")] == ["MK116"]
    assert findings("RENDERER qwen3-coder", ">=0.12") == []


def test_renderers_and_parsers():
    (renderer, parser) = findings("RENDERER qwen4-coder\nPARSER nothing")
    assert (renderer.code, renderer.severity) == ("MK129", Severity.ERROR)
    assert "qwen3-coder" in renderer.help
    assert (parser.code, parser.severity) == ("MK129", Severity.WARNING)
    (young,) = findings("RENDERER glimmer", "0.32.0")
    assert "0.33.0" in young.help
    assert findings("RENDERER gemma4\nPARSER gemma4-no-thinking") == []


def test_what_a_create_request_carries():
    given = (
        "stop a",
        "num_ctx 1",
        "stop b",
        "num_ctx 8",
        "top_p 0.1234567891",
        "seed x",
        "use_mmap 0",
        "mirostat 1",
    )
    lines = "\n".join(f"PARAMETER {line}" for line in given)
    parsed = parse_modelfile(f"FROM x\n{lines}")
    request: dict[str, Any] = {}
    for row in parsed.all("parameter"):
        value = read_parameter(row.key, row.value, Target.parse("latest"))
        if value is not None and not isinstance(value, Refusal):
            add_parameter(request, row.key, value)
    assert request == {
        "stop": ["a", "b"],
        "num_ctx": 8,
        "top_p": 0.12345679,
        "use_mmap": False,
    }
