"""tipringd with a configuration of its own, asked through tipringctl; and the bundled phone, tipring-ua."""
import json
import os
import signal
import subprocess
import tempfile
import time

from procs import Process, fd_count, free_port, rss_kib, wait_for
from servers import SECRET

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("TIPRING_BUILD") or os.path.join(TOP, "build")
TIPRINGD = os.path.join(BUILD, "src/daemon/tipringd")
TIPRINGCTL = os.path.join(BUILD, "src/tools/tipringctl")
TIPRING_UA = os.path.join(BUILD, "src/tools/tipring-ua")


def write_value(v):
    """One value in libconfig's notation."""
    if isinstance(v, bool):
        return "true" if v else "false"
    if isinstance(v, (int, float)):
        return str(v)
    if isinstance(v, dict):
        return "{ " + " ".join(f"{k} = {write_value(x)};" for k, x in v.items()) + " }"
    if isinstance(v, list):
        flat = not any(isinstance(x, dict) for x in v)
        return ("[ " if flat else "( ") + ", ".join(write_value(x) for x in v) + (" ]" if flat else " )")
    return '"' + str(v).replace("\\", "\\\\").replace('"', '\\"') + '"'


class Daemon:
    """phones: numbers (password = "pw-" + number) or dicts; rooms: dicts as in the configuration file."""

    def __init__(self, folder, server, rooms, phones=("100", "101", "102", "103"), **sections):
        self.folder = os.path.join(folder, "tipring")
        os.makedirs(self.folder, exist_ok=True)
        self.port, self.http = free_port(), free_port()
        self.socket = os.path.join(self.folder, "control.sock")
        self.config = os.path.join(self.folder, "tipring.conf")
        secret = os.path.join(self.folder, "component.secret")
        with open(secret, "w") as f:
            f.write(SECRET + "\n")
        os.chmod(secret, 0o600)
        low = free_port() // 2 * 2
        self.conf = {
            "xmpp": {"mode": "component", "domain": server.phones, "host": "127.0.0.1", "port": server.component,
                     "secret_file": "component.secret"},
            "sip": {"listen": [f"udp:127.0.0.1:{self.port}", f"tcp:127.0.0.1:{self.port}"]},
            "media": {"rtp_ports": [low, min(low + 999, 65535)], "addresses": ["127.0.0.1"]},
            "phones": [p if isinstance(p, dict) else {"number": p, "password": "pw-" + p, "name": "Phone " + p} for p in phones],
            "rooms": rooms,
            "store": {"path": os.path.join(self.folder, "tipring.db")},
            "control": {"socket": self.socket},
            "http": {"listen": f"127.0.0.1:{self.http}"},
        }
        for name, keys in sections.items():
            self.conf[name] = {**self.conf.get(name, {}), **keys} if isinstance(keys, dict) else keys
        self.process = None
        self.write()

    def write(self):
        with open(self.config, "w") as f:
            f.write("".join(f"{k} = {write_value(v)};\n" for k, v in self.conf.items()))
        os.chmod(self.config, 0o600)

    def start(self, wait=15):
        wrap = os.environ.get("TIPRING_WRAP", "").split()  # a debugger or valgrind, by hand
        self.process = Process("tipringd", [*wrap, TIPRINGD, "-c", self.config], self.folder)
        if wait:
            wait_for("tipringd's control socket", lambda: os.path.exists(self.socket) or not self.process.alive(), 10)
            done = subprocess.run([TIPRINGCTL, "-s", self.socket, "status", "--wait", str(wait)], capture_output=True, text=True)
            if done.returncode:
                raise RuntimeError(f"tipringd is not ready after {wait} s: {done.stderr.strip()}\n{self.process.log(15)}")
        return self

    @property
    def pid(self):
        return self.process.pid

    def ctl(self, *command, timeout=15):
        """The JSON document that a command prints; RuntimeError with its message when it fails."""
        done = subprocess.run([TIPRINGCTL, "-s", self.socket, "--json", *command], capture_output=True, text=True, timeout=timeout)
        if done.returncode:
            raise RuntimeError(f"tipringctl {' '.join(command)}: exit {done.returncode}: {done.stderr.strip()}")
        return json.loads(done.stdout) if done.stdout.strip() else None

    def calls(self):
        return self.ctl("call", "list")

    def call(self, phone):
        """The live call of that phone, or None."""
        return next((c for c in self.calls() if c["phone"] == phone), None)

    def wait_talking(self, phone, peers=1, timeout=20):
        def ready():
            c = self.call(phone)
            return c and c["state"] == "talking" and sum(p["state"] == "up" for p in c["peers"]) >= peers and c
        return wait_for(f"phone {phone} to talk to {peers}", ready, timeout)

    def let_listen(self, phone, seconds, timeout=60):
        """Until so much more sound has come from everybody in the call, and has been sent to the phone, however slow the machine.
        phone: None for a caller from a trunk."""
        def sound():
            c = self.call(phone)
            assert c, f"the call of phone {phone} has ended"
            return {"": c["sip"]["packets_out"], **{p["nick"]: p["packets_in"] for p in c["peers"] if p["codec"] != "local"}}
        before, packets = sound(), 50 * (seconds + 1)  # an ear needs a moment to be sure of a tone
        wait_for(f"{seconds} s of sound at phone {phone}",
                 lambda: all(n - before.get(who, 0) >= packets for who, n in sound().items()), timeout)

    def wait_state(self, phone, state, timeout=10):
        def there():
            c = self.call(phone)
            return c and c["state"] == state and c
        return wait_for(f"phone {phone} to be {state}", there, timeout)

    def wait_idle(self, timeout=15):
        wait_for("all calls to end", lambda: not self.calls(), timeout)

    def uri(self, number):
        return f"sip:{number}@127.0.0.1:{self.port}"

    def rss_kib(self):
        return rss_kib(self.pid)

    def fds(self):
        return fd_count(self.pid)

    def kill(self):
        """SIGKILL, as a crash; the control socket stays behind as after a crash."""
        self.process.kill()
        if os.path.exists(self.socket):
            os.unlink(self.socket)  # so that start() waits for the new one

    def stop(self):
        """Exit code after SIGTERM; None if it had to be killed."""
        code = self.process.stop(timeout=12) if self.process else 0
        self.process = None
        return code


class Ua:
    """One run of tipring-ua; result() gives its JSON document."""

    def __init__(self, folder, name, *argv, run=list):
        """run: what makes of the words of a command those that run it elsewhere (Machine.inside)."""
        self.out = tempfile.NamedTemporaryFile("w+", prefix=name + "-", suffix=".json", dir=folder, delete=False)
        self.process = Process("ua-" + name, run([TIPRING_UA, *map(str, argv), "--json"]), folder, stdout=self.out)

    @classmethod
    def call(cls, daemon, folder, number, to, tone=1000, duration=None, **options):
        argv = ["call", daemon.uri(to), "--user", number, "--password", "pw-" + number, "--tone", tone]
        if duration:
            argv += ["--duration", duration]
        return cls(folder, number, *argv, *flags(options))

    @classmethod
    def answer(cls, daemon, folder, number, tone=1000, **options):
        argv = ["answer", "--register", "--user", number, "--password", "pw-" + number,
                "--proxy", f"127.0.0.1:{daemon.port}", "--tone", tone]
        return cls(folder, number, *argv, *flags(options))

    @classmethod
    def load(cls, daemon, folder, number, to, **options):
        return cls(folder, "load", "load", daemon.uri(to), "--user", number, "--password", "pw-" + number, *flags(options))

    def documents(self):
        with open(self.out.name) as f:
            text = f.read()
        found, decoder = [], json.JSONDecoder()
        while text.strip():
            document, end = decoder.raw_decode(text.strip())
            found.append(document)
            text = text.strip()[end:]
        return found

    def result(self, timeout=60):
        """(exit code, last JSON document) once the program has ended."""
        code = self.process.wait(timeout)
        documents = self.documents()
        if not documents:
            raise RuntimeError(f"tipring-ua ended with {code} and no document: {self.process.log(5)}")
        return code, documents[-1]

    def hang_up(self, timeout=10):
        """Ends the call as a user would (SIGINT) and gives the result."""
        self.process.send(signal.SIGINT)
        return self.result(timeout)

    def stop(self):
        self.process.stop(timeout=5, sig=signal.SIGINT)


def flags(options):
    out = []
    for name, value in options.items():
        out += ["--" + name.replace("_", "-")] + ([] if value is True else [str(value)])
    return out


def heard(document, hz, over=-50):
    """Seconds for which the phone heard that tone, and its level; (0, None) when it did not."""
    for tone in document["heard"]:
        if abs(tone["hz"] - hz) <= max(10, hz * 0.02) and tone["dbfs"] > over:
            return tone["seconds"], tone["dbfs"]
    return 0, None


def now_ms():
    return time.monotonic() * 1000
