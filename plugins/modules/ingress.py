#!/usr/bin/python

# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ingress
short_description: Turn deployment definitions into ingress objects and keep them in place
version_added: 0.1.0
author:
  - mlops.ingress maintainers (@mlops)
requirements:
  - python >= 3.10 on the host of the task
  - PyYAML there, with O(remote_src=true) or C(seldon.io/ambassador-config)
description:
  - Translates SeldonDeployments and ServiceRoutes into the objects of Ambassador or Istio and makes the output hold
    exactly these. What an earlier run wrote and no definition wants any more is removed.
  - The output is a directory of manifests, for review, for C(kubectl apply -k) or for GitOps.
  - A run either succeeds completely or leaves the directory as it was.
  - Files that this module did not write are never touched.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.flow
attributes:
  check_mode:
    support: full
    details:
      - Nothing is written; the result holds the same plan and the same diff as the run that follows.
  diff_mode:
    support: full
  platform:
    platforms: posix
  action:
    support: full
  async:
    support: none
  bypass_host_loop:
    support: none
options:
  definitions:
    description:
      - Definitions as values.
      - Many definitions load several times faster through O(src).
    type: list
    elements: dict
    default: []
  src:
    description:
      - Files with definitions. Each item is a file, a directory (all files below it that end in C(.yaml), C(.yml) or
        C(.json)), or a glob; a file may hold several documents and may be encrypted with Ansible Vault.
      - Relative paths start beside the role's C(files), the playbook or the current directory, as for other modules.
      - An item that matches nothing is an error.
    type: list
    elements: str
    default: []
  remote_src:
    description:
      - Whether the files of O(src) are on the host of the task instead of the controller.
    type: bool
    default: false
  template:
    description:
      - Whether to render each file of O(src) with the variables of the host before it is parsed.
      - Cannot be combined with O(remote_src=true).
    type: bool
    default: false
  overrides:
    description:
      - Changes of single fields, so that environments can share their definitions.
      - An override that matches no definition is an error.
    type: list
    elements: dict
    default: []
    suboptions:
      kind:
        description: Kind of the definition.
        type: str
        required: true
        choices:
          - SeldonDeployment
          - ServiceRoute
      namespace:
        description: Namespace of the definition. Without it, the override is for every namespace.
        type: str
      name:
        description: Name of the definition.
        type: str
        required: true
      merge:
        description:
          - A JSON merge patch (RFC 7386). Predictors, and the containers of their C(componentSpecs), are merged by
            name; other lists are replaced.
        type: dict
        required: true
  checks:
    description:
      - What the environment says about checks. Each entry lowers, raises or silences the findings of one check.
      - With O(profile=corrected), a finding of level V(error) is refused before anything is written, and one of level
        V(warning) is returned. With O(profile=operator) every finding is returned, because there the routes are only
        predicted.
      - A definition that cannot be translated stays refused, whatever is said here.
      - Where two entries fit a finding, the later one wins.
    type: list
    elements: dict
    default: []
    suboptions:
      id:
        description: Id of the check, as C(docs/checks.md) lists them.
        type: str
        required: true
      level:
        description: What its findings become. V(silent) leaves them out.
        type: str
        required: true
        choices:
          - error
          - warning
          - silent
      reason:
        description: Why. It is added to a finding whose level changes.
        type: str
        required: true
      where:
        description: The places for which the entry is, C(*) stands for any text. Compared with C(where) of a finding.
        type: str
        default: '*'
  provider:
    description:
      - For which ingress to write objects. Required with O(state=present).
    type: list
    elements: str
    choices:
      - ambassador
      - istio
  profile:
    description:
      - How to translate. With V(corrected) the known defects of the Seldon operator's routes are not repeated.
      - V(operator) gives, field for field, what the Seldon operator writes, to predict it and to compare with it; each
        defect that a definition meets is one of the RV(findings). What makes the operator fail or crash is refused.
    type: str
    choices:
      - corrected
      - operator
    default: corrected
  operator_env:
    description:
      - Environment variables of the Seldon operator, for a cluster where it is not set up by default, such as
        C(ENGINE_SERVER_PORT) or C(ISTIO_GATEWAY). An option of this module wins over each of them.
      - The values appear in logs and in the output of C(-vvv), so they are for settings of the operator, never for
        secrets.
    type: dict
  cluster_domain:
    description:
      - DNS domain of the cluster, for names of Services in Istio objects.
    type: str
    default: cluster.local
  ambassador:
    description:
      - Options of the provider V(ambassador).
    type: dict
    default: {}
    suboptions:
      api:
        description:
          - API version of the resources. V(v0) and V(v1) are for Ambassador 1.x; one annotation of these versions stops
            Emissary and Edge Stack from 2.0 on.
          - Without it the profile decides, V(v3alpha1) in O(profile=corrected), and in O(profile=operator) V(v2) or
            what C(AMBASSADOR_VERSION) in O(operator_env) says.
        type: str
        choices:
          - v0
          - v1
          - v2
          - v3alpha1
      form:
        description:
          - Whether routes are objects, or documents in the annotation C(getambassador.io/config) of Services.
          - V(v0) and V(v1) exist as annotations only, which is then the default; else it is V(object).
        type: str
        choices:
          - annotation
          - object
      single_namespace:
        description:
          - Whether to serve addresses without the namespace (C(/seldon/NAME/)) beside the full ones.
          - Without it C(AMBASSADOR_SINGLE_NAMESPACE) in O(operator_env) decides, else they are not served.
        type: bool
      ambassador_id:
        description: Ids of the Ambassadors that serve the definitions without C(seldon.io/ambassador-id).
        type: list
        elements: str
      hosts:
        description: Host names that the routes answer to. All of them by default.
        type: list
        elements: str
      base_url:
        description: Where clients reach Ambassador, for the endpoints that are returned.
        type: str
  istio:
    description:
      - Options of the provider V(istio).
    type: dict
    default: {}
    suboptions:
      gateway:
        description:
          - Gateway of the definitions without C(seldon.io/istio-gateway), as C(namespace/name) or C(mesh).
          - The default is C(istio-system/seldon-gateway).
        type: str
      gateways:
        description: Several gateways, in place of O(istio.gateway).
        type: list
        elements: str
      hosts:
        description: Host names of the definitions without C(seldon.io/istio-host). All of them by default.
        type: list
        elements: str
      tls_mode:
        description:
          - TLS mode of the DestinationRules.
          - C(STRICT), which the documentation of Seldon Core names, is a mode of PeerAuthentication and refused
            here. In the operator it switches TLS off.
        type: str
      api_version:
        description:
          - API version of the objects. Without it the profile decides, V(networking.istio.io/v1beta1) in
            O(profile=corrected) and V(networking.istio.io/v1alpha3) in O(profile=operator).
        type: str
        choices:
          - networking.istio.io/v1
          - networking.istio.io/v1beta1
          - networking.istio.io/v1alpha3
      base_url:
        description: Where clients reach the gateway, for the endpoints that are returned.
        type: str
  output:
    description:
      - Where the objects go.
    type: str
    choices:
      - directory
    default: directory
  directory:
    description:
      - Directory of the manifests, C(<directory>/<namespace>/<kind>-<name>.yaml) with a C(kustomization.yaml) that
        lists them.
      - It is created where it does not exist. Several scopes and sets may share it.
      - Use an absolute path. A relative one starts where the connection plugin does, which for a local connection is
        the directory of the playbook.
    type: path
    required: true
  scope:
    description:
      - Name of the environment. Together with O(set) it says which objects belong to this task.
    type: str
    required: true
  set:
    description:
      - Name of what this task owns within O(scope).
    type: str
    default: ingress
  namespaces:
    description:
      - Namespaces that this task may write to. A definition in another one is an error.
    type: list
    elements: str
  state:
    description:
      - With V(absent), everything of this O(scope) and O(set) is removed; definitions are then not needed.
    type: str
    choices:
      - present
      - absent
    default: present
  prune:
    description:
      - Whether to remove what this O(scope) and O(set) wrote before and no definition wants any more.
    type: bool
    default: true
  max_prune:
    description:
      - The most that one run may remove, in percent of what the scope and set has. Five objects may always go.
    type: int
    default: 20
  return_routes:
    description:
      - Whether to return the route table that the proxies make of the objects, as RV(routes).
    type: bool
    default: false
  return_objects:
    description:
      - Which objects to return in RV(resources).
    type: str
    choices:
      - none
      - changed
      - all
    default: none
  _documents:
    description:
      - Internal. Definitions and overrides as the action plugin hands them over, hidden from logs as a whole.
    type: str
seealso:
  - plugin: mlops.ingress.to_ambassador
    plugin_type: filter
  - plugin: mlops.ingress.to_istio
    plugin_type: filter
  - plugin: mlops.ingress.endpoints
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Write the routes of all models for Ambassador
  mlops.ingress.ingress:
    src:
      - definitions
    provider:
      - ambassador
    ambassador:
      single_namespace: true
      base_url: http://0.0.0.0:8003
    scope: dev
    directory: "{{ playbook_dir }}/manifests/dev"

- name: The same definitions for Istio, with one weight changed
  mlops.ingress.ingress:
    src:
      - definitions
    template: true
    overrides:
      - kind: SeldonDeployment
        namespace: models
        name: example
        merge:
          spec:
            predictors:
              - name: main
                traffic: 90
              - name: canary
                traffic: 10
    provider:
      - istio
    istio:
      gateway: istio-system/seldon-gateway
      base_url: https://example-hostname.com
    scope: production
    directory: "{{ playbook_dir }}/manifests/production"

- name: Write annotations for Ambassador 1.14
  mlops.ingress.ingress:
    src:
      - definitions
    provider:
      - ambassador
    ambassador:
      api: v1
    scope: legacy
    directory: "{{ playbook_dir }}/manifests/legacy"

- name: Find the defects of the Seldon operator that the definitions meet, without writing anything
  mlops.ingress.ingress:
    src:
      - definitions
    provider:
      - ambassador
    profile: operator
    operator_env:
      AMBASSADOR_VERSION: v1
    scope: predicted
    directory: "{{ playbook_dir }}/predicted"
  check_mode: true
  register: predicted

- name: Remove everything that the first task wrote
  mlops.ingress.ingress:
    scope: dev
    directory: "{{ playbook_dir }}/manifests/dev"
    state: absent
"""

RETURN = r"""
plan:
  description: What the run does, or would do in check mode.
  returned: always
  type: dict
  contains:
    create:
      description: Objects that were not there, each with C(kind), C(namespace) and C(name).
      type: list
      elements: dict
      returned: always
    update:
      description: Objects that were there and differ.
      type: list
      elements: dict
      returned: always
    delete:
      description: Objects that no definition wants any more.
      type: list
      elements: dict
      returned: always
    keep:
      description: Objects that are as they should be.
      type: list
      elements: dict
      returned: always
    foreign:
      description: Objects of others that are in the way. They stop the run.
      type: list
      elements: dict
      returned: always
resources:
  description: Objects as O(return_objects) says, secrets hidden.
  returned: always
  type: list
  elements: dict
endpoints:
  description: Addresses of the definitions, one item for each address.
  returned: always
  type: list
  elements: dict
  contains:
    deployment:
      description: Name of the definition.
      type: str
      returned: always
    namespace:
      description: Namespace of the definition.
      type: str
      returned: always
    provider:
      description: V(ambassador) or V(istio).
      type: str
      returned: always
    kind:
      description: V(rest), V(grpc) or V(explain).
      type: str
      returned: always
    url:
      description: URL to call; for gRPC C(host:port).
      type: str
      returned: always
    method:
      description: HTTP method, or the full name of the gRPC method.
      type: str
      returned: always
    headers:
      description: Headers, or gRPC metadata, that the route asks for.
      type: dict
      returned: always
    verify:
      description: Whether a client can verify the certificate.
      type: bool
      returned: always
    curl:
      description: A command that sends a request (C(grpcurl) for gRPC).
      type: str
      returned: always
    split:
      description: Share of each predictor, with C(predictor) and C(percent).
      type: list
      elements: dict
      returned: always
    mirror:
      description: The predictor that gets copies of requests, and how many percent of them. Null where there is none.
      type: dict
      returned: always
findings:
  description:
    - What is accepted and still worth a look, as O(checks) judges it, each with C(id), C(level), C(where), C(message)
      and C(fix).
  returned: always
  type: list
  elements: dict
routes:
  description:
    - The rows of the route tables, as P(mlops.ingress.routes#filter) gives them.
  returned: with return_routes
  type: list
  elements: dict
diff:
  description: The changed objects before and after.
  returned: always
  type: dict
failure:
  description:
    - What is written, restored and untouched after a failed write, each a list as in RV(plan). All are
      empty where the input was refused.
  returned: failure
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.ingress_module import argument_spec, main


def run_module() -> None:
    """Build the module and hand it to the runner."""
    main(AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True))


if __name__ == "__main__":
    run_module()
