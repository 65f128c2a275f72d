# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.mlops.ingress.plugins.module_utils.objects.identity import identity_of
from ansible_collections.mlops.ingress.plugins.module_utils.reconcile.diff import plan_diff
from ansible_collections.mlops.ingress.plugins.module_utils.reconcile.plan import Observed, make_plan


def service(name, **fields):
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "m"}, **fields}


def secret(value):
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "namespace": "m"},
        "data": {"key": value, "other": "same"},
    }


def diff(desired, *there, **others):
    return plan_diff(make_plan(desired, Observed({identity_of(obj): obj for obj in there}, **others)))


def test_only_changed_objects_are_shown_each_on_its_side():
    shown = diff(
        [service("kept"), service("new"), service("moved", spec={"port": 2})],
        service("kept"),
        service("gone"),
        service("moved", spec={"port": 1}),
    )
    assert shown["before_header"] == "1 to create, 1 to update, 1 to delete, as it is"
    assert shown["after_header"] == "1 to create, 1 to update, 1 to delete, as it will be"
    assert "kept" not in shown["before"] + shown["after"]
    assert shown["before"].startswith("---\n# Service m/gone\n")
    assert "port: 1" in shown["before"]
    assert "new" not in shown["before"]
    assert shown["after"].startswith("---\n# Service m/moved\n")
    assert "port: 2" in shown["after"]
    assert "gone" not in shown["after"]


def test_of_an_update_only_the_fields_that_differ_are_shown_below_its_name():
    old = service("a", spec={"ports": [{"port": 1, "name": "on"}, {"port": 2}], "keep": "x"})
    new = service("a", spec={"ports": [{"port": 3, "name": "on"}], "keep": "x", "b.c/d": "line\nbreak", "e": {}})
    shown = diff([new], old)
    assert shown["before"] == "---\n# Service m/a\nspec.ports[0].port: 1\nspec.ports[1].port: 2\n"
    assert shown["after"] == '---\n# Service m/a\nspec[b.c/d]: "line\\nbreak"\nspec.e: {}\nspec.ports[0].port: 3\n'


def test_an_empty_plan_shows_nothing():
    shown = diff([service("a")], service("a"))
    assert (shown["before"], shown["after"]) == ("", "")


def test_a_changed_secret_is_a_visible_change_without_its_values():
    shown = diff([secret("canary-new")], secret("canary-old"))
    assert "canary" not in str(shown)
    assert "key: (hidden, changed)" in shown["before"]
    assert "data.key: (hidden, changed)" in shown["after"]
    assert "other" not in str(shown)


def test_a_new_and_a_deleted_secret_show_no_value():
    assert "canary" not in str(diff([secret("canary")]))
    assert "canary" not in str(diff([service("a")], secret("canary")))


def test_writes_that_objects_do_not_explain_are_explained():
    stale = {identity_of(service("a")): "formatted by hand"}
    shown = diff([service("a")], service("a"), stale=stale, records=("the index is lost",))
    assert shown["before"].startswith("# the index is lost\n---\n# Service m/a\n# formatted by hand\n")
    assert "formatted by hand" not in shown["after"]


def test_an_object_that_nobody_could_read_is_shown_as_nothing_but_the_reason():
    identity = identity_of(service("a"))
    shown = plan_diff(make_plan([service("a")], Observed({identity: {}}, stale={identity: "not readable"})))
    assert shown["before"] == "---\n# Service m/a\n# not readable\n"
