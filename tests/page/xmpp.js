// One XMPP login over WebSocket (RFC 7395) with the Debian package libjs-strophe, and one room (XEP-0045).
import { NS, el, kid, kids } from './sdp.js';

export const MUC = 'http://jabber.org/protocol/muc', JMUCI = 'urn:xmpp:jingle-muc-message:0';
const DISCO = 'http://jabber.org/protocol/disco#info';
const FEATURES = [DISCO, NS.jingle, NS.rtp, NS.rtp.replace(':1', ':audio'), NS.ice, NS.dtls, NS.ssma, NS.group, JMUCI];

// A WebSocket stream has no default namespace: every stanza says it (RFC 7395 3.3.2).
const stanza = (name, attrs, ...children) => el(name, { xmlns: 'jabber:client', ...attrs }, children);

export class Room {
  // on: { online(jid), offline(why), joined(nick), occupant(nick, jid, present), word(action, id, nick, children), jingle(from, element) }
  constructor(service, on) {
    this.on = on;
    this.occupants = new Map(); // nick -> real full JID
    this.connection = new Strophe.Connection(service);
  }

  // Comes back by itself when the stream is lost, as the same full JID: running sessions go by it.
  connect(jid, password) {
    this.wanted = true;
    this.connection.connect(this.jid || jid, password, (status, why) => {
      const S = Strophe.Status;
      if (status === S.CONNECTED) return this.online();
      if (status !== S.AUTHFAIL && status !== S.DISCONNECTED) return undefined;
      this.occupants.clear();
      this.on.offline(why || Object.keys(S).find((k) => S[k] === status));
      if (status === S.AUTHFAIL) this.wanted = false;
      if (this.wanted) setTimeout(() => { this.connection.reset(); this.connect(jid, password); }, 1000);
      return undefined;
    });
  }

  online() {
    const add = (fn, ns, name, type) => this.connection.addHandler((received) => {
      try { fn.call(this, received); } catch (e) { console.error(e); }
      return true;
    }, ns, name, type);
    add(this.onDisco, DISCO, 'iq', 'get');
    add(this.onPing, 'urn:xmpp:ping', 'iq', 'get');
    add(this.onJingle, NS.jingle, 'iq', 'set');
    add(this.onPresence, null, 'presence');
    add(this.onMessage, null, 'message', 'groupchat');
    this.jid = this.connection.jid;
    this.send(stanza('presence'));
    this.on.online(this.jid);
  }

  send(element) { this.connection.send(element); }

  reply(iq, child) { this.send(stanza('iq', { to: iq.getAttribute('from'), id: iq.getAttribute('id'), type: 'result' }, child)); }

  // Resolves with the condition of an error, or undefined for a result.
  request(to, child) {
    return new Promise((done) => this.connection.sendIQ(stanza('iq', { to, type: 'set' }, child), () => done(), (error) => {
      const e = kid(error, 'error');
      done(e && e.children.length ? e.children[0].localName : 'timeout');
    }, 20000));
  }

  join(room, nick) {
    this.room = room;
    this.nick = nick;
    this.send(stanza('presence', { to: `${room}/${nick}` }, el('x', { xmlns: MUC }, el('history', { maxstanzas: '0' }))));
  }

  leave() { this.send(stanza('presence', { to: `${this.room}/${this.nick}`, type: 'unavailable' })); }

  disconnect() { this.wanted = false; this.connection.flush(); this.connection.disconnect(); }

  // A JMUCI word to the room: propose, accept, retract.
  say(action, id, ...children) {
    this.send(stanza('message', { to: this.room, type: 'groupchat' }, el(action, { xmlns: JMUCI, id }, children)));
  }

  nickOf(jid) { return [...this.occupants].filter(([, j]) => j === jid).map(([nick]) => nick)[0]; }

  onDisco(iq) {
    const query = el('query', { xmlns: DISCO, node: kid(iq, 'query').getAttribute('node') },
      el('identity', { category: 'client', type: 'web', name: 'Tipring test page' }), FEATURES.map((v) => el('feature', { var: v })));
    this.reply(iq, query);
  }

  onPing(iq) { this.reply(iq); }

  onJingle(iq) {
    this.reply(iq);
    this.on.jingle(iq.getAttribute('from'), kid(iq, 'jingle'));
  }

  onPresence(presence) {
    const from = presence.getAttribute('from'), nick = Strophe.getResourceFromJid(from);
    if (Strophe.getBareJidFromJid(from) !== this.room || !nick) return;
    const x = kids(presence, 'x').find((e) => e.namespaceURI === `${MUC}#user`), type = presence.getAttribute('type');
    if (type === 'error') return void this.on.offline('the room refused us: ' + Strophe.serialize(kid(presence, 'error')));
    const codes = kids(x, 'status').map((s) => s.getAttribute('code')), jid = (kid(x, 'item') || presence).getAttribute('jid');
    if (type === 'unavailable') {
      const gone = this.occupants.get(nick);
      this.occupants.delete(nick);
      if (codes.includes('303')) return;
      this.on.occupant(nick, gone, false);
      return;
    }
    const known = this.occupants.has(nick);
    this.occupants.set(nick, jid);
    if (codes.includes('110') && !known) {
      this.nick = nick;
      this.on.joined(nick);
    } else if (!codes.includes('110')) this.on.occupant(nick, jid, true);
  }

  onMessage(message) {
    const word = [...message.children].find((e) => e.namespaceURI === JMUCI), from = message.getAttribute('from');
    const historic = [...message.children].some((e) => e.localName === 'delay');
    if (!word || historic || Strophe.getBareJidFromJid(from) !== this.room) return;
    this.on.word(word.localName.toLowerCase(), word.getAttribute('id'), Strophe.getResourceFromJid(from), word);
  }
}
