# SPDX-License-Identifier: Apache-2.0
"""docs/security.md names a test for each numbered requirement, and all that it names exists."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
NUMBERS = ([f"R{i}" for i in range(1, 20)] + [f"A{i}" for i in range(1, 15)] +
           [f"N{i}" for i in range(1, 4)] + [f"C{i}" for i in range(1, 7)])
ROW = re.compile(r"^\| ([RANC]\d+) \|(.*)\|(.*)\|(.*)\|$", re.MULTILINE)


def rows():
    text = (ROOT / "docs/security.md").read_text()
    return {row.group(1): row for row in ROW.finditer(text)}


def carries(name, number):
    """test_r3_…, /server/login/…/r3-…, r5-r4-…: but not r31."""
    return re.search(rf"(?<![a-z0-9]){number.lower()}(?![0-9a-z])", name.replace("_", "-"))


def test_every_requirement_has_a_row():
    assert sorted(rows()) == sorted(NUMBERS)


@pytest.mark.parametrize("number", NUMBERS)
def test_requirement_has_a_test_with_its_number(number):
    cited = re.findall(r"`([^`]+): ([^`]+)`", rows()[number].group(3))
    assert any(carries(name, number) for _, name in cited), f"{number} has no test"
    for path, name in cited:
        assert exists(path, name), f"{path} has no {name}"


@pytest.mark.parametrize("number", NUMBERS)
def test_requirement_names_its_code(number):
    paths = re.findall(r"`([^`]+)`", rows()[number].group(4))
    assert paths
    for path in paths:
        assert (ROOT / path).is_file(), path


def exists(path, name):
    text = (ROOT / path).read_text()
    return (f"def {name}(" if path.endswith(".py") else f'"{name}"') in text


def test_all_that_is_named_exists():
    text = (ROOT / "docs/security.md").read_text()
    cited = re.findall(r"`([^`\n]+\.(?:c|py)): ([^`\n]+)`", text)
    assert len(cited) > 100
    assert [pair for pair in cited if not exists(*pair)] == []
    harnesses = re.findall(r"`([a-z_]+(?:/[a-z_]+)+)`", text.partition("## Bad input")[2])
    assert harnesses and all((ROOT / f"src/{name}_fuzz.c").is_file() for name in harnesses)


def test_numbers_are_told_apart():
    assert carries("test_r3_r16_x", "R16") and carries("test_r3_r16_x", "R3")
    assert not carries("test_r16_x", "R1") and not carries("test_error3_x", "R3")
