// JMUCI: group calls in a chat room as a mesh of Jingle sessions. Everybody earlier in the accept order calls everybody
// later; the proposer is first. With `strict` the page also has the habits of JSXC that others must live with:
// the proposer calls one accepter after the other, gives up 30 s after a proposal that nobody answered; an accepter's
// microphone opens only when the first call comes in (an offer of its own before that is mute); and who accepts twice
// in a row, say after coming back, is not called again.
import { NS, el, kid, kids, toJingle, toSdp, toTransports, renewed, candidateToJingle, candidates } from './sdp.js';

const uuid = () => crypto.randomUUID();

// One Jingle session with one peer: RTCPeerConnection plus the words about it.
export class Session {
  constructor(call, peer, sid, outgoing) {
    Object.assign(this, { call, peer, sid, outgoing, nick: call.room.nickOf(peer) || peer, state: 'new', early: [] });
    this.pc = new RTCPeerConnection({ iceServers: call.iceServers, bundlePolicy: 'max-bundle' });
    this.settled = new Promise((done) => { this.settle = done; }); // accepted or refused: a strict proposer waits for it
    this.pc.onicecandidate = ({ candidate: c }) => c && c.candidate && this.trickle(c);
    this.pc.onconnectionstatechange = () => {
      call.on.pc(this, this.pc.connectionState);
      if (this.pc.connectionState === 'failed') this.end('failed-transport');
    };
    this.pc.ontrack = ({ track, streams }) => track.kind === 'audio' && call.on.track(this, streams[0] || new MediaStream([track]));
    call.on.session(this, 'new');
  }

  addMicrophone() {
    const stream = this.call.stream;
    for (const track of stream ? stream.getAudioTracks() : []) this.sender = this.pc.addTrack(track, stream);
  }

  send(jingle) {
    return this.call.room.request(this.peer, jingle).then((error) => {
      const action = jingle.getAttribute('action');
      if (error && action !== 'session-terminate' && action !== 'transport-info') this.close(`${action}: ${error}`);
      return error;
    });
  }

  trickle(candidate) {
    const sdp = this.pc.localDescription.sdp, find = (key) => sdp.match(new RegExp(`a=${key}:(.*)\r`))[1];
    this.send(candidateToJingle(candidate, find('ice-ufrag'), find('ice-pwd'), this.sid, this.outgoing ? 'initiator' : 'responder'));
  }

  async initiate(withVideo) {
    this.addMicrophone();
    const offer = await this.pc.createOffer({ offerToReceiveAudio: true, offerToReceiveVideo: withVideo });
    const jingle = toJingle(offer.sdp, 'session-initiate', this.sid); // before setLocalDescription: candidates must follow it
    this.send(jingle);
    await this.pc.setLocalDescription(offer);
    this.state = 'pending';
  }

  async answer(jingle) {
    this.send(el('jingle', { xmlns: NS.jingle, action: 'session-info', sid: this.sid }, el('ringing', { xmlns: NS.info })));
    this.remote = toSdp(jingle);
    await this.pc.setRemoteDescription({ type: 'offer', sdp: this.remote });
    this.addMicrophone();
    const answer = await this.pc.createAnswer();
    this.send(toJingle(answer.sdp, 'session-accept', this.sid));
    await this.pc.setLocalDescription(answer);
    this.state = 'active';
    await this.addCandidates(candidates(jingle));
  }

  async accepted(jingle) {
    this.remote = toSdp(jingle);
    await this.pc.setRemoteDescription({ type: 'answer', sdp: this.remote });
    this.state = 'active';
    await this.addCandidates(candidates(jingle));
    this.settle(true);
  }

  // ICE begins anew (XEP-0176 5.11): new credentials in a transport-info, or in a transport-replace; theirs come back in one, or
  // in a transport-accept. To the browser that is an offer and its answer, whoever began the session.
  async restart(action = 'transport-info') {
    const [, mine] = this.pc.currentLocalDescription.sdp.match(/a=setup:(\w+)/);
    if (this.remote.includes('a=setup:actpass')) this.remote = this.remote.replace(/a=setup:actpass/g, 'a=setup:' + (mine === 'active' ? 'passive' : 'active'));
    const offer = await this.pc.createOffer({ iceRestart: true });
    this.send(toTransports(offer.sdp, action, this.sid, this.outgoing ? 'initiator' : 'responder'));
    this.restarting = true;
    await this.pc.setLocalDescription(offer);
  }

  async transport(jingle) {
    const remote = this.restarting && renewed(this.remote, jingle);
    if (remote) {
      this.restarting = false;
      this.remote = remote;
      await this.pc.setRemoteDescription({ type: 'answer', sdp: remote });
      this.call.on.restarted(this, jingle.getAttribute('action'));
    }
    await this.addCandidates(candidates(jingle));
  }

  async addCandidates(list) {
    this.early.push(...list);
    if (!this.pc.remoteDescription) return;
    for (const c of this.early.splice(0)) await this.pc.addIceCandidate(c).catch(() => 0); // names we cannot resolve are no error
  }

  end(reason = 'success') {
    if (this.state === 'ended') return;
    this.send(el('jingle', { xmlns: NS.jingle, action: 'session-terminate', sid: this.sid }, el('reason', {}, el(reason))));
    this.close(reason);
  }

  close(reason) {
    if (this.state === 'ended') return;
    this.state = 'ended';
    this.pc.close();
    this.settle(reason === 'decline');
    this.call.sessions.delete(this.sid);
    this.call.on.session(this, 'ended', reason);
  }
}

// What this client knows of the calls in its room, and its part in one of them.
export class Calls {
  // on: { proposed(id, nick), order(id, nicks), session(session, state, reason), pc(session, state), track(session, stream), error(text) }
  constructor(room, on, { strict = false, iceServers = [] } = {}) {
    Object.assign(this, { room, on, strict, iceServers, orders: new Map(), sessions: new Map(), queue: Promise.resolve() });
  }

  setStream(stream) { this.microphone = stream; if (!this.strict || this.proposer) this.stream = stream; }

  propose() {
    this.own = uuid();
    this.proposer = true;
    this.stream = this.microphone;
    this.room.say('propose', this.own, el('description', { xmlns: NS.rtp, media: 'audio' }));
    if (this.strict) this.patience = setTimeout(() => { this.closed = true; }, 30000);
    return this.own;
  }

  accept(id) {
    this.own = id;
    this.proposer = false;
    this.stream = this.strict ? undefined : this.microphone;
    this.room.say('accept', id);
  }

  hangUp() {
    clearTimeout(this.patience);
    const order = this.orders.get(this.own) || [];
    if (this.proposer && order.length < 2) this.room.say('retract', this.own);
    for (const s of [...this.sessions.values()]) s.end('success');
    this.own = undefined;
  }

  mute(on) { for (const t of this.microphone.getAudioTracks()) t.enabled = !on; }

  word(action, id, nick, element) {
    if (action === 'propose') {
      this.orders.set(id, [nick]);
      if (nick !== this.room.nick) this.on.proposed(id, nick, kids(element, 'description').map((d) => d.getAttribute('media')));
    } else if (action === 'accept') this.accepted(id, nick);
    else if (action === 'retract' && !this.sessions.size) this.orders.delete(id);
    this.on.order(id, this.orders.get(id) || [], action, nick);
  }

  accepted(id, nick) {
    const order = this.orders.get(id);
    if (!order || (this.strict && order.length > 1 && order.at(-1) === nick)) return;
    if (order.includes(nick) && !this.strict) order.splice(order.indexOf(nick), 1); // came back: now the latest
    order.push(nick);
    if (id !== this.own || nick === this.room.nick) return;
    const mine = order.indexOf(this.room.nick), peer = this.room.occupants.get(nick);
    if (mine < 0 || order.indexOf(nick) < mine) return;
    if (mine > 0) return void this.call(peer, id, true);
    clearTimeout(this.patience);
    if (this.closed) return;
    if (this.strict) this.queue = this.queue.then(() => this.call(peer, id, false)).then((s) => s.settled);
    else this.call(peer, id, false);
  }

  async call(peer, id, withVideo) {
    const session = new Session(this, peer, `${id}:${uuid()}`, true);
    this.sessions.set(session.sid, session);
    await session.initiate(withVideo).catch((e) => this.fail(session, e));
    return session;
  }

  async jingle(from, jingle) {
    const action = jingle.getAttribute('action'), sid = jingle.getAttribute('sid') || '';
    if (action === 'session-initiate') return this.offered(from, sid, jingle);
    const session = this.sessions.get(sid);
    if (!session || session.peer !== from) return;
    try {
      if (action === 'session-accept') await session.accepted(jingle);
      else if (action === 'transport-info' || action === 'transport-accept') await session.transport(jingle);
      else if (action === 'transport-reject') this.on.rejected(session);
      else if (action === 'session-terminate') session.close((kid(jingle, 'reason') || { children: [] }).children[0]?.localName || 'none');
    } catch (e) { this.fail(session, e); }
  }

  offered(from, sid, jingle) {
    const parts = sid.split(':');
    if (parts.length !== 2 || parts[0] !== this.own || this.proposer) {
      this.on.error(`session-initiate ${sid} from ${from} belongs to no call that we accepted`);
      return this.room.request(from, el('jingle', { xmlns: NS.jingle, action: 'session-terminate', sid }, el('reason', {}, el('decline'))));
    }
    const session = new Session(this, from, sid, false);
    this.stream = this.microphone;
    this.sessions.set(sid, session);
    return session.answer(jingle).catch((e) => this.fail(session, e));
  }

  fail(session, e) {
    this.on.error(`${session.nick}: ${e}`);
    session.end('general-error');
  }

  // Somebody left the room: sessions go by real JIDs, so only those whose owner is gone for good are closed.
  gone(jid) { for (const s of [...this.sessions.values()]) if (s.peer === jid) s.end('success'); }
}
