import pytest

from tests.lint.helpers import findings, rule_catches, rule_catches_not

CODE = "MK252"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "TEMPLATE \"\"\"{% for m in messages %}{{ '<|' + m['role'] + '|>' }}{% endfor %}\"\"\"\n",
            "refuses it",
        ),
        ('TEMPLATE """{% if x %}yes{% endif %}{{ .Prompt }}"""\n', "prints it"),
        ('TEMPLATE """{{ "{% if" }}{% if x %}{{ "a" }}{{ .Prompt }}"""\n', "prints it"),
        ('TEMPLATE """{%- set x = 1 -%}{{ .Prompt }}"""\n', "prints it"),
        ('TEMPLATE """{{ bos_token }}{{ messages }}"""\n', "refuses it"),
        ("TEMPLATE {{ messages[0]['content'] }}\n", "refuses it"),
    ],
)
def test_catches(text, says):
    found = rule_catches(CODE, text)
    assert says in found.message
    assert "mkmodelfile compile" in found.help
    assert findings("MK202", text) == []


@pytest.mark.parametrize(
    "text",
    [
        'TEMPLATE """{{ range .Messages }}{{ .Content }}{{ end }}"""\n',
        'TEMPLATE """100 {% of {{ .Prompt }} {%}"""\n',
        "SYSTEM You write Jinja: {% for m in messages %}\n",
        'TEMPLATE """{{ "{% if x %}" }}{{ .Prompt }}"""\n',
        'TEMPLATE """{{/* {% if x %} " */}}{{ `{% set a = 1 %}` }}"""\n',
        'TEMPLATE """{{ print \'"\' "{% if x %}" }}{{ .Prompt }}"""\n',
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_the_place_is_that_of_the_jinja():
    found = rule_catches(CODE, 'FROM ./m.gguf\nTEMPLATE """<s>\n  {% set x = 1 %}"""\n')
    assert (found.span.line, found.span.column) == (3, 3)
