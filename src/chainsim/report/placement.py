"""Putting a finished folder in the place of an older one, so that one of the two is always kept.

A folder is written under a hidden name beside its target (`.name~new-...`). The older one is
renamed (`.name~old-...`), the new one takes its name, and only then is the older one deleted. A
writer holds a lock on the folder that it writes, and one on the folder of both while it renames:
what nobody holds was left by a run that was killed, and is cleared or restored by the next one.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: nothing is locked, so what is left over is not cleared
    fcntl = None  # type: ignore[assignment, unused-ignore]

MARK = "provenance.json"
"""Every result folder has it: what lacks it is no result folder and is never replaced."""
NEW, OLD = "~new-", "~old-"
"""No name of a target has a tilde."""
TRIES = 50
LOOKS = 5
PATIENCE = 5.0
"""Seconds to wait for others that rename: without a lock it goes well too, if not at one time."""


def replaceable(target: Path) -> bool:
    """Whether a name is free, or taken by results or by an empty folder.

    It is looked at more than once: another run may be moving its folder there or away just now,
    and a listing taken meanwhile may be in part.
    """
    for _ in range(LOOKS):
        try:
            names = os.listdir(target)
        except FileNotFoundError:
            return True
        except (NotADirectoryError, PermissionError):
            return False
        if not names or MARK in names:
            return True
    return False


@contextlib.contextmanager
def put_in_place(target: Path) -> Iterator[Path]:
    """A new folder beside the target that takes its place when all has been written.

    Raises:
        OSError: it cannot be made or moved; then the target is as it was.
    """
    with _locked(target.parent):
        _clear(target)
        folder = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}{NEW}"))
        held = _held(folder)
    try:
        folder.chmod(0o777 & ~_umask())
        yield folder
        _replace(folder, target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if os.path.lexists(target):
            _delete(_aside(folder))
        if held is not None:
            os.close(held)


def _aside(folder: Path) -> Path:
    """The name of what a new folder replaces."""
    return folder.with_name(folder.name.replace(NEW, OLD))


def clear(target: Path) -> None:
    """Delete what killed runs left beside the target; restore what they had moved away."""
    with _locked(target.parent):
        _clear(target)


def _replace(folder: Path, target: Path) -> None:
    """Rename the folder to the target; of several at one time the last one wins."""
    for _ in range(TRIES):
        try:
            with _locked(target.parent):
                _exchange(folder, target, _aside(folder))
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST) or not replaceable(target):
                raise
            # Another run was faster, where nothing can be locked.
        else:
            return
    raise OSError(errno.EBUSY, "other runs keep replacing it")


def _exchange(folder: Path, target: Path, aside: Path) -> None:
    """Move the target aside and the folder in; if that fails, move the target back."""
    if not replaceable(target):
        raise OSError(errno.EEXIST, "something else has taken the name")
    try:
        with contextlib.suppress(FileNotFoundError):  # there is none
            target.rename(aside)
        folder.rename(target)
    except BaseException:
        with contextlib.suppress(OSError):
            aside.rename(target)
        if os.path.lexists(target):
            _delete(aside)
        raise
    _unmark(aside)


def _unmark(aside: Path) -> None:
    """Make sure that a folder is not taken for a whole one while it is deleted."""
    with contextlib.suppress(OSError):
        (aside / MARK).unlink()


def _delete(aside: Path) -> None:
    _unmark(aside)
    shutil.rmtree(aside, ignore_errors=True)


def _clear(target: Path) -> None:
    """As `clear`, while the folder of both is locked."""
    try:
        siblings = [
            path
            for path in target.parent.iterdir()
            if path.name.startswith(".") and not path.is_symlink()
        ]
    except OSError:
        return
    old = [path for path in siblings if path.name.startswith(f".{target.name}{OLD}")]
    whole = sorted((path for path in old if (path / MARK).is_file()), key=_age)
    if whole and not os.path.lexists(target):
        with contextlib.suppress(OSError):
            whole[0].rename(target)
            old.remove(whole[0])
    if os.path.lexists(target):
        for path in old:
            _delete(path)
    for path in siblings:
        if path.name.startswith(f".{target.name}{NEW}") and _forsaken(path):
            shutil.rmtree(path, ignore_errors=True)


def _age(folder: Path) -> float:
    """Younger ones first."""
    return -(folder / MARK).stat().st_mtime


def _forsaken(folder: Path) -> bool:
    """Whether the one who wrote a folder has ended."""
    try:
        held = _held(folder)
    except BlockingIOError:
        return False
    if held is not None:
        os.close(held)
    return held is not None


def _held(folder: Path) -> int | None:
    """A descriptor that holds the lock of a folder until it is closed; None without locks.

    Raises:
        BlockingIOError: another one holds it.
    """
    if fcntl is None:
        return None
    try:
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(held)
        if isinstance(error, BlockingIOError):
            raise
        return None
    return held


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep others from renaming in a folder, where its file system can and they do not hang."""
    held = None
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            held = _held(folder)
            break
        except BlockingIOError:
            time.sleep(0.01)
    try:
        yield
    finally:
        if held is not None:
            os.close(held)


def _umask() -> int:
    """The mask of the process: it can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
