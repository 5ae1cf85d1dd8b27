#!/usr/bin/python3
"""The set-ups of docs/setups, run as they are written: their files, their commands in their order, and then a call. Only names, addresses
and ports are those of this test."""
import os
import re
import shlex
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon as daemons  # noqa: E402
import servers  # noqa: E402
from daemon import Ua, write_value  # noqa: E402
from kamailio import Kamailio  # noqa: E402
from lab import Lab, assert_heard  # noqa: E402
from procs import wait_for  # noqa: E402

BLOCK = re.compile(r"(?:`([^`\n]+)`[^\n]*:\n\n)?```(\w*)\n(.*?)```\n", re.S)
MACHINE = ("sip", "media", "store", "control", "http")  # what a page leaves at its default is this test's own


class Page:
    """Its files by name, and its shell commands before and after the start of the daemon."""

    def __init__(self, lab, name, replace):
        with open(os.path.join(daemons.TOP, "docs/setups", name + ".md")) as f:
            text = f.read()
        for old, new in replace.items():
            assert old in text, f"{name}.md has no {old} any more"
            text = text.replace(old, new)
        self.lab, self.files, self.commands = lab, {}, None
        for path, language, body in BLOCK.findall(text):
            if language == "sh":
                self.commands = body.split("systemctl restart tipring\n")
            else:
                self.files[os.path.basename(path)] = body
        assert len(self.commands) == 2, "one start of the daemon"

    def run(self, gateway, ctl="ejabberdctl() { false; }"):
        """Writes the configuration, runs the commands; what they printed after the start."""
        with open(gateway.config, "w") as f:
            f.write(self.files["tipring.conf"] + "".join(f"{k} = {write_value(gateway.conf[k])};\n" for k in MACHINE))
        os.chmod(gateway.config, 0o600)
        program = shlex.join([daemons.TIPRINGCTL, "-c", gateway.config, "-s", gateway.socket])
        script = f'set -e\n{ctl}\ntipringctl() {{ {program} "$@"; }}\n'
        folder = os.path.dirname(gateway.config)

        def shell(commands):
            done = subprocess.run(["bash", "-c", script + commands.replace("/etc/tipring", folder)], capture_output=True, text=True, timeout=120)
            assert done.returncode == 0, (commands, done.stdout, done.stderr)
            return done.stdout
        shell(self.commands[0])
        gateway.start()
        wait_for("all trunks to be up", lambda: all(t["state"] == "up" for t in gateway.ctl("trunk", "list")), 20)
        return shell(self.commands[1])


def talk(lab, gateway, dave, ua, nick, since=0.0, phone=None):
    """A call of one person and the phone: both hear each other. since: when it was dialled, as the same caller may have proposed before. phone: its number, if it is one of ours."""
    dave.wait("proposed", since=since, nick=nick)
    dave.accept()
    wait_for("the call to talk", lambda: any(c["state"] == "talking" for c in gateway.calls()), 20)
    dave.wait_hears(nick, 1000, 15)
    gateway.let_listen(phone, 1.5)
    _, heard = ua.hang_up()
    assert_heard(heard, dave.tone, 1)
    gateway.wait_idle()


def outside(lab, provider, to):
    ua = lab.keep(Ua(lab.folder, "outside", "call", f"sip:{to}@{provider.address}", "--user", "201", "--password", "-", "--tone", 1000))
    lab.phones.append(ua)
    return ua


def with_prosody():
    with Lab("setups") as lab:
        names = {"phone.example.org": lab.server.phones, "rooms.example.org": lab.server.muc, "change-me": servers.SECRET}
        dave = lab.peer("dave").wait_joined()

        def gateway_for(page_name, replace):
            if lab.gateway:
                lab.gateway.stop()
            gateway = lab.daemon(start=False)
            gateway.conf["xmpp"].pop("domain")
            page = Page(lab, page_name, {**names, 'secret_file = "component.secret"': f'port = {lab.server.component}; secret_file = "component.secret"',
                                         **replace(gateway)})
            return gateway, page

        with lab.case("behind a PBX that sends extensions by address", go_on=True):
            pbx = lab.keep(Kamailio(lab.folder, name="pbx"))
            gateway, page = gateway_for("pbx", lambda g: {'proxy = "192.0.2.10"': f'proxy = "{pbx.address}"', "192.0.2.10": pbx.host,
                                                          "192.0.2.20:5060": f"127.0.0.1:{g.port}"})
            pbx.values["asserted"] = page.files["kamailio.cfg"]
            pbx.start()
            said = page.run(gateway)
            lab.say(said)
            assert re.search(r"^pbx +up ", said, re.M) and "ok   trunk: pbx: up" in said, said
            at = time.monotonic()
            ua = outside(lab, pbx, "8000")
            call = wait_for("the call", lambda: gateway.calls() and gateway.calls()[0]["nick"] and gateway.calls()[0], 15)
            assert call["trunk"] == "pbx" and dave.seen("occupant", since=at, nick=call["nick"]), call
            talk(lab, gateway, dave, ua, call["nick"], at)

        with lab.case("a provider that the gateway registers at", go_on=True):
            provider = lab.keep(Kamailio(lab.folder, user="4930555", password="pw-provider", name="provider")).start()
            gateway, page = gateway_for("provider", lambda g: {'proxy = "sip.example.net"': f'proxy = "{provider.address}"'})
            said = page.run(gateway)
            lab.say(said)
            assert re.search(r"^provider +up ", said, re.M) and "ok   trunk: provider: up" in said, said
            at = time.monotonic()
            ua = outside(lab, provider, "+493055510")
            call = wait_for("the call", lambda: gateway.calls() and gateway.calls()[0]["nick"] and gateway.calls()[0], 15)
            assert call["trunk"] == "provider" and call["number"] == "+493055510", call
            talk(lab, gateway, dave, ua, call["nick"], at)


def with_ejabberd():
    with Lab("setups_ejabberd", server="ejabberd") as lab:
        gateway = lab.daemon(start=False)
        page = Page(lab, "ejabberd", {"phone.example.org": lab.server.phones, "rooms.example.org": lab.server.muc, "example.org": lab.server.domain,
                                      "5347": str(lab.server.component), "change-me": servers.SECRET})

        with lab.case("ejabberd: the lines of the page are those that this server runs with"):
            with open(os.path.join(lab.server.folder, "ejabberd.yml")) as f:
                runs = {line.strip() for line in f}
            missing = [line for line in page.files["ejabberd.yml"].splitlines() if line.strip() not in runs]
            assert not missing, missing

        with lab.case("ejabberd: files, commands, a call"):
            said = page.run(gateway, "ejabberdctl() { " + shlex.join(lab.server._ctl()) + ' "$@"; }')
            lab.say(said)
            assert lab.server.contacts("alice").get(f"100@{lab.server.phones}") == "both"
            dave = lab.peer("dave").wait_joined()
            talk(lab, gateway, dave, lab.dial("100"), "Front desk", phone="100")


{"prosody": with_prosody, "ejabberd": with_ejabberd}[sys.argv[1] if len(sys.argv) > 1 else "prosody"]()
