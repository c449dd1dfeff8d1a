"""What can be wrong with files that are read and papers that are made."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

SENTENCES: dict[str, Any] = {
    "file_kind_unknown": _l("This is no spreadsheet we can read. Save it as XLSX, XLS or CSV."),
    "file_encrypted": _l("The file is protected by a password. Save it without one."),
    "file_damaged": _l("The file is damaged. Open it in a spreadsheet program and save it again."),
    "file_too_complex": _l("The file would unpack to far more than a ledger holds. Save only the sheets with data."),
    "file_encoding_unknown": _l("The text has no encoding we know. Save it as CSV UTF-8."),
    "file_too_many_rows": _l("The file has more than %(limit)s rows. Split it."),
    "file_too_many_columns": _l("Row %(row)s has more than %(limit)s columns."),
    "cell_too_long": _l("A cell holds more than %(limit)s characters."),
    "csv_unterminated_quote": _l("From line %(line)s on a quotation mark is not closed."),
    "csv_stray_quote": _l("Line %(line)s has a quotation mark in the middle of a value."),
    "csv_nul": _l("Row %(row)s, column %(column)s holds an invisible zero character."),
    "certificate_incomplete": _l("The certificate lacks: %(missing)s."),
    "certificate_contradicts_results": _l("The conclusion contradicts the results: no certificate was made."),
    "unit_without_d_si": _l("The unit “%(unit)s” has no name in D-SI, so no XML certificate was made."),
    "signing_key_unreadable": _l(
        "The file %(path)s with the signing key cannot be opened: look at its path and passphrase."
    ),
    "bad_label_start": _l("The first label must be between 1 and %(last)s."),
    "bad_label_count": _l("At most %(limit)s labels at once; these would be %(count)s."),
    "qr_text_too_long": _l("The text is too long for a QR code (%(length)s characters)."),
    "image_unreadable": _l("The picture cannot be read."),
    "image_too_large": _l("The picture is too large (%(width)s × %(height)s points)."),
}
