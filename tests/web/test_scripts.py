"""What the scripts promise, in a real browser on pages of a few lines: no server, files from static/, every post caught."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from metrology.settings import ROOT
from tests.chromium import SIZES, browser, expect, needs_chromium

pytestmark = needs_chromium
HOME = "http://registry.test/"
HEAD = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>t</title><meta name="csrf-token" content="token">'
    '<template id="words" data-cancel="Cancel" data-confirm="Confirm" data-reason="Reason" data-selected="{n} chosen" '
    'data-all-selected="All {n} chosen" data-saved="Saved" data-saving="Saving" data-unsaved="Not saved" data-failed="Failed" '
    'data-offline="Offline" data-close="Close"></template>'
)
APP = '<script type="module" src="/static/js/app.js"></script>'
SHEET = (
    '<table class="sheet" data-sheet><tbody>'
    + "".join(
        f'<tr><td>{row}</td><td><input id="a{row}" inputmode="decimal"></td><td>shown</td><td><input id="b{row}" inputmode="decimal"></td></tr>'
        for row in (1, 2, 3)
    )
    + '</tbody></table><script type="module" src="/static/js/grid.js"></script>'
)
PASTE = """([id, text]) => {
  const field = document.getElementById(id);
  field.focus();
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", text);
  let left = null;
  document.addEventListener("sheet-paste", (event) => { left = event.detail.left; }, { once: true });
  field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  return left;
}"""


class Window:
    """A page of the browser with what it sent."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.answers: dict[str, Callable[[], tuple[int, str, str]]] = {}
        self.posts: list[tuple[str, dict[str, str]]] = []
        self.faults: list[str] = []
        self.body = ""
        page.on("pageerror", lambda fault: self.faults.append(str(fault)))
        page.route("**/*", self.answer)

    def answer(self, route: Any) -> None:
        path = urlsplit(route.request.url).path
        if route.request.method == "POST":
            self.posts.append((path, dict(parse_qsl(route.request.post_data or ""))))
        if path.startswith("/static/"):
            file = ROOT / path.lstrip("/")
            route.fulfill(body=file.read_bytes(), content_type=mimetypes.guess_type(path)[0])
        elif path in self.answers:
            status, kind, text = self.answers[path]()
            route.fulfill(status=status, content_type=kind, body=text)
        else:
            route.fulfill(content_type="text/html", body=HEAD + self.body)

    def open(self, body: str) -> Any:
        self.body = body
        self.page.goto(HOME)
        return self.page

    def value(self, *ids: str) -> list[str]:
        return [self.page.input_value(f"#{name}") for name in ids]


@pytest.fixture(scope="module")
def desk() -> Iterator[Any]:
    with browser() as opened:
        yield opened.new_context(viewport=SIZES["desk"])


@pytest.fixture
def window(desk: Any) -> Iterator[Window]:
    found = Window(desk.new_page())
    yield found
    found.page.close()
    assert found.faults == []


def test_a_block_of_a_spreadsheet_fills_the_cells_that_can_be_written(window: Window) -> None:
    page = window.open(SHEET)
    left = page.evaluate(PASTE, ["a1", "1.0\t2.0\r\n3.0\t4.0\r\n"])
    assert window.value("a1", "b1", "a2", "b2", "a3", "b3") == ["1.0", "2.0", "3.0", "4.0", "", ""]
    assert left == 0


def test_rows_that_find_no_cell_are_counted(window: Window) -> None:
    page = window.open(SHEET)
    assert page.evaluate(PASTE, ["b2", "1\n2\n3\n"]) == 1
    assert window.value("b1", "b2", "b3") == ["", "1", "2"]


@pytest.mark.parametrize(
    ("copied", "typed"),
    [
        ("\uff11\uff12.5", "12.5"),
        ("\u22120.3", "-0.3"),
        ("1,234.50", "1234.50"),
        ("0.10", "0.10"),
        ("1,5", "1,5"),
    ],
)
def test_figures_are_read_as_offices_write_them_but_never_changed(window: Window, copied: str, typed: str) -> None:
    page = window.open(SHEET)
    page.evaluate(PASTE, ["a1", f"{copied}\n1"])
    assert window.value("a1") == [typed]


def test_enter_goes_down_and_at_the_foot_to_the_next_column(window: Window) -> None:
    page = window.open(SHEET)
    page.focus("#a2")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "a3"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "b1"


def test_arrows_walk_the_sheet_and_leave_text_alone(window: Window) -> None:
    page = window.open(SHEET)
    page.focus("#a1")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.id") == "b1"
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.id") == "b2"
    page.keyboard.type("12")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.id") == "b2"


def test_a_button_that_asks_posts_once_with_the_reason(window: Window) -> None:
    page = window.open(
        f'<form method="post" action="/retire" data-confirm="Sure?" data-reason><input type="hidden" name="csrf_token" value="t">'
        f'<button class="button danger">Retire</button></form>{APP}'
    )
    page.click("button")
    page.fill("dialog textarea", "broken")
    page.click("dialog .danger")
    page.wait_for_url("**/retire")
    assert window.posts == [("/retire", {"csrf_token": "t", "reason": "broken"})]


def test_a_reason_cannot_be_left_out_and_cancel_posts_nothing(window: Window) -> None:
    page = window.open(
        f'<form method="post" action="/retire" data-confirm="Sure?" data-reason><button>Retire</button></form>{APP}'
    )
    page.click("button")
    page.click("dialog button[type=submit]")
    assert page.locator("dialog[open]").count() == 1
    page.click("dialog button[type=button]")
    page.locator("dialog").wait_for(state="detached")
    assert window.posts == []


BULK = (
    '<form data-bulk method="post" action="/plan"><input type="hidden" name="all_matching" value=""><input type="checkbox" data-all>'
    + "".join(f'<p><input type="checkbox" name="id" value="{n}" data-row></p>' for n in range(1, 6))
    + '<div data-bulk-bar hidden><span data-bulk-count></span><button type="button" data-all-matching="2345">all</button></div></form>'
    + APP
)


def test_shift_takes_a_range_of_rows(window: Window) -> None:
    page = window.open(BULK)
    rows = page.locator("[data-row]")
    rows.nth(1).click()
    rows.nth(3).click(modifiers=["Shift"])
    assert [rows.nth(n).is_checked() for n in range(5)] == [False, True, True, True, False]
    assert page.inner_text("[data-bulk-count]") == "3 chosen"


def test_all_that_match_is_offered_when_the_page_is_full_and_given_up_with_one_row(window: Window) -> None:
    page = window.open(BULK)
    assert page.is_hidden("[data-all-matching]")
    page.check("[data-all]")
    page.click("[data-all-matching]")
    assert page.inner_text("[data-bulk-count]") == "All 2,345 chosen"
    assert page.input_value("[name=all_matching]") == "1"
    page.locator("[data-row]").first.uncheck()
    assert page.inner_text("[data-bulk-count]") == "4 chosen"
    assert page.input_value("[name=all_matching]") == ""


AUTOSAVE = (
    '<form action="/draft" method="post"><input name="reading"></form><p id="state"></p>'
    '<script type="module">import {autosave} from "/static/js/autosave.js";'
    'autosave(document.forms[0], {state: document.getElementById("state")});</script>'
)


def test_a_draft_is_saved_while_one_types(window: Window) -> None:
    window.answers["/draft"] = lambda: (200, "application/json", "{}")
    page = window.open(AUTOSAVE)
    page.fill("input", "9.98")
    expect(page.locator("#state")).to_contain_text("Saved ")
    assert [path for path, _sent in window.posts] == ["/draft"]


def test_a_draft_that_is_refused_says_why_and_is_not_sent_again(window: Window) -> None:
    window.answers["/draft"] = lambda: (422, "application/json", '{"detail": "The standard has lapsed."}')
    page = window.open(AUTOSAVE)
    page.fill("input", "9.98")
    expect(page.locator("#state")).to_have_text("The standard has lapsed.")
    assert len(window.posts) == 1


def test_more_rows_come_under_those_that_are_there(window: Window) -> None:
    table = '<table class="grid"><tbody><tr><td><a href="/i/{0}">{0}</a></td></tr></tbody></table>'
    window.answers["/next"] = lambda: (200, "text/html", HEAD + table.format(2))
    page = window.open(table.format(1) + '<p class="more"><a href="/next" data-more>More</a></p>' + APP)
    page.click("a[data-more]")
    expect(page.locator(".grid tr")).to_have_count(2)
    assert page.locator("a[data-more]").count() == 0
    assert page.url == HOME


def test_a_row_opens_at_the_side_of_its_list(window: Window) -> None:
    window.answers["/i/1"] = lambda: (200, "text/html", HEAD + "<main><div data-detail><h2>JYJ-0017</h2></div></main>")
    page = window.open(
        '<div class="split" data-aside><table class="grid"><tr><td><a href="/i/1" data-open>1</a></td></tr></table></div>'
        + APP
    )
    page.click("a[data-open]")
    page.wait_for_selector(".aside h2")
    assert page.inner_text(".aside h2") == "JYJ-0017"
    assert page.locator("tr.is-open").count() == 1
    page.click(".aside button")
    assert page.locator(".aside").count() == 0


SEARCH = (
    '<form class="search" data-search="/suggest" action="/search"><input type="search" name="q" id="search-box">'
    '<div class="search-results" id="search-results" hidden></div></form><input id="other">' + APP
)


def test_search_opens_with_a_slash_and_is_walked_with_arrows(window: Window) -> None:
    window.answers["/suggest"] = lambda: (
        200,
        "text/html",
        '<ul><li><a href="/one">One</a></li><li><a href="/two">Two</a></li></ul>',
    )
    page = window.open(SEARCH)
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search-box"
    page.keyboard.type("JY")
    page.wait_for_selector("#search-results a")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/two")


def test_a_slash_typed_in_a_field_is_a_slash(window: Window) -> None:
    page = window.open(SEARCH)
    page.focus("#other")
    page.keyboard.type("1/2")
    assert page.input_value("#other") == "1/2"


def test_a_task_that_ends_leads_to_its_result(window: Window) -> None:
    window.answers["/task"] = lambda: (200, "application/json", '{"state": "done", "url": "/result"}')
    page = window.open(
        '<div data-poll="/task"><p data-progress-label></p><progress></progress><p data-progress-count></p></div>' + APP
    )
    page.wait_for_url("**/result")
