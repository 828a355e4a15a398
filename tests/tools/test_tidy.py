# SPDX-License-Identifier: Apache-2.0
"""tools/tidy finds each breach it is there for, and nothing in a tree without one."""

import subprocess
import sys
from pathlib import Path

import pytest

TIDY = Path(__file__).resolve().parents[2] / "tools" / "tidy"
SPDX = "/* SPDX-License-Identifier: Apache-2.0 */\n"
ORDER = """# SPDX-License-Identifier: Apache-2.0
subdir('base')
subdir('chunk')
subdir('server/blobs')
subdir('api')
subdir('client/tree')
subdir('client/engine')
"""
CLEAN = {
    "src/meson.build": ORDER,
    "src/base/text.h": SPDX + "#pragma once\n\n#include <stdbool.h>\n",
    "src/base/text.c": SPDX + '#include "base/text.h"\n\n#include <string.h>\n',
    "src/base/log.h": SPDX + "#pragma once\n",
    "src/chunk/cutter.h": SPDX + '#pragma once\n\n#include "base/text.h"\n',
    "src/server/blobs/pack.h": SPDX + "#pragma once\n",
    "src/api/api.h": SPDX + '#pragma once\n\n#include "server/blobs/pack.h"\n',
    "src/client/tree/tree.h": SPDX + "#pragma once\n",
    "src/client/engine/engine.c": SPDX + '#include "client/tree/tree.h"\n#include "base/log.h"\n',
}


def write(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def tidy(root):
    command = [sys.executable, TIDY, "--root", root]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def function(lines):
    return "static void long_one(void)\n{\n" + "\tstep();\n" * (lines - 3) + "}\n"


def in_body(statement):
    return SPDX + "static void f(void)\n{\n\t" + statement + "\n}\n"


BREACHES = {
    "layer": ("src/chunk/x.c", SPDX + '#include "server/blobs/pack.h"\n'),
    "layer by header": ("src/base/x.h", SPDX + '#pragma once\n#include "chunk/cutter.h"\n'),
    "sides": ("src/client/engine/x.c", SPDX + '#include "server/blobs/pack.h"\n'),
    "sides by api": ("src/client/engine/x.c", SPDX + '#include "api/api.h"\n'),
    "sides in a program": ("src/client/daemon.c", SPDX + '#include "api/api.h"\n'),
    "sides by link": (
        "src/client/engine/meson.build",
        "# SPDX-License-Identifier: Apache-2.0\nx = [blobs_dep]\n",
    ),
    "pure": ("src/chunk/x.c", SPDX + "#include <sys/stat.h>\n"),
    "pure by gio": ("src/client/tree/x.c", SPDX + "#include <gio/gio.h>\n"),
    "log": ("src/server/blobs/x.c", SPDX + '#include "base/log.h"\n'),
    "includes": ("src/base/text.c", SPDX + '#include <string.h>\n#include "base/text.h"\n'),
    "includes short": ("src/base/x.c", SPDX + '#include "text.h"\n'),
    "file-size": ("src/base/x.c", SPDX + "\n" * 800),
    "function-size": ("src/base/x.c", SPDX + function(71)),
    "columns": ("src/base/x.c", SPDX + "\t/* " + "x" * 90 + " */\n"),
    "header": ("src/base/x.h", SPDX),
    "license": ("src/base/x.c", "int x;\n"),
    "license of a script": ("tools/x", "#!/bin/sh\n"),
    "name": ("src/base/string_util.c", SPDX),
    "name of a folder": ("src/common/x.c", SPDX),
    "function": ("src/base/x.c", in_body("strcpy(a, b);")),
    "function time": ("src/base/x.c", in_body("x = gmtime (&t);")),
    "goto": ("src/base/x.c", in_body("goto out;")),
    "braces": ("src/base/x.c", in_body("if (a)\n\t\tb();")),
    "braces else": ("src/base/x.c", in_body("if (a) {\n\t} else\n\t\tb();")),
    "braces for": ("src/base/x.c", in_body("for (;;)\n\t\tb();")),
    "design": ("src/base/DESIGN.md", "# base\n"),
    "design misses": ("src/base/DESIGN.md", "## Code structure\n\n* `text.c`: text\n"),
    "design invents": (
        "src/base/DESIGN.md",
        "## Code structure\n\n* `text.{c,h}`\n* `log.h`\n* `gone.c`\n",
    ),
}


def test_a_clean_tree_passes(tmp_path):
    write(tmp_path, CLEAN)
    run = tidy(tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("kind", BREACHES)
def test_finds(tmp_path, kind):
    name, text = BREACHES[kind]
    write(tmp_path, CLEAN | {name: text})
    run = tidy(tmp_path)
    assert run.returncode == 1, run.stdout + run.stderr
    assert f": {kind.split()[0]}: " in run.stdout


def test_finds_a_folder_of_too_many_modules(tmp_path):
    write(tmp_path, CLEAN | {f"src/base/m{i}.c": SPDX for i in range(15)})
    assert ": folder-size: " in tidy(tmp_path).stdout


def test_finds_io_behind_a_project_header(tmp_path):
    write(tmp_path, CLEAN | {"src/base/text.h": SPDX + "#pragma once\n#include <stdio.h>\n"})
    assert "src/chunk/cutter.h:4: pure: " in tidy(tmp_path).stdout


@pytest.mark.parametrize(
    "text",
    [
        SPDX + function(70),
        SPDX + "/* goto strcpy( */\n",
        in_body('x = "goto system(1) if (a) b";'),
        in_body("g_rand_int(r);\n\tself->signal(1);\n\tstrtok_r(a, b, c);"),
        in_body("do {\n\t} while (x);"),
        in_body("if (a) {\n\t} else if (b) {\n\t} else {\n\t}"),
        in_body("c = ')';\n\tif (c == '(') {\n\t}"),
        SPDX + "#if A\n#else\n#endif\n",
        SPDX + "\t/* " + "é" * 80 + " */\n",
    ],
)
def test_is_content_with(tmp_path, text):
    write(tmp_path, CLEAN | {"src/base/x.c": text})
    run = tidy(tmp_path)
    assert run.returncode == 0, run.stdout


def test_a_design_line_stands_for_a_module(tmp_path):
    design = "## Code structure\n\n* `text.c`: text\n* `log.h`: events\n"
    write(tmp_path, CLEAN | {"src/base/DESIGN.md": design, "src/base/text_test.c": SPDX})
    run = tidy(tmp_path)
    assert run.returncode == 0, run.stdout


PROJECT = """project('x', 'c')
static_library('x', files('src/base/odd.c'), include_directories: include_directories('src'))
"""


def test_finds_what_only_a_build_shows(tmp_path):
    bad_header = SPDX + "#pragma once\n\nstruct Odd {\n\tuint8_t byte;\n};\n"
    odd = SPDX + "void other_name(void);\nvoid odd_name(void);\n"
    odd += "void other_name(void)\n{\n}\nvoid odd_name(void)\n{\n}\n"
    files = {"src/base/bad.h": bad_header, "src/base/odd.c": odd, "meson.build": PROJECT}
    write(tmp_path, CLEAN | files)
    (tmp_path / "meson.build").write_text("# SPDX-License-Identifier: Apache-2.0\n" + PROJECT)
    subprocess.run(["meson", "setup", "build"], cwd=tmp_path, check=True, capture_output=True)
    subprocess.run(["ninja", "-C", "build"], cwd=tmp_path, check=True, capture_output=True)
    lines = tidy(tmp_path).stdout.splitlines()
    assert [line.split(": ")[:2] for line in lines] == [
        ["src/base/bad.h:1", "header"],
        ["src/base/odd.c:1", "symbol"],
    ]
    assert "other_name" in lines[1]
