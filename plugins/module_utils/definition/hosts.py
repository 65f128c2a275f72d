# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gateways and hosts as Istio reads them (``pilot/pkg/model/config.go`` and ``pkg/config/validation`` of
istio/istio)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..kube.names import dns_label_problem, dns_subdomain_problem
from .fields import shown

MESH = "mesh"
_SHORT_HOST = re.compile(r"\*|(\*\.)?[a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?")


def gateway_problem(gateway: str) -> str | None:
    """Why a gateway reference cannot work, or None. Allowed are ``mesh``, ``name`` and ``namespace/name``."""
    if gateway == MESH:
        return None
    if "," in gateway:
        return "names several gateways; list them in the option `gateways`"
    namespace, slash, name = gateway.rpartition("/")
    if "/" in namespace or not name or (slash and not namespace):
        return "must be mesh, name or namespace/name"
    # Without a namespace a dot is Istio's old way to write it, see qualified_gateway.
    for part, check in ((namespace, dns_label_problem), (name, dns_label_problem if slash else dns_subdomain_problem)):
        problem = check(part) if part else None
        if problem:
            return f"{shown(part)} {problem}"
    return None


def qualified_gateway(gateway: str, namespace: str) -> str:
    """The reference with its namespace, so that it means the same wherever the VirtualService is.

    A bare name is a gateway of the VirtualService's own namespace; ``name.namespace`` is Istio's old way to write
    ``namespace/name``.
    """
    if gateway == MESH or "/" in gateway:
        return gateway
    name, dot, rest = gateway.partition(".")
    return f"{rest.partition('.')[0]}/{name}" if dot else f"{namespace}/{gateway}"


def split_hosts(text: str) -> tuple[str, ...]:
    """The members of a comma-separated list of hosts, each trimmed; empty members are kept for the check to find."""
    return tuple(part.strip() for part in text.split(","))


def hosts_problem(hosts: Sequence[str]) -> str | None:
    """Why a list of hosts cannot work, or None."""
    for host in hosts:
        if not host:
            return "holds an empty host"
        if not _SHORT_HOST.fullmatch(host):
            return f"holds {shown(host)}, which is no DNS name, '*' or '*.domain'"
        if host != "*" and (problem := dns_subdomain_problem(host.removeprefix("*.").lower())):
            return f"holds {shown(host)}, which {problem}"
    lowered = [host.lower() for host in hosts]
    if len(set(lowered)) < len(lowered):
        return "holds a host twice"
    for wide in lowered:
        for host in lowered:
            if wide != host and wide.startswith("*") and host.endswith(wide[1:]):
                return f"holds {shown(wide)}, which already covers {shown(host)}"
    return None
