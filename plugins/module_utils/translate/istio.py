# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects of Istio: VirtualServices here, what they lead to in ``istio_destinations``.

Source of the operator's shape: ``operator/controllers/seldondeployment_controller.go`` (lines 236 to 411) and
``seldondeployment_explainers.go`` (lines 293 to 426) of SeldonIO/seldon-core v1.18.2. Istio's own rules:
``pkg/config/validation`` of istio/istio.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from ..definition.defects import DEFECTS
from ..definition.fields import quoted
from ..definition.findings import DefinitionError, Finding
from ..definition.hosts import MESH, qualified_gateway
from ..definition.model import Cors, TextMatch, place_of
from ..definition.naming import explainer_virtual_service, seldon_id
from ..intent.model import Backend, Entry, Intent, Match, Mirror, Pairs, Policies, Retries
from ..intent.overlaps import paths_meet
from ..intent.places import Door, Place, places, rank
from .istio_destinations import IstioSettings, destination_rules, host_of, service_entries, targets
from .istio_overlaps import VirtualService, in_order
from .model import (
    Translation,
    assembled,
    attached_to_nothing,
    digest,
    duration,
    metadata,
    rendered,
    service_objects,
)


def to_istio(intents: Iterable[Intent], settings: IstioSettings) -> Translation:
    """All objects of a run.

    Raises:
        DefinitionError: where definitions collide, where the deployment that one is attached to is not in the run,
            where the gateway ``mesh`` has no host of its own, or where nothing would fix the order of routes.
    """
    intents = list(intents)
    owners = owners_of(intents)
    profile = settings.profile
    found = places(
        intents,
        lambda intent, entry: istio_door(intent, entry, owners, settings),
        group=None if profile.providers_route_alike else lambda match: match,
    )
    if profile.check_collisions:
        found.refuse_quarrels()
    services = _virtual_services(found.served, owners, settings)
    merged: list[Finding] = []
    if profile.providers_route_alike:
        services, merged = in_order(services)
    objects = service_objects(intents)
    objects += (rendered(service.owner, _virtual_service(service, settings)) for service in services)
    objects += destination_rules(intents, settings)
    objects += service_entries(intents, settings)
    notes = (note for intent in intents for note in (*intent.findings, *_unsaid(intent, owners, settings)))
    return assembled(objects, found, (*notes, *merged), check=profile.check_collisions)


Owners: TypeAlias = "Mapping[tuple[str, str, str], Intent]"


def owners_of(intents: Iterable[Intent]) -> Owners:
    """The definitions of a run by kind, namespace and name."""
    return {(intent.kind, intent.namespace, intent.name): intent for intent in intents}


def _address_owner(intent: Intent, owners: Owners) -> Intent | None:
    """The definition whose address this one has: itself, or the one that it is attached to if that is in the run."""
    return owners.get((intent.kind, intent.namespace, intent.attached_to))


def istio_door(intent: Intent, entry: Entry, owners: Owners, settings: IstioSettings) -> Door:
    """Where an entry is served: at the door of the definition whose address it has."""
    owner = _address_owner(intent, owners) or intent
    hosts = settings.hosts if owner.hosts is None else owner.hosts
    gateways = settings.gateways if owner.gateways is None else owner.gateways
    if settings.profile.providers_route_alike:
        gateways = tuple(qualified_gateway(gateway, owner.namespace) for gateway in gateways)
    return Door(tuple(sorted(entry.hosts)) or hosts, gateways)


def _virtual_services(found: Iterable[Place], owners: Owners, settings: IstioSettings) -> list[VirtualService]:
    """Put every place into the VirtualService of the definition whose address it has.

    Two definitions whose VirtualServices get one name keep one each, for the check of identities to find (B27).
    """
    made: dict[tuple[str, str, Door], VirtualService] = {}
    refused = set()
    for place in found:
        intent, entry = place.owner, place.entry
        owner = _address_owner(intent, owners)
        if owner is None:
            what = f"{attached_to_nothing(intent)}, so Istio gets no route to it"
            fix = "add its definition, because Istio holds both routes in one VirtualService"
            refused.add(Finding("A07", "error", f"{intent.origin}, {intent.title}", what, fix))
            continue
        door = place.door
        if MESH in door.by and "*" in door.hosts and settings.profile.check_values:
            field_name = "seldon.io/istio-host" if intent.kind == "SeldonDeployment" else "hosts in its routes"
            what = "the gateway 'mesh' needs hosts of its own and '*' is none"
            fix = f"set {field_name} to the name of the Service that clients call"
            refused.add(Finding("A13", "error", f"{owner.origin}, {owner.title}", what, fix))
        name, home = _home(entry, intent, owner)
        new = VirtualService(name, home, door.hosts, door.by)
        made.setdefault((name, home.title, door), new).entries.append(entry)
    if refused:
        raise DefinitionError(sorted(refused, key=str))
    _rename_others(made)
    return list(made.values())


def _home(entry: Entry, intent: Intent, owner: Intent) -> tuple[str, Intent]:
    """The name of an entry's VirtualService, and the definition that it belongs to.

    The explainer of an attached deployment goes to the explainer of the same predictor, if there is one.
    """
    if entry.kind != "explain":
        return seldon_id(owner.name), owner
    for other in owner.entries:
        if other.kind == "explain" and other.match.path == entry.match.path:
            return explainer_virtual_service(other.backends[0].service), owner
    return explainer_virtual_service(entry.backends[0].service), intent


def _rename_others(made: Mapping[tuple[str, str, Door], VirtualService]) -> None:
    """Routes of one definition with other hosts need a VirtualService of their own, named after the hosts."""
    taken: dict[tuple[str, str], Door] = {}
    for (name, owner, door), service in made.items():
        if taken.setdefault((name, owner), door) != door:
            service.name = f"{name[:54].rstrip('-')}-{digest(','.join((name, *door.hosts)))}"


def _virtual_service(service: VirtualService, settings: IstioSettings) -> dict[str, Any]:
    return {
        "apiVersion": settings.api_version,
        "kind": "VirtualService",
        "metadata": metadata(service.name, service.owner.namespace),
        "spec": {
            "hosts": list(service.hosts),
            "gateways": list(service.gateways),
            "http": [_http(entry, settings) for entry in _ordered(service, settings)],
        },
    }


def _ordered(service: VirtualService, settings: IstioSettings) -> list[Entry]:
    """Emissary's order, except that the REST routes of deployments stand before the gRPC routes where no request
    matches both."""
    if not settings.profile.providers_route_alike:
        return service.entries
    ranked = sorted(service.entries, key=lambda entry: rank(entry.match), reverse=True)
    by_path = {(entry.kind, entry.match.path): entry for entry in ranked}
    grpc = [entry.match for (kind, _path), entry in by_path.items() if kind == "grpc"]
    rest = [entry.match for (kind, _path), entry in by_path.items() if kind != "grpc"]
    if any(paths_meet(one, other) for one in grpc for other in rest):
        return ranked
    return sorted(ranked, key=lambda entry: entry.kind == "grpc")


def _http(entry: Entry, settings: IstioSettings) -> dict[str, Any]:
    route: dict[str, Any] = {"match": _match(entry.match), "route": _route(entry, settings)}
    rewrite = {"uri": entry.rewrite, "authority": entry.host_rewrite}
    if any(rewrite.values()):
        route["rewrite"] = {key: value for key, value in rewrite.items() if value}
    if entry.mirrors:
        route |= _mirror(entry, entry.mirrors[-1], settings)
    return route | _policies(entry.policies, settings)


def _match(match: Match) -> list[dict[str, Any]]:
    kind = {"prefix": "prefix", "path": "exact", "regex": "regex"}[match.path_kind]
    found: dict[str, Any] = {"uri": {kind: match.path}}
    if match.methods:
        single = len(match.methods) == 1
        found["method"] = {"exact" if single else "regex": "|".join(match.methods)}
    found |= {key: _texts(pairs) for key, pairs in (("headers", match.headers), ("queryParams", match.query)) if pairs}
    return [found]


def _texts(pairs: Pairs) -> dict[str, dict[str, str]]:
    return {name: _text(text) for name, text in pairs}


def _text(text: TextMatch) -> dict[str, str]:
    return {"regex": ".*"} if text.kind == "present" else {text.kind: text.value}


def _route(entry: Entry, settings: IstioSettings) -> list[dict[str, Any]]:
    lone = len(entry.backends) == 1
    return [
        {"destination": _destination(entry, backend, settings)} | _weight(backend, lone, settings)
        for backend in entry.backends
    ]


def _weight(backend: Backend, lone: bool, settings: IstioSettings) -> dict[str, int]:
    if not settings.profile.weights_as_declared and backend.weight is not None:
        return {"weight": backend.weight} if backend.weight else {}
    return {} if lone else {"weight": backend.percent}


def _destination(entry: Entry, backend: Backend, settings: IstioSettings) -> dict[str, Any]:
    port = {"number": backend.port} if backend.port else {}
    found: dict[str, Any] = {"host": host_of(entry, backend, settings), "port": port}
    if backend.subset and backend.subset.name:
        found["subset"] = backend.subset.name
    return found


def _mirror(entry: Entry, mirror: Mirror, settings: IstioSettings) -> dict[str, Any]:
    percent = {} if mirror.percent is None else {"mirrorPercentage": {"value": mirror.percent}}
    return {"mirror": _destination(entry, mirror.backend, settings)} | percent


def _policies(policies: Policies, settings: IstioSettings) -> dict[str, Any]:
    found: dict[str, Any] = {}
    # Istio refuses a timeout of 0; to Envoy it means "no limit", which is what leaving it out says.
    if policies.timeout_ms:
        found["timeout"] = duration(policies.timeout_ms)
    retries = policies.istio_retries or policies.retries
    if retries:
        found["retries"] = _retries(retries, settings)
    if policies.cors:
        found["corsPolicy"] = _cors(policies.cors)
    return found


def _retries(retries: Retries, settings: IstioSettings) -> dict[str, Any]:
    # The operator's number may have become 0 on its way (B30); it then writes the other fields without it.
    said = {"attempts": retries.attempts} if retries.attempts or settings.profile.numbers_in_range else {}
    if not retries.attempts and settings.profile.numbers_in_range:
        return said
    timeout = retries.per_try_timeout_ms
    return said | {"retryOn": retries.on} | ({} if timeout is None else {"perTryTimeout": duration(timeout)})


def _cors(cors: Cors) -> dict[str, Any]:
    found: dict[str, Any] = {
        "allowOrigins": [{"regex": ".*"} if origin == "*" else {"exact": origin} for origin in cors.origins],
        "allowMethods": list(cors.methods),
        "allowHeaders": list(cors.headers),
        "exposeHeaders": list(cors.exposed_headers),
    }
    found = {key: value for key, value in found.items() if value}
    if cors.credentials is not None:
        found["allowCredentials"] = cors.credentials
    if cors.max_age_s is not None:
        found["maxAge"] = f"{cors.max_age_s}s"
    return found


def _unsaid(intent: Intent, owners: Owners, settings: IstioSettings) -> Iterator[Finding]:
    """What Istio cannot express."""
    where = place_of(intent)
    if intent.custom:
        yield Finding(
            "B12",
            "warning",
            f"{where} seldon.io/ambassador-config",
            "is written for Ambassador; Istio gets the routes of the deployment itself",
            "describe the route as a ServiceRoute, which both providers serve",
        )
    zero = sorted(
        {key for entry in intent.entries for key, limit in entry.policies.circuit_breakers or () if not limit}
    )
    if zero:
        yield Finding(
            "D15",
            "warning",
            where,
            f"a circuit breaker of 0 ({', '.join(zero)}) cannot be said in Istio, where 0 means the default",
            "write at least 1",
        )
    owner = _address_owner(intent, owners) or intent
    if owner is not intent and (intent.hosts or intent.gateways):
        yield Finding(
            "A13",
            "warning",
            where,
            f"istio-host and istio-gateway are not used here, because the address is that of {quoted(owner.name)}",
            "set them there",
        )
    profile = settings.profile
    if settings.tls_mode and not profile.explainer_rules and any(entry.kind == "explain" for entry in intent.entries):
        yield DEFECTS["B14"].finding(where, f"has an explainer without the TLS mode {settings.tls_mode}")
    door = istio_door(intent, intent.entries[0], owners, settings) if intent.entries else None
    if door and MESH in door.by and "*" in door.hosts:
        what = "has the gateway 'mesh' without hosts of its own, and Istio refuses that"
        yield Finding(
            "B15", "error", where, what, "set seldon.io/istio-host to the name of the Service that clients call"
        )
    if any(backend.tls_secret for _entry, backend in targets(intent)) and profile.providers_route_alike:
        also = f" and the mode {settings.tls_mode} is not used for it" if settings.tls_mode else ""
        yield Finding(
            "E08",
            "warning",
            f"{where} ssl.certSecretName",
            f"Istio speaks TLS to the model without a client certificate and does not verify the model's{also}",
            "let the mesh encrypt (tls_mode ISTIO_MUTUAL) instead of the model where that matters",
        )
