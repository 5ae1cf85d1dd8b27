#!/usr/bin/python3
"""Speaks the prompts of the catalogue: 16 bit, mono, 16 kHz WAV files.
synthesise.py --names CATALOGUE            prints the names of all prompts
synthesise.py CATALOGUE LANGUAGE FOLDER    speaks those of one language with espeak-ng
synthesise.py --music FILE                 the loop that a caller hears who is alone (needs no synthesiser)"""
import array
import json
import math
import operator
import os
import subprocess
import sys
import tempfile
import wave

RATE = 16000
TAPS = 24
PEAK = 0.5  # of full scale; espeak's speech is then at about -20 dBFS


def load(path):
    with open(path, encoding="utf-8") as f:
        catalogue = json.load(f)
    names = list(catalogue["en"]["prompts"])
    for language, entry in catalogue.items():
        odd = set(names) ^ set(entry["prompts"])
        if odd:
            sys.exit(f"{path}: language {language}: missing or unknown prompts: {', '.join(sorted(odd))}")
    return catalogue, names


def read(path):
    with wave.open(path) as w:
        if w.getnchannels() != 1 or w.getsampwidth() != 2:
            sys.exit(f"{path}: expected 16 bit mono")
        return w.getframerate(), array.array("h", w.readframes(w.getnframes()))


def write(path, samples):
    with wave.open(path, "wb") as w:
        w.setnchannels(1)
        w.setsampwidth(2)
        w.setframerate(RATE)
        w.writeframes(array.array("h", (max(-32768, min(32767, round(s))) for s in samples)).tobytes())


def resample(samples, rate):
    """Windowed sinc, one set of taps per phase; below both Nyquist frequencies."""
    common = math.gcd(rate, RATE)
    up, down = RATE // common, rate // common
    cut = 0.92 * min(1.0, RATE / rate)
    phases = []
    for p in range(up):
        taps = []
        for i in range(TAPS):
            x = i - TAPS / 2 + 1 - p / up
            window = 0.5 + 0.5 * math.cos(math.pi * x / (TAPS / 2)) if abs(x) < TAPS / 2 else 0.0
            taps.append(window * (cut if x == 0 else math.sin(math.pi * cut * x) / (math.pi * x)))
        scale = sum(taps)
        phases.append([t / scale for t in taps])
    padded = [0] * (TAPS // 2 - 1) + list(samples) + [0] * TAPS
    out = []
    for n in range(len(samples) * up // down):
        whole, phase = divmod(n * down, up)
        out.append(sum(map(operator.mul, phases[phase], padded[whole:whole + TAPS])))
    return out


def trim(samples, margin=RATE // 25):
    """Without the silence around the words, which would make numbers drag."""
    floor = max(map(abs, samples), default=0) * 0.01
    loud = [i for i, s in enumerate(samples) if abs(s) > floor]
    return samples[max(0, loud[0] - margin):loud[-1] + margin] if loud else samples


def speak(voice, text, path):
    with tempfile.TemporaryDirectory() as folder:
        raw = os.path.join(folder, "raw.wav")
        subprocess.run(["espeak-ng", "-v", voice, "-s", "150", "-w", raw, text], check=True)
        rate, samples = read(raw)
    samples = trim(resample(samples, rate))
    gain = PEAK * 32767 / max(1, max(map(abs, samples), default=1))
    write(path, [s * gain for s in samples] + [0] * (RATE // 10))


def music(path, beat=0.6, chords=((220, 277.18, 329.63), (174.61, 220, 261.63), (130.81, 196, 246.94), (164.81, 196, 293.66))):
    """Four soft chords, picked note by note; every note dies before the loop closes."""
    total = round(RATE * beat * 4 * len(chords))
    out = [0.0] * total
    for c, chord in enumerate(chords):
        for i, hz in enumerate((*chord, chord[1])):
            start = round((c * 4 + i) * beat * RATE)
            for n in range(min(round(RATE * beat * 2.5), total - start)):
                t = n / RATE
                level = 2600 * min(1.0, t / 0.02) * math.exp(-2.6 * t) * min(1.0, (total - start - n) / 1600)
                out[start + n] += level * (math.sin(2 * math.pi * hz * t) + 0.25 * math.sin(4 * math.pi * hz * t))
    write(path, out)


def main(argv):
    if len(argv) == 2 and argv[0] == "--names":
        print("\n".join(load(argv[1])[1]))
    elif len(argv) == 2 and argv[0] == "--music":
        music(argv[1])
    elif len(argv) == 3:
        entry = load(argv[0])[0][argv[1]]
        for name, text in entry["prompts"].items():
            speak(entry["voice"], text, os.path.join(argv[2], name + ".wav"))
    else:
        sys.exit(__doc__)


main(sys.argv[1:])
