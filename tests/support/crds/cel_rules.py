# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ``x-kubernetes-validations`` rules of a schema, run by the Common Expression Language itself.

``cel-expr-python`` is the CEL project's own binding of its C++ implementation; API servers use the Go one. What the
definitions use is in both: the standard functions and the string extension. Differences that were looked for and
found: Go also reads "µs" in a duration and refuses one beyond 292 years.
"""

from __future__ import annotations

import functools
from typing import Any

from cel_expr_python import cel
from cel_expr_python.ext import ext_strings


@functools.cache
def _environment() -> Any:
    return cel.NewEnv(variables={"self": cel.Type.DYN}, extensions=[ext_strings.ExtStrings()])


@functools.cache
def _compiled(expression: str) -> Any:
    return _environment().compile(expression)


def rule_problem(rule: dict[str, Any], value: Any) -> str | None:
    """Why a value breaks a rule, or None. A rule that fails to run is broken, as on an API server."""
    if "oldSelf" in rule["rule"]:
        return None  # rules about a change do not run when an object is created
    result = _compiled(rule["rule"]).eval(data={"self": value})
    if result.type() == cel.Type.BOOL and result.value():
        return None
    message = rule.get("message") or f"failed rule: {rule['rule']}"
    return f"{message} ({result.value()})" if result.type() == cel.Type.ERROR else str(message)


def re2_problem(pattern: str) -> str | None:
    """Why RE2 refuses a pattern, or None: CEL's "matches" is RE2, the engine of Envoy."""
    result = _compiled("''.matches(self)").eval(data={"self": pattern})
    return str(result.value()) if result.type() == cel.Type.ERROR else None
