"""What the figures of the overdue report mean, in the words of the page, its sheet of definitions and its paper."""

from __future__ import annotations

from typing import Final

from metrology.domain.indicator import Indicator, Words

_OF_THE_DAY: Final = Words(
    "所示之日：今日为当前时刻；对过去某日提问时，为该日（北京时间）终了时。补录、晚批准的记录计入其录入、批准之日。",
    "The day shown: today as of now; a past day as it ended (Beijing time). What was entered or approved "
    "later counts from that day.",
)
_LEFT_OUT: Final = Words(
    "停用、送修、待检、不合格、报废和遗失的器具；无到期日的器具；加油机等成套器具按枪（部件）计数，整机不计。",
    "What is suspended, under repair, awaiting verification, rejected, retired or lost; what has no due "
    "date. A dispenser is "
    "counted by its nozzles, not once more itself.",
)
_TALLIES: Final = Words(
    "汇总表 due_tally、holder_tally、place_tally、tally_change，由触发器在每次变更的同一事务内更新；命令 check-figures 重新清点核对。",
    "Summary tables due_tally, holder_tally, place_tally and tally_change, kept by triggers in the "
    "transaction of every change; "
    "the command check-figures counts anew and compares.",
)
_VISITS: Final = Words(
    "未完成的检定任务（visit_item）；过去某日按当日终了时的任务（on_visit_then）和器具（instrument_then）清点，自开始保存之日起可查。",
    "The visits that are not finished (visit_item); of a past day those that were not as it ended (on_visit_then), with what "
    "instruments were then (instrument_then), from the day on which both began to be kept.",
)

OVERDUE_FIGURES: Final[tuple[Indicator, ...]] = (
    Indicator(
        code="overdue",
        name=Words("逾期未检", "Overdue"),
        short=Words("逾期", "Overdue"),
        unit="count",
        direction="lower",
        numerator=Words(
            "处于“在用”状态、最后有效日早于所示之日的器具数：自最后有效日的次日起算逾期。",
            "Instruments in use whose last valid day lies before the day shown: overdue from the day after it.",
        ),
        denominator=Words(
            "不作除法；逾期率以同一范围内的在用器具为分母。", "None; the share is of those in use in the same scope."
        ),
        left_out=_LEFT_OUT,
        counted_on=_OF_THE_DAY,
        source=_TALLIES,
        by=("district", "type"),
        is_of_a_day=True,
    ),
    Indicator(
        code="overdue_change",
        name=Words("逾期较上月末增减", "Change of the overdue since the end of last month"),
        short=Words("较上月末", "Since last month"),
        unit="count",
        direction="lower",
        numerator=Words(
            "所示之日的逾期数减去上月末的逾期数。",
            "The overdue of the day shown less those at the end of the month before.",
        ),
        denominator=Words("不作除法。", "None."),
        left_out=Words(
            "上月末无数据的：显示“—”，不作推测。上月只存有较早某日数据的，用该日，并注明日期。",
            "Where nothing is known of the end of last month a dash is shown. Where only an earlier day of that "
            "month was kept, that day is used and named.",
        ),
        counted_on=_OF_THE_DAY,
        source=Words(
            "每日保存的 overdue_figure（按区县、种类）；缩小到单位、场所、用途或时长时，由 tally_change 推算。",
            "The figures kept each day, overdue_figure (by district and type); narrowed to a holder, place, "
            "purpose or age, worked out from tally_change.",
        ),
        by=("district", "type"),
        is_of_a_day=True,
    ),
    Indicator(
        code="overdue_planned",
        name=Words("逾期中已安排", "Overdue and planned"),
        short=Words("已安排", "Planned"),
        unit="count",
        direction="higher",
        numerator=Words(
            "逾期器具中，列入尚未完成的检定任务的。", "Of the overdue, those on a visit that is not finished."
        ),
        denominator=Words("同一范围内的逾期器具。", "The overdue in the same scope."),
        left_out=Words(
            "已完成、已取消的任务；使用单位自行送检而未登记任务的。",
            "Visits finished or cancelled; what holders bring in without a visit.",
        ),
        counted_on=_OF_THE_DAY,
        source=_VISITS,
        by=("district", "type"),
        is_of_a_day=True,
    ),
    Indicator(
        code="overdue_ahead",
        name=Words("30、60、90 天内将逾期", "Will be overdue within 30, 60 and 90 days"),
        short=Words("将逾期", "Will be overdue"),
        unit="count",
        direction="lower",
        numerator=Words(
            "在用器具中，最后有效日在所示之日起 N 天内（含当日，不含第 N 天后）的：如在此之前均不检定，N 天后将新增逾期。",
            "Of those in use, those whose last valid day is one of the N days that begin with the day shown: "
            "they are overdue N days on "
            "if none is verified before.",
        ),
        denominator=Words("不作除法。", "None."),
        left_out=_LEFT_OUT,
        counted_on=_OF_THE_DAY,
        source=_VISITS,
        by=(),
        is_of_a_day=True,
    ),
    Indicator(
        code="never_verified",
        name=Words("从未检定", "Never verified"),
        short=Words("从未检定", "Never verified"),
        unit="count",
        direction="lower",
        numerator=Words(
            "处于“待检”状态、无任何检定日期的器具数。何时起算逾期无从得知，故单列，不计入逾期。",
            "Instruments awaiting verification with no date of any verification. Since when they are late nobody "
            "can say: they are no part of the overdue.",
        ),
        denominator=Words("不作除法。", "None."),
        left_out=Words("整机（按部件计数）。", "Whole assemblies (counted by their parts)."),
        counted_on=_OF_THE_DAY,
        source=_TALLIES,
        by=(),
        is_of_a_day=True,
    ),
)
