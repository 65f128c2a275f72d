# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The known defects of the Seldon operator, as a table: what it does, why that is wrong, what we do instead.

Measured on SeldonIO/seldon-core v1.17.1, read in v1.18.2. Switches of a profile, problems, findings and the
documentation use the ids; "operator" below is the reference operator.
"""

from __future__ import annotations

from dataclasses import dataclass

from .findings import Finding, Level


@dataclass(frozen=True, slots=True)
class Defect:
    """One defect.

    ``level`` is how bad it is where the operator writes the routes: an error sends requests elsewhere than the
    definition says, or stops something. ``operator`` and ``harm`` complete the sentence "the operator ..., so ...",
    ``ours`` says what the corrected profile does, ``fix`` what to do while the operator writes the routes.
    """

    id: str
    level: Level
    operator: str
    harm: str
    ours: str
    fix: str

    @property
    def sentence(self) -> str:
        return f"the operator {self.operator}, so {self.harm}"

    def finding(self, where: str, what: str, fix: str = "") -> Finding:
        """That a definition, or a setting, meets this defect; ``what`` is said of ``where``."""
        return Finding(self.id, self.level, where, f"{what}; {self.sentence}", fix or self.fix)


_TABLE = (
    Defect(
        "B1",
        "error",
        "ignores the value of ambassador-regex-header and copies ambassador-header into its place",
        "the route waits for the header's literal text, once exactly and once as an expression",
        "the expression is split from the name at its first colon and used",
        "select by an exact header, or let the collection write the routes",
    ),
    Defect(
        "B2",
        "error",
        "crashes on ambassador-regex-header without a usable ambassador-header, and with Ambassador v1 on"
        " an ambassador-header with an even number of colons",
        "it dies again after every restart, for all deployments of the cluster",
        "a header without a colon means 'is present', one with several is split at the first",
        "write ambassador-header as 'name: value', without another colon and without ambassador-regex-header",
    ),
    Defect(
        "B3",
        "warning",
        "leaves the header namespace out of the gRPC Mappings of Ambassador v2",
        "deployments of one name in two namespaces get each other's gRPC requests",
        "gRPC routes ask for both headers, seldon and namespace",
        "give every deployment of the cluster a name of its own",
    ),
    Defect(
        "B4",
        "error",
        "names the REST Mapping of Ambassador v2 in single-namespace mode with underscores",
        "the API server refuses it, the deployment becomes Failed and the short gRPC Mapping is never made",
        "the name has hyphens",
        "leave AMBASSADOR_SINGLE_NAMESPACE off with AMBASSADOR_VERSION v2",
    ),
    Defect(
        "B5",
        "error",
        "lets Mappings refer to a TLSContext by a name under which none is made",
        "Ambassador speaks clear text to a model that expects TLS",
        "one TLSContext a predictor, with a valid name that all its Mappings refer to, for the same ambassador_id",
        "let the mesh encrypt instead of ssl.certSecretName",
    ),
    Defect(
        "B6",
        "warning",
        "takes the timeout of gRPC Mappings of Ambassador v2 from rest-timeout",
        "grpc-timeout has no effect",
        "grpc-timeout is used",
        "set rest-timeout to the longer of the two",
    ),
    Defect(
        "B7",
        "error",
        "leaves the gRPC route out where it cannot read grpc-timeout (Ambassador v1)",
        "gRPC requests find nothing, without a message",
        "a timeout that is no number is refused",
        "write grpc-timeout as a whole number of milliseconds",
    ),
    Defect(
        "B8",
        "error",
        "leaves a weight of 0 out of an annotation (Ambassador v1)",
        "a predictor with traffic 0 gets an equal part of what is left: 100:0 becomes 50:50",
        "the 0 is written",
        "remove the predictor until it is to get requests, or give it at least 1",
    ),
    Defect(
        "B9",
        "error",
        "gives a shadow without traffic the weight 0 (Ambassador v2)",
        "nothing is mirrored, where Ambassador v1 and Istio mirror all requests",
        "a shadow without traffic has no weight, which mirrors all requests",
        "set the shadow's traffic to 100",
    ),
    Defect(
        "B10",
        "warning",
        "gives an explainer the weight and the shadow flag of its predictor",
        "the explainer of a shadow cannot be reached, and one of a canary only in part on Ambassador 1.14",
        "an explainer's route has neither",
        "give the explainer to the first predictor, which must be no shadow",
    ),
    Defect(
        "B11",
        "warning",
        "makes a gRPC Mapping for an explainer, to port 0 and with one header for all explainers of a deployment",
        "gRPC requests with that header end at a port where nothing listens",
        "explainers have no gRPC route",
        "call explainers by REST",
    ),
    Defect(
        "B12",
        "warning",
        "puts the text of ambassador-config on every Service of a deployment (Ambassador v1), and ignores it elsewhere",
        "each document exists several times, or not at all",
        "each document becomes one object; Istio gets a finding",
        "describe the route as a ServiceRoute and remove the annotation",
    ),
    Defect(
        "B13",
        "error",
        "reads a tlsMode that it does not know, such as STRICT, as DISABLE, and with any mode drops the idle timeout",
        "TLS to the models is switched off",
        "unknown modes are refused, and both settings are written",
        "set ISTIO_TLS_MODE to ISTIO_MUTUAL",
    ),
    Defect(
        "B14",
        "error",
        "leaves the TLS mode out of an explainer's DestinationRule and names its host without namespace",
        "explainers are called in clear text while the models are not",
        "explainers get the rule of a predictor",
        "make the PeerAuthentication of explainers PERMISSIVE, or set ISTIO_TLS_MODE to nothing",
    ),
    Defect(
        "B15",
        "error",
        "hands a retry timeout of 0, an empty or doubled host and a list of gateways on to Istio",
        "Istio refuses the object and the deployment keeps its old routes",
        "such values are refused",
        "correct the annotation",
    ),
    Defect(
        "B16",
        "error",
        "accepts traffic below 0 and above 100",
        "Envoy refuses its whole configuration for a negative weight, and a group with a weight above 100 answers 404",
        "traffic is a whole number from 0 to 100",
        "correct the traffic",
    ),
    Defect(
        "B17",
        "error",
        "checks no name",
        "Services, subsets or Mappings are refused later, one by one",
        "a name must fit everything that is named after it",
        "rename it",
    ),
    Defect(
        "B18",
        "error",
        "joins names with hyphens and compares nothing",
        "deployment a-b with predictor c and deployment a with predictor b-c overwrite each other's objects",
        "two owners of one name are refused, both named",
        "rename one of the two",
    ),
    Defect(
        "B19",
        "error",
        "lets EXECUTOR_SERVER_PORT change the container's port and keeps Service and routes on ENGINE_SERVER_PORT",
        "requests end at a port where nothing listens",
        "different ports are refused",
        "set both to the same port",
    ),
    Defect(
        "B20",
        "error",
        "compares its switches with the exact texts true, v1 and v2 and checks none",
        "'True' switches a provider off, and any version but v1 and v2 makes Mappings that it cannot write",
        "options have fixed lists of values, and such a variable is a finding",
        "write true, false, v1 or v2, in lower case",
    ),
    Defect(
        "B21",
        "error",
        "splits ambassador-header at every colon",
        "a value with a colon becomes several headers (Ambassador v1) or fails (Ambassador v2)",
        "the header is split at its first colon only",
        "select by a header whose value has no colon",
    ),
    Defect(
        "B22",
        "error",
        "lets ambassador-header replace the headers seldon and namespace of gRPC routes",
        "gRPC requests of one deployment reach another",
        "the two names are refused",
        "take another header",
    ),
    Defect(
        "B23",
        "warning",
        "makes a second gRPC route in single-namespace mode that does not ask for the namespace (Ambassador v1)",
        "it takes requests for deployments of that name in other namespaces, too",
        "the short gRPC route asks for the header seldon alone, beside one that asks for both",
        "run one operator and one Ambassador a namespace, or leave AMBASSADOR_SINGLE_NAMESPACE off",
    ),
    Defect(
        "B24",
        "warning",
        "reads engine-separate-pod in spec.annotations only",
        "it has no effect in metadata.annotations, where its documentation allows it",
        "the same, with a finding",
        "move it to spec.annotations",
    ),
    Defect(
        "B25",
        "warning",
        "is documented with a regular expression under ambassador-header, which compares exactly",
        "the route waits for the literal text of the expression",
        "the same, with a finding",
        "write the expression as ambassador-regex-header",
    ),
    Defect(
        "B26",
        "warning",
        "lets deployments that share an address have their own headers, timeouts and circuit breakers",
        "Ambassador divides requests equally, or drops the Mappings that differ",
        "what cannot share a route is refused, what divides requests is a finding",
        "add the header that selects this deployment, and make the other settings equal",
    ),
    Defect(
        "B27",
        "error",
        "names VirtualServices after deployments and after explainers, the latter cut to 63 bytes",
        "two of them can have one name, and the later one replaces the earlier",
        "two owners of one name are refused, both named",
        "rename one of the two",
    ),
    Defect(
        "B28",
        "warning",
        "copies annotations of a predictor to all its Services, getambassador.io/config too",
        "the generated routes are replaced, and each document exists several times",
        "the generated routes stay; a finding",
        "describe the route as a ServiceRoute and remove the annotation",
    ),
    Defect(
        "B29",
        "error",
        "lets a predictor, an explainer and a container of one deployment need the same Service",
        "it rewrites the Service for ever, or the deployment becomes Failed",
        "both are named and refused",
        "rename one of the two",
    ),
    Defect(
        "B30",
        "error",
        "adds traffic and counts retries in 32 bits",
        "sums wrap around, and 4294967297 retries become 1",
        "numbers beyond the range are refused",
        "correct the number",
    ),
    Defect(
        "B31",
        "error",
        "finds no place for its engine where no node of the graph has its container in the first pod",
        "the deployment stays without routes for ever, after its webhook accepted it",
        "such a graph is refused with that advice",
        "move a container of the graph to the first of componentSpecs, or set seldon.io/engine-separate-pod: 'true' in"
        " spec.annotations",
    ),
    Defect(
        "B32",
        "error",
        "crashes on an explainer beside a container tfserving without engine, and makes no Service for such"
        " a container",
        "it dies again after every restart, for all deployments of the cluster",
        "the explainer is routed; the predictor has no Service to route to, which is a finding",
        "rename the container, or remove seldon.io/no-engine",
    ),
    Defect(
        "B33",
        "error",
        "cannot read traffic beyond 32 bits, which the resource's schema lets in",
        "with its webhook off it can list no deployment of the cluster any more",
        "such a number is refused",
        "correct the number",
    ),
    Defect(
        "B34",
        "warning",
        "does not check objects and namespaces that carry the label seldon.io/controller-id",
        "what the webhook would refuse gets in",
        "everything is checked always",
        "check the definition with this collection before it is applied",
    ),
    Defect(
        "B35",
        "error",
        "writes a predictor's name into the label version, unchecked",
        "a name that is no label value, or longer than 63 characters, fails after the webhook accepted it",
        "such a name is refused",
        "shorten or rename the predictor",
    ),
)
DEFECTS = {defect.id: defect for defect in _TABLE}
