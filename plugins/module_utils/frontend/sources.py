# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading definitions from files: which files a ``src`` names, and the documents in them.

The action plugin runs this on the controller, the module on its own host when ``remote_src`` is set.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable, Iterator

from ..definition.findings import DefinitionError
from ..definition.model import Origin
from ..definition.read import Source
from ..kube.reader import Limits, YamlError, read_documents

EXTENSIONS = (".yaml", ".yml", ".json")
ReadText = Callable[[str], str]


class SourceError(DefinitionError):
    """A ``src`` cannot be read. One sentence for each reason."""

    def __init__(self, *lines: str) -> None:
        super().__init__(lines)


def files_of(src: str, base: str) -> list[str]:
    """The files that one item of ``src`` names, sorted: a file, all YAML and JSON files below a directory, or a glob.

    Args:
        src: as the user wrote it; a relative path starts at ``base``.
        base: a directory.

    Raises:
        SourceError: where nothing is found, or a link leads out of the directory.
    """
    if not src.strip():
        raise SourceError("src: holds an empty path: name a file, a directory or a glob.")
    path = os.path.normpath(os.path.join(base, os.path.expanduser(src)))
    if os.path.isdir(path):
        found = sorted(_below(path, src))
        if not found:
            endings = ", ".join(EXTENSIONS)
            what = f"the directory holds no file that ends in {endings}"
            raise SourceError(f"src: {src}: {what}: name another one, or remove everything with state: absent.")
        return found
    if os.path.exists(path):
        return [path]
    matched = sorted(glob.glob(path, recursive=True)) if glob.has_magic(path) else []
    root = os.path.dirname(path[: next((i for i, mark in enumerate(path) if mark in "*?["), len(path))])
    files = [item for item in matched if os.path.isfile(_inside(item, root, src))]
    if not files:
        raise SourceError(f"src: {src}: matches no file (looked for {path}): correct the path.")
    return files


def _below(root: str, src: str) -> Iterator[str]:
    def fail(error: OSError) -> None:
        raise SourceError(f"src: {src}: {error.filename} cannot be read ({error.strerror}): correct its permissions.")

    for folder, folders, names in os.walk(root, onerror=fail):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in folders:
            _inside(os.path.join(folder, name), root, src)
        for name in names:
            if name.endswith(EXTENSIONS) and not name.startswith("."):
                yield _inside(os.path.join(folder, name), root, src)


def _inside(path: str, root: str, src: str) -> str:
    """The path itself, if it does not leave ``root`` through a link."""
    real, home = os.path.realpath(path), os.path.realpath(root)
    if os.path.commonpath([real, home]) != home:
        raise SourceError(f"src: {src}: {path} is a link that leads out of {root}: replace it by the file itself.")
    return path


def shown_path(path: str) -> str:
    """A path as messages show it: short where it lies below the current directory."""
    short = os.path.relpath(path)
    return path if short.startswith("..") else short


def read_text(path: str) -> str:
    """The text of a file, of which no more is read than is allowed.

    Raises:
        SourceError: where it cannot be read.
    """
    name, limit = shown_path(path), Limits().max_bytes
    try:
        if os.path.exists(path) and not os.path.isfile(path):
            raise SourceError(f"{name}: is no regular file: remove it from src.")
        size = os.path.getsize(path)
        with open(path, "rb") as file:
            content = file.read(limit + 1) if size <= limit else b""
    except OSError as error:
        raise SourceError(f"{name}: cannot be read ({error.strerror}): correct the path or its permissions.") from error
    if max(size, len(content)) > limit:
        raise SourceError(f"{name}: is {size} bytes long, at most {limit} are read: split it into several files.")
    return decoded(name, content)


def decoded(name: str, content: bytes) -> str:
    """Bytes of a file as text.

    Raises:
        SourceError: where they are not UTF-8.
    """
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SourceError(f"{name}: is not UTF-8 text (byte {error.start}): save it as UTF-8.") from error


def load(src: Iterable[str], base: Callable[[str], str], read: ReadText) -> list[Source]:
    """All documents of all files, in the order of ``src``; a file that several items name is read once.

    Args:
        src: paths, directories and globs.
        base: where the relative path of an item starts.
        read: gives the text of a file; it decrypts or renders it where that is asked for.

    Raises:
        SourceError: with one sentence for each item or file that cannot be used.
    """
    sources: list[Source] = []
    lines: list[str] = []
    seen: set[str] = set()
    for item in src:
        try:
            names = [path for path in files_of(item, base(item)) if path not in seen]
        except SourceError as error:
            lines += error.lines
            continue
        seen.update(names)
        found: list[Source] = []
        broken = len(lines)
        for path in names:
            try:
                found += _documents(path, read)
            except SourceError as error:
                lines += error.lines
        if names and not found and broken == len(lines):
            lines.append(f"src: {item}: holds no definition: write one, or remove it from src.")
        sources += found
    if lines:
        raise SourceError(*lines)
    if not sources:
        raise SourceError("src: is empty: name at least one file with definitions.")
    return sources


def _documents(path: str, read: ReadText) -> list[Source]:
    name = shown_path(path)
    try:
        documents = read_documents(read(path))
    except YamlError as error:
        place = f"{name}, document {error.document}" if error.document else name
        raise SourceError(f"{place}: {error.problem}.") from error
    return [Source(item.value, Origin(f"{name}, document {item.number}")) for item in documents]
