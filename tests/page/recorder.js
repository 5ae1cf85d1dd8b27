// The part of record.js that runs where sound is made: half seconds of what comes in, as 16 bit mono.
class Recorder extends AudioWorkletProcessor {
  constructor() {
    super();
    this.chunk = new Int16Array(192 * 128);
    this.n = 0;
  }

  process([[input]], [[output]]) {
    if (!this.n) this.first = currentFrame;
    for (let i = 0; i < output.length; i++, this.n++) this.chunk[this.n] = input ? Math.max(-32768, Math.min(32767, input[i] * 32768)) : 0;
    if (this.n === this.chunk.length) {
      this.port.postMessage({ first: this.first, pcm: this.chunk.slice() });
      this.n = 0;
    }
    return true;
  }
}

registerProcessor('recorder', Recorder);
