# SPDX-License-Identifier: Apache-2.0
"""A server that lies gets nothing by it: not the processor, not the program, not the terminal."""

import time

import pytest

from drive import Device, wait_until
from liar import DRIVE, Liar, folder, node, page


@pytest.fixture
def meet(tmp_path):
    """Starts a liar, and a device of it."""
    made = []

    def make(changes):
        liar = Liar(changes)
        made.append(liar)
        device = Device(tmp_path, "laptop", liar)
        device.login()
        device.start()
        made.append(device)
        return liar, device

    yield make
    for one in reversed(made):
        one.stop()


@pytest.mark.parametrize("answer", [
    lambda number: page() if number == 1 else None,
    lambda number: page(),
    lambda number: page(at_head=False),
    lambda number: page(seq=number),
    lambda number: page(reset=True),
    lambda number: page([folder(node(7), DRIVE, "same", 1)]),
], ids=["nothing", "empty", "unfinished", "passing", "reset", "stale"])
def test_answers_that_bring_nothing_are_not_asked_for_at_once(meet, answer):
    liar, _ = meet(answer)
    wait_until(lambda: liar.asked > 60, "more than an honest server may need")
    began, asked = time.monotonic(), liar.asked
    wait_until(lambda: liar.asked > asked + 10, "it is still asked")
    # Ten a second, and some time for the machine.
    assert time.monotonic() - began > 0.8


def circle(number):
    """Two folders that lie in each other; said to be all."""
    return page([folder(node(7), node(8), "seven", 1), folder(node(8), node(7), "eight", 2)], seq=2)


def in_each_other(number):
    """First beside each other, then in each other."""
    if number == 1:
        return page([folder(node(7), DRIVE, "seven", 1), folder(node(8), DRIVE, "eight", 2)], seq=2)
    return page([folder(node(7), node(8), "seven", 3), folder(node(8), node(7), "eight", 4)], seq=4)


@pytest.mark.parametrize("answer", [circle, in_each_other])
def test_folders_that_lie_in_each_other_stop_nothing(meet, answer):
    liar, device = meet(answer)
    wait_until(lambda: "lie in each other" in str(device.status()), "what is wrong is said")
    asked = liar.asked
    wait_until(lambda: liar.asked > asked + 1, "the server is asked again")
    assert device.process.poll() is None
