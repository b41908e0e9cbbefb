"""Chat templates of GGUFs that refuse, which is no fault of theirs."""

from __future__ import annotations

from modelfile_kit.lint.runner import lint_modelfile
from tests.lint.rules.test_without_template import GOOD, model


def test_a_template_that_refuses_some_conversations_is_sound(tmp_path):
    jinja = "{% if messages[0].role == 'system' %}{{ raise_exception('no') }}{% endif %}" + GOOD
    model(tmp_path, jinja)
    assert lint_modelfile("FROM ./model.gguf\n", base=tmp_path) == []
