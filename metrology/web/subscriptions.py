"""Subscriptions: a kept report by mail, on which days and with which files; paused, ended, or ended by the link in the mail."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as BaseResponse
from wtforms import BooleanField, RadioField, SelectField, TextAreaField

from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.persistence.saved_reports import SavedReport, Subscription
from metrology.services import settings as bureau
from metrology.services import subscribing, subscription_sending
from metrology.services.subscribing import SubscriptionFacts
from metrology.web.accounts import csrf
from metrology.web.choices import choices
from metrology.web.flashes import say
from metrology.web.languages import LANGUAGES, choose
from metrology.web.problems import show_on
from metrology.web.rates import LOOKUPS, PAGES, check, count, limited
from metrology.web.refusals import told_at
from metrology.web.requests import actor, allowed, now, or_404, public, requires, settings

blueprint = Blueprint("subscriptions", __name__, url_prefix="/reports")
WEEKDAYS = [_l("Monday"), _l("Tuesday"), _l("Wednesday"), _l("Thursday"), _l("Friday"), _l("Saturday"), _l("Sunday")]
RHYTHMS = {"workdays": _l("Every workday"), "weekly": _l("Every week"), "monthly": _l("Every month")}
STATES = {"active": _l("Active"), "paused": _l("Paused"), "stopped": _l("Stopped")}
KINDS = {"active": "valid", "paused": "neutral", "stopped": "expired"}
LONGEST_TOKEN = 600


class SubscriptionForm(FlaskForm):
    """When, with which files, to whom."""

    rhythm = RadioField(_l("How often"), choices=choices(RHYTHMS.items()), default="weekly")
    weekday = SelectField(
        _l("Weekday"), coerce=int, choices=choices((str(at), words) for at, words in enumerate(WEEKDAYS, 1)), default=1
    )
    monthday = SelectField(
        _l("Day of the month"), coerce=int, choices=choices((str(day), str(day)) for day in range(1, 32)), default=1,
        description=_l("In a shorter month its last day."),
    )  # fmt: skip
    hour = SelectField(
        _l("Hour"), coerce=int, choices=choices((str(hour), f"{hour:02d}:00") for hour in range(24)), default=8
    )
    with_pdf = BooleanField(_l("PDF for reading"), default=True)
    with_xlsx = BooleanField(_l("Spreadsheet (XLSX)"), default=True)
    language = SelectField(_l("Language"), choices=choices(LANGUAGES.items()))
    further = TextAreaField(_l("Further addresses, one on a line"))

    def facts(self) -> SubscriptionFacts:
        """What is asked for."""
        rhythm = str(self.rhythm.data)
        return SubscriptionFacts(
            rhythm=rhythm,
            day=int((self.monthday if rhythm == "monthly" else self.weekday).data or 1),
            hour=int(self.hour.data),
            with_pdf=bool(self.with_pdf.data),
            with_xlsx=bool(self.with_xlsx.data),
            language=str(self.language.data),
            further=(self.further.data or "").split(),
        )


def _report(saved_id: int) -> SavedReport:
    found: SavedReport = or_404(subscribing.may_subscribe(db.session(), actor(), saved_id))
    return found


def _seen(subscription_id: int) -> Subscription:
    found: Subscription = or_404(subscribing.find(db.session(), actor(), subscription_id))
    return found


def _own(subscription_id: int) -> Subscription:
    row = _seen(subscription_id)
    found: Subscription = or_404(row if row.user_id == actor().user_id else None)
    return found


def _form_page(form: SubscriptionForm, report: SavedReport, row: Subscription | None, status: int = 200) -> Response:
    page = render_template(
        "subscriptions/form.html",
        form=form,
        report=report,
        row=row,
        domains=sorted(bureau.domains(bureau.read(db.session()).report_mail_domains)),
    )
    return make_response(page, status)


@blueprint.get("/subscriptions/", endpoint="listing")
@requires("report.subscribe")
def listing_page() -> str:
    """One's own; for who sees accounts, everybody's."""
    rows = subscribing.seen(db.session(), actor())
    return render_template(
        "subscriptions/listing.html",
        rows=rows,
        last=subscribing.last_deliveries(db.session(), rows),
        states=STATES,
        kinds=KINDS,
        when=when,
        is_set_up=bool(settings().smtp_url),
        shows_all=allowed(subscribing.SEE_ALL),
    )


def when(row: Subscription) -> str:
    """The rhythm in words."""
    hour = f"{row.hour:02d}:00"
    if row.rhythm == "workdays":
        return str(_("every workday at %(hour)s", hour=hour))
    if row.rhythm == "weekly":
        return str(_("%(weekday)s at %(hour)s", weekday=WEEKDAYS[row.day - 1], hour=hour))
    return str(_("on day %(day)s of the month at %(hour)s", day=row.day, hour=hour))


@blueprint.get("/saved/<int:saved_id>/subscribe")
@requires("report.subscribe")
def create(saved_id: int) -> Response:
    """The form for a new one."""
    return _form_page(SubscriptionForm(formdata=None, language=choose()), _report(saved_id), None)


@blueprint.post("/saved/<int:saved_id>/subscribe")
@requires("report.subscribe")
def add(saved_id: int) -> BaseResponse:
    """Get it from now on."""
    report, form = _report(saved_id), SubscriptionForm()
    if form.validate_on_submit():
        try:
            row = subscribing.subscribe(db.session(), actor(), report, form.facts(), now=now())
        except Problem as problem:
            show_on(form, problem)
        else:
            say(_("“%(name)s” will come by mail to %(address)s.", name=report.name, address=row.user.email))
            return redirect(url_for(".listing"))
    return _form_page(form, report, None, 422)


@blueprint.get("/subscriptions/<int:subscription_id>/edit")
@requires("report.subscribe")
def edit(subscription_id: int) -> Response:
    """The form of one that is there."""
    row = _own(subscription_id)
    form = SubscriptionForm(
        formdata=None,
        rhythm=row.rhythm,
        weekday=row.day if row.rhythm == "weekly" else 1,
        monthday=row.day if row.rhythm == "monthly" else 1,
        hour=row.hour,
        with_pdf=row.with_pdf,
        with_xlsx=row.with_xlsx,
        language=row.language,
        further="\n".join(row.further),
    )
    return _form_page(form, row.report, row)


@blueprint.post("/subscriptions/<int:subscription_id>/edit")
@requires("report.subscribe")
def change(subscription_id: int) -> BaseResponse:
    """Another rhythm, other files or recipients."""
    row, form = _own(subscription_id), SubscriptionForm()
    if form.validate_on_submit():
        try:
            subscribing.change(db.session(), actor(), row, form.facts(), now=now())
        except Problem as problem:
            show_on(form, problem)
        else:
            say(_("The subscription was changed."))
            return redirect(url_for(".listing"))
    return _form_page(form, row.report, row, 422)


@blueprint.post("/subscriptions/<int:subscription_id>/pause")
@requires("report.subscribe")
@told_at(".listing")
def pause(subscription_id: int) -> BaseResponse:
    """Send nothing for a while."""
    row = _own(subscription_id)
    subscribing.pause(db.session(), actor(), row, now=now())
    say(_("Paused."), undo_url=url_for(".resume", subscription_id=row.id))
    return redirect(url_for(".listing"))


@blueprint.post("/subscriptions/<int:subscription_id>/resume")
@requires("report.subscribe")
@told_at(".listing")
def resume(subscription_id: int) -> BaseResponse:
    """Go on."""
    subscribing.resume(db.session(), actor(), _own(subscription_id), now=now())
    say(_("It goes on with the next day of its rhythm."))
    return redirect(url_for(".listing"))


@blueprint.post("/subscriptions/<int:subscription_id>/now")
@requires("report.subscribe")
@told_at(".listing")
def send_now(subscription_id: int) -> BaseResponse:
    """Send it once, now."""
    subscription_sending.send_now(db.session(), actor(), _own(subscription_id), now=now())
    say(_("It is being made and sent within minutes."))
    return redirect(url_for(".listing"))


@blueprint.post("/subscriptions/<int:subscription_id>/end")
@requires("report.subscribe")
@told_at(".listing")
def end(subscription_id: int) -> BaseResponse:
    """Get it no more. An administrator may end another's."""
    row = _seen(subscription_id) if allowed("user.edit") else _own(subscription_id)
    subscribing.end(db.session(), actor(), row, now=now())
    say(_("“%(name)s” comes no more.", name=row.report.name))
    return redirect(url_for(".listing"))


# -- the link in the mail


def _asked(token: str) -> tuple[Subscription, str]:
    check(LOOKUPS)
    found = subscribing.of_token(db.session(), settings().secret_key, token) if len(token) <= LONGEST_TOKEN else None
    if found is None:
        count(LOOKUPS)
    kept: tuple[Subscription, str] = or_404(found)
    return kept


@blueprint.get("/unsubscribe/<token>")
@public
@limited(PAGES)
def leave(token: str) -> str:
    """What the link would end, with one button: a program that opens links ends nothing."""
    row, address = _asked(token)
    is_over = row.state == "ended" or address not in (row.user.email, *row.further)
    return render_template("subscriptions/leave.html", row=row, token=token, is_over=is_over)


@blueprint.post("/unsubscribe/<token>")
@csrf.exempt
@public
@limited(PAGES)
def left(token: str) -> str:
    """End it; also by a mail program's own button, which knows no session (RFC 8058)."""
    row, address = _asked(token)
    subscribing.refuse(db.session(), row, address, now=now(), ip=actor().ip)
    return render_template("subscriptions/leave.html", row=row, token=token, is_over=True)
