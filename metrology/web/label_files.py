"""Files for printers as answers: PDF to look at and print, ZPL and TSPL to keep or to send to a printer that is named."""

from __future__ import annotations

from flask import Response, request
from flask_babel import lazy_gettext as _l

from metrology.channels import label_printer
from metrology.channels.label_printer import LabelPrinter
from metrology.domain.problems import Problem
from metrology.services.label_printing import FORMS, Form
from metrology.web.requests import settings

FORM_WORDS = {
    "pdf": _l("PDF, for sheets and tapes"),
    "zpl": _l("ZPL file (Zebra and compatible)"),
    "tspl": _l("TSPL file (TSC, Xprinter, Gprinter)"),
}
ENDINGS = {"pdf": "pdf", "zpl": "zpl", "tspl": "prn"}


def printers() -> tuple[LabelPrinter, ...]:
    """The thermal printers this installation names."""
    return label_printer.parse(settings().label_printers)


def form_asked() -> Form:
    """Which file is asked for; a printer's name asks for its language."""
    asked = request.form.get("form", "pdf")
    printer = printer_asked()
    if printer is not None:
        return printer.language
    if asked not in FORMS:
        raise Problem("bad_choice", "form", value=asked[:20])
    return asked


def printer_asked() -> LabelPrinter | None:
    """The printer the job is to go to at once; None for a file."""
    name = request.form.get("form", "").removeprefix("printer:")
    return next((one for one in printers() if one.name == name), None)


def answer_file(data: bytes, form: Form, name: str) -> Response:
    """The file, shown when a browser can, saved otherwise."""
    answer = Response(data, content_type=FORMS[form])
    how = "inline" if form == "pdf" else "attachment"
    answer.headers["Content-Disposition"] = f'{how}; filename="{name}.{ENDINGS[form]}"'
    return answer
