# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds what a compiler needs into a cache of the user, once.

A directory of the cache carries a hash of all that it was built from. It is built beside its place and then renamed,
so a build that is killed leaves nothing that looks ready.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..crds.go_modules import cache_directory, go_executable, module_directory

ROOT = Path(__file__).resolve().parents[3]

# Raise it when the way of building changes.
_FORMAT = "1"
_UNFINISHED = ".building-"


class BuildError(RuntimeError):
    """A compiler could not be built."""


@dataclass(frozen=True)
class Release:
    """A compiler: the Go module that holds its Python half, and what that needs to run."""

    component: str
    module: str
    version: str
    requirements: Path

    @property
    def directory(self) -> Path:
        return cache_directory() / f"{self.component}-{self.version.removeprefix('v')}"

    def installed(self) -> Path:
        """A Python environment with the requirements, and in it the directory ``compiler`` with the Python half."""
        # The environment points at the Python that made it.
        key = _key([self.requirements], sys.version, sys.base_prefix)
        what = f"the Python half of {self.component} {self.version} (about a minute)"
        return _built(self.directory / f"python-{key}", what, self._install)

    def _install(self, target: Path, lock: int) -> None:
        source = module_directory(self.module, self.version) / "python"
        _run([sys.executable, "-m", "venv", str(target)], lock)
        # Every package is listed: nothing else is to come along.
        install = ["install", "--quiet", "--no-deps", "--requirement", str(self.requirements)]
        _run([str(target / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", *install], lock)
        for name in ("ambassador", "multi", "schemas"):
            if (source / name).is_dir():
                shutil.copytree(source / name, target / "compiler" / name)


AMBASSADOR_1_14 = Release(
    "ambassador", "github.com/datawire/ambassador", "v1.14.4", ROOT / "requirements" / "ambassador-1.14.txt"
)
EMISSARY_3_10 = Release(
    "emissary", "github.com/emissary-ingress/emissary/v3", "v3.10.0", ROOT / "requirements" / "emissary-3.10.txt"
)


def snapshot_program() -> Path:
    """The Go half of Emissary, from ``snapshot/``."""
    source = Path(__file__).with_name("snapshot")
    key = _key([source / name for name in ("main.go", "go.mod", "go.sum")])
    target = EMISSARY_3_10.directory / f"snapshot-{key}"

    def build(directory: Path, lock: int) -> None:
        root = cache_directory() / "go"
        settings = {
            "GOPATH": str(root),
            "GOMODCACHE": str(root / "pkg" / "mod"),
            "GOCACHE": str(root / "build"),
            # readonly: go.mod and go.sum are ours to change; modcacherw: else "rm -r" of the cache fails.
            "GOFLAGS": "-mod=readonly -modcacherw",
            "GOWORK": "off",
            "GOTOOLCHAIN": "local",
            "CGO_ENABLED": "0",
        }
        command = [go_executable(), "build", "-trimpath", "-ldflags", "-s -w", "-o", str(directory / "snapshot"), "."]
        _run(command, lock, source, settings)

    return _built(target, "the Go half of Emissary v3.10.0 (about 3 minutes on 2 cores)", build) / "snapshot"


def _key(files: Sequence[Path], *facts: str) -> str:
    digest = hashlib.sha256()
    for part in (_FORMAT.encode(), *(file.read_bytes() for file in files), *(fact.encode() for fact in facts)):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:16]


def _built(target: Path, what: str, build: Callable[[Path, int], None]) -> Path:
    """``target``, made by ``build(directory, lock)`` unless it is there."""
    # Not Path.exists(), which raises where nobody may look.
    if os.path.exists(target):
        return target
    with _alone_in(target.parent) as lock:
        if target.exists():
            return target
        # Nobody else builds here now, so these are of builds that were killed. One that cannot be removed yet, because
        # a process of such a build still writes to it, is in nobody's way and left to a later run.
        for leftover in target.parent.glob(f"{_UNFINISHED}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        print(f"Building {what} into {target}", file=sys.stderr, flush=True)
        temporary = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=target.parent))
        try:
            build(temporary, lock)
            temporary.rename(target)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
    return target


@contextmanager
def _alone_in(directory: Path) -> Iterator[int]:
    """Several test processes may want the same at the same time.

    Yields the descriptor of the lock. The system frees it when this process has ended and each to which it was handed:
    killed alone, this one leaves programs behind that go on writing.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = (directory / ".lock").open("w")
    except OSError as error:
        raise BuildError(
            f"the cache directory {directory} cannot be used ({error.strerror}): "
            "set XDG_CACHE_HOME to a directory that can be written to"
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"Waiting until another process has built into {directory}", file=sys.stderr, flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()


def _run(command: list[str], lock: int, folder: Path | None = None, settings: dict[str, str] | None = None) -> None:
    # The import path and the environment of the tests are not those of what is built.
    hidden = {"PYTHONPATH", "PYTHONHOME", "PYTHONPYCACHEPREFIX", "VIRTUAL_ENV"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden} | (settings or {})
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            pass_fds=[lock],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=1800,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BuildError(f"{' '.join(command)}: {error}") from error
    if done.returncode != 0:
        raise BuildError(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
