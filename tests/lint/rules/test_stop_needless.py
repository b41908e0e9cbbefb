from tests.gguf_file.handmade import Typed
from tests.lint.helpers import rule_catches, rule_catches_not, write_model

CODE = "MK328"


def test_an_end_of_generation_needs_none(tmp_path):
    write_model(tmp_path, control=["<|user|>", "<|x|>"], eos="<|user|>")
    rule_catches(CODE, "PARAMETER stop <|user|>\n", base=tmp_path)
    rule_catches_not(CODE, "PARAMETER stop <|x|>\n", base=tmp_path)
    rule_catches_not(CODE, "PARAMETER stop <|user|>\n")


def test_the_only_stop_keeps_away_what_create_would_add(tmp_path):
    jinja = (
        "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + "
        "'<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}"
        "{% endif %}"
    )
    write_model(
        tmp_path,
        control=["<|user|>", "<|x|>"],
        eos="<|user|>",
        tokenizer__chat_template=Typed("string", jinja),
    )
    text = "TEMPLATE {{ .Prompt }}\nPARAMETER stop <|user|>\n"
    rule_catches_not(CODE, text, base=tmp_path)
    rule_catches(CODE, f"{text}PARAMETER stop <|x|>\n", base=tmp_path)
