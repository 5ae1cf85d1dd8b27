#include "tools/ua_call.h"
#include "base/timer.h"
#include "tools/ua_net.h"
#include <string.h>

#define GIVE_UP_US GW_SEC(4)       /* without an answer to our BYE or CANCEL */
#define DIGITS_AFTER_US GW_MS(500) /* the other side's media need a moment */
#define INFO_MS 100                /* length of a digit by SIP INFO */
#define INFO_EVERY_US GW_MS(250)
#define COMMA_US GW_SEC(1)

typedef enum { NOT_HELD, HELD, HOLD_OVER } hold_state;
typedef enum { NO_TRANSFER, HOLDING, REFERRED, BACK } transfer_state;

struct gw_ua_call {
  gw_ua_phone *phone;
  gw_ua_call_params params;
  gw_sip_call *sip;
  gw_ua_stream *stream;
  gw_desc *own;                        /* in force, or offered and not answered yet */
  gint64 invite_us, answer_us, end_us; /* 0: not yet */
  gboolean hung_up, done;
  hold_state hold;
  transfer_state transfer;
  const char *digits_left; /* by SIP INFO */
  gw_timer *end, *hold_timer, *digit_timer, *transfer_timer;
  gw_ua_result result;
};

static const gw_ua_options *options_of(const gw_ua_call *c) {
  return gw_ua_phone_options(c->phone);
}

/* -- the end -- */

static void stop_media(gw_ua_call *c) {
  if (c->end_us) return;
  c->end_us = gw_now_us();
  gw_ua_stream_stop(c->stream);
}

static void fill_result(gw_ua_call *c, guint status) {
  gw_ua_result *r = &c->result;
  guint n_gaps = 0;
  gw_ua_ear *ear = gw_ua_stream_ear(c->stream);
  gw_ua_ear_get(ear, &r->heard);
  const gw_ua_gap *gaps = gw_ua_gaps_found(gw_ua_ear_gaps(ear), &n_gaps);
  if (n_gaps) g_array_append_vals(r->gaps, gaps, n_gaps);
  r->digits = g_strdup(r->heard.digits);
  r->heard.digits = NULL; /* it goes with the ear */
  r->sent = gw_ua_stream_sent(c->stream);
  g_strlcpy(r->codec, gw_ua_stream_codec(c->stream), sizeof r->codec);
  if (r->heard.first_audio_us) r->first_audio_us = MAX(0, r->heard.first_audio_us - c->invite_us);
  r->status = c->answer_us ? 200 : status;
  if (!c->answer_us) return;
  r->duration_us = c->end_us - c->answer_us;
  r->ended_by = c->hung_up ? "us" : "them";
}

static void finish(gw_ua_call *c, guint status) {
  g_autoptr(GError) error = NULL;
  if (c->done) return;
  c->done = TRUE;
  stop_media(c);
  fill_result(c, status);
  if (!gw_ua_stream_free(g_steal_pointer(&c->stream), &error)) gw_ua_complain("%s", error->message);
  gw_timer_set(c->end, GW_NEVER);
  gw_timer_set(c->hold_timer, GW_NEVER);
  gw_timer_set(c->digit_timer, GW_NEVER);
  gw_timer_set(c->transfer_timer, GW_NEVER);
  c->params.ended(c, c->params.user);
}

void gw_ua_call_hangup(gw_ua_call *c) {
  if (c->hung_up || c->done) return;
  c->hung_up = TRUE;
  stop_media(c);
  gw_timer_set(c->hold_timer, GW_NEVER);
  gw_timer_set(c->digit_timer, GW_NEVER);
  gw_timer_set(c->transfer_timer, GW_NEVER);
  gw_timer_set(c->end, gw_now_us() + GIVE_UP_US);
  gw_sip_call_hangup(c->sip, c->answer_us ? GW_CAUSE_NORMAL : GW_CAUSE_CANCELLED);
}

static void on_end_timer(void *user) {
  gw_ua_call *c = user;
  if (c->hung_up)
    finish(c, 0);
  else
    gw_ua_call_hangup(c);
}

/* -- hold, digits -- */

static void reoffer(gw_ua_call *c, gw_dir dir) {
  gw_desc_free(c->own);
  c->own = gw_ua_stream_desc(c->stream, dir);
  gw_sip_call_reinvite(c->sip, c->own);
}

static void on_hold_timer(void *user) {
  gw_ua_call *c = user;
  if (c->hold == NOT_HELD) {
    c->hold = HELD;
    gw_ua_stream_hold(c->stream);
    reoffer(c, GW_DIR_SENDONLY);
    gw_timer_set(c->hold_timer, gw_now_us() + (gint64)(options_of(c)->hold_s * G_USEC_PER_SEC));
  } else {
    c->hold = HOLD_OVER;
    reoffer(c, GW_DIR_SENDRECV);
  }
}

/* As a telephone does it: the other side is put on hold, then sent away. */
static void on_transfer_timer(void *user) {
  gw_ua_call *c = user;
  c->transfer = HOLDING;
  c->hold = HELD;
  gw_ua_stream_hold(c->stream);
  reoffer(c, GW_DIR_SENDONLY);
}

void gw_ua_call_on_referred(gw_ua_call *c, guint status) {
  if (c->done || c->end_us || c->transfer != REFERRED || status < 200) return;
  c->transfer = BACK;
  c->hold = HOLD_OVER;
  c->result.transfer = status;
  reoffer(c, GW_DIR_SENDRECV);
}

static void on_digit_timer(void *user) {
  gw_ua_call *c = user;
  if (!c->digits_left) {
    c->digits_left = options_of(c)->dtmf;
    if (gw_ua_stream_digits(c->stream, c->digits_left)) return;
  }
  char digit = *c->digits_left;
  if (!digit) return;
  c->digits_left++;
  if (digit != ',') gw_sip_call_send_info(c->sip, digit, INFO_MS);
  gw_timer_set(c->digit_timer, gw_now_us() + (digit == ',' ? COMMA_US : INFO_EVERY_US));
}

/* -- what SIP says -- */

static void answered(gw_ua_call *c) {
  const gw_ua_options *o = options_of(c);
  gint64 now_us = gw_now_us();
  if (c->answer_us || c->hung_up) return;
  c->answer_us = now_us;
  c->result.setup_us = now_us - c->invite_us;
  gw_ua_stream_start(c->stream);
  if (o->duration_s > 0) gw_timer_set(c->end, now_us + (gint64)(o->duration_s * G_USEC_PER_SEC));
  if (o->hold_s > 0) gw_timer_set(c->hold_timer, now_us + (gint64)(o->hold_at_s * G_USEC_PER_SEC));
  if (o->dtmf) gw_timer_set(c->digit_timer, now_us + DIGITS_AFTER_US);
  if (o->transfer_to)
    gw_timer_set(c->transfer_timer, now_us + (gint64)(o->transfer_at_s * G_USEC_PER_SEC));
}

void gw_ua_call_on_state(gw_ua_call *c, gw_sip_state state, gw_cause cause, guint status) {
  if (c->done) return;
  if (state == GW_SIP_ANSWERED || state == GW_SIP_CONFIRMED)
    answered(c);
  else if (state == GW_SIP_ENDED)
    finish(c, status >= 300 ? status : gw_cause_sip(cause));
}

static void answer_offer(gw_ua_call *c, const gw_desc *offer) {
  g_autoptr(gw_desc) caps =
      gw_ua_stream_desc(c->stream, c->hold == HELD ? GW_DIR_SENDONLY : GW_DIR_SENDRECV);
  gw_desc *answer = NULL;
  gw_cause why = GW_CAUSE_NONE;
  if (!gw_desc_answer(offer, caps, TRUE, &answer, &why)) {
    gw_sip_call_refuse_offer(c->sip, why);
    return;
  }
  gw_desc_free(c->own);
  c->own = answer;
  gw_ua_stream_agreed(c->stream, offer, answer);
  gw_sip_call_answer(c->sip, answer);
}

void gw_ua_call_on_remote(gw_ua_call *c, const gw_desc *desc, gboolean is_offer) {
  if (c->done || c->end_us) return;
  if (is_offer)
    answer_offer(c, desc);
  else
    gw_ua_stream_agreed(c->stream, desc, c->own);
  if (is_offer || c->transfer != HOLDING) return;
  c->transfer = REFERRED;
  gw_sip_call_refer(c->sip, options_of(c)->transfer_to);
}

void gw_ua_call_on_digit(gw_ua_call *c, char digit) {
  if (!c->done) gw_ua_ear_digit(gw_ua_stream_ear(c->stream), digit);
}

/* -- the beginning -- */

static gw_ua_call *new_call(gw_ua_phone *phone, const gw_ua_call_params *params,
                            const char *address, GError **error) {
  const gw_ua_options *o = gw_ua_phone_options(phone);
  gw_ua_sound sound = {.codecs = (const char *const *)o->codecs,
                       .tone_hz = o->tone_hz,
                       .play = gw_ua_phone_play(phone),
                       .fec = o->fec,
                       .echo = o->echo,
                       .record = params->record,
                       .thorough = params->thorough,
                       .sdes = o->sdes,
                       .shared = params->shared};
  gw_ua_stream *stream = gw_ua_stream_new(gw_ua_phone_media(phone), address, &sound, error);
  if (!stream) return NULL;
  gw_ua_call *c = g_new0(gw_ua_call, 1);
  c->phone = phone;
  c->params = *params;
  c->stream = stream;
  c->invite_us = gw_now_us();
  c->end = gw_timer_new(g_main_context_default(), on_end_timer, c);
  c->hold_timer = gw_timer_new(g_main_context_default(), on_hold_timer, c);
  c->digit_timer = gw_timer_new(g_main_context_default(), on_digit_timer, c);
  c->transfer_timer = gw_timer_new(g_main_context_default(), on_transfer_timer, c);
  gw_ua_result_init(&c->result);
  return c;
}

gw_ua_call *gw_ua_call_dial(gw_ua_phone *phone, const gw_ua_call_params *params, GError **error) {
  const gw_ua_options *o = gw_ua_phone_options(phone);
  const char *transport = gw_ua_transport_parameter(o);
  g_autofree char *proxy = o->proxy ? g_strdup_printf("sip:%s%s", o->proxy, transport) : NULL;
  gw_sip_target target = {.uri = o->uri,
                          .from_user = o->user ? o->user : "tipring-ua",
                          .from_name = "",
                          .user = o->user,
                          .password = o->password,
                          .proxy = proxy,
                          .replaces = o->replaces};
  gw_ua_call *c = new_call(phone, params, gw_ua_phone_address(phone), error);
  if (!c) return NULL;
  c->result.peer = g_strdup(o->uri);
  c->own = gw_ua_stream_desc(c->stream, GW_DIR_SENDRECV);
  c->sip = gw_sip_dial(gw_ua_phone_sip(phone), &target, c->own, error);
  if (!c->sip) {
    gw_ua_call_free(c);
    return NULL;
  }
  gw_sip_call_set_user_data(c->sip, c);
  return c;
}

/* The address that the caller can reach; where SIP listens on one address only, that one. */
static char *address_towards(gw_ua_phone *phone, const char *source, GError **error) {
  struct sockaddr_storage unused;
  socklen_t len;
  g_autofree char *host = NULL;
  guint16 port = 0;
  if (gw_ua_sockaddr(gw_ua_phone_address(phone), 0, &unused, &len))
    return g_strdup(gw_ua_phone_address(phone));
  return gw_ua_local_address(gw_ua_host_port(source, &host, &port) ? host : "127.0.0.1", error);
}

/* "udp:192.0.2.7:5060" without its transport */
static const char *skip_transport(const char *source) {
  const char *colon = strchr(source, ':');
  return colon ? colon + 1 : source;
}

static gboolean answer_invite(gw_ua_call *c, const gw_desc *offer_or_null, gw_cause *ret_why) {
  g_autoptr(gw_desc) caps = gw_ua_stream_desc(c->stream, GW_DIR_SENDRECV);
  if (!offer_or_null) {
    c->own = g_steal_pointer(&caps); /* late offer: their answer comes with the ACK */
  } else if (gw_desc_answer(offer_or_null, caps, TRUE, &c->own, ret_why)) {
    gw_ua_stream_agreed(c->stream, offer_or_null, c->own);
  } else {
    return FALSE;
  }
  gw_sip_call_answer(c->sip, c->own);
  return TRUE;
}

gw_ua_call *gw_ua_call_take(gw_ua_phone *phone, gw_sip_call *sip, const gw_sip_invite *invite,
                            const gw_ua_call_params *params) {
  g_autoptr(GError) error = NULL;
  gw_cause why = GW_CAUSE_INTERNAL;
  g_autofree char *address = address_towards(phone, invite->source, &error);
  gw_ua_call *c = address ? new_call(phone, params, address, &error) : NULL;
  if (!c) {
    gw_ua_complain("call from %s refused: %s", invite->from_user, error->message);
    gw_sip_call_hangup(sip, why);
    return NULL;
  }
  c->sip = gw_sip_call_ref(sip);
  c->result.peer = g_strdup_printf("sip:%s@%s", invite->from_user, skip_transport(invite->source));
  if (answer_invite(c, invite->offer, &why)) {
    gw_sip_call_set_user_data(sip, c);
    return c;
  }
  gw_ua_complain("call from %s refused: %s", invite->from_user, gw_cause_text(why));
  gw_sip_call_hangup(sip, why);
  gw_ua_call_free(c);
  return NULL;
}

const gw_ua_result *gw_ua_call_result(const gw_ua_call *c) {
  return &c->result;
}

void gw_ua_call_free(gw_ua_call *c) {
  if (!c) return;
  gw_ua_stream_free(c->stream, NULL);
  gw_timer_free(c->end);
  gw_timer_free(c->hold_timer);
  gw_timer_free(c->digit_timer);
  gw_timer_free(c->transfer_timer);
  gw_desc_free(c->own);
  if (c->sip) {
    gw_sip_call_set_user_data(c->sip, NULL);
    gw_sip_call_unref(c->sip);
  }
  gw_ua_result_clear(&c->result);
  g_free(c);
}
