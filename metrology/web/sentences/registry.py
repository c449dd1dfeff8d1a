"""Sentences about instruments, holders, places, seals and files, and about what stands on a nameplate."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

SENTENCES = {
    # any field
    "missing_name": _l("A name is needed."),
    "text_too_long": _l("At most %(limit)s characters, please."),
    "bad_text": _l("There are characters in it that nobody can see; please type it again."),
    "bad_choice": _l("This is none of the values that can be chosen."),
    "outside_scope": _l("This lies outside the district or holder your account works for."),
    "reason_needed": _l("Please give a reason."),
    "ask_the_bureau": _l("The bureau already works with this: please ask it to change it."),
    "person_needed": _l("Only a person with an account can do this."),
    # days
    "date_out_of_range": _l("%(value)s cannot be meant: please check the year."),
    "future_date": _l("%(value)s lies in the future."),
    "future_verification": _l("The day of verification, %(value)s, lies in the future."),
    "date_order": _l("The days contradict each other: %(later)s comes before %(earlier)s."),
    # instruments
    "unknown_category": _l("There is no type of instrument called “%(value)s” in the catalogue."),
    "missing_serial": _l("The serial number is needed: it is what is compared with the nameplate."),
    "duplicate": _l("This instrument is registered already, as %(number)s."),
    "type_has_no_parts": _l("Instruments of this type have no parts with numbers of their own."),
    "part_stays_part": _l("A part stays a part, and a whole stays a whole: register it anew instead."),
    "part_follows_whole": _l(
        "Type, manufacturer and serial number of a part are those of the whole: change them there."
    ),
    "type_is_fixed": _l("It has been verified as this type already, so the type stays."),
    "due_is_settled": _l("This follows from its certificate or from what happened to it, and is not typed over."),
    "move_not_allowed": _l("The law knows no such step for an instrument in this state."),
    "unknown_instrument": _l("There is no such instrument."),
    "nothing_to_print": _l("There is no label to print."),
    # nameplate
    "bad_quantity": _l("“%(value)s” is no quantity that fits here."),
    "missing_characteristic": _l("This is needed: without it the rules for the instrument cannot be chosen."),
    "unknown_characteristic": _l("Instruments of this type have no such characteristic."),
    "not_covered": _l("The regulation does not speak of instruments with this nameplate."),
    # holders, contacts, places
    "bad_uscc": _l("%(value)s is no unified social credit code: its check character is wrong."),
    "duplicate_holder": _l("This holder is registered already, as %(number)s."),
    "unknown_holder": _l("There is no such holder: type its number or name and choose one that is offered."),
    "holder_has_instruments": _l("It still holds instruments. Retire them or give them to another holder first."),
    "bad_phone": _l("This is no telephone number."),
    "bad_wecom_webhook": _l("This is no address of a WeCom group robot (https://%(host)s/…?key=…)."),
    "webhook_needed": _l("To be told by WeCom, the address of a group robot is needed."),
    "unknown_district": _l("“%(value)s” is no district of the city."),
    "bad_coordinates": _l(
        "Latitude and longitude are needed together, in degrees with decimals, such as 35.303004 and 113.926800."
    ),
    "duplicate_place": _l("This place is registered already: %(name)s."),
    "unknown_place": _l("There is no such place: type its name and choose one that is offered."),
    "place_cycle": _l("A place cannot stand in itself."),
    "place_too_deep": _l("Places can stand in each other %(limit)s deep at most."),
    "place_has_instruments": _l("Instruments still stand here. Retire them or put them elsewhere first."),
    # seals
    "missing_seal_number": _l("The number of the seal is needed."),
    "duplicate_seal": _l("Seal %(number)s is noted already."),
    "too_many_seals": _l("At most %(limit)s seals, please."),
    "seal_has_ended": _l("It was noted before that seal %(number)s is no longer intact."),
    # files and reports
    "file_empty": _l("Choose a file first: it must not be empty."),
    "file_too_large": _l("The file is larger than %(limit)s MB."),
    "not_image_or_pdf": _l(
        "Only photographs (JPEG, PNG, WebP) and PDF files are kept, and this is none by its content."
    ),
    "too_many_files": _l("There are %(limit)s files already."),
    "too_many_reports": _l("%(limit)s reports on this instrument wait for the bureau already."),
    "report_settled": _l("Somebody answered this report a moment ago."),
}
