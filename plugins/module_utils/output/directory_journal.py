# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal of a run of the directory output: what it moves where, so that it can be undone.

A run moves each old file to ``.run/old-<n>`` and each new file from ``.run/new-<n>`` to its place. Where
the files are tells how far it came, so the journal is written once, before the first move, and undoing
may be interrupted and begun again at any point.
"""

from __future__ import annotations

import errno
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from .directory_layout import JOURNAL, RUN
from .files import DIRECTORY, FILE, LINK, MISSING, FileReader, FileWriter
from .ports import OutputError

# What `file_of`, `index_of` and the kustomization can be, and the directories above them.
_WRITABLE = re.compile(
    r"kustomization\.yaml"
    r"|(?:_cluster|[a-z0-9-]+)(?:/[A-Za-z][A-Za-z0-9]*-[^/\0\n]+\.yaml)?"
    r"|\.mlops-ingress(?:/[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*\.yaml)?)?",
    re.ASCII,
)

__all__ = ["Journal", "Step", "check_path", "journal_text", "read_journal", "undo", "undone"]


@dataclass(frozen=True, slots=True)
class Step:
    """One path: whether something was there (``had``) and whether a new file comes there (``gets``)."""

    path: str
    had: bool
    gets: bool


@dataclass(frozen=True, slots=True)
class Journal:
    """The steps in their order, and the directories that the run makes, parents first."""

    steps: tuple[Step, ...]
    made: tuple[str, ...]

    def places(self, root: Path) -> list[tuple[Step, Path, Path, Path]]:
        """Return each step with its place, the place of its new file and the place of its old file."""
        run = root / RUN
        return [(step, root / step.path, run / f"new-{n}", run / f"old-{n}") for n, step in enumerate(self.steps)]


def journal_text(journal: Journal) -> bytes:
    """Return the content of the journal's file."""
    return json.dumps(asdict(journal)).encode("utf-8")


def read_journal(files: FileReader, root: Path) -> Journal | None:
    """Return the journal that an interrupted run left behind, or None.

    :raises OutputError: the file is no journal, or names a path outside the directory: it may come from
        a repository, so it is not trusted.
    """
    check_path(files, root, JOURNAL)
    text = files.read(root / JOURNAL)
    if text is None:
        return None
    try:
        content = json.loads(text)
        steps = [Step(_inside(step["path"]), step["had"] is True, step["gets"] is True) for step in content["steps"]]
        journal = Journal(tuple(steps), tuple(_inside(path) for path in content["made"]))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise OutputError(
            f"{root / JOURNAL}: is not a journal of an interrupted run: "
            f"restore the directory from version control, then remove {root / RUN}"
        ) from error
    for step, _place, new, old in journal.places(root):
        check_path(files, root, step.path)
        _refuse_links(files, new, old)
    return journal


def undone(files: FileReader, root: Path, journal: Journal) -> dict[str, Path | None]:
    """Return, for each path that the run has touched so far, where its old content is; None where nothing was."""
    touched: dict[str, Path | None] = {}
    for step, _place, new, old in journal.places(root):
        if step.had and files.kind(old) != MISSING:
            touched[step.path] = old
        elif step.gets and files.kind(new) == MISSING:
            touched[step.path] = None
    return touched


def undo(files: FileWriter, root: Path, journal: Journal) -> None:
    """Put everything back by the same moves in reverse.

    :raises OSError: a move failed; calling this again goes on from there.
    """
    for step, place, new, old in reversed(journal.places(root)):
        if step.gets and files.kind(new) == MISSING and files.kind(place) == FILE:
            files.move(place, new)
        if step.had and files.kind(old) != MISSING:
            files.move(old, place)
    for path in reversed(journal.made):
        try:
            files.remove_directory(root / path)
        except FileNotFoundError:
            pass
        except OSError as error:
            if error.errno != errno.ENOTEMPTY:  # somebody put a file of his own there meanwhile: it stays
                raise


def check_path(files: FileReader, root: Path, relative: str) -> None:
    """Make sure that no part of a path below the directory is a link, and that what leads to it are directories.

    Every link is refused, also one that stays inside: two names for one file would break the index.

    :raises OutputError: names the part.
    """
    path = root
    parts = PurePosixPath(relative).parts
    for number, part in enumerate(parts, start=1):
        path = path / part
        kind = files.kind(path)
        if kind == MISSING:
            return
        if kind == LINK:
            raise OutputError(f"{path}: is a symbolic link, which may lead out of the directory: remove the link")
        if kind != DIRECTORY and number < len(parts):
            raise OutputError(f"{path}: is {kind}, and a directory is needed here: remove it or name another one")


def _inside(path: object) -> str:
    """Return the path if a run can have written it; ValueError otherwise.

    A journal may come with a repository that somebody else has written, and undoing it removes files.
    """
    if not isinstance(path, str) or not _WRITABLE.fullmatch(path) or path.startswith(RUN):
        raise ValueError("not a path that a run writes")
    return path


def _refuse_links(files: FileReader, *paths: Path) -> None:
    for path in paths:
        if files.kind(path) not in (MISSING, FILE, DIRECTORY):
            raise OutputError(f"{path}: is not a file that a run left behind: remove {path.parent}")
