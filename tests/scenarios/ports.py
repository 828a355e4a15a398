# SPDX-License-Identifier: Apache-2.0
"""Ports for programs that must be told one, and for servers that come back on theirs.

They lie below those that the kernel gives away, or another program could be given one between the
look and the use, or while its server is down. Each worker of pytest-xdist has a range of its own.
"""

import itertools
import os
import random
import socket

FIRST, COUNT, WORKERS_MAX = 12000, 5000, 4

worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % WORKERS_MAX
# Two runs at once meet seldom.
ports = itertools.cycle(random.sample(range(FIRST + worker * COUNT, FIRST + (worker + 1) * COUNT),
                                      COUNT))


def free_port():
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
