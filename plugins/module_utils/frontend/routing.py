# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Definitions and Kubernetes objects in, the route table of each provider out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..definition.fields import kind_of, nearest, shown, word
from ..definition.findings import Finding
from ..definition.model import Origin, in_a_sentence
from ..definition.profile import Profile
from ..definition.read import Definitions, Source, read_definitions, unpacked
from ..objects.identity import ObjectError
from ..objects.ownership import Owner, owner_of, stamp
from ..routing.emissary import emissary_tables
from ..routing.istio import istio_table
from ..routing.model import Table
from ..translate.ambassador_words import WORDS
from .errors import OptionError
from .kinds import unknown_kinds
from .operator_env import operator_env
from .options import (
    AMBASSADOR_OPTIONS,
    DEFAULT_CLUSTER_DOMAIN,
    ISTIO_OPTIONS,
    PROVIDERS,
    AmbassadorOptions,
    IstioOptions,
    ambassador_options,
    cluster_domain_option,
    istio_options,
    profile_option,
)
from .translation import Run, ambassador_run, istio_run, plain, sources_of

Object = Mapping[str, Any]
DEFINITION_KINDS = ("SeldonDeployment", "ServiceRoute")
# The groups of the objects that a provider reads.
_GROUPS = {"ambassador": "getambassador.io", "istio": "networking.istio.io"}
# Under these labels the objects of a run stand in a table, if nothing says the scope that they are for.
THIS_RUN = Owner("this-run", "this-run")
VERSION = re.compile(r"v?[0-9]{1,4}(?:\.[0-9]{1,6}){0,2}")


@dataclass(frozen=True, slots=True)
class Given:
    """A value of a filter, divided: definitions, and Kubernetes objects of all other kinds with their places."""

    definitions: tuple[Source, ...]
    objects: tuple[tuple[Origin, dict[str, Any]], ...]

    @property
    def objects_alone(self) -> tuple[Object, ...]:
        return tuple(item for _origin, item in self.objects)


@dataclass(frozen=True, slots=True)
class RoutingOptions:
    """What filters about routes are asked. ``ambassador`` and ``istio`` are None where they are not asked for.

    ``ambassador_version`` and ``istio_version`` are what is installed, empty where that is not said. ``owner`` is who
    writes the objects of the definitions.
    """

    profile: Profile
    ambassador: AmbassadorOptions | None
    istio: IstioOptions | None
    ambassador_version: str = ""
    istio_version: str = ""
    owner: Owner = THIS_RUN

    @property
    def providers(self) -> tuple[str, ...]:
        return tuple(name for name, own in (("ambassador", self.ambassador), ("istio", self.istio)) if own)


@dataclass(frozen=True, slots=True)
class Scene:
    """What a provider sees, and the table that it makes of it.

    ``own`` are the objects of a run, ``others`` those beside them.
    """

    provider: str
    own: tuple[Object, ...]
    others: tuple[Object, ...]
    table: Table

    @property
    def objects(self) -> tuple[Object, ...]:
        return (*self.own, *self.others)

    @property
    def shows_the_environment(self) -> bool:
        """Without any object of the provider beside those of a run nothing is known of its environment."""
        return any(_GROUPS[self.provider] in str(item.get("apiVersion")) for item in self.others)


def divided(value: Any) -> Given:
    """Definitions and Kubernetes objects out of one list, or out of a ``List`` as kubectl prints it.

    Raises:
        OptionError: for what is neither.
    """
    definitions: list[Source] = []
    objects: list[tuple[Origin, dict[str, Any]]] = []
    for source in sources_of(plain(value)):
        for item, origin in unpacked(source):
            if not isinstance(item, dict):
                raise OptionError(f"{origin}: is {kind_of(item)}: give definitions and Kubernetes objects.")
            if item.get("kind") in DEFINITION_KINDS:
                definitions.append(Source(item, origin))
            elif not isinstance(item.get("kind"), str) or not isinstance(item.get("apiVersion"), str):
                raise OptionError(f"{origin}: has no kind and apiVersion: give definitions and Kubernetes objects.")
            else:
                objects.append((origin, item))
    return Given(tuple(definitions), tuple(objects))


def routing_options(provider: object, given: Mapping[str, Any]) -> RoutingOptions:
    """The options of ``routes``, ``resolve`` and ``lint``: those of the providers and what is common to them.

    ``provider`` is one name or a list of them; None takes Ambassador.

    Raises:
        OptionError: for a wrong value, or an option that no chosen provider has.
    """
    providers = _providers(plain(provider))
    options = plain(dict(given))
    common = {key: options.pop(key, None) for key in ("profile", "operator_env", "cluster_domain", "scope")}
    versions = {key: _version(options.pop(key, None), key) for key in ("ambassador_version", "istio_version")}
    profile = profile_option(common["profile"])
    env = operator_env(common["operator_env"], profile)
    known = {"ambassador": {*AMBASSADOR_OPTIONS} - {"base_url"}, "istio": {*ISTIO_OPTIONS} - {"base_url"}}
    allowed = sorted({key for name in providers for key in known[name]})
    for key in options:
        if key not in allowed:
            raise OptionError(
                f"{shown(key)}: is not an option{nearest(key, allowed)}: allowed are {', '.join(allowed)}."
            )
    cluster_domain_option(common["cluster_domain"])
    own = {name: {key: value for key, value in options.items() if key in known[name]} for name in providers}
    return RoutingOptions(
        profile,
        ambassador_options(own["ambassador"], env, profile) if "ambassador" in own else None,
        istio_options(own["istio"], env, profile, common["cluster_domain"]) if "istio" in own else None,
        owner=_owner(common["scope"]),
        **versions,
    )


def _providers(value: object) -> tuple[str, ...]:
    given = ["ambassador"] if value is None else [value] if isinstance(value, str) else value
    if not isinstance(given, list) or not given or any(name not in PROVIDERS for name in given):
        raise OptionError(
            f"provider: {word(value)} is not known: allowed are {', '.join(PROVIDERS)}, or a list of them."
        )
    return tuple(dict.fromkeys(given))


def _version(value: object, name: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or not VERSION.fullmatch(value):
        raise OptionError(f"{name}: {word(value)} is no version: write it as text, such as '3.10.0'.")
    numbers = [str(int(number)) for number in value.removeprefix("v").split(".")]
    return ".".join([*numbers, "0", "0"][:3])


def _owner(value: object) -> Owner:
    if value is None or value == "":
        return THIS_RUN
    if not isinstance(value, str):
        raise OptionError(f"scope: is {kind_of(value)}: write the scope of the inventory (mlops_scope).")
    try:
        return Owner(value, THIS_RUN.set)
    except ObjectError as error:
        raise OptionError(f"{error}.") from None


def translated(provider: str, definitions: Definitions, options: RoutingOptions) -> Run:
    """The run of definitions for a provider that is asked for.

    Raises:
        DefinitionError: where definitions collide or cannot be expressed.
    """
    if provider == "ambassador" and options.ambassador:
        return ambassador_run(definitions, options.ambassador)
    if provider == "istio" and options.istio:
        return istio_run(definitions, options.istio)
    raise ValueError(f"there are no options for {provider}")


def scene(provider: str, run: Run | None, objects: Sequence[Object], options: RoutingOptions) -> Scene:
    """What a provider makes of a run beside objects of others."""
    own = tuple(_own(run, options.owner))
    everything = (*own, *objects)
    table = _ambassador(run, everything, options) if provider == "ambassador" else _istio(everything, options)
    return Scene(provider, own, tuple(objects), table)


def _ambassador(run: Run | None, everything: Sequence[Object], options: RoutingOptions) -> Table:
    old = options.ambassador_version.partition(".")[0] == "1"
    if run and options.ambassador and not options.ambassador_version:
        old = WORDS[options.ambassador.settings.api].annotation_only
    return emissary_tables(everything, generation="v1" if old else "v3")


def _istio(everything: Sequence[Object], options: RoutingOptions) -> Table:
    domain = options.istio.settings.cluster_domain if options.istio else DEFAULT_CLUSTER_DOMAIN
    return istio_table(everything, cluster_domain=domain)


def _own(run: Run | None, owner: Owner) -> list[Object]:
    """The objects of a run with the labels that a writer would give them."""
    return [stamp(item.object, owner, item.definition) for item in run.translation.objects] if run else []


def others(run: Run | None, given: Given, options: RoutingOptions) -> tuple[list[Object], list[Finding]]:
    """The given objects that a run does not replace, and what to say of those that it would."""
    if run is None:
        return list(given.objects_alone), []
    own = {_identity(item.object) for item in run.translation.objects}
    kept: list[Object] = []
    findings: list[Finding] = []
    for origin, item in given.objects:
        owner = owner_of(item)
        if _identity(item) not in own:
            if owner is None or owner.scope != options.owner.scope:
                kept.append(item)
        elif owner is None or (options.owner != THIS_RUN and owner.scope != options.owner.scope):
            whose = f"belongs to {owner}" if owner else "was made by somebody else"
            kind, namespace, name = (in_a_sentence(text) for text in _identity(item)[1:])
            what = f"{whose}, and this run needs the {kind} {namespace}/{name} for itself"
            findings.append(Finding("B04", "error", str(origin), what, "remove or rename it, or adopt it"))
    return kept, findings


def _identity(item: Object) -> tuple[str, str, str, str]:
    metadata = item.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    group = str(item.get("apiVersion")).rpartition("/")[0]
    return group, str(item.get("kind")), str(metadata.get("namespace") or "default"), str(metadata.get("name"))


def scenes(given: Given, options: RoutingOptions) -> tuple[Scene, ...]:
    """What each provider that is asked for makes of definitions and objects.

    Raises:
        DefinitionError: where a definition is refused.
        OptionError: for an object that may route requests and is of an unknown kind.
    """
    for finding in unknown_kinds(given.objects):
        raise OptionError(str(finding))
    definitions = read_definitions(given.definitions, options.profile)
    found = []
    for provider in options.providers:
        run = translated(provider, definitions, options) if definitions.items else None
        found.append(scene(provider, run, others(run, given, options)[0], options))
    return tuple(found)
