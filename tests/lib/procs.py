"""Child processes of a test: they end with it, their output is kept, their end is awaited by process id."""
import ctypes
import os
import random
import signal
import socket
import subprocess
import time

_libc = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def _die_with_parent():
    os.setsid()  # a group of its own: helpers that a server starts can be ended with it
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def free_port(kind="tcp", host="127.0.0.1"):
    """A port below the range that the system hands out itself, free at this moment for TCP and UDP."""
    for _ in range(500):
        port = random.randint(10500, 31900)
        try:
            for t in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(socket.AF_INET, t) as s:
                    s.bind((host, port))
            return port
        except OSError:
            continue
    raise RuntimeError("no free port found on " + host)


def wait_for(what, check, timeout, every=0.1):
    """Calls check until it gives something true; that value, or a TimeoutError that says what was waited for."""
    end = time.monotonic() + timeout
    while True:
        got = check()
        if got:
            return got
        if time.monotonic() > end:
            raise TimeoutError(f"waited {timeout:g} s for {what}")
        time.sleep(every)


def connects(port, host="127.0.0.1"):
    try:
        with socket.create_connection((host, port), 1):
            return True
    except OSError:
        return False


class Process:
    """One program with its log file. stop() asks, then kills, only this process and its own group."""

    def __init__(self, name, argv, log_dir, env=None, stdin=None, stdout=None, cwd=None):
        self.name, self.argv = name, argv
        self.log_path = os.path.join(log_dir, name + ".log")
        self._log = open(self.log_path, "ab")
        self.p = subprocess.Popen(argv, stdin=stdin or subprocess.DEVNULL, stdout=stdout or self._log, stderr=self._log,
                                  env=env, cwd=cwd, preexec_fn=_die_with_parent)

    @property
    def pid(self):
        return self.p.pid

    def alive(self):
        return self.p.poll() is None

    def log(self, last=None):
        with open(self.log_path, "rb") as f:
            text = f.read().decode("utf-8", "replace")
        return text if last is None else "\n".join(text.splitlines()[-last:])

    def wait(self, timeout):
        return self.p.wait(timeout)

    def send(self, sig):
        if self.alive():
            self.p.send_signal(sig)

    def kill(self):
        """SIGKILL for the process itself, as a crash would."""
        self.send(signal.SIGKILL)
        self.p.wait(10)

    def stop(self, timeout=6, sig=signal.SIGTERM):
        """Exit code after a polite end; None when it had to be killed."""
        code = None
        if self.alive():
            self.send(sig)
        try:
            code = self.p.wait(timeout)
        except subprocess.TimeoutExpired:
            pass
        self.sweep()
        if code is None:
            self.p.wait(10)
        self._log.close()
        return code

    def sweep(self):
        """Ends what is left of the process's own group."""
        try:
            os.killpg(self.p.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass


def rss_kib(pid):
    with open(f"/proc/{pid}/status") as f:
        for line in f:
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0


def fd_count(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def threads(pid):
    return len(os.listdir(f"/proc/{pid}/task"))
