"""The macros every page is made of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask, g, render_template
from wtforms import BooleanField, Form, RadioField, SelectChoice, StringField
from wtforms.validators import DataRequired

from metrology.domain.authority import Actor
from metrology.settings import ROOT
from metrology.web.flashes import say
from metrology.web.icons import icon_svg
from metrology.web.styleguide import index

Render = Callable[..., str]


class PlateForm(Form):
    serial = StringField("Serial number", [DataRequired("Please type it.")])
    is_fixed = BooleanField("Fixed")
    purpose = RadioField(
        "Purpose", choices=[SelectChoice("trade", "Trade"), SelectChoice("other", "Other")], default="trade"
    )


@pytest.fixture
def draw(app: Flask) -> Render:
    """Render a line of a template with the kit at hand."""

    def rendered(source: str, **values: object) -> str:
        with app.test_request_context("/?lang=en"):
            g.today = date(2026, 11, 22)
            template = '{% import "_ui.html" as ui with context %}' + source
            return app.jinja_env.from_string(template).render(**values)

    return rendered


def test_a_badge_has_an_icon_and_a_word(draw: Render) -> None:
    page = draw("{{ ui.badge('expired', 'Expired') }}")
    assert 'class="badge is-expired"' in page
    assert '<svg class="icon"' in page
    assert "Expired" in page


@pytest.mark.parametrize(
    ("day", "kind", "words"),
    [
        (date(2026, 11, 21), "is-expired", "1 day overdue"),
        (date(2026, 11, 22), "is-due_soon", "last day today"),
        (date(2026, 12, 22), "is-due_soon", "30 days left"),
        (date(2026, 12, 23), "is-later", "31 days left"),
    ],
)
def test_a_due_date_says_how_far_it_is(draw: Render, day: date, kind: str, words: str) -> None:
    page = draw("{{ ui.due(day) }}", day=day)
    assert kind in page
    assert words in page
    assert day.isoformat() in page


def test_no_due_date_is_a_dash(draw: Render) -> None:
    assert "—" in draw("{{ ui.due(none) }}")


def test_an_error_is_tied_to_its_field(draw: Render) -> None:
    form = PlateForm(data={})
    form.validate()
    page = draw("{{ ui.field(form.serial, hint='As on the plate.') }}", form=form)
    assert 'aria-describedby="serial-hint serial-error"' in page
    assert 'aria-invalid="true"' in page
    assert 'id="serial-error"' in page
    assert "Please type it." in page


def test_the_summary_leads_to_the_field(draw: Render) -> None:
    form = PlateForm(data={})
    form.validate()
    assert '<a href="#serial">Serial number: Please type it.</a>' in draw("{{ ui.form_errors(form) }}", form=form)


def test_a_good_form_has_no_summary(draw: Render) -> None:
    form = PlateForm(data={"serial": "1"})
    assert form.validate()
    assert draw("{{ ui.form_errors(form) }}", form=form).strip() == ""


def test_a_checkbox_stands_before_its_words(draw: Render) -> None:
    page = draw("{{ ui.field(form.is_fixed) }}", form=PlateForm())
    assert page.index("<input") < page.index("Fixed")


def test_choices_are_a_fieldset_with_a_legend(draw: Render) -> None:
    page = draw("{{ ui.field(form.purpose) }}", form=PlateForm())
    assert "<fieldset" in page
    assert "<legend>Purpose" in page
    assert page.count('type="radio"') == 2


def test_what_people_typed_is_escaped(draw: Render) -> None:
    page = draw(
        "{{ ui.facts([('Name', name)]) }}{{ ui.header(name) }}{{ ui.badge('info', name) }}{{ ui.chips([(name, name, '#')]) }}",
        name="<b>x</b>",
    )
    assert "<b>" not in page


def test_a_button_that_asks_says_so_to_the_script_and_works_without(draw: Render) -> None:
    page = draw("{{ ui.post_button('Retire', '/x', kind='danger', confirm='Sure?', reason=true) }}")
    assert 'data-confirm="Sure?"' in page
    assert "data-reason" in page
    assert '<noscript><input name="reason" required' in page
    assert 'name="csrf_token"' in page


@pytest.mark.parametrize(
    ("n", "capped", "words"), [(2345, False, "2,345"), (10000, True, "over 10,000"), (0, False, "0")]
)
def test_a_count_is_honest(draw: Render, n: int, capped: bool, words: str) -> None:
    assert draw("{{ ui.count(n, capped) }}", n=n, capped=capped).strip() == words


def test_a_bar_is_as_wide_as_its_parts(draw: Render) -> None:
    page = draw("{{ ui.bar([('a', 1, 'valid'), ('b', 0, 'expired'), ('c', 3, 'rejected')]) }}")
    assert 'x="0.000" width="25.000"' in page
    assert 'x="25.000" width="75.000"' in page
    assert page.count("<rect") == 2


def test_an_empty_bar_divides_by_nothing(draw: Render) -> None:
    assert "<rect" not in draw("{{ ui.bar([('a', 0, 'valid')]) }}")


def test_progress_without_a_total_does_not_pretend(draw: Render) -> None:
    assert "max=" not in draw("{{ ui.progress(5, none, 'Reading') }}")
    assert 'value="5" max="10"' in draw("{{ ui.progress(5, 10, 'Reading', poll_url='/p') }}")


def test_an_icon_that_does_not_exist_is_a_mistake() -> None:
    assert icon_svg("clock").startswith("<svg")
    with pytest.raises(KeyError):
        icon_svg("no-such-icon")


def test_every_icon_named_in_a_template_exists() -> None:
    import re

    for template in sorted((ROOT / "templates").rglob("*.html")):
        for name in re.findall(r"(?:icon_svg|ui\.icon)\('([^']+)'\)", template.read_text()):
            assert icon_svg(name), template


def test_a_message_offers_undo_and_the_next_step(app: Flask) -> None:
    with app.test_request_context("/styleguide?lang=en"):
        g.actor = Actor(1, "王建国", frozenset({"administrator"}))
        say("Retired.", label="To the list", url="/instruments", undo_url="/undo")
        page = index.__wrapped__()
    assert "Retired." in page
    assert '<a href="/instruments">To the list</a>' in page
    assert 'action="/undo"' in page


def test_no_page_has_inline_style_or_script() -> None:
    """The content security policy would drop them silently."""
    import re

    inline = re.compile(r"<style|\sstyle=|\son(?:click|change|submit|load)=|<script(?![^>]*\ssrc=)|javascript:")
    for template in sorted((ROOT / "templates").rglob("*.html")):
        assert not inline.search(template.read_text()), template


def test_a_style_sheet_is_kept_by_its_version(app: Flask) -> None:
    client = app.test_client()
    with app.test_request_context("/"):
        from flask import url_for

        versioned = url_for("static", filename="css/tokens.css")
    assert "?v=" in versioned
    assert client.get(versioned).headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "immutable" not in client.get("/static/css/tokens.css").headers["Cache-Control"]


def test_the_page_of_a_fault_says_that_nothing_was_saved_and_has_no_navigation(app: Flask) -> None:
    with app.test_request_context("/?lang=en"):
        page = render_template("problem.html", status=500, code="http_500", title="Something went wrong", detail="")
    assert "Nothing was saved." in page
    assert "<nav" not in page.split("</main>")[0]


def test_a_page_that_is_not_there_says_why_that_may_be(app: Flask) -> None:
    page = app.test_client().get("/nowhere?lang=en")
    assert page.status_code == 404
    assert "It may have been moved" in page.text
    assert "http_404" in page.text
