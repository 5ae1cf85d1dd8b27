#!/usr/bin/python3
"""wss:// to a forwarding service: a certificate that the system does not know is refused and the log says so; one that it
knows is taken. What the system knows is changed for the daemon only, in a mount namespace (root)."""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from lab import Lab  # noqa: E402
from servers import Missing  # noqa: E402
from sfu_lab import Service  # noqa: E402

BUNDLE = "/etc/ssl/certs/ca-certificates.crt"


def own_mounts():
    """A command that starts another one with mounts that nobody else sees. In a chroot, whose root is no mount, they cannot be made
    private; there that is only so where none of them is shared."""
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode == 0:
        return "unshare --mount "
    with open("/proc/self/mountinfo") as f:
        if " shared:" in f.read():
            raise Missing("mounts of one's own are not to be had here")
    return "unshare --mount --propagation unchanged "


with Lab("sfu_tls") as lab:
    if os.geteuid() or not shutil.which("unshare") or not shutil.which("openssl") or not os.path.exists(BUNDLE):
        raise Missing("root, unshare, openssl and ca-certificates are needed")
    mounts = own_mounts()
    pem, wrap = lab.file("service.pem"), lab.file("knows.sh")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=service", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", pem + ".key", "-out", pem + ".crt"],
                   check=True, capture_output=True)
    with open(pem, "w") as out:
        for part in (pem + ".crt", pem + ".key"):
            with open(part) as f:
                out.write(f.read())
    with open(wrap, "w") as f:
        f.write(f'#!/bin/sh\nmount --bind {pem}.crt {BUNDLE} && exec "$@"\n')
    os.chmod(wrap, 0o755)
    service = lab.keep(Service(lab.folder))
    service.scheme = "wss"
    service.start("--certificate", pem)
    rooms = [{"number": "8000", "room": lab.room, "flavour": "jmuci-sfu"}]
    gateway = lab.daemon(rooms=rooms, sfu=[{"name": "test", "url": service.url}])
    alice = lab.peer("alice", "--lame")  # somebody to propose to
    alice.wait_joined()

    with lab.case("a certificate that nobody vouches for is refused, and the log says so"):
        ua = lab.dial("100")
        ua.result(40)
        assert gateway.ctl("history")[0]["cause"] == "sfu-down"
        assert "certificate" in next(x for x in gateway.process.log(80).splitlines() if "sfu-failed" in x).lower()
        assert not service.find("connection")
        gateway.stop()

    with lab.case("one that the system knows is taken"):
        os.environ["TIPRING_WRAP"] = mounts + wrap
        gateway.start()
        ua = lab.dial("101")
        service.wait("request", known=True)
        ua.hang_up()  # nobody was there to be heard
        service.wait("leave", known=True)
