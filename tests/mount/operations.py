# SPDX-License-Identifier: Apache-2.0
"""Random operations on a folder, by a seed: the same on a mount and on a plain folder.

Every operation is done in both; what it returned, or the error it gave, must be the same, and after
each step so must be what it touched.
"""

import errno
import fcntl
import mmap
import os
import random
import stat

NAMES = ["a", "b", "c", "d", "name with space", "ä", "x" * 255]
SIZE_MAX = 300_000


class Files:
    """One of the two folders, with the files that are open in it."""

    def __init__(self, folder):
        self.folder = os.fsencode(folder)
        self.open = {}

    def path(self, name):
        return os.path.join(self.folder, os.fsencode(name))

    def close(self):
        for handle in self.open.values():
            os.close(handle)
        self.open.clear()


def outcome(action, files, *arguments):
    try:
        return action(files, *arguments)
    except OSError as error:
        return errno.errorcode[error.errno]


def look(files, name):
    info = os.lstat(files.path(name))
    kind = stat.S_IFMT(info.st_mode)
    size = info.st_size if stat.S_ISREG(info.st_mode) else None
    return kind, stat.S_IMODE(info.st_mode), size, info.st_nlink if size is not None else None


def make_folder(files, name):
    os.mkdir(files.path(name))


def remove_folder(files, name):
    os.rmdir(files.path(name))


def remove(files, name):
    os.unlink(files.path(name))


def rename(files, name, other):
    os.rename(files.path(name), files.path(other))


def link(files, name, target):
    os.symlink(target, files.path(name))
    return os.readlink(files.path(name))


def open_file(files, slot, name, flags):
    handle = os.open(files.path(name), flags, 0o644)
    if slot in files.open:
        os.close(files.open.pop(slot))
    files.open[slot] = handle


def close_file(files, slot):
    if slot in files.open:
        os.close(files.open.pop(slot))


def handle_of(files, slot):
    if slot not in files.open:
        raise OSError(errno.EBADF, "not open")
    return files.open[slot]


def write(files, slot, offset, content):
    return os.pwrite(handle_of(files, slot), content, offset)


def append(files, name, content):
    handle = os.open(files.path(name), os.O_WRONLY | os.O_APPEND)
    try:
        return os.write(handle, content)
    finally:
        os.close(handle)


def read(files, slot, offset, size):
    return os.pread(handle_of(files, slot), size, offset)


def read_all(files, name):
    handle = os.open(files.path(name), os.O_RDONLY)
    try:
        content = b""
        while part := os.read(handle, 1 << 20):
            content += part
        return content
    finally:
        os.close(handle)


def truncate_open(files, slot, size):
    os.ftruncate(handle_of(files, slot), size)
    return os.fstat(handle_of(files, slot)).st_size


def truncate(files, name, size):
    os.truncate(files.path(name), size)


def sync(files, slot):
    os.fsync(handle_of(files, slot))


def look_open(files, slot):
    info = os.fstat(handle_of(files, slot))
    return info.st_size, stat.S_IMODE(info.st_mode), info.st_nlink


def times(files, name, mtime_ns):
    os.utime(files.path(name), ns=(mtime_ns, mtime_ns), follow_symlinks=False)
    return os.lstat(files.path(name)).st_mtime_ns


def mode(files, name, bits):
    os.chmod(files.path(name), bits)


def set_attribute(files, name, value):
    os.setxattr(files.path(name), "user.test", value, follow_symlinks=False)


def get_attributes(files, name):
    names = os.listxattr(files.path(name), follow_symlinks=False)
    return {each: os.getxattr(files.path(name), each, follow_symlinks=False)
            for each in sorted(names) if each.startswith("user.") and "imdrive" not in each}


def list_folder(files, name):
    return sorted(os.listdir(files.path(name)))


def write_mapped(files, slot, offset, content):
    handle = handle_of(files, slot)
    size = os.fstat(handle).st_size
    if size == 0 or fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDWR:
        return "not mapped"
    with mmap.mmap(handle, size) as mapped:
        offset %= size
        content = content[:size - offset]
        mapped[offset:offset + len(content)] = content
        return mapped[max(0, offset - 10):offset + len(content) + 10]


def place(draw):
    """A name in one of few folders, so that they meet."""
    depth = draw.choice([0, 0, 1, 2])
    return "/".join(draw.choice(NAMES[:4]) for _ in range(depth)) + "/" * bool(depth) + \
        draw.choice(NAMES)


def content_of(draw):
    return draw.randbytes(draw.choice([0, 1, 100, 4096, 5000, 70_000]))


OPEN_FLAGS = [
    os.O_RDONLY, os.O_RDWR, os.O_RDWR | os.O_CREAT, os.O_WRONLY | os.O_CREAT,
    os.O_RDWR | os.O_CREAT | os.O_EXCL, os.O_WRONLY | os.O_TRUNC,
    os.O_RDWR | os.O_CREAT | os.O_TRUNC, os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
    os.O_WRONLY | os.O_CREAT | os.O_EXCL,
]


def draw_step(draw):
    """(operation, its arguments, the name to look at afterwards or None)."""
    name, slot = place(draw), draw.randrange(4)
    offset, size = draw.randrange(SIZE_MAX), draw.randrange(SIZE_MAX)
    choices = [
        (8, make_folder, (name,)), (2, remove_folder, (name,)), (5, remove, (name,)),
        (8, rename, (name, place(draw))), (3, link, (name, place(draw))),
        (18, open_file, (slot, name, draw.choice(OPEN_FLAGS))), (4, close_file, (slot,)),
        (14, write, (slot, offset, content_of(draw))), (6, append, (name, content_of(draw))),
        (10, read, (slot, offset, size)), (10, read_all, (name,)),
        (4, truncate_open, (slot, size)), (3, truncate, (name, size)), (3, sync, (slot,)),
        (4, look_open, (slot,)), (3, times, (name, draw.randrange(1 << 60))),
        (3, mode, (name, draw.choice([0o644, 0o755, 0o600]))),
        (3, set_attribute, (name, draw.randbytes(20))), (3, get_attributes, (name,)),
        (4, list_folder, (name,)), (4, write_mapped, (slot, offset, content_of(draw))),
    ]
    _, action, arguments = draw.choices(choices, [weight for weight, *_ in choices])[0]
    return action, arguments, name


def tree(files):
    """All that can be seen."""
    seen = {}
    for parent, folders, names in os.walk(files.folder):
        for each in folders + names:
            path = os.path.join(parent, each)
            key = os.path.relpath(path, files.folder)
            if key.split(b"/")[0] == b".imdrive":
                continue
            info = os.lstat(path)
            if stat.S_ISLNK(info.st_mode):
                seen[key] = os.readlink(path)
            elif stat.S_ISREG(info.st_mode):
                seen[key] = (stat.S_IMODE(info.st_mode), read_all(files, path))
            else:
                seen[key] = "folder"
    return seen


def run(seed, steps, tested, plain, between=lambda step: None):
    """Runs the same steps in both folders, comparing after each; raises at the first difference."""
    draw = random.Random(seed)
    one, two = Files(tested), Files(plain)
    try:
        for step in range(steps):
            action, arguments, name = draw_step(draw)
            said = f"seed {seed}, step {step}: {action.__name__} {str(arguments)[:200]}"
            left, right = outcome(action, one, *arguments), outcome(action, two, *arguments)
            assert left == right, f"{said}: {str(left)[:300]} | {str(right)[:300]}"
            left, right = outcome(look, one, name), outcome(look, two, name)
            assert left == right, f"{said}, then {name!r}: {left} | {right}"
            between(step)
        left, right = tree(one), tree(two)
        assert left == right, f"seed {seed}: {sorted(set(left) ^ set(right))[:10]}"
    finally:
        one.close()
        two.close()
