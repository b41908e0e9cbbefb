"""Compiled TEMPLATEs on a real server: what it would send to its engine is the reference, byte for byte."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from modelfile_kit.building.sources import ModelTemplate
from modelfile_kit.compiler import compile_template
from modelfile_kit.core.conversation import load_conversations
from modelfile_kit.core.errors import PromptError
from modelfile_kit.ollama.selection import select
from modelfile_kit.prover.comparison import Clock, Comparison
from modelfile_kit.prover.coverage import WatchedReference
from modelfile_kit.prover.native import write_carrier
from modelfile_kit.publish.blobs import digest_file
from modelfile_kit.publish.prompt_judge import with_images
from modelfile_kit.runtime.ollama.replies import RefusedError
from modelfile_kit.vision.colour_images import colour_probes
from tests.integration.own_templates import CONVERSATIONS, OWN

pytestmark = pytest.mark.server

CONTEXT = 16384  # tokens: no conversation here is cut to fit
LEAST = 30  # templates of others that are to be seen on the server


class Served:
    """A published model as the comparison's other side."""

    steps = 0

    def __init__(self, server, name):
        self.server, self.name = server, name

    def render(self, messages, *, tools=None, think=None):
        messages = with_images(messages, colour_probes())
        options = {"num_ctx": CONTEXT}
        try:
            return self.server.render(self.name, messages, tools=tools, think=think, options=options).prompt
        except RefusedError as e:
            raise PromptError(e.detail, status=e.status or 500) from e


@pytest.fixture
def compared(ollama_server, tmp_path):
    """Publishes a compiled template in a micro model and holds the server's prompts to the reference.

    Returns whether the server uses the TEMPLATE, what differs, and how many prompts were compared.
    """

    def compared(reference, compiled, conversations):
        images = compiled.coverage["images"] != "absent"
        files = write_carrier(tmp_path, reference, None, images=images)
        names = {}
        for path in filter(None, files):
            names[path.name], _ = digest_file(path)
            if not ollama_server.has_blob(names[path.name]):
                ollama_server.upload_blob(names[path.name], [path.read_bytes()], path.stat().st_size)
        request = {"model": "one", "files": names, "template": compiled.template}
        ollama_server.create({**request, "parameters": {"num_ctx": CONTEXT}})
        used = ollama_server.show("one")["template"] == compiled.template
        ends = {"bos_token": reference.bos_token, "eos_token": reference.eos_token}
        clock = Clock()
        clock.now = datetime.now()
        watched = WatchedReference(reference.text, **ends)
        comparison = Comparison(watched, Served(ollama_server, "one"), reference.bos_token or "", clock)
        wrong = [(c, d) for c in conversations if (d := comparison.difference(c))]
        ollama_server.unload("one")
        return used, wrong, comparison.runs

    return compared


def counting(conversations, source, coverage):
    """Those conversations whose kind the template knows."""
    tools = re.search(r"\btools\b", source)
    return [c for c in conversations if coverage[c.category] != "absent" and (c.category != "tools" or tools)]


@pytest.mark.parametrize("name", OWN)
def test_templates_of_our_own(name, compared):
    source, bos, eos = OWN[name]
    compiled = compile_template(source, bos_token=bos, eos_token=eos)
    assert compiled.coverage["chat"] == "exact"
    conversations = counting(CONVERSATIONS, source, compiled.coverage)
    used, wrong, count = compared(ModelTemplate(source, "gguf", bos or None, eos), compiled, conversations)
    assert used
    assert wrong == []
    assert count == len(conversations) >= 4


@pytest.mark.slow
def test_templates_of_others(compared, shared):
    corpus = shared / "corpus"
    entries = json.loads((corpus / "index.json").read_text(encoding="utf-8"))
    chosen = [e for n, e in enumerate(entries) if n % 3 == 0]
    conversations = load_conversations(corpus / "conversations.json")

    def compiled(entry):
        source = (corpus / entry["file"]).read_text(encoding="utf-8")
        bos, eos = entry["bos_token"] or None, entry["eos_token"] or None
        return ModelTemplate(source, "gguf", bos, eos), compile_template(source, bos_token=bos, eos_token=eos)

    seen, pairs, wrong = [], 0, []
    with ThreadPoolExecutor(1) as ahead:  # the next template is compiled while the server works
        for entry, (reference, found) in zip(chosen, ahead.map(compiled, chosen), strict=True):
            meant = counting(conversations, reference.text, found.coverage)
            used, differs, count = compared(reference, found, meant)
            foretold = select(template=found.template, jinja=reference.text, architecture="glm4")
            assert used == (foretold.source == "template"), entry["id"]
            if used and found.coverage["chat"] == "exact":
                seen.append(entry["id"])
                pairs += count
                wrong += [(entry["id"], found.coverage[c.category], c.id, d) for c, d in differs]
    assert [w for w in wrong if w[1] == "exact"] == []
    assert len(seen) >= LEAST
    assert pairs - len(wrong) >= 0.98 * pairs >= 250
