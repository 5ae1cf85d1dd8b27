// The page: buttons for a person, and for tests the same actions by URL and commands from the page server.
import { Room } from './xmpp.js';
import { Calls } from './jmuci.js';
import { Meter, source } from './sound.js';
import * as tape from './record.js';

const query = new URLSearchParams(location.search), $ = (id) => document.getElementById(id);
const agent = query.get('agent'); // set by tests: report events, take commands
const meters = new Map(); // session -> Meter
let room, calls, tick, proposal;

function report(ev, more = {}) {
  if (!agent) return;
  fetch('/event', { method: 'POST', body: JSON.stringify({ who: agent, ev, ...more }), keepalive: !more.pcm }).catch(() => 0);
}

function say(text) {
  const line = document.createElement('div');
  line.textContent = `${new Date().toLocaleTimeString()}  ${text}`;
  $('log').prepend(line);
  while ($('log').children.length > 100) $('log').lastChild.remove();
}

function show() {
  const inCall = calls && calls.own, connected = room && room.nick && room.occupants.size;
  $('connect').disabled = !!connected;
  $('propose').disabled = !connected || !!inCall;
  $('accept').disabled = !proposal || !!inCall;
  $('hangup').disabled = $('mute').disabled = !inCall;
  $('people').replaceChildren(...[...(room ? room.occupants : [])].map(([nick]) => {
    const row = document.createElement('tr'), session = calls && [...calls.sessions.values()].find((s) => s.nick === nick);
    const meter = session && meters.get(session), level = meter ? meter.level() : -127, tones = meter ? meter.tones() : [];
    row.innerHTML = '<td></td><td></td><td><meter min=-60 max=0></meter></td><td></td>';
    row.cells[0].textContent = nick + (nick === room.nick ? ' (you)' : '');
    row.cells[1].textContent = session ? session.pc.connectionState : '';
    row.querySelector('meter').value = level;
    row.cells[3].textContent = tones.slice(0, 3).map((t) => `${t.hz} Hz ${t.db} dB`).join(', ');
    return row;
  }));
}

async function stats(session) {
  const out = { peer: session.peer, nick: session.nick, packets: 0, lost: 0, sent: 0, concealed: 0, samples: 0 };
  const all = await session.pc.getStats();
  for (const s of all.values()) {
    if (s.type === 'inbound-rtp' && s.kind === 'audio') {
      Object.assign(out, { packets: s.packetsReceived, lost: s.packetsLost, jitter: s.jitter, concealed: s.concealedSamples, samples: s.totalSamplesReceived, energy: s.totalAudioEnergy });
      out.codec = (all.get(s.codecId) || {}).mimeType;
    } else if (s.type === 'outbound-rtp' && s.kind === 'audio') out.sent = s.packetsSent;
    else if (s.type === 'transport') Object.assign(out, { dtls: s.tlsVersion, srtp: s.srtpCipher });
  }
  return out;
}

async function everySecond() {
  show();
  if (!agent) return;
  const streams = [...meters].map(([s, m]) => ({ nick: s.nick, peer: s.peer, level: m.level(), tones: m.tones() }));
  const figures = await Promise.all([...meters.keys()].map(stats));
  report('audio', { streams, stats: figures });
}

const onCalls = {
  proposed(id, nick, media) {
    proposal = id;
    say(`${nick} proposes a call (${media.join(', ') || 'no media'})`);
    report('proposed', { id, nick });
    if (query.has('autoaccept')) setTimeout(() => actions.accept(), 1000 * Number(query.get('autoaccept') || 0));
  },
  order(id, nicks, action, nick) {
    say(`${nick}: ${action}; order: ${nicks.join(', ')}`);
    report('word', { id, action, nick, order: nicks });
  },
  session(session, state, reason) {
    if (state === 'ended') {
      meters.get(session)?.stop();
      meters.delete(session);
    }
    say(`session with ${session.nick}: ${state} ${reason || ''}`);
    report('session', { sid: session.sid, peer: session.peer, nick: session.nick, outgoing: session.outgoing, state, reason });
    if (calls && calls.own && state === 'ended' && !calls.sessions.size) setTimeout(() => calls.sessions.size || actions.finished(), 10000);
  },
  pc(session, state) { report('pc', { peer: session.peer, nick: session.nick, state }); },
  track(session, stream) {
    meters.get(session)?.stop();
    meters.set(session, new Meter(stream));
  },
  restarted(session, action) { report('restarted', { nick: session.nick, action }); },
  rejected(session) { report('rejected', { nick: session.nick }); },
  error(text) { say('! ' + text); report('error', { text }); },
};

const actions = {
  async connect() {
    room = new Room($('service').value, {
      online(jid) { report('online', { jid }); room.join($('room').value, $('nick').value); },
      offline(why) { say('offline: ' + why); report('offline', { why: String(why) }); show(); },
      joined(nick) {
        say(`in the room as ${nick}`);
        report('joined', { nick });
        if (query.has('autopropose') && !calls.orders.size) setTimeout(() => actions.propose(), 1000 * Number(query.get('autopropose') || 0));
      },
      occupant(nick, jid, present) {
        report('occupant', { nick, jid, present });
        if (!present && calls) calls.gone(jid);
        show();
      },
      word: (...word) => calls.word(...word),
      jingle: (...jingle) => calls.jingle(...jingle),
    });
    const stun = query.get('stun');
    calls = new Calls(room, onCalls, { strict: query.has('strict'), iceServers: stun ? [{ urls: stun }] : [] });
    room.connect($('jid').value, $('password').value);
    clearInterval(tick);
    tick = setInterval(everySecond, agent ? 500 : 1000);
  },
  async microphone() {
    calls.setStream(query.has('file') ? tape.speaker() : await source(query.has('tone') ? Number(query.get('tone')) : undefined));
  },
  // Says the file from its beginning and tells all that is heard from that one, with the moments of both.
  async say(nick) {
    const [, meter] = [...meters].find(([s]) => s.nick === nick);
    await tape.record(meter.player.srcObject, (piece) => report('pcm', piece));
    report('said', await tape.say('/' + query.get('file')));
  },
  async propose() { await actions.microphone(); report('own', { id: calls.propose() }); show(); },
  async accept(id) { await actions.microphone(); calls.accept(id || proposal); show(); },
  hangup() { calls.hangUp(); show(); },
  mute(on) {
    const now = on === undefined ? $('mute').textContent === 'Mute' : on;
    calls.mute(now);
    $('mute').textContent = now ? 'Unmute' : 'Mute';
  },
  async restart(nick, action) { for (const s of calls.sessions.values()) if (s.nick === nick) await s.restart(action); },
  finished() { calls.own = undefined; say('the call is over'); report('finished'); show(); },
  async leave() { actions.hangup(); room.leave(); await new Promise((d) => setTimeout(d, 300)); room.disconnect(); },
};

async function commands() {
  for (;;) {
    const list = await fetch('/cmd?who=' + encodeURIComponent(agent)).then((r) => r.json()).catch(() => null);
    if (!list) await new Promise((d) => setTimeout(d, 500));
    for (const { name, args } of list || []) {
      try { await actions[name](...(args || [])); } catch (e) { report('error', { text: `${name}: ${e}` }); }
    }
  }
}

for (const id of ['service', 'jid', 'password', 'room', 'nick']) {
  if (query.has(id)) $(id).value = query.get(id);
  else if (!agent && sessionStorage.getItem(id)) $(id).value = sessionStorage.getItem(id);
  $(id).onchange = () => id !== 'password' && sessionStorage.setItem(id, $(id).value);
}
for (const id of ['connect', 'propose', 'accept', 'hangup', 'mute', 'leave']) $(id).onclick = () => actions[id]();
window.addEventListener('pagehide', () => room && actions.leave());
window.addEventListener('error', (e) => report('error', { text: e.message }));
window.addEventListener('unhandledrejection', (e) => report('error', { text: String(e.reason) }));
show();
report('loaded');
if (agent) commands();
if (query.has('autoconnect')) actions.connect();
