"""What people get: the report for each role, the workbooks and the exports.

`heard` is what a workspace holds at a moment, `findings` what the stages made of it, new or stored
before, `quality` how good the tone model is on people's labels, and `writing` makes the files.
"""

from klankbord.outputs.findings import Findings, work_out
from klankbord.outputs.heard import Heard, hear, of, until
from klankbord.outputs.stored import StoredRun, latest_run, restore
from klankbord.outputs.unchanged import SAME, state_of, unchanged
from klankbord.outputs.writing import (
    Told,
    huddle_sheets,
    report_of,
    write_huddles,
    write_outputs,
    write_page,
)

__all__ = [
    "SAME",
    "Findings",
    "Heard",
    "StoredRun",
    "Told",
    "hear",
    "huddle_sheets",
    "latest_run",
    "of",
    "report_of",
    "restore",
    "state_of",
    "unchanged",
    "until",
    "work_out",
    "write_huddles",
    "write_outputs",
    "write_page",
]
