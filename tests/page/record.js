// A file said instead of the microphone, and what is heard written down. Both on the clock of the sound context, with what it is
// ahead of the time of day (seconds): between two samples there is nothing but the network and the browser's own buffers.
import { audio } from './sound.js';

let out, node, input, clock, ahead, tapes = 0;

// The stream that say() speaks into, silent until then.
export function speaker() {
  out = audio().createMediaStreamDestination();
  return out.stream;
}

const lead = () => audio().currentTime - (performance.timeOrigin + performance.now()) / 1000;

// Samples are made several at a time: the greatest lead is the one of the moment when the newest was.
function watch() {
  clearInterval(clock);
  ahead = lead();
  clock = setInterval(() => { ahead = Math.max(ahead, lead()); }, 7);
}

export async function say(url) {
  const ctx = audio(), player = ctx.createBufferSource();
  player.buffer = await ctx.decodeAudioData(await (await fetch(url)).arrayBuffer());
  player.connect(out);
  const begin = ctx.currentTime + 0.1;
  player.start(begin);
  return { begin };
}

const base64 = (bytes) => btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join(''));

// take({ tape, first, ahead, pcm }): pieces of 16 bit mono; first: moment of the first sample. Ends what was recorded before.
export async function record(stream, take) {
  const ctx = audio();
  await ctx.resume();
  await ctx.audioWorklet.addModule('/recorder.js');
  if (node) node.port.onmessage = null;
  if (node) input.disconnect(node);
  watch();
  const tape = ++tapes;
  node = new AudioWorkletNode(ctx, 'recorder');
  input = ctx.createMediaStreamSource(stream);
  input.connect(node).connect(ctx.destination);
  node.port.onmessage = ({ data }) => take({ tape, first: data.first / ctx.sampleRate, ahead, pcm: base64(new Uint8Array(data.pcm.buffer)) });
}
