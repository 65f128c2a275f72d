# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.mlops.ingress.tests.unit.contract import house


@pytest.fixture(scope="session")
def ansible(tmp_path_factory):
    return house.Ansible.at(tmp_path_factory.mktemp("collections"))


@pytest.fixture(scope="session")
def module_docs(ansible):
    return ansible.documentation("module", house.plugin_names("modules"))


@pytest.fixture(scope="session")
def filter_docs(ansible):
    return ansible.documentation("filter", sorted(house.filters()))
