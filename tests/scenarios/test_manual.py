# SPDX-License-Identifier: Apache-2.0
"""The manual and --help say the same."""

import pathlib
import re

from drive import BUILD, run

MANUAL = pathlib.Path(__file__).parents[2] / "docs" / "man" / "imdrive.1.scd"


def test_every_command_and_option_is_in_the_manual():
    manual = MANUAL.read_text()
    described = set(re.findall(r"^\*(\w+)\*", manual.split("# COMMANDS")[1].split("# FILES")[0],
                               re.MULTILINE))
    text = run(BUILD / "imdrive", "--help").stdout
    commands = set(re.findall(r"^  (\w+) ", text.split("Commands:")[1], re.MULTILINE))
    assert commands == described
    for command in commands:
        options = set(re.findall(r"--[a-z-]+", run(BUILD / "imdrive", command, "--help").stdout))
        for option in options - {"--help"}:
            assert option in manual, f"{command} {option} is not in the manual"
