# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module ``ingress`` without AnsibleModule: definitions and options in, the result out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..definition.defects import DEFECTS
from ..definition.findings import DefinitionError, Finding
from ..definition.model import title
from ..definition.overrides import apply_overrides, read_overrides
from ..definition.read import Definitions, Source, read_definitions
from ..objects.ownership import Owner, stamp
from ..objects.redact import redact
from ..output.directory import DirectoryReader, DirectoryWriter
from ..reconcile.diff import plan_diff
from ..reconcile.plan import Plan, make_plan, plan_absent, refuse_foreign
from .checks import checks_option, judged
from .errors import OptionError
from .lint import scene_findings
from .operator_env import operator_env
from .options import ambassador_options, istio_options, profile_option
from .route_rows import rows
from .routing import RoutingOptions, scene
from .translation import Run, ambassador_run, findings_of, istio_run


@dataclass(frozen=True, slots=True)
class IngressRequest:
    """The options of the module, as Ansible has checked them."""

    scope: str
    set: str
    directory: str
    state: str = "present"
    sources: Sequence[Source] = ()
    providers: Sequence[str] = ()
    profile: str | None = None
    operator_env: Mapping[str, Any] | None = None
    cluster_domain: str | None = None
    ambassador: Mapping[str, Any] = field(default_factory=dict)
    istio: Mapping[str, Any] = field(default_factory=dict)
    overrides: Sequence[Any] = ()
    checks: Sequence[Any] = ()
    namespaces: Sequence[str] | None = None
    prune: bool = True
    max_prune: int = 20
    return_objects: str = "none"
    return_routes: bool = False


def run(request: IngressRequest, *, check_mode: bool) -> dict[str, Any]:
    """Plan, and unless ``check_mode`` write.

    Returns:
        The module's result, with the same keys and the same values in check mode.

    Raises:
        DefinitionError, OptionError, ObjectError, PlanError, OutputError: each with full sentences; nothing was
        written.
    """
    owner = Owner(request.scope, request.set)
    reader = DirectoryReader(request.directory)
    if request.state == "absent":
        plan = plan_absent(reader.observe(owner, ()))
        told = Told(routes=[] if request.return_routes else None)
    else:
        told, runs = _translated(request)
        desired = _desired(runs, owner)
        plan = make_plan(desired, reader.observe(owner, desired), prune=request.prune, max_prune=request.max_prune)
        refuse_foreign(plan)
    if not check_mode:
        DirectoryWriter(request.directory, owner).apply(plan)
    return _result(plan, told, request.return_objects)


@dataclass(frozen=True, slots=True)
class Told:
    """What a run says beside its plan; ``routes`` is None where nobody asked for them."""

    endpoints: Sequence[dict[str, Any]] = ()
    findings: Sequence[Finding] = ()
    routes: list[dict[str, Any]] | None = None


def _translated(request: IngressRequest) -> tuple[Told, list[Run]]:
    profile = profile_option(request.profile)
    if not request.providers:
        raise OptionError("provider: is empty: name ambassador, istio or both.")
    if not request.sources:
        raise OptionError("definitions: is empty and there is no src: give at least one definition, or state: absent.")
    checks = checks_option(request.checks)
    env = operator_env(request.operator_env, profile)
    ambassador = ambassador_options(request.ambassador, env, profile)
    istio = istio_options(request.istio, env, profile, request.cluster_domain)
    definitions = read_definitions(apply_overrides(request.sources, read_overrides(request.overrides)), profile)
    _refuse_other_namespaces(definitions, request.namespaces)
    runs: list[Run] = []
    if "ambassador" in request.providers:
        runs.append(ambassador_run(definitions, ambassador))
    if "istio" in request.providers:
        runs.append(istio_run(definitions, istio))
    routing = RoutingOptions(
        profile,
        ambassador if "ambassador" in request.providers else None,
        istio if "istio" in request.providers else None,
        owner=Owner(request.scope, request.set),
    )
    seen = [scene(run.provider, run, (), routing) for run in runs]
    about_routes = (finding for one in seen for finding in scene_findings(one, routing))
    findings = judged([*findings_of(definitions, runs), *about_routes], checks)
    refused = [finding for finding in findings if finding.level == "error" and finding.id not in DEFECTS]
    # What the operator writes is only predicted here.
    if profile.routes_are_ours and refused:
        raise DefinitionError(f"{finding.id} {finding}" for finding in refused)
    endpoints = [row for run in runs for row in run.endpoints()]
    routes = rows(seen) if request.return_routes else None
    return Told(endpoints, findings, routes), runs


def _refuse_other_namespaces(definitions: Definitions, namespaces: Sequence[str] | None) -> None:
    if namespaces is None:
        return
    lines = [
        f"{item.origin}, {title(item)}: is outside of the namespaces of this run ({', '.join(sorted(namespaces))}):"
        " add its namespace to `namespaces`, or remove it."
        for item in definitions.items
        if item.namespace not in namespaces
    ]
    if lines:
        raise DefinitionError(lines)


def _desired(runs: Sequence[Run], owner: Owner) -> list[dict[str, Any]]:
    """The objects of all providers; a Service that a ServiceRoute asks for is the same for each of them.

    Raises:
        DefinitionError: where the operator makes an object without a name, which nothing can hold.
    """
    found = []
    nameless = sorted(
        f"{item.origin}: becomes a {item.object['kind']} without a name (B17): correct seldon.io/svc-name."
        for run in runs
        for item in run.translation.objects
        if not item.object["metadata"].get("name")
    )
    if nameless:
        raise DefinitionError(nameless)
    services: set[tuple[str, str, str]] = set()
    for item in (item for run in runs for item in run.translation.objects):
        if item.object["kind"] == "Service":
            key = item.object["metadata"]["namespace"], item.object["metadata"]["name"], item.origin
            if key in services:
                continue
            services.add(key)
        found.append(stamp(item.object, owner, item.definition))
    return found


def _result(plan: Plan, told: Told, return_objects: str) -> dict[str, Any]:
    changed = plan.create + plan.update
    shown = {"none": (), "changed": changed, "all": changed + plan.keep}[return_objects]
    return {
        "changed": not plan.is_empty,
        "plan": plan.as_return(),
        "resources": [redact(change.after) for change in sorted(shown, key=lambda item: item.identity) if change.after],
        "endpoints": list(told.endpoints),
        "findings": [finding.as_return() for finding in told.findings],
        **({} if told.routes is None else {"routes": told.routes}),
        "diff": plan_diff(plan),
    }
