#!/usr/bin/python3
"""Another project'\''s phone: baresip registers, dials in, is heard and hears."""
import glob
import os
import shutil
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from lab import Lab  # noqa: E402
from procs import Process, free_port, wait_for  # noqa: E402
from servers import Missing  # noqa: E402

MODULES = "/usr/lib/baresip/modules"
CONFIG = """
module_path {modules}
module_tmp account.so
module g711.so
module g722.so
module opus.so
module aufile.so
module sndfile.so
module_app menu.so
snd_path {folder}
audio_source aufile,{folder}/said.wav
audio_alert aufile,{folder}/alert.wav
sip_listen 127.0.0.1:{port}
rtp_ports 33000-33999
"""


class Baresip:
    def __init__(self, lab, number, codec):
        self.folder = os.path.join(lab.folder, "baresip-" + codec)
        os.makedirs(self.folder)
        write_tone(os.path.join(self.folder, "said.wav"), 1700, seconds=30)
        with open(os.path.join(self.folder, "config"), "w") as f:
            f.write(CONFIG.format(modules=MODULES, folder=self.folder, port=free_port()))
        with open(os.path.join(self.folder, "accounts"), "w") as f:
            f.write(f"<sip:{number}@127.0.0.1:{lab.gateway.port};transport=udp>;auth_pass=pw-{number};regint=60;audio_codecs={codec}\n")
        self.process = Process("baresip-" + codec, ["baresip", "-f", self.folder, "-e", f"/dial sip:8000@127.0.0.1:{lab.gateway.port}",
                                                     "-t", "14"], lab.folder)

    def seconds_heard(self, hz):
        return sum(seconds_of_tone(f, hz) for f in glob.glob(self.folder + "/dump-*-dec.wav"))

    def stop(self):
        self.process.stop()


with Lab("baresip") as lab:
    if not shutil.which("baresip"):
        raise Missing("baresip is not installed")
    try:
        from sound import seconds_of_tone, write_tone
    except ImportError as e:
        raise Missing(str(e)) from e
    gateway = lab.daemon()
    alice, dave = lab.browser("alice"), lab.peer("dave")
    for p in (alice, dave):
        p.wait_joined()
    alice.propose()
    dave.wait("proposed", nick="alice")
    dave.accept()
    lab.check_mesh([alice, dave])
    time.sleep(1.6)
    for number, codec in (("103", "PCMA"), ("102", "PCMU")):
        with lab.case(f"baresip with {codec}", go_on=True):
            phone = lab.keep(Baresip(lab, number, codec))
            wait_for("baresip to be registered",
                     lambda: any(p["number"] == number and p["registered"] for p in gateway.ctl("phone", "list")), 10)
            gateway.wait_talking(number, peers=2)
            lab.check_hears([alice, dave], "Phone " + number, 1700)
            lab.show([alice, dave], [("Phone " + number, 1700)])
            phone.process.wait(30)
            for p in (alice, dave):
                got = phone.seconds_heard(p.tone)
                assert got > 3, f"baresip's recording has {p.tone} Hz for {got} s"
            gateway.wait_idle()
