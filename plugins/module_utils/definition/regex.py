# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Regular expressions that a proxy can run: Emissary, Istio and Envoy use RE2, which has no look-around and no
back-reference."""

from __future__ import annotations

import re
import warnings

_NOT_IN_RE2 = re.compile(r"\(\?(?:=|!|<=|<!|>|\(|P=)|\\[1-9]|\\Z|\\G|(?<!\\)[*+?}]\+")
_ONLY_IN_RE2 = re.compile(r"\\(?:p|P|z|C|Q)|\(\?[a-zA-Z]*U|\[\[:")


def regex_problem(pattern: str) -> str | None:
    """Why RE2 would refuse a pattern, or None.

    The check is a screen, not an RE2 parser: a pattern that uses something only RE2 knows is passed on.
    """
    if not pattern:
        return "is empty"
    if not pattern.isprintable():
        return "holds a line break or a control character"
    found = _NOT_IN_RE2.search(pattern)
    if found:
        return f"uses {found.group()!r}, which RE2 does not know"
    if _ONLY_IN_RE2.search(pattern):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return f"is no regular expression ({error})"
    return None
