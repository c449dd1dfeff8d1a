"""Sentences about asking for the status of certificates."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

SENTENCES = {
    "unknown_certificate": _l("This registry issued no such certificate, or the serial number is another one."),
    "unreadable_code": _l("This is neither the code of a certificate nor the address under one."),
    "serial_number_needed": _l("Give the serial number on the nameplate beside the certificate number."),
    "nothing_asked": _l("Name at least one certificate."),
    "too_many_certificates": _l("At most %(limit)s certificates at once; these are %(count)s."),
    "no_certificate_column": _l("The sheet has no column of codes (二维码), nor columns 证书编号 and 出厂编号."),
    "day_to_come": _l("The day lies in the future: today is %(today)s."),
    "day_before_figures": _l(
        "Nothing is known of %(day)s: figures are kept from %(first)s on. Ask for that day or a later one."
    ),
    "day_before_lists": _l(
        "Which instruments were behind the figures of %(day)s is not known: what each was is kept from %(first)s on."
    ),
    "bad_day": _l("“%(value)s” is no day. Write it as 2026-05-03."),
    "file_needed": _l("Send the sheet as “file”."),
    "bad_json": _l("The request is no JSON that can be read."),
    "list_needed": _l("The request holds no list of certificates."),
    "bad_item": _l("Entry %(place)s is neither a text nor an object with code, or with number and serial_number."),
}
