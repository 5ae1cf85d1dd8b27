/* account.h - somebody's own SIP account as he writes it down (XEP-0077): what is let through, and what becomes of it.
 * Thread: any (pure).  Owner: gw_account_free frees all strings; the password is wiped first.  Calls back: never. */
#ifndef GW_ACCOUNT_H
#define GW_ACCOUNT_H
#include <glib.h>

typedef struct {
  char *user;      /* at the registrar */
  char *registrar; /* "HOST" or "HOST:PORT", as the operator has written it */
  char *password;
  char *name;      /* shown to who is called; "" none */
} gw_account;
gw_account *gw_account_new(const char *user, const char *registrar, const char *password, const char *name);
gw_account *gw_account_copy(const gw_account *);
void gw_account_free(gw_account *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_account, gw_account_free)
char *gw_account_address(const gw_account *); /* "anna@sip.example.net", for people; g_free */

/* Of two as written down: without a port one may be at any. */
gboolean gw_account_same_registrar(const char *a, const char *b);

/* What was filled in: any may be NULL or empty. */
typedef struct {
  const char *user;      /* "anna", "anna@sip.example.net", "sip:anna@sip.example.net" */
  const char *registrar; /* one of those that were offered */
  const char *password;
  const char *name;
} gw_account_words;

/* registrars: those that the operator lets people use. A domain in `user` says which of them, then the field, then there is only
 * one. had: the account that is changed, whose password stays when none is given and the account there is the same; or NULL.
 * NULL: it cannot be used, and *ret_why (static) says which field is wrong. */
gw_account *gw_account_read(const gw_account_words *, const char *const *registrars, const gw_account *had,
                            const char **ret_why);

#endif
