/* trace.h - what happened in one call, in order: a bounded list of events for `call trace`.
 * Thread: control (pure, time is a parameter).  Owner: counted; the last gw_trace_unref frees.  Calls back: never.
 * The first events and the last ones are kept, what falls out between them is counted; the same event again and again
 * takes one place. Nothing that was dialled after the answer, and no secret, is ever put in. */
#ifndef GW_TRACE_H
#define GW_TRACE_H
#include <glib.h>

typedef enum {
  GW_LANE_SIP,
  GW_LANE_MUC,
  GW_LANE_JMUCI,
  GW_LANE_JINGLE,
  GW_LANE_SFU,
  GW_LANE_ICE,
  GW_LANE_DTLS,
  GW_LANE_MEDIA,
  GW_N_LANES
} gw_lane;
typedef enum { GW_TRACE_IN, GW_TRACE_OUT, GW_TRACE_NOTE } gw_trace_dir; /* NOTE: at the other one */

typedef struct {
  gint64 ms; /* since the call began, of the first of its times */
  gw_lane lane;
  gw_trace_dir dir;
  char *who; /* the other one: "phone", "room", a nick */
  char *text;
  guint times;
} gw_trace_event;

typedef struct gw_trace gw_trace;
gw_trace *gw_trace_new(void);
gw_trace *gw_trace_ref(gw_trace *);
void gw_trace_unref(gw_trace *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_trace, gw_trace_unref)
/* who NULL: the phone on the lanes sip and media, else the room. Both strings are cut and cleaned. */
void gw_trace_add(gw_trace *, gint64 ms, gw_lane, gw_trace_dir, const char *who, const char *text);
guint gw_trace_count(const gw_trace *);
const gw_trace_event *gw_trace_at(const gw_trace *, guint i); /* in order */
guint gw_trace_dropped(const gw_trace *);
const char *gw_lane_word(gw_lane); /* "sip" */

#endif
