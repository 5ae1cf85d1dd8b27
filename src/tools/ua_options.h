/* ua_options.h - the command line of tipring-ua. One table drives parsing, --help and the man page.
 * Thread: one.  Owner: caller frees.  Calls back: never.  Errors: one line that says what to do. */
#ifndef GW_UA_OPTIONS_H
#define GW_UA_OPTIONS_H
#include <glib.h>

typedef enum { GW_UA_CALL = 1, GW_UA_ANSWER = 2, GW_UA_LOAD = 4 } gw_ua_command;

typedef struct {
  gw_ua_command command;
  char *uri; /* "sip:..." with ;transport= unless it is UDP or sips:; NULL for answer */
  char *user, *password, *proxy, *transport, *srtp, *codec, *play, *record, *dtmf, *hold, *transfer, *replaces, *session, *listen,
      *ca, *certificate, *key;
  char **codecs; /* codec, taken apart */
  /* transport: "udp", "tcp" or "tls", whoever said so */
  gboolean sdes; /* --srtp */
  gdouble tone_hz;
  gdouble duration_s;        /* 0: until the other side ends it */
  gdouble hold_at_s, hold_s; /* hold_s 0: no hold */
  gdouble transfer_at_s;
  char *transfer_to; /* URI; NULL: no transfer */
  guint session_s;   /* 0: as the library likes it */
  gboolean refreshes; /* --session-timer S:us */
  gdouble rate;
  guint calls;       /* load: how many; answer: end after so many, 0 = never */
  guint concurrency; /* 0: no bound */
  gboolean json, register_, echo, fec, verbose;
} gw_ua_options;

/* NULL with *ret_text: print it and exit 0 (--help, --version, --man). NULL with an error: exit 2.
 */
gw_ua_options *gw_ua_options_parse(int argc, char **argv, char **ret_text, GError **);
void gw_ua_options_free(gw_ua_options *);
const char *gw_ua_transport_parameter(const gw_ua_options *); /* ";transport=tls", "" for UDP */
char *gw_ua_help(guint command_or_0); /* g_free */
char *gw_ua_man(void);                /* roff source; g_free */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_ua_options, gw_ua_options_free)

#endif
