"""Chat templates with something hidden in them, and real ones: what the kit and three scanners say of each.

`python -m benchmarks.safety PYTHON CORPUS…`: PYTHON of an environment with c4nary, glyphhound and
pillar-gguf-scanner; CORPUS: folders with index.json (id, file, bos_token, eos_token of each chat template).
The seeded templates are those of tests/safety, labelled by hand. One is found if anything is told about it,
whatever it is called. A twin, and a real template, of which anything is told, is a false alarm, unless the
real one stands in RIGHTLY.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from modelfile_kit.core.diagnostics import Severity
from modelfile_kit.core.version import __version__
from modelfile_kit.micro import build_model
from modelfile_kit.safety.examine import examine
from tests.safety.seeded import EVASIVE, EVIL, LATER, SEEDED

# Real templates that look for words such as "error:" in the answers of tools and then warn the model.
RIGHTLY = (
    "agentic_chat_t_gemma4_fixed",
    "agentic_chat_t_qwen_fixed",
    "Qwen-Fixed-Chat-Templates-v18",
    "Qwen-Fixed-Chat-Templates-v20",
    "Qwen-Fixed-Chat-Templates-v21.3",
)
QUIET = "The shop Acme has it at a good price."


@dataclass
class Subject:
    """One chat template. kind: what is hidden, "twin" or "real"."""

    name: str
    kind: str
    source: str
    bos: str | None = ""
    eos: str | None = ""


@dataclass
class Answers:
    """What one scanner told, by subject."""

    label: str
    told: dict[str, list[str]]
    seconds: dict[str, float] = field(default_factory=dict)


def subjects(corpora: list[Path]) -> list[Subject]:
    """Seeded templates, their twins, and the real ones."""
    found = []
    for number, seeded in enumerate(SEEDED):
        found.append(Subject(f"seeded-{number:03}", seeded.kind, seeded.template))
        found.append(Subject(f"twin-{number:03}", "twin", seeded.twin))
    for number, template in enumerate((*EVASIVE.values(), *LATER.values())):
        found.append(Subject(f"evasive-{number:03}", "evasive", template))
    # What a condition brings need not be an order: the condition is the same.
    quiet = [
        replace(s, name=f"{s.name}-quiet", kind=f"{s.kind}, no order") for s in found if EVIL in s.source
    ]
    found += [replace(s, source=s.source.replace(EVIL, QUIET)) for s in quiet]
    for folder in corpora:
        for entry in json.loads((folder / "index.json").read_text(encoding="utf-8")):
            source = (folder / entry["file"]).read_bytes().decode("utf-8")
            tokens = entry.get("bos_token"), entry.get("eos_token")
            found.append(Subject(entry["id"].replace("/", "-"), f"real: {folder.name}", source, *tokens))
    return found


def kit(all_subjects: list[Subject]) -> Answers:
    """The kit's own findings that are more than remarks."""
    told, seconds = {}, {}
    for subject in all_subjects:
        start = time.process_time()
        found = examine(subject.source, bos_token=subject.bos, eos_token=subject.eos)
        seconds[subject.name] = time.process_time() - start
        told[subject.name] = [f.code for f in found if f.severity is not Severity.INFO]
    return Answers(f"modelfile-kit {__version__}", told, seconds)


def peers(all_subjects: list[Subject], python: str) -> list[Answers]:
    """Each template in a GGUF of the micro model, and what the scanners say of it."""
    with tempfile.TemporaryDirectory() as folder:
        for subject in all_subjects:
            build_model(Path(folder) / f"{subject.name}.gguf", chat_template=subject.source)
        script = Path(__file__).parent / "peers" / "scanners.py"
        done = subprocess.run([python, str(script), folder], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"the scanners failed: {done.stderr[-2000:]}")
    answers: dict[str, Any] = json.loads(done.stdout)
    return [Answers(f"{name} {a['version']}", a["told"], a["seconds"]) for name, a in answers.items()]


def table(all_subjects: list[Subject], answers: list[Answers]) -> list[str]:
    """Rows: kinds; columns: scanners."""
    sizes = Counter(subject.kind for subject in all_subjects)
    lines = ["| | " + " | ".join(a.label for a in answers) + " |", "| --- |" + " --- |" * len(answers)]
    for kind, size in sizes.items():
        hits = [sum(bool(a.told[s.name]) for s in all_subjects if s.kind == kind) for a in answers]
        what = f"false alarms, {kind}" if kind == "twin" or kind.startswith("real") else kind
        lines.append(f"| {what} ({size}) | " + " | ".join(map(str, hits)) + " |")
    real = [s for s in all_subjects if s.kind.startswith("real")]
    if real:
        right = {s.name for s in real if any(name in s.name for name in RIGHTLY)}
        hits = [sum(bool(a.told[name]) for name in right) for a in answers]
        lines.append(f"| of the real ones, rightly ({len(right)}) | " + " | ".join(map(str, hits)) + " |")
        spent = [statistics.median(a.seconds[s.name] for s in real) * 1000 for a in answers]
        lines.append("| ms of processor time, median | " + " | ".join(f"{ms:.0f}" for ms in spent) + " |")
        most = [max(a.seconds[s.name] for s in real) * 1000 for a in answers]
        lines.append("| most | " + " | ".join(f"{ms:.0f}" for ms in most) + " |")
    return lines


def main() -> None:
    """Prints the table, and which real templates each scanner has something to say about."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("python", help="python of an environment with the three scanners")
    parser.add_argument("corpus", nargs="*", type=Path)
    arguments = parser.parse_args()
    found = subjects(arguments.corpus)
    answers = [kit(found), *peers(found, arguments.python)]
    print("\n".join(table(found, answers)))
    for answer in answers:
        real = [s.name for s in found if s.kind.startswith("real") and answer.told[s.name]]
        names = [f"{name} ({' '.join(sorted(set(answer.told[name])))})" for name in real]
        print(f"{answer.label}: {len(names)}: {', '.join(names)}")


if __name__ == "__main__":
    main()
