/* sdes.h - SRTP keys that travel in the description (RFC 4568): one suite, AES_CM_128_HMAC_SHA1_80.
 * Thread: any (pure).  Owner: caller frees.  Calls back: never. */
#ifndef GW_SDES_H
#define GW_SDES_H
#include <glib.h>
#include "base/desc.h"

#define GW_SDES_SUITE "AES_CM_128_HMAC_SHA1_80"
#define GW_SDES_KEY_LEN 30 /* master key and salt */

/* What a side wants: no encryption, encryption when the other side does it, or nothing without. In a description of our
 * own abilities: no crypto line; crypto lines with RTP/AVP; crypto lines with RTP/SAVP. */
typedef enum { GW_SDES_OFF, GW_SDES_OPTIONAL, GW_SDES_REQUIRED } gw_sdes_policy;

/* Adds the crypto line of this key, and with REQUIRED the protocol RTP/SAVP. */
void gw_sdes_offer(gw_desc_media *, gw_sdes_policy, const guint8 key[GW_SDES_KEY_LEN]);
void gw_sdes_strip(gw_desc_media *); /* as with OFF */
/* FALSE: another suite, or no key of the right length. */
gboolean gw_sdes_key(const gw_crypto *, guint8 ret_key[GW_SDES_KEY_LEN]);
/* First usable line whose key is not ours (a reflected key would be used in both directions), or NULL. */
const gw_crypto *gw_sdes_choose(const gw_desc_media *theirs, const gw_desc_media *ours);
const gw_crypto *gw_sdes_by_tag(const gw_desc_media *, guint tag); /* or NULL */
/* The transport part of an answer (gw_desc_answer): crypto lines by offer and abilities. FALSE: they do not fit. */
gboolean gw_sdes_answer(gw_desc_media *answer, const gw_desc_media *offer,
                        const gw_desc_media *ours);

#endif
