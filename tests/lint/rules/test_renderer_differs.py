from tests.lint.helpers import Typed, rule_catches, rule_catches_not, write_model

CODE = "MK259"
TOKENS = ("[gMASK]", "<sop>", "<|user|>", "<|assistant|>", "<|system|>", "<|observation|>")
# What the renderer glm-4.7 writes for chats; of tools it knows nothing.
SAME = (
    "[gMASK]<sop>{% for m in messages %}<|{{ m.role }}|>{% if m.role == 'assistant' %}</think>{% endif %}"
    "{{ m.content }}{% endfor %}<|assistant|>{{ '<think>' if enable_thinking is not false else '</think>' }}"
)
OTHER = SAME.replace("<|{{ m.role }}|>", "<|{{ m.role }}|>\n")


def test_catches(tmp_path):
    write_model(tmp_path, control=TOKENS, tokenizer__chat_template=Typed("string", OTHER))
    found = rule_catches(CODE, "RENDERER glm-4.7\nPARSER glm-4.7\n", base=tmp_path)
    assert "for a question first difference at line 1, column 21" in found.message
    assert "renderer:" in found.message


def test_catches_tools(tmp_path):
    write_model(tmp_path, control=TOKENS, tokenizer__chat_template=Typed("string", SAME))
    found = rule_catches(CODE, "RENDERER glm-4.7\nPARSER glm-4.7\n", base=tmp_path)
    assert "for a tool first difference" in found.message


def test_catches_what_create_gives(tmp_path):
    write_model(
        tmp_path,
        general__architecture=Typed("string", "laguna"),
        control=TOKENS,
        tokenizer__chat_template=Typed("string", SAME),
    )
    found = rule_catches(CODE, "TEMPLATE {{ .Prompt }}\n", base=tmp_path)
    assert "RENDERER laguna" in found.message


def test_catches_not(tmp_path):
    write_model(tmp_path, control=TOKENS, tokenizer__chat_template=Typed("string", SAME))
    # The parser passthrough takes no tools.
    rule_catches_not(CODE, "RENDERER glm-4.7\nPARSER passthrough\n", base=tmp_path, target="0.34.2")
    rule_catches_not(CODE, "TEMPLATE {{ .Prompt }}\n", base=tmp_path)
    rule_catches_not(CODE, "RENDERER glm-4.7\nPARSER glm-4.7\n")
    rule_catches_not(CODE, "RENDERER glm-4.7\nPARSER glm-4.7\n", base=tmp_path, target="0.24.0")
