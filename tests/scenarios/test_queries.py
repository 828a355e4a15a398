# SPDX-License-Identifier: Apache-2.0
"""No statement of server or client reads a whole table that grows.

The statements are taken from the preprocessed sources, so that none is forgotten, and explained on
the databases that the real programs made.
"""

import json
import pathlib
import re
import shlex
import sqlite3
import subprocess

from drive import BUILD

ROOT = pathlib.Path(__file__).parents[2]

FOLDERS = ("src/server/journal/", "src/server/accounts/", "src/client/state/")

# Tables that do not grow, with a row for each of a few settings; what a WITH is called.
SMALL = {"accounts_counter", "binding", "setting", "sqlite_schema", "invitation", "folder",
         "CONSTANT"}

# What goes through a table on purpose.
MAY_SCAN = [
    r"FROM pack ORDER BY pack",  # upkeep: a row for 64 MiB
    r"FROM version ORDER BY key LIMIT 256",  # upkeep: the oldest
    r"ORDER BY seq LIMIT 1000\) AS old",  # upkeep: goes through what the inner one found
    r"^UPDATE device SET token_hash = NULL WHERE token_hash IS NOT NULL AND seen_us <",  # hourly
    r"^UPDATE device SET ended = 1, token_hash = NULL WHERE ended = 0 AND \(seen_us <",  # hourly
    r"^DELETE FROM credential WHERE device IN \(SELECT id FROM device WHERE ended",  # hourly
    r"^SELECT COUNT\(\*\) FROM account WHERE role = 1",  # when an administrator is to go
    r"FROM below LIMIT \$2\) AS counted",  # what lies below one folder, up to a limit
    r"FROM remote$",  # a client's start: what differs from what is agreed
    r"FROM synced INDEXED BY synced_conflict ",  # an index of nothing but conflict copies
    r"FROM synced ORDER BY key$",  # state_check(), for tests
]

# Proves all that is at rest.
MAY_SCAN_FILES = {"src/server/journal/check.c"}

STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


def sources():
    """The sources with statements, and how each is compiled."""
    for entry in json.loads((BUILD / "compile_commands.json").read_text()):
        path = (pathlib.Path(entry["directory"]) / entry["file"]).resolve()
        name = str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else ""
        if name.startswith(FOLDERS) and not name.endswith("_test.c") and \
                "sql_statement(" in path.read_text():
            yield name, entry


def preprocess(entry):
    words = shlex.split(entry["command"])
    if "ccache" in words[0]:
        words = words[1:]
    kept = [word for at, word in enumerate(words)
            if word not in ("-c", "-o", "-MD", "-MQ", "-MF") and
            not (at > 0 and words[at - 1] in ("-o", "-MQ", "-MF"))]
    return subprocess.run([*kept, "-E", "-P"], cwd=entry["directory"], capture_output=True,
                          text=True, check=True).stdout


def statements(text):
    """All string literals that look like statements, neighbours put together."""
    text = re.sub(r"'(?:\\.|[^'\\])'", "' '", text)
    for run in re.finditer(r'(?:"(?:[^"\\]|\\.)*"\s*)+', text):
        joined = "".join(STRING.findall(run.group()))
        if re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", joined):
            yield joined.replace('\\"', '"')


def all_statements():
    seen = {}
    for name, entry in sources():
        for statement in statements(preprocess(entry)):
            seen.setdefault(statement, name)
    return seen


def databases(server, device):
    device.start()
    device.wait_idle()
    device.stop()
    server.stop()
    paths = list(server.data.glob("*.sqlite")) + list(device.profile.glob("bindings/*/*/state.db"))
    assert len(paths) >= 2
    return [sqlite3.connect(path) for path in paths]


def explain(connections, statement):
    """The plan, from the database that has its tables."""
    for connection in connections:
        try:
            rows = connection.execute("EXPLAIN QUERY PLAN " + statement, numbers(statement))
            return [row[3] for row in rows]
        except sqlite3.OperationalError as error:
            last = error
    raise AssertionError(f"{statement}: {last}")


def numbers(statement):
    return {name: 1 for name in re.findall(r"\$(\d+)", statement)}


def is_scan(step):
    """A step that goes through a whole table or index."""
    found = re.match(r"SCAN (\S+)", step)
    return bool(found) and found.group(1) not in SMALL


def test_no_statement_reads_a_whole_table(server, devices):
    found = all_statements()
    assert len(found) > 60, "the statements were not found"
    connections = databases(server, devices("a", start=False))
    scans = []
    for statement, name in found.items():
        if name in MAY_SCAN_FILES or any(re.search(may, statement) for may in MAY_SCAN):
            continue
        steps = explain(connections, statement)
        if any(is_scan(step) for step in steps):
            scans.append(f"{name}: {statement}\n    " + "\n    ".join(steps))
    for connection in connections:
        connection.close()
    assert not scans, "\n".join(["these read whole tables:"] + scans)
