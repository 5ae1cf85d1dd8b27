/* hep.h - SIP messages as a capture server (Homer) takes them: HEP version 3 packets, without secrets.
 * Thread: any (pure).  Owner: caller frees.  Calls back: never. */
#ifndef GW_HEP_H
#define GW_HEP_H
#include <glib.h>

typedef struct {
  gboolean v6;
  guint8 protocol;          /* of IP: 17 UDP, 6 TCP (TLS too: what is captured is what was in it) */
  guint8 from_ip[16], to_ip[16]; /* network order; IPv4: the first four */
  guint16 from_port, to_port;
  gint64 wall_us;
  guint32 capture_id;
  const char *password;     /* "" or NULL: none */
  const char *message;      /* clean: gw_hep_mask */
} gw_hep;

/* HEP3: chunks of vendor 0 (generic), with the Call-ID as correlation id. Longer messages are cut to GW_MAX_HEP_MESSAGE. */
GByteArray *gw_hep_packet(const gw_hep *);
/* What must not leave this machine becomes stars: credentials, SDES keys, digits by INFO. Lines keep their number and order. */
char *gw_hep_mask(const char *message);
/* The value of Call-ID (or i), "" when it has none. g_free. */
char *gw_hep_call_id(const char *message);

#endif
