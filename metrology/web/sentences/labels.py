"""Sentences about labels, printing, complaints of the public, and packages of papers."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

SENTENCES: dict[str, Any] = {
    # stock
    "bad_label_prefix": _l("One to six capital letters and digits, a letter first; QJ is taken."),
    "bad_batch_size": _l("From 1 to %(limit)s labels at once."),
    "bad_label_range": _l("The numbers of this batch go from %(first)s to %(last)s."),
    "no_blank_labels": _l("There is no blank label in this range."),
    "confirm_first": _l("Please confirm that this is meant."),
    # binding
    "label_not_blank": _l("Label %(number)s is not blank: a label is bound once. Take another."),
    "label_for_gone": _l("%(number)s is out of use or lost, so it gets no label."),
    "unknown_label": _l("There is no such label."),
    "no_code_in_photo": _l(
        "No code can be read in the photograph. Take it nearer and straight from above, or type the number."
    ),
    "no_label_in_force": _l("%(number)s has no label in force."),
    # sizes
    "bad_label_size": _l("A label is from 8 to 300 mm wide and high, a page at most 450 mm."),
    "bad_label_grid": _l("At least one label a page, at most 500."),
    "labels_overlap": _l("The labels would overlap: from one edge to the next is less than a label."),
    "labels_leave_page": _l("The labels would leave the page. Look at margins and distances again."),
    "bad_number": _l("“%(value)s” is no number that fits here."),
    "too_many_layouts": _l("At most %(limit)s own sizes. Remove one that is not used."),
    # printers
    "not_a_roll": _l("Thermal printers take one label after the other: choose a roll or tape, not a sheet."),
    "printer_unreachable": _l("The printer %(name)s does not answer. Is it on, with paper in it?"),
    # print queue and packages
    "not_printed_yet": _l("It was not printed yet."),
    "waits_already": _l("It waits to be printed already."),
    "bad_copies": _l("From 1 to %(limit)s copies."),
    "mixed_papers": _l(
        "Certificates are printed on paper, marks and labels on label stock: choose one kind at a time."
    ),
    "packages_under_way": _l("%(limit)s packages of yours are being made. Wait for one of them."),
    # complaints
    "complaint_step": _l("This complaint is past that step already, or not there yet."),
    "choose_what_is_wrong": _l("Please choose what is wrong."),
    "say_what_is_wrong": _l("Please say in a few words what is wrong."),
    "enough_complaints": _l("The office is looking into several complaints about this instrument already. Thank you."),
    "leave_it_empty": _l("Please leave the last field empty and send it again."),
    "form_too_old": _l("The form was open too long. Nothing you typed is lost: please send it once more."),
    "form_too_quick": _l("That was very quick. Please look at it once more and send it again."),
    "not_a_photo": _l("This is no photograph we can read (JPEG, PNG or WebP)."),
    "finding_needed": _l("Please say what was found."),
    "answer_needed": _l("Please write the answer the reporter is to read."),
}
