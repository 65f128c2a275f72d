# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory output: manifests for GitOps, one file an object (see directory_layout.py for the places)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from ..kube.reader import YamlError, read_documents
from ..objects.identity import Identity, KubernetesObject, ObjectError, identity_of
from ..objects.ownership import Owner, owner_of
from ..reconcile.plan import Observed, Plan, is_same, refuse_foreign
from .directory_index import Index, View, open_view, read_indexes, refuse_strange_kustomization, stale_records
from .directory_journal import check_path
from .directory_layout import LOCK, ObjectFile, file_of, files_of, root_of
from .directory_transaction import TransactionError, locked, recover, write_all
from .files import FileReader, FileWriter, explained
from .ports import Failure, OutputError

__all__ = ["DirectoryReader", "DirectoryWriter"]


class DirectoryReader:
    """Reads a directory; see `ports.Reader`.

    :param root: the directory; it may not exist yet.
    :param allow_plain_secrets: do not refuse a desired Secret.
    """

    def __init__(self, root: str | Path, allow_plain_secrets: bool = False, files: FileReader | None = None) -> None:
        self._root = root_of(root)
        self._allow_plain_secrets = allow_plain_secrets
        self._files = files or FileReader()

    def observe(self, owner: Owner, desired: Sequence[KubernetesObject]) -> Observed:
        """Return what is in the directory; reads the files of this owner only, and the indexes of all.

        :raises OutputError: see `ports.Reader`.
        """
        wanted = files_of(desired, self._allow_plain_secrets)
        with explained(self._root):
            view = open_view(self._files, self._root)
            indexes = read_indexes(view)
            mine = indexes.get(owner, Index(owner))
            if wanted or indexes:
                refuse_strange_kustomization(view)
            ours: dict[Identity, KubernetesObject] = {}
            stale: dict[Identity, str] = {}
            for identity in mine.identities:
                text = view.read(file_of(identity))
                if text is None:
                    continue
                want = _wanted(wanted, identity)
                found = want.obj if want and want.text == text else _read_object(text, identity)
                # A readable object without our labels was put there by somebody else, whatever the index says.
                if found and owner_of(found) != owner:
                    continue
                ours[identity] = found
                if reason := _stale_reason(found, want):
                    stale[identity] = reason
            foreign = _foreign(view, wanted, indexes, owner, ours)
            tidy = mine.with_identities(one for one in mine.identities if one in ours or _wanted(wanted, one))
            records = [f"{path} is not up to date" for path in stale_records(view, indexes, tidy)]
        if view.interrupted:
            records.insert(0, "an interrupted run is undone first")
        return Observed(ours, foreign, stale, tuple(records))


class DirectoryWriter:
    """Writes a directory; see `ports.Writer`.

    :param wait_seconds: how long to wait while another run writes there.
    """

    def __init__(
        self,
        root: str | Path,
        owner: Owner,
        allow_plain_secrets: bool = False,
        wait_seconds: float = 10.0,
        files: FileWriter | None = None,
    ) -> None:
        self._root = root_of(root)
        self._owner = owner
        self._allow_plain_secrets = allow_plain_secrets
        self._wait_seconds = wait_seconds
        self._files = files or FileWriter()

    def apply(self, plan: Plan) -> None:
        """Make the plan true: completely, or the directory stays as it was.

        :raises PlanError: the plan holds foreign objects.
        :raises OutputError: see `ports.Writer`.
        """
        refuse_foreign(plan)
        if plan.is_empty:
            return
        planned = tuple(change.identity for change in plan.changes)
        try:
            with explained(self._root):
                check_path(self._files, self._root, LOCK)
                with locked(self._files, self._root, self._wait_seconds):
                    recover(self._files, self._root)
                    held = self._refuse_outdated(plan)
                    write_all(self._files, self._root, self._contents(plan, held))
        except TransactionError as error:
            raise OutputError(str(error), _failure(planned, error)) from error
        except OutputError as error:
            raise OutputError(str(error), Failure(untouched=planned)) from error

    def _refuse_outdated(self, plan: Plan) -> Collection[Identity]:
        """Look again, now that nobody else writes: the plan must still be about what is there. Return what is ours."""
        every = (*plan.changes, *plan.keep)
        reader = DirectoryReader(self._root, self._allow_plain_secrets, self._files)
        observed = reader.observe(self._owner, [change.after for change in every if change.after is not None])
        seen = {change.identity for change in every} | set(plan.spared)
        if unseen := sorted(observed.ours.keys() - seen):
            raise OutputError(
                f"{self._root / file_of(unseen[0])}: was written by another run while this one was planning: "
                "nothing was written, run again"
            )
        for change in every:
            before = observed.ours.get(change.identity)
            if change.identity in observed.foreign or not is_same(before, change.before):
                raise OutputError(
                    f"{self._root / file_of(change.identity)}: was changed by somebody else while this run was "
                    "planning: nothing was written, run again"
                )
        return observed.ours.keys()

    def _contents(self, plan: Plan, held: Collection[Identity]) -> dict[str, bytes | None]:
        """Return the content of every path that changes (None: remove it), the records last."""
        view = open_view(self._files, self._root)
        indexes = read_indexes(view)
        mine = indexes.get(self._owner, Index(self._owner))
        written = files_of((change.after for change in plan.changes if change.after), self._allow_plain_secrets)
        present = set(held)
        present -= {change.identity for change in plan.delete}
        present |= {file.identity for file in written.values()}
        gone = {one for one in mine.identities if one in held or view.read(file_of(one)) is None} - present
        changes: dict[str, bytes | None] = {file_of(one): None for one in gone}
        # After the removals: an object of another group may take over the file of one that goes.
        changes |= {path: file.text for path, file in written.items()}
        return changes | stale_records(view, indexes, mine.with_identities(present))


def _failure(planned: Sequence[Identity], error: TransactionError) -> Failure:
    """Say what became of each planned object, from what became of its file."""
    return Failure(
        written=tuple(one for one in planned if file_of(one) in error.written),
        restored=tuple(one for one in planned if file_of(one) in error.restored),
        untouched=tuple(one for one in planned if file_of(one) not in error.written | error.restored),
    )


def _wanted(wanted: Mapping[str, ObjectFile], identity: Identity) -> ObjectFile | None:
    file = wanted.get(file_of(identity))
    return file if file and file.identity == identity else None


def _read_object(text: bytes, identity: Identity) -> KubernetesObject:
    """Return the object in a file of ours; an empty one when somebody has put something else there."""
    try:
        documents = read_documents(text.decode("utf-8"))
        value = documents[0].value if len(documents) == 1 else None
        return value if isinstance(value, Mapping) and identity_of(value) == identity else {}
    except (YamlError, UnicodeDecodeError, ObjectError):
        return {}


def _stale_reason(found: KubernetesObject, wanted: ObjectFile | None) -> str:
    """Say why the file must be written again although its object may be equal.

    The output is a function of the input, byte for byte, so that its history shows only changes of
    meaning: a file that was formatted by hand is written again.
    """
    if not found:
        return "the file does not hold this object as readable YAML"
    if wanted is not None and found is not wanted.obj and is_same(found, wanted.obj):
        return "the file is formatted in another way"
    return ""


def _foreign(
    view: View,
    wanted: Mapping[str, ObjectFile],
    indexes: Mapping[Owner, Index],
    owner: Owner,
    ours: Collection[Identity],
) -> dict[Identity, str]:
    """Return who holds the wanted paths that are not in this owner's index."""
    holders = {file_of(one): index.owner for index in indexes.values() for one in index.identities}
    held = {file_of(one) for one in ours}
    foreign: dict[Identity, str] = {}
    for path, file in wanted.items():
        holder = holders.get(path)
        replaced = holder == owner and path not in held
        if (holder is None or replaced) and view.read(path) is not None:
            foreign[file.identity] = f"nobody we know ({path} is a file that was not written by mlops.ingress)"
        elif holder not in (None, owner):
            foreign[file.identity] = f"{holder} of mlops.ingress"
    return foreign
