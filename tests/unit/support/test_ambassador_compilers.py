# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real compilers of Ambassador 1.14.4 and Emissary 3.10.0: what they accept, and that our support for them holds.

The first run on a machine builds the compilers, which takes minutes.
"""

from __future__ import annotations

import base64
import copy
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.ambassador import (
    Compiled,
    Group,
    Match,
    Member,
    compile_ambassador_1_14,
    compile_emissary_3_10,
    compilers,
    toolchain,
)
from tests.support.ambassador.worker import Worker, WorkerError

pytestmark = pytest.mark.slow

Compile = Callable[..., Compiled]

V0, V1, V2, V3 = "ambassador/v0", "ambassador/v1", "getambassador.io/v2", "getambassador.io/v3alpha1"

# What each compiler reads from annotations, and from objects.
DOCUMENTS = [
    pytest.param(compile_ambassador_1_14, V0, id="1.14-v0"),
    pytest.param(compile_ambassador_1_14, V1, id="1.14-v1"),
    pytest.param(compile_ambassador_1_14, "getambassador.io/v1", id="1.14-getambassador-v1"),
    pytest.param(compile_ambassador_1_14, V2, id="1.14-v2"),
    pytest.param(compile_emissary_3_10, V2, id="3.10-v2"),
    pytest.param(compile_emissary_3_10, "ambassador/v2", id="3.10-ambassador-v2"),
    pytest.param(compile_emissary_3_10, V3, id="3.10-v3alpha1"),
]
OBJECTS = [
    pytest.param(compile_ambassador_1_14, "getambassador.io/v1", id="1.14-v1"),
    pytest.param(compile_ambassador_1_14, V2, id="1.14-v2"),
    pytest.param(compile_emissary_3_10, V2, id="3.10-v2"),
    pytest.param(compile_emissary_3_10, V3, id="3.10-v3alpha1"),
]
BOTH = [pytest.param(compile_ambassador_1_14, id="1.14"), pytest.param(compile_emissary_3_10, id="3.10")]


def _spec(version: str, **fields: Any) -> dict[str, Any]:
    """A v3alpha1 Mapping has to say that it is for all hosts."""
    common = {"prefix": "/seldon/models/model/", "service": "model.models:8000"}
    return common | ({"hostname": "*"} if version == V3 else {}) | fields


def _document(version: str, name: str = "model", kind: str = "Mapping", **fields: Any) -> dict[str, Any]:
    spec = _spec(version, **fields) if kind == "Mapping" else fields
    return {"apiVersion": version, "kind": kind, "name": name, **spec}


def _service(*documents: dict[str, Any], name: str = "model", namespace: str = "models") -> dict[str, Any]:
    # JSON is YAML in which no word is taken for something else.
    return _annotated("".join(f"---\n{json.dumps(document)}\n" for document in documents), name, namespace)


def _annotated(text: str, name: str = "model", namespace: str = "models") -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace, "annotations": {"getambassador.io/config": text}},
        # No selector and no ports: only the annotation counts.
        "spec": {"clusterIP": "None"},
    }


def _object(version: str, name: str = "model", namespace: str = "models", **fields: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": version, "kind": "Mapping", "metadata": metadata, "spec": _spec(version, **fields)}


def _certificate(tmp_path: Path, name: str, namespace: str) -> dict[str, Any]:
    key, certificate = tmp_path / "tls.key", tmp_path / "tls.crt"
    if not key.exists():
        # Nobody checks that they belong together or what they hold; a private key of this kind begins like this.
        key.write_text(_pem("PRIVATE KEY"))
        certificate.write_text(_pem("CERTIFICATE"))
    data = {path.name: base64.b64encode(path.read_bytes()).decode() for path in (key, certificate)}
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": metadata, "data": data}


def _pem(kind: str) -> str:
    return f"-----BEGIN {kind}-----\n{base64.b64encode(b'made up').decode()}\n-----END {kind}-----\n"


def _only(found: tuple[Any, ...]) -> Any:
    assert len(found) == 1, found
    return found[0]


def _shares(group: Group) -> dict[str, int]:
    return {f"{member.name}.{member.namespace}": member.weight for member in group.members}


# --- what is accepted


@pytest.mark.parametrize(("compile_objects", "version"), DOCUMENTS)
def test_a_document_in_the_annotation_of_a_service_is_compiled(compile_objects: Compile, version: str):
    objects = [_service(_document(version, timeout_ms=3000))]
    before = copy.deepcopy(objects)
    compiled = compile_objects(objects)
    assert objects == before
    assert compiled.errors == ()
    assert compiled.notices == (
        ("Mapping model.models: apiVersion ambassador/v0 is deprecated, consider upgrading",) if version == V0 else ()
    )
    assert compiled.groups == (
        Group(
            prefix="/seldon/models/model/",
            prefix_kind="prefix",
            # Ambassador 1 takes what is written; a v2 document without a host is for all hosts in Emissary 3.
            host="" if compile_objects is compile_ambassador_1_14 else "*",
            host_is_regex=False,
            method="",
            method_is_regex=False,
            headers=(),
            query_parameters=(),
            members=(
                Member(
                    name="model",
                    namespace="models",
                    service="model.models:8000",
                    weight=100,
                    timeout_ms=3000,
                    idle_timeout_ms=None,
                    tls=None,
                    rewrite="/",
                    grpc=False,
                ),
            ),
            mirrors=(),
            retry_policy=None,
            circuit_breakers=(),
            cors=None,
            hosts=("*",),
        ),
    )


@pytest.mark.parametrize(("compile_objects", "version"), OBJECTS)
def test_an_object_is_compiled_like_a_document(compile_objects: Compile, version: str):
    fields = {
        "headers": {"seldon": "model"},
        "regex_headers": {"location": "lond.*"},
        "method": "GET|POST",
        "method_regex": True,
        "retry_policy": {"retry_on": "gateway-error", "num_retries": 3},
        "circuit_breakers": [{"max_requests": 10}],
        "grpc": True,
        "rewrite": "",
        "idle_timeout_ms": 400000,
    }
    compiled = compile_objects([_object(version, **fields)])
    assert compiled.errors == ()
    group = _only(compiled.groups)
    assert group.headers == (Match("location", "lond.*", True), Match("seldon", "model", False))
    assert (group.method, group.method_is_regex) == ("GET|POST", True)
    assert group.retry_policy == {"retry_on": "gateway-error", "num_retries": 3}
    assert group.circuit_breakers == ({"max_requests": 10},)
    member = _only(group.members)
    assert (member.name, member.rewrite, member.grpc, member.idle_timeout_ms) == ("model", "", True, 400000)
    if version == V2 or (version, compile_objects) == (V3, compile_emissary_3_10):
        assert compile_objects([_service(_document(version, **fields))]) == compiled


@pytest.mark.parametrize("compile_objects", BOTH)
def test_the_two_forms_mix_and_routes_are_in_order(compile_objects: Compile):
    compiled = compile_objects(
        [
            _service(_document(V2), _document(V2, "header", headers={"a": "b"}), _document(V2, "short", prefix="/s/")),
            _object(
                V2, "regex", prefix="/(seldon.protos.*|inference.*)/.*", prefix_regex=True, query_parameters={"a": True}
            ),
            _object(V2, "exact", prefix="/seldon/models/model/v2", prefix_exact=True),
            _object(V2, "shadow", shadow=True, weight=20),
        ]
    )
    assert compiled.errors == ()
    assert [(group.prefix_kind, [member.name for member in group.members]) for group in compiled.groups] == [
        ("regex", ["regex"]),
        ("exact", ["exact"]),
        ("prefix", ["header"]),
        ("prefix", ["model"]),
        ("prefix", ["short"]),
    ]
    assert [(mirror.name, mirror.weight) for mirror in compiled.groups[3].mirrors] == [("shadow", 20)]
    # Emissary 3 turns "is there" into an expression.
    is_there = Match("a", None, False) if compile_objects is compile_ambassador_1_14 else Match("a", ".*", True)
    assert compiled.groups[0].query_parameters == (is_there,)


@pytest.mark.parametrize("compile_objects", BOTH)
def test_a_redirect_and_a_lone_mirror_have_no_members(compile_objects: Compile):
    objects = [_object(V2, "redirect", host_redirect=True), _object(V2, "mirror", prefix="/m/", shadow=True)]
    compiled = compile_objects(objects)
    assert compiled.errors == ()
    redirect, mirror = compiled.groups
    assert (redirect.prefix, redirect.members, redirect.mirrors) == ("/seldon/models/model/", (), ())
    assert (mirror.prefix, mirror.members, [member.weight for member in mirror.mirrors]) == ("/m/", (), [100])


@pytest.mark.parametrize("compile_objects", BOTH)
def test_an_empty_document_is_nothing(compile_objects: Compile):
    assert compile_objects([_annotated("---\n---\n"), _annotated("", "other")]) == Compiled((), (), ())
    assert compile_objects([]) == Compiled((), (), ())


@pytest.mark.parametrize("compile_objects", BOTH)
def test_only_the_own_ambassador_id_counts(compile_objects: Compile):
    objects = [_service(_document(V2, "a"), _document(V2, "b", ambassador_id=["inner", "outer"]))]
    for ambassador_id, name in (("default", "a"), ("outer", "b"), ("default", "a")):
        compiled = compile_objects(objects, ambassador_id)
        assert compiled.errors == ()
        assert [_only(group.members).name for group in compiled.groups] == [name]
    assert compile_objects(objects, "third").groups == ()


# --- what is refused


BAD = [
    pytest.param({"service": None}, "service", id="no-service"),
    pytest.param({"prefix": None}, "prefix", id="no-prefix"),
    pytest.param({"weight": "25"}, "weight", id="weight-is-text"),
    pytest.param({"timeout_ms": "3s"}, "timeout_ms", id="timeout-is-text"),
    pytest.param({"prefix_regex": "yes"}, "prefix_regex", id="flag-is-text"),
    pytest.param({"headers": ["a"]}, "headers", id="headers-are-a-list"),
]


@pytest.mark.parametrize(("fields", "field"), BAD)
@pytest.mark.parametrize(("compile_objects", "version"), DOCUMENTS)
def test_a_bad_document_is_an_error_and_the_others_live(
    compile_objects: Compile, version: str, fields: dict[str, Any], field: str
):
    bad = {key: value for key, value in _document(version, "bad", **fields).items() if value is not None}
    compiled = compile_objects([_service(bad, _document(version))])
    error = _only(compiled.errors)
    assert error.startswith("Mapping bad.models: ")
    assert field in error
    # Without its schema and its object, which are pages.
    assert len(error) < 200
    assert _shares(_only(compiled.groups)) == {"model.models": 100}


@pytest.mark.parametrize(("fields", "field"), BAD)
@pytest.mark.parametrize(("compile_objects", "version"), OBJECTS)
def test_a_bad_object_is_an_error_and_the_others_live(
    compile_objects: Compile, version: str, fields: dict[str, Any], field: str
):
    bad = _object(version, "bad", **fields)
    bad["spec"] = {key: value for key, value in bad["spec"].items() if value is not None}
    compiled = compile_objects([bad, _object(version)])
    error = _only(compiled.errors)
    assert error.startswith("Mapping bad.models: ")
    assert field in error
    assert _shares(_only(compiled.groups)) == {"model.models": 100}


@pytest.mark.parametrize("compile_objects", BOTH)
def test_another_group_of_kinds_is_an_error(compile_objects: Compile):
    compiled = compile_objects([_service(_document("example.org/v2"))])
    assert "apiVersion example.org/v2 unsupported" in _only(compiled.errors)
    assert compiled.groups == ()


@pytest.mark.parametrize("version", [V0, "getambassador.io/v9"])
def test_emissary_refuses_documents_of_unknown_versions(version):
    compiled = compile_emissary_3_10([_service(_document(version))])
    assert "unsupported GroupVersionKind" in _only(compiled.errors)
    assert compiled.groups == ()


@pytest.mark.parametrize("version", [V3, "getambassador.io/v9"])
def test_ambassador_1_uses_documents_of_unknown_versions_unchecked(version):
    compiled = compile_ambassador_1_14([_service(_document(version, weight=25, made_up=True))])
    assert compiled.errors == ()
    assert compiled.notices == (f"Mapping model.models: apiVersion {version} is not supported",)
    assert _shares(_only(compiled.groups)) == {"model.models": 25}


@pytest.mark.parametrize(
    ("compile_objects", "version"), [(compile_ambassador_1_14, V3), (compile_emissary_3_10, "getambassador.io/v9")]
)
def test_objects_of_unknown_versions_are_an_error(compile_objects: Compile, version: str):
    config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "model"}}
    compiled = compile_objects([_object(version), config_map])
    assert compiled.errors == (
        f"Mapping model.models: {version} Mapping is not known",
        "ConfigMap model.default: v1 ConfigMap is not known",
    )
    assert compiled.groups == ()


@pytest.mark.parametrize(
    "objects", [[_service(_document(V1))], [_object("getambassador.io/v1")]], ids=["document", "object"]
)
def test_version_1_ends_emissary(objects):
    """https://github.com/emissary-ingress/emissary/issues/5603: everything that is served stops, not only this one."""
    compiled = compile_emissary_3_10([*objects, _object(V3, "innocent")])
    assert _only(compiled.errors).startswith("Go half of Emissary: panic: ")
    assert compiled.groups == ()
    # Here only this input is lost.
    assert compile_emissary_3_10([_object(V3, "innocent")]).errors == ()


def test_yaml_that_cannot_be_read_stops_ambassador_1_and_one_service_of_emissary():
    objects = [_annotated("a: ["), _service(_document(V2), name="other")]
    compiled = compile_ambassador_1_14(objects)
    assert _only(compiled.errors).startswith("Python half: ParserError: ")
    assert compiled.groups == ()
    compiled = compile_emissary_3_10(objects)
    assert "Service/model.models: annotation getambassador.io/config: could not parse YAML" in _only(compiled.errors)
    assert len(compiled.groups) == 1


def test_words_that_old_yaml_takes_for_truth_values():
    """Emissary's Go half reads more of them than PyYAML writes in quotes."""
    document = yaml.safe_dump(_document(V2, headers={"a": "y"}))
    assert "a: y\n" in document
    assert _only(compile_ambassador_1_14([_annotated(document)]).groups).headers == (Match("a", "y", False),)
    assert _only(compile_emissary_3_10([_annotated(document)]).groups).headers == (Match("a", ".*", True),)


# --- weights and groups


@pytest.mark.parametrize(("compile_objects", "version"), DOCUMENTS)
def test_weights_become_shares(compile_objects: Compile, version: str):
    documents = [_document(version, "main", weight=75), _document(version, "canary", weight=25)]
    compiled = compile_objects([_service(*documents)])
    assert compiled.errors == ()
    assert _shares(_only(compiled.groups)) == {"main.models": 75, "canary.models": 25}


@pytest.mark.parametrize("compile_objects", BOTH)
@pytest.mark.parametrize(
    ("given", "shares"),
    [
        ([None, 25], [75, 25]),
        ([None, None], [50, 50]),
        ([None, 0], [100, 0]),
        ([None, 50, None], [25, 50, 25]),
        ([40, 40], [40, 40]),
    ],
)
def test_mappings_without_a_weight_share_the_rest(compile_objects: Compile, given: list[Any], shares: list[int]):
    objects = [
        _object(V2, f"m{number}", **({} if weight is None else {"weight": weight}))
        for number, weight in enumerate(given)
    ]
    compiled = compile_objects(objects)
    assert compiled.errors == ()
    assert _shares(_only(compiled.groups)) == {f"m{number}.models": share for number, share in enumerate(shares)}


@pytest.mark.parametrize("compile_objects", BOTH)
def test_what_is_beyond_100_gets_nothing(compile_objects: Compile):
    compiled = compile_objects([_object(V2, f"m{number}", weight=60) for number in range(3)])
    assert "Total weight of mappings exceed" in compiled.errors[0]
    assert _shares(_only(compiled.groups)) == {"m0.models": 60, "m1.models": 40, "m2.models": 0}


def test_a_lone_weight_counts_in_version_1_only():
    objects = [_object(V2, weight=40)]
    assert _shares(_only(compile_ambassador_1_14(objects).groups)) == {"model.models": 40}
    assert _shares(_only(compile_emissary_3_10(objects).groups)) == {"model.models": 100}


@pytest.mark.parametrize(("compile_objects", "version"), DOCUMENTS)
def test_tenants_with_the_same_match_share_a_group(compile_objects: Compile, version: str):
    compiled = compile_objects([_service(_document(version), namespace=namespace) for namespace in ("a", "b")])
    assert compiled.errors == ()
    assert _shares(_only(compiled.groups)) == {"model.a": 50, "model.b": 50}


@pytest.mark.parametrize("compile_objects", BOTH)
def test_of_one_name_in_one_namespace_the_second_document_stays(compile_objects: Compile):
    compiled = compile_objects([_service(_document(V2, prefix=f"/{name}/"), name=name) for name in ("first", "second")])
    assert "which is already defined by first.models.1" in _only(compiled.errors)
    assert [group.prefix for group in compiled.groups] == ["/second/"]


@pytest.mark.parametrize("compile_objects", BOTH)
def test_a_short_service_is_looked_up_beside_the_mapping(compile_objects: Compile):
    objects = [
        _object(V2, service="model:8000"),
        _object(V2, "own", "ambassador", service="model:8000", prefix="/own/"),
    ]
    found = {member.name: member.service for group in compile_objects(objects).groups for member in group.members}
    assert found == {"model": "model.models:8000", "own": "model:8000"}


def test_hosts_that_take_a_group():
    host = {
        "apiVersion": V3,
        "kind": "Host",
        "metadata": {"name": "host", "namespace": "models"},
        "spec": {"hostname": "a.example.org", "requestPolicy": {"insecure": {"action": "Route"}}},
    }
    given = {"any": "*", "same": "a.example.org", "glob": "*.example.org", "other": "b.example.org", "none": ""}
    objects = [_object(V3, name, prefix=f"/{name}/", hostname=hostname) for name, hostname in given.items()]
    compiled = compile_emissary_3_10([host, *objects])
    assert compiled.errors == ()
    taken = {group.prefix.strip("/") for group in compiled.groups if group.hosts == ("a.example.org",)}
    assert taken == {"any", "same", "glob"}
    assert {group.hosts for group in compiled.groups if group.prefix.strip("/") not in taken} == {()}


# --- TLS


@pytest.mark.parametrize(("compile_objects", "version"), DOCUMENTS)
def test_a_context_takes_its_secret_from_the_namespace_of_the_service(compile_objects: Compile, version: str, tmp_path):
    service = _service(
        _document(version, tls="seldon-models.model-tls"),
        _document(version, "seldon-models.model-tls", "TLSContext", secret="cert", hosts=[]),
    )
    compiled = compile_objects([service, _certificate(tmp_path, "cert", "models")])
    assert compiled.errors == ()
    assert _only(_only(compiled.groups).members).tls == "seldon-models.model-tls"

    compiled = compile_objects([service, _certificate(tmp_path, "cert", "ambassador")])
    assert "found no certificate in secret cert in namespace models" in compiled.errors[0]
    assert "Originate-TLS context seldon-models.model-tls is not defined" in compiled.errors[1]
    assert _only(_only(compiled.groups).members).tls is None


@pytest.mark.parametrize("compile_objects", BOTH)
@pytest.mark.parametrize(
    ("secret_namespacing", "name", "namespace"), [(True, "my", "cert"), (False, "my.cert", "models")]
)
def test_a_dot_in_the_name_of_a_secret_begins_a_namespace(
    compile_objects: Compile, secret_namespacing: bool, name: str, namespace: str, tmp_path
):
    service = _service(
        _document(V2, tls="context"),
        _document(V2, "context", "TLSContext", secret="my.cert", secret_namespacing=secret_namespacing),
    )
    compiled = compile_objects([service, _certificate(tmp_path, name, namespace)])
    assert compiled.errors == ()
    assert _only(_only(compiled.groups).members).tls == "context"


@pytest.mark.parametrize("compile_objects", BOTH)
def test_https_needs_no_context(compile_objects: Compile):
    compiled = compile_objects([_object(V2, service="https://model.models:8443")])
    assert compiled.errors == ()
    assert _only(_only(compiled.groups).members).tls == "no-cert-upstream"


# --- the support itself


def test_the_environment_of_the_tests_is_not_theirs(monkeypatch):
    """Both replace $NAME in what they read by the environment of their pod."""
    monkeypatch.setenv("PREFIX_OF_A_TEST", "/x/")
    for compile_objects in (compile_ambassador_1_14, compile_emissary_3_10):
        compiled = compile_objects([_object(V2, prefix="/$PREFIX_OF_A_TEST/$AMBASSADOR_NAMESPACE/")])
        assert _only(compiled.groups).prefix == "/$PREFIX_OF_A_TEST/ambassador/"


def test_hundreds_of_inputs_take_seconds():
    for compile_objects in (compile_ambassador_1_14, compile_emissary_3_10):
        compile_objects([])
        start = time.monotonic()
        for number in range(200):
            compiled = compile_objects([_service(_document(V2, f"m{number}", prefix=f"/{number}/"))])
            assert _only(compiled.groups).prefix == f"/{number}/"
        assert time.monotonic() - start < 30


def test_a_compiler_that_ended_is_started_again():
    compile_ambassador_1_14([])
    compilers._running["ambassador"].close()
    assert compile_ambassador_1_14([_object(V2)]).errors == ()


ECHO = "import sys\nfor line in sys.stdin: print(line, end='', flush=True)\n"


def test_a_worker_ends_with_its_parent():
    code = (
        "import os, sys\n"
        "from tests.support.ambassador.worker import Worker\n"
        f"worker = Worker([sys.executable, '-c', {ECHO!r}], {{}})\n"
        "assert worker.ask({'a': 1}) == {'a': 1}\n"
        "print(worker._process.pid, flush=True)\n"
        f"os.kill(os.getpid(), {int(signal.SIGKILL)})\n"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=toolchain.ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == -signal.SIGKILL, run.stderr
    deadline = time.monotonic() + 10
    while _is_alive(int(run.stdout)):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    # Nobody may have collected it yet.
    return not Path(f"/proc/{process}/stat").exists() or ") Z " not in Path(f"/proc/{process}/stat").read_text()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import sys; sys.stdin.readline(); sys.exit('no more')", "ended with 1:\nno more"),
        ("import time; time.sleep(100)", "ended with -9"),
    ],
    ids=["exit", "hang"],
)
def test_a_worker_that_does_not_answer_is_said_in_a_sentence(code, words):
    worker = Worker([sys.executable, "-c", code], {}, seconds=2)
    with pytest.raises(WorkerError, match=words):
        worker.ask({})
    assert not worker.is_running
    with pytest.raises(WorkerError):
        worker.ask({})
    worker.close()
