"""The settings of docs/editors.md.

MKMODELFILE_SOAK=1 tries them in the editors themselves, where they are: Neovim 0.11 and Emacs with eglot.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit_program import kit_program

SOAK = os.environ.get("MKMODELFILE_SOAK") == "1"
ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "editors.md"

FILES = {
    "Modelfile": "FROM x.gguf\nPARAMETR temperature 1\n",
    "t.gotmpl": "{{ range .Messages }}{{ .Contnt }}{{ end }}",
    "mkmodelfile.yaml": "name: x\nmodle: y.gguf\n",
}
# Line and code of what each file gets: a file that is missing, a misspelt instruction, field and key.
EXPECTED = {
    "Modelfile": {"1 MK430", "2 MK101"},
    "t.gotmpl": {"1 MK241"},
    "mkmodelfile.yaml": {"2 MK503"},
}

NVIM = """
for _, name in ipairs({"Modelfile", "t.gotmpl", "mkmodelfile.yaml"}) do
  vim.cmd.edit(name)
  vim.wait(60000, function() return #vim.diagnostic.get(0) > 0 end, 50)
  for _, found in ipairs(vim.diagnostic.get(0)) do
    io.stdout:write(string.format("%s: %d %s\\n", name, found.lnum + 1, found.code))
  end
end
vim.cmd("qall!")
"""

EMACS = """
(require 'package)
(package-initialize)
(load (expand-file-name "init.el" (getenv "HOME")))
(require 'eglot)
(setq eglot-sync-connect 60)
(unless (fboundp 'yaml-mode) (define-derived-mode yaml-mode prog-mode "YAML"))
(dolist (name '("Modelfile" "t.gotmpl" "mkmodelfile.yaml"))
  (find-file name)
  (when (equal name "mkmodelfile.yaml") (yaml-mode))
  (unless (eglot-current-server) (call-interactively #'eglot))
  (let ((rest 600))
    (while (and (> rest 0) (not (flymake-diagnostics)))
      (flymake-start)
      (accept-process-output nil 0.1)
      (setq rest (1- rest))))
  (dolist (found (flymake-diagnostics))
    (princ (format "%s: %d %s\\n" name (line-number-at-pos (flymake-diagnostic-beg found))
                   (flymake-diagnostic-text found)))))
"""


def settings(language: str) -> str:
    """The only block of a language on the page."""
    [block] = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return str(block)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with `mkmodelfile` on its PATH, and a project."""
    kit_program(tmp_path / "programs")
    (tmp_path / "project").mkdir()
    for name, text in FILES.items():
        (tmp_path / "project" / name).write_text(text)
    return tmp_path


def found(home: Path, *command: str) -> dict[str, set[str]]:
    """Lines and codes of the findings that an editor prints as `NAME: LINE … CODE`."""
    done = subprocess.run(
        command,
        cwd=home / "project",
        capture_output=True,
        text=True,
        timeout=300,
        env={
            **{k: v for k, v in os.environ.items() if not k.startswith("XDG_")},
            "HOME": str(home),
            "PATH": f"{home / 'programs'}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]),
        },
    )
    rows = re.findall(r"^(\S+): (\d+) .*?(MK\d+)", done.stdout, re.MULTILINE)
    assert rows, done.stdout + done.stderr
    return {name: {f"{line} {code}" for each, line, code in rows if each == name} for name in FILES}


@pytest.mark.parametrize("language", ["lua", "elisp"])
def test_the_settings_start_the_server(language: str) -> None:
    assert re.search(r'"mkmodelfile" *,? *"lsp"', settings(language))


if SOAK:

    @pytest.mark.skipif(shutil.which("nvim") is None, reason="nvim is not installed")
    def test_neovim(home: Path) -> None:
        version = subprocess.run(["nvim", "--version"], capture_output=True, text=True, check=True).stdout
        if [int(n) for n in re.findall(r"\d+", version)[:2]] < [0, 11]:
            pytest.skip("these settings are for Neovim 0.11")
        (home / ".config" / "nvim").mkdir(parents=True)
        (home / ".config" / "nvim" / "init.lua").write_text(settings("lua"))
        (home / "try.lua").write_text(NVIM)
        assert found(home, "nvim", "--headless", "-S", str(home / "try.lua")) == EXPECTED

    def test_emacs(home: Path) -> None:
        emacs = shutil.which("emacs")
        has = "(progn (require 'package) (package-initialize) (kill-emacs (if (require 'eglot nil t) 0 1)))"
        if emacs is None or subprocess.run([emacs, "-q", "--batch", "--eval", has]).returncode:
            pytest.skip("Emacs with eglot is not installed")
        (home / "init.el").write_text(settings("elisp"))
        (home / "try.el").write_text(EMACS)
        assert found(home, emacs, "-q", "--batch", "-l", str(home / "try.el")) == EXPECTED
