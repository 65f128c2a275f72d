# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Definitions and Kubernetes objects in, the route table of each provider out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..definition.fields import kind_of, nearest, shown, word
from ..definition.findings import Finding
from ..definition.model import Origin, in_a_sentence
from ..definition.profile import Profile
from ..definition.read import Definitions, Source, read_definitions, unpacked
from ..kube.names import label_value_problem
from ..objects.ownership import Owner, owner_of, stamp
from ..routing.emissary import emissary_tables
from ..routing.istio import istio_table
from ..routing.model import Provider, Table
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
_VERSION = re.compile(r"v?[0-9]{1,4}(?:\.[0-9]{1,4}){0,2}")
_VERSIONS = {"ambassador_version": "3.10.0", "istio_version": "1.24.1"}
_COMMON_OPTIONS = ("profile", "operator_env", "cluster_domain", "scope")
_OF_PROVIDERS = {"ambassador": AMBASSADOR_OPTIONS, "istio": ISTIO_OPTIONS}
# How deep a ``List`` may lie in others.
MOST_LISTS = 20


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
    def cluster_domain(self) -> str:
        return self.istio.settings.cluster_domain if self.istio else DEFAULT_CLUSTER_DOMAIN

    @property
    def providers(self) -> tuple[Provider, ...]:
        asked = {"ambassador": self.ambassador, "istio": self.istio}
        return tuple(name for name in PROVIDERS if asked[name])


@dataclass(frozen=True, slots=True)
class Scene:
    """What a provider sees, and the table that it makes of it.

    ``own`` are the objects of a run, ``others`` those beside them.
    """

    provider: Provider
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
    """Definitions and Kubernetes objects out of one list, or out of each ``List`` in it as kubectl prints it.

    Raises:
        OptionError: for what is neither.
    """
    definitions: list[Source] = []
    objects: list[tuple[Origin, dict[str, Any]]] = []
    for source in sources_of(plain(value, "definitions")):
        for item, origin in _taken_apart(source):
            if not isinstance(item, dict):
                raise OptionError(f"{origin}: is {kind_of(item)}: give definitions and Kubernetes objects.")
            if item.get("kind") in DEFINITION_KINDS:
                definitions.append(Source(item, origin))
            elif not isinstance(item.get("kind"), str) or not isinstance(item.get("apiVersion"), str):
                raise OptionError(f"{origin}: has no kind and apiVersion: give definitions and Kubernetes objects.")
            else:
                objects.append((origin, item))
    return Given(tuple(definitions), tuple(objects))


def _taken_apart(source: Source, depth: int = 0) -> Iterator[tuple[Any, Origin]]:
    """The documents of a ``List`` and of those in it, or the document itself."""
    for item, origin in unpacked(source):
        if origin == source.origin:
            yield item, origin
        elif depth == MOST_LISTS:
            where = str(source.origin).partition(",")[0]
            raise OptionError(f"{where}: holds Lists in Lists, more than {MOST_LISTS} deep: take them apart.")
        else:
            yield from _taken_apart(Source(item, origin), depth + 1)


def routing_options(
    provider: object, given: Mapping[str, Any], *, named: Sequence[str] = (), one_table: bool = False
) -> RoutingOptions:
    """The options of ``routes``, ``resolve`` and ``lint``: those of the providers and what is common to them.

    ``provider`` is one name, or a list of them unless ``one_table`` is asked for; None takes Ambassador. ``named`` are
    the options that a filter takes beside ``given``.

    Raises:
        OptionError: for a wrong value, or an option that no chosen provider has.
    """
    providers = _providers(plain(provider, "provider"), one_table)
    options = plain(dict(given))
    of_providers = {key for name in providers for key in _OF_PROVIDERS[name]}
    allowed = sorted({*of_providers, *_COMMON_OPTIONS, *_VERSIONS, *named, "provider"})
    for key in options:
        if key in allowed:
            continue
        other = next((name for name in PROVIDERS if key in _OF_PROVIDERS[name]), None)
        if other:
            raise OptionError(f"{shown(key)}: is not an option of {' and '.join(providers)}: name {other} in provider.")
        raise OptionError(f"{shown(key)}: is not an option{nearest(key, allowed)}: allowed are {', '.join(allowed)}.")
    profile = profile_option(options.get("profile"))
    env = operator_env(options.get("operator_env"), profile)
    domain = cluster_domain_option(options.get("cluster_domain"))  # a wrong one is wrong for Ambassador too
    own = {name: {key: options[key] for key in _OF_PROVIDERS[name] if key in options} for name in providers}
    return RoutingOptions(
        profile,
        ambassador_options(own["ambassador"], env, profile) if "ambassador" in own else None,
        istio_options(own["istio"], env, profile, domain) if "istio" in own else None,
        owner=_owner(options.get("scope")),
        **{name: _version(options.get(name), name) for name in _VERSIONS},
    )


def _providers(value: object, one_table: bool) -> tuple[Provider, ...]:
    if one_table and isinstance(value, list):
        raise OptionError(f"provider: is a list, and one table is asked: write one of {', '.join(PROVIDERS)}.")
    given = ["ambassador"] if value is None else [value] if isinstance(value, str) else value
    if not isinstance(given, list) or not given or any(name not in PROVIDERS for name in given):
        allowed = f"{', '.join(PROVIDERS)}{'' if one_table else ', or a list of them'}"
        raise OptionError(f"provider: {word(value)} is not known: allowed are {allowed}.")
    return tuple(dict.fromkeys(given))


def _version(value: object, name: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or not _VERSION.fullmatch(value):
        raise OptionError(f"{name}: {word(value)} is no version: write it as text, such as '{_VERSIONS[name]}'.")
    numbers = [str(int(number)) for number in value.removeprefix("v").split(".")]
    return ".".join([*numbers, "0", "0"][:3])


def _owner(value: object) -> Owner:
    if value is None or value == "":
        return THIS_RUN
    if not isinstance(value, str):
        raise OptionError(f"scope: is {kind_of(value)}: write the scope of the inventory (mlops_scope).")
    if problem := label_value_problem(value):
        raise OptionError(f"scope: {shown(value)}: {problem}: it is written as a Kubernetes label value.")
    return Owner(value, THIS_RUN.set)


def translated(provider: Provider, definitions: Definitions, options: RoutingOptions) -> Run:
    """The run of definitions for a provider that is asked for.

    Raises:
        DefinitionError: where definitions collide or cannot be expressed.
    """
    if provider == "ambassador" and options.ambassador:
        return ambassador_run(definitions, options.ambassador)
    if provider == "istio" and options.istio:
        return istio_run(definitions, options.istio)
    raise ValueError(f"there are no options for {provider}")


def scene(provider: Provider, run: Run | None, objects: Sequence[Object], options: RoutingOptions) -> Scene:
    """What a provider makes of a run beside objects of others."""
    own = tuple(_own(run, options.owner))
    everything = (*own, *objects)
    if provider == "ambassador":
        table = _ambassador(run, everything, options)
    else:
        table = istio_table(everything, cluster_domain=options.cluster_domain)
    return Scene(provider, own, tuple(objects), table)


def _ambassador(run: Run | None, everything: Sequence[Object], options: RoutingOptions) -> Table:
    old = options.ambassador_version.partition(".")[0] == "1"
    if run and options.ambassador and not options.ambassador_version:
        old = WORDS[options.ambassador.settings.api].annotation_only
    return emissary_tables(everything, generation="v1" if old else "v3")


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
