"""An invented city: holders, markets, stations, utilities and their instruments, the same at every making.

Names, codes and numbers are made up; the divisions are Xinxiang's. What is real is the shape: how many nozzles a station has,
how often a scale is replaced, how late people are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from stdnum.cn import uscc

from metrology import regulations
from metrology.services.preparing import DISTRICTS

SEED = 20_261_122
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂香建华红梅玉兰志国新春海燕"
_WORDS = "平原牧野卫河凤凰太行鸿运金穗百泉和谐丰收祥和振兴万家惠民永兴长青东方新世纪"
_GOODS = ("蔬菜", "水果", "水产", "鲜肉", "干货", "粮油", "熟食")
SCALE_RANGES = (("3kg", "1g"), ("6kg", "2g"), ("15kg", "5g"), ("30kg", "10g"), ("60kg", "20g"), ("150kg", "50g"))


@dataclass
class Made:
    """One instrument of the city, as its holder's ledger keeps it."""

    ledger: str
    district: str
    cells: dict[str, str]
    months: int
    """Interval or service life."""
    verified_on: date
    manufactured_on: date | None = None
    is_forgetful: bool = False
    """Its holder now and then applies late, or not at all."""
    applies_on: date | None = None
    """The day it is verified next, once its holder has settled it; ``date.max`` for one who does not come."""

    @property
    def key(self) -> tuple[str, str]:
        """Serial number, and number of the nozzle."""
        return self.cells.get("加油机出厂编号") or self.cells["出厂编号"], self.cells.get("枪号", "")


@dataclass
class City:
    """The whole city: instruments by ledger."""

    made: list[Made] = field(default_factory=list)

    def of(self, ledger: str) -> list[Made]:
        """The instruments of one ledger."""
        return [one for one in self.made if one.ledger == ledger]


def usci(random: Random, district: str, kind: str = "92") -> str:
    """A unified social credit code that checks (GB 32100), of nobody."""
    digits = "".join(random.choice(_ALPHABET[:30]) for _place in range(8))
    values = [int(one, 36) for one in digits]
    rest = 11 - sum(weight * value for weight, value in zip(_ORGANISATION_WEIGHTS, values, strict=True)) % 11
    body = f"{kind}{district[:6]}{digits}{'0' if rest == 11 else 'X' if rest == 10 else rest}"
    return body + str(uscc.calc_check_digit(body))


def build(today: date, scale: float = 1.0) -> City:
    """Make the city as its ledgers stood at ``today``. ``scale`` shrinks or grows it."""
    random = Random(SEED)  # noqa: S311 - an example, the same every time, is what is wanted
    city = City()
    districts = [(code, zh) for code, zh, _en, is_extension in DISTRICTS if not is_extension]
    for code, name in districts:
        city.made.extend(_markets(random, code, name, today, count=max(1, round(2 * scale)), stalls=round(200 * scale)))
        city.made.extend(_stations(random, code, name, today, count=max(1, round(14 * scale))))
        city.made.extend(_others(random, code, name, today, scale))
    city.made.extend(_utilities(random, districts, today, scale))
    city.made.extend(_rest_of_the_catalogue(random, districts, today))
    return city


def _name(random: Random) -> str:
    return random.choice(_SURNAMES) + "".join(random.sample(_GIVEN, random.choice((1, 2))))


def _word(random: Random) -> str:
    start = random.randrange(0, len(_WORDS) - 1, 2)
    return _WORDS[start : start + 2]


def _last_time(random: Random, today: date, months: int, forgetful: bool) -> date:
    """When it was last verified: within its interval, seldom long ago."""
    span = months * 30
    if forgetful and random.random() < 0.04:
        return today - timedelta(days=span + random.randrange(5, 260))
    return today - timedelta(days=random.randrange(3, span))


def _markets(random: Random, code: str, district: str, today: date, *, count: int, stalls: int) -> Iterator[Made]:
    for number in range(1, count + 1):
        market = f"{district}{_word(random)}农贸市场" if number == 1 else f"{district}{_word(random)}第{number}集贸市场"
        careless = random.random() < 0.25
        serial = random.randrange(100_000, 800_000)
        for stall in range(stalls):
            letter, place = "ABCDEFGH"[stall // 50 % 8], stall % 50 + 1
            vendor = _name(random)
            credit = usci(random, code) if random.random() < 0.8 else ""
            for _scale in range(random.choice((1, 1, 1, 2))):
                serial += random.randrange(1, 9)
                largest, interval = random.choice(SCALE_RANGES)
                forgetful = careless or random.random() < 0.1
                verified = _last_time(random, today, 12, forgetful)
                cells = {
                    "市场名称": market,
                    "摊位号": f"{letter}{place:02d}",
                    "使用单位(人)": f"{market[:5]}{vendor}{random.choice(_GOODS)}经营部" if credit else vendor,
                    "统一社会信用代码": credit,
                    "区县": district,
                    "器具名称": random.choices(("数字指示秤", "电子计价秤", "弹簧度盘秤"), (10, 8, 1))[0],
                    "规格型号": random.choice(("ACS-15", "ACS-30", "TCS-60", "TCS-150", "ATZ-8")),
                    "最大秤量": largest,
                    "检定分度值e": interval,
                    "准确度等级": "Ⅲ级",
                    "出厂编号": f"{code[-2:]}{serial}",
                    "制造单位": random.choice(("示范衡器有限公司", "示范电子秤厂", "中原称重设备有限公司")),
                    "器具用途": "贸易结算",
                }
                yield Made("market", district, cells, 12, verified, is_forgetful=forgetful)


def _stations(random: Random, code: str, district: str, today: date, *, count: int) -> Iterator[Made]:
    for number in range(count):
        name = f"{district}{_word(random)}{f'第{number + 1}' if number else ''}加油站"
        credit = usci(random, code, "91")
        address = f"{district}{_word(random)}路{random.randrange(1, 400)}号"
        forgetful = random.random() < 0.15
        verified = _last_time(random, today, 6, forgetful)
        for _dispenser in range(random.choice((2, 2, 3, 4))):
            serial = f"JY{code[-2:]}{random.randrange(10_000, 99_999)}"
            model = random.choice(("SK65", "DJY-218A", "RT-CXJ4222"))
            for nozzle in range(1, random.choice((2, 3, 4, 4)) + 1):
                cells = {
                    "加油站名称": name,
                    "统一社会信用代码": credit,
                    "区县": district,
                    "地址": address,
                    "加油机型号": model,
                    "加油机出厂编号": serial,
                    "制造厂": random.choice(("示范加油设备有限公司",)),
                    "枪号": str(nozzle),
                    "油品": random.choice(("92#", "95#", "98#", "0#柴油")),
                    "准确度等级": "±0.30%",
                    "铅封号": f"QF{random.randrange(100_000, 999_999)}",
                }
                yield Made("fuel", district, cells, 6, verified, is_forgetful=forgetful)


_KINDS = (
    ("pressure_gauge", "压力表", "{word}化工有限公司", "91", 6, 45, ("0~1.6MPa", "1.6级"), "安全防护"),
    ("sphygmomanometer", "无创自动测量血压计", "{district}{word}医院", "12", 12, 22, ("0~40kPa", ""), "医疗卫生"),
    ("ecg", "心电图机", "{district}{word}医院", "12", 12, 8, ("", ""), "医疗卫生"),
    ("taximeter", "出租汽车计价器", "{word}出租汽车有限公司", "91", 12, 25, ("", ""), "贸易结算"),
    ("charger_dc", "电动汽车直流充电桩", "{word}新能源充电站", "91", 36, 10, ("", "2级"), "贸易结算"),
    ("charger_ac", "电动汽车交流充电桩", "{word}新能源充电站", "91", 36, 8, ("", "2级"), "贸易结算"),
    ("truck_scale", "电子汽车衡", "{word}粮食储备库", "91", 12, 10, ("", ""), "贸易结算"),
    ("gas_alarm", "可燃气体检测报警器", "{word}燃气有限公司", "91", 12, 18, ("0~100%LEL", ""), "安全防护"),
    ("opacimeter", "透射式烟度计", "{word}机动车检测有限公司", "91", 12, 3, ("", ""), "环境监测"),
    ("alcohol", "呼出气体酒精含量检测仪", "{district}公安局交警大队", "11", 6, 4, ("", ""), "安全防护"),
    ("moisture", "谷物水分测定仪", "{word}粮油购销有限公司", "91", 12, 4, ("", ""), "贸易结算"),
)
"""Further kinds: key, name, holder, first digits of its code, months, how many a district, (range, class), purpose."""


_MORE = {
    "truck_scale": {"最大秤量": "100t", "检定分度值e": "50kg", "准确度等级": "Ⅲ级"},
    "charger_dc": {"枪号": "1"},
    "charger_ac": {"枪号": "1"},
}
"""What the ledgers of some kinds say besides."""


def _others(random: Random, code: str, district: str, today: date, scale: float) -> Iterator[Made]:
    for key, name, holder_name, kind, months, count, (span, grade), purpose in _KINDS:
        holders = [
            (holder_name.format(word=f"{district[:2]}{_word(random)}", district=district), usci(random, code, kind))
            for _number in range(max(1, count // 12))
        ]
        for number in range(max(1, round(count * scale))):
            holder, credit = random.choice(holders)
            forgetful = random.random() < 0.12
            cells = {
                "单位名称": holder,
                "统一社会信用代码": credit,
                "行政区划": district,
                "器具名称": name,
                "型号规格": f"{key[:2].upper()}-{random.randrange(10, 99)}",
                "测量范围": span,
                "准确度等级": grade,
                "出厂编号": f"{key[:3].upper()}{code[-2:]}{number:03d}{random.randrange(100, 999)}",
                "生产厂家": f"{_word(random)}仪器仪表厂",
                "安装/使用地点": random.choice(("一车间", "二车间", "门诊楼", "检测线", "锅炉房", "充电区", "大门口")),
                "器具用途": purpose,
                "送检方式": random.choice(("送检", "现场")),
                **_MORE.get(key, {}),
            }
            yield Made(
                "enterprise",
                district,
                cells,
                months,
                _last_time(random, today, months, forgetful),
                is_forgetful=forgetful,
            )


_PURPOSES = {
    "trade": ("贸易结算", "{word}实业有限公司", "91"),
    "medical": ("医疗卫生", "{word}医院", "12"),
    "safety": ("安全防护", "{word}安全技术有限公司", "91"),
    "environment": ("环境监测", "{word}环境监测站", "12"),
}
"""Purpose → its word in ledgers, a holder's name, the first digits of its code."""


def _rest_of_the_catalogue(random: Random, districts: list[tuple[str, str]], today: date) -> Iterator[Made]:
    """A few of every other kind that is verified periodically and whose ledger need say no more than its name."""
    named = {name for _key, name, *_rest in _KINDS}
    for place, one in enumerate(regulations.all_types().values()):
        months = one.default_interval.months
        needs_more = any(characteristic.required for characteristic in one.nameplate)
        is_left_out = needs_more or one.part is not None or one.names["zh"] in named
        if one.default_interval.mode != "periodic" or months is None or is_left_out:
            continue
        purpose, holder, kind = _PURPOSES[one.purposes[0] if one.purposes else "trade"]
        for number in range(6):
            code, district = districts[(place + number * 5) % len(districts)]
            name = holder.format(word=f"{district[:2]}{_WORDS[place % 15 * 2 : place % 15 * 2 + 2]}")
            cells = {
                "单位名称": name,
                "统一社会信用代码": usci(Random(f"{name}{code}"), code, kind),  # noqa: S311 - the same code for the same name
                "行政区划": district,
                "器具名称": one.names["zh"],
                "型号规格": f"{one.code[:2].upper()}-{random.randrange(10, 99)}",
                "出厂编号": f"{one.code[:3].upper()}{code[-2:]}{place:03d}{number}",
                "生产厂家": f"{_word(random)}仪器仪表厂",
                "安装/使用地点": random.choice(("一楼检测室", "二楼诊室", "生产现场", "监测站房")),
                "器具用途": purpose,
                "送检方式": random.choice(("送检", "现场")),
            }
            yield Made("enterprise", district, cells, months, _last_time(random, today, months, forgetful=False))


_TOO_OLD, _OF_AGE = 0.006, 0.025
"""Of the household meters, how many are past their service life at first, and how many come to its end in the years of the example."""
_LARGE_METERS = (("DN100", "100"), ("DN200", "250"), ("DN400", "1000"))
"""Meters of mains: larger than the city's own bench."""


def _utilities(random: Random, districts: list[tuple[str, str]], today: date, scale: float) -> Iterator[Made]:
    kinds = (
        ("water", "饮用冷水水表", "供水有限公司", "LXS-20E", 72, round(9600 * scale)),
        ("gas", "膜式燃气表", "燃气有限公司", "G2.5", 72, round(4200 * scale)),
        ("energy", "电能表", "供电公司", "DDZY102", 96, round(3000 * scale)),
    )
    for ledger, name, company, model, life, count in kinds:
        credit = usci(random, "410700", "91")
        holder = f"新乡示范{company}"
        for number in range(count):
            code, district = districts[number % len(districts)]
            community = f"{district}{_WORDS[number % 15 * 2 : number % 15 * 2 + 2]}小区"
            if ledger == "water" and number % 160 == 0:
                yield _main_meter(random, number, holder, credit, district, community, today)
                continue
            verified = today - timedelta(days=_age(random, life, number % len(districts)) * 30 + number % 28)
            cells = {
                "供水单位" if ledger == "water" else "单位名称": holder,
                "统一社会信用代码": credit,
                "批号": f"{ledger[:1].upper()}{verified.year}-{verified.month:02d}",
                "器具名称": name,
                "型号": model,
                "出厂编号": f"{ledger[:1].upper()}{code[-2:]}{number:07d}",
                "制造单位": f"示范{name}厂",
                "首检日期": verified.isoformat(),
                "安装日期": min(verified + timedelta(days=40), today).isoformat(),
                "安装地址": f"{community}{number % 20 + 1}号楼{number % 36 + 1}户",
                "区县": district,
            }
            if ledger == "water":
                size = random.choice(("DN15", "DN20", "DN25"))
                cells |= {"公称口径": size, "Q3(m³/h)": "2.5", "Q3/Q1": "R100", "准确度等级": "2级"}
            if ledger == "gas":
                cells |= {"最大流量(m³/h)": "4", "准确度等级": "1.5级"}
            if ledger == "energy":
                cells |= {"准确度等级": random.choice(("1级", "2级"))}
            yield Made(ledger, district, cells, life, verified)


def _age(random: Random, life: int, district: int) -> int:
    """Months since the first verification of a household meter: more than its life where a district is behind with replacing."""
    which, behind = random.random(), 1 + district % 5
    if which < _TOO_OLD * behind:
        return life + random.randrange(1, 14)
    of_age = which < (_TOO_OLD + _OF_AGE) * behind
    return random.randrange(life - 40, life + 1) if of_age else random.randrange(1, life - 40)


def _main_meter(
    random: Random, number: int, holder: str, credit: str, district: str, community: str, today: date
) -> Made:
    """A meter of a main, verified every two years at the province's bench."""
    size, flow = _LARGE_METERS[number // 160 % 3]
    cells = {
        "单位名称": holder,
        "统一社会信用代码": credit,
        "行政区划": district,
        "器具名称": "饮用冷水水表",
        "型号规格": f"LXL-{size[2:]}",
        "公称口径": size,
        "Q3(m³/h)": flow,
        "Q3/Q1": "R100",
        "准确度等级": "2级",
        "出厂编号": f"DK{number:06d}",
        "生产厂家": "示范饮用冷水水表厂",
        "安装/使用地点": f"{community}泵房",
        "器具用途": "贸易结算",
        "送检方式": "送检",
    }
    return Made("enterprise", district, cells, 24, _last_time(random, today, 24, forgetful=False))
