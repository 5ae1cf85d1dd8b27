"""What a way through networks has made of a tone and of speech: what was said beside what was heard, on one clock. The measures are those of
tests/load/quality.c."""
import dataclasses
import wave

import numpy as np

RATE, FRAME, WORD = 16000, 320, 8000
EARLY, FAR = RATE // 50, RATE * 8 // 10  # how far from its moment a word is looked for
FFT, BANDS, HEARD_BANDS = 512, 18, 12    # bands up to 3.4 kHz are compared
LIKE, LOUD = 0.5, 1e5


@dataclasses.dataclass
class Sound:
    """Samples of 16 bit at 16 kHz; began: moment of the first one (s)."""
    began: float
    pcm: np.ndarray

    def at(self, moment):
        return round((moment - self.began) * RATE)


def read_wav(path):
    with wave.open(path, "rb") as f:
        assert (f.getnchannels(), f.getframerate(), f.getsampwidth()) == (1, RATE, 2), path
        return np.frombuffer(f.readframes(f.getnframes()), "<i2")


def write_wav(path, pcm):
    with wave.open(path, "wb") as f:
        f.setnchannels(1)
        f.setsampwidth(2)
        f.setframerate(RATE)
        f.writeframes(pcm.astype("<i2").tobytes())


def third(pcm):
    """48 kHz to 16 kHz; late by nothing."""
    n = np.arange(-24, 25)
    low_pass = np.sinc(n / 3) / 3 * np.hamming(len(n))
    return np.convolve(pcm.astype(float), low_pass, "same")[::3]


def tone(sound, begin, end, hz, amplitude):
    """Gaps over 60 ms (20 dB too weak), the longest time (ms), level: median and weakest 20 ms (dBFS), between two moments."""
    wheel = np.exp(-2j * np.pi * hz * np.arange(FRAME) / RATE)
    starts = range(max(0, sound.at(begin)), min(sound.at(end), len(sound.pcm)) - FRAME, FRAME // 2)
    levels = [20 * np.log10(abs(np.sum(sound.pcm[i:i + FRAME] * wheel)) * 2 / FRAME / 32768 + 4e-7) for i in starts]
    gaps = missing = longest = 0
    for level in levels:
        missing = missing + 10 if level < 20 * np.log10(amplitude) - 20 else 0
        longest = max(longest, missing)
        gaps += missing == 70
    return dict(gaps=gaps, longest_ms=longest, level=float(np.median(levels)), weakest=min(levels))


def spectrum(pcm):
    window = np.hanning(FFT)
    edges = [int(FFT / 2 * ((b + 1) / (BANDS + 1)) ** 2) for b in range(BANDS + 1)]
    power = np.abs(np.fft.rfft(pcm[:FFT] * window)) ** 2
    return np.array([10 * np.log10(1e4 + power[a:max(b, a + 1)].sum()) for a, b in zip(edges, edges[1:])])[:HEARD_BANDS]


def distance(said, heard):
    """dB: mean over the word of the root mean square difference of both spectra."""
    starts = range(0, WORD - FFT + 1, FFT // 2)
    return float(np.mean([np.sqrt(np.mean((spectrum(said[i:]) - spectrum(heard[i:])) ** 2)) for i in starts]))


def find(word, heard):
    """Where in heard the word is, -1: nowhere."""
    n = 1 << (len(word) + len(heard)).bit_length()
    both = np.fft.irfft(np.fft.rfft(heard, n) * np.conj(np.fft.rfft(word, n)), n)[:len(heard) - WORD + 1]
    sums = np.concatenate([[0], np.cumsum(heard ** 2)])
    like = both / np.sqrt((sums[WORD:] - sums[:-WORD] + 1) * np.sum(word ** 2))
    return int(np.argmax(like)) if like.max() > LIKE else -1


def speech(said, heard, begin, end):
    """Between two moments of what was said: delay of its half seconds (ms), median and 95th percentile; their distance (dB); how many were
    said and how many found again."""
    delays, distances, words = [], [], 0
    for at in range(said.at(begin), min(said.at(end), len(said.pcm)) - WORD + 1, WORD):
        word = said.pcm[at:at + WORD].astype(float)
        there = heard.at(said.began + at / RATE) - EARLY
        piece = heard.pcm[there:there + EARLY + FAR + WORD].astype(float) if there >= 0 else []
        if np.mean(word ** 2) < LOUD or len(piece) < EARLY + FAR + WORD:
            continue
        words += 1
        found = find(word, piece)
        if found >= 0:
            delays.append((found - EARLY) * 1000 / RATE)
            distances.append(distance(word, piece[found:found + WORD]))
    if not delays:
        return dict(median_ms=float("nan"), p95_ms=float("nan"), distance=float("nan"), words=words, found=0)
    return dict(median_ms=float(np.median(delays)), p95_ms=float(np.percentile(delays, 95)), distance=float(np.mean(distances)), words=words, found=len(delays))
