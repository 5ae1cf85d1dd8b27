// Microphone (real or a test tone) and meters that say which tones a remote stream carries.

let context;
export const audio = () => (context = context || new AudioContext({ sampleRate: 48000 }));

// The stream that we send: the microphone, or a sine of hz when hz is given (0: silence).
export async function source(hz) {
  if (hz === undefined) return navigator.mediaDevices.getUserMedia({ audio: true });
  const ctx = audio(), oscillator = ctx.createOscillator(), gain = ctx.createGain(), out = ctx.createMediaStreamDestination();
  oscillator.frequency.value = hz || 440;
  gain.gain.value = hz ? 0.25 : 0;
  oscillator.connect(gain).connect(out);
  oscillator.start();
  await ctx.resume();
  return out.stream;
}

// The analyser halves a sine (one side of the spectrum) and its Blackman window takes the rest: 20 lg(0.5 * 0.42).
const ANALYSER_LOSS = -13.56;

// Watches one remote stream. tones(): the steady peaks of its spectrum, loudest first, level in dBFS of a sine.
export class Meter {
  constructor(stream) {
    this.player = new Audio(); // Chromium feeds a remote stream to the graph only while some element plays it
    this.player.srcObject = stream;
    this.player.play().catch(() => 0);
    this.analyser = audio().createAnalyser();
    this.analyser.fftSize = 8192;
    this.analyser.smoothingTimeConstant = 0;
    this.input = audio().createMediaStreamSource(stream);
    this.input.connect(this.analyser);
    this.bins = new Float32Array(this.analyser.frequencyBinCount);
    this.samples = new Float32Array(2048);
  }

  tones(floor = -60) {
    this.analyser.getFloatFrequencyData(this.bins);
    this.bins.forEach((v, i) => { this.bins[i] = v - ANALYSER_LOSS; });
    const step = this.analyser.context.sampleRate / this.analyser.fftSize, b = this.bins, found = [];
    for (let i = 3; i < b.length - 3; i++) {
      if (b[i] < floor || b[i] <= b[i - 1] || b[i] < b[i + 1] || b[i] < b[i - 3] + 6 || b[i] < b[i + 3] + 6) continue;
      const shift = (b[i + 1] - b[i - 1]) / (2 * (2 * b[i] - b[i - 1] - b[i + 1]) || 1); // parabola through three bins
      found.push({ hz: Math.round((i + shift) * step), db: Math.round(b[i] * 10) / 10 });
    }
    return found.sort((x, y) => y.db - x.db).slice(0, 6);
  }

  level() {
    this.analyser.getFloatTimeDomainData(this.samples);
    const power = this.samples.reduce((sum, x) => sum + x * x, 0) / this.samples.length;
    return Math.round(10 * Math.log10(power + 1e-13));
  }

  stop() {
    this.input.disconnect();
    this.player.srcObject = null;
  }
}
