# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Definitions in, objects, endpoints and findings out: the way that filters and modules share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from ..definition.findings import DefinitionError, Finding
from ..definition.model import Origin, SeldonDeployment
from ..definition.profile import Profile
from ..definition.read import Definitions, Source, read_definitions
from ..definition.validate_seldon import service_owners
from ..intent.model import Entry, Intent
from ..intent.places import Door, places
from ..intent.seldon import IntentSettings, seldon_intent
from ..intent.service_route import route_intent
from ..routing.endpoints import Address, Front, endpoints
from ..translate.ambassador_v3alpha1 import ambassador_door, to_ambassador_v3alpha1
from ..translate.istio import istio_door, owners_of, to_istio
from ..translate.model import Translation
from .errors import OptionError
from .options import AmbassadorOptions, IstioOptions


def plain(value: Any, path: str = "") -> Any:
    """A copy of a value in plain builtins.

    ansible-core 2.19 and later hand out lazy containers and tagged scalars that PyYAML cannot write and that would be
    shared with the caller.

    Raises:
        OptionError: for a key that is no text, which no Kubernetes object can hold.
    """
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise OptionError(f"{path}{key!r}: is a key and no text: put it in quotes.")
        return {str.__str__(key): plain(item, f"{path}{key}.") for key, item in value.items()}
    if isinstance(value, Sequence):
        return [plain(item, f"{path}[{index}].") for index, item in enumerate(value)]
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
    problems = service_owners(definitions.items) if profile.check_collisions else []
    if problems:
        raise DefinitionError([f"{problem}." for problem in problems])
    return definitions


def intents_of(definitions: Definitions, profile: Profile, settings: IntentSettings) -> list[Intent]:
    return [
        seldon_intent(item, profile, settings) if isinstance(item, SeldonDeployment) else route_intent(item)
        for item in definitions.items
    ]


class Ambassador:
    """A run for Ambassador. Objects and endpoints are computed when they are asked for."""

    def __init__(self, definitions: Definitions, profile: Profile, options: AmbassadorOptions) -> None:
        self._options = options
        self._intents = intents_of(definitions, profile, options.intent)

    def translation(self) -> Translation:
        """The objects.

        Raises:
            DefinitionError: where definitions collide.
        """
        return to_ambassador_v3alpha1(self._intents, self._options.settings)

    def endpoints(self, verify: bool | None = None) -> list[dict[str, Any]]:
        """The addresses of all definitions, for a run whose translation is possible."""
        settings = self._options.settings
        generated = [intent for intent in self._intents if not intent.custom]

        def door(intent: Intent, entry: Entry) -> Door:
            return ambassador_door(intent, entry, settings)

        addresses = [Address(place, door(place.owner, place.entry)) for place in places(generated, door)]
        return endpoints(addresses, self._intents, Front("ambassador", self._options.base_url, verify))


class Istio:
    """A run for Istio. Objects and endpoints are computed when they are asked for."""

    def __init__(self, definitions: Definitions, profile: Profile, options: IstioOptions) -> None:
        self._options = options
        self._intents = intents_of(definitions, profile, options.intent)

    def translation(self) -> Translation:
        """The objects.

        Raises:
            DefinitionError: where definitions collide or cannot be expressed.
        """
        return to_istio(self._intents, self._options.settings)

    def endpoints(self, verify: bool | None = None) -> list[dict[str, Any]]:
        """The addresses of all definitions, for a run whose translation is possible."""
        settings = self._options.settings

        owners = owners_of(self._intents)

        def door(intent: Intent, entry: Entry) -> Door:
            return istio_door(intent, entry, owners, settings)

        addresses = [Address(place, door(place.owner, place.entry)) for place in places(self._intents, door)]
        return endpoints(addresses, self._intents, Front("istio", self._options.base_url, verify))


Run: TypeAlias = "Ambassador | Istio"


def findings_of(definitions: Definitions, translations: Iterable[Translation]) -> list[Finding]:
    """All findings of a run, each once, sorted."""
    found = set(definitions.findings)
    for translation in translations:
        found |= set(translation.findings)
    return sorted(found)
