# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Change many files, all or none: a lock, new files beside the old ones, a journal, moves, and the way back."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from .directory_journal import Journal, Step, journal_text, read_journal, undo, undone
from .directory_layout import HOME, JOURNAL, LOCK, RUN
from .files import DIRECTORY, MISSING, FileWriter, sentence
from .ports import OutputError

__all__ = ["TransactionError", "locked", "recover", "write_all"]

_POLL_SECONDS = 0.05


class TransactionError(OutputError):
    """Writing failed. ``written`` are the paths that are still changed, ``restored`` those that were put back."""

    def __init__(self, message: str, written: frozenset[str], restored: frozenset[str]) -> None:
        super().__init__(message)
        self.written = written
        self.restored = restored


@contextmanager
def locked(files: FileWriter, root: Path, wait_seconds: float) -> Iterator[None]:
    """Hold the directory for this process; afterwards nothing of the lock is left.

    The lock lives as long as the process: what a killed one leaves behind does not lock.

    :raises OutputError: another run holds it for longer than we wait; names process and host.
    :raises OSError: the lock cannot be made.
    """
    made: list[Path] = []
    try:
        handle = _acquire(files, root, wait_seconds, made)
        try:
            yield
        finally:
            _release(files, root, handle)
    except BaseException:
        for path in reversed(made):
            with contextlib.suppress(OSError):  # it is not empty: somebody else uses it by now
                files.remove_directory(path)
        raise


def recover(files: FileWriter, root: Path) -> None:
    """Undo what an interrupted run has left behind, if there was one; needs the lock.

    :raises OSError: it cannot be undone now.
    :raises OutputError: its journal cannot be used.
    """
    journal = read_journal(files, root)
    if journal:
        undo(files, root, journal)
        files.remove(root / JOURNAL)
    _clean(files, root)


def write_all(files: FileWriter, root: Path, changes: Mapping[str, bytes | None]) -> None:
    """Give each path its new content (None: remove it), in this order; needs the lock.

    Directories that become empty by a removal are removed.

    :raises TransactionError: it failed and was undone, or could not be undone either.
    :raises OSError: it failed before anything was changed.
    """
    journal = _journal_of(files, root, changes)
    for (_step, _place, new, _old), content in zip(journal.places(root), changes.values(), strict=False):
        if content is not None:
            files.create(new, content)
    unfinished = root / f"{JOURNAL}.new"
    files.create(unfinished, journal_text(journal))
    try:
        files.move(unfinished, root / JOURNAL)
        files.sync_directory(root / RUN)
        _move_all(files, root, journal)
        files.remove(root / JOURNAL)  # from here on the run is complete, and nothing is undone any more
    except BaseException as error:
        _undo_after(error, files, root, journal)
        raise


def _journal_of(files: FileWriter, root: Path, changes: Mapping[str, bytes | None]) -> Journal:
    """Write down each change, then the directories that may become empty.

    Such a directory is moved away like a file, so that it comes back with its mode and owner.
    """
    steps = [Step(path, files.kind(root / path) != MISSING, content is not None) for path, content in changes.items()]
    made: dict[str, None] = {}
    emptied: dict[str, None] = {}
    for path, content in changes.items():
        parents = [str(parent) for parent in reversed(PurePosixPath(path).parents) if parent.name]
        if content is None:
            emptied |= {parent: None for parent in parents if files.kind(root / parent) == DIRECTORY}
        else:
            made |= {parent: None for parent in parents if files.kind(root / parent) == MISSING}
    return Journal((*steps, *(Step(path, had=True, gets=False) for path in emptied)), tuple(made))


def _move_all(files: FileWriter, root: Path, journal: Journal) -> None:
    for path in journal.made:
        files.make_directory(root / path)
    touched = {root}
    for step, place, new, old in journal.places(root):
        kind = files.kind(place)
        if step.had and (kind != DIRECTORY or not files.names(place)):
            files.move(place, old)
        if step.gets:
            files.move(new, place)
        touched.add(place.parent)
    for directory in sorted(touched):
        if files.kind(directory) == DIRECTORY:
            files.sync_directory(directory)


def _undo_after(error: BaseException, files: FileWriter, root: Path, journal: Journal) -> None:
    touched: frozenset[str] = frozenset()
    try:
        touched = frozenset(undone(files, root, journal))
        undo(files, root, journal)
        with contextlib.suppress(FileNotFoundError):
            files.remove(root / JOURNAL)
    except OSError as second:
        first = sentence(error, root) if isinstance(error, OSError) else str(error)
        left = frozenset(undone(files, root, journal))
        raise TransactionError(
            f"{first}; and what was written could not be put back: "
            f"{sentence(second, root)}; the next run undoes it before it begins",
            written=left,
            restored=touched - left,
        ) from error
    if isinstance(error, OSError):
        message = f"{sentence(error, root)}; everything is as it was before"
        raise TransactionError(message, written=frozenset(), restored=touched) from error


def _acquire(files: FileWriter, root: Path, wait_seconds: float, made: list[Path]) -> int:
    deadline = time.monotonic() + wait_seconds
    holder = f"process {os.getpid()} on {socket.gethostname()}"
    while True:
        for path in [*reversed((root / RUN).parents), root / RUN]:
            if files.kind(path) == MISSING:
                made.append(path)
                with contextlib.suppress(FileExistsError):  # another run was faster
                    files.make_directory(path)
        with contextlib.suppress(FileNotFoundError):  # its last holder has just removed the directory
            if (handle := files.lock(root / LOCK, holder)) is not None:
                return handle
        if time.monotonic() >= deadline:
            who = (files.read(root / LOCK) or b"another process").decode("utf-8", "replace")
            raise OutputError(f"{root}: {who} is writing there: wait until it has finished and run again")
        time.sleep(_POLL_SECONDS)


def _release(files: FileWriter, root: Path, handle: int) -> None:
    """Tidy up as far as possible: the next run removes what is left, so an error here is none of the run."""
    with contextlib.suppress(OSError):
        if files.kind(root / JOURNAL) == MISSING:  # else it was not undone, and the next run needs it all
            _clean(files, root)
    with contextlib.suppress(OSError):
        files.remove(root / LOCK)
    with contextlib.suppress(OSError):
        files.unlock(handle)
    with contextlib.suppress(OSError):
        files.remove_directory(root / RUN)
        files.remove_directory(root / HOME)


def _clean(files: FileWriter, root: Path) -> None:
    for name in files.names(root / RUN):
        path = root / RUN / name
        if path == root / LOCK:
            continue
        if files.kind(path) == DIRECTORY:
            files.remove_directory(path)
        else:
            files.remove(path)
