# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of rendered objects against what the real Istio and Emissary accept.

``crd_problems``
    What an API server says that holds the real custom resource definitions.
``istio_rule_problems``
    What Istio's own admission adds: rules that its schemas do not hold.
``emissary_rule_problems``
    What Emissary drops, ignores or misreads although its schema allows it.

Each takes one object as plain Python values and returns a list of sentences; an empty list means that it is good.
The two rule functions expect an object that has no ``crd_problems``. The core ``Service`` has no custom resource
definition.

The definitions come from Go modules (``schemas.py``), so the first call on a machine needs ``go`` and the module
proxy.
"""

from __future__ import annotations

from .admission import crd_problems
from .emissary_rules import emissary_rule_problems
from .istio_rules import istio_rule_problems
from .schemas import load_schemas

__all__ = ["crd_problems", "emissary_rule_problems", "istio_rule_problems", "load_schemas"]
