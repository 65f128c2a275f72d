# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the real compilers of Ambassador 1.14.4 and Emissary 3.10.0 make of Kubernetes objects.

``compile_ambassador_1_14``, ``compile_emissary_3_10``
    Compile one set of objects: Services whose annotation ``getambassador.io/config`` holds documents, and Mapping,
    TLSContext, Host, Listener, Module and Secret objects. The answer holds every error that the compiler posts and
    every group of Mappings that it makes.

Objects are plain Python values as an API server would hold them; one without a namespace is in ``default``. The
compilers themselves run in the namespace ``ambassador``.

Envoy itself is not asked: that it refuses a bad expression or a negative weight, and with it everything, is not seen.

The compilers come from the projects' Go modules and from PyPI. The first call on a machine builds them into the
user's cache (``toolchain.py``), which takes minutes and needs ``go`` and the proxies; later calls need neither. The
first call in a process starts a compiler, and each further one takes a few hundredths of a second.
"""

from __future__ import annotations

from .compiled import Compiled, Group, Match, Member
from .compilers import compile_ambassador_1_14, compile_emissary_3_10

__all__ = ["Compiled", "Group", "Match", "Member", "compile_ambassador_1_14", "compile_emissary_3_10"]
