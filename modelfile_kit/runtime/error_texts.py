"""What Ollama, llama.cpp and their kin print when something goes wrong, and what that means.

One table, read by everyone who is handed such a text: the llama.cpp child process, the client of the
server, publishing, verification and `doctor`. The texts come from the programs' own sources and from what
they answered: Ollama 0.5.13, 0.9.6, 0.12.6, 0.17.4, 0.24.0, 0.30.4, 0.33.0, 0.34.1 and 0.34.4 (server/,
parser/, template/, llm/, cmd/) and llama.cpp b10488 (src/, tools/mtmd/, tools/server/, common/).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

OLLAMA = "Ollama"
LLAMA_CPP = "llama.cpp"
LLAMA_SERVER = "llama-server"
TRANSFORMERS = "Transformers"

# A pasted log is long; the reason is in its sentences, not in megabytes.
MAX_TEXT = 1 << 20

OF_FILES = frozenset({"MK412", "MK413", "MK416", "MK417", "MK436", "MK854"})
"""Codes about the model's files: nothing else that it is asked will fare better."""

FILE_STEP = "download the file again, and compare its size and SHA-256 with the page it came from"
# Some builds of llama.cpp load AMX tiles with a configuration that was never filled (ldtilecfg in
# ggml_backend_amx_mul_mat; seen with Ollama 0.33.0 and 0.34.4 and Q8_0, Q4_0, Q4_K, Q5_K, Q6_K, IQ4_XS).
AMX_STEP = (
    "on a processor with AMX (`grep amx /proc/cpuinfo`), start the server with LLAMA_ARG_REPACK=0 in its "
    "environment"
)
PROJECTOR_STEP = "use the mmproj file that was published with exactly this model"
_CONVERT = (
    "convert the model again with a current llama.cpp (convert_hf_to_gguf.py), or download a newer GGUF"
)
_UPDATE = "update the program that printed this (Ollama, llama.cpp or llama-cpp-python)"
_MEMORY = (
    "use a smaller quantization or a smaller context (PARAMETER num_ctx), or stop other models (`ollama ps`)"
)
_LOG = "the reason is in the server's log (`ollama serve` or journalctl -u ollama); "


@dataclass(frozen=True)
class ErrorText:
    """One text that a program prints.

    program: who prints it first (Ollama passes on what its engine says); code: of the finding; pattern: a
    regular expression for the text with its spaces collapsed, in any case; meaning: what is wrong, with
    `{name}` for the pattern's group of that name; step: what to do next.
    consequence: it only says that something failed, so that any other known text beside it is the reason.
    since, until: the oldest and the newest of the releases above whose source has it; "" for all of them.
    """

    program: str
    code: str
    pattern: str
    meaning: str
    step: str
    consequence: bool = False
    since: str = ""
    until: str = ""


@dataclass(frozen=True)
class Match:
    """A known text in what a program printed. meaning: with the text's own names and numbers in it."""

    error: ErrorText
    meaning: str

    @property
    def code(self) -> str:
        """The finding's code."""
        return self.error.code

    @property
    def step(self) -> str:
        """What to do next."""
        return self.error.step


# Of two texts at the same place the first one counts, so the special ones stand before the general ones.
ERROR_TEXTS: tuple[ErrorText, ...] = (
    # -- texts whose general kin below would be answered wrongly, or not at all ---------------------
    ErrorText(
        LLAMA_CPP,
        "MK401",
        r"(?:string(?: length)?|array size|GGUF item count|tensor dimensions) \d+ exceeds maximum"
        r"|number of (?:tensors|key value pairs) is -?\d+ but must be in",
        "the header of the GGUF holds lengths that no sound file has: the file is damaged or big-endian; "
        "this is not about memory",
        f"`mkmodelfile inspect FILE` says which of the two; {FILE_STEP}",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK401",
        r"encountered (?:length_error|bad_alloc error) while reading|key \d+ is empty"
        r"|duplicate key '[^']*' for KV pair|key '[^']*' has invalid GGUF type"
        r"|key '[^']*' must be of type \w+ but is|alignment \d+ is not a power of 2"
        r"|tensor name \d+ is too long|duplicate tensor name '|tensor '[^']*' is duplicated"
        r"|has invalid number of (?:dimensions|elements)|incorrect shape for a tensor '"
        r"|elements per row, not a multiple of block size|tensor '[^']*' has offset \d+, expected"
        r"|overflows after padding|size overflow, cannot accumulate"
        r"|corrupted model: \d+ tensors expected|has invalid data|found tensors with invalid data",
        "the header or the tensors of the GGUF hold values that no sound file has; this is not about memory",
        f"{FILE_STEP}; if they agree, the file was converted wrongly: {_CONVERT}",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK462",
        r"requantizing from type (?P<type>\w+) is disabled",
        "the file is quantized already (it has tensors of type {type}); quantizing again loses more",
        "quantize the F16, BF16 or F32 file of the model; `--allow-requantize` does it all the same",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK465",
        r"this quantization requires an imatrix|missing importance matrix for tensor"
        r"|failed to load imatrix from|missing imatrix metadata in file|imatrix contains non-finite value"
        r"|imatrix size \d+ is different from tensor size",
        "the type needs an importance matrix of this model, and there is none, or it cannot be read or is of "
        "another model",
        "make one with llama-imatrix and give it with `--imatrix`, or take a type of 3 bits or more",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK463",
        r"llama_quantize: invalid ftype '(?P<name>[^']*)'|type \w+ unsupported for integer quantization"
        r"|cannot dequantize/convert tensor type",
        "this llama-quantize does not know the type {name}, or cannot read the types of the file",
        "use a newer llama-quantize, such as the one that comes with Ollama",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK402",
        r"failed to open (?:GGUF file )?'?[^\s']{1,400}'?:? \(?(?:Permission denied|No such file or directory"
        r"|Is a directory|Too many open files)|Does this file exist\?|load_tensors: failed to open"
        r"|\bread error: Input/output error|\bseek error: |mmap failed: "
        r"|failed to open GGUF file '[^']{1,400}'|Model path does not exist: ",
        "the engine cannot open or read the file: a wrong path, missing rights or a failing disk",
        "check the path and that the user who runs the engine may read the file",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK406",
        r"bad GGUF version: \d+|GGUFv1 is no longer supported|GGUF file is version \d+ but this software",
        "this llama.cpp does not read the GGUF version of the file",
        f"{_CONVERT}; or update the engine",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK451",
        r"GGML_ASSERT\((?:vocab\.)?id_to_token\.size\(\) == (?:vocab\.)?token_to_id\.size\(\)\)",
        "two tokens of the vocabulary have the same text, and llama.cpp aborts on them",
        "use another conversion of the model, or convert it again; `mkmodelfile inspect` names the tokens",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK717",
        r"has invalid ggml type (?P<type>\d+)",
        "this llama.cpp does not know the tensor type {type}: it is too old for the quantization, or the "
        "file is damaged",
        f"{_UPDATE}; or download another quantization",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK717",
        r"unsupported model architecture: '(?P<name>[\w.-]+)'|unknown tokenizer: '(?P<tokenizer>[^']*)'",
        "this llama.cpp does not know the architecture or tokenizer '{name}{tokenizer}'",
        _UPDATE,
    ),
    ErrorText(
        LLAMA_CPP,
        "MK422",
        r"invalid split file|illegal split file idx|invalid split count|failed to load GGUF split"
        r"|missing key \S+ in GGUF split",
        "a split GGUF is incomplete, was renamed, or is not loaded from its first part",
        "put all parts with their original names into one folder, and name the first one",
    ),
    ErrorText(
        OLLAMA,
        "MK422",
        r"unsupported GGUF shard \\?\""
        r"|split GGUF has (?:no shards|an invalid shard|invalid shard count|too many shards|\d+ remaining)"
        r"|split GGUF shard is not a regular file|materialize split GGUF shard"
        r"|split GGUF .{0,300}?(?:has too many shards|has unsupported media type|does not match"
        r"|duplicate shard index|count overflows|contains duplicate tensor|is missing first shard"
        r"|has \d+ tensors, expected)",
        "the parts of a split GGUF are not those of one model, or not all of them",
        "download all parts again into one folder, or merge them with llama-gguf-split --merge",
        since="0.30.4",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK737",
        r"key \S+ has wrong type \w+ but expected type|is not a string/float32/uint32/int32/uint64 array"
        r"|has wrong array element type|array length \d+ for key|n > N_MAX: \d+|expected scalar, found array"
        r"|tensor '[^']*' (?:not found|has wrong shape)|missing tensor info mapping|too many tensors created"
        r"|must be a bool array|invalid n_rot: \d+|has expert layers but no expert layers are used"
        r"|requires the NextN block",
        "the metadata or tensors are not those that this engine expects: the GGUF was made by another or an "
        "old converter",
        f"{_CONVERT}; or update the engine",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK407",
        r"Index out of array bounds (?:in (?:XCDA array|precompiled charsmap)|for (?:scores|toktypes))"
        r"|Unterminated string in precompiled charsmap|precompiled_charsmap too small"
        r"|Byte token for <0x\w+> is not set|invalid gguf type for tokenizer\.",
        "the vocabulary in the GGUF is damaged or incomplete",
        "convert the model again, with the original tokenizer beside it",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK865",
        r"expect general\.type to be 'adapter'|model arch and LoRA arch mismatch"
        r"|expect adapter\.type to be 'lora'|LoRA tensor '[^']*' (?:has unexpected suffix|does not exist)"
        r"|LoRA tensor pair for|has incorrect shape \(hint: maybe wrong base model|lora_a tensor is not "
        r"transposed",
        "the adapter was made for another base model, or is not a LoRA adapter that this engine reads",
        "use the base model that the adapter was trained on, or merge the adapter into the model",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK718",
        r"posix_memalign failed|failed to reserve initial output buffer",
        "there is not enough memory",
        _MEMORY,
    ),
    ErrorText(
        OLLAMA,
        "MK718",
        r"llama-server reported out-of-memory during startup",
        "the engine had not enough memory for the model and its context",
        _MEMORY,
    ),
    # -- projectors and media ------------------------------------------------------------------------
    ErrorText(
        LLAMA_CPP,
        "MK416",
        r"unexpected (?:vision|audio) projector type (?P<type>\d+)",
        "this llama.cpp does not know the projector type {type}",
        f"{_UPDATE}, or convert the projector again with a current llama.cpp",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK417",
        r"failed to find tensor (?P<tensor>[\w.]+)",
        "the projector has no tensor {tensor}, which its clip.projector_type requires",
        f"{PROJECTOR_STEP}, or convert it again",
    ),
    ErrorText(
        OLLAMA,
        "MK417",
        r"mmproj metadata.{0,300}: no projector tensors found",
        "the file that is named as projector has no tensors of one",
        f"{PROJECTOR_STEP}, or convert it again",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK427",
        r"both use_gelu and use_silu are set|image_mean/image_std arrays must have"
        r"|image_size \(-?\d+\) (?:cannot be|is too large)|patch_size \(-?\d+\) must be"
        r"|n_embd \(-?\d+\) must be|image_max_pixels \(-?\d+\) is less than|n_merge \(-?\d+\) must be"
        r"|attn_window_size \(-?\d+\) is too large|n_mel_bins \(-?\d+\) must be|key not found: clip\."
        r"|key 'clip\.[^']*' is not an array",
        "the projector's metadata are incomplete or hold values that no projector has",
        f"{PROJECTOR_STEP}, or convert it again with a current llama.cpp",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK249",
        r"number of media markers in text \((?P<markers>\d+)\) exceeds number of bitmaps \((?P<images>\d+)\)"
        r"|number of bitmaps \((?P<given>\d+)\) does not match number of markers \((?P<places>\d+)\)",
        "images in the request: {images}{given}, places for them in the prompt: {markers}{places}",
        "write {{ .Content }} of every message in the TEMPLATE; `mkmodelfile check` shows the prompts",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK436",
        r"model does not support (?:vision|audio) input|video input is not supported"
        r"|server was not compiled for multimodal or the model projector can't be loaded",
        "the model was loaded without a projector for this kind of input",
        "add the mmproj file (a second FROM, or --mmproj FILE of llama-server), or send text only",
    ),
    ErrorText(
        OLLAMA,
        "MK436",
        r"does not support (?:\w+ )?audio(?! generation)",
        "sound was sent to a model whose projector takes none, or that has no projector",
        "add a projector for sound as a second FROM, and publish again",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK719",
        r"invalid bitmap dimensions|empty audio data|Unable to preprocess audio|Unable to read WAV audio file"
        r"|failed to decode webp buffer|failed to decode buffer as either|Failed to load image or audio file"
        r"|decode WebP image: ",
        "the bytes are not an image or a sound of a format that the engine reads",
        "send PNG or JPEG (WAV for sound), and check that the file opens elsewhere",
    ),
    ErrorText(
        LLAMA_SERVER,
        "MK863",
        r"Failed to download image|file:// URLs are not allowed|Invalid uri-encoded base64 value"
        r"|Invalid uri format|uri must be base64 encoded|Invalid base64 value",
        "the URL or the base64 text of an image in the request cannot be used",
        "send data:image/png;base64,… as the URL",
    ),
    ErrorText(
        LLAMA_SERVER,
        "MK854",
        r"failed to load multimodal model",
        "the engine cannot load the projector: it belongs to another model, or the engine is too old for it",
        "`mkmodelfile inspect MODEL.gguf MMPROJ.gguf` says whether the two fit",
        consequence=True,
    ),
    # -- chat templates and requests -----------------------------------------------------------------
    ErrorText(
        LLAMA_SERVER,
        "MK736",
        r"llama-server (?:apply-)?template error|failed to apply (?:chat )?template"
        r"|failed to initialize chat template|this custom template is not supported"
        r"|chat template parsing error|failed to parse chat template"
        r"|neither string content nor typed content is supported by the template|\bat row \d+, column \d+:",
        "llama-server cannot use this chat template",
        "use a TEMPLATE (`mode: go`; `mkmodelfile compile` makes one), or start llama-server with --jinja",
    ),
    ErrorText(
        LLAMA_SERVER,
        "MK867",
        r"tools param requires --jinja",
        "llama-server takes tools only when it uses the model's own chat template",
        "start llama-server with --jinja, or update it: later releases use the chat template anyway",
    ),
    ErrorText(
        OLLAMA,
        "MK203",
        r"undefined (?:template specified|action in template|branch)\b",
        "the TEMPLATE uses a part that is not defined",
        "`mkmodelfile lint Modelfile` says where",
    ),
    ErrorText(
        LLAMA_SERVER,
        "MK867",
        r"\\?\"prompt\\?\" (?:elements must be|must not be empty|is required|must be a string)"
        r"|Unsupported param: |unsupported content\[\]\.type|\\?\"content\\?\" must be an array"
        r"|(?:tools|tool_choice) param requires --jinja|Cannot use both json_schema and grammar"
        r"|response_format type must be one of|'messages' is required"
        r"|Expected '(?:messages|tools|content)' to be|messages must contain 'content'"
        r"|must contain either 'content' or 'tool_calls'|Cannot have 2 or more assistant messages"
        r"|Cannot use custom grammar constraints|logprobs is not supported with|top_logprobs requires"
        r"|Invalid tool_choice: |Missing 'role' in message|(?:Missing|Unsupported) content part type"
        r"|(?:Missing|Unsupported) tool (?:call )?type|Missing tool function|\\?\"query\\?\" must be"
        r"|\\?\"input\\?\" or \\?\"content\\?\" must be provided",
        "a field of the request is missing, has a wrong value, or contradicts another one",
        "correct the field that the text names; llama-server's README lists what each endpoint takes",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK867",
        r"failed to parse grammar|error parsing grammar|Undefined rule identifier"
        r"|grammar does not contain an? '|number of repetitions exceeds sane defaults",
        "the grammar of the request, or the one made from its JSON Schema, cannot be used",
        "simplify `format` (or the grammar): fewer repetitions, every rule defined, one rule named root",
    ),
    ErrorText(
        OLLAMA,
        "MK867",
        r"(?<![-\w])model is required|missing request body|top_logprobs must be between"
        r"|raw mode does not support|only supports one image while more|\binvalid input type"
        r"|invalid think value|think must be a boolean or string|invalid format: .{0,400}; expected"
        r"|returned no grammar for the schema",
        "a field of the request is missing, or has a value that the server does not take",
        "correct the field that the text names; Ollama's docs/api.md lists what each endpoint takes",
    ),
    ErrorText(
        OLLAMA,
        "MK864",
        r"input (?:after truncation )?exceeds maximum context length",
        "the text to embed is longer than the model's context",
        "send shorter texts, or raise PARAMETER num_ctx",
    ),
    ErrorText(
        OLLAMA,
        "MK230",
        r"does not support (?:generate|chat|insert|embedding|completion|image generation)\b"
        r"|image generation models are not currently supported",
        "the request asks for something that this kind of model does not do",
        "`ollama show NAME` lists the model's capabilities; use a model that has this one",
    ),
    # -- Modelfile, create and the store --------------------------------------------------------------
    ErrorText(
        OLLAMA,
        "MK111",
        r"option \\?\"(?P<name>\w+)\\?\" must be of (?:type|an array)",
        "the parameter or option {name} has a value of the wrong type",
        "`mkmodelfile lint Modelfile` names the line and the type; in a request, correct `options`",
    ),
    ErrorText(
        OLLAMA,
        "MK111",
        r"invalid (?P<kind>float|int|bool) value \[(?P<value>[^\]]{0,100})\]",
        "the value '{value}' of a parameter is not of its type ({kind})",
        "`mkmodelfile lint Modelfile` names the line and the type",
    ),
    ErrorText(
        OLLAMA,
        "MK110",
        r"typical_p is no longer supported",
        "this Ollama no longer takes the parameter typical_p",
        "remove it from the Modelfile and from requests",
        since="0.34.1",
    ),
    ErrorText(
        OLLAMA,
        "MK102",
        r"message role must be one of",
        "a MESSAGE has a role that Ollama does not know",
        "use system, user or assistant; `mkmodelfile lint Modelfile` names the line",
    ),
    ErrorText(
        OLLAMA,
        "MK117",
        r"requires must be a valid semver|invalid requires version:",
        "REQUIRES is not followed by a version",
        "write the version with three numbers, as REQUIRES 0.14.0",
    ),
    ErrorText(
        OLLAMA,
        "MK433",
        r"no files provided to convert",
        "the create request names no model file",
        "begin the Modelfile with FROM and the path of the GGUF",
    ),
    ErrorText(
        OLLAMA,
        "MK403",
        r"(?:^|bad request: |error: )unknown type\b|unsupported file type \[[\d ]+\]",
        "a file behind FROM is neither GGUF nor safetensors, whatever its name says",
        "`mkmodelfile inspect FILE` says what it is; name the GGUF",
    ),
    ErrorText(
        OLLAMA,
        "MK403",
        r"read model: read config: ",
        "FROM names a safetensors file without the config.json of its model",
        "name the model's whole folder, or convert it with llama.cpp's convert_hf_to_gguf.py",
        since="0.34.1",
    ),
    ErrorText(
        OLLAMA,
        "MK403",
        r"mixed model file types",
        "FROM names files of several formats, GGUF and safetensors for example",
        "name the GGUF file alone",
    ),
    ErrorText(
        OLLAMA,
        "MK810",
        r"quantization (?:during create )?is only supported for safetensors"
        r"|--quantize is only supported when importing a safetensors"
        r"|unsupported (?:(?:draft )?quantize type|--(?:draft-)?quantize \\?\")",
        "this Ollama does not quantize a GGUF, and knows only a few types for safetensors",
        "quantize the GGUF with llama.cpp's llama-quantize, and leave `quantize` out",
        since="0.34.1",
    ),
    ErrorText(
        OLLAMA,
        "MK810",
        r"--draft-quantize requires a DRAFT model",
        "the request quantizes a draft model and names none",
        "leave --draft-quantize out, or name the draft's files behind DRAFT",
    ),
    ErrorText(
        OLLAMA,
        "MK810",
        r"safetensors imports (?:do not )?(?:support|require)|DRAFT cannot be used with remote",
        "the Modelfile's FROM and DRAFT lines do not fit together: an import of safetensors takes one FROM "
        "and at most one DRAFT, and a model of ollama.com takes no DRAFT",
        "leave one FROM line (and at most one DRAFT line), or convert the folder with llama.cpp's "
        "convert_hf_to_gguf.py and name the GGUF",
        since="0.34.1",
    ),
    ErrorText(
        OLLAMA,
        "MK810",
        r"info field \\?\"\w+\\?\" (?:must|element)",
        "a value in `info` of the create request is of the wrong kind",
        "correct the field that the text names, or leave it out: what `info` says is otherwise read from the "
        "model's files",
    ),
    ErrorText(
        OLLAMA,
        "MK810",
        r"file path must be relative|too many files: \d+|invalid digest for "
        r"|blob not found for|blob for .{1,400} is not a regular file",
        "`files` of the create request names a file or a digest that the server cannot use",
        "upload each file to /api/blobs/sha256:DIGEST first and name it without a folder; `mkmodelfile "
        "publish` does both",
    ),
    ErrorText(
        OLLAMA,
        "MK809",
        r"changed during create: expected digest",
        "the file was written to while it was sent",
        "wait until the download or conversion has ended, then run the command again",
    ),
    ErrorText(
        OLLAMA,
        "MK806",
        r"server must be updated to use",
        "the server is older than the `ollama` command",
        "update and restart the server, so that both have one version (`ollama --version`)",
    ),
    ErrorText(
        OLLAMA,
        "MK508",
        r"\b(?:name|source|destination) \\?\"[^\"]{0,400}\" is invalid|unqualified name: ",
        "the name has characters or parts that Ollama does not allow",
        "use [HOST/][NAMESPACE/]MODEL[:TAG] of letters, digits, '.', '_' and '-'",
    ),
    ErrorText(
        OLLAMA,
        "MK808",
        r"couldn't find model \\?\"",
        "no model of that name is loaded or known",
        "`ollama ps` and `ollama list` show the names",
    ),
    ErrorText(
        OLLAMA,
        "MK404",
        r"digest mismatch, expected",
        "the file arrived damaged: its SHA-256 is not the one that was announced",
        "send the file again; if it fails again, compare its SHA-256 with the page it came from",
    ),
    ErrorText(
        OLLAMA,
        "MK860",
        r"is missing its config|decode config for |config \\?\"[^\"]{0,200}\" not found in manifest"
        r"|permission denied: ensure path elements are traversable",
        "the model store is damaged, or its folders may not be entered by the server's user",
        "correct the owner of the folder in OLLAMA_MODELS; pull or publish a damaged model again",
    ),
    # -- registry and engine of the server -------------------------------------------------------------
    ErrorText(
        OLLAMA,
        "MK861",
        r"you are not currently signed in|error getting authorization details",
        "the server is not signed in to ollama.com, or cannot read its key",
        "sign in with `ollama signin`",
    ),
    ErrorText(
        OLLAMA,
        "MK862",
        r"\bpart stalled|maximum redirects exceeded|blocked redirect to a different host"
        r"|realm host .{1,400} does not match original host|insecure protocol http",
        "the connection to the registry broke, or the registry (or a proxy before it) sends elsewhere",
        "check the registry's address and a proxy on the way, then run the command again; a registry without "
        "TLS needs --insecure",
    ),
    ErrorText(
        OLLAMA,
        "MK803",
        r"timed out waiting for (?:llama-server|llama runner)|(?<!ollama )server not responding"
        r"|server busy, please try again|no slots available after",
        "the engine did not become ready, or too many requests wait for it",
        "try again; for a large model raise OLLAMA_LOAD_TIMEOUT, for many requests OLLAMA_MAX_QUEUE",
    ),
    ErrorText(
        LLAMA_SERVER,
        "MK866",
        r"couldn't bind HTTP server socket",
        "another program uses the port, or the address is not one of this machine",
        "stop the other program, or start llama-server with another --port",
    ),
    ErrorText(
        OLLAMA,
        "MK857",
        r"llama-server binary not found|error starting llama-server|unexpected server status: "
        r"|error (?:reading|unmarshalling) llama-server (?:chat )?response",
        "the server cannot start its engine, or lost it during the request",
        f"{_LOG}if llama-server itself is missing, install Ollama again",
        consequence=True,
    ),
    # -- model and projector -----------------------------------------------------------------------
    ErrorText(
        LLAMA_CPP,
        "MK412",
        r"mismatch between text model \(n_embd = (?P<model>\d+)\) and mmproj \(n_embd = (?P<projector>\d+)\)",
        "width mismatch: the model expects {model}, the projector outputs {projector}",
        PROJECTOR_STEP,
    ),
    ErrorText(
        LLAMA_CPP,
        "MK412",
        r"mismatch between vision and audio mmproj \(n_embd_v = (?P<vision>\d+), n_embd_a = (?P<audio>\d+)\)",
        "width mismatch inside the projector: its vision part outputs {vision}, its audio part {audio}, so "
        "they were made for different models",
        PROJECTOR_STEP,
    ),
    ErrorText(
        LLAMA_CPP,
        "MK416",
        r"unknown (?:vision |audio )?projector type:? *(?P<type>[^\s(]*)",
        "this llama.cpp does not know the projector type '{type}'",
        f"{_UPDATE}, or convert the projector again with a current llama.cpp",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK416",
        r"clip_model_load: don't support projector with",
        "this old llama.cpp does not know the projector's type",
        f"{_UPDATE}, or convert the projector again with a current llama.cpp",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK417",
        r"unable to find tensor (?P<tensor>[\w.]+)",
        "the projector has no tensor {tensor}, which its clip.projector_type requires: the type that it "
        "names is not the type of its tensors",
        f"{PROJECTOR_STEP}, or convert it again",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK413",
        r"does not support multimodal\. please reconvert",
        "the model was converted before llama.cpp supported its vision: rope.dimension_sections is missing, "
        "and the engine aborts at the first image",
        _CONVERT,
    ),
    ErrorText(
        LLAMA_CPP,
        "MK433",
        r"clip cannot be used as main model|unknown model architecture:? *'clip'",
        "this file is a projector (mmproj), not a model",
        "name the language model as the model, and this file as its projector (a second FROM)",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK865",
        r"failed to apply lora adapter|failed to load lora adapter",
        "the adapter was made for another base model, or is not a LoRA adapter",
        "use the base model that the adapter was trained on, or merge the adapter into the model",
    ),
    ErrorText(
        OLLAMA,
        "MK865",
        r"LoRA adapters are no longer supported",
        "this Ollama no longer supports ADAPTER",
        "merge the adapter into the model before it is converted to GGUF",
        since="0.34.1",
    ),
    # -- the GGUF ----------------------------------------------------------------------------------
    ErrorText(
        LLAMA_CPP,
        "MK403",
        r"invalid magic characters:? *(?:'(?P<found>[^']*)')?",
        "not a GGUF file: it begins with '{found}', expected 'GGUF'",
        "give a .gguf file; convert other formats with llama.cpp's convert_hf_to_gguf.py",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK406",
        r"unknown \(magic, version\) combination: 46554747",
        "the program is older than the GGUF format, which the file has",
        _UPDATE,
    ),
    ErrorText(
        LLAMA_CPP,
        "MK403",
        r"invalid magic number|unknown \(magic, version\) combination",
        "not a GGUF file: an old GGML file (.bin), or another format altogether",
        "download a .gguf of the model; convert other formats with llama.cpp's convert_hf_to_gguf.py",
    ),
    ErrorText(
        OLLAMA,
        "MK403",
        r"supplied file was not in GGUF format|invalid file magic|unsupported content type"
        r"|no Modelfile or safetensors",
        "FROM names a file that is not a GGUF: often a Git LFS pointer, an HTML page or a partial download",
        "`mkmodelfile inspect FILE` says what it is; download the GGUF itself",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK406",
        r"GGUF file version \d+ is extremely large",
        "the GGUF is big-endian, and this machine is little-endian (or the other way round)",
        "download the little-endian file, or convert it with gguf-convert-endian from the gguf package",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK737",
        r"wrong number of tensors; expected (?P<expected>\d+), got (?P<found>\d+)",
        "{found} tensors were read, expected {expected}: the GGUF is incomplete, or was merged or converted "
        "for another engine",
        f"{FILE_STEP}; {_CONVERT}",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK737",
        r"key (?P<key>[\w.-]+) has wrong array length; expected (?P<expected>\d+), got (?P<found>\d+)",
        "{key} has {found} values, expected {expected}: the GGUF was converted for another engine, or by an "
        "old converter",
        _CONVERT,
    ),
    ErrorText(
        LLAMA_CPP,
        "MK737",
        r"key not found in model: (?P<key>[\w.-]+)",
        "the metadata key {key} is missing: the GGUF was made by an old or another converter",
        _CONVERT,
    ),
    ErrorText(
        LLAMA_CPP,
        "MK737",
        r"missing tensor '(?P<tensor>[^']+)'",
        "the tensor {tensor} is missing: this engine expects another version of the architecture",
        f"{_CONVERT}; or update the engine",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK737",
        r"tensor '(?P<tensor>[^']{1,200})' is missing from model",
        "the tensor {tensor} is missing: this engine expects another version of the architecture",
        f"{_CONVERT}; or update the engine",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK737",
        r"Can not map tensor '(?P<tensor>[^']{1,200})'",
        "convert_hf_to_gguf.py does not know the tensor {tensor}; names such as .qweight and .absmax are "
        "those of models that are quantized already",
        "convert the original model, not a quantized or a LoRA one; or update llama.cpp",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK407",
        r"cannot find tokenizer (?P<part>\w+) in model file",
        "the vocabulary is incomplete: the GGUF has no tokenizer {part}",
        "convert the model again, with the original tokenizer beside it",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK404",
        r"not within the file bounds|failed to seek (?:for tensor|to beginning)"
        r"|failed to read (?:magic|header|key-value pairs|tensor (?:info|data))\b"
        r"|exceeds remaining file size|exceeds file size|unexpectedly reached end of file",
        "the file is cut short or damaged: not everything that its header names can be read",
        FILE_STEP,
    ),
    ErrorText(
        OLLAMA,
        "MK404",
        r"digest mismatch, file must be downloaded again",
        "the download is damaged: its SHA-256 is not the one in the manifest",
        "remove the model (`ollama rm NAME`) and pull it again",
    ),
    ErrorText(
        OLLAMA,
        "MK422",
        r"split GGUF \"?(?P<file>[^\"]+?)\"? has (?P<found>\d+) shards, expected (?P<expected>\d+)",
        "{file} is one part of a split GGUF: {found} of {expected} parts were found",
        "put all parts into one folder; `mkmodelfile build` and `publish` then take them all",
        since="0.30.4",
    ),
    ErrorText(
        OLLAMA,
        "MK422",
        r"split GGUF \"?(?P<file>[^\"]+?)\"? (?:must use llama\.cpp split filename pattern|filename )",
        "{file} is one part of a split GGUF, and its file name does not say which",
        "give all parts the names they were published with, as NAME-00001-of-00003.gguf",
        since="0.30.4",
    ),
    ErrorText(
        OLLAMA,
        "MK422",
        r"split GGUF .{0,300}?(?:is missing split\.|invalid shard)",
        "a part of a split GGUF lacks the metadata that says which part it is",
        "download all parts again, or merge them with llama-gguf-split --merge",
        since="0.30.4",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK717",
        r"unknown model architecture:? *'?(?P<name>[\w.-]+)'?",
        "this llama.cpp is too old for the architecture '{name}'",
        _UPDATE,
    ),
    ErrorText(
        LLAMA_CPP,
        "MK717",
        r"unknown pre-tokenizer type:? *'(?P<name>[^']*)'",
        "this llama.cpp is too old for the pre-tokenizer '{name}'",
        f"{_UPDATE}, or convert the model again with a current llama.cpp",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK717",
        r"hf-to-gguf:Model (?P<name>\w+) is not supported"
        r"|Architecture ['\"](?P<class>\w+)['\"] not supported",
        "this convert_hf_to_gguf.py cannot convert the architecture {name}{class}",
        "update llama.cpp; an architecture that it does not know cannot become a GGUF",
    ),
    ErrorText(
        OLLAMA,
        "MK717",
        r"unsupported architecture \"?(?P<name>[\w.-]+)",
        "FROM names a safetensors folder of the architecture {name}, which Ollama cannot convert",
        "convert it with llama.cpp's convert_hf_to_gguf.py, and name the GGUF in FROM",
    ),
    # -- images and requests -----------------------------------------------------------------------
    ErrorText(
        OLLAMA,
        "MK840",
        r"prediction aborted, token repeat limit reached",
        "one token repeated without end, so Ollama broke the answer off",
        "check the token that ends a turn: it must be end-of-generation in the GGUF or a text in PARAMETER "
        "stop; if it is, the prompt is not the one that the model was trained with",
        since="0.34.1",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK719",
        r"failed to decode image bytes",
        "the bytes are not an image of a format that the engine reads",
        "send PNG or JPEG",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK249",
        r"number of media markers in text \((?P<markers>\d+)\) does not match number of bitmaps "
        r"\((?P<images>\d+)\)",
        "images in the request: {images}, places for them in the prompt: {markers}; the TEMPLATE or the "
        "request dropped the others",
        "write {{ .Content }} of every message in the TEMPLATE; `mkmodelfile check` shows the prompts",
    ),
    ErrorText(
        OLLAMA,
        "MK863",
        r"illegal base64 data",
        "`images` of /api/chat and /api/generate take bare base64, without a `data:` prefix",
        "send the base64 text of the file alone",
    ),
    ErrorText(
        OLLAMA,
        "MK863",
        r"invalid image input",
        "`image_url` of /v1 takes a data URL with base64, neither bare base64 nor an http URL",
        "send data:image/png;base64,… as the URL",
    ),
    ErrorText(
        OLLAMA,
        "MK436",
        r"does not support multimodal|missing data required for image|does not support (?:vision|images?)",
        "an image was sent to a model without a projector",
        "add the mmproj file as a second FROM (`mkmodelfile build` finds it beside the model) and publish "
        "again",
    ),
    ErrorText(
        LLAMA_SERVER,
        "MK436",
        r"(?:image|audio) input is not supported",
        "llama-server runs without a projector, so it takes no images",
        "start it with --mmproj FILE",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK857",
        r"non-causal attention requires n_ubatch >= n_tokens",
        "an image makes more tokens than llama.cpp computes at once, and this model looks at all of an image "
        "at once, so the engine ends",
        "give PARAMETER num_batch (--ubatch-size of llama-server) at least the tokens that "
        "`mkmodelfile inspect --image-size WxH` prints, or send smaller images",
    ),
    ErrorText(
        LLAMA_SERVER,
        "MK864",
        r"request \((?P<prompt>\d+) tokens\) exceeds the available context size \((?P<context>\d+) tokens\)",
        "the prompt has {prompt} tokens, the context holds {context}",
        "raise PARAMETER num_ctx (--ctx-size of llama-server), or send fewer messages or smaller images",
    ),
    ErrorText(
        LLAMA_SERVER,
        "MK736",
        r"Automatic parser generation failed(?:: std::bad_alloc)?",
        "llama-server cannot derive a parser for replies from this chat template; a bad_alloc here is not "
        "about memory",
        "use a TEMPLATE (`mode: go`), or start llama-server with --jinja and another --chat-template",
    ),
    ErrorText(
        OLLAMA,
        "MK230",
        r"does not support tools",
        "the request offers tools, and neither TEMPLATE nor chat template writes them into the prompt",
        "run `mkmodelfile compile` on the model's own chat template; if it has no tools either, send none",
    ),
    ErrorText(
        OLLAMA,
        "MK230",
        r"does not support thinking",
        "the request sets `think`, and the TEMPLATE (or the chat template in the GGUF) has no thinking",
        "send no `think`, or give the model a TEMPLATE that writes .Thinking between tags "
        "(`mkmodelfile compile`)",
        since="0.9.6",
    ),
    ErrorText(
        TRANSFORMERS,
        "MK211",
        r"TemplateError: System role not supported|system role (?:is )?not supported",
        "the chat template refuses system messages",
        "leave SYSTEM out, or put its text into the first user message",
    ),
    # -- Modelfile and create ----------------------------------------------------------------------
    ErrorText(
        OLLAMA,
        "MK807",
        r"(?:only one|multiple|more than one|duplicate|a second) FROM\b"
        r"|projectors? (?:is|are) not supported|split vision models aren't supported",
        "this Ollama takes only one FROM, and the second one carries the projector: without it, images will "
        "not work",
        "update Ollama to 0.30 or later",
        until="0.24.0",
    ),
    ErrorText(
        OLLAMA,
        "MK101",
        r"command must be one of",
        "the Modelfile has an instruction that Ollama does not know (PROJECTOR has never been one)",
        "`mkmodelfile lint Modelfile` names the line; a projector is a second FROM, which `build` writes",
    ),
    ErrorText(
        OLLAMA,
        "MK433",
        r"no FROM line",
        "the Modelfile has no FROM, so there is no model",
        "begin it with FROM and the path of the GGUF",
    ),
    ErrorText(
        OLLAMA,
        "MK110",
        r"unknown parameter '?\"?(?P<name>[\w-]+)",
        "this Ollama does not know the parameter {name}",
        "`mkmodelfile lint Modelfile` names the line and the nearest parameter",
    ),
    ErrorText(
        OLLAMA,
        "MK508",
        r"invalid model name",
        "the name has characters or parts that Ollama does not allow",
        "use [HOST/][NAMESPACE/]MODEL[:TAG] of letters, digits, '.', '_' and '-'",
    ),
    ErrorText(
        OLLAMA,
        "MK810",
        r"DRAFT must not reference the same local path as FROM",
        "DRAFT names the model that FROM names; a draft is another, smaller model",
        "name the draft's own file behind DRAFT, or remove the line",
        since="0.30.4",
    ),
    ErrorText(
        OLLAMA,
        "MK810",
        r"is not a supported safetensors model directory",
        "the folder behind FROM or DRAFT has no model that this Ollama imports: config.json or *.safetensors "
        "is missing",
        "name the GGUF file itself, or convert the folder with llama.cpp's convert_hf_to_gguf.py",
        since="0.34.1",
    ),
    ErrorText(
        OLLAMA,
        "MK439",
        r"(?:^|error: |gathering model components )syntax error in pattern",
        "the path behind FROM or DRAFT has a `[` that nothing closes, or an empty `[]`: this Ollama reads "
        "such a path as a pattern",
        "rename the file or folder; `*`, `?`, `[` and a backslash are special in the whole path",
        since="0.34.1",
    ),
    ErrorText(
        OLLAMA,
        "MK401",
        r"unsupported alignment \d|unsupported tensor \\?\"[^\"]{0,200}\" element count overflows"
        r"|array byte size overflows|unsupported GGUF contains duplicate tensor",
        "the GGUF's header holds values that cannot be: the file is damaged, or its maker was faulty",
        FILE_STEP,
        since="0.34.1",
    ),
    ErrorText(
        OLLAMA,
        "MK810",
        r"neither 'from' or 'files' was specified",
        "an old client sent this create request: since Ollama 0.5.5 it must have `from` or `files`",
        "update the client, or publish with `mkmodelfile publish`",
    ),
    ErrorText(
        OLLAMA,
        "MK810",
        r"quantization is only supported for",
        "only F16, BF16 and F32 models can be quantized, and this one is quantized already",
        "quantize from the original model, or leave `quantize` out",
    ),
    ErrorText(
        OLLAMA,
        "MK203",
        r"can't evaluate field (?P<field>\w+) in type \[\]\*?api\.Message",
        "the TEMPLATE uses .{field} outside of a range over .Messages",
        "write {{ range .Messages }}…{{ end }} around it; `mkmodelfile lint Modelfile` says where",
    ),
    ErrorText(
        OLLAMA,
        "MK203",
        r"template error|template: (?:\w+)?:\d+|template: .{0,200}executing|in operand"
        r"|function \\?\"\w+\\?\" not defined",
        "the TEMPLATE is not a valid Go template, or fails while it is executed",
        "`mkmodelfile lint Modelfile` says where; `mkmodelfile compile` makes one from the chat template",
    ),
    ErrorText(
        OLLAMA,
        "MK806",
        r"unknown (?P<kind>renderer|parser) \\?\"?(?P<name>[\w.-]+)",
        "this Ollama has no {kind} '{name}'",
        "correct the name, or update Ollama; without it the TEMPLATE or the GGUF's chat template is used",
        since="0.12.6",
    ),
    # -- names, the registry and the way to it -----------------------------------------------------
    ErrorText(
        OLLAMA,
        "MK806",
        r"requires a newer version of Ollama|\b412\b.{0,80}newer version",
        "this Ollama is too old for the model",
        "update Ollama",
    ),
    ErrorText(
        OLLAMA,
        "MK802",
        r"proxyconnect tcp: .{0,200}?(?:refused|no such host|time(?:d )?out|unreachable|reset)",
        "a proxy is set (HTTP_PROXY or HTTPS_PROXY) and does not answer",
        "exclude the server's address from the proxy (NO_PROXY=127.0.0.1,localhost), or correct the proxy",
    ),
    ErrorText(
        OLLAMA,
        "MK862",
        r"lookup (?P<host>[\w.-]+)(?: on [\w.:\[\]]+)?: "
        r"(?:no such host|server misbehaving|temporary failure|i/o timeout"
        r"|(?:dial|read) udp .{0,200}?(?:refused|time(?:d )?out|unreachable))",
        "the name {host} cannot be resolved: there is no network, or no DNS server answers",
        "check the network and DNS of the machine on which Ollama runs; its server itself is fine",
    ),
    ErrorText(
        OLLAMA,
        "MK862",
        r"\"https://(?:[\w-]+\.)*(?P<host>ollama\.(?:ai|com)|cloudflarestorage\.com|huggingface\.co|hf\.co)[/\"?:]"
        r".{0,2000}?(?:i/o timeout|TLS handshake timeout|context deadline exceeded|bad file descriptor"
        r"|connection (?:refused|reset by peer|timed out)|network is unreachable|no route to host"
        r"|forcibly closed|\": (?:unexpected )?EOF)",
        "the connection to {host} could not be made, or broke; Ollama's server itself is fine",
        "run the command again: it resumes where it stopped; behind a firewall the server needs HTTPS_PROXY",
    ),
    ErrorText(
        OLLAMA,
        "MK860",
        r"(?P<model>\bregistry\.ollama\.ai/[\w./-]+:[\w.-]+): (?:unexpected )?EOF",
        "the manifest of {model} in the model store is empty or cut short",
        "remove that file in the folder models/manifests of the store, and pull the model again",
    ),
    ErrorText(
        OLLAMA,
        "MK862",
        r"max retries exceeded",
        "the connection to the registry broke repeatedly",
        "run the command again: it resumes where it stopped",
    ),
    ErrorText(
        OLLAMA,
        "MK808",
        r"pull model manifest: file does not exist|try pulling it first"
        r"|(?:^|[:\"'(] ?)model (?P<quote>\\?['\"])[^'\"\\]{1,400}(?P=quote) not found"
        r"(?! (?:in|on|for|at)\b)",
        "the server has no model of that name",
        "`ollama list` shows the names that are there; `mkmodelfile publish` creates the model",
    ),
    ErrorText(
        OLLAMA,
        "MK861",
        r"not authorized to push to this namespace",
        "the model's name is not in a namespace of yours",
        "name it USER/MODEL and sign in (`ollama signin`)",
    ),
    ErrorText(
        OLLAMA,
        "MK861",
        r"need to be signed in|401 unauthorized|\bunauthorized\b",
        "the server or the registry requires you to sign in",
        "sign in with `ollama signin`, or use another --host",
    ),
    # -- the machine -------------------------------------------------------------------------------
    ErrorText(
        OLLAMA,
        "MK860",
        r"no space left on device|disk quota exceeded|not enough space",
        "the disk with the server's models is full; from 0.30 to 0.34.0 Ollama keeps a second copy of "
        "each GGUF",
        "make room where OLLAMA_MODELS is, then try again",
    ),
    ErrorText(
        OLLAMA,
        "MK860",
        r"(?:open|mkdir|write|rename|stat) (?P<path>\S{1,400}?): permission denied",
        "the server's user may not read or write {path}",
        "give the model store to the user that runs the server (chown), or set OLLAMA_MODELS to another "
        "folder",
    ),
    ErrorText(
        OLLAMA,
        "MK866",
        r"bind: address already in use|only one usage of each socket address",
        "another program uses the port, most often an Ollama server that is running already",
        "use the server that runs, stop it, or set OLLAMA_HOST to another port",
    ),
    ErrorText(
        OLLAMA,
        "MK802",
        r"connection refused|could not connect to (?:a running )?ollama|is the server running",
        "no Ollama server answers at that address",
        "start one with `ollama serve`, or give its address with OLLAMA_HOST or --host",
    ),
    ErrorText(
        OLLAMA,
        "MK718",
        r"model requires more system memory",
        "the model and its context need more memory than the machine has left",
        _MEMORY,
        until="0.24.0",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK718",
        r"failed to allocate|unable to allocate|out of memory|bad_alloc|cannot allocate memory|cudaMalloc"
        r"|insufficient memory - required allocations",
        "there is not enough memory",
        _MEMORY,
    ),
    ErrorText(
        OLLAMA,
        "MK857",
        r"signal: illegal instruction|SIGILL|exit status 0xc000001d",
        "the engine uses instructions that this processor, or the virtual machine, does not have (AVX, AVX2)",
        "pass the host's processor through to the virtual machine, or use a build for older processors",
    ),
    ErrorText(
        OLLAMA,
        "MK857",
        r"error while loading shared libraries: (?P<library>[^\s:]{1,200}): cannot open",
        "the program cannot start: its library {library} is missing",
        "install the program again, whole: Ollama's bin and lib/ollama belong together",
    ),
    ErrorText(
        LLAMA_SERVER,
        "MK857",
        r"error while handling argument \\?\"(?P<option>-{1,2}[\w-]{1,60})\\?\"",
        "llama-server does not take what follows {option}; releases differ in what they take",
        "see `llama-server --help` of that release, and give one of the values that it lists",
    ),
    # -- consequences ------------------------------------------------------------------------------
    ErrorText(
        LLAMA_CPP,
        "MK854",
        r"failed to load CLIP model|failed to load mmproj|failed to load mtmd context",
        "the engine cannot load the projector: it belongs to another model, or the engine is too old for it",
        "`mkmodelfile inspect MODEL.gguf MMPROJ.gguf` says whether the two fit",
        consequence=True,
    ),
    ErrorText(
        OLLAMA,
        "MK417",
        r"(?P<signal>signal: segmentation fault|SIGSEGV|exit status 139|exit status 0xc0000005)",
        "the engine crashed ({signal}), most often on a projector whose type is not that of its tensors, or "
        "with a quantized model on a processor that has AMX",
        f"`mkmodelfile inspect MODEL.gguf MMPROJ.gguf` says whether the two fit; {AMX_STEP}",
        consequence=True,
    ),
    ErrorText(
        OLLAMA,
        "MK413",
        r"while running the model: unexpected EOF",
        "the engine ended during the request, as it does at the first image with a text GGUF that was "
        "converted before vision support",
        "`mkmodelfile inspect` both files; `mkmodelfile verify NAME --package .` tries each part",
        consequence=True,
    ),
    ErrorText(
        OLLAMA,
        "MK857",
        r"unable to load model",
        "the engine could not load this file; most often its architecture is unknown to it, or a projector "
        "was given as model or adapter",
        f"{_LOG}`mkmodelfile inspect FILE` says what the file is",
        consequence=True,
        until="0.24.0",
    ),
    ErrorText(
        LLAMA_CPP,
        "MK857",
        r"ValueError: Failed to load model from file|Could not load Llama model from path"
        r"|null result from llama cpp",
        "llama.cpp could not load the file, and the program around it does not show why",
        "load it again with verbose=True and hand its log to `mkmodelfile doctor`; "
        "`mkmodelfile inspect FILE` says what the file is",
        consequence=True,
    ),
    ErrorText(
        OLLAMA,
        "MK857",
        r"Post \\?\"http://[^\"]{1,200}/api/\w+\\?\": (?:.{0,200}?(?:forcibly closed|reset by peer)|EOF)"
        r"|unexpected EOF|(?:llama runner|llama-server) process (?:has terminated|no longer running)"
        r"|model runner has unexpectedly stopped|error loading model|do load request: "
        r"|unable to create llama context",
        "the engine ended, and this text does not say why",
        f"{_LOG}`mkmodelfile inspect` both files",
        consequence=True,
    ),
)


def find(text: str, *, programs: Collection[str] = ()) -> Iterator[Match]:
    """The known texts in what a program printed, reasons only; consequences where there is no reason.

    text: as it was shown, with whatever is around it; only its first `MAX_TEXT` characters count.
    programs: whose texts are meant, all by default. Each code is given once.
    """
    flat = " ".join(text[:MAX_TEXT].split())
    taken: list[tuple[int, int]] = []
    codes: set[str] = set()
    for error in ERROR_TEXTS:
        if (programs and error.program not in programs) or (error.consequence and codes):
            continue
        found = re.search(error.pattern, flat, re.IGNORECASE)
        if found is None or error.code in codes or _overlaps(found, taken):
            continue
        taken.append(found.span())
        codes.add(error.code)
        yield Match(error, error.meaning.format(**found.groupdict(default="")))


def first(text: str, *, programs: Collection[str] = ()) -> Match | None:
    """The first of `find`: the reason, or where no reason is known the most telling consequence."""
    return next(find(text, programs=programs), None)


def reason(text: str, *, programs: Collection[str] = ()) -> Match | None:
    """As `first`, and None where the text only says that something failed."""
    found = first(text, programs=programs)
    return None if found is None or found.error.consequence else found


def _overlaps(found: re.Match[str], taken: list[tuple[int, int]]) -> bool:
    return any(found.start() < end and start < found.end() for start, end in taken)
