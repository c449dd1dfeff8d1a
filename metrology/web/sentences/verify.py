"""What can be wrong when somebody checks a certificate by hand."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

SENTENCES: dict[str, Any] = {
    "not_a_certificate_code": _l("This is not the code of a certificate. Its text begins with an address and /c/."),
    "no_code_in_picture": _l("No code was found in the photograph. Come closer, hold still, avoid glare."),
    "number_and_serial_needed": _l("Give a photograph, the text of the code, or certificate number and serial number together."),
    "no_such_certificate": _l("No certificate has this number together with this serial number."),
    "picture_too_large": _l("The photograph has more than %(limit)s MB. Choose a smaller one."),
}  # fmt: skip
