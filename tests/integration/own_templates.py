"""Chat templates of our own writing, one for each way that families have, and conversations for them."""

# ruff: noqa: E501 - templates are long lines
from __future__ import annotations

from modelfile_kit.core.conversation import Conversation

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
HEADERS = (
    "{{ bos_token }}{% for m in messages %}<|head|>{{ m.role }}<|/head|>\n\n{{ m.content | trim }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|head|>assistant<|/head|>\n\n{% endif %}"
)
BRACKETS = (
    "{{ bos_token }}{% if messages[0].role == 'system' %}{% set rest = messages[1:] %}{% set lead = messages[0].content + '\n\n' %}"
    "{% else %}{% set rest = messages %}{% set lead = '' %}{% endif %}"
    "{% for m in rest %}{% if m.role == 'user' %}[ASK] {% if loop.first %}{{ lead }}{% endif %}{{ m.content }} [/ASK]"
    "{% elif m.role == 'assistant' %} {{ m.content | trim }}{{ eos_token }}{% endif %}{% endfor %}"
)
FOLDED = (
    "{{ bos_token }}{% set ns = namespace(lead='') %}{% for m in messages %}{% if m.role == 'system' %}{% set ns.lead = m.content ~ '\n' %}"
    "{% else %}<turn>{{ 'model' if m.role == 'assistant' else m.role }}\n{% if m.role == 'user' and ns.lead %}{{ ns.lead }}{% set ns.lead = '' %}{% endif %}"
    "{{ m.content }}</turn>\n{% endif %}{% endfor %}{% if add_generation_prompt %}<turn>model\n{% endif %}"
)
TOOLS = (
    "{% if tools %}<|im_start|>system\n{% if messages[0].role == 'system' %}{{ messages[0].content }}\n\n{% endif %}"
    "You have these tools:\n{% for t in tools %}{{ t.function.name }}: {{ t.function.description }}\n{% endfor %}<|im_end|>\n{% endif %}"
    "{% for m in messages %}{% if m.role == 'tool' %}<|im_start|>user\n<tool_response>\n{{ m.content }}\n</tool_response><|im_end|>\n"
    "{% elif m.tool_calls %}<|im_start|>assistant\n{{ m.content }}{% for c in m.tool_calls %}<tool_call>\n"
    '{"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments | tojson }}}\n</tool_call>{% endfor %}<|im_end|>\n'
    "{% elif not (loop.first and m.role == 'system' and tools) %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
THINKING = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.role == 'assistant' and m.reasoning_content %}<think>\n{{ m.reasoning_content | trim }}\n</think>\n\n{% endif %}"
    "{{ m.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and not enable_thinking %}<think>\n\n</think>\n\n{% endif %}{% endif %}"
)
IMAGES = (
    "{% for m in messages %}<|{{ m.role }}|>\n{% if m.content is string %}{{ m.content }}{% else %}{% for p in m.content %}"
    "{% if p.type == 'image' %}<|begin_of_image|><|image|><|end_of_image|>{% else %}{{ p.text }}{% endif %}{% endfor %}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
OWN = {
    "chatml": (CHATML, "", "<|im_end|>"),
    "headers": (HEADERS, "<|bos|>", "<|end|>"),
    "brackets": (BRACKETS, "<s>", "</s>"),
    "folded": (FOLDED, "<bos>", "</turn>"),
    "tools": (TOOLS, "", "<|im_end|>"),
    "thinking": (THINKING, "", "<|im_end|>"),
    "images": (IMAGES, "", "<|endoftext|>"),
}

_ASK = {"role": "user", "content": "Hello, who are you?"}
_ANSWER = {"role": "assistant", "content": " I am a model. \n"}
_MORE = {"role": "user", "content": "\n {{ .Content }} {% if %} 100% <b> & 'it' \"so\" 日本語 🎉 "}
_SYSTEM = {"role": "system", "content": "Answer briefly."}
_PARAMETERS = {
    "type": "object",
    "properties": {"city": {"type": "string", "description": "Where <there> & so"}},
    "required": ["city"],
}
_TOOL = {
    "type": "function",
    "function": {"name": "weather", "description": "Says how it is", "parameters": _PARAMETERS},
}
_CALL = {
    "role": "assistant",
    "content": "",
    "tool_calls": [{"id": "c1", "function": {"name": "weather", "arguments": {"city": "Köln <1> & 2"}}}],
}
_RESULT = {"role": "tool", "content": '{"now": "dry"}', "tool_name": "weather", "tool_call_id": "c1"}

CONVERSATIONS = (
    Conversation("one turn", (_ASK,)),
    Conversation("three turns", (_ASK, _ANSWER, _MORE)),
    Conversation("system", (_SYSTEM, _ASK, _ANSWER, _MORE)),
    Conversation("an empty answer", (_ASK, {"role": "assistant", "content": ""}, _MORE)),
    Conversation("tools", (_ASK,), (_TOOL,)),
    Conversation("tools and system", (_SYSTEM, _ASK), (_TOOL,)),
    Conversation("a call and its result", (_SYSTEM, _ASK, _CALL, _RESULT), (_TOOL,)),
    Conversation("a call and more turns", (_ASK, _CALL, _RESULT, _ANSWER, _MORE), (_TOOL,)),
    Conversation("thinking", (_ASK,), think=True),
    Conversation("no thinking", (_SYSTEM, _ASK), think=False),
    Conversation("reasoning before", (_ASK, {**_ANSWER, "thinking": "A sum.\n"}, _MORE), think=True),
    Conversation("an image", ({**_MORE, "images": 1},)),
    Conversation("images", (_SYSTEM, {**_ASK, "images": 2}, _ANSWER, {**_MORE, "images": 1})),
)
