"""Which chat templates create recognises, as fingerprints: Ollama's own texts are not part of the kit.

When a Modelfile has no TEMPLATE, create compares the GGUF's Jinja text with 37 known ones and takes
the Go template of the nearest if the Levenshtein distance is below 100 (template/template.go, Named;
template/index.json is the same in 0.9.6 to 0.34.4, before it had no gemma3). A fingerprint is the
start of the SHA-256 and how often each character occurs. Equal sums decide at once; the counts
give a lower bound of the distance, which rules out nearly all others. A test makes them anew.
"""

from __future__ import annotations

STOPS: dict[str, list[str]] = {
    "alfred": ["<start_system>", "<end_message>", "<start_user>", "<start_assistant>"],
    "alpaca": ["### Instruction:", "### Response"],
    "chatml": ["<|im_start|>", "<|im_end|>"],
    "chatqa": ["System:", "User:", "Assistant:", "<|begin_of_text|>"],
    "codellama-70b-instruct": ["Source:", "Destination:", "<step>"],
    "command-r": ["<|START_OF_TURN_TOKEN|>", "<|END_OF_TURN_TOKEN|>"],
    "falcon-instruct": ["User:", "Assistant:"],
    "gemma-instruct": ["<start_of_turn>", "<end_of_turn>"],
    "gemma3-instruct": ["<end_of_turn>"],
    "granite-instruct": ["System:", "Question:", "Answer:"],
    "llama2-chat": ["[INST]", "[/INST]", "<<SYS>>", "<</SYS>>"],
    "llama3-instruct": ["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"],
    "magicoder": ["@@ Instruction", "@@ Response"],
    "mistral-instruct": ["<|im_start|>", "<|im_end|>"],
    "openchat": ["<|end_of_turn|>"],
    "phi-3": ["<|end|>", "<|system|>", "<|user|>", "<|assistant|>"],
    "solar-instruct": ["### System:", "### User:", "### Assistant"],
    "starcoder2-instruct": ["### Instruction", "### Response", "<|endoftext|>"],
    "zephyr": ["<|system|>", "</s>", "<|user|>", "<|assistant|>"],
}
"""The stops that come along with each detected template."""

FINGERPRINTS: tuple[tuple[str, str, str, str], ...] = (
    (
        "chatml",
        "91aa728ae59c8e30",
        " %'+0<=>[\\]_acdefgilmnorstuy{|}",
        "1l m o 4 2 4 8 4 7 4 7 7 g 5 8 19 a a g 4 i o a 9 18 o 2 4 h 8 h",
    ),
    (
        "chatml",
        "58c1a1f04baa7ada",
        "\n %'+<=>[]_acdefgilmnoprst{|}",
        "3 11 e e 5 3 1 3 2 2 9 f 1 c o 8 7 e 2 a g b 6 b h g b 6 b",
    ),
    (
        "zephyr",
        "66291cf0045c2425",
        "\n %'+.<=>[]_acdefgiklmnoprstuy{|}",
        "e 1g g q 6 1 4 6 4 6 6 5 i 3 6 13 8 9 b 3 7 b j i 3 9 10 k 2 2 g 8 g",
    ),
    (
        "chatml",
        "3ce2fe9753f9a77a",
        "\n %'+-01<=>[]_abcdefgiklmnoprstuy{|}",
        "3 1a e q 5 1 2 1 3 6 3 8 8 7 f 1 1 6 v 7 8 c 2 5 c d e 2 c v f 1 1 f 6 f",
    ),
    (
        "openchat",
        "901b10d47195fadb",
        " %'()+.4:<>ACGPT[]_abcdefgiklmnoprstu{|}",
        "u 8 c 1 1 4 1 2 2 1 1 1 2 2 2 2 2 2 5 7 1 3 5 j 5 5 6 1 2 5 b b 2 a d c 1 a 2 a",
    ),
    (
        "chatml",
        "a805e50fed68938a",
        "\n %'+<>[]_abcdefgiklmnoprst{|}",
        "3 o 8 e 5 3 3 2 2 6 a 1 1 5 g 4 5 8 1 1 8 a 8 2 7 f b a 6 a",
    ),
    (
        "chatml",
        "153280e3ff55d19d",
        "\n %'+<>[]_acdefgilmnoprst{|}",
        "3 o 8 e 5 3 3 2 2 5 a 1 5 f 4 5 8 1 8 9 6 2 7 e a 8 6 8",
    ),
    (
        "chatml",
        "793202280c0910ab",
        "\n !%'+.0<=>Y[]_acdefghilmnoprstuy{|}",
        "5 13 1 c k 5 2 1 5 1 5 1 4 4 7 h 1 8 o 8 6 1 e 5 d d a 4 b q h 2 2 c a c",
    ),
    (
        "chatml",
        "af9c0233881b083b",
        "\n !%'+.0<=>Y[]_acdefghilmnoprstuy{|}",
        "5 13 1 c k 5 1 1 5 1 5 1 4 4 7 h 1 8 o 8 6 1 e 5 d d a 4 b q h 2 2 c a c",
    ),
    (
        "zephyr",
        "bf61473d7119388a",
        "\n %'+.<=>[]_acdefgiklmnoprstu{|}",
        "b 13 e i 3 1 3 4 3 4 4 3 g 2 6 q 7 7 a 1 5 7 f c 3 8 q e 2 d 6 d",
    ),
    (
        "mistral-instruct",
        "26a59556925c9873",
        " !%'()+./02=CINOST[]_abcdefgiklmnoprstuvxy{}",
        "1p 2 h o 4 4 3 4 5 2 1 9 1 2 2 1 2 2 7 7 4 m 1 4 6 1b 7 7 g 2 a 8 m k 5 i 16 l 7 1 3 1 i i",
    ),
    (
        "starcoder2-instruct",
        "6de66c5b4eb23df8",
        "\n #%'()+-.=IRSY[]_abcdefghiklmnoprstuvwxy{}",
        "l 2z 9 g q 1 1 5 8 2 4 1 2 1 1 4 4 3 l 2 a 7 1k 6 9 2 k 2 f a t n 6 f 17 s 6 1 1 2 4 k k",
    ),
    (
        "llama2-chat",
        "ea2472f29dbd93c3",
        " !%'()+./012:<=>CINSTY[\\]_abcdefgiklmnoprstuvxy{|}",
        "3d 2 13 10 3 3 9 5 6 6 1 1 1 4 k 4 1 2 2 6 2 2 c 4 c a u 1 8 8 2c d h k 2 g p 10 v 6 g 28 14 "
        "5 1 3 5 p 2 p",
    ),
    (
        "codellama-70b-instruct",
        "75678d4630858651",
        "\n !%'()+./012:<=>CDS[]_acdefgilmnoprstuvxy{|}",
        "5 28 1 p o 4 4 5 5 4 6 1 1 3 2 c 2 1 1 2 5 5 4 h 6 9 1f 8 6 l 8 9 p j 4 j 17 p a 1 6 1 k 1 k",
    ),
    (
        "mistral-instruct",
        "7e995b379ec01747",
        " !%'()+./02=CINOST[]_abcdefgiklmnoprstuvxy{}",
        "1t 2 h q 4 4 4 4 5 2 1 9 1 2 2 1 2 2 7 7 4 m 1 4 6 1b 7 7 g 2 a 8 m k 5 i 16 l 7 1 3 1 i i",
    ),
    (
        "chatml",
        "e6f6e5c192657d16",
        "\n %'+.<=>[]_acdefgilmnoprstuy{|}",
        "e 1f g w 6 1 7 6 7 6 6 9 m 3 9 10 8 9 i 7 i j c 3 d 11 p 2 2 g e g",
    ),
    (
        "chatml",
        "f42d04ffb2e487fa",
        "\n %'+<=>[]_abcdefgiklmnoprst{|}",
        "3 13 e e 5 3 1 3 2 2 a f 1 1 c p 8 7 e 1 2 a h d 6 b i h d 6 d",
    ),
    (
        "chatml",
        "f02c534193010c4b",
        "\n %'+.01:<=>Y[]_acdefghilmnoprstuxy{|}",
        "5 29 w q 7 2 4 1 1 5 9 5 1 7 7 h t 2 g 1p d g 1 m a q n m b e 1o v 2 1 5 m a m",
    ),
    (
        "chatml",
        "faf1f8b675beeabd",
        "\n !%'()+,-.0123:<=>ABCDEFHIJLMNOPQRSTUVXY[\\]_`abcdefghijklmnopqrstuvwxy{|}\u2014",
        "c 7l 1 12 1b 3 3 e a 2 f 6 1 2 1 1 7 d 7 5 2 1 7 g 4 5 c 1 3 4 f l 3 2 d h k 8 1 1 e b 1 b i "
        "3 27 d n 19 45 l z c 1y 1 5 10 1g 1w 2o w 2 1l 3v 2j w a 7 3 j r f r 1",
    ),
    (
        "alpaca",
        "993c0af704bad76a",
        "\n #%'()+,-.:<=>ACDEFIORTY[\\]_abcdefghiklmnopqrstuvwyz{|}",
        "p 4z 9 16 u 1 1 4 6 o 3 3 1 a 1 1 2 2 1 1 2 1 2 1 1 6 6 6 7 y 2 e r 2p n g 2 12 3 h m 1q 1a "
        "i 3 u 1v 13 i 3 3 a 1 x 2 x",
    ),
    (
        "chatqa",
        "8aeba567270fa9a8",
        "\n %'+:=AU[]_abcdefgiklmnoprstuy{}",
        "4 1s m s 5 3 7 2 1 6 6 8 j 1 3 c 18 c b h 2 6 c o j 6 d z n 1 1 l l",
    ),
    (
        "gemma-instruct",
        "ecd6ae513fe103f0",
        "\n !%'()+./02<=>CS[]_abcdefgiklmnoprstuvxy{|}",
        "3 24 1 r u 5 5 4 4 4 3 1 3 b 3 1 1 6 6 b m 1 3 c 1j d 8 k 1 e e p t 7 r 17 v 8 1 3 2 n 1 n",
    ),
    (
        "gemma3-instruct",
        "7de1c58e208eda46",
        "\n !\"%'()+-./012:<=>CI[]_abcdefgiklmnoprstuvxy{|}",
        "1b ac 1 a 1r 1i 6 6 5 1q 5 4 7 1 1 1 4 k 4 1 1 l l o 11 2 a g 3c y m 1h 1 p u 1a 18 g 19 2k "
        "1z b 2 a 4 1d 2 1d",
    ),
    (
        "llama3-instruct",
        "ba03a121d097859c",
        "\n %'+.0<=>[]_abcdefghiklmnoprstx{|}",
        "4 1d i c 5 1 2 5 5 5 2 2 e g 1 5 h 13 6 7 4 e 1 4 8 l j 5 c o o 1 d b d",
    ),
    (
        "llama3-instruct",
        "e10ca381b1ccc5cf",
        "\n !\"#%'()+,-.012346:<=>CDEGJKNORSTY[\\]_abcdefghijklmnopqrstuvwxy{|}",
        "31 ur 3 28 a 3a 1i 8 8 h a 31 q 7 3 5 1 3 1 c l q l 3 5 2 1 3 1 2 2 2 3 6 1 b u b 2d 4j e 1d "
        "2v 8y 21 1t 18 4v 6 2 36 2d 64 5h x 1 34 6t 65 1b a c 5 h 45 1i 45",
    ),
    (
        "granite-instruct",
        "e84ee90c8a81a15d",
        "\n %'+.:=AQS[]_acdefgilmnoprstuwy{}",
        "f 1g g w 6 1 4 6 2 1 1 6 6 2 e 3 6 z 8 9 a 7 b h d 3 a s e 2 2 2 g g",
    ),
    (
        "magicoder",
        "230527c8a608cf3a",
        "\n %'()+-.=@IRSY[]_abcdefghiklmnoprstuvwxy{}",
        "l 2z g q 1 1 5 8 2 4 6 1 2 1 1 4 4 3 l 2 a 7 1k 6 9 2 k 2 f a t n 6 f 17 s 6 1 1 2 4 k k",
    ),
    (
        "alfred",
        "071cfb2d4c797ad4",
        " %'()+,.<=>O[]_acdefgilmnoprstuxy{}",
        "1r i y 3 3 6 1 4 7 6 7 1 6 6 a u 4 b 1g 8 c g a f n f 8 k 1j w 4 1 4 j j",
    ),
    (
        "llama2-chat",
        "e8d5b5a546d3f19d",
        " !%'()+./012:<=>CINSTY[\\]_abcdefgiklmnoprstuvxy{}",
        "39 2 13 10 5 5 9 7 6 6 1 1 1 4 k 4 1 2 2 6 2 2 c 4 c a u 1 8 8 2c d h k 2 g n 10 v 8 g 2a 14 "
        "5 1 3 5 p p",
    ),
    (
        "phi-3",
        "605841622bcb6572",
        "\n %'()+<=>[]acdefgilmnorstu{|}",
        "4 z a s 2 2 8 4 4 4 4 4 a 2 4 n 5 6 6 3 6 b 6 6 l 8 2 9 8 9",
    ),
    (
        "phi-3",
        "268b6082ceb7176d",
        "\n %'()+<=>[]_abcdefgiklmnorstu{|}",
        "4 11 a s 2 2 8 4 4 4 4 4 1 a 1 2 4 o 5 6 6 1 3 6 c 8 6 m 9 2 b 8 b",
    ),
    (
        "phi-3",
        "b0e53f5e7bae6fdb",
        "\n %'+<>[]_abcdefgiklmnoprst{|}",
        "3 v a e 5 3 3 2 2 4 8 1 1 5 k 4 5 5 2 2 5 b a 2 5 f 8 d 6 d",
    ),
    (
        "chatqa",
        "cd3636885332999f",
        "\n %'()+,-.01:=ASTU[]_abcdefghiklmnopqrstuvwxy{}",
        "6 2q o l 2 2 2 2 9 6 1 1 5 8 2 1 3 1 7 7 4 10 4 9 d 1z b d b s 1 j d y r 8 1 f 1z 14 8 1 4 2 2 i i",
    ),
    (
        "falcon-instruct",
        "2c575663fbb6c03a",
        "\n %'+.:=FSU[]_acdefgilmnoprstuy{}",
        "d 1b g q 3 1 4 6 2 1 1 6 6 2 g 5 6 x 8 9 9 9 b g e 3 9 q d 1 2 g g",
    ),
    (
        "falcon-instruct",
        "f6084d6ec1cb3238",
        "\n %'+.:=FSU[]_acdefgilmnoprstuy{}",
        "2 1g k q 1 1 4 6 2 1 1 4 4 2 c 3 6 s b 7 c 8 9 d d 3 a m a 1 2 m m",
    ),
    (
        "solar-instruct",
        "b8e5e922a7a4ab5d",
        "\n #%'+.:=ASU[]_acdefgilmnoprstuy{}",
        "8 1c c k w 5 1 4 6 2 1 1 7 7 2 h 4 7 11 a a d 7 c j d 3 9 y j 1 2 i i",
    ),
    (
        "command-r",
        "9db2cf47ce03bfd0",
        " !%'()+,-./012:<=>ABCDEFHIKMNORSTUY[]_abcdefghiklmnoprstuvxy{|}",
        "3y 2 19 12 5 5 6 3 2 8 4 4 1 1 1 b l b 7 2 5 3 g 7 2 1 b 1 l k d 7 v 8 3 9 9 12 1a 4 7 e 2r "
        "h m 5 x 1 j u 10 13 d t 2v 1e b 2 2 8 y m y",
    ),
)
"""Name, first 16 digits of the SHA-256, the characters in order, their counts in base 36."""
