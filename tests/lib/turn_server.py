"""coturn on a loopback address of its own, and a Prosody that names it to those who ask (XEP-0215)."""
import os
import shutil
import subprocess

import netns
from procs import Process, connects, free_port, wait_for
from servers import Ejabberd, Missing, Prosody

USER, PASSWORD, SECRET = "relay-user", "relay-password", "relay-shared-secret"
GATEWAY, OTHERS, RELAY, OWN_RELAY = "127.0.0.2", "127.0.0.1", "127.0.0.3", "127.0.0.4"  # of media, in a test behind a wall


def wall(udp=True, tcp=True, turns=()):
    """Between the gateway's media and the others nothing passes but what a TURN server carries (in a network of the test's own,
    netns.py); to the servers themselves UDP and, to `turns`, plain TCP, unless it is forbidden."""
    netns.run("nft", "flush ruleset; add table inet wall; add chain inet wall out { type filter hook output priority 0; };"
              f"add rule inet wall out ip saddr {GATEWAY} ip daddr {OTHERS} meta l4proto udp drop;"
              f"add rule inet wall out ip saddr {OTHERS} ip daddr {GATEWAY} meta l4proto udp drop;"
              + ("" if udp else f"add rule inet wall out ip saddr {GATEWAY} meta l4proto udp drop;")
              + ("" if tcp else "".join(f"add rule inet wall out ip daddr {t.address} tcp dport {t.port} reject with tcp reset;" for t in turns)))


class TurnServer:
    """By UDP and TCP on port, by TLS on tls_port. secret: its users' passwords are made from it and expire; else one user."""

    def __init__(self, folder, address="127.0.0.3", secret=False, name="turn"):
        if not shutil.which("turnserver") or not shutil.which("openssl"):
            raise Missing("turnserver (coturn) and openssl are needed")
        self.folder, self.address, self.name = folder, address, name
        self.port, self.tls_port = free_port(host=address), free_port(host=address)
        self.ca = os.path.join(folder, name + ".pem")
        self.auth = ["--use-auth-secret", "--static-auth-secret", SECRET] if secret else ["--user", f"{USER}:{PASSWORD}"]
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", "/CN=relay", "-addext", "subjectAltName=IP:" + address, "-keyout", self.ca + ".key", "-out", self.ca],
                       check=True, capture_output=True)
        self.process = None

    def start(self):
        low = free_port(host=self.address)
        self.process = Process(self.name, [
            "turnserver", "-n", "--listening-ip", self.address, "--relay-ip", self.address, "--listening-port", str(self.port),
            "--tls-listening-port", str(self.tls_port), "--cert", self.ca, "--pkey", self.ca + ".key", "--min-port", str(low),
            "--max-port", str(low + 200), "--realm", "relay.test", "--lt-cred-mech", *self.auth, "--allow-loopback-peers", "--no-cli",
            "--no-dtls", "--verbose", "--log-file", "stdout", "--pidfile", os.path.join(self.folder, self.name + ".pid"), "--userdb",
            os.path.join(self.folder, self.name + ".db")], self.folder)
        for port in (self.port, self.tls_port):
            wait_for("coturn", lambda p=port: connects(p, self.address), 15)
        return self

    def stop(self):
        if self.process:
            self.process.stop()

    def carried(self):
        """How many allocations it has granted so far."""
        return self.process.log().count("ALLOCATE processed, success")

    def configured(self, transport):
        """The group of media.turn that leads there."""
        return {"host": self.address, "port": self.tls_port if transport == "tls" else self.port, "transport": transport, "user": USER,
                "password": PASSWORD}


class TurnProsody(Prosody):
    """turn and ttl are set before the lab starts it; the gateway may ask if it is named in access."""
    turn, ttl, allowed = None, 3600, True

    def _write(self, config):
        super()._write(config)
        with open(config) as f:
            text = f.read()
        access = f'external_service_access = {{ "{self.phones}"; "{self.domain}" }}' if self.allowed else ""
        text = text.replace('"bosh"; }', '"bosh"; "turn_external"; }', 1).replace("limits = {", f'''{access}
turn_external_host = "{self.turn.address}"
turn_external_port = {self.turn.port}
turn_external_tls_port = {self.turn.tls_port}
turn_external_tcp = true
turn_external_secret = "{SECRET}"
turn_external_ttl = {self.ttl}
limits = {{''', 1)
        with open(config, "w") as f:
            f.write(text)


class TurnEjabberd(Ejabberd):
    turn = None

    def _write(self):
        super()._write()
        config = os.path.join(self.folder, "ejabberd.yml")
        with open(config) as f:
            text = f.read()
        services = "".join(f'''
      - {{ host: {self.turn.address}, port: {port}, type: {kind}, transport: {transport}, restricted: {restricted} }}'''
                           for kind, port, transport, restricted in (("stun", self.turn.port, "udp", "false"), ("turn", self.turn.port, "udp", "true"),
                                                                     ("turns", self.turn.tls_port, "tcp", "true")))
        text = text.replace("acl:\n", f'''acl:
  phones: {{ server: "{self.phones}" }}
  users: {{ server: "{self.domain}" }}
''', 1).replace("access_rules:\n", "access_rules:\n  stun_disco: [ { allow: phones }, { allow: users } ]\n", 1).replace("  mod_ping: {}\n", f'''  mod_ping: {{}}
  mod_stun_disco:
    access: stun_disco
    offer_local_services: false
    secret: "{SECRET}"
    services:{services}
''', 1)
        with open(config, "w") as f:
            f.write(text)
