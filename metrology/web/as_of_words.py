"""The answer about a day in words, in both languages: on pages, in the API and on paper they say the same."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from metrology.documents.as_of_pdf import DayStatement, StatementEntry
from metrology.documents.certificate_facts import Bilingual
from metrology.domain.as_of import AsOf
from metrology.persistence import clock
from metrology.services.as_of import DayAnswer

WORDS = {
    "held": Bilingual("检定有效", "Verified"),
    "expired": Bilingual("已过有效期", "Expired"),
    "rejected": Bilingual("检定不合格", "Rejected"),
    "ended": Bilingual("证书已失效", "Certificate had ended"),
    "annulled": Bilingual("证书自始无效", "Certificate annulled"),
    "under_review": Bilingual("证书审查中", "Under review"),
    "out_of_use": Bilingual("当日不得使用", "Out of use"),
    "unproven": Bilingual("无法证明", "Not proven"),
    "none": Bilingual("无检定证书", "No certificate"),
}
BADGES = {
    "held": "valid", "expired": "expired", "rejected": "rejected", "ended": "revoked", "annulled": "revoked",
    "under_review": "review", "out_of_use": "due_soon", "unproven": "unknown", "none": "unknown",
}  # fmt: skip
_BECAUSE: dict[str, Bilingual] = {
    "held": Bilingual("证书 {number} 于 {verified} 检定，当日有效。", "{number}, verified on {verified}, held that day."),
    "expired": Bilingual("证书 {number} 有效期至 {until}。", "{number} was valid until {until}."),
    "rejected": Bilingual("通知书 {number}：{verified} 检定不合格。", "{number}: rejected on {verified}."),
    "ended": Bilingual("{number} 自 {ended} 起失效。", "{number} held no more from {ended}."),
    "annulled": Bilingual("证书 {number} 已宣告自始无效，当日不作数。", "{number} was annulled: it never held."),
    "under_review": Bilingual(
        "证书 {number} 正在审查，结论作出前不作为证明。", "{number} is under review and proves nothing until that is settled."
    ),
    "out_of_use": Bilingual("证书 {number} 有效，但器具当日状态为“{state}”。", "{number} held, but the instrument was: {state}."),
    "unproven": Bilingual("{number} 为补记的证书，未载明有效期。", "{number} was issued about the past and states no validity."),
    "none": Bilingual("截至该日，本系统没有该器具的检定证书。", "This registry has no document verified up to that day."),
}  # fmt: skip
STATES_EN = {
    "suspended": "suspended", "under_repair": "under repair", "awaiting_verification": "awaiting verification",
    "rejected": "rejected", "retired": "retired", "lost": "lost", "in_use": "in use",
}  # fmt: skip
STATES_ZH = {
    "suspended": "停用", "under_repair": "修理中", "awaiting_verification": "待检定", "rejected": "不合格",
    "retired": "报废", "lost": "遗失", "in_use": "在用",
}  # fmt: skip
ACTIONS = {
    "certificate.issued": Bilingual("出具证书", "Document issued"),
    "certificate.ended": Bilingual("证书终止", "Document ended"),
    "certificate.doubted": Bilingual("证书进入审查", "Document put under review"),
    "certificate.cleared": Bilingual("证书解除审查", "Review cleared"),
    "instrument.moved": Bilingual("器具状态变更", "State of the instrument changed"),
    "instrument.verified": Bilingual("检定结果登记", "Verification entered"),
    "instrument.registered": Bilingual("器具登记", "Instrument registered"),
}


def word(answer: AsOf) -> Bilingual:
    """The answer in a word or two."""
    return WORDS[answer.word]


def because(found: DayAnswer) -> Bilingual:
    """Why, in a sentence."""
    row, answer = found.certificate, found.answer
    state = answer.state.state if answer.state else ""
    values = {
        "number": row.number if row else "",
        "verified": row.verified_on.isoformat() if row else "",
        "until": row.valid_until.isoformat() if row and row.valid_until else "",
        "ended": row.ended_on.isoformat() if row and row.ended_on else "",
    }
    sentence = _BECAUSE[answer.word]
    return Bilingual(
        sentence.zh.format(**values, state=STATES_ZH.get(state, state)),
        sentence.en.format(**values, state=STATES_EN.get(state, state)),
    )


def then(found: DayAnswer) -> Bilingual:
    """What the registry itself knew that day, where that was something else."""
    if found.then.word == found.answer.word:
        return Bilingual("")
    known = word(found.then)
    return Bilingual(
        f"当日系统所知为“{known.zh}”，其后有变更登记。",
        f"That day the registry knew: {known.en}. It was entered otherwise later.",
    )


def as_json(found: DayAnswer, public_url: str) -> dict[str, Any]:
    """The answer for programs."""
    row, point = found.certificate, found.checkpoint
    said, why = word(found.answer), because(found)
    return {
        "on": found.on.isoformat(),
        "known": _utc(found.known),
        "legal": found.answer.is_legal,
        "answer": found.answer.word,
        "answer_words": {"zh": said.zh, "en": said.en},
        "because": {"zh": why.zh, "en": why.en},
        "known_that_day": {"answer": found.then.word, "legal": found.then.is_legal},
        "document": None
        if row is None
        else {
            "code": row.code, "number": row.number, "kind": row.kind, "verified_on": row.verified_on.isoformat(),
            "valid_until": row.valid_until.isoformat() if row.valid_until else None,
            "ended_on": row.ended_on.isoformat() if row.ended_on else None, "url": f"{public_url}/c/{row.code}",
        },
        "proof": {
            "entries": [
                {"seq": one.seq, "at": _utc(one.at), "action": one.action, "hash": one.hash} for one in found.proofs
            ],
            "checkpoint": None if point is None else {"size": point.size, "hash": point.hash, "note": point.note},
            "head": {"size": found.head[0], "hash": found.head[1]},
        },
    }  # fmt: skip


def _utc(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def statement(found: DayAnswer, *, bureau: str, made_on: str, public_url: str) -> DayStatement:
    """The answer as it is printed."""
    one, row = found.instrument, found.certificate
    name = {"zh": one.type.name_zh, "en": one.type.name_en}
    instrument: list[tuple[Bilingual, str]] = [
        (Bilingual("器具名称", "Kind"), f"{name['zh']} {one.part_label}".strip()),
        (Bilingual("型号规格", "Model"), one.model or "—"),
        (Bilingual("出厂编号", "Serial number"), one.serial_number),
        (Bilingual("制造单位", "Manufacturer"), one.manufacturer or "—"),
        (Bilingual("登记编号", "Registered as"), one.number),
    ]
    document: list[tuple[Bilingual, str]] = []
    if row is not None:
        document = [
            (Bilingual("编号", "Number"), row.number),
            (Bilingual("检定日期", "Verified on"), row.verified_on.isoformat()),
            (Bilingual("有效期至", "Valid until"), row.valid_until.isoformat() if row.valid_until else "—"),
            (Bilingual("查询网址", "Public page"), f"{public_url}/c/{row.code}"),
        ]
        if row.ended_on:
            document.append((Bilingual("失效日期", "Ended on"), row.ended_on.isoformat()))
    return DayStatement(
        body_name=bureau, on=found.on.isoformat(), made_on=made_on, known=shanghai(found.known),
        answer=word(found.answer), is_legal=found.answer.is_legal, because=because(found), then=then(found),
        instrument=tuple(instrument), document=tuple(document),
        entries=tuple(
            StatementEntry(str(each.seq), shanghai(each.at), ACTIONS.get(each.action, Bilingual(each.action)), each.hash)
            for each in found.proofs
        ),
        checkpoint=found.checkpoint.note.strip() if found.checkpoint else "",
        head=f"{found.head[0]}:{found.head[1]}",
        qr_text=f"{public_url}/c/{row.code}" if row else "",
    )  # fmt: skip


def shanghai(instant: datetime) -> str:
    """An instant as people in Shanghai write it."""
    return instant.astimezone(clock.SHANGHAI).strftime("%Y-%m-%d %H:%M")
