"""The modules of POSIX that Windows lacks are no condition: every module is imported without them.

It takes the place of a run on Windows for imports alone; what such a run would show beyond that is not
tried here.
"""

from __future__ import annotations

import subprocess
import sys

MISSING_MODULES = (
    *("fcntl", "grp", "pty", "pwd", "resource", "readline", "syslog", "termios", "tty"),
    *("_curses", "curses", "posix_ipc"),
)
"""Modules of Python's library for Unix alone (docs.python.org/3/library/unix.html)."""

MISSING_NAMES = {
    "os": (
        *("O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK", "chown", "chroot", "copy_file_range"),
        *("fchmod", "fchown", "fork", "forkpty", "geteuid", "getgid", "getloadavg", "getpgid", "getuid"),
        *(
            "killpg",
            "mkfifo",
            "mknod",
            "nice",
            "openpty",
            "posix_fallocate",
            "pread",
            "pwrite",
            "sched_getaffinity",
        ),
        *("sendfile", "setsid", "statvfs", "sysconf", "uname", "wait3", "wait4"),
    ),
    "signal": (
        *("SIGALRM", "SIGCHLD", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGQUIT", "SIGSTOP", "SIGUSR1"),
        *("SIGUSR2", "SIGWINCH", "alarm", "pause", "pthread_kill", "pthread_sigmask", "setitimer", "sigwait"),
    ),
    "socket": ("AF_UNIX",),
    "time": ("tzset",),
}
"""What Windows has no such name for, by module (the availability that docs.python.org says of each)."""

_PROGRAM = """
import importlib, importlib.abc, os, pkgutil, signal, socket, sys, time
# What others need of the system they may have: first come the libraries, then the blocking.
import asyncio, concurrent.futures, ctypes, multiprocessing.connection, shutil, subprocess, tempfile
import click, httpcore, httpx, jinja2, pydantic, rich.console, rich.progress, yaml
from click import _termui_impl
for name in {extra}:
    try:
        importlib.import_module(name)
    except ImportError:
        pass

class Block(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name in {modules}:
            raise ModuleNotFoundError(f"No module named {{name!r}}, as on Windows", name=name)

for name in {modules}:
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Block())
for module, names in {names}.items():
    for name in names:
        if hasattr(sys.modules[module], name):
            delattr(sys.modules[module], name)

import modelfile_kit
seen, bad = [], []
for found in pkgutil.walk_packages(modelfile_kit.__path__, "modelfile_kit."):
    if found.name.rpartition(".")[2] == "__main__" or found.name in {apart}:
        continue
    try:
        importlib.import_module(found.name)
        seen.append(found.name)
    except Exception as error:
        bad.append(f"{{found.name}}: {{type(error).__name__}}: {{error}}")
print(len(seen), "modelfile_kit.cli.main" in seen)
sys.exit("\\n".join(bad) or 0)
"""

# The process of llama.cpp alone imports its binding, which is llama-cpp-python's; the plugin is pytest's.
_APART = {"modelfile_kit.runtime.llama_cpp.binding", "modelfile_kit.runtime.llama_cpp.worker"}


def test_everything_is_imported_without_what_windows_lacks() -> None:
    program = _PROGRAM.format(
        modules=set(MISSING_MODULES),
        names=MISSING_NAMES,
        apart=_APART,
        extra=(
            "pytest",
            "tokenizers",
            "sentencepiece",
            "tiktoken",
            "regex",
            "pygls.lsp.server",
            "dask",
            "distributed",
        ),
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    count, main = done.stdout.split()
    assert int(count) > 500
    assert main == "True"


def test_the_blocking_blocks() -> None:
    program = _PROGRAM.format(modules={"fcntl"}, names={}, apart=_APART, extra=())
    program = program.replace("import modelfile_kit\n", "import fcntl\n", 1)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300)
    assert "as on Windows" in done.stderr
