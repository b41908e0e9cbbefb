"""Chat templates of our own writing, one for each manner that real ones have."""

from __future__ import annotations

from pathlib import Path

_FAMILIES = Path(__file__).parents[3] / "templates"

CHATML = """{%- for message in messages %}
    {%- if loop.first and message.role != 'system' %}
        {{- '<|im_start|>system\\nYou are kind.<|im_end|>\\n' }}
    {%- endif %}
    {{- '<|im_start|>' + message.role + '\\n' + message.content | trim + '<|im_end|>' + '\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"""

BRACKETS = """{{ bos_token }}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content'] | trim %}
    {%- set rest = messages[1:] %}
{%- else %}
    {%- set system_message = '' %}
    {%- set rest = messages %}
{%- endif %}
{%- for m in rest %}
    {%- if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}
        {{- raise_exception('user and assistant take turns') }}
    {%- endif %}
    {%- if loop.index0 == 0 and system_message %}
        {%- set content = '<<SYS>>\\n' ~ system_message ~ '\\n<</SYS>>\\n\\n' ~ m['content'] %}
    {%- else %}
        {%- set content = m['content'] %}
    {%- endif %}
    {%- if m['role'] == 'user' %}
        {{- '[INST] ' + content | trim + ' [/INST]' }}
    {%- elif m['role'] == 'assistant' %}
        {{- ' ' + content.strip() + eos_token }}
    {%- endif %}
{%- endfor %}"""

THINKING = """{%- set ns = namespace(last=-1) %}
{%- for m in messages %}
    {%- if m.role == 'user' %}{% set ns.last = loop.index0 %}{% endif %}
{%- endfor %}
{%- for m in messages %}
    {%- set content = m.content %}
    {%- set reasoning = '' %}
    {%- if m.reasoning_content is string %}
        {%- set reasoning = m.reasoning_content %}
    {%- elif m.role == 'assistant' and '</think>' in content %}
        {%- set reasoning = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
        {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
    {%- endif %}
    {{- '<' + m.role + '>' }}
    {%- if m.role == 'assistant' and loop.index0 > ns.last and reasoning %}
        {{- '<think>\\n' + reasoning.strip('\\n') + '\\n</think>\\n\\n' }}
    {%- endif %}
    {{- content + '<end>\\n' }}
{%- endfor %}
{{- '<assistant>' }}
{%- if enable_thinking is defined and enable_thinking is false %}
    {{- '<think>\\n\\n</think>\\n\\n' }}
{%- endif %}"""

TOOLS = """{%- macro show(tool) %}{{ tool.function | tojson }}{% endmacro %}
{%- if tools %}
    {{- '<tools>\\n' }}
    {%- for tool in tools %}{{ show(tool) }}{{ '\\n' }}{% endfor %}
    {{- '</tools>\\n' }}
{%- endif %}
{%- for m in messages %}
    {%- if m.role == 'tool' %}
        {%- if loop.index0 == 0 or messages[loop.index0 - 1].role != 'tool' %}{{ '<user>' }}{% endif %}
        {{- '<result>' + m.content + '</result>' }}
        {%- if loop.last or messages[loop.index0 + 1].role != 'tool' %}{{ '<end>' }}{% endif %}
    {%- elif m.role == 'assistant' and m.tool_calls %}
        {{- '<assistant>' + m.content }}
        {%- for call in m.tool_calls %}
            {%- set f = call.function %}
            {{- '<call>{"name": "' ~ f.name ~ '", "arguments": ' ~ f.arguments | tojson ~ '}</call>' }}
        {%- endfor %}
        {{- '<end>' }}
    {%- else %}
        {{- '<' + m.role + '>' + m.content + '<end>' }}
    {%- endif %}
{%- endfor %}
{{- '<assistant>' }}"""

NAMED = """{%- for m in messages if m.role in ['system', 'developer'] %}{{ '# ' ~ m.content ~ '\\n' }}
{%- else %}{{ '# none, ' ~ strftime_now('%d %B %Y') ~ '\\n' }}{% endfor %}
{%- for m in messages | rejectattr('role', 'equalto', 'system') %}
    {%- if m.role == 'developer' %}{% continue %}{% endif %}
    {{- m.role | capitalize ~ ': ' ~ m.content.replace('\\n', ' ') | trim }}
    {{- '\\n' if not loop.last else '' }}
{%- endfor %}
{{- '\\nAssistant:' }}"""

PICTURES = """{%- set image = '<|image|>' %}
{%- for m in messages %}
    {{- '<|' ~ m.role ~ '|>' }}
    {%- if m.content is string %}{{ m.content }}
    {%- else %}
        {%- for part in m.content %}
            {%- if part.type == 'image' %}{{ image }}
            {%- elif part.type == 'text' %}{{ part['text'] }}{% endif %}
        {%- endfor %}
    {%- endif %}
    {{- '<|end|>' }}
{%- endfor %}
{{- '<|assistant|>' }}"""

OWN = {
    "chatml": CHATML,
    "brackets": BRACKETS,
    "thinking": THINKING,
    "tools": TOOLS,
    "named": NAMED,
    "pictures": PICTURES,
    **{
        path.parent.name: path.read_text(encoding="utf-8") for path in _FAMILIES.glob("*/chat_template.jinja")
    },
}
