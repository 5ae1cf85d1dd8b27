/* message.h - what is said with the forwarding service of the JSXC prototype: its events and answers as plain structs, JSON
 * inside only. Liberal in what it reads: unknown members are ignored, wrong types count as absent. Pure.
 * Thread: any.  Owner: gw_sfu_message_clear frees; built JSON is the caller's (g_free).  Calls back: never. */
#ifndef GW_SFU_MESSAGE_H
#define GW_SFU_MESSAGE_H
#include <glib.h>

typedef enum { GW_SFU_MSG_NONE /* nothing to us */, GW_SFU_MSG_CANDIDATE, GW_SFU_MSG_JOINED, GW_SFU_MSG_LEFT } gw_sfu_msg_type;
typedef struct {
  gw_sfu_msg_type type;
  char *room;           /* or NULL: not said */
  char *name;           /* who it is about */
  char *candidate;      /* CANDIDATE: "candidate:1 1 UDP ..."; "" or NULL: no more are coming */
  char *mid;            /* or NULL */
  guint mline;
} gw_sfu_message;
void gw_sfu_message_clear(gw_sfu_message *);
/* An event's JSON array. FALSE: not JSON, too deep, or no event at all. */
gboolean gw_sfu_message_read(const char *json, gw_sfu_message *ret);

/* Answers: the JSON array of an ack. */
char **gw_sfu_read_names(const char *json);     /* to join: NULL-terminated, bounded; NULL: refused */
char *gw_sfu_read_answer(const char *json);     /* to requestStream: SDP; NULL: refused */
/* The handshake; what is not said or absurd gets the values of the prototype. FALSE: not JSON. */
gboolean gw_sfu_read_open(const char *json, guint *ret_ping_ms, guint *ret_timeout_ms, gsize *ret_max_payload);

char *gw_sfu_say_join(const char *room, const char *name);
char *gw_sfu_say_leave(const char *room, const char *name);
char *gw_sfu_say_request(const char *room, const char *name, const char *src, const char *sdp);
char *gw_sfu_say_candidate(const char *src, const char *candidate, const char *mid, guint mline);

#endif
