# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Regular expressions that a proxy can run: Emissary, Istio and Envoy use RE2, which has no look-around and no
back-reference. Source: the syntax page of google/re2 (``doc/syntax.txt``).
"""

from __future__ import annotations

import re
import warnings

# One token: an escape, a character class, the beginning of a group, a repetition, or any other character.
_TOKEN = re.compile(
    r"(?P<escape>\\.)"
    r"|(?P<set>\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\])"
    r"|(?P<group>\(\?(?:P?<\w+>|[imsU]*(?:-[imsU]+)?[:)])?)"
    r"|(?P<count>\{(?P<low>[0-9]+)(?:,(?P<high>[0-9]*))?\})"
    r"|(?P<other>.)",
    re.DOTALL,
)
_ESCAPES = frozenset("dDsSwWbBAzaftnrvxpPQEC0")
_NOT_IN_PYTHON = re.compile(r"\\[pPzCQE]|\(\?<\w|\(\?[ims]*U|\[:|\(\?[a-zA-Z]*-|(?<!^)\(\?[ims]+\)")
_MOST_REPEATS = 1000


def regex_problem(pattern: str) -> str | None:
    """Why RE2 would refuse a pattern, or None.

    The check is a screen, not an RE2 parser: what is left after RE2's own rules is judged by Python's parser, and a
    pattern that uses something only RE2 knows is passed on.
    """
    if not pattern:
        return "is empty"
    if not pattern.isprintable():
        return "holds a line break or a control character"
    repeated = False
    for token in _TOKEN.finditer(pattern):
        problem = _token_problem(token, repeated)
        if problem:
            return problem
        repeated = bool(token["count"]) or token["other"] in ("*", "+")
    if _NOT_IN_PYTHON.search(pattern):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return f"is no regular expression ({error})"
    return None


def _token_problem(token: re.Match[str], repeated: bool) -> str | None:
    text = token.group()
    if token["escape"] and text[1].isalnum() and text[1] not in _ESCAPES:
        return f"uses {text!r}, which RE2 does not know"
    if token["group"] == "(?":
        return f"uses {token.string[token.start() : token.start() + 4]!r}, which RE2 does not know"
    if token["count"] and max(int(token["low"]), int(token["high"] or 0)) > _MOST_REPEATS:
        return f"repeats more than {_MOST_REPEATS} times, which RE2 refuses"
    if repeated and token["other"] == "+":
        return "repeats a repetition, which RE2 refuses"
    return None
