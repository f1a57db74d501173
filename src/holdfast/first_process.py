"""Lets a command be the first process of a container, which the kernel makes the parent of every orphan.

Who is that must reap them, or they stay as zombies whose numbers are taken. A program that only reaps does it here, as
`tini` would, and the command runs as its child: so the command's own children are left to the command.
"""

import os
import signal
import sys

FIRST = 1
FROM_KERNEL = 0x80
"""`SI_KERNEL`: a terminal has sent the signal, to all processes in front of it, and so to the command as well."""
NOT_HANDED_ON = {signal.SIGCHLD, signal.SIGKILL, signal.SIGSTOP, signal.SIGTTIN, signal.SIGTTOU}
FAULTS = {signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT, signal.SIGTRAP, signal.SIGSYS}


def step_aside() -> None:
    """In the first process: go on in a child, and end with the child's status. Elsewhere: do nothing."""
    if os.getpid() != FIRST or sys.platform != "linux":
        return
    wanted = signal.valid_signals() - FAULTS
    # Blocked before there is a child: no signal is lost between the two.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, wanted)
    child = os.fork()
    if child == 0:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return
    os._exit(_look_after(child, wanted))


def _look_after(child: int, wanted: set[signal.Signals]) -> int:
    """Hand signals on and reap whatever ends, until the child does; answers its status, as shells tell it."""
    while True:
        told = signal.sigwaitinfo(wanted)
        if told.si_signo == signal.SIGCHLD:
            status = _reap(child)
            if status is not None:
                return status
        elif told.si_signo not in NOT_HANDED_ON and told.si_code != FROM_KERNEL:
            os.kill(child, told.si_signo)


def _reap(child: int) -> int | None:
    """Reap all that have ended; the child's status, if it is among them."""
    found = None
    while True:
        try:
            number, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if number == 0:
            return found
        if number == child:
            code = os.waitstatus_to_exitcode(status)
            found = code if code >= 0 else 128 - code
