# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module ``ingress`` needs from the controller: reading, decrypting and rendering the files of ``src``."""

from __future__ import annotations

import os
from typing import Any

from ansible.errors import AnsibleError
from ansible.parsing.vault import is_encrypted
from ansible.plugins.action import ActionBase
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.ingress_module import DOCUMENTS
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.sources import (
    SourceError,
    decoded,
    load,
    read_text,
)

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
            if arguments.get("src") and not _truth(arguments.get("remote_src")):
                arguments[DOCUMENTS] = self._documents(arguments.pop("src"), _truth(arguments.pop("template", False)))
        except SourceError as error:
            nothing: dict[str, list[str]] = {"written": [], "restored": [], "untouched": []}
            return result | {"failed": True, "msg": str(error), "failure": nothing}
        result.update(self._execute_module(module_args=arguments, task_vars=task_vars))
        return result

    def _documents(self, src: Any, template: bool) -> list[dict[str, Any]]:
        items = [src] if isinstance(src, str) else src
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            raise SourceError("src: must be a path or a list of paths: correct it.")

        def read(path: str) -> str:
            return self._rendered(path, self._text(path)) if template else self._text(path)

        found = []
        for item in items:
            found += load([item], self._base(item), read)
        seen: set[str] = set()
        documents = []
        for source in found:
            if str(source.origin) not in seen:
                seen.add(str(source.origin))
                documents.append({"origin": str(source.origin), "value": source.value})
        return documents

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
            raise SourceError(f"{path}: cannot be decrypted ({error}): give the vault password.") from error
        return decoded(path, bytes(content))

    def _rendered(self, path: str, text: str) -> str:
        try:
            if trust_as_template is None:
                rendered = self._templar.template(text, preserve_trailing_newlines=True, convert_data=False)
            else:
                rendered = self._templar.template(trust_as_template(text))
        except AnsibleError as error:
            raise SourceError(f"{path}: cannot be rendered as a template: {error}.") from error
        if not isinstance(rendered, str):
            raise SourceError(
                f"{path}: renders to {type(rendered).__name__}, not to text: write YAML around the expression."
            )
        return str.__str__(rendered)


def _truth(value: Any) -> bool:
    """A boolean option before the module has checked it."""
    return value is True or (isinstance(value, str) and value.lower() in ("1", "on", "t", "true", "y", "yes"))
