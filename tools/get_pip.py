# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand-in for pip's own installer (get-pip.py), for ansible-test: Python brings a pip, and that pip installs the rest.

It takes the arguments of the original: options of pip, the packages to install, --no-setuptools and --no-wheel.
"""

from __future__ import annotations

import subprocess
import sys

# Said to the original only; here nothing installs wheel, and setuptools is taken away again.
OURS = ("--no-setuptools", "--no-wheel")


def run(*command: str) -> None:
    """Run a module of this Python, quietly, and stop with its messages where it fails."""
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)


run("ensurepip", "--upgrade")
run("pip", "install", "--quiet", *(argument for argument in sys.argv[1:] if argument not in OURS))
if "--no-setuptools" in sys.argv:
    # Up to Python 3.11 ensurepip brings setuptools as well, of a version that no test asked for.
    run("pip", "uninstall", "--yes", "--quiet", "setuptools")
