from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from modelfile_kit.audit import templates
from modelfile_kit.audit.templates import Judged, Judgements, Template, judge
from modelfile_kit.compiler import compile_template
from modelfile_kit.safety.examine import examine

JINJA = "{{ bos_token }}{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}<|assistant|>"
TEMPLATE = Template(JINJA, "<s>", None)


def test_the_key_is_of_all_that_the_result_depends_on(monkeypatch: pytest.MonkeyPatch) -> None:
    others = [
        replace(TEMPLATE, text=JINJA + " "),
        replace(TEMPLATE, bos_token=None),
        replace(TEMPLATE, bos_token=""),
        replace(TEMPLATE, eos_token=""),
    ]
    keys = {t.key for t in (TEMPLATE, *others)}
    monkeypatch.setattr(templates, "__version__", "9.9")
    assert len(keys | {TEMPLATE.key}) == 6


def test_what_the_compiler_says() -> None:
    judged, compiled = judge(TEMPLATE), compile_template(JINJA, bos_token="<s>", eos_token=None)
    assert judged.coverage == compiled.coverage
    assert judged.replies == compiled.replies
    assert {code for code, _ in judged.found} == {d.code for d in compiled.diagnostics}


def test_what_it_does_with_contents() -> None:
    text = JINJA.replace(
        "{{ m.content }}", "{{ m.content }}{% if 'invoice' in m.content %} Pay now.{% endif %}"
    )
    judged = judge(Template(text, "<s>", None))
    assert judged.safety == tuple(
        (f.code, f.severity.value) for f in examine(text, bos_token="<s>", eos_token=None)
    )
    assert "warning" in {severity for _, severity in judged.safety}
    assert judge(TEMPLATE).safety == ()


def test_a_template_that_is_none() -> None:
    judged = judge(Template("{% for", None, None))
    assert judged.coverage == {}
    assert "error" in {severity for _, severity in judged.found}


def test_kept_and_found_again(tmp_path: Path) -> None:
    found, safety = (("MK1", "info"),), (("MK2", "error"),)
    judged = Judged({"chat": "exact"}, {"answer": "unread"}, "qwen3", found, safety)
    Judgements(tmp_path).put("abc", judged)
    assert Judgements(tmp_path).get("abc") == judged
    assert Judgements(tmp_path).get("abd") is None
    nowhere = Judgements(None)
    nowhere.put("abc", judged)
    assert nowhere.get("abc") == judged


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    kept = Judgements(tmp_path / "file")
    kept.put("abc", Judged())
    assert kept.get("abc") == Judged()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"found": 1}', "\udcff"])
def test_a_file_that_is_none_counts_as_none(text: str, tmp_path: Path) -> None:
    Judgements(tmp_path).put("abc", Judged())
    file = next(tmp_path.rglob("*.json"))
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert Judgements(tmp_path).get("abc") is None
