"""The navigation shows what exists and what the role may use."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from flask import Flask, g

from metrology.domain.authority import ACTIONS, Actor, may
from metrology.web import navigation
from metrology.web.navigation import GROUPS, Group, Item


def rows(app: Flask, roles: Iterable[str], path: str = "/healthz") -> list[dict]:
    with app.test_request_context(path):
        g.actor = Actor(1, "王建国", frozenset(roles))
        return navigation.navigation()


@pytest.fixture
def two_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        navigation,
        "GROUPS",
        (
            Group(
                "State", "gear", (Item("health.alive", "setting.view"), Item("health.ready", "journal.view", "Ready"))
            ),
            Group("Parts", "sun", (Item("styleguide.index", "setting.view", "Parts"),)),
            Group("Later", "sun", (Item("not_built.yet", "today.view"),)),
        ),
    )


@pytest.mark.usefixtures("two_groups")
def test_a_page_that_does_not_exist_is_left_out(app: Flask) -> None:
    assert [row["label"] for row in rows(app, ["administrator"])] == ["State", "Parts"]


@pytest.mark.usefixtures("two_groups")
def test_a_role_that_may_not_sees_nothing(app: Flask) -> None:
    assert rows(app, ["holder"]) == []


@pytest.mark.usefixtures("two_groups")
def test_the_open_page_is_marked_in_its_group(app: Flask) -> None:
    group = rows(app, ["administrator"], "/readyz")[0]
    assert group["is_current"]
    assert not group["is_page"]
    assert [(item["label"], item["is_current"]) for item in group["items"]] == [("Ready", True)]


@pytest.mark.usefixtures("two_groups")
def test_a_group_of_one_page_is_one_row(app: Flask) -> None:
    group = rows(app, ["administrator"], "/styleguide")[1]
    assert group["items"] == []
    assert group["url"] == "/styleguide"
    assert group["is_page"]


@pytest.mark.usefixtures("two_groups")
def test_a_detail_page_marks_the_list_it_belongs_to(app: Flask) -> None:
    assert rows(app, ["administrator"], "/styleguide/progress")[1]["is_current"]


def test_every_row_asks_for_an_action_that_exists() -> None:
    named = {item.action for group in GROUPS for item in group.items} | {
        action for group in GROUPS for action in group.foot
    }
    assert named <= set(ACTIONS)


def test_no_page_stands_twice() -> None:
    endpoints = [item.endpoint for group in GROUPS for item in group.items]
    assert len(endpoints) == len(set(endpoints))


def test_a_row_opens_only_what_the_role_may_open(app: Flask) -> None:
    """The action of a row is the action of its page: no row leads to "your role does not allow this"."""
    for group in GROUPS:
        for item in group.items:
            view = app.view_functions.get(item.endpoint)
            if view is not None:
                assert view.action == item.action, item.endpoint


def test_a_link_to_a_page_that_is_not_there_is_none(app: Flask) -> None:
    with app.test_request_context("/"):
        assert navigation.link_to("not_built.yet") is None
        assert navigation.link_to("health.alive") == "/healthz"


@pytest.mark.parametrize(
    ("role", "foot"),
    [
        ("officer", ["today.index", "instruments.listing", "certificates.listing", "plan.due"]),
        ("verifier", ["today.index", "instruments.listing", "verifications.listing", "certificates.listing"]),
        ("manager", ["today.index", "instruments.listing", "certificates.listing", "reports.overdue"]),
        ("holder", ["today.index", "instruments.listing", "certificates.listing"]),
    ],
)
def test_the_foot_of_a_phone_holds_what_the_role_does_most(role: str, foot: list[str]) -> None:
    actor = Actor(1, "王建国", frozenset({role}))
    fit = [group for group in GROUPS if any(may(actor, action) for action in group.foot)]
    assert [group.items[0].endpoint for group in fit][:4] == foot


def test_a_page_without_a_row_of_its_own_lights_the_row_it_belongs_to(app: Flask) -> None:
    reports = next(row for row in rows(app, ["manager"], "/reports/targets/") if row["is_current"])
    assert [item["url"] for item in reports["items"] if item["is_current"]] == ["/reports/indicators/"]
