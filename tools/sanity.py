# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ansible-test sanity on a staged copy, with a home directory of its own.

ansible-test makes one virtual environment a test under ~/.ansible: a private home keeps the user's home untouched and
the environments warm. It would download pip's installer from a site that not every network reaches; the file that it
caches is put there beforehand, and gets pip from Python itself.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from ansible_test._internal.host_configs import NativePythonConfig
from ansible_test._internal.python_requirements import get_venv_packages


def give_pip(home: Path, version: str) -> None:
    """Put the stand-in for pip's installer where ansible-test keeps the real one, under the name it will look for."""
    python = NativePythonConfig(version=version, path=sys.executable)
    pip = get_venv_packages(python)["pip"].replace(".", "_")
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(Path(__file__).with_name("get_pip.py"), cache / f"get_pip_{pip}.py")


def give_pip_settings(home: Path) -> None:
    """Let pip in there use the package index of this machine: ansible-test passes on neither home nor environment."""
    user = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "pip" / "pip.conf"
    if os.environ.get("PIP_CONFIG_FILE"):
        user = Path(os.environ["PIP_CONFIG_FILE"])
    lines = ["[global]"]
    for name, value in sorted(os.environ.items()):
        if name.startswith("PIP_") and name != "PIP_CONFIG_FILE" and value:
            lines.append(f"{name[4:].lower().replace('_', '-')} = {' '.join(value.split())}")
    # pip reads both places of a home, the second one last: the environment wins over the file, as it does for the user.
    for path, text in (
        (home / ".pip" / "pip.conf", user.read_text(encoding="utf-8") if user.is_file() else ""),
        (home / ".config" / "pip" / "pip.conf", "\n".join(lines) + "\n"),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        # Settings of an index may hold a password: for nobody else to read.
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as out:
            out.write(text)


def main(stage: Path, home: Path) -> int:
    """Run every test that applies, and give the exit code of ansible-test."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    give_pip(home, version)
    give_pip_settings(home)
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "ANSIBLE_"))}
    environment["HOME"] = str(home)
    program = str(Path(sys.executable).with_name("ansible-test"))
    command = [program, "sanity", "--venv", "--python", version, "--color", "no"]
    return subprocess.run(command, cwd=stage, env=environment, check=False).returncode


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: sanity.py STAGED_COLLECTION PRIVATE_HOME")
    sys.exit(main(Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute()))
