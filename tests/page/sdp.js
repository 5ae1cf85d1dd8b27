// Jingle <-> SDP for one WebRTC session (XEP-0166, 0167, 0176, 0293, 0294, 0320, 0338, 0339), the way browser clients
// write it: content names are the mids, every content is in one BUNDLE group, candidates travel apart.

export const NS = {
  jingle: 'urn:xmpp:jingle:1', rtp: 'urn:xmpp:jingle:apps:rtp:1', info: 'urn:xmpp:jingle:apps:rtp:info:1',
  ice: 'urn:xmpp:jingle:transports:ice-udp:1', dtls: 'urn:xmpp:jingle:apps:dtls:0',
  fb: 'urn:xmpp:jingle:apps:rtp:rtcp-fb:0', ext: 'urn:xmpp:jingle:apps:rtp:rtp-hdrext:0',
  ssma: 'urn:xmpp:jingle:apps:rtp:ssma:0', group: 'urn:xmpp:jingle:apps:grouping:0',
};

// An element with attributes (undefined ones left out) and children, as the XMPP library serialises it.
export function el(name, attrs = {}, ...children) {
  const e = Strophe.xmlElement(name);
  for (const [k, v] of Object.entries(attrs)) if (v !== undefined && v !== null) e.setAttribute(k, v);
  for (const c of children.flat()) if (c) e.appendChild(typeof c === 'string' ? Strophe.xmlTextNode(c) : c);
  return e;
}

export const kids = (e, name) => [...(e ? e.children : [])].filter((c) => c.localName === name);
export const kid = (e, name) => kids(e, name)[0];
const at = (e, name, otherwise) => (e && e.getAttribute(name)) || otherwise;

// senders names absolute parties, an SDP direction is relative to its writer (XEP-0166 7.3).
const SENDERS = { sendrecv: 'both', sendonly: 'initiator', recvonly: 'responder', inactive: 'none' };
const flip = (direction) => ({ sendonly: 'recvonly', recvonly: 'sendonly' })[direction] || direction;
const toSenders = (direction, byInitiator) => SENDERS[byInitiator ? direction : flip(direction)];
function toDirection(senders, byInitiator) {
  const d = Object.keys(SENDERS).find((k) => SENDERS[k] === (senders || 'both')) || 'sendrecv';
  return byInitiator ? d : flip(d);
}

const lines = (text, key) => text.filter((l) => l.startsWith('a=' + key + ':')).map((l) => l.slice(key.length + 3));

function payloads(text, fmts) {
  const out = [];
  for (const id of fmts) {
    const map = lines(text, 'rtpmap').find((l) => l.startsWith(id + ' '));
    if (!map) continue;
    const [name, clockrate, channels] = map.split(' ')[1].split('/');
    if (name.toLowerCase() === 'telephone-event') continue; // JSXC never sends it
    const fmtp = lines(text, 'fmtp').find((l) => l.startsWith(id + ' '));
    const parameters = (fmtp ? fmtp.slice(id.length + 1).split(';') : []).map((p) => {
      const cut = p.indexOf('=');
      return cut < 0 ? el('parameter', { value: p.trim() }) : el('parameter', { name: p.slice(0, cut).trim(), value: p.slice(cut + 1) });
    });
    const feedback = lines(text, 'rtcp-fb').filter((l) => l.startsWith(id + ' ')).map((l) => {
      const [, type, subtype] = l.split(' ');
      return el('rtcp-fb', { xmlns: NS.fb, type, subtype });
    });
    out.push(el('payload-type', { id, name, clockrate, channels: channels || '1' }, parameters, feedback));
  }
  return out;
}

function sources(text) {
  const byId = new Map();
  for (const l of lines(text, 'ssrc')) {
    const [, id, name, value] = l.match(/^(\d+) ([^:]+):?(.*)$/) || [];
    if (!id) continue;
    if (!byId.has(id)) byId.set(id, []);
    byId.get(id).push(el('parameter', { xmlns: NS.ssma, name, value }));
  }
  const out = [...byId].map(([ssrc, parameters]) => el('source', { xmlns: NS.ssma, ssrc }, parameters));
  for (const l of lines(text, 'ssrc-group')) {
    const [semantics, ...ids] = l.split(' ');
    out.push(el('ssrc-group', { xmlns: NS.ssma, semantics }, ids.map((ssrc) => el('source', { ssrc }))));
  }
  return { out, first: [...byId.keys()][0] };
}

function content(text, head, byInitiator) {
  const all = head.concat(text);
  const [media, , , ...fmts] = text[0].slice(2).split(' ');
  const direction = ['sendrecv', 'sendonly', 'recvonly', 'inactive'].find((d) => text.includes('a=' + d)) || 'sendrecv';
  const ssrc = sources(text);
  const extensions = lines(text, 'extmap').map((l) => {
    const [id, uri] = l.split(' ');
    return el('rtp-hdrext', { xmlns: NS.ext, id: id.split('/')[0], uri, senders: 'both' });
  });
  const description = el('description', { xmlns: NS.rtp, media, ssrc: ssrc.first }, payloads(text, fmts), extensions,
    text.includes('a=rtcp-mux') && el('rtcp-mux'), ssrc.out);
  const [hash, value] = lines(all, 'fingerprint')[0].split(' ');
  const transport = el('transport', { xmlns: NS.ice, ufrag: lines(all, 'ice-ufrag')[0], pwd: lines(all, 'ice-pwd')[0] },
    el('fingerprint', { xmlns: NS.dtls, hash, setup: lines(all, 'setup')[0] }, value));
  return el('content', { creator: 'initiator', name: lines(text, 'mid')[0], senders: toSenders(direction, byInitiator) },
    description, transport);
}

// The local description as <jingle/> of session-initiate or session-accept; candidates are left out.
export function toJingle(sdp, action, sid) {
  const parts = sdp.replace(/\r/g, '').trim().split(/\n(?=m=)/).map((p) => p.split('\n'));
  const head = parts.shift();
  const contents = parts.map((p) => content(p, head, action === 'session-initiate'));
  const group = el('group', { xmlns: NS.group, semantics: 'BUNDLE' }, contents.map((c) => el('content', { name: c.getAttribute('name') })));
  return el('jingle', { xmlns: NS.jingle, action, sid }, contents, group);
}

function mediaLines(content, byInitiator) {
  const d = kid(content, 'description'), t = kid(content, 'transport'), types = kids(d, 'payload-type');
  const fp = kid(t, 'fingerprint');
  if (!d || !t || !fp || !types.length) throw new Error('content without description, payload type, transport or fingerprint');
  const out = [`m=${at(d, 'media')} 9 UDP/TLS/RTP/SAVPF ${types.map((p) => at(p, 'id')).join(' ')}`, 'c=IN IP4 0.0.0.0',
    'a=mid:' + at(content, 'name'), 'a=' + toDirection(at(content, 'senders'), byInitiator)];
  if (kid(d, 'rtcp-mux')) out.push('a=rtcp-mux');
  for (const p of types) {
    const id = at(p, 'id'), channels = at(p, 'channels', '1');
    out.push(`a=rtpmap:${id} ${at(p, 'name')}/${at(p, 'clockrate', '8000')}` + (channels === '1' ? '' : '/' + channels));
    const params = kids(p, 'parameter').map((x) => (at(x, 'name') ? at(x, 'name') + '=' : '') + at(x, 'value', ''));
    if (params.length) out.push(`a=fmtp:${id} ${params.join(';')}`);
    for (const f of kids(p, 'rtcp-fb')) out.push(`a=rtcp-fb:${id} ${at(f, 'type')}` + (at(f, 'subtype') ? ' ' + at(f, 'subtype') : ''));
  }
  for (const x of kids(d, 'rtp-hdrext')) out.push(`a=extmap:${at(x, 'id')} ${at(x, 'uri')}`);
  for (const g of kids(d, 'ssrc-group')) out.push(`a=ssrc-group:${at(g, 'semantics')} ${kids(g, 'source').map((s) => at(s, 'ssrc')).join(' ')}`);
  for (const s of kids(d, 'source')) {
    for (const p of kids(s, 'parameter')) out.push(`a=ssrc:${at(s, 'ssrc')} ${at(p, 'name')}` + (at(p, 'value') ? ':' + at(p, 'value') : ''));
  }
  out.push('a=ice-ufrag:' + at(t, 'ufrag'), 'a=ice-pwd:' + at(t, 'pwd'),
    `a=fingerprint:${at(fp, 'hash')} ${fp.textContent.trim()}`, 'a=setup:' + at(fp, 'setup', byInitiator ? 'actpass' : 'active'));
  return out;
}

// The SDP that a received session-initiate or session-accept stands for (without candidates).
export function toSdp(jingle) {
  const byInitiator = at(jingle, 'action') === 'session-initiate';
  const group = kid(jingle, 'group');
  const head = ['v=0', 'o=- 1 1 IN IP4 0.0.0.0', 's=-', 't=0 0'];
  if (group) head.push(`a=group:BUNDLE ${kids(group, 'content').map((c) => at(c, 'name')).join(' ')}`);
  return head.concat(kids(jingle, 'content').flatMap((c) => mediaLines(c, byInitiator))).join('\r\n') + '\r\n';
}

// One local candidate as the <jingle/> of a transport-info; creator is that of the sender, as JSXC writes it.
export function candidateToJingle(c, ufrag, pwd, sid, creator) {
  const f = c.candidate.replace('candidate:', '').split(' ');
  const more = (key) => (f.includes(key) ? f[f.indexOf(key) + 1] : undefined);
  const candidate = el('candidate', { foundation: f[0], component: f[1], protocol: f[2].toLowerCase(), priority: f[3], ip: f[4], port: f[5],
    type: f[7], 'rel-addr': more('raddr'), 'rel-port': more('rport'), tcptype: more('tcptype'), generation: more('generation') || '0',
    network: more('network-id') || '0', id: 'c.' + Math.random().toString(36).slice(2, 12) });
  return el('jingle', { xmlns: NS.jingle, action: 'transport-info', sid },
    el('content', { creator, name: c.sdpMid }, el('transport', { xmlns: NS.ice, ufrag, pwd }, candidate)));
}

// The credentials of every content of a local description, as <jingle/> of an ICE restart.
export function toTransports(sdp, action, sid, creator) {
  const jingle = toJingle(sdp, action, sid);
  for (const c of kids(jingle, 'content')) {
    c.setAttribute('creator', creator);
    c.removeAttribute('senders');
    kid(c, 'description').remove();
  }
  kids(jingle, 'group').forEach((g) => g.remove());
  return jingle;
}

// A description of theirs with the credentials that this <jingle/> brings; null: it brings none that are new.
export function renewed(sdp, jingle) {
  const t = kid(kid(jingle, 'content'), 'transport'), ufrag = at(t, 'ufrag'), pwd = at(t, 'pwd');
  if (!ufrag || !pwd || sdp.includes(`a=ice-ufrag:${ufrag}\r`)) return null;
  return sdp.replace(/a=ice-ufrag:.*\r/g, `a=ice-ufrag:${ufrag}\r`).replace(/a=ice-pwd:.*\r/g, `a=ice-pwd:${pwd}\r`);
}

// All candidates of any jingle element, ready for addIceCandidate.
export function candidates(jingle) {
  return kids(jingle, 'content').flatMap((content) => kids(kid(content, 'transport'), 'candidate').map((c) => ({
    sdpMid: at(content, 'name'),
    candidate: `candidate:${at(c, 'foundation')} ${at(c, 'component')} ${at(c, 'protocol')} ${at(c, 'priority')} ${at(c, 'ip')} ${at(c, 'port')} typ ${at(c, 'type')}`
      + (at(c, 'rel-addr') ? ` raddr ${at(c, 'rel-addr')} rport ${at(c, 'rel-port', '9')}` : '')
      + (at(c, 'tcptype') ? ' tcptype ' + at(c, 'tcptype') : '') + ' generation ' + at(c, 'generation', '0'),
  })));
}
