# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module ``ingress``: its options, and the only code of it that knows AnsibleModule."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from ..definition.findings import DefinitionError
from ..definition.model import Origin
from ..definition.read import Source
from ..objects.identity import ObjectError, as_return
from ..output.ports import OutputError
from ..reconcile.plan import PlanError
from .checks import LEVELS
from .errors import OptionError
from .ingress import IngressRequest, run
from .options import (
    AMBASSADOR_APIS,
    AMBASSADOR_FORMS,
    DEFAULT_CLUSTER_DOMAIN,
    ISTIO_API_VERSIONS,
    PROFILES,
    PROVIDERS,
)
from .sources import load, read_text
from .translation import sources_of

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

# What the action plugin hands over: JSON text of {sources: [{origin, value}], overrides}. Text, because only a text is
# hidden from logs and from the invocation as a whole, and definitions may come from an encrypted file.
DOCUMENTS = "_documents"
REFUSALS = (DefinitionError, ObjectError, OptionError, PlanError)


def argument_spec() -> dict[str, Any]:
    """The options of the module, as its documentation lists them."""
    words = {"type": "list", "elements": "str"}
    return {
        "definitions": {"type": "list", "elements": "dict", "default": []},
        "src": {**words, "default": []},
        "remote_src": {"type": "bool", "default": False},
        "template": {"type": "bool", "default": False},
        "overrides": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {
                "kind": {"type": "str", "required": True, "choices": ["SeldonDeployment", "ServiceRoute"]},
                "namespace": {"type": "str"},
                "name": {"type": "str", "required": True},
                "merge": {"type": "dict", "required": True},
            },
        },
        "checks": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {
                "id": {"type": "str", "required": True},
                "level": {"type": "str", "required": True, "choices": list(LEVELS)},
                "reason": {"type": "str", "required": True},
                "where": {"type": "str", "default": "*"},
            },
        },
        "provider": {**words, "choices": list(PROVIDERS)},
        "profile": {"type": "str", "choices": sorted(PROFILES), "default": "corrected"},
        "operator_env": {"type": "dict"},
        "cluster_domain": {"type": "str", "default": DEFAULT_CLUSTER_DOMAIN},
        "ambassador": {
            "type": "dict",
            "default": {},
            "options": {
                "api": {"type": "str", "choices": list(AMBASSADOR_APIS)},
                "form": {"type": "str", "choices": list(AMBASSADOR_FORMS)},
                "single_namespace": {"type": "bool"},
                "ambassador_id": words,
                "hosts": words,
                "base_url": {"type": "str"},
            },
        },
        "istio": {
            "type": "dict",
            "default": {},
            "options": {
                "gateway": {"type": "str"},
                "gateways": words,
                "hosts": words,
                "tls_mode": {"type": "str"},
                "api_version": {"type": "str", "choices": list(ISTIO_API_VERSIONS)},
                "base_url": {"type": "str"},
            },
        },
        "output": {"type": "str", "choices": ["directory"], "default": "directory"},
        "directory": {"type": "path", "required": True},
        "scope": {"type": "str", "required": True},
        "set": {"type": "str", "default": "ingress"},
        "namespaces": words,
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "prune": {"type": "bool", "default": True},
        "max_prune": {"type": "int", "default": 20},
        "return_routes": {"type": "bool", "default": False},
        "return_objects": {"type": "str", "choices": ["none", "changed", "all"], "default": "none"},
        DOCUMENTS: {"type": "str", "no_log": True},
    }


def main(module: AnsibleModule) -> None:
    """Run the module and leave."""
    try:
        result = run(_request(module.params), check_mode=module.check_mode)
    except OutputError as error:
        failure = {
            key: [as_return(identity) for identity in getattr(error.failure, key)]
            for key in ("written", "restored", "untouched")
        }
        module.fail_json(msg=_sentence(error), failure=failure)
    except REFUSALS as error:
        module.fail_json(msg=_sentence(error), failure={"written": [], "restored": [], "untouched": []})
    module.exit_json(**result)


def _sentence(error: Exception) -> str:
    return f"{str(error).rstrip('.')}."


def _request(params: dict[str, Any]) -> IngressRequest:
    handed = json.loads(params[DOCUMENTS]) if params[DOCUMENTS] else {"sources": [], "overrides": []}
    return IngressRequest(
        scope=params["scope"],
        set=params["set"],
        directory=params["directory"],
        state=params["state"],
        sources=_sources(params, handed["sources"]) if params["state"] == "present" else (),
        providers=params["provider"] or (),
        profile=params["profile"],
        operator_env=params["operator_env"],
        cluster_domain=params["cluster_domain"],
        ambassador=params["ambassador"] or {},
        istio=params["istio"] or {},
        overrides=[*params["overrides"], *handed["overrides"]],
        checks=params["checks"],
        namespaces=params["namespaces"],
        prune=params["prune"],
        max_prune=params["max_prune"],
        return_objects=params["return_objects"],
        return_routes=params["return_routes"],
    )


def _sources(params: dict[str, Any], handed: list[dict[str, Any]]) -> list[Source]:
    sources = sources_of(params["definitions"])
    sources += [Source(item["value"], Origin(item["origin"])) for item in handed]
    if params["src"] and not params["remote_src"]:
        raise OptionError("src: is read on the controller: run the module as a task, or set remote_src.")
    if params["remote_src"] and params["template"]:
        raise OptionError("template: needs the controller's variables: remove it, or remove remote_src.")
    if params["src"]:
        sources += load(params["src"], lambda _item: os.getcwd(), read_text)
    return sources
