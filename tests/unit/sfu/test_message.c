/* What the service says in JSON, and what we say: exact for the prototype, liberal for everything else. */
#include <string.h>
#include "base/limits.h"
#include "gateway/sfu/message.h"

static const struct {
  const char *json;
  gboolean ok;
  gw_sfu_msg_type type;
  const char *room, *name, *candidate, *mid;
  guint mline;
} events[] = {
    {"[\"joined\",{\"roomId\":\"r\",\"name\":\"a@b/c\"}]", TRUE, GW_SFU_MSG_JOINED, "r", "a@b/c"},
    {"[\"left\",{\"room\":\"r\",\"name\":\"n\"}]", TRUE, GW_SFU_MSG_LEFT, "r", "n"},
    {"[\"left\",{\"roomId\":\"r\",\"name\":\"n\",\"more\":[1]}, 7]", TRUE, GW_SFU_MSG_LEFT, "r",
     "n"},
    {"[\"joined\",{\"name\":\"n\"}]", TRUE, GW_SFU_MSG_JOINED, NULL, "n"},
    {"[\"iceCandidate\",{\"roomId\":\"r\",\"peerId\":\"p\",\"candidate\":{\"candidate\":"
     "\"candidate:1 1 UDP\","
     "\"sdpMid\":\"0\",\"sdpMLineIndex\":1,\"__module__\":\"kurento\",\"__type__\":"
     "\"IceCandidate\"}}]",
     TRUE, GW_SFU_MSG_CANDIDATE, "r", "p", "candidate:1 1 UDP", "0", 1},
    {"[\"iceCandidate\",{\"peerId\":\"p\",\"candidate\":null}]", TRUE, GW_SFU_MSG_CANDIDATE, NULL,
     "p"},
    {"[\"iceCandidate\",{\"peerId\":\"p\",\"candidate\":{\"candidate\":\"c\",\"sdpMLineIndex\":-5}}"
     "]",
     TRUE, GW_SFU_MSG_CANDIDATE, NULL, "p", "c"},
    {"[\"iceCandidate\",{\"peerId\":17,\"candidate\":{}}]", TRUE, GW_SFU_MSG_NONE},
    {"[\"joined\",{\"name\":null}]", TRUE, GW_SFU_MSG_NONE},
    {"[\"joined\"]", TRUE, GW_SFU_MSG_NONE},
    {"[\"news\",{\"name\":\"n\"}]", TRUE, GW_SFU_MSG_NONE, NULL, "n"},
    {"[]", FALSE},
    {"[17]", FALSE},
    {"{}", FALSE},
    {"", FALSE},
    {"[\"joined\",{", FALSE},
    {"\xff", FALSE},
};

static void test_events(void) {
  for (guint i = 0; i < G_N_ELEMENTS(events); i++) {
    gw_sfu_message m;
    g_autofree char *shown = g_strescape(events[i].json, NULL);
    g_test_message("%s", shown);
    g_assert_cmpint(gw_sfu_message_read(events[i].json, &m), ==, events[i].ok);
    g_assert_cmpint(m.type, ==, events[i].type);
    g_assert_cmpstr(m.candidate, ==, events[i].candidate);
    if (m.type != GW_SFU_MSG_NONE) {
      g_assert_cmpstr(m.room, ==, events[i].room);
      g_assert_cmpstr(m.name, ==, events[i].name);
      g_assert_cmpstr(m.mid, ==, events[i].mid);
      g_assert_cmpuint(m.mline, ==, events[i].mline);
    }
    gw_sfu_message_clear(&m);
  }
}

static const struct {
  const char *json, *names;
} joins[] = {
    {"[[]]", ""},
    {"[[\"a\",\"b/c\"]]", "a b/c"},
    {"[[\"a\",7,null,\"b\"]]", "a b"},
    {"[false]", NULL},
    {"[null]", NULL},
    {"[]", NULL},
    {"[\"a\"]", NULL},
    {"rubbish", NULL},
    {"[{\"0\":\"a\"}]", NULL},
};

static void test_joins(void) {
  for (guint i = 0; i < G_N_ELEMENTS(joins); i++) {
    g_auto(GStrv) names = gw_sfu_read_names(joins[i].json);
    g_autofree char *text = names ? g_strjoinv(" ", names) : NULL;
    g_assert_cmpstr(text, ==, joins[i].names);
  }
}

static void test_answers(void) {
  static const char *const none[] = {"[null]", "[false]", "[]", "[7]",
                                     "[{}]",   "",        "x",  "[[\"v=0\"]]"};
  g_autofree char *sdp = gw_sfu_read_answer("[\"v=0\\r\\ns=-\\r\\n\"]");
  g_assert_cmpstr(sdp, ==, "v=0\r\ns=-\r\n");
  for (guint i = 0; i < G_N_ELEMENTS(none); i++)
    g_assert_null(gw_sfu_read_answer(none[i]));
}

static void test_open(void) {
  static const struct {
    const char *json;
    gboolean ok;
    guint ping, wait;
    gsize most;
  } rows[] = {{"{\"sid\":\"x\",\"upgrades\":[],\"pingInterval\":2000,\"pingTimeout\":1000,"
               "\"maxPayload\":5000}",
               TRUE, 2000, 1000, 5000},
              {"{}", TRUE, 25000, 20000, GW_MAX_SFU_FRAME},
              {"{\"pingInterval\":-1,\"pingTimeout\":99999999,\"maxPayload\":\"x\"}", TRUE, 25000,
               20000, GW_MAX_SFU_FRAME},
              {"{\"maxPayload\":900000000000}", TRUE, 25000, 20000, GW_MAX_SFU_FRAME},
              {"[]", FALSE},
              {"", FALSE}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    guint ping = 0, wait = 0;
    gsize most = 0;
    g_assert_cmpint(gw_sfu_read_open(rows[i].json, &ping, &wait, &most), ==, rows[i].ok);
    g_assert_cmpuint(ping, ==, rows[i].ping);
    g_assert_cmpuint(wait, ==, rows[i].wait);
    g_assert_cmpuint(most, ==, rows[i].most);
  }
}

static void test_depth(void) {
  g_autofree char *deep = g_strnfill(100000, '[');
  g_autofree char *quoted =
      g_strdup_printf("[\"%s\"]", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[");
  gw_sfu_message m;
  g_assert_false(gw_sfu_message_read(deep, &m));
  g_assert_true(gw_sfu_message_read(quoted, &m)); /* brackets in strings do not nest */
  gw_sfu_message_clear(&m);
}

static void test_names_bounded(void) {
  g_autoptr(GString) json = g_string_new("[[\"n\"");
  for (guint i = 0; i < 2 * GW_MAX_SFU_NAMES; i++)
    g_string_append(json, ",\"n\"");
  g_string_append(json, "]]");
  g_auto(GStrv) names = gw_sfu_read_names(json->str);
  g_assert_cmpuint(g_strv_length(names), ==, GW_MAX_SFU_NAMES);
}

static void test_say(void) {
  g_autofree char *join = gw_sfu_say_join("r", "m@s/\"n\""), *leave = gw_sfu_say_leave("r", "n");
  g_autofree char *ask = gw_sfu_say_request("r", "n", "s", "v=0\r\n");
  g_autofree char *candidate = gw_sfu_say_candidate("s", "candidate:1", "0", 0);
  g_assert_cmpstr(join, ==, "[\"join\",{\"roomId\":\"r\",\"name\":\"m@s/\\\"n\\\"\"}]");
  g_assert_cmpstr(leave, ==, "[\"leave\",{\"room\":\"r\",\"name\":\"n\"}]");
  g_assert_cmpstr(ask, ==,
                  "[\"requestStream\",{\"roomId\":\"r\",\"name\":\"n\",\"src\":\"s\",\"offer\":\"v="
                  "0\\r\\n\"}]");
  g_assert_cmpstr(candidate, ==,
                  "[\"iceCandidate\",{\"name\":\"s\",\"candidate\":{\"candidate\":\"candidate:1\","
                  "\"sdpMid\":\"0\","
                  "\"sdpMLineIndex\":0}}]");
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/sfu/message/events", test_events);
  g_test_add_func("/sfu/message/joins", test_joins);
  g_test_add_func("/sfu/message/answers", test_answers);
  g_test_add_func("/sfu/message/open", test_open);
  g_test_add_func("/sfu/message/depth", test_depth);
  g_test_add_func("/sfu/message/names-bounded", test_names_bounded);
  g_test_add_func("/sfu/message/say", test_say);
  return g_test_run();
}
