/* ua_report.h - what one call was like, as JSON or a few lines for people. Pure.
 * Thread: any.  Owner: caller frees strings.  Calls back: never. */
#ifndef GW_UA_REPORT_H
#define GW_UA_REPORT_H
#include <glib.h>
#include "tools/ua_ear.h"

typedef struct {
  char *peer;                      /* URI of the other side */
  guint status;                    /* final SIP answer, 0 = none */
  gint64 setup_us, first_audio_us; /* from the INVITE, -1 = never */
  gint64 duration_us;              /* since the answer */
  guint64 sent;
  char codec[24];       /* "" unknown */
  const char *ended_by; /* "us", "them", "none"; static */
  gw_ua_heard heard;
  char *digits;
  guint transfer; /* final status of our REFER, 0 = none */
  GArray *gaps;   /* gw_ua_gap */
} gw_ua_result;
static inline gint64 gw_ua_ms(gint64 us) {
  return (us + 500) / 1000;
}
void gw_ua_result_init(gw_ua_result *);
void gw_ua_result_clear(gw_ua_result *);
gboolean gw_ua_result_answered(const gw_ua_result *);
gboolean gw_ua_result_good(const gw_ua_result *); /* answered, and sound was received */
const char *gw_ua_phrase(guint status);           /* "Busy Here" (RFC 3261 21), "" unknown */
char *gw_ua_result_json(const gw_ua_result *);    /* one line without its end */
char *gw_ua_result_text(const gw_ua_result *);

#endif
