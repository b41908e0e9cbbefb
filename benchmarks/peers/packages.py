"""Fetches the public converters into the cache: npm packages whole, wheels without their dependencies."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import platformdirs

CACHE = Path(platformdirs.user_cache_dir("modelfile-kit")) / "peers"
FETCH_SECONDS = 300


class NotAvailableError(Exception):
    """A peer that cannot be had here; the text says why."""


def npm_package(name: str, version: str) -> Path:
    """A folder whose node_modules hold the package."""
    for tool in ("node", "npm"):
        if not shutil.which(tool):
            raise NotAvailableError(f"{tool} is not installed")
    folder = CACHE / "npm" / f"{name.replace('/', '-')}-{version}"
    if not (folder / "node_modules" / name).is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true}')
        _run(["npm", "install", "--no-audit", "--no-fund", f"{name}@{version}"], folder)
    return folder


def wheel(name: str, version: str) -> Path:
    """The unpacked wheel of a Python package, without what it depends on."""
    folder = CACHE / "wheels" / f"{name}-{version}"
    if not (folder / "complete").exists():
        folder.mkdir(parents=True, exist_ok=True)
        _run(
            [
                sys.executable,
                *("-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"),
                *("--only-binary", ":all:", "--dest", str(folder), f"{name}=={version}"),
            ],
            folder,
        )
        for file in folder.glob("*.whl"):
            with zipfile.ZipFile(file) as archive:
                archive.extractall(folder)
        (folder / "complete").touch()
    return folder


def llama_server() -> tuple[Path, str]:
    """llama.cpp's server and its version: beside an Ollama that `.ci/install-ollama` built, or on PATH."""
    cache = Path(platformdirs.user_cache_dir("modelfile-kit")) / "ollama"
    found = sorted(cache.glob("*/lib/ollama/llama-server"))
    path = str(found[-1]) if found else shutil.which("llama-server")
    if not path:
        raise NotAvailableError("no llama-server on PATH, nor one that `.ci/install-ollama` has built")
    told = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60)
    lines = (told.stderr + told.stdout).splitlines()
    version = next((line.removeprefix("version:").strip() for line in lines if "version:" in line), "?")
    return Path(path), version


def npm_version(folder: Path, name: str) -> str:
    """The version that npm installed."""
    data = json.loads((folder / "node_modules" / name / "package.json").read_text())
    return str(data["version"])


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=FETCH_SECONDS)
    except subprocess.TimeoutExpired as e:
        raise NotAvailableError(f"{' '.join(command[:2])} took more than {FETCH_SECONDS} s") from e
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines() or ["no word"]
        raise NotAvailableError(f"{command[0]} says: {last[-1][:200]}")
