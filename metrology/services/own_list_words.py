"""Words of the codes that own lists show, for files made where there is no request. A test holds them to those of the pages."""

from __future__ import annotations

from typing import Final

from metrology.documents.bilingual import Bilingual

INSTRUMENT_STATES: Final = {
    "in_use": Bilingual("在用", "In use"),
    "suspended": Bilingual("停用", "Suspended"),
    "under_repair": Bilingual("维修中", "Under repair"),
    "awaiting_verification": Bilingual("待检定", "Awaiting verification"),
    "rejected": Bilingual("不合格", "Rejected"),
    "retired": Bilingual("已报废", "Retired"),
    "lost": Bilingual("遗失", "Lost"),
}
PURPOSES: Final = {
    "trade": Bilingual("贸易结算", "Trade settlement"),
    "safety": Bilingual("安全防护", "Safety protection"),
    "medical": Bilingual("医疗卫生", "Medical care"),
    "environment": Bilingual("环境监测", "Environmental monitoring"),
    "other": Bilingual("其他", "Other"),
}
DUE_KINDS: Final = {
    "verification": Bilingual("检定", "Verification"),
    "rotation": Bilingual("到期轮换", "Rotation"),
}
DUE_BASES: Final = {
    "certificate": Bilingual("本系统出具的证书", "Certificate of this registry"),
    "ledger": Bilingual("使用单位台账（未经证实）", "Holder's ledger, not proven"),
}
VERIFICATION_KINDS: Final = {
    "initial": Bilingual("首次检定", "Initial verification"),
    "subsequent": Bilingual("后续检定", "Subsequent verification"),
    "after_repair": Bilingual("修理后检定", "Verification after repair"),
    "in_service": Bilingual("使用中检查", "In-service inspection"),
    "calibration": Bilingual("校准", "Calibration"),
}
VERIFICATION_STATES: Final = {
    "draft": Bilingual("草稿", "Draft"),
    "submitted": Bilingual("待核验", "Waiting for the checker"),
    "checked": Bilingual("待批准", "Waiting for the approver"),
    "approved": Bilingual("已批准", "Approved"),
    "returned": Bilingual("已退回", "Returned"),
    "discarded": Bilingual("已作废", "Discarded"),
}
VERDICTS: Final = {
    "conforms": Bilingual("合格", "Conforms"),
    "rejected": Bilingual("不合格", "Rejected"),
}
CERTIFICATE_KINDS: Final = {
    "verification_certificate": Bilingual("检定证书", "Verification certificate"),
    "rejection_notice": Bilingual("检定结果通知书", "Rejection notice"),
    "calibration_certificate": Bilingual("校准证书", "Calibration certificate"),
}
CERTIFICATE_STANDINGS: Final = {
    "calibrated": Bilingual("已校准", "Calibrated"),
    "valid": Bilingual("有效", "Valid"),
    "due_soon": Bilingual("即将到期", "Due soon"),
    "expired": Bilingual("已过期", "Expired"),
    "under_review": Bilingual("审查中", "Under review"),
    "rejected": Bilingual("不合格", "Rejected"),
    "superseded": Bilingual("已被替代", "Superseded"),
    "revoked": Bilingual("已撤销", "Revoked"),
    "annulled": Bilingual("自始无效", "Annulled"),
    "suspended": Bilingual("停用", "Suspended"),
    "unknown": Bilingual("未知", "Unknown"),
}
HOLDER_KINDS: Final = {
    "enterprise": Bilingual("企业", "Enterprise"),
    "vendor": Bilingual("个体工商户", "Individual vendor"),
    "utility": Bilingual("公用事业单位", "Utility"),
    "hospital": Bilingual("医院", "Hospital"),
    "government": Bilingual("机关单位", "Government body"),
    "market_organiser": Bilingual("市场开办者", "Market organiser"),
    "other": Bilingual("其他", "Other"),
}
YES_NO: Final = {"yes": Bilingual("是", "yes"), "no": Bilingual("否", "no")}
