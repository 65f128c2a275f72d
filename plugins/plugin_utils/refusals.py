# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all filters do alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.mlops.ingress.plugins.module_utils.definition.findings import DefinitionError
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.errors import OptionError


def guarded(name: str, run: Callable[[], Any]) -> Any:
    """What ``run`` gives. Every refusal of the core becomes the error of the filter ``name``, with the same sentences.

    Raises:
        AnsibleFilterError: for a refusal.
    """
    try:
        return run()
    except (DefinitionError, OptionError) as error:
        raise AnsibleFilterError(f"mlops.ingress.{name}: {error}") from error
