"""Networks of a test's own: the whole test runs in a private network namespace, and further machines (phones, routers) are
namespaces beside it. All of it belongs to the test's processes, names and links included: when they end, however they end,
the kernel takes it away, and the machine's own network is never touched."""
import contextlib
import ctypes
import os
import shutil
import socket
import subprocess
import sys
import threading
import time

INSIDE = "TIPRING_IN_NAMESPACE"
CLONE_NEWNET = 0x40000000


def enter():
    """Runs the calling script again in a network namespace of its own; returns there. Skips the test where that is not permitted."""
    if os.environ.get(INSIDE):
        _settle()
        return
    missing = [p for p in ("unshare", "ip", "nft") if not shutil.which(p)]
    if missing:
        skip(f"{', '.join(missing)}: not installed")
    private = ["unshare", "--net", "--mount", "--propagation", "private"]
    done = subprocess.run([*private, "true"], capture_output=True, text=True)
    if done.returncode:
        skip("network namespaces are not permitted here (they need root): " + done.stderr.strip())
    os.makedirs("/run/netns", exist_ok=True)
    os.execvpe(private[0], [*private, sys.executable, *sys.argv], {**os.environ, INSIDE: "yes"})


def skip(why):
    print(f"NOT TESTED: {why}", file=sys.stderr, flush=True)
    print(f"1..0 # SKIP {why}", flush=True)
    sys.exit(0)


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def _settle():
    run("mount", "-t", "tmpfs", "tmpfs", "/run/netns")  # names of namespaces, for this test alone
    run("ip", "link", "set", "lo", "up")


def setting(name, value, machine=None):
    """A kernel setting of one namespace: setting("net.ipv4.ip_forward", 1, router)."""
    words = ["sh", "-c", f"echo {value} > /proc/sys/{name.replace('.', '/')}"]
    run(*(machine.inside(words) if machine else words))


@contextlib.contextmanager
def visit(name):
    """What this thread opens meanwhile (sockets, devices) belongs to that machine for good, and is used from here."""
    libc = ctypes.CDLL(None, use_errno=True)
    ends = [os.open(path, os.O_RDONLY) for path in ("/proc/thread-self/ns/net", "/run/netns/" + name)]
    try:
        if libc.setns(ends[1], CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "network namespace " + name)
        yield
    finally:
        libc.setns(ends[0], CLONE_NEWNET)
        for end in ends:
            os.close(end)


class Machine:
    """A namespace beside the test's own one."""

    def __init__(self, name):
        self.name = name
        run("ip", "netns", "add", name)
        self.ip("link", "set", "lo", "up")

    def inside(self, words):
        return ["ip", "netns", "exec", self.name, *map(str, words)]

    def run(self, *words):
        return run(*self.inside(words))

    def ip(self, *words):
        return run("ip", "-n", self.name, *words)

    def rules(self, text):
        self.run("nft", text)

    def route(self, gateway, to="default"):
        self.ip("route", "add", to, "via", gateway)

    def forward(self):
        setting("net.ipv4.ip_forward", 1, self)


def link(one, one_name, one_address, other, other_name, other_address):
    """A cable between two machines (None: the test itself), with addresses such as 192.0.2.1/24 or 2001:db8::1/64."""
    run("ip", "link", "add", one_name, "type", "veth", "peer", "name", other_name)
    for machine, name, address in ((one, one_name, one_address), (other, other_name, other_address)):
        if machine:
            run("ip", "link", "set", name, "netns", machine.name)
        ip = machine.ip if machine else lambda *words: run("ip", *words)
        ip("address", "add", address, "dev", name, *(["nodad"] if ":" in address else []))
        ip("link", "set", name, "up")


def masquerade(router, inside, outside, timeout_s=30):
    """NAT in front of the machines behind the link inside: another random port for every destination (symmetric), and
    whatever rests for timeout_s is forgotten, answered or not."""
    router.forward()
    router.rules("add table ip nat; add chain ip nat out { type nat hook postrouting priority srcnat; };"
                 f"add rule ip nat out oifname {outside} masquerade fully-random;"
                 "add table ip wall; add chain ip wall through { type filter hook forward priority 0; policy drop; };"
                 "add rule ip wall through ct state established,related accept;"
                 f"add rule ip wall through iifname {inside} accept")
    for name in ("udp_timeout", "udp_timeout_stream"):
        setting("net.netfilter.nf_conntrack_" + name, timeout_s, router)


def one_to_one(router, public, private, outside):
    """NAT that gives one machine behind it an address of its own, in both directions and with ports unchanged."""
    router.forward()
    router.rules("add table ip nat; add chain ip nat in { type nat hook prerouting priority dstnat; };"
                 f"add rule ip nat in ip daddr {public} dnat to {private};"
                 "add chain ip nat out { type nat hook postrouting priority srcnat; };"
                 f"add rule ip nat out oifname {outside} ip saddr {private} snat to {public}")


def lose(machine, percent):
    """Of all UDP that this machine forwards or receives, so many packets of a hundred vanish."""
    machine.rules("add table inet loss; " + "".join(
        f"add chain inet loss {hook} {{ type filter hook {hook} priority -5; }};"
        f"add rule inet loss {hook} meta l4proto udp numgen random mod 100 < {percent} drop;" for hook in ("forward", "input")))


class Carriers:
    """What is brought is late_s later, each way; may be changed at any time."""
    late_s = 0


def bring(machine, *ports):
    """Whoever on that machine connects to one of these TCP ports of its own 127.0.0.1 reaches the one of the test's."""
    carriers = Carriers()
    for port in ports:
        with visit(machine.name):
            door = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=_let_in, args=(door, port, carriers), daemon=True).start()
    return carriers


def _let_in(door, port, carriers):
    while True:
        inside, here = door.accept()[0], socket.create_connection(("127.0.0.1", port))
        for source, sink in ((inside, here), (here, inside)):
            sink.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=_carry, args=(source, sink, carriers), daemon=True).start()


def _carry(source, sink, carriers):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            time.sleep(carriers.late_s)
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
