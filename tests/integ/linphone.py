#!/usr/bin/python3
"""Another project's phone: linphone registers, dials in, is called, holds, presses keys, is heard and hears; by UDP, and by TLS with SRTP."""
import os
import re
import shutil
import subprocess
import sys
import time
import wave

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from certificates import certificate  # noqa: E402
from lab import Lab, assert_heard  # noqa: E402
from procs import Process, free_port, wait_for  # noqa: E402
from servers import Missing  # noqa: E402

CONFIG = """
[sip]
sip_port={port}
sip_tcp_port={port}
sip_tls_port={tls}
bind_address=127.0.0.1
use_ipv6=0
guess_hostname=0
contact="Linphone" <sip:{number}@127.0.0.1>
verify_server_certs=0
verify_server_cn=0
media_encryption={encryption}
[net]
nat_policy_ref=
[rtp]
audio_rtp_port={rtp}
[sound]
echocancellation=0
[video]
enabled=0
capture=0
display=0
"""


class Linphone:
    """linphonec with files instead of a sound card."""

    def __init__(self, lab, number, port, transport="udp", encryption="none", tone=1700):
        self.number, self.folder = number, lab.file("linphone-" + number)
        os.makedirs(os.path.join(self.folder, ".local/share/linphone"))  # without it there is no database, and without that no core
        self.recording = os.path.join(self.folder, "heard.wav")
        write_tone(os.path.join(self.folder, "said.wav"), tone, seconds=60)
        config = os.path.join(self.folder, "linphonerc")
        with open(config, "w") as f:
            f.write(CONFIG.format(port=free_port(), tls=free_port(), rtp=free_port() // 2 * 2, number=number, encryption=encryption))
        read, self.write = os.pipe()
        self.process = Process("linphone-" + number, ["linphonec", "-c", config], lab.folder, stdin=read,
                               env={**os.environ, "HOME": self.folder}, cwd=self.folder)
        os.close(read)
        self.say("soundcard use files")
        self.say(f"record {self.recording}")
        self.say(f"register sip:{number}@127.0.0.1:{port} sip:127.0.0.1:{port};transport={transport} pw-{number}")

    def say(self, line):
        os.write(self.write, (line + "\n").encode())

    def play(self):
        self.say("play " + os.path.join(self.folder, "said.wav"))

    def wait_heard(self, hz, seconds):
        """The recording is whole a moment after the call has ended."""
        def heard():
            try:
                return seconds_of_tone(self.recording, hz) > seconds
            except (OSError, EOFError, wave.Error):
                return False
        wait_for(f"{hz} Hz for {seconds} s in linphone's recording", heard, 10, every=0.5)

    def stop(self):
        try:
            self.say("quit")
            self.process.wait(4)
        except (OSError, subprocess.TimeoutExpired):
            pass
        self.process.stop()
        os.close(self.write)


with Lab("linphone") as lab:
    if not shutil.which("linphonec"):
        raise Missing("linphone-cli is not installed")
    try:
        from sound import seconds_of_tone, write_tone
    except ImportError as e:
        raise Missing(str(e)) from e
    tls = free_port()
    certificate(lab.folder, "server")
    gateway = lab.daemon([{"number": "8000", "room": lab.room}, {"number": "8001", "room": lab.server.make_room("other"), "ring": ["103"]}],
                         start=False, phones=["100", "103", {"number": "102", "password": "pw-102", "name": "Phone 102", "srtp": "required"}])
    gateway.conf["sip"]["listen"].append(f"tls:127.0.0.1:{tls}")
    gateway.conf["sip"].update({"certificate": lab.file("server.pem"), "key": lab.file("server.key")})
    gateway.write()
    gateway.start()

    def registered(number):
        return any(p["number"] == number and p["registered"] for p in gateway.ctl("phone", "list"))

    with lab.case("linphone registers and calls: it hears and is heard"):
        phone = lab.keep(Linphone(lab, "103", gateway.port))
        wait_for("linphone to register", lambda: registered("103"), 15)
        other = lab.dial("100", codec="PCMA")
        phone.say(f"call sip:8000@127.0.0.1:{gateway.port}")
        gateway.wait_talking("103")
        phone.play()
        time.sleep(5)

    with lab.case("its keys are heard: *6 mutes, and mutes no longer"):
        for muted in (True, False):
            phone.say("*6")
            wait_for(f"muted to be {muted}", lambda: gateway.call("103")["muted"] is muted, 10)

    with lab.case("held and taken back, by its own re-INVITEs: the call lives"):
        phone.say("pause")
        time.sleep(3)
        packets = gateway.call("103")["sip"]["packets_out"]
        time.sleep(1)
        assert gateway.call("103")["state"] == "talking"
        held = gateway.call("103")["sip"]["packets_out"] - packets
        phone.say("resume 1")
        wait_for("sound to go to linphone again", lambda: gateway.call("103")["sip"]["packets_out"] - packets > held + 100, 10)
        assert held < 10, held
        phone.say("terminate")
        code, said = other.hang_up()
        gateway.wait_idle()
        assert_heard(said, 1700, 4, "phone 100, of linphone")
        phone.wait_heard(1000, 4)

    with lab.case("a proposal in the room rings it; it answers, hears and is heard"):
        alice = lab.peer("alice", room=lab.server.room("other")).wait_joined()
        alice.propose()
        wait_for("linphone to ring", lambda: "Receiving new incoming call" in phone.process.log(), 15)
        phone.say("answer")
        gateway.wait_talking("103")
        phone.play()
        alice.wait_hears("Phone 103", 1700)
        time.sleep(3)
        alice.hangup()
        gateway.wait_idle()
        phone.wait_heard(alice.tone, 2)

    with lab.case("by TLS with SRTP: it registers and calls; it hears and is heard"):
        closed = lab.keep(Linphone(lab, "102", tls, "tls", "srtp", tone=1500))
        wait_for("linphone to register by TLS", lambda: registered("102"), 15)
        other = lab.dial("100", codec="PCMA")
        closed.say(f"call sip:8000@127.0.0.1:{tls};transport=tls")
        call = gateway.wait_talking("102")
        assert call["sip"]["srtp"], call
        closed.play()
        time.sleep(5)
        closed.say("terminate")
        code, said = other.hang_up()
        gateway.wait_idle()
        assert_heard(said, 1500, 3, "phone 100, of linphone by TLS")
        closed.wait_heard(1000, 3)
