"""A folder that strangers wrote: how full it is, and how to empty it however deep and closed it is."""

import errno
import os
import stat

_BLOCK, _DEEPEST = 4096, 64
_TAKEN = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR)


def used(folder: str) -> int | None:
    """Bytes under the folder, each entry a block at least; None where it is too deep or closed to be read."""
    total, level = 0, [folder]
    for _ in range(_DEEPEST):
        below: list[str] = []
        try:
            total += sum(_listed(path, below) for path in level)
        except PermissionError:
            return None
        if not below:
            return total
        level = below
    return None


def _listed(path: str, folders: list[str]) -> int:
    """Bytes of the entries themselves; what is gone meanwhile counts as nothing. Raises PermissionError."""
    total = 0
    try:
        for entry in os.scandir(path):
            total += max(_BLOCK, entry.stat(follow_symlinks=False).st_blocks * 512)
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
    except PermissionError:
        raise
    except OSError:
        return total
    return total


def empty(folder: str) -> None:
    """Remove all that is in it. Raises OSError.

    Folders in folders are first moved to the top, so that no path is ever too long and no call nests.
    """
    top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        os.fchmod(top, 0o700)
        moved = 0
        while names := os.listdir(top):
            for name in names:
                moved = _remove(top, name, moved)
    finally:
        os.close(top)


def _remove(top: int, name: str, moved: int) -> int:
    """One entry of the top; how many folders were moved there so far."""
    if not stat.S_ISDIR(os.lstat(name, dir_fd=top).st_mode):
        os.unlink(name, dir_fd=top)
        return moved
    os.chmod(name, 0o700, dir_fd=top)
    inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=top)
    try:
        for each in os.listdir(inner):
            if stat.S_ISDIR(os.lstat(each, dir_fd=inner).st_mode):
                os.chmod(each, 0o700, dir_fd=inner)
                moved = _move(inner, each, top, moved)
            else:
                os.unlink(each, dir_fd=inner)
    finally:
        os.close(inner)
    os.rmdir(name, dir_fd=top)
    return moved


def _move(inner: int, name: str, top: int, moved: int) -> int:
    """Move a folder to the top under a name that nothing has there; a folder that is not empty gives none."""
    while True:
        moved += 1
        try:
            os.rename(name, f".moved-{moved}", src_dir_fd=inner, dst_dir_fd=top)
        except OSError as error:
            if error.errno not in _TAKEN:
                raise
            continue
        return moved
