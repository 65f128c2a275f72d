# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import time
from collections import Counter

import hypothesis.strategies as st
import pytest
from ansible_collections.mlops.ingress.plugins.module_utils.objects.identity import identity_of
from ansible_collections.mlops.ingress.plugins.module_utils.reconcile import diff as reconcile_diff
from ansible_collections.mlops.ingress.plugins.module_utils.reconcile.diff import plan_diff
from ansible_collections.mlops.ingress.plugins.module_utils.reconcile.plan import Observed, make_plan
from hypothesis import given


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


def routes(text, **others):
    made = service("a")
    return made | {"metadata": {**made["metadata"], "annotations": {"getambassador.io/config": text, **others}}}


CONFIG = "metadata.annotations[getambassador.io/config]"


def test_of_a_text_of_several_lines_only_the_lines_that_differ_are_shown():
    old = "---\nprefix: /a/\nheaders:\n  x-token: canary\nweight: 50\n---\nprefix: /b/\nweight: 50\n"
    new = "---\nprefix: /a/\nheaders:\n  x-token: canary\nweight: 50\n---\nprefix: /c/\nid: x\nweight: 30\n"
    shown = diff([routes(new)], routes(old))
    place = f"{CONFIG} line"
    assert shown["before"] == f'---\n# Service m/a\n{place} 7: "prefix: /b/"\n{place} 8: "weight: 50"\n'
    assert shown["after"] == (
        f'---\n# Service m/a\n{place} 7: "prefix: /c/"\n{place} 8: "id: x"\n{place} 9: "weight: 30"\n'
    )


@pytest.mark.parametrize(
    ("old", "new", "before", "after"),
    [
        ("a\nb", "a\nx\nb", "", "2: x"),
        ("a\nb\n", "a\nb", '3: ""', ""),
        ("a", "a\nb", "", "2: b"),
        ("a\nb", "c", "1: a|2: b", "1: c"),
        ("a\nb", "b\na", "2: b", "1: b"),
        ("a\rb\n1", "a\rb\n2", '2: "1"', '2: "2"'),
    ],
    ids=["inserted", "no-end", "longer", "other", "moved", "number"],
)
def test_lines_that_differ(old, new, before, after):
    shown = diff([routes(new)], routes(old))
    for side, lines in (("before", before), ("after", after)):
        expected = [f"{CONFIG} line {line}" for line in lines.split("|") if line]
        assert shown[side].splitlines() == ["---", "# Service m/a", *expected]


def test_a_text_of_several_lines_that_has_no_other_side_is_shown_as_a_whole():
    shown = diff([routes("a\nb")], routes("a\nb", old="c\nd"))
    assert shown["before"] == '---\n# Service m/a\nmetadata.annotations.old: "c\\nd"\n'
    assert shown["after"] == "---\n# Service m/a\n"


def test_a_secret_of_several_lines_shows_none():
    old, new = secret("canary\n1"), secret("canary\n2")
    last = {"kubectl.kubernetes.io/last-applied-configuration": "canary\n1"}
    old["metadata"]["annotations"] = last
    shown = diff([new], old)
    assert "canary" not in str(shown)
    assert "data.key: (hidden, changed)\n" in shown["before"]
    assert "data.key: (hidden, changed)\n" in shown["after"]


@given(*[st.lists(st.sampled_from("abc"), min_size=1).map(list)] * 2)
def test_what_is_left_of_two_texts_without_the_lines_that_differ_is_the_same(old, new):
    left = []
    for lines, others in ((old, new), (new, old)):
        differing = set(reconcile_diff._differing(lines, others))
        left.append([line for number, line in enumerate(lines) if number not in differing])
    assert left[0] == left[1]


def test_very_long_texts_take_no_time_and_show_no_line_that_is_on_both_sides():
    old = [line for number in range(3000) for line in ("x-token: canary", f"prefix: /{number}/", "weight: 50")]
    new = [line if number % 2 else f"{line}0" if line.startswith("weight") else line for number, line in enumerate(old)]
    start = time.monotonic()
    shown = diff([routes("\n".join(new))], routes("\n".join(old)))
    assert time.monotonic() - start < 5
    assert "canary" not in str(shown)
    texts = [line.rpartition(": ")[2] for line in shown["after"].splitlines()[2:]]
    assert Counter(texts) == {'500"': 1500}
    assert len(shown["before"].splitlines()) == 1502


def test_a_line_that_is_there_often_and_stays_between_lines_that_differ_is_not_shown():
    old, new = (
        [line for number in range(100) for line in (f"/{side}/{number}/", "x-token: canary", f"{side}: {number}")]
        for side in ("old", "new")
    )
    shown = diff([routes("\n".join(new))], routes("\n".join(old)))
    assert "canary" not in str(shown)
    assert len(shown["before"].splitlines()) == len(shown["after"].splitlines()) == 202
