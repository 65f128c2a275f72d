# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Seldon operator does: measured cases from ``tests/data/operator/*.yaml``.

Each file is one list of cases. A case says what was applied (``input``), what the operator's environment was
(``settings``) and what came out. So that a case can be read, what all have in common is left out:

``input``
    ``kind`` is SeldonDeployment, ``apiVersion`` is machinelearning.seldon.io/v1 if it is left out, and ``model: c`` in
    a predictor stands for :data:`MODEL`: one container ``c`` and a graph of this one model.
``settings``
    What differs from the chart's values; null: the variable is not set.
``schema``, ``decode_error``, ``validation``
    Why the API server, the Go types or the webhook refuse the input. The rest then says what the code computes with the
    webhook off; with ``decode_error`` there is no rest.
``reconcile``
    ``skipped``, or the failure of a reconciliation with ingress off; left out: it is done.
``services``
    With every mode off, in the order of creation. All are ``type: ClusterIP``, in the namespace of the deployment, with
    the labels app.kubernetes.io/managed-by and seldon-deployment-id; each port is TCP and its own target port.
``v1``
    The annotation getambassador.io/config of each Service that has it. ``single_adds`` is what comes behind ``text``
    with AMBASSADOR_SINGLE_NAMESPACE=true. ``parse_error``: the text is no YAML.
``v2``
    The Mappings in the order of creation. One with ``single_adds`` in place of ``name`` comes only with
    AMBASSADOR_SINGLE_NAMESPACE=true. ``rest`` and ``grpc`` hold what the spec has beyond :data:`USUAL_SPEC`.
    apiVersion, namespace and the label seldon-deployment-id are those of all.
``istio``
    VirtualServices and DestinationRules in the order of creation. ``idleTimeout`` stands for a traffic policy that
    holds only this. apiVersion and namespace are those of all.
``tlscontexts_computed_but_never_created``
    TLSContexts that the code builds and drops, for each mode.
``api_server_refuses``
    What Kubernetes would not accept of a mode's objects; what it refuses of ``services`` it refuses in every mode. The
    ends of the messages are short, :data:`RULES` has them in full.
``as_configured``
    What is there with exactly these ``settings``: the mode that each form takes its objects from (null: no objects),
    and the Services that have the annotation.
``error`` or ``panic``
    In place of an output: the whole deployment fails, or the operator process ends. It holds for both forms of a mode.
``same_as``
    In place of an output: it is that of the named case.

Nothing here may be changed by a test: all tests share these objects.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

Plain = dict[str, Any]

DIRECTORY = Path(__file__).parents[1] / "data" / "operator"
MODES = ("v1", "v1_single", "v2", "v2_single", "istio")
SETTINGS = {"ISTIO_GATEWAY": "istio-system/seldon-gateway"}
MODEL = {
    "componentSpecs": [{"spec": {"containers": [{"name": "c", "image": "example/model:1"}]}}],
    "graph": {"name": "c", "type": "MODEL"},
}
USUAL_SPEC: dict[str, Plain] = {
    "rest": {"cluster_tag": "seldon_http", "rewrite": "/"},
    "grpc": {
        "cluster_tag": "seldon_grpc",
        "grpc": True,
        "prefix": "/(seldon.protos.*|tensorflow.serving.*|inference.*)/.*",
        "prefix_regex": True,
        "rewrite": "",
    },
}
RULES = {
    "not a DNS-1123 subdomain": "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, "
    "'-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation "
    r"is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    "not a DNS-1035 label": "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
    "alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for "
    "validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
    "not a label value": "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex "
    "used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
}
KEYS = frozenset(
    "id about schema decode_error validation version_note context settings input reconcile services v1 v2 istio"
    " tlscontexts_computed_but_never_created api_server_refuses as_configured".split()
)
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Outcome:
    """What a mode gives: annotations or objects, or a failure in their place."""

    failure: str | None = None
    panics: bool = False
    annotations: tuple[tuple[str, str], ...] = ()
    """Service and text, with the v1 modes."""
    parse_errors: tuple[tuple[str, str], ...] = ()
    """Service, and what the operator's YAML library says against its text."""
    objects: tuple[Plain, ...] = ()


@dataclass(frozen=True)
class Configured:
    """What is there with exactly the settings of the case."""

    v1: Outcome
    v2: Outcome
    istio: Outcome
    services: Outcome


@dataclass(frozen=True)
class Vector:
    """One measured case."""

    id: str
    about: str
    input: Plain
    settings: dict[str, str]
    """Without ISTIO_GATEWAY where the variable is not set."""
    context: Plain
    """Labels of the namespace, under ``namespace_labels``."""
    schema: tuple[str, ...]
    decode_error: str | None
    validation: str | None
    version_note: str | None
    reconcile: str | None
    """``done`` or ``skipped``; None where it fails, or where the input cannot be decoded."""
    reconcile_failure: Outcome
    services: Outcome
    """With every mode off."""
    tls_contexts_never_created: dict[str, tuple[Plain, ...]]
    api_server_refuses: dict[str, tuple[str, ...]]
    """For ``services`` and each mode of which something is refused: what is wrong."""
    as_configured: Configured | None
    outcomes: dict[str, Outcome] = field(repr=False)

    @property
    def refused(self) -> str | None:
        """Why the operator never sees this input: the schema, the Go types or the webhook. None: it is accepted."""
        return "; ".join(self.schema) or self.decode_error or self.validation

    @property
    def modes(self) -> tuple[str, ...]:
        """The modes that have an outcome: all, or none where the input cannot be decoded."""
        return tuple(self.outcomes)

    def expected(self, mode: str) -> Outcome:
        return self.outcomes[mode]


def _whole(short: Plain) -> Plain:
    """The SeldonDeployment that an ``input`` stands for."""
    found: Plain = {"apiVersion": "machinelearning.seldon.io/v1", "kind": "SeldonDeployment"} | short
    spec = found["spec"]
    if "predictors" in spec:
        spec = spec | {"predictors": [_predictor(item) for item in spec["predictors"]]}
    return found | {"spec": spec}


def _predictor(short: Plain) -> Plain:
    if "model" not in short:
        return short
    if short["model"] != "c":
        raise ValueError(f"model is c or left out, not {short['model']!r}")
    return {key: value for key, value in short.items() if key != "model"} | copy.deepcopy(MODEL)


class _Case:
    """Reads one case; outputs that are those of another case come from there."""

    def __init__(self, case: Plain, cases: dict[str, Plain]) -> None:
        if unknown := set(case) - KEYS:
            raise ValueError(f"{case['id']}: unknown keys {sorted(unknown)}")
        self.case = case
        self.cases = cases
        self.metadata: Plain = case["input"]["metadata"]
        self.namespace: str = self.metadata.get("namespace", "default")

    def told(self, key: str) -> Any:
        """The value of the key, a copy where another case holds it."""
        found = self.case[key]
        if isinstance(found, dict) and "same_as" in found:
            found = self.cases[found["same_as"]][key]
            if isinstance(found, dict) and "same_as" in found:
                raise ValueError(f"{self.case['id']}: {key} refers to a case that refers to another one")
        return copy.deepcopy(found)

    @staticmethod
    def failure(found: Any) -> Outcome | None:
        if isinstance(found, dict):
            for key in ("error", "panic"):
                if key in found:
                    return Outcome(failure=found[key], panics=key == "panic")
        return None

    def service(self, short: Plain) -> Plain:
        labels = {"app.kubernetes.io/managed-by": "seldon-core", "seldon-deployment-id": self.metadata["name"]}
        ports = [
            {"name": name, "port": port, "protocol": "TCP", "targetPort": port}
            for name, port in short.pop("ports").items()
        ]
        return {
            "annotation_keys": short.pop("annotation_keys", []),
            "labels": labels | short.pop("labels"),
            "namespace": self.namespace,
            "ports": ports,
            "type": "ClusterIP",
            **short,
        }

    def ambassador(self, kind: str, short: Plain) -> Plain:
        for form, usual in USUAL_SPEC.items():
            if form in short:
                short["spec"] = usual | short[form]
        return {
            "apiVersion": "getambassador.io/v2",
            "kind": kind,
            "metadata": {
                "labels": {"seldon-deployment-id": self.metadata["name"]},
                "name": short["single_adds"] if "single_adds" in short else short["name"],
                "namespace": self.namespace,
            },
            "spec": short["spec"],
        }

    def istio(self, short: Plain) -> Plain:
        metadata = {"name": short["name"]} if "name" in short else {}
        if "idleTimeout" in short:
            short["spec"]["trafficPolicy"] = {"connectionPool": {"http": {"idleTimeout": short["idleTimeout"]}}}
        return {
            "apiVersion": "networking.istio.io/v1alpha3",
            "kind": short["kind"],
            "metadata": metadata | {"namespace": self.namespace},
            "spec": short["spec"],
        }

    def services(self) -> Outcome:
        found = self.told("services")
        return self.failure(found) or Outcome(objects=tuple(self.service(item) for item in found))

    def outcomes(self) -> dict[str, Outcome]:
        annotations, mappings, istio = self.told("v1"), self.told("v2"), self.told("istio")
        return {
            "v1": self.failure(annotations) or self.annotated(annotations, single=False),
            "v1_single": self.failure(annotations) or self.annotated(annotations, single=True),
            "v2": self.failure(mappings) or self.mapped(mappings, single=False),
            "v2_single": self.failure(mappings) or self.mapped(mappings, single=True),
            "istio": self.failure(istio) or Outcome(objects=tuple(self.istio(item) for item in istio)),
        }

    @staticmethod
    def annotated(found: list[Plain], single: bool) -> Outcome:
        return Outcome(
            annotations=tuple(
                (item["service"], item["text"] + (item.get("single_adds", "") if single else "")) for item in found
            ),
            parse_errors=tuple((item["service"], item["parse_error"]) for item in found if "parse_error" in item),
        )

    def mapped(self, found: list[Plain], single: bool) -> Outcome:
        return Outcome(
            objects=tuple(
                self.ambassador("Mapping", copy.deepcopy(item)) for item in found if single or "single_adds" not in item
            )
        )

    def refusals(self) -> dict[str, tuple[str, ...]]:
        if "api_server_refuses" not in self.case:
            return {}
        found = self.told("api_server_refuses")
        of_all = found.pop("services", [])
        whole = {mode: of_all + found.pop(mode, []) for mode in MODES} | {"services": of_all}
        if found:
            raise ValueError(f"{self.case['id']}: api_server_refuses: unknown keys {sorted(found)}")
        return {mode: tuple(map(self.refusal, items)) for mode, items in whole.items() if items}

    @staticmethod
    def refusal(text: str) -> str:
        for rule, message in RULES.items():
            if text.endswith(f": {rule}"):
                return text.removesuffix(rule) + message
        return text

    def configured(self, outcomes: dict[str, Outcome], services: Outcome) -> Configured | None:
        if "as_configured" not in self.case:
            return None
        found = self.told("as_configured")
        objects = copy.deepcopy(services.objects)
        for item in objects:
            if item["name"] in found["annotated_services"]:
                item["annotation_keys"] = sorted({*item["annotation_keys"], "getambassador.io/config"})
        taken = {form: outcomes[found[form]] if found[form] else Outcome() for form in ("v1", "v2", "istio")}
        return Configured(services=Outcome(objects=objects), **taken)

    def vector(self) -> Vector:
        case = self.case
        settings: dict[str, str | None] = SETTINGS | case.get("settings", {})
        decoded = "decode_error" not in case
        outcomes = self.outcomes() if decoded else {}
        services = self.services() if decoded else Outcome()
        reconcile = case.get("reconcile", "done") if decoded else None
        tls_contexts: dict[str, list[Plain]] = case.get("tlscontexts_computed_but_never_created", {})
        return Vector(
            id=case["id"],
            about=case["about"],
            input=_whole(case["input"]),
            settings={key: value for key, value in settings.items() if value is not None},
            context=case.get("context", {}),
            schema=tuple(case.get("schema", ())),
            decode_error=case.get("decode_error"),
            validation=case.get("validation"),
            version_note=case.get("version_note"),
            reconcile=reconcile if isinstance(reconcile, str) else None,
            reconcile_failure=self.failure(reconcile) or Outcome(),
            services=services,
            tls_contexts_never_created={
                mode: tuple(self.ambassador("TLSContext", item) for item in items)
                for mode, items in tls_contexts.items()
            },
            api_server_refuses=self.refusals(),
            as_configured=self.configured(outcomes, services),
            outcomes=outcomes,
        )


@cache
def vectors() -> tuple[Vector, ...]:
    """All cases, sorted by id."""
    cases: dict[str, Plain] = {}
    for path in sorted(DIRECTORY.glob("*.yaml")):
        for case in yaml.load(path.read_bytes(), Loader=LOADER):  # noqa: S506 - both are safe
            if case["id"] in cases:
                raise ValueError(f"{path.name}: there is a second case {case['id']}")
            cases[case["id"]] = case
    return tuple(_Case(cases[name], cases).vector() for name in sorted(cases))
