# SPDX-License-Identifier: GPL-3.0-or-later
"""One thread of the program, held while the others go on: what a busy machine
does by chance. Like a debugger (see ptrace(2))."""

import contextlib
import ctypes
import os

import pytest

# <sys/ptrace.h>, <linux/wait.h>
_DETACH, _SEIZE, _INTERRUPT = 17, 0x4206, 0x4207
_WALL = 0x40000000


def workers(proxy):
    """Its threads but the main one, in the order of their start."""
    threads = {int(name) for name in os.listdir(f"/proc/{proxy.pid}/task")}
    return sorted(threads - {proxy.pid})


@contextlib.contextmanager
def held(thread):
    """The thread does nothing while the context lasts."""
    try:
        _ptrace(_SEIZE, thread)
    except PermissionError:
        pytest.skip("may not hold a thread of the program")
    try:
        _ptrace(_INTERRUPT, thread)
        os.waitpid(thread, _WALL)
        yield
    finally:
        _ptrace(_DETACH, thread)


def _ptrace(request, thread):
    libc = ctypes.CDLL(None, use_errno=True)
    none = ctypes.c_void_p()
    if libc.ptrace(ctypes.c_long(request), thread, none, none) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
