"""The example city's measurement standards: their equipment with yearly certificates, up to the national primary standards."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from metrology import regulations
from metrology.cli.demo.history import instant
from metrology.domain.authority import Actor
from metrology.persistence.equipment import Equipment, OutsideStandard
from metrology.persistence.standards import MeasurementStandard
from metrology.services import equipment, outside, standards
from metrology.services.equipment import CertificateFacts, CheckFacts, EquipmentFacts
from metrology.services.outside import OutsideInstituteFacts, OutsideStandardFacts
from metrology.services.standards import StandardFacts

SYSTEM = Actor.system()
PROVINCE, NATION = "河南省计量科学研究院", "中国计量科学研究院"
_INSTITUTES = (
    (NATION, "National Institute of Metrology, China", "national"),
    ("国家计量测试中心华中分中心(示范)", "National Centre of Metrology, Central South (example)", "regional"),
    (PROVINCE, "Henan Institute of Metrology", "provincial"),
)
_ABOVE: tuple[tuple[str, str, str, str, str, str], ...] = (
    # key, institute, name, name in English, accuracy, key of what it traces to
    ("kg", NATION, "千克国家计量基准", "National primary standard of the kilogram", "", ""),
    ("m3", NATION, "容量国家计量基准(衡量法)", "National primary standard of volume", "U=0.002%(k=2)", ""),
    ("flow", NATION, "液体流量国家计量基准", "National primary standard of liquid flow", "U=0.03%(k=2)", ""),
    ("Pa", NATION, "活塞压力国家计量基准", "National primary standard of pressure", "U=0.002%(k=2)", ""),
    ("s", NATION, "时间频率国家计量基准", "National primary standard of time and frequency", "", ""),
    ("F1", PROVINCE, "E2 等级砝码标准装置", "Standard of weights, class E2", "E2 等级", "kg"),
    ("volume", PROVINCE, "一等标准金属量器标准装置", "Standard of metal measures, first class", "U=0.01%(k=2)", "m3"),
    ("water", PROVINCE, "水流量标准装置(静态质量法)", "Static gravimetric water flow standard", "U=0.05%(k=2)", "flow"),
    ("piston", PROVINCE, "一等活塞式压力计标准装置", "Standard of dead-weight pressure balances", "0.02 级", "Pa"),
    ("metre", NATION, "米定义波长国家计量基准", "National primary standard of the metre", "", ""),
    ("block", PROVINCE, "三等量块标准装置", "Standard of gauge blocks, grade 3", "U=0.10 μm(k=2)", "metre"),
    ("length", PROVINCE, "时间间隔与里程标准装置", "Standard of time interval and distance", "U=0.02%(k=2)", "s"),
)


@dataclass(frozen=True)
class Piece:
    """A piece of equipment of the example."""

    role: str
    name: str
    name_en: str
    model: str
    low: str
    high: str
    accuracy: str
    words: str
    above: str
    check_months: int | None = 6


@dataclass(frozen=True)
class Standard:
    """A measurement standard of the example, with its equipment."""

    name: str
    name_en: str
    types: tuple[str, ...]
    high: str
    accuracy: str
    words: str
    pieces: tuple[Piece, ...]
    is_lapsed: bool = False


def _measure(volume: str, accuracy: str, words: str, high: str) -> Piece:
    name, name_en = f"标准金属量器 {volume}", f"Standard metal measure, {volume}"
    return Piece("main", name, name_en, f"JL-{volume.split(maxsplit=1)[0]}", "", high, accuracy, words, "volume")


def _thermometer() -> Piece:
    return Piece("ancillary", "数字温度计", "Digital thermometer", "DT-100", "", "", "", "±0.2 ℃", "s", None)


_STANDARDS = (
    Standard(
        "二等标准金属量器标准装置(20 L)", "Standard metal measures, 20 L", ("fuel_dispenser",), "50 L", "0.05 %", "U=0.05%(k=2)",
        (_measure("20 L", "0.05 %", "U=0.05%(k=2)", "50 L"), _measure("5 L", "0.05 %", "U=0.05%(k=2)", "50 L"), _thermometer()),
    ),
    Standard(
        "二等标准金属量器标准装置(100 L)", "Standard metal measures, 100 L", ("fuel_dispenser",), "200 L", "0.025 %",
        "U=0.025%(k=2)", (_measure("100 L", "0.025 %", "U=0.025%(k=2)", "200 L"),), is_lapsed=True,
    ),
    Standard(
        "M1 等级砝码标准装置", "Weights of class M1",
        (
            "digital_indicating_scale", "electronic_price_computing_scale", "analog_indicating_scale", "non_self_indicating_scale",
        ), "300 kg", "0.005 %", "M1 等级",
        (
            Piece("main", "M1 等级砝码组 1 g–2 kg", "Weights M1, 1 g to 2 kg", "M1", "", "2 kg", "0.005 %", "M1 等级", "F1", 12),
            Piece("main", "M1 等级砝码 20 kg × 15", "Weights M1, 20 kg (15)", "M1", "", "300 kg", "0.005 %", "M1 等级", "F1", 12),
        ),
    ),
    Standard(
        "水表检定装置", "Water meter test bench", ("cold_water_meter",), "", "0.2 %", "0.2 级",
        (
            Piece("main", "标准电子秤 300 kg", "Reference balance, 300 kg", "DZ-300", "", "", "0.02 %", "U=0.02%(k=2)", "F1"),
            Piece("main", "标准流量计组", "Reference flow meters", "LD-50", "", "", "0.2 %", "0.2 级", "water"),
            _thermometer(),
        ),
    ),
    Standard(
        "精密压力表标准装置", "Reference pressure gauges", ("pressure_gauge",), "60 MPa", "0.25 %", "0.25 级",
        (Piece("main", "精密压力表", "Precision pressure gauge", "YB-150", "", "60 MPa", "0.25 %", "0.25 级", "piston"),),
    ),
    Standard(
        "出租汽车计价器检定装置", "Taximeter bench", ("taximeter",), "", "0.1 %", "±0.1%",
        (Piece("main", "计价器本机检定台", "Taximeter roller bench", "JJ-3", "", "", "0.1 %", "U=0.1%(k=2)", "length"),),
    ),
    Standard(
        "二等标准金属量器标准装置(备用)", "Standard metal measures, spare", ("fuel_dispenser",), "50 L", "0.05 %", "U=0.05%(k=2)",
        (_measure("20 L 乙", "0.05 %", "U=0.05%(k=2)", "50 L"),),
    ),
    Standard(
        "五等量块标准装置", "Gauge blocks, grade 5", ("vernier_caliper",), "150 mm", "0.002 mm", "U=0.002 mm(k=2)",
        (Piece("main", "五等量块 38 块组", "Gauge blocks, grade 5", "38", "", "150 mm", "0.002 mm", "U=0.002 mm(k=2)", "block"),),
    ),
)  # fmt: skip


def make_standards(session: Session, *, start: date, today: date, now: datetime) -> dict[str, list[int]]:
    """Standards with equipment and yearly certificates up to now; one has lapsed. Type code → keys that serve it."""
    above = _above(session, now)
    serving: dict[str, list[int]] = {}
    for number, one in enumerate(_STANDARDS, 1):
        made = _standard(session, one, number, start=start, today=today, now=now)
        for place, piece in enumerate(one.pieces, 1):
            _piece(
                session, made, piece, f"{number}{place}", above, start=start, today=today, now=now, lapses=one.is_lapsed
            )
        for code in made.type_codes:
            serving.setdefault(code, []).append(made.id)
    return serving


def _pause(is_lapsed: bool) -> timedelta:
    """How long before the making of the city certificates are no longer renewed."""
    return timedelta(days=365 if is_lapsed else 0)


def _above(session: Session, now: datetime) -> dict[str, OutsideStandard]:
    institutes = {
        name: outside.keep_institute(
            session, SYSTEM, OutsideInstituteFacts(name=name, name_en=name_en, level=level), now=now
        )
        for name, name_en, level in _INSTITUTES
    }
    found: dict[str, OutsideStandard] = {}
    for number, (key, institute, name, name_en, accuracy, traces_to) in enumerate(_ABOVE, 1):
        facts = OutsideStandardFacts(
            institute_id=institutes[institute].id, name=name, name_en=name_en, accuracy_text=accuracy,
            number=f"国基证({2010 + number})第{number:03d}号" if not traces_to else f"[2019]国量标豫证字第{number:03d}号",
            is_primary=not traces_to, traces_to_id=found[traces_to].id if traces_to else None,
        )  # fmt: skip
        found[key] = outside.keep_standard(session, SYSTEM, facts, now=now)
    return found


def _standard(
    session: Session, one: Standard, number: int, *, start: date, today: date, now: datetime
) -> MeasurementStandard:
    known = regulations.all_types()
    first = start - timedelta(days=40)
    facts = StandardFacts(
        name=one.name, name_en=one.name_en, serial_number=f"BZ-{number:03d}", manufacturer="示范标准器厂",
        kind="public", public_number=f"[2022]新社量标证字第{number:03d}号",
        examination_number=f"[2022]豫量标新证字第{number:03d}号", examination_valid_until=today + timedelta(days=40 + 200 * number),
        range_text=f"≤{one.high}" if one.high else "", range_high=one.high, accuracy=one.accuracy, accuracy_text=one.words,
        type_codes=tuple(code for code in one.types if code in known), certificate_number=f"豫计量字{first.year}-{number:04d}",
        certificate_issuer=PROVINCE, valid_from=first, valid_until=first + timedelta(days=365),
    )  # fmt: skip
    standard = standards.create_standard(session, SYSTEM, facts, today=today, now=now)
    year = 1
    while facts.valid_until < today - _pause(one.is_lapsed):
        first = facts.valid_until - timedelta(days=5)
        facts = replace(
            facts,
            valid_from=first,
            valid_until=first + timedelta(days=365),
            certificate_number=f"豫计量字{first.year}-{number:04d}-{year}",
        )
        standards.renew(session, SYSTEM, standard, facts, now=instant(first))
        year += 1
    return standard


def _piece(
    session: Session,
    standard: MeasurementStandard,
    one: Piece,
    number: str,
    above: dict[str, OutsideStandard],
    *,
    start: date,
    today: date,
    now: datetime,
    lapses: bool,
) -> Equipment:
    facts = EquipmentFacts(
        name=one.name, name_en=one.name_en, model=one.model, serial_number=f"SB-{number}", manufacturer="示范标准器厂",
        range_text=f"≤{one.high}" if one.high else "", range_low=one.low, range_high=one.high, accuracy_text=one.words,
        check_months=one.check_months,
    )  # fmt: skip
    row = equipment.create(session, SYSTEM, facts, now=now)
    first = start - timedelta(days=45)
    equipment.put_into(session, SYSTEM, row, standard, role=one.role, since=first, now=now)
    while True:
        held = CertificateFacts(
            number=f"豫计检字{first.year}-{number}", valid_from=first, valid_until=first + timedelta(days=365),
            kind="verification" if one.role == "main" else "calibration", outside_standard_id=above[one.above].id,
            accuracy=one.accuracy, coverage_factor="2" if "k=2" in one.words else "", accuracy_text=one.words,
            result="全部项目符合要求。" if one.role == "main" else "示值误差 −0.05 ℃(20 ℃)。",
        )  # fmt: skip
        equipment.certify(session, SYSTEM, row, held, now=max(now, instant(first)))
        if held.valid_until >= today - _pause(lapses):
            break
        first = held.valid_until - timedelta(days=10)
    if one.check_months:
        checked = CheckFacts(
            checked_on=max(first, today - timedelta(days=100)), result="satisfactory", method="核查标准法",
            found="0.012 %", limit="±0.035 %",
        )  # fmt: skip
        equipment.keep_check(session, SYSTEM, row, checked, today=today, now=now)
    return row
