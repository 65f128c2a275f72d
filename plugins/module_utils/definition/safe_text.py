# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts of users as messages may show them."""

from __future__ import annotations

import re

# Lines of a key are longer; names, paths and addresses that hold so much of it are rare.
_SHORTEST_KEY = 40
_BASE64 = re.compile(r"[A-Za-z0-9+/=]{40,}")


def without_keys(text: str) -> str:
    """A text as it may be shown: without a private key that somebody pasted where it does not belong."""
    if "PRIVATE KEY" in text:
        return "(a private key)"
    if len(text) < _SHORTEST_KEY:
        return text
    return _BASE64.sub(lambda found: "(hidden)" if _looks_random(found[0]) else found[0], text)


def _looks_random(text: str) -> bool:
    """A line of base64 holds letters of both cases and digits; a name or a path rarely does."""
    return all(sum(map(kind, text)) >= 3 for kind in (str.isupper, str.islower, str.isdigit))
