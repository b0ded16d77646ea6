"""onnxruntime reports its use to its maker in some releases; ours is told not to."""

import os
import subprocess
import sys

from klankbord.resources import bundled

_LOAD = """
import os, sys
from pathlib import Path
seen = {}
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "onnxruntime":
            seen[name] = os.environ.get("ORT_DISABLE_TELEMETRY")
sys.meta_path.insert(0, Watch())
from klankbord.models.network import Network
Network(Path(sys.argv[1]))
print(seen["onnxruntime"])
"""


def test_it_is_told_before_it_is_imported() -> None:
    model = str(bundled("models/tone-accurate"))
    others = {name: value for name, value in os.environ.items() if "TELEMETRY" not in name}
    ran = subprocess.run(
        [sys.executable, "-c", _LOAD, model], capture_output=True, text=True, env=others, check=True
    )
    assert ran.stdout.split() == ["1"]
