"""Words for the codes the registry keeps (states, kinds, roles), in the language of the request."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

INSTRUMENT_STATES = {
    "in_use": _l("In use"),
    "suspended": _l("Suspended"),
    "under_repair": _l("Under repair"),
    "awaiting_verification": _l("Awaiting verification"),
    "rejected": _l("Rejected"),
    "retired": _l("Retired"),
    "lost": _l("Lost"),
}
VERIFICATION_KINDS = {
    "initial": _l("Initial verification"),
    "subsequent": _l("Subsequent verification"),
    "after_repair": _l("Verification after repair"),
    "in_service": _l("In-service inspection"),
    "calibration": _l("Calibration"),
}
VERIFICATION_STATES = {
    "draft": _l("Draft"),
    "submitted": _l("Waiting for the checker"),
    "checked": _l("Waiting for the approver"),
    "approved": _l("Approved"),
    "returned": _l("Returned"),
    "discarded": _l("Discarded"),
}
VERDICTS = {"conforms": _l("Conforms"), "rejected": _l("Rejected")}
CERTIFICATE_KINDS = {
    "verification_certificate": _l("Verification certificate"),
    "rejection_notice": _l("Rejection notice"),
    "calibration_certificate": _l("Calibration certificate"),
}
CERTIFICATE_STANDINGS = {
    "calibrated": _l("Calibrated"),
    "valid": _l("Valid"),
    "due_soon": _l("Due soon"),
    "expired": _l("Expired"),
    "under_review": _l("Under review"),
    "rejected": _l("Rejected"),
    "superseded": _l("Superseded"),
    "revoked": _l("Revoked"),
    "annulled": _l("Annulled"),
    "suspended": _l("Suspended"),
    "unknown": _l("Unknown"),
}
ENDING_KINDS = {
    "revocation": _l("Revocation"),
    "annulment": _l("Annulment"),
    "replacement": _l("Replacement"),
}
ENDING_STATES = {
    "proposed": _l("Waits for a second person"),
    "confirmed": _l("Agreed to"),
    "declined": _l("Declined"),
    "withdrawn": _l("Proposal withdrawn"),
}
HOLDER_KINDS = {
    "enterprise": _l("Enterprise"),
    "vendor": _l("Individual vendor"),
    "utility": _l("Utility"),
    "hospital": _l("Hospital"),
    "government": _l("Government body"),
    "market_organiser": _l("Market organiser"),
    "other": _l("Other"),
}
PLACE_KINDS = {
    "market": _l("Market"),
    "stall": _l("Stall"),
    "station": _l("Fuel station"),
    "island": _l("Dispenser island"),
    "community": _l("Residential community"),
    "building": _l("Building"),
    "hospital": _l("Hospital"),
    "enterprise": _l("Enterprise"),
    "laboratory": _l("Laboratory"),
    "other": _l("Other"),
}
PURPOSES = {
    "trade": _l("Trade settlement"),
    "safety": _l("Safety protection"),
    "medical": _l("Medical care"),
    "environment": _l("Environmental monitoring"),
    "other": _l("Other"),
}
MODES = {
    "periodic": _l("Periodic verification"),
    "first_only_rotate": _l("First verification only, limited use and rotation"),
    "first_only_scrap": _l("First verification only, scrapped when inaccurate"),
    "calibration": _l("Calibration (not mandatory)"),
}
ROLES = {
    "administrator": _l("Administrator"),
    "manager": _l("Manager"),
    "officer": _l("Officer"),
    "verifier": _l("Verifier"),
    "checker": _l("Checker"),
    "approver": _l("Approver"),
    "holder": _l("Holder"),
    "auditor": _l("Auditor"),
}
DUE_BASES = {"certificate": _l("Certificate of this registry"), "ledger": _l("Holder's ledger, not proven")}
DUE_KINDS = {"verification": _l("Verification"), "rotation": _l("Rotation")}
VISIT_STATES = {
    "planned": _l("Planned"),
    "in_progress": _l("In progress"),
    "done": _l("Done"),
    "cancelled": _l("Cancelled"),
}
VISIT_ITEM_STATES = {
    "planned": _l("Planned"),
    "done": _l("Done"),
    "not_found": _l("Not found on site"),
    "not_possible": _l("Could not be verified"),
    "removed": _l("Taken off the visit"),
}
NOTICE_STATES = {
    "draft": _l("Draft"),
    "queued": _l("Queued"),
    "sending": _l("Being sent"),
    "sent": _l("Sent"),
    "failed": _l("Failed"),
    "withheld": _l("Withheld"),
    "withdrawn": _l("Withdrawn"),
}
NOTICE_CHANNELS = {"email": _l("E-mail"), "wecom": _l("WeCom")}
TASK_KINDS = {
    "ledger.check": _l("Checking a ledger"),
    "ledger.import": _l("Importing a ledger"),
    "ledger.undo": _l("Undoing an import"),
    "law.what_if": _l("Judging records by a supposition"),
    "case.gather": _l("Putting certificates under review"),
    "case.decide": _l("Carrying out a decision on certificates"),
    "search.reindex": _l("Renewing search entries"),
    "status.dump": _l("Dump of certificate statuses"),
    "papers.package": _l("Packing papers"),
    "verifications.approve": _l("Approving records"),
    "lots.work": _l("Working on a lot"),
    "lots.rotate": _l("Entering replaced meters"),
    "list.export": _l("Making the file of an own list"),
    "report.send": _l("Making a report to be sent by mail"),
    "reconciliation.compare": _l("Comparing a ledger of another system"),
}
FINDINGS = {
    "same": _l("Alike"),
    "different": _l("Differing"),
    "doubtful": _l("Doubtful"),
    "theirs_only": _l("Only theirs"),
    "ours_only": _l("Only ours"),
    "unreadable": _l("Cannot be compared"),
}
TASK_RESULTS = {
    "step": _l("Step"),
    "refused": _l("Refused"),
    "problems": _l("Why"),
    "certificates": _l("Certificates"),
    "instruments": _l("Instruments"),
    "notices": _l("Notices"),
    "rows": _l("Rows"),
    "accepted": _l("Accepted"),
    "created": _l("New"),
    "updated": _l("Changed"),
    "unchanged": _l("Unchanged"),
    "rejected": _l("Refused"),
    **FINDINGS,
    "file": _l("File"),
    "lines": _l("Lines"),
    "problem": _l("Problem"),
}
"""What the background work says of its end."""
TASK_STEPS = {
    "submit": _l("Hand in"),
    "check": _l("Check"),
    "approve": _l("Approve"),
    "return": _l("Give back"),
}
TASK_STATES = {
    "queued": _l("Queued"),
    "running": _l("Running"),
    "done": _l("Done"),
    "failed": _l("Failed"),
    "cancelled": _l("Cancelled"),
}
SEAL_STATES = {"intact": _l("Intact"), "broken": _l("Broken"), "removed": _l("Removed")}
STANDARD_STANDINGS = {
    "valid": _l("Valid"),
    "due_soon": _l("Due soon"),
    "lapsed": _l("Lapsed"),
    "not_yet": _l("Not valid yet"),
    "suspended": _l("Suspended"),
    "withdrawn": _l("Withdrawn"),
}
STANDARD_KINDS = {
    "public": _l("Public measurement standard"),
    "department": _l("Highest standard of a department"),
    "enterprise": _l("Highest standard of an enterprise"),
    "working": _l("Working standard"),
}
EQUIPMENT_ROLES = {"main": _l("Main equipment"), "ancillary": _l("Ancillary equipment")}
EQUIPMENT_CERTIFICATE_KINDS = {
    "verification": _l("Verification certificate"),
    "calibration": _l("Calibration certificate"),
}
CHECK_RESULTS = {"satisfactory": _l("Satisfactory"), "unsatisfactory": _l("Unsatisfactory")}
OUTSIDE_LEVELS = {
    "national": _l("National"),
    "regional": _l("Regional"),
    "provincial": _l("Provincial"),
    "municipal": _l("Municipal"),
    "other": _l("Other"),
}
CASE_STATES = {
    "gathering": _l("Certificates being found"),
    "open": _l("To be decided"),
    "closed": _l("Closed"),
    "falling": _l("Being undone"),
    "fallen": _l("Finding fallen"),
}
ITEM_STATES = {
    "open": _l("Under review"),
    "cleared": _l("Cleared"),
    "revoked": _l("Revoked"),
    "ended": _l("Had ended"),
    "fallen": _l("Stands as before"),
}
OUTLOOKS = {"turns": _l("Would turn"), "stays": _l("Would stay"), "unknown": _l("Cannot be said")}
DECISIONS = {
    "clear": _l("Clear: they still conform"),
    "revoke": _l("Revoke"),
    "fall": _l("The finding falls: undo everything"),
}
DECISION_STATES = {
    "proposed": _l("Waits for another person"),
    "confirmed": _l("Being carried out"),
    "done": _l("Done"),
    "withdrawn": _l("Taken back"),
}
STANDARD_STATES = {"in_use": _l("In use"), "suspended": _l("Suspended"), "withdrawn": _l("Withdrawn")}
QUALIFICATION_GRADES = {
    "": _l("Not stated"),
    "verifier": _l("Verifier (检定员)"),
    "registered_2": _l("Registered metrologist, grade 2"),
    "registered_1": _l("Registered metrologist, grade 1"),
}
CONDITION_KINDS = {
    "broken": _l("Broken, or measures wrongly"),
    "seal_broken": _l("A seal or mark is damaged"),
    "lost": _l("Lost or stolen"),
    "given_up": _l("Given up, no longer used"),
    "moved": _l("Stands elsewhere now"),
    "other": _l("Something else"),
}
LABEL_STATES = {"blank": _l("Blank"), "bound": _l("Bound"), "void": _l("Void")}
COMPLAINT_KINDS = {
    "short_measure": _l("Short weight or measure"),
    "other_serial": _l("The serial number is another one"),
    "seal_broken": _l("A seal is broken or missing"),
    "label_suspect": _l("The label looks copied or moved"),
    "expired": _l("Used although it has run out"),
    "display": _l("The display cannot be seen or read"),
    "other": _l("Something else"),
}
COMPLAINT_STATES = {
    "received": _l("Waits for a decision"),
    "accepted": _l("Accepted"),
    "inspected": _l("Inspected"),
    "closed": _l("Closed"),
    "declined": _l("Not accepted"),
}
PRINT_KINDS = {"certificate": _l("Certificate"), "label": _l("Label"), "mark": _l("合格 mark")}
PRINT_STATES = {"waiting": _l("To be printed"), "printed": _l("Printed"), "withdrawn": _l("Withdrawn")}
PACKAGE_STATES = {
    "making": _l("Being made"),
    "ready": _l("Ready"),
    "expired": _l("No longer kept"),
    "failed": _l("Failed"),
}
SEAL_FOUND = {
    "broken": _l("Broken"),
    "missing": _l("Missing"),
    "removed_for_repair": _l("Taken off for a repair"),
}
UNITS = {
    "share": _l("per cent"),
    "count": _l("count"),
    "days": _l("days"),
    "per_10000": _l("per 10,000"),
}
DIRECTIONS = {
    "higher": _l("higher is better"),
    "lower": _l("lower is better"),
    "none": _l("neither is better"),
}
