/* digest.h - HTTP digest for the registrar (RFC 3261 22, RFC 7616; MD5, as phones speak it). Time is a parameter.
 * Thread: the one that owns the object.  Owner: caller frees.  Calls back: never.
 * A nonce is its time and serial number, signed with a secret of this process and bound to the source address, so
 * nothing is kept for those that never come back. Only nonces that were used are remembered, in a bounded table. */
#ifndef GW_DIGEST_H
#define GW_DIGEST_H
#include <glib.h>

#define GW_NONCE_SECONDS 300     /* life of a nonce */
#define GW_NONCES_REMEMBERED 4096

typedef struct gw_digest gw_digest;

/* The parameters of an Authorization header; NULL what is absent. */
typedef struct {
  char *username, *realm, *nonce, *uri, *response, *algorithm, *cnonce, *nc, *qop;
} gw_digest_reply;

typedef enum {
  GW_DIGEST_OK,
  GW_DIGEST_STALE, /* nonce expired, used up or not of ours for this source: challenge again with stale=true */
  GW_DIGEST_WRONG, /* wrong user or password */
  GW_DIGEST_BAD    /* not a digest that we asked for */
} gw_digest_result;

gw_digest *gw_digest_new(const char *realm, const guint8 secret[32]);
void gw_digest_free(gw_digest *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_digest, gw_digest_free)

/* params: "name=value" or "name=\"value\"", NULL-terminated. Free with gw_digest_reply_clear. */
void gw_digest_reply_parse(const char *const *params, gw_digest_reply *ret);
void gw_digest_reply_clear(gw_digest_reply *);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(gw_digest_reply, gw_digest_reply_clear)

char *gw_digest_challenge(gw_digest *, const char *source, gint64 now_us, gboolean stale); /* value of WWW-Authenticate */
/* password NULL: unknown user; costs the same and is WRONG. uri: the Request-URI that the reply must speak of. */
gw_digest_result gw_digest_check(gw_digest *, const gw_digest_reply *, const char *method, const char *uri,
                                 const char *password_or_null, const char *source, gint64 now_us);
guint gw_digest_remembered(const gw_digest *);
/* RFC 7616 3.4.1: 32 hex digits. qop NULL: the older form of RFC 2069. */
char *gw_digest_response(const gw_digest_reply *, const char *method, const char *password);

#endif
