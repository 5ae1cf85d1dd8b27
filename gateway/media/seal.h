/* seal.h - the encryption of a phone's sound with keys from the description (SDES, RFC 4568). Fails closed: once on it
 * never goes off, and what does not authenticate does not exist.
 * Thread: the leg's worker.  Owner: value in the leg; gw_seal_clear frees.  Calls back: never. */
#ifndef GW_SEAL_H
#define GW_SEAL_H
#include "base/ids.h"
#include "base/sdes.h"
#include "gateway/media/srtp.h"

typedef struct {
  guint8 own[GW_SDES_KEY_LEN], theirs[GW_SDES_KEY_LEN];
  gw_srtp *in, *out; /* both or neither */
} gw_seal;

void gw_seal_init(gw_seal *, gw_ids *); /* makes our key */
void gw_seal_clear(gw_seal *);
void gw_seal_take(gw_seal *, gw_seal *from); /* all of it, counters and replay windows too */
gboolean gw_seal_on(const gw_seal *);
/* A description was agreed. ours: our answer, with a crypto line when encryption was agreed. The same key again goes on
 * with the same session, so that nothing old can be played again. FALSE: nothing may flow. */
gboolean gw_seal_agree(gw_seal *, const gw_desc_media *theirs, const gw_desc_media *ours);
/* In place. While off they change nothing. FALSE: drop it. */
gboolean gw_seal_open(gw_seal *, guint8 *packet, gsize *len, gboolean rtcp);
gboolean gw_seal_close(gw_seal *, guint8 *packet, gsize *len, gsize cap, gboolean rtcp);

#endif
