/* message.h - the body of a MESSAGE (RFC 3428): text that people can read, or the status that refuses it.
 * Thread: any (pure).  Owner: the caller frees the text.  Calls back: never. */
#ifndef GW_MESSAGE_H
#define GW_MESSAGE_H
#include <glib.h>

/* What the headers say of the body; each may be NULL. */
typedef struct {
  const char *type;     /* "text/plain" */
  const char *charset;  /* its parameter */
  const char *encoding; /* Content-Encoding */
} gw_message_type;

/* 0 and *ret_text: valid UTF-8 of at most GW_MAX_CHAT bytes with something to read in it, without control characters but
 * line ends ("\n") and tabs. Else the SIP status that refuses it, and *ret_why (static). */
guint gw_message_read(const gw_message_type *, const char *body, gsize n, char **ret_text,
                      const char **ret_why);

#endif
