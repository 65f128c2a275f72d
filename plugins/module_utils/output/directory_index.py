# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory output's own records: the index of each scope and set, and kustomization.yaml."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ..kube.reader import YamlError, read_documents
from ..kube.writer import write_document
from ..objects.identity import Identity, ObjectError, describe
from ..objects.ownership import Owner
from .directory_journal import check_path, read_journal, undone
from .directory_layout import (
    HOME,
    INTRODUCTION,
    KUSTOMIZATION,
    LOCK,
    MARKER,
    RUN,
    file_of,
    index_of,
    kustomization_text,
)
from .files import DIRECTORY, FILE, MISSING, FileReader
from .ports import OutputError

__all__ = ["Index", "View", "index_text", "open_view", "read_indexes", "refuse_strange_kustomization", "stale_records"]


@dataclass(frozen=True, slots=True)
class Index:
    """What one owner wrote, sorted, and the kinds (``Mapping.getambassador.io``) and namespaces it has ever used."""

    owner: Owner
    identities: tuple[Identity, ...] = ()
    kinds: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()

    def with_identities(self, identities: Iterable[Identity]) -> Index:
        """Return the index of these objects; kinds and namespaces are only ever added."""
        objects = tuple(sorted(identities))
        kinds = {f"{one.kind}.{one.group}".rstrip(".") for one in objects}
        namespaces = {one.namespace for one in objects if one.namespace}
        return replace(
            self,
            identities=objects,
            kinds=tuple(sorted(kinds.union(self.kinds))),
            namespaces=tuple(sorted(namespaces.union(self.namespaces))),
        )


@dataclass(frozen=True, slots=True)
class View:
    """The directory as it is, or, after an interrupted run, as it will be once that run is undone.

    A reader cannot write, so it cannot undo; it looks through the journal instead, and thus check mode
    plans exactly what the next real run plans.
    """

    root: Path
    files: FileReader
    undone: Mapping[str, Path | None]
    interrupted: bool

    def read(self, relative: str) -> bytes | None:
        """Return the content of a file, or None when there is none.

        :raises OutputError: a link leads there, or it is not a file.
        """
        check_path(self.files, self.root, relative)
        if relative in self.undone:
            kept = self.undone[relative]
            return None if kept is None else self.files.read(kept)
        kind = self.files.kind(self.root / relative)
        if kind not in (FILE, MISSING):
            raise OutputError(
                f"{self.root / relative}: is {kind}, and a file is needed here: remove it or rename yours"
            )
        return self.files.read(self.root / relative)

    def index_paths(self) -> list[str]:
        """Return the paths of all indexes, sorted."""
        found = {path for path in self.undone if path.startswith(f"{HOME}/") and path.endswith(".yaml")}
        check_path(self.files, self.root, f"{HOME}/x")
        for scope in self.files.names(self.root / HOME):
            if scope.startswith("."):
                continue  # the directory of a run
            check_path(self.files, self.root, f"{HOME}/{scope}/x")
            found.update(f"{HOME}/{scope}/{name}" for name in self.files.names(self.root / HOME / scope))
        return sorted(path for path in found if path.endswith(".yaml"))


def open_view(files: FileReader, root: Path) -> View:
    """Look at the directory.

    :raises OutputError: it is not a directory, or the journal of an interrupted run is broken.
    """
    if (kind := files.kind(root)) not in (DIRECTORY, MISSING):
        raise OutputError(f"{root}: is {kind}, and a directory is needed here: name another directory, or remove it")
    journal = read_journal(files, root)
    check_path(files, root, LOCK)
    interrupted = files.kind(root / RUN) != MISSING and not files.is_locked(root / LOCK)
    return View(root, files, undone(files, root, journal) if journal else {}, interrupted)


def read_indexes(view: View) -> dict[Owner, Index]:
    """Return the indexes of all owners in the directory.

    :raises OutputError: an index is damaged, names a file that is not its own, or two name the same file.
    """
    indexes: dict[Owner, Index] = {}
    claimed: dict[str, str] = {}
    for path in view.index_paths():
        text = view.read(path)
        if text is None:
            continue
        index = _parse(view.root / path, path, text)
        indexes[index.owner] = index
        for identity in index.identities:
            file = file_of(identity)
            if file in claimed:
                raise _damaged(view.root / path, f"{file} is listed here, and already in {claimed[file]}")
            claimed[file] = path
    return indexes


def index_text(index: Index) -> bytes | None:
    """Return the content of the index's file, or None when it lists nothing and has to go."""
    if not index.identities:
        return None
    content: Mapping[str, object] = {
        "scope": index.owner.scope,
        "set": index.owner.set,
        "files": [
            {"path": file_of(one), "group": one.group, "kind": one.kind, "namespace": one.namespace, "name": one.name}
            for one in index.identities
        ],
        "kinds": list(index.kinds),
        "namespaces": list(index.namespaces),
    }
    return (INTRODUCTION + write_document(content)).encode("utf-8")


def stale_records(view: View, indexes: Mapping[Owner, Index], mine: Index) -> dict[str, bytes | None]:
    """Return the records that are not as they should be once ``mine`` is the owner's index.

    :return: their right content by path; None for one that has to go.
    """
    every = {**indexes, mine.owner: mine}
    wanted = {
        index_of(mine.owner): index_text(mine),
        KUSTOMIZATION: kustomization_text(file_of(one) for index in every.values() for one in index.identities),
    }
    if wanted[KUSTOMIZATION] is None and not _is_ours(view.read(KUSTOMIZATION)):
        del wanted[KUSTOMIZATION]  # nothing of us is there, so what is there is none of our business
    return {path: text for path, text in wanted.items() if view.read(path) != text}


def refuse_strange_kustomization(view: View) -> None:
    """Make sure that a kustomization in this place is ours.

    :raises OutputError: it was written by somebody else, or has another of the three names Kustomize knows.
    """
    text = view.read(KUSTOMIZATION)
    strange = [] if text is None or _is_ours(text) else [KUSTOMIZATION]
    # Kustomize refuses a directory that has two of these.
    strange += [name for name in ("Kustomization", "kustomization.yml") if view.files.kind(view.root / name) != MISSING]
    for name in strange:
        raise OutputError(
            f"{view.root / name}: was not written by mlops.ingress: "
            "name a subdirectory as the directory and list that under resources in your file, or remove your file"
        )


def _is_ours(kustomization: bytes | None) -> bool:
    return kustomization is not None and kustomization.startswith(MARKER.encode("utf-8"))


def _parse(where: Path, path: str, text: bytes) -> Index:
    try:
        documents = read_documents(text.decode("utf-8"))
    except (YamlError, UnicodeDecodeError) as error:
        raise _damaged(where, f"it cannot be read ({getattr(error, 'problem', error)})") from error
    content = documents[0].value if len(documents) == 1 else None
    try:
        if not isinstance(content, Mapping):
            raise _damaged(where, "it does not hold one mapping")
        index = Index(
            Owner(_text(content["scope"]), _text(content["set"])),
            tuple(_identity(where, entry) for entry in content["files"]),
            tuple(_text(kind) for kind in content["kinds"]),
            tuple(_text(namespace) for namespace in content["namespaces"]),
        )
    except (KeyError, TypeError, ObjectError) as error:
        raise _damaged(where, f"it is not complete ({error})") from error
    if index_of(index.owner) != path:
        raise _damaged(where, f"it is the index of {index.owner}")
    return index


def _identity(where: Path, entry: Mapping[str, object]) -> Identity:
    """Return the identity of an entry. Its path must be the one that follows, so no entry can lead anywhere else."""
    identity = Identity(*(_text(entry[key]) for key in ("group", "kind", "namespace", "name")))
    try:
        path = file_of(identity)
    except OutputError as error:
        raise _damaged(where, str(error)) from error
    if entry["path"] != path:
        raise _damaged(where, f"it names {entry['path']!r} as the file of {describe(identity)}, and {path} is right")
    return identity


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not text")
    return value


def _damaged(where: Path, problem: str) -> OutputError:
    return OutputError(
        f"{where}: {problem}: restore it from version control, "
        "or remove it together with the files that it lists and run again"
    )
