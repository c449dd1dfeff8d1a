"""The record's form in a browser: moves like a spreadsheet, shows what is found as one types, keeps every figure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.persistence.verifications import Verification
from tests.chromium import SIZES, browser, expect, kept, needs_chromium, served, watch
from tests.people import sign_in
from tests.records import create_scale, create_team, start

pytestmark = [needs_chromium, pytest.mark.browser, pytest.mark.parametrize("app", ["sqlite"], indirect=True)]
PASTE = """([id, text]) => {
  const field = document.getElementById(id);
  field.focus();
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", text);
  field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as opened:
        yield opened


@pytest.fixture
def form(app: Flask, session: Session, chromium: Any) -> Iterator[Any]:
    """The form of a new draft, open at a verifier's desk."""
    team = create_team(session)
    draft = start(session, team, create_scale(session))
    client = app.test_client()
    sign_in(client, team.verifier)
    session.commit()
    cookie = client.get_cookie("metrology")
    assert cookie is not None
    faults: list[str] = []
    with served(app) as base:
        context = chromium.new_context(viewport=SIZES["desk"], locale="zh-CN")
        context.add_cookies([{"name": "metrology", "value": cookie.value, "url": base}])
        page = context.new_page()
        watch(page, faults)
        page.goto(f"{base}/verifications/{draft.id}/edit")
        yield page
        context.close()
    assert faults == []


def text(page: Any, place: str) -> str:
    return str(page.inner_text(place)).replace("\u2009", " ")


def test_what_is_found_shows_beside_the_reading(form: Any) -> None:
    form.fill("#r-zero-load", "100")
    form.fill("#r-zero-indication", "100")
    form.fill("#r-zero-additional_load", "5")
    form.focus("#r-weighing-1-indication")
    form.keyboard.type("5000")
    form.keyboard.press("ArrowRight")
    form.keyboard.type("11")
    kept(form)
    assert (text(form, "#error-weighing-1"), text(form, "#limit-weighing-1")) == ("-6 g", "±5 g")
    assert "is-wrong" in form.get_attribute("#error-weighing-1", "class")
    assert form.locator("#bar-weighing-1 .mark.is-outside").count() == 1
    assert "不合格" in form.inner_text("#panel")
    assert form.evaluate("document.activeElement.id") == "r-weighing-1-additional_load"


def test_enter_goes_down_and_sends_nothing(form: Any) -> None:
    form.focus("#r-weighing-0-indication")
    address = form.url
    form.keyboard.press("Enter")
    assert form.evaluate("document.activeElement.id") == "r-weighing-1-indication"
    form.focus("#n-max")
    form.keyboard.press("Enter")
    assert form.evaluate("document.activeElement.id") == "n-e"
    assert form.url == address


def test_a_block_from_a_spreadsheet_fills_the_rows(form: Any, session: Session) -> None:
    form.evaluate(PASTE, ["r-weighing-0-indication", "200\t5\n5,000\t5\n１５０００\t5"])
    kept(form)
    assert [form.input_value(f"#r-weighing-{row}-indication") for row in range(3)] == ["200", "5000", "15000"]
    session.expire_all()
    rows = session.scalars(select(Verification)).one().readings["weighing"]
    assert [row["indication"] for row in rows[:3]] == ["200", "5000", "15000"]


def test_the_sheet_is_drawn_anew_for_another_nameplate_and_loses_nothing(form: Any) -> None:
    form.fill("#r-weighing-0-indication", "200")
    form.fill("#n-max", "15")
    kept(form)
    expect(form.locator("#r-weighing-3-load")).to_have_value("7500")
    assert form.input_value("#r-weighing-0-indication") == "200"
    form.focus("#r-weighing-0-indication")
    form.keyboard.press("Enter")
    assert form.evaluate("document.activeElement.id") == "r-weighing-1-indication"


def test_the_rest_conforms_leaves_what_was_answered(form: Any) -> None:
    form.click("#r-items-seals .is-no")
    form.click("[data-all-yes]")
    kept(form)
    assert form.is_checked('input[name="r.items.seals"][value="no"]')
    assert form.is_checked('input[name="r.items.appearance"][value="yes"]')
    assert "不合格" in form.inner_text("#panel")


def test_nothing_is_wider_than_a_phone(form: Any) -> None:
    form.set_viewport_size(SIZES["phone"])
    assert form.evaluate("document.documentElement.scrollWidth") == SIZES["phone"]["width"]
