"""The line that is shown under a finding is the one that stands in the file now."""

from __future__ import annotations

from pathlib import Path

from modelfile_kit.core.diagnostics import Diagnostic, Severity, Span
from modelfile_kit.report.source_lines import source_line


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "mkmodelfile.yaml"
    finding = Diagnostic("MK503", Severity.ERROR, "unknown key", Span(str(file), 1))
    assert source_line(finding) == ""
    for text in ("modle: a.gguf", "moddel: a.gguf"):
        file.write_text(f"{text}\n")
        assert source_line(finding) == text
