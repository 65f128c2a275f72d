# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading a stream of YAML or JSON documents the way Kubernetes tools do.

The values are built straight from the parser's events: no node graph, no constructors, no tags of Python.
Plain scalars follow go-yaml 2 (`scalars.resolve_plain`), keys become text as in sigs.k8s.io/yaml `yaml.go`
(convertToJSONableObject), merge keys work as in go-yaml v2 `decode.go` (mapping, merge): pairs are set in the
order in which they stand, so a merge that follows a key replaces it.

Stricter than kubectl, so that nothing is lost silently: duplicate keys, unknown tags, NaN and infinity, and
binary values that are not UTF-8 are refused. Aliased values are shared objects, not copies: treat what
`read_documents` returns as read-only.
"""

from __future__ import annotations

import base64
import json
import math
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from .scalars import INT64_MAX, INT64_MIN, UINT64_MAX, Scalar, resolve_plain

try:
    import yaml
except ImportError:
    # Said in one sentence when a document is read: a host may lack the library and never read YAML.
    HAS_YAML = False
else:
    HAS_YAML = True

_CORE: Final = "tag:yaml.org,2002:"
_CORE_TAGS: Final = "!!str, !!int, !!float, !!bool, !!null, !!binary, !!map and !!seq"
_MERGE: Final = "<<"
# Go's base64.StdEncoding: padding is required.
_BASE64: Final = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
# The characters that YAML 1.1 (chapter 5.1) does not allow in a stream; lone surrogates are among them.
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Escapes of surrogates: the pure-Python parser of PyYAML and JSON turn them into lone surrogates.
_SURROGATE_ESCAPE: Final = re.compile(r"\\u[dD][89a-fA-F]|\\U0000[dD][89a-fA-F]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
# Over all documents of a stream, aliases may add one value for so many characters of text (and max_alias_values).
_CHARACTERS_FOR_AN_ALIAS_VALUE: Final = 10
_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Limits:
    """What a stream may ask of memory and time.

    `max_bytes`: its length in UTF-8. `max_depth`: levels of mappings and lists, aliased ones included.
    `max_alias_values`: values that the aliases of one document add, counted as if each were copied;
    all documents together may add that many and one more for every 10 characters of the stream.
    """

    max_bytes: int = 32 * 1024 * 1024
    max_depth: int = 100
    max_alias_values: int = 100_000


@dataclass(frozen=True, slots=True)
class Document:
    """One document: its `number` in the stream (from 1), its `value` in plain builtins, the `line` it begins on."""

    number: int
    value: Any
    line: int


class YamlError(ValueError):
    """A stream that cannot be read.

    `problem` is one sentence without subject and trailing period, `document` the number of the document and
    `line` the line (both from 1), None where the problem is one of the whole stream.
    """

    def __init__(self, problem: str, document: int | None = None, line: int | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.document = document
        self.line = line


class _ScalarError(Exception):
    """A scalar that is refused wherever it stands; whoever knows the event adds the place."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class _Open:
    """Stands for an anchored value whose end has not been read yet."""


class _PlainValues(dict[str, Scalar]):
    """Plain scalars already resolved: a manifest repeats the same few hundred."""

    def __missing__(self, text: str) -> Scalar:
        value = resolve_plain(text)
        if isinstance(value, float) and not math.isfinite(value):
            raise _ScalarError(f"holds {text}, a number that JSON cannot hold")
        self[text] = value
        return value


class _PlainKeys(dict[str, str]):
    """Plain keys already turned into text."""

    def __missing__(self, text: str) -> str:
        key = _key_text(resolve_plain(text))
        self[text] = key
        return key


def read_documents(text: str, limits: Limits = Limits()) -> list[Document]:
    """Return the documents of a stream of YAML or JSON; documents with nothing in them are left out but counted.

    Raises YamlError, and nothing else, for any text that cannot be read within `limits`.
    """
    _check_size(text, limits)
    if text.startswith("\ufeff"):
        text = text[1:]
    documents = _read_json(text, limits)
    return _read_yaml(text, limits) if documents is None else documents


def _check_size(text: str, limits: Limits) -> None:
    """Raise YamlError where `text` is longer than the limit; looks at its characters only where it must."""
    length = len(text)
    # One character takes four bytes at most, and one byte where all are ASCII.
    if length > limits.max_bytes or (not text.isascii() and 4 * length > limits.max_bytes):
        # In slices: the encoded form of the whole text would double the memory that the limit is to save.
        step = 1 << 20
        length = sum(len(text[at : at + step].encode("utf-8", "surrogatepass")) for at in range(0, length, step))
        if length > limits.max_bytes:
            raise YamlError(f"is {length} bytes long, at most {limits.max_bytes} are read: split it into several files")


# --- JSON ---------------------------------------------------------------------------------------------------------


def _read_json(text: str, limits: Limits) -> list[Document] | None:
    """Return the documents of a stream of JSON objects, None where it is not that or holds anything unusual.

    kubectl decodes what begins with `{` as JSON first (apimachinery util/yaml/decoder.go, YAMLOrJSONDecoder) and
    goes on with YAML where that fails. Unlike YAML, JSON spells one character as a pair of escapes. Whatever
    is doubtful here (duplicates, large numbers, depth) is left to the YAML reader, which knows how to refuse it.
    """
    at = _skip_space(text, 0)
    if text[at : at + 1] != "{":
        return None
    decoder = json.JSONDecoder(
        object_pairs_hook=_json_object, parse_int=_json_int, parse_float=_json_float, parse_constant=_json_constant
    )
    documents: list[Document] = []
    line = 1
    counted = 0
    try:
        if not text.isascii():
            text.encode("utf-8")
        while at < len(text):
            if text[at] != "{":
                return None
            line += text.count("\n", counted, at)
            counted = at
            value, end = decoder.raw_decode(text, at)
            documents.append(Document(len(documents) + 1, value, line))
            at = _skip_space(text, end)
    except (ValueError, RecursionError, _ScalarError):
        return None
    values = [document.value for document in documents]
    if _depth(values) > limits.max_depth + 1 or (_SURROGATE_ESCAPE.search(text) and _has_surrogate(values)):
        return None
    return documents


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _json_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _ScalarError("holds a key twice")
    return value


def _json_int(text: str) -> int:
    if len(text) <= 20:
        value = int(text)
        if INT64_MIN <= value <= UINT64_MAX:
            return value
    raise _ScalarError("holds a number of more than 64 bits")


def _json_float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise _ScalarError("holds a number out of range")
    return value


def _json_constant(text: str) -> NoReturn:
    raise _ScalarError(f"holds {text}")


def _containers(value: Any) -> Iterator[dict[str, Any] | list[Any]]:
    """Yield the mappings and lists directly in `value` (a dict or list)."""
    for child in value.values() if isinstance(value, dict) else value:
        if isinstance(child, (dict, list)):
            yield child


def _depth(value: list[Any]) -> int:
    """Return the levels of mappings and lists of `value`, itself included; without recursion."""
    depth = 0
    level: list[dict[str, Any] | list[Any]] = [value]
    while level:
        depth += 1
        level = [child for container in level for child in _containers(container)]
    return depth


def _has_surrogate(value: Any) -> bool:
    """Say whether a text in `value` (no aliases in it) holds a lone surrogate, which UTF-8 cannot hold."""
    return _SURROGATE.search(json.dumps(value, ensure_ascii=False)) is not None


# --- YAML ---------------------------------------------------------------------------------------------------------


def _read_yaml(text: str, limits: Limits) -> list[Document]:
    """Return the documents of a YAML stream; raises YamlError."""
    if not HAS_YAML:
        raise YamlError("cannot be read: the Python library PyYAML is not installed")
    loader: Any = None
    builder: _Builder | None = None
    try:
        # libyaml checks escapes and is some ten times as fast; the pure-Python parser gives the same events.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
        builder = _Builder(loader.get_event, text, limits)
        return builder.stream()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _not_yaml(error.problem or error.context or "it cannot be parsed", mark, builder) from None
    except RecursionError:
        raise YamlError("is nested too deep", builder.current if builder else None) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        if isinstance(error, YamlError):
            raise
        raise _forbidden(text, builder) from None
    finally:
        if loader is not None:
            loader.dispose()


def _not_yaml(problem: str, mark: Any, builder: _Builder | None) -> YamlError:
    """Return the error for what the parser says; libyaml and PyYAML word it alike."""
    problem = f"is not YAML: {' '.join(problem.split())}"
    document = builder.current if builder else None
    if mark is None:
        return YamlError(problem, document)
    return YamlError(f"{problem} (line {mark.line + 1}, column {mark.column + 1})", document, mark.line + 1)


def _forbidden(text: str, builder: _Builder | None) -> YamlError:
    """Return the error for a character (or an escape of one) that YAML does not allow.

    The parser reads ahead of the document at hand, so that only the line can be told for a character.
    """
    found = _FORBIDDEN.search(text)
    if found is None:
        document = builder.current if builder else None
        return YamlError("is not YAML: it holds an escape of a character that does not exist", document)
    line = text.count("\n", 0, found.start()) + 1
    column = found.start() - text.rfind("\n", 0, found.start())
    character = f"U+{ord(found[0]):04X}"
    return YamlError(
        f"is not YAML: the character {character} is not allowed (line {line}, column {column})", None, line
    )


class _Builder:
    """Builds the values of one stream from its events."""

    __slots__ = (
        "_added",
        "_added_in_stream",
        "_alias",
        "_anchors",
        "_check_surrogates",
        "_keys",
        "_limits",
        "_mapping_end",
        "_mapping_start",
        "_max_added_in_stream",
        "_next",
        "_plain",
        "_scalar",
        "_sequence_end",
        "_sequence_start",
        "_sizes",
        "current",
    )

    def __init__(self, next_event: Callable[[], Any], text: str, limits: Limits) -> None:
        self.current = 1
        self._next = next_event
        self._limits = limits
        self._plain = _PlainValues()
        self._keys = _PlainKeys()
        # The anchors of the document, and the size and height of values that aliases name (with the value
        # itself, so that its id is not given to another).
        self._anchors: dict[str, Any] = {}
        self._sizes: dict[int, tuple[Any, int, int]] = {}
        self._added = 0
        self._added_in_stream = 0
        self._max_added_in_stream = limits.max_alias_values + len(text) // _CHARACTERS_FOR_AN_ALIAS_VALUE
        self._check_surrogates = _SURROGATE_ESCAPE.search(text) is not None
        self._scalar = yaml.ScalarEvent
        self._alias = yaml.AliasEvent
        self._mapping_start = yaml.MappingStartEvent
        self._mapping_end = yaml.MappingEndEvent
        self._sequence_start = yaml.SequenceStartEvent
        self._sequence_end = yaml.SequenceEndEvent

    def stream(self) -> list[Document]:
        """Return all documents; raises YamlError, and what the parser raises."""
        documents: list[Document] = []
        number = 0
        while True:
            # An error before the next document begins belongs to that one.
            self.current = number + 1
            event = self._next()
            if isinstance(event, yaml.StreamEndEvent):
                return documents
            if not isinstance(event, yaml.DocumentStartEvent):
                continue
            number += 1
            root = self._next()
            self._anchors.clear()
            self._sizes.clear()
            self._added = 0
            try:
                value = self._node(root, 1)
            except _ScalarError as refused:
                raise self._error(refused.problem, root) from None
            self._next()
            if self._check_surrogates and _has_surrogate(value):
                raise self._error("is not YAML: it holds an escape of half a character", root)
            if not self._is_nothing(root):
                documents.append(Document(number, value, root.start_mark.line + 1))

    def _is_nothing(self, root: Any) -> bool:
        """Say whether the document holds no value at all (an empty text in quotes or `null` is a value)."""
        return (
            isinstance(root, self._scalar)
            and not root.value
            and root.implicit[0]
            and root.anchor is None
            and root.tag is None
        )

    def _node(self, event: Any, depth: int) -> Any:
        """Return the value that begins with `event`, on level `depth` if it is a mapping or list."""
        kind = type(event)
        if kind is self._scalar:
            return self._scalar_value(event)
        if kind is self._alias:
            return self._alias_value(event, depth)
        if depth > self._limits.max_depth:
            raise self._error(f"is nested more than {self._limits.max_depth} levels deep", event)
        opened = _Open()
        if event.anchor is not None:
            self._anchors[event.anchor] = opened
        value: Any
        if kind is self._mapping_start:
            self._check_collection_tag(event, "map")
            value = self._mapping(event, depth)
        else:
            self._check_collection_tag(event, "seq")
            value = self._sequence(event, depth)
        # An anchor of the same name inside of the value began later, so it is the one that aliases now name.
        if event.anchor is not None and self._anchors[event.anchor] is opened:
            self._anchors[event.anchor] = value
        return value

    def _mapping(self, event: Any, depth: int) -> dict[str, Any]:
        """Return the mapping that `event` begins.

        Source: go-yaml v2 decode.go, mapping and setMapIndex; the test of the simple case stands in the loop,
        twice, because nearly every event of a manifest is one.
        """
        next_event, plain, keys = self._next, self._plain, self._keys
        scalar, end = self._scalar, self._mapping_end
        result: dict[str, Any] = {}
        # The keys that stand here themselves, once a merge has brought in others: those may be set again.
        own: set[str] | None = None
        try:
            while True:
                event = next_event()
                kind = type(event)
                if kind is scalar and event.tag is None and event.anchor is None:
                    key = keys[event.value] if event.implicit[0] else event.value
                elif kind is end:
                    return result
                else:
                    key = self._key(event)
                if key == _MERGE and self._is_merge(event):
                    if own is None:
                        own = set(result)
                    self._merge(result, next_event(), depth)
                    continue
                if key in (result if own is None else own):
                    raise self._error(f"holds the key {_shown(key)} twice in one mapping", event)
                if own is not None:
                    own.add(key)
                event = next_event()
                if isinstance(event, scalar) and event.tag is None and event.anchor is None:
                    result[key] = plain[event.value] if event.implicit[0] else event.value
                else:
                    result[key] = self._node(event, depth + 1)
        except _ScalarError as refused:
            raise self._error(refused.problem, event) from None

    def _sequence(self, event: Any, depth: int) -> list[Any]:
        """Return the list that `event` begins."""
        next_event, plain = self._next, self._plain
        scalar, end = self._scalar, self._sequence_end
        result: list[Any] = []
        try:
            while True:
                event = next_event()
                kind = type(event)
                if kind is scalar and event.tag is None and event.anchor is None:
                    result.append(plain[event.value] if event.implicit[0] else event.value)
                elif kind is end:
                    return result
                else:
                    result.append(self._node(event, depth + 1))
        except _ScalarError as refused:
            raise self._error(refused.problem, event) from None

    def _is_merge(self, event: Any) -> bool:
        """Say whether `event`, a key `<<`, is a merge key: in quotes or by an alias it is text (decode.go, isMerge)."""
        return isinstance(event, self._scalar) and bool(event.implicit[0])

    def _merge(self, result: dict[str, Any], event: Any, depth: int) -> None:
        """Set in `result` what the value of a merge key holds: a mapping, an alias of one, or a list of these.

        Source: go-yaml v2 decode.go, merge: a list is set from its end, so that earlier mappings win.
        """
        value = self._node(event, depth)
        sources = value if isinstance(event, self._sequence_start) else [value]
        if any(not isinstance(source, dict) for source in sources):
            raise self._error("holds a merge key (<<) whose value is neither a mapping nor a list of mappings", event)
        for source in reversed(sources):
            result.update(source)

    def _key(self, event: Any) -> str:
        """Return the text of a key with a tag, an anchor or an alias; any other key that gets here is refused."""
        kind = type(event)
        if kind is self._scalar:
            return _key_text(self._scalar_value(event))
        if kind is self._alias:
            value = self._alias_value(event, 1)
            if not isinstance(value, (dict, list)):
                return _key_text(value)
        raise self._error("has a mapping or a list as a key, only text is allowed", event)

    def _scalar_value(self, event: Any) -> Scalar:
        """Return the value of a scalar, whatever tag, anchor and style it has (decode.go, scalar)."""
        tag = event.tag
        value: Scalar
        if tag is None:
            value = self._plain[event.value] if event.implicit[0] else event.value
        elif tag == "!":
            # A bare `!` makes text of any scalar: resolve.go does not resolve a tag that it does not know.
            value = event.value
        else:
            value = self._tagged(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = value
        return value

    def _tagged(self, event: Any) -> Scalar:
        """Return the value of a scalar with a core tag; raises YamlError for other tags and for other values."""
        tag = event.tag[len(_CORE) :] if event.tag.startswith(_CORE) else ""
        text: str = event.value
        if tag == "str":
            return text
        if tag == "binary":
            return self._binary(event)
        if tag in ("bool", "float", "int", "null"):
            value = self._plain[text]
            kind = "null" if value is None else type(value).__name__
            if kind == tag:
                return value
            # resolve.go: an integer of int64 becomes a float, one of uint64 does not.
            if tag == "float" and isinstance(value, int) and not isinstance(value, bool) and value <= INT64_MAX:
                return float(value)
            raise self._error(f"holds {_shown(text)} with the tag !!{tag}, which it is not", event)
        raise self._unknown_tag(event)

    def _binary(self, event: Any) -> str:
        """Return the text that a value with the tag !!binary encodes (decode.go, scalar)."""
        digits = event.value.replace("\n", "").replace("\r", "")
        if not _BASE64.fullmatch(digits):
            raise self._error("holds a value with the tag !!binary that is not base64", event)
        try:
            return base64.b64decode(digits).decode("utf-8")
        except UnicodeDecodeError:
            # Go puts U+FFFD in its place: what was meant would be lost.
            raise self._error("holds a value with the tag !!binary that is not text in UTF-8", event) from None

    def _check_collection_tag(self, event: Any, name: str) -> None:
        """Raise YamlError where a mapping or list has another tag than its own."""
        if event.tag is not None and event.tag != "!" and event.tag != _CORE + name:
            raise self._unknown_tag(event)

    def _unknown_tag(self, event: Any) -> YamlError:
        tag: str = event.tag
        if tag.startswith(_CORE):
            tag = "!!" + tag[len(_CORE) :]
        what = "a mapping" if isinstance(event, self._mapping_start) else "a list"
        what = "a scalar" if isinstance(event, self._scalar) else what
        return self._error(f"has the tag {_shown(tag)} on {what}, only {_CORE_TAGS} are read, each on its kind", event)

    def _alias_value(self, event: Any, depth: int) -> Any:
        """Return the value that an alias names, the object itself; raises YamlError where it adds too much.

        Nothing is expanded for that: every aliased value is measured once, also inside of others.
        """
        name: str = event.anchor
        if name not in self._anchors:
            raise self._error(f"is not YAML: the alias *{name} names no anchor that stands before it", event)
        value = self._anchors[name]
        if isinstance(value, _Open):
            raise self._error(f"holds the alias *{name} inside of the value that it names", event)
        size, height = self._measure(value)
        limits = self._limits
        if depth + height - 1 > limits.max_depth:
            raise self._error(f"is nested more than {limits.max_depth} levels deep", event)
        self._added += size
        self._added_in_stream += size
        if self._added > limits.max_alias_values:
            raise self._error(f"holds aliases that add more than {limits.max_alias_values} values", event)
        if self._added_in_stream > self._max_added_in_stream:
            most = f"{self._max_added_in_stream} values over all documents"
            raise self._error(f"holds aliases that add more than {most}", event)
        return value

    def _measure(self, value: Any) -> tuple[int, int]:
        """Return how many values `value` holds, itself and copies of shared ones included, and its levels."""
        if not isinstance(value, (dict, list)):
            return 1, 0
        sizes = self._sizes
        pending = [value]
        while pending:
            node = pending[-1]
            if id(node) in sizes:
                pending.pop()
                continue
            inner = list(_containers(node))
            unknown = [child for child in inner if id(child) not in sizes]
            if unknown:
                pending.extend(unknown)
                continue
            known = [sizes[id(child)] for child in inner]
            size = 1 + len(node) - len(inner) + sum(child_size for _node, child_size, _height in known)
            sizes[id(node)] = (node, size, 1 + max((height for _node, _size, height in known), default=0))
            pending.pop()
        _value, size, height = sizes[id(value)]
        return size, height

    def _error(self, problem: str, event: Any) -> YamlError:
        mark = event.start_mark
        place = f"(line {mark.line + 1}, column {mark.column + 1})"
        return YamlError(f"{problem} {place}", self.current, mark.line + 1)


def _shown(text: str) -> str:
    """Return `text` for a message: in quotes, on one line, cut where it is long."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")


def _key_text(value: Scalar) -> str:
    """Return the key that sigs.k8s.io/yaml makes of a scalar (yaml.go, convertToJSONableObject).

    Raises _ScalarError for null and for integers above 63 bits, for which it has no text either.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value <= INT64_MAX:
        return str(value)
    if isinstance(value, float):
        return _float_key(value)
    raise _ScalarError(f"has {'null' if value is None else value} as a key, only text is allowed")


def _float_key(value: float) -> str:
    """Return Go's strconv.FormatFloat(value, 'g', -1, 32): the shortest text of the value as a float32."""
    if math.isnan(value):
        return ".nan"
    try:
        single = struct.pack(">f", value)
    except OverflowError:
        return ".inf" if value > 0 else "-.inf"
    rounded: float = struct.unpack(">f", single)[0]
    if math.isinf(rounded):
        return ".inf" if value > 0 else "-.inf"
    digits = next(
        text for precision in range(17) if struct.pack(">f", float(text := f"{rounded:.{precision}e}")) == single
    )
    mantissa, _e, exponent = digits.partition("e")
    power = int(exponent)
    sign = "-" if mantissa.startswith("-") else ""
    figures = mantissa.lstrip("-").replace(".", "")
    # strconv ftoa.go, format 'g': with the shortest precision, 6 decides where the form with an exponent begins.
    if power < -4 or power >= 6:
        point = f"{figures[0]}.{figures[1:]}" if len(figures) > 1 else figures
        return f"{sign}{point}e{'-' if power < 0 else '+'}{abs(power):02d}"
    if power < 0:
        return f"{sign}0.{'0' * (-power - 1)}{figures}"
    whole, fraction = figures[: power + 1].ljust(power + 1, "0"), figures[power + 1 :]
    return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"
