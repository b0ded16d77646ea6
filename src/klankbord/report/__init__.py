"""The report: all numbers first, then a page, a workbook and machine-readable exports."""

from __future__ import annotations

from klankbord.report.build import build
from klankbord.report.html import write_html, write_huddles
from klankbord.report.method import OwnQuality
from klankbord.report.model import Report
from klankbord.report.paper import check_paper, write_huddles_pdf, write_pdf
from klankbord.report.satisfaction import satisfaction_by_theme
from klankbord.report.tables import write_tables
from klankbord.report.workbook import write_workbook

__all__ = [
    "OwnQuality",
    "Report",
    "build",
    "check_paper",
    "satisfaction_by_theme",
    "write_html",
    "write_huddles",
    "write_huddles_pdf",
    "write_pdf",
    "write_tables",
    "write_workbook",
]
