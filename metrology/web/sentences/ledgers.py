"""Sentences about ledgers: lines that do not go in, and batches. Those about unreadable files stand in ``paper``."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

SENTENCES = {
    # lines
    "bad_date": _l("“%(value)s” is no day of the calendar. Write it as 2026-05-22."),
    "spreadsheet_error": _l(
        "The cell shows an error of the spreadsheet (%(value)s). Correct the formula or write the value."
    ),
    "missing_category": _l("There is no name of an instrument here. Write it, or choose the type for the whole sheet."),
    "missing_holder": _l(
        "It is not said who holds the instrument. Write it, or choose the holder for the whole sheet."
    ),
    "missing_part_label": _l("The number of the nozzle is needed: each nozzle is verified by itself."),
    "not_single": _l("One line stands for one instrument with its own serial number, and this one says %(value)s."),
    "duplicate_in_file": _l(
        "Row %(row)s has the same instrument already. If it is another one, correct the serial number."
    ),
    "duplicate_other_maker": _l(
        "This holder has an instrument of this type and serial number already, made by %(maker)s (%(number)s). "
        "Write the manufacturer in the same way, or correct the serial number."
    ),
    # batches
    "no_table_found": _l(
        "No table of instruments was found: within the first 30 rows there must be headings such as 出厂编号 (serial number)."
    ),
    "nothing_to_import": _l("There is no row that could go in. Correct the file and send it again."),
    "batch_state": _l("Somebody was faster: this ledger is no longer waiting for that."),
    "batch_touched": _l(
        "It cannot be taken back any more, because somebody has worked with its instruments since: %(numbers)s (%(what)s)."
    ),
    "holder_ambiguous": _l("Several holders are called so. Give the number or the unified social credit code."),
}
