from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = """
import os, resource, sys
sys.path.insert(0, sys.argv[1])
from sandbox import rlimits
before = resource.getrlimit(resource.RLIMIT_AS)
found = rlimits.found_address_space()
proc = os.open("/proc", os.O_PATH | os.O_DIRECTORY)
print(abs(found - rlimits.address_space(proc)), resource.getrlimit(resource.RLIMIT_AS) == before)
"""


def test_the_address_space_is_found_without_being_told():
    ran = subprocess.run([sys.executable, "-c", CODE, str(ROOT)], capture_output=True, text=True, check=True)
    difference, kept = ran.stdout.split()
    assert int(difference) < 1 << 20 and kept == "True"
