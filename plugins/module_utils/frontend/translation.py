# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Definitions in, objects, endpoints and findings out: the way that filters and modules share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..definition.fields import kind_of
from ..definition.findings import DefinitionError, Finding, refusal
from ..definition.model import Origin, SeldonDeployment, in_a_sentence, place_of, title
from ..definition.operator_failures import operator_failures
from ..definition.profile import Profile
from ..definition.read import Definitions, Source, read_definitions
from ..intent.model import Intent
from ..intent.seldon import IntentSettings, seldon_intent
from ..intent.service_route import route_intent
from ..kube.reader import Limits
from ..routing.endpoints import Front, endpoints
from ..routing.model import Provider
from ..translate.ambassador import to_ambassador
from ..translate.istio import to_istio
from ..translate.model import Translation
from .errors import OptionError
from .options import AmbassadorOptions, IstioOptions

# As deep as a file may be nested.
MAX_DEPTH = Limits().max_depth


def plain(value: Any, path: str = "", depth: int = 0) -> Any:
    """A copy of a value in plain builtins; ``path`` is its name in messages.

    ansible-core 2.19 and later hand out lazy containers and tagged scalars that PyYAML cannot write and that would be
    shared with the caller.

    Raises:
        OptionError: for what no Kubernetes object can hold: a key that is no text, text that is no Unicode, a value
            that holds itself or is nested deeper than a file may be.
    """
    if depth > MAX_DEPTH:
        raise OptionError(f"{_beginning(path)}is nested deeper than {MAX_DEPTH} levels: write it flatter.")
    if isinstance(value, str):
        text = str.__str__(value)
        if not text.isascii() and any("\ud800" <= mark <= "\udfff" for mark in text):
            raise OptionError(f"{_beginning(path)}holds half of a surrogate pair, which is no text: correct it.")
        return text
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise OptionError(f"{_beginning(path)}{kind_of(key)} is a key and no text: put it in quotes.")
        inner = f"{path}." if path else ""
        return {plain(key, path): plain(item, f"{inner}{key}", depth + 1) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return [plain(item, f"{path}[{index}]", depth + 1) for index, item in enumerate(value)]
    if isinstance(value, bool) or value is None:
        return value
    for kind in (int, float):
        if isinstance(value, kind):
            return kind(value)
    return value


def _beginning(path: str) -> str:
    """The place in front of what is said of it; nothing where the value has no name."""
    return f"{in_a_sentence(path)}: " if path else ""


def sources_of(value: Any, name: str = "definitions") -> list[Source]:
    """One definition, or a list of them, as documents with their place."""
    items = value if isinstance(value, list) else [value]
    return [Source(item, Origin(f"{name}[{index}]")) for index, item in enumerate(items)]


def definitions_of(value: Any, profile: Profile) -> Definitions:
    """Definitions that stand in a variable.

    Raises:
        DefinitionError, OptionError: with every problem.
    """
    return read_definitions(sources_of(plain(value, "definitions")), profile)


def intents_of(definitions: Definitions, profile: Profile, settings: IntentSettings) -> list[Intent]:
    """What valid definitions ask for.

    Raises:
        DefinitionError: in a profile that does as the operator, where that fails or crashes.
    """
    if not profile.survives:
        refused = [
            refusal(f"{item.origin}, {title(item)}", problem)
            for item in definitions.items
            if isinstance(item, SeldonDeployment)
            for problem in operator_failures(item, settings.api)
        ]
        if refused:
            raise DefinitionError(refused)
    return [
        seldon_intent(item, profile, settings) if isinstance(item, SeldonDeployment) else route_intent(item)
        for item in definitions.items
        if profile.routes_are_ours or isinstance(item, SeldonDeployment)
    ]


@dataclass(frozen=True, slots=True)
class Run:
    """One run for one provider: its objects, and where clients knock."""

    intents: Sequence[Intent]
    translation: Translation
    provider: Provider
    base_url: str
    # What the options and the definitions say, beside the findings of the translation.
    findings: tuple[Finding, ...]

    def endpoints(self, verify: bool | None = None) -> list[dict[str, Any]]:
        """The addresses of all definitions."""
        return endpoints(self.translation.places, self.intents, Front(self.provider, self.base_url, verify))


def ambassador_run(definitions: Definitions, options: AmbassadorOptions) -> Run:
    """Translate for Ambassador.

    Raises:
        DefinitionError: where definitions collide.
    """
    profile = options.settings.profile
    intents = intents_of(definitions, profile, options.intent)
    findings = (*options.findings, *_left_out(definitions, profile))
    return Run(intents, to_ambassador(intents, options.settings), "ambassador", options.base_url, findings)


def istio_run(definitions: Definitions, options: IstioOptions) -> Run:
    """Translate for Istio.

    Raises:
        DefinitionError: where definitions collide or cannot be expressed.
    """
    profile = options.settings.profile
    intents = intents_of(definitions, profile, options.intent)
    findings = (*options.findings, *_left_out(definitions, profile))
    return Run(intents, to_istio(intents, options.settings), "istio", options.base_url, findings)


def _left_out(definitions: Definitions, profile: Profile) -> Iterator[Finding]:
    for item in definitions.items:
        if not profile.routes_are_ours and not isinstance(item, SeldonDeployment):
            what = "is left out, because the operator knows SeldonDeployments only"
            yield Finding("A15", "warning", place_of(item), what, "translate it with profile: corrected")


def findings_of(definitions: Definitions, runs: Iterable[Run]) -> list[Finding]:
    """All findings of a run, each once, sorted."""
    found = set(definitions.findings)
    for run in runs:
        found |= {*run.findings, *run.translation.findings}
    return sorted(found)
