# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fields of Mappings and TLSContexts that routes of ours can say, and the shape that each must have.

Both compilers leave out a Mapping whose fields have other shapes: null for text, the text ``"50"`` for a number. Where
a shape here is narrower than theirs (a weight of 150), they make something else of it than it says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..definition.annotations import CIRCUIT_BREAKERS
from ..definition.custom_config import CustomDocument
from ..definition.fields import INT32_MAX, kind_of
from ..definition.model import in_a_sentence
from ..definition.validate_route import RETRY_ON
from ..translate.ambassador_words import WORDS, Words

# Digits are bounded by what 32 bits can hold.
DURATION = re.compile(r"([0-9]{1,7})(?:\.([0-9]{3}))?s")
_SECONDS = re.compile(r"[0-9]{1,10}")
_MOST_NAMES = 5


class UnsaidError(Exception):
    """Why a document cannot be said."""


# Says what of a value, at a path, has another shape.
_Shape = Callable[[Any, str], Iterator[str]]


def _where(fits: Callable[[Any], bool]) -> _Shape:
    def check(value: Any, path: str) -> Iterator[str]:
        if not fits(value):
            yield f"{kind_of(value)} as {path}"

    return check


def _matching(pattern: re.Pattern[str]) -> _Shape:
    return _where(lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None)


def _whole(high: int = INT32_MAX) -> _Shape:
    return _where(lambda value: isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= high)


def _list_of(item: _Shape, least: int = 0) -> _Shape:
    def check(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, list) or len(value) < least:
            yield f"{'an empty list' if value == [] else kind_of(value)} as {path}"
            return
        for index, inner in enumerate(value):
            yield from item(inner, f"{path}[{index}]")

    return check


def _by_name(item: _Shape) -> _Shape:
    def check(value: Any, path: str) -> Iterator[str]:
        if isinstance(value, Mapping):
            for name, inner in value.items():
                yield from item(inner, f"{path}.{in_a_sentence(name)}")
        else:
            yield f"{kind_of(value)} as {path}"

    return check


def _fields(known: Mapping[str, _Shape]) -> _Shape:
    def check(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, Mapping):
            yield f"{kind_of(value)} as {path}"
            return
        start = f"{path}." if path else ""
        if more := sorted(value.keys() - known.keys()):
            names = ", ".join(start + in_a_sentence(name) for name in more[:_MOST_NAMES])
            rest = f" and {len(more) - _MOST_NAMES} more" if len(more) > _MOST_NAMES else ""
            yield f"{names}{rest}, which routes of ours cannot say"
        for name in value.keys() & known.keys():
            yield from known[name](value[name], start + name)

    return check


def _text_or(text: _Shape, other: _Shape) -> _Shape:
    def check(value: Any, path: str) -> Iterator[str]:
        yield from (text if isinstance(value, str) else other)(value, path)

    return check


_TEXT = _where(lambda value: isinstance(value, str))
_SOME_TEXT = _where(lambda value: isinstance(value, str) and bool(value))
_FLAG = _where(lambda value: isinstance(value, bool))
_TEXT_OR_TRUE = _where(lambda value: value is True or isinstance(value, str))
_IDS = _list_of(_SOME_TEXT, least=1)
_RETRY_POLICY = {
    "retry_on": _where(lambda value: value in RETRY_ON),
    "num_retries": _whole(),
    "per_try_timeout": _matching(DURATION),
}
_BREAKERS = _list_of(_fields({key.replace("-", "_"): _whole() for key in CIRCUIT_BREAKERS}))


def _cors_fields(words: _Shape) -> dict[str, _Shape]:
    lists = dict.fromkeys(("origins", "methods", "headers", "exposed_headers"), words)
    return lists | {"credentials": _FLAG, "max_age": _matching(_SECONDS)}


_SHAPES: dict[str, _Shape] = {
    **dict.fromkeys(("prefix", "service", "rewrite", "host_rewrite", "method", "tls", "cluster_tag"), _TEXT),
    **dict.fromkeys(("prefix_regex", "prefix_exact", "method_regex", "shadow", "grpc"), _FLAG),
    **dict.fromkeys(("timeout_ms", "idle_timeout_ms"), _whole()),
    "weight": _whole(100),
    **dict.fromkeys(("regex_headers", "regex_query_parameters"), _by_name(_SOME_TEXT)),
    "circuit_breakers": _BREAKERS,
    "retry_policy": _fields(_RETRY_POLICY),
}
_NEWEST = _SHAPES | {
    "hostname": _TEXT,
    "ambassador_id": _IDS,
    **dict.fromkeys(("headers", "query_parameters"), _by_name(_TEXT)),
    "cors": _fields(_cors_fields(_list_of(_TEXT))),
}
_OLDER = _SHAPES | {
    "host": _TEXT,
    "host_regex": _FLAG,
    "ambassador_id": _text_or(_SOME_TEXT, _IDS),
    **dict.fromkeys(("headers", "query_parameters"), _by_name(_TEXT_OR_TRUE)),
    "cors": _fields(_cors_fields(_text_or(_TEXT, _list_of(_TEXT)))),
}
_CONTEXT: dict[str, _Shape] = {"hosts": _list_of(_TEXT), "secret": _TEXT, "secret_namespacing": _FLAG}


def checked(document: CustomDocument) -> tuple[Mapping[str, Any], Words]:
    """The fields of a Mapping or TLSContext, each in a shape that its version allows, and that version.

    Raises:
        UnsaidError: with the first field that is not.
    """
    words = WORDS[document.api_version.rpartition("/")[2]]
    shapes = _OLDER if words.old else _NEWEST
    if document.kind == "TLSContext":
        shapes = _CONTEXT | {"ambassador_id": shapes["ambassador_id"]}
    for field in sorted(words.lacks & document.fields.keys()):
        raise UnsaidError(f"has {field}, which {document.api_version} does not know")
    for problem in sorted(_fields(shapes)(document.fields, ""))[:1]:
        raise UnsaidError(f"has {problem}")
    return document.fields, words
