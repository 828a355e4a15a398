# SPDX-License-Identifier: Apache-2.0
"""tools/count never turns a failure into a pass."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

COUNT = Path(__file__).resolve().parents[2] / "tools" / "count"


def count(*paths):
    run = subprocess.run(
        [sys.executable, COUNT, *paths], capture_output=True, text=True, check=False
    )
    return run.stdout, run.returncode


def meson_log(tmp_path, *runs):
    path = tmp_path / "testlog.json"
    lines = [json.dumps({"name": "t", "result": result, "stdout": out}) for result, out in runs]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize(
    "runs, line, status",
    [
        ([("OK", "1..2\nok 1 /a\nok 2 /b\n")], "2 passed, 0 failed", 0),
        ([("OK", "")], "1 passed, 0 failed", 0),
        ([("OK", "1..2\nok 1 /a # SKIP no fuse\nok 2 /b\n")], "1 passed, 0 failed, 1 skipped", 0),
        ([("SKIP", "")], "0 passed, 0 failed, 1 skipped", 1),
        ([("FAIL", "1..2\nok 1 /a\nnot ok 2 /b\n")], "1 passed, 1 failed", 1),
        ([("ERROR", "1..2\nok 1 /a\n")], "1 passed, 1 failed", 1),
        ([("TIMEOUT", None)], "0 passed, 1 failed", 1),
        ([("FAIL", "ok 1 is no TAP\n")], "0 passed, 1 failed", 1),
        ([("OK", "1..1\nok 1 /a\n"), ("FAIL", "")], "1 passed, 1 failed", 1),
        ([("OK", "1..1\nnot ok 1 /a # TODO later\n")], "1 passed, 0 failed", 0),
    ],
)
def test_counts_meson(tmp_path, runs, line, status):
    assert count(meson_log(tmp_path, *runs)) == (line + "\n", status)


def test_counts_pytest_beside_meson(tmp_path):
    report = tmp_path / "pytest.xml"
    report.write_text(
        "<testsuites><testsuite><testcase name='a'/><testcase name='b'><failure/></testcase>"
        "<testcase name='c'><error/></testcase><testcase name='d'><skipped/></testcase>"
        "</testsuite></testsuites>"
    )
    log = meson_log(tmp_path, ("OK", ""))
    assert count(log, report) == ("2 passed, 2 failed, 1 skipped\n", 1)


def test_a_missing_log_is_a_failure(tmp_path):
    log = meson_log(tmp_path, ("OK", ""))
    assert count(log, tmp_path / "pytest.xml") == ("1 passed, 1 failed\n", 1)


def test_a_torn_log_is_a_failure(tmp_path):
    path = tmp_path / "testlog.json"
    path.write_text('{"name": "t", "res')
    assert count(path) == ("0 passed, 1 failed\n", 1)
