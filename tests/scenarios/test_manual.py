# SPDX-License-Identifier: Apache-2.0
"""The manual and --help say the same."""

import pathlib
import re

import pytest

from drive import BUILD, run

ROOT = pathlib.Path(__file__).parents[2]
MANUAL = ROOT / "docs" / "man" / "imdrive.1.scd"
COMPLETION = ROOT / "contrib" / "completion" / "imdrive.bash"


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


def complete(*words):
    """What the shell offers for the last of these words."""
    script = (f"source {COMPLETION}; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _imdrive; "
              "printf '%s\\n' \"${COMPREPLY[@]}\"")
    return set(run("bash", "-c", script, "bash", BUILD / "imdrive", *words).stdout.split())


@pytest.mark.parametrize("words, expected", [
    (("st",), {"status"}),
    (("--profile", "x", "res"), {"restore", "resume"}),
    (("resume", "--a"), {"--accept-deletions"}),
    (("sync", "/pro"), {"/proc"}),
    (("--prof",), {"--profile"}),
])
def test_the_shell_completes(words, expected):
    assert complete(*words) == expected
