#!/usr/bin/python3
"""*3 says who is in the room, by a synthesiser beside the daemon; without one it stays at the numbers, and no name does harm."""
import os
import shutil
import sys
import wave

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon as daemons  # noqa: E402
import servers  # noqa: E402
from lab import Lab  # noqa: E402
import numpy as np  # noqa: E402

HOSTILE = "$(touch {0}/owned); rm -rf {0}/canary | [[h@l]] --help <break/>"
SPEAKER = """#!/usr/bin/python3
import math, struct, sys, wave
with open(sys.argv[0] + ".log", "a") as log:
    log.write(repr((sys.argv[1:], sys.stdin.read())) + "\\n")
pcm = b"".join(struct.pack("<h", int(9000 * math.sin(math.tau * 1850 * i / 22050))) for i in range(33075))
sys.stdout.buffer.write(b"RIFF\\x24\\xf0\\xff\\x7fWAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 22050, 44100, 2, 16) + b"data\\x00\\xf0\\xff\\x7f" + pcm)
"""


def speech_seconds(path, over=-45, window=0.05):
    with wave.open(path, "rb") as f:
        rate = f.getframerate()
        x = np.frombuffer(f.readframes(f.getnframes()), "<i2").astype(float) / 32768
    n = int(rate * window)
    return sum(10 * np.log10(np.mean(x[i:i + n] ** 2) + 1e-12) > over for i in range(0, len(x) - n, n)) * window


with Lab("names") as lab:
    prompts = lab.prompts()
    if not shutil.which("espeak-ng"):
        raise servers.Missing("espeak-ng")
    people = [lab.peer(n).wait_joined() for n in ("alice", "bob")]

    def ask(name, speaker):
        """A call that asks with *3 and leaves: the recording, and what its document says."""
        gateway = lab.daemon(rooms=[{"number": "8000", "room": lab.room, "idle": "wait"}], media={"prompts": prompts, "speaker": speaker},
                             phones=["100", {"number": "101", "password": "pw-101", "name": HOSTILE.format(lab.folder)}])
        wav = lab.file(name + ".wav")
        other = lab.dial("101", tone=0) if name == "tone" else None
        if other:
            gateway.wait_state("101", "waiting")
        code, heard = lab.dial("100", tone=0, record=wav, dtmf=",,*3,,,,,,,,,,,,*0").result(90)
        assert heard["ended_by"] == "them", heard
        if other:
            other.hang_up()
        log = gateway.process.log()
        assert gateway.stop() == 0
        return speech_seconds(wav), heard, log

    with lab.case("names are spoken: there is more to hear than without a synthesiser"):
        numbers, _, _ = ask("numbers", "")
        names, _, log = ask("names", "espeak-ng")
        lab.say(f"speech heard: {numbers:.2f} s with numbers only, {names:.2f} s with two names")
        assert names > numbers + 0.4, (numbers, names)
        assert "speech-failed" not in log

    with lab.case("those who are in the room, no watcher and not the caller; a hostile name is text, and does nothing"):
        speaker, canary = lab.file("speaker"), lab.file("canary")
        for path, text in ((speaker, SPEAKER), (canary, "sings")):
            with open(path, "w") as f:
                f.write(text)
        os.chmod(speaker, 0o755)
        _, heard, _ = ask("tone", speaker)
        seconds, _ = daemons.heard(heard, 1850)
        assert seconds > 1, heard
        with open(speaker + ".log") as f:
            arguments, text = eval(f.readlines()[0])
        assert arguments == ["-b", "1", "-v", "en", "-s", "150", "--stdin", "--stdout"], arguments
        said = sorted(s for s in text.strip(" .").split(". ") if s)
        lab.say(f"said: {said}")
        assert said[:2] == ["alice", "bob"] and len(said) == 3 and said[2].startswith("touch "), text
        assert not set(text) & set("$()[];|<>/-"), text
        assert os.path.exists(canary) and not os.path.exists(lab.file("owned"))

    with lab.case("a synthesiser that is not installed: the numbers, and one line in the log"):
        without, heard, log = ask("none", "there-is-no-such-synthesiser")
        assert abs(without - numbers) < 0.5, (without, numbers)
        assert log.count("no-speech") == 1 and "speech-failed" not in log, log
