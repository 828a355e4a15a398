# SPDX-License-Identifier: Apache-2.0
"""The desktop app: how long until its window can be used, what it holds, and that it sleeps. Beside a
window of GTK and libadwaita with nothing in it (empty_window.c)."""

import pathlib
import statistics
import subprocess
import sys
import time

from measure import BUILD, ROOT, Measured, Server, wait_until

sys.path[:0] = [str(ROOT / "tests" / part) for part in ("app", "login")]

import desktop as desktops  # noqa: E402

MIB = 1 << 20
ASLEEP_S = 20


def empty_window(bench):
    program = bench.scratch / "empty_window"
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "libadwaita-1"], check=True,
                           capture_output=True, text=True).stdout.split()
    subprocess.run(["cc", "-O2", "-o", program, ROOT / "bench" / "empty_window.c", *flags],
                   check=True)
    return program


def until_mapped(words, environment):
    """Starts a program that writes a line once its window was drawn; it, and the milliseconds."""
    start = time.monotonic()
    process = subprocess.Popen([str(word) for word in words], env=environment,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    line = process.stdout.readline()
    assert line.strip() == "drawn", line
    return process, 1000 * (time.monotonic() - start)


def private_memory(process):
    """What would be free without it, in MiB: pages of its own, and its share of the others."""
    rollup = pathlib.Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    return int(rollup.split("Pss:")[1].split()[0]) / 1024


def wake_ups(process):
    """Of each of its threads, so far."""
    tasks = pathlib.Path(f"/proc/{process.pid}/task").glob("*/status")
    return {status: int(status.read_text().split("\nvoluntary_ctxt_switches:")[1].split()[0])
            for status in tasks}


def end(process):
    process.terminate()
    process.wait()


def measure(bench, Row, runs):
    missing = desktops.missing()
    if missing:
        print(f"bench: app: {missing} is missing (tools/install app test)", file=sys.stderr)
        return []
    folder = bench.fresh("desktop")
    folder.chmod(0o700)
    desktop = desktops.Desktop(folder)
    root = bench.fresh("app")
    server = Server(root / "data").start()
    server.add_user("alice")
    device = Measured(root, "a", server).login().start()
    wait_until(lambda: device.status().get("state") == "idle", "the daemon is at rest")
    home = bench.fresh("home")
    environment = desktop.environment(HOME=str(home), XDG_CONFIG_HOME=str(home), LANG="C.UTF-8",
                                      IMDRIVE_APP_SAYS_DRAWN="1")
    app = [BUILD / "tests/app/imdrive-app-driven", "--profile", device.profile]
    empty = empty_window(bench)
    try:
        ours, peers = [], []
        for number in range(runs + 1):  # the first one warms
            peer, peer_ms = until_mapped([empty], environment)
            process, ms = until_mapped(app, environment)
            time.sleep(3)
            held, peer_held = private_memory(process), private_memory(peer)
            before = wake_ups(process)
            time.sleep(ASLEEP_S if number == runs else 0)
            woken = sum(count - before.get(task, 0) for task, count in wake_ups(process).items())
            end(peer)
            end(process)
            if number:
                ours.append(ms)
                peers.append(peer_ms)
        ours, peers = statistics.median(ours), statistics.median(peers)
        return [
            Row("the app's window, started warm, until it is drawn", f"{ours:.0f} ms",
                f"empty libadwaita window {peers:.0f} ms", f"{ours / peers:.2f}", "≤ 500 ms",
                ours <= 500),
            Row("the app's memory (proportional), web view closed", f"{held:.0f} MiB",
                f"empty libadwaita window {peer_held:.0f} MiB", f"{held / peer_held:.2f}",
                "≤ 120 MB", held * MIB <= 120e6),
            Row(f"wake-ups of the app in {ASLEEP_S} s while nothing happens", f"{woken}", "–", "–",
                "0", woken == 0),
        ]
    finally:
        device.stop()
        server.stop()
        desktop.close()
