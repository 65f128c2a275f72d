# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the directory output keeps what. All paths here are relative to the directory, with forward slashes.

``<namespace>/<Kind>-<name>.yaml``  one object (``_cluster/`` for objects without a namespace)
``kustomization.yaml``              lists the files of all scopes and sets
``.mlops-ingress/<scope>/<set>.yaml``  the index: what this scope and set wrote
``.mlops-ingress/.run/``            exists only while a run writes: its lock, its journal, new and old files

Scopes, sets and namespaces cannot begin with a dot or an underscore, so none can meet a name of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..kube.names import dns_label_problem
from ..kube.writer import write_document
from ..objects.identity import Identity, KubernetesObject, describe, identity_of
from ..objects.ownership import Owner
from ..objects.redact import is_secret
from .files import explained
from .ports import OutputError

__all__ = [
    "HOME",
    "INTRODUCTION",
    "JOURNAL",
    "KUSTOMIZATION",
    "LOCK",
    "MARKER",
    "RUN",
    "ObjectFile",
    "file_of",
    "files_of",
    "index_of",
    "kustomization_text",
    "root_of",
]

HOME = ".mlops-ingress"
RUN = f"{HOME}/.run"
LOCK = f"{RUN}/lock"
JOURNAL = f"{RUN}/journal.json"
KUSTOMIZATION = "kustomization.yaml"
MARKER = "# Written by mlops.ingress"
INTRODUCTION = f"{MARKER}. Do not edit: the next run writes it again.\n"

_CLUSTER = "_cluster"
_KIND = re.compile(r"[A-Za-z][A-Za-z0-9]{0,62}\Z")
# Wider than a DNS name: RBAC objects are called system:node. Whatever matches is one harmless part of a path.
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._:-]*[A-Za-z0-9])?\Z")
_LONGEST_FILE_NAME = 255


@dataclass(frozen=True, slots=True)
class ObjectFile:
    """An object and the content of its file."""

    identity: Identity
    obj: KubernetesObject
    text: bytes


def root_of(directory: str | Path) -> Path:
    """Return the directory as an absolute path.

    A link is followed here and only here: the user who names the directory chooses it; links inside it
    could be anybody's.

    :raises OutputError: it names no path, or a link that leads nowhere.
    """
    if not str(directory) or "\0" in str(directory):
        raise OutputError(f"directory: {str(directory)!r} is not a path: name the directory to write to")
    path = Path(directory).absolute()
    with explained(path):
        if path.is_symlink() and not path.exists():
            raise OutputError(f"{path}: is a symbolic link to nothing: make what it points to, or name another one")
        return path.resolve()


def index_of(owner: Owner) -> str:
    """Return the path of an owner's index."""
    return f"{HOME}/{owner.scope}/{owner.set}.yaml"


def file_of(identity: Identity) -> str:
    """Return the path of an object's file.

    :raises OutputError: kind, namespace or name cannot be part of a file name.
    """
    name = f"{identity.kind}-{identity.name}.yaml"
    if not _KIND.match(identity.kind):
        raise _unusable(identity, f"the kind {identity.kind!r} is not made of letters and digits")
    if not _NAME.match(identity.name) or ".." in identity.name:
        raise _unusable(identity, f"the name {identity.name!r} is not made of letters, digits, '-', '.' and ':'")
    if len(name) > _LONGEST_FILE_NAME:
        raise _unusable(identity, f"kind and name make a file name of more than {_LONGEST_FILE_NAME} characters")
    if identity.namespace and (problem := dns_label_problem(identity.namespace)):
        raise _unusable(identity, f"the namespace {identity.namespace!r}: {problem}")
    return f"{identity.namespace or _CLUSTER}/{name}"


def files_of(objects: Iterable[KubernetesObject], allow_plain_secrets: bool) -> dict[str, ObjectFile]:
    """Return the files of the objects by their path.

    :raises OutputError: an object has no valid path or no YAML form, two share a path, or a Secret must
        not be written.
    """
    files: dict[str, ObjectFile] = {}
    for obj in objects:
        identity = identity_of(obj)
        path = file_of(identity)
        if is_secret(obj) and not allow_plain_secrets:
            raise OutputError(
                f"{describe(identity)}: a Secret would be written to {path} in clear text: "
                "leave it out of the directory, or set allow_plain_secrets: true"
            )
        if path in files and files[path].identity != identity:
            raise OutputError(
                f"{path}: {describe(identity)} is desired as {files[path].obj['apiVersion']} and as "
                f"{obj['apiVersion']}, and both would be this file: rename one of them"
            )
        try:
            files[path] = ObjectFile(identity, obj, write_document(obj).encode("utf-8"))
        except TypeError as error:
            raise OutputError(f"{describe(identity)} cannot be written as YAML: {error}: correct this value") from error
    return files


def kustomization_text(paths: Iterable[str]) -> bytes | None:
    """Return the content of kustomization.yaml, or None when there is nothing to list.

    The form is Kustomize's own (https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/).
    """
    resources = sorted(paths)
    if not resources:
        return None
    content: Mapping[str, object] = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": resources,
    }
    return (INTRODUCTION + write_document(content)).encode("utf-8")


def _unusable(identity: Identity, problem: str) -> OutputError:
    return OutputError(f"{describe(identity)!r} cannot be written to a file: {problem}: rename the object")
