#!/usr/bin/python3
"""tipring-ua calls itself over loopback: what one side says must be what the other one measures.

usage: ua_selfcall.py PATH-OF-TIPRING-UA        (TAP on stdout, ends by itself)
"""
import json
import math
import os
import queue
import re
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import wave

UA = sys.argv[1]
LIMIT_S = 60
CALL_KEYS = {"status", "reason", "setup_ms", "first_audio_ms", "duration_s", "codec", "packets_sent",
             "packets_received", "lost", "jitter_ms", "heard", "gaps", "ended_by", "digits", "peer", "transfer"}


class Lag(threading.Thread):
    """Notes when this machine stopped us for longer than a gap: then a gap that was heard proves nothing."""

    def __init__(self):
        super().__init__(daemon=True)
        self.worst = 0.0
        self.start()

    def run(self):
        while True:
            before = time.monotonic()
            time.sleep(0.01)
            self.worst = max(self.worst, time.monotonic() - before - 0.01)

    def take(self):
        worst, self.worst = self.worst, 0.0
        return worst


class Answer:
    """A waiting tipring-ua: its ports from stderr, one result per call from stdout."""

    def __init__(self, *options):
        self.process = subprocess.Popen([UA, "answer", "--listen", "127.0.0.1:0", "--json", *options], text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.results, self.ports, self.ready = queue.Queue(), {}, threading.Event()
        for target in (self.read_results, self.read_errors):
            threading.Thread(target=target, daemon=True).start()
        if not self.ready.wait(10):
            raise AssertionError("answer does not listen")

    def read_results(self):
        for line in self.process.stdout:
            self.results.put(json.loads(line))

    def read_errors(self):
        for line in self.process.stderr:
            print("# answer:", line.rstrip())
            found = re.search(r"listening on (udp|tcp):127\.0\.0\.1:(\d+)", line)
            if found:
                self.ports[found[1]] = int(found[2])
            if len(self.ports) == 2:
                self.ready.set()

    def uri(self, transport="udp"):
        return "sip:x@127.0.0.1:%d" % self.ports[transport]

    def result(self):
        return self.results.get(timeout=6)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=8)


def run(*words, code=0):
    done = subprocess.run([UA, *words], text=True, capture_output=True, timeout=30)
    if done.returncode != code:
        raise AssertionError("exit %d instead of %d: %s\n%s%s" % (done.returncode, code, words, done.stdout, done.stderr))
    return json.loads(done.stdout) if "--json" in words else done


def check(ok, what, *values):
    if not ok:
        raise AssertionError(what + ": " + ", ".join(str(v) for v in values))


def heard(doc, hz, seconds):
    tones = doc["heard"]
    check(tones and abs(tones[0]["hz"] - hz) <= 10, "%d Hz not heard" % hz, doc)
    check(len(tones) == 1, "other tones heard", doc)
    check(tones[0]["seconds"] >= seconds, "heard too shortly", doc)
    check(-15 < tones[0]["dbfs"] < -9, "wrong level", doc)


def whole(doc, codec):
    check(set(doc) == CALL_KEYS, "members", sorted(doc))
    check(doc["status"] == 200 and doc["reason"] == "OK", "status", doc)
    check(doc["codec"] == codec, "codec", doc)
    check(doc["lost"] == 0 and doc["gaps"] == [], "lost or gaps", doc)
    check(0 <= doc["setup_ms"] < 1000 and doc["setup_ms"] - 25 <= doc["first_audio_ms"] < 1500, "times", doc)


def case_codec(answer, codec, transport):
    doc = run("call", answer.uri(transport), "--transport", transport, "--codec", codec, "--tone", "660", "--duration", "2", "--json")
    other = answer.result()
    for side, hz, by in ((doc, 440, "us"), (other, 660, "them")):
        whole(side, codec)
        heard(side, hz, 1.6)
        check(side["ended_by"] == by, "ended_by", side)
        check(1.9 < side["duration_s"] < 2.5, "duration", side)
        check(90 <= side["packets_received"] <= 115 and 90 <= side["packets_sent"] <= 115, "packets", side)


def case_hold(answer):
    doc = run("call", answer.uri(), "--codec", "PCMU", "--tone", "660", "--hold", "1:1", "--duration", "3.5", "--json")
    other = answer.result()
    whole(doc, "PCMU")
    heard(doc, 440, 2.0)
    check(doc["heard"][0]["seconds"] < 2.8, "sound came while we held", doc)
    check(doc["packets_received"] < 140, "packets came while we held", doc)
    whole(other, "PCMU")  # we went on to speak: sendonly
    heard(other, 660, 3.0)


def case_dtmf(answer):
    for codec in ("PCMU", "opus"):
        run("call", answer.uri(), "--codec", codec, "--tone", "660", "--dtmf", "4711#", "--duration", "2.6", "--json")
        other = answer.result()
        check(other["digits"] == "4711#", "digits", other)
        check(other["gaps"] == [], "digits are no gap", other)


def case_interrupted(answer):
    process = subprocess.Popen([UA, "call", answer.uri(), "--tone", "660", "--json"], text=True, stdout=subprocess.PIPE)
    time.sleep(1.2)
    process.send_signal(signal.SIGINT)
    doc, other = json.loads(process.communicate(timeout=8)[0]), answer.result()
    check(process.returncode == 0, "exit code", process.returncode)
    check(doc["ended_by"] == "us" and other["ended_by"] == "them", "ended_by", doc, other)


def write_tone(path, rate, hz, seconds):
    with wave.open(path, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(b"".join(struct.pack("<h", int(8000 * math.sin(2 * math.pi * hz * i / rate))) for i in range(int(rate * seconds))))


def level_of(samples, rate, hz):
    n = len(samples)
    re_part = sum(s * math.cos(2 * math.pi * hz * i / rate) for i, s in enumerate(samples))
    im_part = sum(s * math.sin(2 * math.pi * hz * i / rate) for i, s in enumerate(samples))
    return 2 * math.hypot(re_part, im_part) / n


def case_files(answer):
    with tempfile.TemporaryDirectory() as folder:
        play, record = os.path.join(folder, "play.wav"), os.path.join(folder, "record.wav")
        write_tone(play, 48000, 1000, 1)
        run("call", answer.uri(), "--codec", "G722", "--play", play, "--record", record, "--duration", "2", "--json")
        heard(answer.result(), 1000, 1.6)
        with wave.open(record) as file:
            check((file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 16000), "format")
            check(1.8 < file.getnframes() / 16000 < 2.3, "length of the recording", file.getnframes())
            samples = struct.unpack("<%dh" % file.getnframes(), file.readframes(file.getnframes()))[8000:24000]
        check(6000 < level_of(samples, 16000, 440) < 10500, "440 Hz recorded", level_of(samples, 16000, 440))


def case_load(answer):
    doc = run("load", answer.uri(), "--calls", "20", "--rate", "20", "--duration", "2", "--tone", "660", "--json")
    check(set(doc) == {"calls", "answered", "audio", "failed", "setup_ms", "first_audio_ms", "packets_sent",
                       "packets_received", "lost"}, "members", doc)
    check((doc["calls"], doc["answered"], doc["audio"], doc["failed"]) == (20, 20, 20, {}), "calls", doc)
    check(set(doc["setup_ms"]) == set(doc["first_audio_ms"]) == {"p50", "p95", "max"}, "percentiles", doc)
    check(doc["setup_ms"]["p50"] <= doc["setup_ms"]["p95"] <= doc["setup_ms"]["max"] < 1500, "percentiles", doc)
    check(doc["lost"] == 0 and 20 * 85 < doc["packets_received"] < 20 * 125, "packets", doc)
    for _ in range(20):
        check(answer.result()["status"] == 200, "one of the answered calls")


def case_echo(answer):
    del answer
    echo = Answer("--echo", "--calls", "1")
    doc = run("call", echo.uri(), "--codec", "PCMA", "--tone", "660", "--duration", "2", "--json")
    heard(doc, 660, 1.0)
    check(echo.process.wait(timeout=8) == 0, "answer --calls 1 ends by itself")


def case_failed(answer):
    del answer
    silent = Answer("--calls", "1", "--tone", "0")
    doc = run("call", silent.uri(), "--duration", "0.5", "--json", code=1)
    check(doc["status"] == 200 and doc["first_audio_ms"] is None and doc["heard"] == [], "silence is no audio", doc)
    check(silent.process.wait(timeout=8) == 1, "answer heard nothing either")
    port = silent.ports["tcp"]  # free now
    doc = run("call", "sip:x@127.0.0.1:%d" % port, "--transport", "tcp", "--json", code=1)
    check(doc["setup_ms"] is None and doc["ended_by"] == "none" and doc["status"] >= 400, "nobody there", doc)
    wrong = run("call", code=2)
    check("sip:" in wrong.stderr and not wrong.stdout, "usage", wrong)


def main():
    signal.signal(signal.SIGALRM, lambda *_: os._exit(3))
    signal.alarm(LIMIT_S)
    lag, answer = Lag(), Answer("--tone", "440")
    cases = [(case_codec, "PCMU", "udp"), (case_codec, "PCMA", "tcp"), (case_codec, "G722", "udp"), (case_codec, "opus", "udp"),
             (case_codec, "opus", "tcp"), (case_hold,), (case_dtmf,), (case_interrupted,), (case_files,), (case_load,),
             (case_echo,), (case_failed,)]
    bad = 0
    print("1..%d" % (len(cases) + 1), flush=True)
    for number, (case, *words) in enumerate(cases, 1):
        name = " ".join([case.__name__[5:], *words])
        for left in (2, 1, 0):
            lag.take()
            try:
                case(answer, *words)
                print("ok %d %s" % (number, name), flush=True)
                break
            except (AssertionError, queue.Empty, subprocess.TimeoutExpired, ValueError) as error:
                print("# %s" % (str(error).replace("\n", "\n# ") or repr(error)), flush=True)
            while not answer.results.empty():
                answer.results.get()
            stall = lag.take()
            if left and stall > 0.04:  # a measurement that the machine itself spoiled, and provably so
                print("# this machine stood still for %.0f ms: once more" % (stall * 1000), flush=True)
                continue
            bad += 1
            print("not ok %d %s" % (number, name), flush=True)
            break
    code = answer.stop()
    bad += code != 0
    print("%sok %d answer ends politely (exit %d)" % ("" if code == 0 else "not ", len(cases) + 1, code), flush=True)
    sys.exit(1 if bad else 0)


main()
