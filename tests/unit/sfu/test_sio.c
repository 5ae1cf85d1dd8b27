/* The packets of Engine.IO and socket.io: what is read from a frame, and what is refused. */
#include <string.h>
#include "base/limits.h"
#include "gateway/sfu/sio.h"

static const struct {
  const char *text;
  gw_sio_type type;
  gint64 id;
  const char *data;
} good[] = {
    {"0{\"sid\":\"x\"}", GW_SIO_OPEN, -1, "{\"sid\":\"x\"}"},
    {"1", GW_SIO_CLOSE, -1, ""},
    {"2", GW_SIO_PING, -1, ""},
    {"2probe", GW_SIO_PING, -1, "probe"},
    {"3probe", GW_SIO_PONG, -1, "probe"},
    {"5", GW_SIO_OTHER, -1, ""},
    {"6", GW_SIO_OTHER, -1, ""},
    {"40", GW_SIO_CONNECT, -1, ""},
    {"40{\"sid\":\"y\"}", GW_SIO_CONNECT, -1, "{\"sid\":\"y\"}"},
    {"41", GW_SIO_DISCONNECT, -1, ""},
    {"42[\"joined\",{}]", GW_SIO_EVENT, -1, "[\"joined\",{}]"},
    {"4217[\"a\"]", GW_SIO_EVENT, 17, "[\"a\"]"},
    {"430[[]]", GW_SIO_ACK, 0, "[[]]"},
    {"43123456789012345[null]", GW_SIO_ACK, 123456789012345, "[null]"},
    {"44{\"message\":\"no\"}", GW_SIO_REFUSED, -1, "{\"message\":\"no\"}"},
    {"44/nope,{\"message\":\"Invalid namespace\"}", GW_SIO_REFUSED, -1,
     "{\"message\":\"Invalid namespace\"}"},
    {"42/other,[\"a\"]", GW_SIO_OTHER, -1, "[\"a\"]"},
    {"42/other", GW_SIO_OTHER, -1, ""},
    {"451-[\"a\",{}]", GW_SIO_OTHER, -1, "1-[\"a\",{}]"},
};
static const char *const bad[] = {"",
                                  "7",
                                  "x",
                                  "4",
                                  "49",
                                  "43[null]",
                                  "431234567890123456[null]",
                                  "421234567890123456[]",
                                  "HTTP/1.1 400 Bad Request"};

static void test_read(void) {
  for (guint i = 0; i < G_N_ELEMENTS(good); i++) {
    gw_sio_packet p = {0};
    g_test_message("%s", good[i].text);
    g_assert_true(gw_sio_read(good[i].text, &p));
    g_assert_cmpint(p.type, ==, good[i].type);
    g_assert_cmpint(p.id, ==, good[i].id);
    g_assert_cmpstr(p.data, ==, good[i].data);
  }
}

static void test_refuse(void) {
  for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
    gw_sio_packet p = {.id = 7};
    g_test_message("%s", bad[i]);
    g_assert_false(gw_sio_read(bad[i], &p));
    g_assert_cmpint(p.id, ==, 7);
  }
}

static void test_size(void) {
  g_autofree char *text = g_strnfill(GW_MAX_SFU_FRAME + 1, 'a');
  gw_sio_packet p;
  text[0] = '3';
  g_assert_false(gw_sio_read(text, &p));
  text[GW_MAX_SFU_FRAME] = 0;
  g_assert_true(gw_sio_read(text, &p));
}

static void test_write(void) {
  g_autofree char *with = gw_sio_event(3, "[\"join\",{}]"),
                  *without = gw_sio_event(-1, "[\"leave\",{}]");
  g_autofree char *connect = gw_sio_connect(), *pong = gw_sio_pong("x");
  g_assert_cmpstr(with, ==, "423[\"join\",{}]");
  g_assert_cmpstr(without, ==, "42[\"leave\",{}]");
  g_assert_cmpstr(connect, ==, "40");
  g_assert_cmpstr(pong, ==, "3x");
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/sfu/sio/read", test_read);
  g_test_add_func("/sfu/sio/refuse", test_refuse);
  g_test_add_func("/sfu/sio/size", test_size);
  g_test_add_func("/sfu/sio/write", test_write);
  return g_test_run();
}
