# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The error of this layer."""

from __future__ import annotations


class OptionError(ValueError):
    """An option is wrong. The text is one full sentence."""
