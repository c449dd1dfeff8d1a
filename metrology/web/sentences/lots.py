"""Sentences about lots, their readings and their rotation."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

SENTENCES = {
    "lot_serials_unknown": _l(
        "The holder has no such meter of this type (%(count)s): %(serials)s. Load the ledger first."
    ),
    "lot_empty": _l("No meter was found. Is the ledger of the delivery loaded, and does it have this lot number?"),
    "lot_too_large": _l("At most %(limit)s meters at once."),
    "lot_is_mixed": _l(
        "%(one)s and %(other)s are not of one kind: manufacturer, model, nameplate and purpose of a lot are the same."
    ),
    "meter_in_other_lot": _l("%(serial)s is in lot %(lot)s, which is still open."),
    "lot_not_in_state": _l("Lot %(number)s has gone on meanwhile. Look at the page again."),
    "lot_common_first": _l("Enter day, conditions and standards first."),
    "not_your_lot": _l("Lot %(number)s is read by another person."),
    "lot_without_readings": _l("%(number)s: there are no readings."),
    "lot_partly_approved": _l(
        "Some meters of lot %(number)s are certified already: approve the rest, or correct records one by one."
    ),
    "lot_row_incomplete": _l("No verdict; readings missing or not legible: %(count)s (%(first)s)."),
    "meter_not_in_lot": _l("%(serial)s is not in this lot."),
    "lot_no_serial_column": _l("The table has no column of serial numbers (出厂编号)."),
    "lot_no_reading_column": _l(
        "No heading of the table is one of this type's readings. Take the table to fill in as a pattern."
    ),
    "lot_answer_unclear": _l("“%(value)s” under %(heading)s is neither yes nor no (合格, 不合格)."),
    "lot_no_replacement_columns": _l("The table needs columns of old and of new serial numbers (旧表编号, 新表编号)."),
    "meter_left_before": _l("%(serial)s was taken out before, on %(on)s."),
    "replaced_on_wrong_day": _l("%(on)s lies in the future, or before the verification of the lot."),
    "new_meter_unknown": _l("The new meter %(serial)s is not in the registry: load its ledger first."),
    "new_meter_ambiguous": _l("There are several meters %(serial)s of this holder and type."),
    "new_meter_gone": _l("The new meter %(serial)s is out of use or lost."),
    "new_meter_taken": _l("The new meter %(serial)s hangs in place of %(other)s already."),
}
