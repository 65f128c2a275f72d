# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only place that calls the file system: the operations of the directory output, one method each.

The tests count these calls, and let each of them fail once.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .ports import OutputError

__all__ = ["DIRECTORY", "FILE", "LINK", "MISSING", "OTHER", "FileReader", "FileWriter", "explained", "sentence"]

MISSING, FILE, DIRECTORY, LINK, OTHER = "missing", "a file", "a directory", "a symbolic link", "a device or pipe"

_ADVICE = {
    errno.EACCES: "permission denied: run as a user who may write there, or change the permissions",
    errno.EPERM: "operation not permitted: run as a user who may write there, or change the permissions",
    errno.ENOSPC: "no space left on the device: free some space and run again",
    errno.EDQUOT: "the disk quota is used up: free some space and run again",
    errno.EROFS: "the file system is read-only: choose another directory, or mount it for writing",
    errno.ENOTDIR: "a part of the path is not a directory: choose another directory, or remove that file",
    errno.ENAMETOOLONG: "the name is too long for this file system: choose shorter names",
    errno.EXDEV: "it is on another file system: keep the whole directory on one file system",
    errno.ENOLCK: "the file system has no locks: choose a directory on a local disk",
    errno.EOPNOTSUPP: "the file system has no locks: choose a directory on a local disk",
}


class FileReader:
    """Reads; it has no method that writes."""

    def kind(self, path: Path) -> str:
        """Return what is at the path itself (links are not followed): one of the constants of this module."""
        try:
            mode = os.lstat(path).st_mode
        except FileNotFoundError:
            return MISSING
        kinds = {stat.S_IFREG: FILE, stat.S_IFDIR: DIRECTORY, stat.S_IFLNK: LINK}
        return kinds.get(stat.S_IFMT(mode), OTHER)

    def read(self, path: Path) -> bytes | None:
        """Return the content of a file, or None when there is none."""
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None

    def names(self, path: Path) -> list[str]:
        """Return the sorted names in a directory; none when there is no such directory."""
        try:
            return sorted(os.listdir(path))
        except FileNotFoundError:
            return []

    def is_locked(self, path: Path) -> bool:
        """Say whether a living process holds the lock; the file that a dead one left behind is not locked."""
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(handle)
        return False


class FileWriter(FileReader):
    """Writes. Nothing here follows a link at the last part of a path."""

    def make_directory(self, path: Path) -> None:
        """Make one directory; it must not exist."""
        os.mkdir(path, 0o755)

    def create(self, path: Path, content: bytes) -> None:
        """Write a new file and bring it to the disk; it must not exist. The umask applies."""
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def move(self, source: Path, target: Path) -> None:
        """Rename within the file system; a file at the target is replaced."""
        os.replace(source, target)

    def remove(self, path: Path) -> None:
        """Remove a file."""
        os.unlink(path)

    def remove_directory(self, path: Path) -> None:
        """Remove a directory; it must be empty."""
        os.rmdir(path)

    def sync_directory(self, path: Path) -> None:
        """Bring the names in a directory to the disk."""
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def lock(self, path: Path, holder: str) -> int | None:
        """Take the lock and write who holds it; return what `unlock` needs, or None while another process holds it."""
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Its last holder may have removed the file between our open and our lock: then nobody else sees ours.
            if os.stat(path).st_ino == os.fstat(handle).st_ino:
                os.ftruncate(handle, 0)
                os.write(handle, holder.encode("utf-8"))
                return handle
        except (BlockingIOError, FileNotFoundError):
            pass
        except BaseException:
            os.unlink(path)  # either we hold it, or there are no locks here and nobody does
            os.close(handle)
            raise
        os.close(handle)
        return None

    def unlock(self, handle: int) -> None:
        """Give the lock back."""
        os.close(handle)


def sentence(error: OSError, path: Path) -> str:
    """Return where, what and what to do; ``path`` is named when the error names none."""
    where = error.filename2 or error.filename or path
    advice = _ADVICE.get(error.errno or 0) or f"{error.strerror or error}: put this right and run again"
    return f"{os.fsdecode(where)}: {advice}"


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn an error of the operating system into a sentence.

    :raises OutputError: in place of any OSError.
    """
    try:
        yield
    except OSError as error:
        raise OutputError(sentence(error, path)) from error
