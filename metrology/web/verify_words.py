"""The bands of the page ``/verify``: colour, icon, the word in both languages and what it means.

Their names are the words of docs/certificate-code.md §6, and four more: what would mislead in one word is told apart
(a calibration says nothing of conformity, a payment code is no forgery, an instrument's label is no certificate, what falls
due soon is said so).
"""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from metrology.web.scan import Band

NEAR_END = "due_soon"
CALIBRATED = "calibrated"
NO_CODE = "not_a_code"
LABEL = "instrument_label"
UNSURE = "unsure"
"""The band of what cannot be told: amber, and drawn otherwise than that of what holds and falls due soon."""

ANSWERS = {
    "valid": Band(
        "valid", "check-circle-fill", "检定有效", "Valid",
        _l("The signature is genuine and the certificate holds, as far as the lists of this device tell."),
    ),
    NEAR_END: Band(
        "due_soon", "clock-fill", "即将到期", "Due soon",
        _l("The signature is genuine and the certificate still holds. Its next verification falls due soon."),
    ),
    CALIBRATED: Band(
        "info", "patch-check-fill", "校准证书属实", "Genuine calibration certificate",
        _l("It states what was measured on that day. It does not say that the instrument conforms."),
    ),
    "expired": Band(
        "expired", "calendar-x-fill", "已过期", "Expired",
        _l("The signature is genuine, but the verification has run out. The instrument must not be used for trade."),
    ),
    "not_yet_valid": Band(
        "expired", "calendar-x-fill", "尚未生效", "Not yet valid",
        _l("It is dated in the future. Look whether this device shows the right day; if so, do not rely on it."),
    ),
    "superseded": Band(
        "superseded", "slash-circle", "已被替代", "Superseded",
        _l("A later certificate took its place. Scan the code on that one."),
    ),
    "revoked": Band(
        "revoked", "slash-circle", "已失效", "Revoked",
        _l("The bureau has ended this certificate. It no longer holds, whatever date is printed on it."),
    ),
    "under_review": Band(
        "review", "search", "审查中", "Under review",
        _l("The bureau is looking into this certificate, or the instrument is out of use for now. Do not rely on it."),
    ),
    "rejected": Band(
        "rejected", "x-octagon-fill", "检定不合格", "Rejected",
        _l("The instrument failed verification and must not be used."),
    ),
    "forged": Band(
        "rejected", "shield-fill-x", "伪造", "Forged",
        _l("The signature is not the bureau's: something was changed or copied together. Do not rely on it, and report it."),
    ),
    "key_revoked": Band(
        "rejected", "shield-fill-x", "密钥已作废", "Key revoked",
        _l("It was signed with a key that had been taken back. Treat it as forged."),
    ),
    "signed_out_of_time": Band(
        "rejected", "shield-fill-x", "签名日期不符", "Signed out of time",
        _l("It was signed on a day on which this key was not in use. Treat it as forged."),
    ),
    "malformed": Band(
        "rejected", "x-octagon-fill", "编码无效", "No genuine code",
        _l("It looks like a code of a certificate but is none. Scan it once more; if it stays so, treat it as forged."),
    ),
    NO_CODE: Band(
        "unknown", "question-circle-fill", "不是证书编码", "Not the code of a certificate",
        _l("This code or text is of another kind. Scan the square on the certificate or on the label."),
    ),
    LABEL: Band(
        UNSURE, "tag-fill", "器具标签", "Label of an instrument",
        _l("This label leads to the instrument's page for life and carries no signature. Only the live page can tell its state."),
    ),
    "unsigned": Band(
        UNSURE, "question-diamond-fill", "无签名编码", "Unsigned code",
        _l("This short code carries no signature. Only the live page can tell what it is worth."),
    ),
    "key_unknown": Band(
        UNSURE, "key-fill", "密钥未知", "Key unknown",
        _l("This device does not know the key that signed it. Go online to update the lists; if it stays so, treat it as forged."),
    ),
    "keys_missing": Band(
        UNSURE, "cloud-slash-fill", "尚无密钥", "No keys yet",
        _l("This device has never received the bureau's keys, so nothing can be told. Open this page once with a network."),
    ),
    "keys_too_old": Band(
        UNSURE, "hourglass-bottom", "密钥清单过旧", "Key list too old",
        _l("The signature is genuine, but the keys on this device are out of date. Go online to be sure."),
    ),
    "key_expired": Band(
        UNSURE, "hourglass-bottom", "密钥已过期", "Key expired",
        _l("The signature is genuine by a key that is too old to be relied on. Open the live page."),
    ),
    "key_compromised": Band(
        UNSURE, "shield-exclamation", "密钥曾被盗", "Key stolen since",
        _l("The key was stolen after the day printed here, and a thief can print any day. Only the live page can tell."),
    ),
    "status_missing": Band(
        UNSURE, "cloud-slash-fill", "状态未知", "State unknown",
        _l("The signature is genuine. Whether the certificate was revoked since cannot be told here: this device lacks the list."),
    ),
    "status_too_old": Band(
        UNSURE, "hourglass-bottom", "状态清单过旧", "List too old",
        _l("The signature is genuine. Whether the certificate was revoked lately cannot be told: the list is out of date. Go online."),
    ),
    "foreign_address": Band(
        UNSURE, "signpost-split-fill", "网址不符", "Another address",
        _l("The signature is genuine, but stands behind an address that is not the bureau's. Do not open it."),
    ),
    "unknown_version": Band(
        UNSURE, "arrow-repeat", "编码版本较新", "Newer code",
        _l("The code is of a newer kind than this page knows. Go online so that the page is brought up to date."),
    ),
    "unknown_schema": Band(
        UNSURE, "arrow-repeat", "内容版本较新", "Newer content",
        _l("The signature is genuine, but what it says is of a newer kind. Go online so that the page is brought up to date."),
    ),
}  # fmt: skip
"""Name of the band → band. ``tests/web/test_verify_page.py`` holds it to the words of the format."""
