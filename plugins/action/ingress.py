# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module ``ingress`` needs from the controller: reading, decrypting and rendering the files of ``src``."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.parsing.vault import is_encrypted
from ansible.plugins.action import ActionBase
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.errors import OptionError
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.ingress_module import DOCUMENTS
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.sources import (
    SourceError,
    decoded,
    load,
    read_text,
    shown_path,
)
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.translation import plain, sources_of

try:
    from ansible.template import trust_as_template
except ImportError:  # before ansible-core 2.19 every text may be a template
    trust_as_template = None


class ActionModule(ActionBase):
    """Reads ``src`` on the controller and hands the documents to the module."""

    TRANSFERS_FILES = False
    _requires_connection = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        arguments.pop(DOCUMENTS, None)
        try:
            if arguments.get("state") == "absent":
                arguments.pop("src", None)
            handed = {"sources": self._inline(arguments.pop("definitions", None)), "overrides": []}
            if isinstance(arguments.get("overrides"), list):
                handed["overrides"] = plain(arguments.pop("overrides"), "overrides")
            if arguments.get("src") not in (None, []) and not _flag(arguments, "remote_src"):
                handed["sources"] += self._documents(arguments.pop("src"), _flag(arguments, "template"))
                arguments.pop("template", None)
            arguments[DOCUMENTS] = json.dumps(handed)
        except (SourceError, OptionError) as error:
            nothing: dict[str, list[str]] = {"written": [], "restored": [], "untouched": []}
            return result | {"failed": True, "msg": str(error), "failure": nothing}
        result.update(self._execute_module(module_args=arguments, task_vars=task_vars))
        return result

    def _inline(self, definitions: Any) -> list[dict[str, Any]]:
        if definitions is None:
            return []
        sources = sources_of(plain(definitions, "definitions"))
        return [{"origin": str(item.origin), "value": item.value} for item in sources]

    def _documents(self, src: Any, template: bool) -> list[dict[str, Any]]:
        items = [part.strip() for part in src.split(",")] if isinstance(src, str) else src
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            raise SourceError("src: must be a path or a list of paths: correct it.")

        def read(path: str) -> str:
            return self._rendered(path, self._text(path)) if template else self._text(path)

        return [{"origin": str(item.origin), "value": item.value} for item in load(items, self._base, read)]

    def _base(self, item: str) -> str:
        """Where a relative path starts: the first of the role's files, the role, the playbook that has its first
        part."""
        first = item.split(os.sep, 1)[0]
        for folder in self._task.get_search_path():
            for base in (os.path.join(folder, "files"), folder):
                if os.path.lexists(os.path.join(base, first)):
                    return base
        return str(self._loader.get_basedir())

    def _text(self, path: str) -> str:
        """The text of a file; a vaulted one is decrypted in memory."""
        text = read_text(path)
        if not is_encrypted(text.lstrip()):
            return text
        try:
            # The loader's public way to decrypt writes the clear text to a temporary file.
            content, _show = self._loader._get_file_contents(path)
        except AnsibleError as error:
            raise SourceError(f"{shown_path(path)}: cannot be decrypted ({error}): give the vault password.") from error
        return decoded(shown_path(path), bytes(content))

    def _rendered(self, path: str, text: str) -> str:
        try:
            if trust_as_template is None:
                rendered = self._templar.template(text, preserve_trailing_newlines=True, convert_data=False)
            else:
                rendered = self._templar.template(trust_as_template(text))
        except AnsibleError as error:
            raise SourceError(f"{shown_path(path)}: cannot be rendered as a template: {error}.") from error
        if not isinstance(rendered, str):
            kind = type(rendered).__name__
            raise SourceError(f"{shown_path(path)}: renders to {kind}, not to text: write YAML around the expression.")
        return str.__str__(rendered)


def _flag(arguments: Mapping[str, Any], name: str) -> bool:
    """A boolean option before the module has checked it."""
    value = arguments.get(name)
    if value is None:
        return False
    try:
        return bool(boolean(value))
    except TypeError as error:
        raise SourceError(f"{name}: {value!r} is no boolean: write true or false.") from error
