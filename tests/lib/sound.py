"""Tones in WAV files: what a phone that is not ours says and hears."""
import wave

import numpy as np


def write_tone(path, hz, seconds=3, rate=8000, level=0.25):
    wave_form = np.sin(2 * np.pi * hz * np.arange(int(rate * seconds)) / rate) * level * 32767
    with wave.open(path, "wb") as f:
        f.setnchannels(1)
        f.setsampwidth(2)
        f.setframerate(rate)
        f.writeframes(wave_form.astype("<i2").tobytes())


def seconds_of_tone(path, hz, over=-50, window=0.2):
    """For how long a recording carries that tone louder than over dBFS, in steps of window."""
    with wave.open(path, "rb") as f:
        rate, channels = f.getframerate(), f.getnchannels()
        x = np.frombuffer(f.readframes(f.getnframes()), "<i2").astype(float)[::channels] / 32768
    n, heard = int(rate * window), 0
    wheel = np.exp(-2j * np.pi * hz * np.arange(n) / rate) * np.hanning(n)
    for start in range(0, len(x) - n, n):
        level = 20 * np.log10(abs(np.sum(x[start:start + n] * wheel)) * 4 / n + 1e-9)
        heard += level > over
    return heard * window


def loudest(path, begin, end, window=0.5):
    """dBFS of the loudest window of a recording between two moments (seconds); -120 when there is nothing."""
    with wave.open(path, "rb") as f:
        rate = f.getframerate()
        x = np.frombuffer(f.readframes(f.getnframes()), "<i2").astype(float)[int(begin * rate):int(end * rate)] / 32768
    n = int(rate * window)
    return max((10 * np.log10(np.mean(x[i:i + n] ** 2) + 1e-12) for i in range(0, len(x) - n + 1, n)), default=-120)
