# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All findings about definitions and objects that can be had without a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ..definition.fields import word
from ..definition.findings import DefinitionError, Finding
from ..definition.model import title
from ..definition.read import Definitions, judged_definitions
from ..lint.ambassador import unknown_ids
from ..lint.ambassador import version_findings as ambassador_version_findings
from ..lint.conflicts import conflicts
from ..lint.istio_objects import istio_findings
from ..lint.istio_objects import version_findings as istio_version_findings
from ..lint.services import port_findings
from ..lint.tls import tls_findings
from ..objects.certificates import MissingLibraryError
from ..routing.model import Provider
from .errors import OptionError
from .kinds import unknown_kinds
from .routing import THIS_RUN, Given, RoutingOptions, Scene, others, scene, translated
from .translation import Run

# What says no more than that the environment of the routes is not given.
_ABOUT_THE_ENVIRONMENT = {"C02", "D01"}


def lint(given: Given, options: RoutingOptions, *, now: datetime, warn_days: int) -> list[Finding]:
    """Every finding; what is refused is one of them and hides none of the others.

    ``now`` is the time at which certificates are judged, ``warn_days`` how long before their end they are reported.

    Raises:
        OptionError: where certificates are given and the library that reads them is not installed.
    """
    definitions = judged_definitions(given.definitions, options.profile)
    found = {*definitions.findings, *definitions.refused, *unknown_kinds(given.objects)}
    for provider in options.providers:
        run, refused = _tried(provider, definitions, options)
        kept, foreign = others(run, given, options)
        found |= {*refused, *foreign, *scene_findings(scene(provider, run, kept, options), options)}
        found |= {*run.findings, *run.translation.findings} if run else set()
    try:
        return sorted(found | set(tls_findings(given.objects_alone, now, warn_days)))
    except MissingLibraryError as error:
        raise OptionError(str(error)) from error


def scene_findings(seen: Scene, options: RoutingOptions) -> Iterator[Finding]:
    """What is to be said about routes and the objects that they come from."""
    environment = seen.shows_the_environment
    for finding in seen.table.findings:
        if environment or finding.id not in _ABOUT_THE_ENVIRONMENT:
            yield finding
    # Without objects of a run and a scope nobody here is "us", and all are held against each other.
    nobody = options.owner == THIS_RUN and not seen.own
    yield from conflicts(seen.table, "" if nobody else options.owner.scope)
    yield from port_findings(seen.table, seen.others, seen.own)
    if seen.provider == "ambassador":
        yield from unknown_ids(seen.objects)
        if options.ambassador_version:
            yield from ambassador_version_findings(seen.objects, options.ambassador_version)
    else:
        yield from istio_findings(seen.objects, cluster_domain=options.cluster_domain)
        if options.istio_version:
            yield from istio_version_findings(seen.objects, options.istio_version)


def _tried(provider: Provider, definitions: Definitions, options: RoutingOptions) -> tuple[Run | None, set[Finding]]:
    """A run with those definitions that can be translated, and why others are not among them."""
    items, refused = definitions.items, set[Finding]()
    while items:
        try:
            return translated(provider, Definitions(items, ()), options), refused
        except DefinitionError as error:
            refused |= set(error.refused)
            blamed = {place for finding in error.refused for place in _places(finding.where)}
            kept = tuple(item for item in items if f"{item.origin}, {title(item)}" not in blamed)
            items = kept if len(kept) < len(items) else ()
    return None, refused


def _places(where: str) -> Iterator[str]:
    """The place and what it is inside of."""
    while where:
        yield where
        where = where.rpartition(":")[0]


def now_option(value: object, otherwise: datetime) -> datetime:
    """The time at which certificates are judged: ISO 8601 with a time zone; None takes ``otherwise``.

    Raises:
        OptionError: for what is no such time.
    """
    if value is None:
        return otherwise
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise OptionError(f"now: {word(value)} is no time: write it as '2026-01-31T12:00:00+00:00'.")
    return found


def days_option(value: object) -> int:
    """How many days before its end a certificate is reported; None takes 30.

    Raises:
        OptionError: for what is no whole number from 0 on.
    """
    if value is None:
        return 30
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 36_500:
        raise OptionError(f"warn_days: {word(value)} is no number of days: write a whole number from 0 to 36500.")
    return value
