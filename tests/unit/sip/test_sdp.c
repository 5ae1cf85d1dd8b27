/* test_sdp.c - the SDP reader and writer, table by table. */
#include "base/limits.h"
#include "sip/sip.h"
#include <string.h>

#define HEAD "v=0\r\no=- 7 9 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"

static gw_desc *parse(const char *text) {
  g_autoptr(GError) error = NULL;
  gw_desc *d = gw_sdp_parse(text, strlen(text), &error);
  g_assert_no_error(error);
  g_assert_nonnull(d);
  return d;
}

static void test_phone(void) {
  g_autoptr(gw_desc) d =
      parse(HEAD "m=audio 4000 RTP/AVP 9 0 8 101 97\r\na=rtpmap:101 telephone-event/8000\r\n"
                 "a=fmtp:101 0-16\r\na=rtpmap:97 opus/48000/2\r\na=fmtp:97 useinbandfec=1\r\n"
                 "a=ptime:20\r\na=maxptime:150\r\na=sendonly\r\na=rtcp:4011 IN IP4 192.0.2.1\r\n");
  g_assert_cmpuint(d->session_id, ==, 7);
  g_assert_cmpuint(d->version, ==, 9);
  const gw_desc_media *m = gw_desc_audio(d);
  g_assert_cmpstr(m->addr, ==, "192.0.2.1");
  g_assert_cmpuint(m->port, ==, 4000);
  g_assert_cmpint(m->proto, ==, GW_PROTO_RTP_AVP);
  g_assert_cmpint(m->dir, ==, GW_DIR_SENDONLY);
  g_assert_cmpuint(m->ptime, ==, 20);
  g_assert_cmpuint(m->maxptime, ==, 150);
  g_assert_cmpuint(m->rtcp_port, ==, 4011);
  static const char *const names[] = {"G722", "PCMU", "PCMA", "telephone-event", "opus"};
  g_assert_cmpuint(m->codecs->len, ==, G_N_ELEMENTS(names));
  for (guint i = 0; i < G_N_ELEMENTS(names); i++)
    g_assert_cmpstr(g_array_index(m->codecs, gw_codec, i).name, ==, names[i]);
  const gw_codec *opus = gw_desc_media_codec_pt(m, 97);
  g_assert_cmpuint(opus->clock, ==, 48000);
  g_assert_cmpuint(opus->channels, ==, 2);
  g_assert_cmpstr(opus->fmtp, ==, "useinbandfec=1");
  g_assert_cmpstr(gw_desc_media_codec_pt(m, 101)->fmtp, ==, "0-16");
}

static void test_browser(void) {
  g_autoptr(gw_desc) d = parse(
      "v=0\no=- 46 2 IN IP4 127.0.0.1\ns=-\nt=0 0\na=group:BUNDLE 0 v1\na=ice-ufrag:abcd\n"
      "a=ice-pwd:0123456789012345678901\na=fingerprint:SHA-256 ab:cd:EF\na=setup:actpass\n"
      "m=audio 9 UDP/TLS/RTP/SAVPF 111\nc=IN IP4 0.0.0.0\na=mid:0\na=rtcp-mux\na=rtpmap:111 "
      "opus/48000/2\n"
      "a=candidate:1 1 udp 2113937151 192.0.2.4 50000 typ host generation 0 network-cost 999\n"
      "a=candidate:2 1 udp 1 abc.local 50000 typ host\na=candidate:3 1 TCP 1 192.0.2.4 9 typ host "
      "tcptype active\n"
      "a=candidate:4 1 udp 99 198.51.100.1 5 typ srflx raddr 192.0.2.4 rport 50000\n"
      "a=ssrc:1234 cname:cc\na=ssrc:1234 msid:s t\na=ssrc:77 label:x\n"
      "m=video 9 UDP/TLS/RTP/SAVPF 96\nc=IN IP4 "
      "0.0.0.0\na=mid:v1\na=ice-ufrag:other\na=setup:active\na=inactive\n");
  g_assert_true(d->bundle);
  const gw_desc_media *a = gw_desc_by_mid(d, "0"), *v = gw_desc_by_mid(d, "v1");
  g_assert_cmpint(a->proto, ==, GW_PROTO_DTLS_SAVPF);
  g_assert_true(a->rtcp_mux);
  g_assert_cmpstr(a->ufrag, ==, "abcd");
  g_assert_cmpstr(a->fp_hash, ==, "sha-256");
  g_assert_cmpstr(a->fp_value, ==, "AB:CD:EF");
  g_assert_cmpint(a->setup, ==, GW_SETUP_ACTPASS);
  g_assert_cmpuint(a->candidates->len, ==, 3);
  g_assert_false(g_array_index(a->candidates, gw_candidate, 1).udp);
  const gw_candidate *c = &g_array_index(a->candidates, gw_candidate, 2);
  g_assert_cmpint(c->type, ==, GW_CAND_SRFLX);
  g_assert_cmpstr(c->rel_ip, ==, "192.0.2.4");
  g_assert_cmpuint(c->rel_port, ==, 50000);
  g_assert_cmpuint(a->sources->len, ==, 2);
  g_assert_cmpstr(g_array_index(a->sources, gw_source, 0).cname, ==, "cc");
  g_assert_cmpstr(g_array_index(a->sources, gw_source, 0).msid, ==, "s t");
  g_assert_cmpint(v->kind, ==, GW_KIND_VIDEO);
  g_assert_cmpstr(v->ufrag, ==, "other"); /* its own beats the session's */
  g_assert_cmpstr(v->pwd, ==, "0123456789012345678901");
  g_assert_cmpint(v->setup, ==, GW_SETUP_ACTIVE);
  g_assert_cmpint(v->dir, ==, GW_DIR_INACTIVE);
  g_assert_cmpuint(v->codecs->len, ==, 0); /* a dynamic type without a name says nothing */
}

static void test_directions(void) {
  static const struct {
    const char *session, *media;
    gw_dir dir;
  } rows[] = {{"", "", GW_DIR_SENDRECV},
              {"a=inactive\r\n", "", GW_DIR_INACTIVE},
              {"a=inactive\r\n", "a=sendrecv\r\n", GW_DIR_SENDRECV},
              {"", "a=recvonly\r\n", GW_DIR_RECVONLY},
              {"", "a=SENDONLY\r\n", GW_DIR_SENDONLY}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *text =
        g_strdup_printf(HEAD "%sm=audio 4000 RTP/AVP 0\r\n%s", rows[i].session, rows[i].media);
    g_autoptr(gw_desc) d = parse(text);
    g_assert_cmpint(gw_desc_audio(d)->dir, ==, rows[i].dir);
  }
}

static void test_addresses(void) {
  static const struct {
    const char *session, *media, *addr;
  } rows[] = {{"c=IN IP4 192.0.2.1\r\n", "", "192.0.2.1"},
              {"c=IN IP4 192.0.2.1\r\n", "c=IN IP4 0.0.0.0\r\n", "0.0.0.0"},
              {"", "c=IN IP6 2001:db8::1\r\n", "2001:db8::1"},
              {"c=IN IP4 224.2.1.1/127/3\r\n", "", "224.2.1.1"}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *text =
        g_strdup_printf("v=0\r\n%sm=audio 4000 RTP/AVP 0\r\n%s", rows[i].session, rows[i].media);
    g_autoptr(gw_desc) d = parse(text);
    g_assert_cmpstr(gw_desc_audio(d)->addr, ==, rows[i].addr);
  }
}

static void test_other_media(void) {
  g_autoptr(gw_desc) d = parse(
      HEAD "m=image 6000 udptl t38 (\r\nm=audio 0 RTP/AVP 0 97\r\nm=audio 5000/2 RTP/SAVP 8\r\n"
           "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:QUJD|2^31|1:4\r\n"
           "a=crypto:2 X other:QUJD\r\na=crypto:3 X inline:QUJD UNENCRYPTED_SRTP\r\n"
           "a=crypto:4 X inline:QUJD;inline:QUJE\r\na=crypto:5 X inline:QUJF|1:4\r\n"
           "a=crypto:6 X inline:QUJG|2^31 WSH=64 -FOO=1\r\na=crypto:7 X inline:QUJH|2^20 "
           "KDR=1\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n");
  g_assert_cmpuint(d->media->len, ==, 4);
  const gw_desc_media *image = d->media->pdata[0], *none = d->media->pdata[1],
                      *srtp = d->media->pdata[2];
  g_assert_cmpint(image->kind, ==, GW_KIND_OTHER);
  g_assert_cmpint(image->proto, ==, GW_PROTO_OTHER);
  g_assert_cmpstr(image->proto_text, ==, "udptl t38 (");
  g_assert_true(none->refused);
  g_assert_true(gw_desc_audio(d) == srtp);
  g_assert_cmpuint(srtp->cryptos->len, ==, 1);
  g_assert_cmpstr(g_array_index(srtp->cryptos, gw_crypto, 0).key, ==, "QUJG");
  g_assert_cmpuint(g_array_index(srtp->cryptos, gw_crypto, 0).tag, ==, 6);
  g_autofree char *text = gw_sdp_print(d);
  g_assert_nonnull(strstr(text, "m=image 6000 udptl t38 (\r\n"));
  g_assert_nonnull(strstr(text, "m=audio 0 RTP/AVP 0\r\n"));
  g_assert_nonnull(strstr(text, "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"));
}

/* Candidates may follow what is said here (RFC 8840 4.1.3): only where there is ICE at all. */
static void test_trickle(void) {
  g_autoptr(gw_desc) d = gw_desc_new();
  gw_desc_media *m = gw_desc_add(d, GW_KIND_AUDIO, "0");
  g_autofree char *plain = gw_sdp_print(d);
  m->ufrag = g_strdup("abcd");
  g_autofree char *ice = gw_sdp_print(d);
  g_assert_null(strstr(plain, "ice-options"));
  g_assert_nonnull(strstr(ice, "a=ice-options:trickle\r\n"));
}

/* Attributes that make no sense are as good as absent; the call goes on. */
static void test_ignored(void) {
  static const char *const lines[] = {"a=ptime:0",
                                      "a=ptime:65535",
                                      "a=ptime:-1",
                                      "a=ptime:20x",
                                      "a=maxptime:999999",
                                      "a=rtpmap:0 /8000",
                                      "a=rtpmap:0 PCMU/0",
                                      "a=rtpmap:0 PCMU/999999999999",
                                      "a=rtpmap:0 PCMU",
                                      "a=rtpmap:5 X/8000",
                                      "a=rtpmap:999 X/8000",
                                      "a=rtpmap:0 a-name-that-is-far-too-long/8000",
                                      "a=fmtp:5 x=y",
                                      "a=fmtp:0",
                                      "a=ice-ufrag:abc",
                                      "a=ice-pwd:short",
                                      "a=setup:holdconn",
                                      "a=fingerprint:sha-256 zz",
                                      "a=fingerprint:sha-256",
                                      "a=candidate:",
                                      "a=candidate:1 0 udp 1 192.0.2.1 9 typ host",
                                      "a=candidate:1 1 udp 99999999999 192.0.2.1 9 typ host",
                                      "a=candidate:1 1 udp 1 192.0.2.1 99999 typ host",
                                      "a=candidate:1 1 udp 1 192.0.2.1 9 typ strange",
                                      "a=ssrc:99999999999 cname:x",
                                      "a=ssrc:x",
                                      "a=mid:has blank",
                                      "a=rtcp:99999",
                                      "a=crypto:x",
                                      "a=",
                                      "a=:::",
                                      "b=AS:64",
                                      "k=prompt",
                                      "i=\xff\xfe",
                                      "a=mid:\xff",
                                      "z=0 0",
                                      "a=rtcp-fb:* nack"};
  for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
    g_autofree char *text = g_strdup_printf(HEAD "m=audio 4000 RTP/AVP 0\r\n%s\r\n", lines[i]);
    g_autoptr(gw_desc) d = parse(text), plain = parse(HEAD "m=audio 4000 RTP/AVP 0\r\n");
    g_autofree char *a = gw_sdp_print(d), *b = gw_sdp_print(plain);
    g_assert_cmpstr(a, ==, b);
  }
}

static void test_refused(void) {
  static const struct {
    const char *text, *says;
  } rows[] = {{"", "empty"},
              {"v=1\r\n", "line 1"},
              {"o=- 1 1 IN IP4 1.2.3.4\r\n", "line 1"},
              {HEAD "hello\r\n", "line 6"},
              {HEAD "=x\r\n", "line 6"},
              {HEAD "m=audio\r\n", "line 6"},
              {HEAD "m=audio x RTP/AVP 0\r\n", "no port"},
              {HEAD "m=audio 65536 RTP/AVP 0\r\n", "no port"},
              {HEAD "m=audio 4000/ RTP/AVP 0\r\n", "port count"},
              {HEAD "m=audio 4000\r\n", "no protocol"},
              {HEAD "m=audio 4000 RTP/AVP\r\n", "no payload type"},
              {HEAD "m=audio 4000 RTP/AVP 128\r\n", "payload type"},
              {HEAD "m=audio 4000 RTP/AVP 0 x\r\n", "payload type"},
              {HEAD "m=au\xffio 4000 RTP/AVP 0\r\n", "no text"},
              {"v=0\r\nm=audio 4000 RTP/AVP 0\r\n", "without c="},
              {"v=0\r\nc=IN IP4 host.example\r\n", "c="},
              {"v=0\r\nc=IN IP4 999.1.1.1\r\n", "c="},
              {"v=0\r\nc=IN IP4\r\n", "c="},
              {"v=0\r\nc=ATM NSAP 1\r\n", "c="}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(GError) error = NULL;
    g_assert_null(gw_sdp_parse(rows[i].text, strlen(rows[i].text), &error));
    g_assert_nonnull(error);
    if (!strstr(error->message, rows[i].says)) g_error("row %u says: %s", i, error->message);
  }
  g_assert_null(gw_sdp_parse("v=0\0x", 5, NULL));
}

static void repeat(GString *s, const char *line, guint n) {
  for (guint i = 0; i < n; i++)
    g_string_append(s, line);
}

/* Every limit: one below is taken, one above is refused or cut, nothing grows. */
static void test_limits(void) {
  const struct {
    const char *before, *line, *after;
    guint fits;
    gboolean refused_above;
  } rows[] = {{HEAD, "m=audio 4000 RTP/AVP 0\r\n", "", GW_MAX_MEDIA, TRUE},
              {HEAD "m=audio 4000 RTP/AVP 0\r\n", "a=x\r\n", "", GW_MAX_SDP_LINES - 6, TRUE},
              {HEAD "m=audio 4000 RTP/AVP 0\r\n", "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n",
               "", GW_MAX_CANDIDATES, FALSE},
              {HEAD "m=audio 4000 RTP/AVP 0\r\n", "a=crypto:1 X inline:QQ==\r\n", "", 8, FALSE},
              {HEAD "m=audio 4000 RTP/AVP 0\r\na=x:", "y", "\r\n", GW_MAX_SDP_LINE - 4, TRUE},
              {HEAD "m=audio 4000 RTP/AVP", " 0", "\r\n", 300, FALSE}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    for (guint above = 0; above < 2; above++) {
      g_autoptr(GString) s = g_string_new(rows[i].before);
      repeat(s, rows[i].line, rows[i].fits + above);
      g_string_append(s, rows[i].after);
      g_autoptr(gw_desc) d = gw_sdp_parse(s->str, s->len, NULL);
      g_assert_cmpint(d == NULL, ==, above && rows[i].refused_above);
      if (!d) continue;
      const gw_desc_media *m = gw_desc_audio(d);
      g_assert_cmpuint(m->candidates->len, <=, GW_MAX_CANDIDATES);
      g_assert_cmpuint(m->cryptos->len, <=, 8);
      g_assert_cmpuint(m->codecs->len, ==, 1);
    }
  }
  g_autoptr(GString) types = g_string_new(HEAD "m=audio 4000 RTP/AVP");
  for (guint i = 0; i < 100; i++)
    g_string_append_printf(types, " %u", i);
  g_string_append(types, "\r\n");
  g_assert_null(gw_sdp_parse(types->str, types->len, NULL));
  g_autofree char *big = g_strnfill(GW_MAX_SDP_BYTES + 1, 'x');
  g_assert_null(gw_sdp_parse(big, GW_MAX_SDP_BYTES + 1, NULL));
  g_autoptr(GString) sources = g_string_new(HEAD "m=audio 4000 RTP/AVP 0\r\n");
  for (guint i = 0; i < 100; i++)
    g_string_append_printf(sources, "a=ssrc:%u cname:x\r\n", i);
  g_autoptr(gw_desc) d = parse(sources->str);
  g_assert_cmpuint(gw_desc_audio(d)->sources->len, ==, GW_MAX_SSRCS);
}

static void test_print(void) {
  g_autoptr(gw_desc) d = gw_desc_new();
  d->session_id = 5;
  d->version = 6;
  gw_desc_media *m = gw_desc_add(d, GW_KIND_AUDIO, NULL);
  g_strlcpy(m->addr, "2001:db8::7", sizeof m->addr);
  m->port = 4000;
  gw_desc_media_add_codec(m, 111, "opus", 48000, 2, "usedtx=1");
  gw_desc_media_add_codec(m, 0, "PCMU", 8000, 1, NULL);
  m->ptime = 20;
  m->dir = GW_DIR_RECVONLY;
  g_autofree char *text = gw_sdp_print(d);
  g_assert_cmpstr(
      text, ==,
      "v=0\r\no=- 5 6 IN IP6 2001:db8::7\r\ns=-\r\nc=IN IP6 2001:db8::7\r\nt=0 0\r\n"
      "m=audio 4000 RTP/AVP 111 0\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 usedtx=1\r\n"
      "a=rtpmap:0 PCMU/8000\r\na=ptime:20\r\na=recvonly\r\n");
}

/* print(parse(x)) says the same as x: parsing and printing it again changes nothing. */
static void test_round_trip(void) {
  static const char *const texts[] = {
      HEAD "m=audio 4000 RTP/AVPF 9 0\r\na=rtcp-mux\r\n",
      HEAD "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 198.51.100.9\r\na=mid:a\r\nm=video 0 RTP/AVP 31\r\n",
      "v=0\r\no=- 1 1 IN IP6 ::1\r\ns=x\r\na=group:BUNDLE x y\r\nc=IN IP6 ::1\r\nm=audio 1 "
      "UDP/TLS/RTP/SAVP 0\r\n"
      "a=mid:x\r\na=fingerprint:sha-1 AA\r\na=setup:passive\r\na=ssrc:4294967295 cname:c d\r\n",
      HEAD};
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_autoptr(gw_desc) one = parse(texts[i]);
    g_autofree char *first = gw_sdp_print(one);
    g_autoptr(gw_desc) two = parse(first);
    g_autofree char *second = gw_sdp_print(two);
    g_assert_cmpstr(first, ==, second);
    g_assert_cmpuint(one->media->len, ==, two->media->len);
  }
  g_autoptr(gw_desc) avpf = parse(texts[0]);
  g_autofree char *text = gw_sdp_print(avpf);
  g_assert_nonnull(strstr(text, "RTP/AVPF 9 0"));
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/sip/sdp/phone", test_phone);
  g_test_add_func("/sip/sdp/browser", test_browser);
  g_test_add_func("/sip/sdp/directions", test_directions);
  g_test_add_func("/sip/sdp/addresses", test_addresses);
  g_test_add_func("/sip/sdp/other-media", test_other_media);
  g_test_add_func("/sip/sdp/trickle", test_trickle);
  g_test_add_func("/sip/sdp/ignored", test_ignored);
  g_test_add_func("/sip/sdp/refused", test_refused);
  g_test_add_func("/sip/sdp/limits", test_limits);
  g_test_add_func("/sip/sdp/print", test_print);
  g_test_add_func("/sip/sdp/round-trip", test_round_trip);
  return g_test_run();
}
