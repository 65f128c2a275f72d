# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Definitions in, objects, endpoints and findings out: the way that filters and modules share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..definition.findings import DefinitionError, Finding
from ..definition.model import Origin, SeldonDeployment
from ..definition.profile import Profile
from ..definition.read import Definitions, Source, read_definitions
from ..definition.validate_seldon import service_owners
from ..intent.model import Intent
from ..intent.places import places
from ..intent.seldon import IntentSettings, seldon_intent
from ..intent.service_route import route_intent
from ..routing.endpoints import Address, Front, endpoints
from ..translate.ambassador_v3alpha1 import to_ambassador_v3alpha1
from ..translate.istio import istio_gateways, istio_hosts, to_istio
from ..translate.model import Translation
from .options import AmbassadorOptions, IstioOptions


def plain(value: Any) -> Any:
    """A copy of a value in plain builtins.

    ansible-core 2.19 and later hand out lazy containers and tagged scalars that PyYAML cannot write and that would be
    shared with the caller.
    """
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, Mapping):
        return {str.__str__(key) if isinstance(key, str) else key: plain(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [plain(item) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    for kind in (int, float):
        if isinstance(value, kind):
            return kind(value)
    return value


def sources_of(value: Any, name: str = "definitions") -> list[Source]:
    """One definition, or a list of them, as documents with their place."""
    items = value if isinstance(value, list) else [value]
    return [Source(item, Origin(f"{name}[{index}]")) for index, item in enumerate(items)]


def read(sources: Iterable[Source], profile: Profile) -> Definitions:
    """Read and validate definitions, also against each other.

    Raises:
        DefinitionError: with every problem.
    """
    definitions = read_definitions(sources, profile)
    if profile.check_collisions:
        deployments = [item for item in definitions.items if isinstance(item, SeldonDeployment)]
        if problems := service_owners(deployments):
            raise DefinitionError([f"{problem}." for problem in problems])
    return definitions


def intents_of(definitions: Definitions, profile: Profile, settings: IntentSettings) -> list[Intent]:
    return [
        seldon_intent(item, profile, settings) if isinstance(item, SeldonDeployment) else route_intent(item)
        for item in definitions.items
    ]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that a run says about one provider."""

    translation: Translation
    endpoints: list[dict[str, Any]]


def for_ambassador(
    definitions: Definitions, profile: Profile, options: AmbassadorOptions, verify: bool | None = None
) -> Outcome:
    """Objects and endpoints for Ambassador.

    Raises:
        DefinitionError: where definitions collide.
    """
    intents = intents_of(definitions, profile, IntentSettings(single_namespace=options.single_namespace))
    translation = to_ambassador_v3alpha1(intents, options.settings)
    generated = [intent for intent in intents if not intent.custom]
    hosts = options.settings.hosts or ("*",)
    addresses = [
        Address(place, (), place.entry.hosts or hosts)
        for place in places(generated, lambda intent, entry: (intent.ambassador_id, entry.hosts))
    ]
    return Outcome(translation, endpoints(addresses, intents, Front("ambassador", options.base_url, verify)))


def for_istio(definitions: Definitions, profile: Profile, options: IstioOptions, verify: bool | None = None) -> Outcome:
    """Objects and endpoints for Istio.

    Raises:
        DefinitionError: where definitions collide or cannot be expressed.
    """
    settings = options.settings
    intents = intents_of(definitions, profile, IntentSettings())
    translation = to_istio(intents, settings)
    addresses = [
        Address(place, istio_gateways(place.owner, settings), place.entry.hosts or istio_hosts(place.owner, settings))
        for place in places(
            intents,
            lambda intent, entry: (istio_gateways(intent, settings), entry.hosts or istio_hosts(intent, settings)),
        )
    ]
    return Outcome(translation, endpoints(addresses, intents, Front("istio", options.base_url, verify)))


def findings_of(definitions: Definitions, outcomes: Iterable[Outcome]) -> list[Finding]:
    """All findings of a run, each once, sorted."""
    found = set(definitions.findings)
    for outcome in outcomes:
        found |= set(outcome.translation.findings)
    return sorted(found)
