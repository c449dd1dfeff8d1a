"""What a column of a ledger can hold, and the headings people write over it. A new import column is one entry here.

The Chinese label of a field of the national mandatory-verification system (e-CQS) is that system's own heading. The
characteristics of nameplates are not listed: they come from the files of the instrument types, as ``nameplate.<key>``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from metrology.domain.reading_sheet import folded
from metrology.domain.verdict import Labels

NAMEPLATE: Final = "nameplate."
NOTES: Final = "notes"
ORDINAL: Final = "ordinal"
IGNORED: Final = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerField:
    """A field of a row. ``synonyms`` name it surely; ``weak`` ones only where no better column and no better field is."""

    key: str
    labels: Labels
    synonyms: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    example: str = ""
    national: bool = False
    """Whether the ledger of the national system has it: then the template has it too."""
    says: dict[str, str] = field(default_factory=dict)
    """What a heading tells beyond its field: the kind of holder."""

    @property
    def is_day(self) -> bool:
        """Whether the column holds days."""
        return self.key.endswith("_on") or self.key == "due_date"


def _field(key: str, zh: str, en: str, synonyms: str = "", weak: str = "", **more: object) -> LedgerField:
    split = (tuple(filter(None, text.split("|"))) for text in (synonyms, weak))
    strong, soft = split
    return LedgerField(key=key, labels={"zh": zh, "en": en}, synonyms=strong, weak=soft, **more)  # type: ignore[arg-type]


_UTILITIES = (
    "供水单位",
    "供水企业",
    "供水公司",
    "供气单位",
    "供气企业",
    "燃气公司",
    "供电单位",
    "供热单位",
    "供热企业",
    "水司",
)
_VENDORS = (
    "经营户",
    "经营者",
    "商户",
    "商户名称",
    "业户",
    "摊主",
    "摊主姓名",
    "经营户名称",
    "经营户姓名",
    "经营业户",
    "vendor",
)
_HOSPITALS = ("医院名称", "医疗机构", "医疗机构名称", "hospital")

FIELDS: Final[tuple[LedgerField, ...]] = (
    _field(ORDINAL, "序号", "no.", "序|编序|项次|行号|#|no|no.|seq", weak="item"),
    # -- the instrument
    _field(
        "type", "器具名称", "instrument",
        "计量器具名称|仪器名称|设备名称|产品名称|器具种类|计量器具种类|instrument name|name of instrument"
        "|instrument type|kind of instrument",
        weak="名称|品名|类型|种类|器具类型|type|category", national=True,
    ),
    _field("type_category", "器具项别", "first-level kind", "项别|强检项别|项别名称|一级目录", national=True),
    _field("type_kind", "器具种别", "second-level kind", "种别|强检种别|种别名称|二级目录", national=True),
    _field(
        "model", "型号规格", "model", "规格型号|型号|型号/规格|规格/型号|器具型号|产品型号|model|type/model|model no.|model number",
        weak="规格", example="ACS-30", national=True,
    ),
    _field(
        "serial_number", "出厂编号", "serial number",
        "出厂号|出厂编码|序列号|产品编号|产品序列号|制造编号|生产编号|机身号|机身编号|机号|表号|表身号|钢印号|出厂序号"
        "|serial no|serial no.|serial|s/n|sn|factory number|factory no.",
        weak="编号|器具编号|设备编号|仪器编号", example="DH100044", national=True,
    ),
    _field(
        "manufacturer", "生产厂家", "manufacturer",
        "制造单位|制造厂|制造厂家|制造厂商|制造商|制造企业|生产厂|生产厂商|生产单位|生产企业|厂家|厂商|厂家名称|maker|made by|producer",
        weak="品牌|brand", example="示范衡器有限公司", national=True,
    ),
    _field("origin", "器具产地", "made in", "产地|country of origin|origin", weak="国产/进口", example="国产", national=True),
    _field("part_label", "枪号", "part no.", "部件号|part|part number"),
    _field("seals", "铅封号", "seal number", "铅封编号|铅封|封印号|封印编号|封签号|封签编号|seal|seals|seal no|seal no."),
    _field(
        "type_approval_number", "型式批准编号", "type approval number",
        "型式批准证书编号|型式批准号|型式批准证书号|型批编号|cpa编号|type approval|type approval no.|pattern approval",
    ),
    _field("identification_code", "计量器具识别编码", "identification code", "识别编码|国家识别编码|gb/t36377|instrument code"),
    _field("factory_code", "生产码", "factory code"),
    _field("repair_code", "维修码", "repair code"),
    _field("lot_code", "批号", "lot", "批次|批次号|检定批号|检定批次|生产批号|lot no|lot no.|lot number|batch|batch no."),
    _field("quantity", "器具数量", "quantity", "数量|台数|件数|数量台|数量(台)|数量(件)|qty", example="1", national=True),
    _field("purpose", "器具用途", "purpose", "用途|使用用途|强检用途|强检范围|应用领域", weak="use", example="贸易结算", national=True),
    _field(
        "is_onsite", "送检方式", "where verified", "检定方式|送检/现场|检定地点类型|verified on site",
        example="现场", national=True,
    ),
    _field("manufactured_on", "出厂日期", "manufactured on", "生产日期|制造日期|出厂时间|date of manufacture"),
    _field("installed_on", "安装日期", "installed on", "安装时间|启用日期|投用日期|开始使用日期|投入使用日期|installation date"),
    _field(
        "verified_on", "检定日期", "verified on",
        "上次检定日期|最近检定日期|最近一次检定日期|首检日期|首次检定日期|首次强检日期|初检日期|检定时间|上次检定时间|最近检定时间|检定完成日期"
        "|检定日|首检时间|verification date|date of verification|last verified|last verification|last verified on|verified",
        weak="校准日期|检测日期", example="2026-05-22",
    ),
    _field(
        "due_date", "有效期至", "valid until",
        "有效期|有效日期|有效期截止|有效期截止日期|有效截止日期|有效期限|有效期到|检定有效期|检定有效期至|证书有效期|证书有效期至|合格证有效期"
        "|到期日期|到期日|到期时间|下次检定日期|下次检定时间|下次送检日期|下检日期|应检日期|轮换日期|到期轮换日期"
        "|due|due date|due on|valid to|expires|expiry|expiry date|next verification|next due",
        example="2027-05-21",
    ),
    # -- where it stands
    _field(
        "place.district", "使用地点行政区划", "district",
        "区县|县区|区/县|县(市、区)|县市区|市县区|所属区县|所在区县|所属区域|所在区域|所属县区|辖区|所属辖区|使用地行政区划|区县名称|county",
        weak="行政区划|区划|地区|区域|县|区|area", national=True,
    ),
    _field(
        "place.market", "市场名称", "market",
        "市场|集贸市场|集贸市场名称|农贸市场|农贸市场名称|所属市场|所在市场|菜市场|市场(商场)名称|商场名称|超市名称|market name",
    ),
    _field(
        "place.stall", "摊位号", "stall", "摊位|摊号|摊位编号|档口|档口号|铺位|铺位号|店铺号|门店号|柜台号|booth|stall no|stall no.",
    ),
    _field(
        "place.station", "加油站名称", "fuel station",
        "加油站|加油站(点)|油站名称|油站|站点名称|站名|加气站|加气站名称|充电站名称|充电站|station",
    ),
    _field("place.community", "小区名称", "residential community", "小区|社区|住宅小区|小区/村|community|estate"),
    _field("place.building", "楼号", "building", "楼栋|楼栋号|栋号|楼幢|幢号|楼幢号"),
    _field(
        "place.address", "安装/使用地点", "place of use",
        "安装地址|安装地点|使用地点|使用地址|存放地点|安装位置|使用位置|使用部门|存放位置|器具地址|用水地址|用户地址|表位置|location|place",
        weak="地址|详细地址|位置|所在位置|address", national=True, example="生鲜区 3 号柜台",
    ),
    # -- who holds it
    _field(
        "holder.name", "单位名称", "holder",
        "使用单位(人)|使用单位|使用单位名称|使用单位/个人|使用单位(个人)|使用人|单位(个人)名称|所有人|权属单位|产权单位|委托单位|送检单位|受检单位"
        "|被检单位|申请单位|客户名称|企业名称|公司名称|用户名称|owner|user|holder name|company|company name|utility|client|operator|"
        + "|".join((*_UTILITIES, *_VENDORS, *_HOSPITALS)),
        weak="单位|用户|户名|业主|姓名|用户姓名|业主姓名|名称|name|customer", example="示范商贸有限公司", national=True,
        says=dict.fromkeys(_UTILITIES, "utility") | dict.fromkeys(_VENDORS, "vendor") | dict.fromkeys(_HOSPITALS, "hospital"),
    ),
    _field(
        "holder.uscc", "统一社会信用代码", "unified social credit code",
        "社会信用代码|信用代码|统一信用代码|统一代码|社会统一信用代码|统一社会信用代码证号|营业执照号码"
        "|uscc|credit code|social credit code",
        example="91110000600037341L", national=True,
    ),
    _field("holder.industry", "单位性质/行业", "industry", "行业|单位性质|所属行业|行业类别|单位类型|sector", national=True),
    _field("holder.district", "行政区划", "district of the holder", "单位所在区县|注册区县|所属区划|单位行政区划", national=True),
    _field(
        "holder.address", "单位地址", "address of the holder", "注册地址|住所|通讯地址|企业地址|holder address",
        weak="地址|address", national=True,
    ),
    _field("holder.legal_representative", "法定代表人", "legal representative", "法人|法人代表|法定代表人(负责人)|负责人", national=True),
    _field("contact.name", "联系人", "contact", "联系人姓名|联系人员|计量管理员|contact person|contact name", national=True),
    _field(
        "contact.phone", "电话", "phone", "联系电话|手机|手机号|手机号码|联系方式|联系人电话|移动电话|tel|telephone|mobile",
        national=True,
    ),
    _field("contact.email", "邮箱", "e-mail", "电子邮箱|电子邮件|邮件|e-mail地址|mail", national=True),
    _field(
        NOTES, "备注", "remarks",
        "附注|说明|其他|remark|note|comment|comments|证书编号|检定证书编号|检定证书号|合格证编号|certificate no.",
    ),
)  # fmt: skip

BY_KEY: Final = {one.key: one for one in FIELDS}
SEVERAL: Final = frozenset({IGNORED, NOTES, ORDINAL})
"""Fields that more than one column may hold."""


@lru_cache(maxsize=1)
def known_headings() -> dict[str, list[tuple[int, str]]]:
    """Folded heading → (rank, field key): 0 the field's own name, 1 a synonym, 3 a weak one."""
    known: dict[str, list[tuple[int, str]]] = {}
    for one in FIELDS:
        names = [(0, (one.key, *one.labels.values())), (1, one.synonyms), (3, one.weak)]
        for rank, spellings in names:
            for spelling in spellings:
                entries = known.setdefault(folded(spelling), [])
                if all(key != one.key for _rank, key in entries):
                    entries.append((rank, one.key))
    for entries in known.values():
        entries.sort(key=lambda entry: entry[0])
    return known


def said_by(heading: str) -> str:
    """The kind of holder a heading tells of, or nothing."""
    wanted = folded(heading)
    says = BY_KEY["holder.name"].says
    return next((kind for spelling, kind in says.items() if folded(spelling) == wanted), "")
