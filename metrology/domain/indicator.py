"""What a city is examined on: each indicator with its stable code, its names, and a definition that a recount can follow.

A definition says what is counted, against what, what is left out, on which day something counts, and where the figure comes
from. A page, a sheet of definitions, a PDF and a statement print these words and no others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

Unit = Literal["share", "count", "days", "per_10000"]
Direction = Literal["higher", "lower", "none"]
Breakdown = Literal["district", "type", "maker", "model", "kind", "verifier", "standard", "complaint_kind"]

MANDATORY_PURPOSES: Final = ("trade", "safety", "medical", "environment")
"""The four purposes for which verification is mandatory （计量法， article 9)."""


class Words(NamedTuple):
    """A text in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Indicator:
    """One figure. ``by`` names what it can be broken down by; ``higher`` and ``lower`` say which way is better."""

    code: str
    name: Words
    short: Words
    unit: Unit
    direction: Direction
    numerator: Words
    denominator: Words
    left_out: Words
    counted_on: Words
    source: Words
    by: tuple[Breakdown, ...]
    is_of_a_day: bool = False
    """Says what was so at the end of the period, not what happened in it."""

    @property
    def has_types(self) -> bool:
        """Whether it can be narrowed to a type of instrument; workload and complaints are of all types together."""
        return self.code not in ("workload_verifier", "workload_standard", "complaints")

    @property
    def has_interval(self) -> bool:
        """Whether it is a share of independent outcomes, for which an interval of confidence means something."""
        return self.code in ("first_pass", "rejected")


_VERIFIED_ON: Final = Words(
    "按检定日期（检定员实施检定之日）计入当月；自批准之日起计数。对某一过去日期提问时，只计到该日终了前已批准的记录。",
    "Counted in the month of the day of verification, from the day of approval on. Asked for a past day, it counts what had "
    "been approved when that day ended.",
)
_CORRECTIONS: Final = Words(
    "未批准、被退回的记录；校准；已被更正记录代替的记录和依据证书被宣告自始无效的记录（自更正批准或宣告之日起不再计入）。"
    "撤销的证书自撤销日起失效，其检定仍计入。",
    "Records not approved or returned; calibrations; records replaced by a correction and records whose certificate was "
    "annulled (from the day of the approval or annulment on). A certificate revoked later ends that day: its verification counts.",
)
_TALLY: Final = Words(
    "汇总表 outcome_tally，由数据库触发器随每次批准、更正、宣告无效在同一事务内更新；区县为批准时器具所在区县。",
    "Summary table outcome_tally, kept by triggers in the transaction of each approval, correction and annulment; the district "
    "is where the instrument stood when the record was approved.",
)

_TURNAROUND_LEFT_OUT: Final = Words(
    "更正记录（只计原记录）；校准；合格的使用中检查（不出具证书）。",
    "Corrections (the first record counts); calibrations; in-service inspections that conform, which issue no document.",
)
_APPROVED_IN: Final = Words(
    "按批准日期（北京时间）计入当月；以后的更正不改变。",
    "Counted in the month of the approval (Beijing time); later corrections do not change it.",
)
_TURNAROUND_TALLY: Final = Words(
    "汇总表 turnaround_tally（按天数分布）。", "Summary table turnaround_tally, a distribution by days."
)

INDICATORS: Final[tuple[Indicator, ...]] = (
    Indicator(
        code="coverage",
        name=Words("强制检定覆盖率", "Coverage of mandatory verification"),
        short=Words("覆盖率", "Coverage"),
        unit="share",
        direction="higher",
        numerator=Words(
            "分母中曾经检定且当日仍在有效期内（最后有效日不早于当日，或无期限）的器具数。有效期来自本系统证书，或来自使用单位台账（台账日期未经核实）。",
            "Of the denominator, those verified at least once and within validity on the day (last valid day not before it, or "
            "without a limit). The day comes from a certificate of ours or from the holder's ledger, which is not proven.",
        ),
        denominator=Words(
            "当日处于“在用”状态、属强制检定种类、且用于贸易结算、安全防护、医疗卫生、环境监测的器具数。",
            "Instruments in use that day, of a kind under mandatory verification, used for trade settlement, safety, medical "
            "care or environmental monitoring.",
        ),
        left_out=Words(
            "停用、送修、待检、不合格、报废和遗失的器具；加油机等成套器具按枪（部件）计数，整机不计。",
            "What is suspended, under repair, awaiting verification, rejected, retired or lost. A dispenser is counted by its "
            "nozzles, not once more itself.",
        ),
        counted_on=Words(
            "期末日终了时；期末未到的，为今日（或所问之日）。",
            "As the last day of the period ended; where it has not come yet, today or the day asked for.",
        ),
        source=Words(
            "汇总表 due_tally、tally_change（器具状态与到期日）。系统启用计数之前的日期无数据。",
            "Summary tables due_tally and tally_change (states and due dates). Days before counting began are unknown.",
        ),
        by=("district", "type"),
        is_of_a_day=True,
    ),
    Indicator(
        code="on_time",
        name=Words("按期检定率", "On-time rate"),
        short=Words("按期率", "On time"),
        unit="share",
        direction="higher",
        numerator=Words(
            "分母中在最后有效日当日或之前实施检定（无论结论）的器具次数。",
            "Of the denominator, those verified on or before their last valid day, whatever the verdict.",
        ),
        denominator=Words(
            "最后有效日落在本期内（且已经过去）的器具次数：已检定的（按期或逾期），加上至今未检、仍在用且已逾期的。",
            "Instruments whose last valid day lay in the period and has passed: those verified since, in time or late, and those "
            "still in use, overdue and not verified.",
        ),
        left_out=Words(
            "首次检定、修理后检定、在用检查（使用中检查）、校准；到期后未检即停用、送修、报废或遗失的器具；限期使用到期轮换的器具。",
            "First verifications, verifications after repair, in-service inspections and calibrations; what was suspended, "
            "repaired, retired or lost instead of being verified; what is rotated at the end of its service life.",
        ),
        counted_on=Words(
            "按最后有效日计入所属月份；最后有效日的次日起计入。检定自批准之日起计数。",
            "Counted by the last valid day, from the day after it on. A verification counts from its approval on.",
        ),
        source=Words(
            "汇总表 timely_tally（批准时记录的原最后有效日）与 due_tally、tally_change。",
            "Summary tables timely_tally (the last valid day as it stood before the approval), due_tally and tally_change.",
        ),
        by=("district", "type"),
    ),
    Indicator(
        code="first_pass",
        name=Words("一次检定合格率", "First-pass rate"),
        short=Words("一次合格率", "First pass"),
        unit="share",
        direction="higher",
        numerator=Words("分母中结论为合格的次数。", "Of the denominator, those whose verdict is “conforms”."),
        denominator=Words(
            "本期首次检定和后续检定的次数。",
            "Initial and subsequent verifications of the period.",
        ),
        left_out=Words(
            "修理后检定、使用中检查。" + _CORRECTIONS.zh,
            "Verifications after repair and in-service inspections. " + _CORRECTIONS.en,
        ),
        counted_on=_VERIFIED_ON,
        source=Words(
            _TALLY.zh + "区间为 Wilson 得分区间（95 %）；不足 30 次的组不作比较。",
            _TALLY.en + " The interval is Wilson's score interval (95 %); groups below 30 are not compared.",
        ),
        by=("type", "maker", "model", "district"),
    ),
    Indicator(
        code="rejected",
        name=Words("检定不合格率", "Rejection rate"),
        short=Words("不合格率", "Rejected"),
        unit="share",
        direction="lower",
        numerator=Words("分母中结论为不合格的次数。", "Of the denominator, those whose verdict is “rejected”."),
        denominator=Words(
            "本期全部检定的次数（首次、后续、修理后检定和使用中检查）。",
            "All verifications of the period: initial, subsequent, after repair, and in-service inspections.",
        ),
        left_out=_CORRECTIONS,
        counted_on=_VERIFIED_ON,
        source=Words(
            _TALLY.zh + "区间为 Wilson 得分区间（95 %）。",
            _TALLY.en + " The interval is Wilson's score interval (95 %).",
        ),
        by=("type", "maker", "model", "district", "kind"),
    ),
    Indicator(
        code="repaired",
        name=Words("修理后检定合格台件数", "Repaired and verified again"),
        short=Words("修理后合格", "Repaired"),
        unit="count",
        direction="none",
        numerator=Words(
            "本期修理后检定结论为合格的次数。",
            "Verifications after repair in the period whose verdict is “conforms”.",
        ),
        denominator=Words(
            "无（与同期不合格次数对照，但修理可能跨期）。", "None (shown beside the rejected; a repair may take longer)."
        ),
        left_out=_CORRECTIONS,
        counted_on=_VERIFIED_ON,
        source=_TALLY,
        by=("district", "type", "maker"),
    ),
    Indicator(
        code="verified",
        name=Words("检定台件数", "Verifications done"),
        short=Words("检定量", "Verified"),
        unit="count",
        direction="none",
        numerator=Words(
            "本期检定次数（首次、后续、修理后检定和使用中检查）。",
            "Verifications of the period: initial, subsequent, after repair, and in-service inspections.",
        ),
        denominator=Words("无。", "None."),
        left_out=_CORRECTIONS,
        counted_on=_VERIFIED_ON,
        source=_TALLY,
        by=("district", "type", "kind"),
    ),
    Indicator(
        code="workload_verifier",
        name=Words("检定员人均工作量", "Workload per verifier"),
        short=Words("人均检定", "Per verifier"),
        unit="count",
        direction="none",
        numerator=Words("本期检定次数。", "Verifications of the period."),
        denominator=Words(
            "本期至少完成一次检定的检定员人数。", "Verifiers who made at least one verification in the period."
        ),
        left_out=_CORRECTIONS,
        counted_on=_VERIFIED_ON,
        source=Words("汇总表 work_tally（检定员）。", "Summary table work_tally, by verifier."),
        by=("verifier",),
    ),
    Indicator(
        code="workload_standard",
        name=Words("计量标准平均使用次数", "Workload per measurement standard"),
        short=Words("标准使用", "Per standard"),
        unit="count",
        direction="none",
        numerator=Words(
            "本期检定中使用各计量标准的次数；一次检定使用两项标准的计两次。",
            "Uses of measurement standards in verifications of the period; a verification with two standards counts twice.",
        ),
        denominator=Words(
            "本期至少使用一次的计量标准项数。", "Measurement standards used at least once in the period."
        ),
        left_out=_CORRECTIONS,
        counted_on=_VERIFIED_ON,
        source=Words("汇总表 work_tally（计量标准）。", "Summary table work_tally, by standard."),
        by=("standard",),
    ),
    Indicator(
        code="turnaround",
        name=Words("检定周转时间（中位数）", "Turnaround, median"),
        short=Words("周转中位数", "Turnaround"),
        unit="days",
        direction="lower",
        numerator=Words(
            "从受理到出具证书的日历天数的中位数。受理：列入巡检（上门）任务的，为该任务建立之时；否则为检定记录开立之时。"
            "出具：记录批准、证书（通知书）签发之时。同日为 0 天。",
            "Median of the calendar days from taking the work on to the certificate. Taken on: when the visit that it was verified on "
            "was planned, else when the record was opened. Certificate: when the record was approved, which issues the "
            "certificate or notice. The same day is 0.",
        ),
        denominator=Words("无（按天数分布求第 50 百分位）。", "None (the 50th percentile of the distribution by days)."),
        left_out=_TURNAROUND_LEFT_OUT,
        counted_on=_APPROVED_IN,
        source=_TURNAROUND_TALLY,
        by=("type", "district"),
    ),
    Indicator(
        code="turnaround_90",
        name=Words("检定周转时间（第 90 百分位）", "Turnaround, 90th percentile"),
        short=Words("周转 90 %", "Turnaround 90 %"),
        unit="days",
        direction="lower",
        numerator=Words(
            "受理到出具证书的日历天数的第 90 百分位：十次中有九次不超过此天数。起止时刻同“检定周转时间（中位数）”。",
            "90th percentile of the calendar days from taking the work on to the certificate: nine of ten took no longer. "
            "The two instants are those of “Turnaround, median”.",
        ),
        denominator=Words("无（按天数分布求第 90 百分位）。", "None (the 90th percentile of the distribution by days)."),
        left_out=_TURNAROUND_LEFT_OUT,
        counted_on=_APPROVED_IN,
        source=_TURNAROUND_TALLY,
        by=("type", "district"),
    ),
    Indicator(
        code="complaints",
        name=Words("投诉举报率（每万台件）", "Complaints per 10,000 instruments in use"),
        short=Words("投诉率", "Complaints"),
        unit="per_10000",
        direction="lower",
        numerator=Words(
            "本期收到的投诉举报件数（无论是否受理）乘以 10 000。",
            "Complaints received in the period, accepted or not, times 10,000.",
        ),
        denominator=Words(
            "期末日在用器具数（期末未到的，为今日或所问之日）；不折算为年率。",
            "Instruments in use at the end of the period (where it has not come yet: today or the day asked for). Not "
            "annualised.",
        ),
        left_out=Words(
            "无。扫码所得编码不属于任何器具的投诉也计入。", "Nothing. A complaint about a code that belongs to no instrument counts."
        ),
        counted_on=Words("按收到日期（北京时间）计入当月。", "Counted in the month it was received (Beijing time)."),
        source=Words(
            "汇总表 complaint_tally 与 state_tally、tally_change。",
            "Summary tables complaint_tally, state_tally and tally_change.",
        ),
        by=("district", "complaint_kind"),
    ),
)  # fmt: skip
"""In the order in which pages and statements show them."""
BY_CODE: Final = {one.code: one for one in INDICATORS}
