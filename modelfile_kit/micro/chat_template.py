"""The chat template inside the micro model.

Our own wording of what GLM-4.1V's template renders: prefix once, a role token and a newline before
every turn, nothing after it, images and videos as three marks before the text, the roles `tool`
and `observation` left out. Every newline of the output is written as '\\n' inside an expression, so
neither trim_blocks nor lstrip_blocks can change the result.
"""

CHAT_TEMPLATE = """\
{{- '[gMASK]<sop>' -}}
{%- for turn in messages -%}
  {%- if turn.role == 'user' -%}
    {{- '<|user|>\\n' -}}
    {%- if turn.content is string -%}
      {{- turn.content -}}
    {%- else -%}
      {%- for part in turn.content -%}
        {%- if part.type == 'video' or 'video' in part -%}
          {{- '<|begin_of_video|><|video|><|end_of_video|>' -}}
        {%- elif part.type == 'image' or 'image' in part -%}
          {{- '<|begin_of_image|><|image|><|end_of_image|>' -}}
        {%- elif part.type == 'text' -%}
          {{- part.text -}}
        {%- endif -%}
      {%- endfor -%}
    {%- endif -%}
  {%- elif turn.role == 'system' -%}
    {{- '<|system|>\\n' -}}{{- turn.content -}}
  {%- elif turn.role == 'assistant' -%}
    {{- '<|assistant|>' -}}
    {%- if turn.metadata -%}{{- turn.metadata -}}{%- endif -%}
    {{- '\\n' -}}{{- turn.content -}}
  {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|assistant|>\\n' -}}{%- endif -%}
"""
