# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copy the collection to a path that ends in ansible_collections/mlops/ingress.

ansible-test and the linters want that path to be real (a link does not do), and some write beside what they read.
Only files that belong to the collection are copied: tracked by git, or new and not ignored.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

GENERATED = (".git", ".venv", "build", ".ansible", ".hypothesis", "__pycache__")


def files_of(checkout: Path) -> list[Path]:
    """The files of the collection, relative to the checkout."""
    if not (checkout / ".git").exists() or not shutil.which("git"):
        # An unpacked archive: all there is, but what tools generate.
        found = (path.relative_to(checkout) for path in checkout.rglob("*") if not path.is_dir() or path.is_symlink())
        return [path for path in found if not set(path.parts) & set(GENERATED)]
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=checkout,
        check=True,
        capture_output=True,
        text=True,
    )
    names = {Path(name) for name in listed.stdout.split("\0") if name}
    # git still lists a tracked file that was deleted but not yet committed.
    return sorted(name for name in names if (checkout / name).is_symlink() or (checkout / name).is_file())


def stage(checkout: Path, target: Path) -> None:
    """Make the target an exact copy, with nothing left from the time before."""
    shutil.rmtree(target, ignore_errors=True)
    for name in files_of(checkout):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(checkout / name, target / name, follow_symlinks=False)
    if shutil.which("git"):
        # The tools ask git for their files. Without this they would find the checkout's git, which ignores build/.
        subprocess.run(["git", "init", "--quiet", str(target)], check=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: stage.py TARGET")
    stage(Path(__file__).resolve().parent.parent, Path(sys.argv[1]).absolute())
