# SPDX-License-Identifier: Apache-2.0
"""What a mount costs whoever programs in it: git and make, beside the local file system."""

import pathlib
import shutil
import statistics
import subprocess
import sys
import time

from measure import PROGRAM_TIMEOUT_S, ROOT, cpu_seconds

TURNS = 5
FOLDERS = ("base", "chunk", "request", "wire", "sql", "client")
COMPILED = ("base", "chunk", "client/tree", "client/plan", "client/observe", "client/state")
MAKEFILE = """
CFLAGS = -std=gnu17 -D_GNU_SOURCE -I. $(shell pkg-config --cflags glib-2.0 gio-2.0 libsodium sqlite3)
FOLDERS = {folders}
SOURCES = $(filter-out %_test.c %_fuzz.c, $(foreach folder, $(FOLDERS), $(wildcard $(folder)/*.c)))
OBJECTS = $(SOURCES:.c=.o)
all.a: $(OBJECTS)
	$(AR) rcs $@ $(OBJECTS)
%.o: %.c
	$(CC) $(CFLAGS) -MMD -c -o $@ $<
-include $(OBJECTS:.o=.d)
"""


def run(*command, folder):
    # A time-out of Python's would look for the end every 50 ms.
    subprocess.run(["timeout", str(PROGRAM_TIMEOUT_S), *map(str, command)], cwd=folder,
                   stdout=subprocess.DEVNULL, check=True)


def git(*arguments, folder):
    run("git", "-c", "user.name=alice", "-c", "user.email=alice@localhost", *arguments,
        folder=folder)


def project(folder):
    """A repository of this project's own sources, and of how some of them are compiled."""
    for name in FOLDERS:
        shutil.copytree(ROOT / "src" / name, folder / name)
    (folder / "Makefile").write_text(MAKEFILE.format(folders=" ".join(COMPILED)))
    (folder / ".gitignore").write_text("*.o\n*.d\n*.a\n")
    git("init", "-q", folder=folder)
    git("add", ".", folder=folder)
    git("commit", "-qm", "all of it", folder=folder)
    return folder


def steps(origin, folder):
    """What is done in each turn: its name and how it is done."""
    clone = folder / "project"
    status = "git", "status", "--porcelain"
    return {
        "git clone": lambda: run("git", "clone", "-q", f"file://{origin}", clone, folder=folder),
        "git status, the first": lambda: run(*status, folder=clone),
        "git status": lambda: run(*status, folder=clone),
        "make -j2": lambda: run("make", "-j2", folder=clone),
        "make, nothing to do": lambda: run("make", folder=clone),
        "git status, once built": lambda: run(*status, folder=clone),
        "rm -r": lambda: run("rm", "-r", clone, folder=folder),
    }


class Turns:
    """Seconds of each step, of the mount and of the folder beside."""

    def __init__(self):
        self.ours, self.beside, self.asked = [], [], []


def measure(bench, row, stand):
    """Rows about a small project of C, in turns."""
    origin = project(bench.fresh("project"))
    files = sum(1 for path in origin.rglob("*") if path.is_file() and ".git" not in path.parts)
    taken = {}
    for number in range(TURNS):
        steps_of = [(where, steps(origin, where)) for where in (stand.plain, stand.disk.folder)]
        # The one that comes first has it colder.
        for where, step in steps_of if number % 2 else reversed(steps_of):
            for name, action in step.items():
                turns = taken.setdefault(name, Turns())
                before, start = cpu_seconds(stand.disk.process), time.monotonic()
                action()
                took = time.monotonic() - start
                if where == stand.plain:
                    turns.beside.append(took)
                else:
                    turns.ours.append(took)
                    turns.asked.append(cpu_seconds(stand.disk.process) - before)
        # What the one is still sending is not to be the other's.
        stand.disk.wait_idle(PROGRAM_TIMEOUT_S)
    rows = []
    for name, turns in taken.items():
        ours, beside, asked = map(statistics.median, (turns.ours, turns.beside, turns.asked))
        print(f"  {name}: {asked:.2f} s of the mount's processor; {turns.ours} {turns.beside}",
              file=sys.stderr, flush=True)
        rows.append(row(f"{name}, {files} files", f"{ours:.3f} s", f"ext4 {beside:.3f} s",
                        f"{ours / beside:.2f}", "≤ 3", ours <= 3 * beside))
    return rows
