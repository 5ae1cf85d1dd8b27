#include "xmpp/account.h"
#include <string.h>
#include "base/jid.h"

#define MAX_USER 64
#define MAX_PASSWORD 128

gw_account *gw_account_new(const char *user, const char *registrar, const char *password,
                           const char *name) {
  gw_account *a = g_new0(gw_account, 1);
  *a = (gw_account){g_strdup(user), g_strdup(registrar), g_strdup(password),
                    g_strdup(name ? name : "")};
  return a;
}

gw_account *gw_account_copy(const gw_account *a) {
  return gw_account_new(a->user, a->registrar, a->password, a->name);
}

void gw_account_free(gw_account *a) {
  if (!a) return;
  if (a->password) explicit_bzero(a->password, strlen(a->password));
  g_free(a->user);
  g_free(a->registrar);
  g_free(a->password);
  g_free(a->name);
  g_free(a);
}

/* Of a registrar: its name without the port; "[v6]" stays whole. */
static gsize host_length(const char *registrar) {
  const char *end = *registrar == '[' ? strchr(registrar, ']') : NULL;
  return strcspn(end ? end : registrar, ":") + (end ? (gsize)(end - registrar) : 0);
}

char *gw_account_address(const gw_account *a) {
  return g_strdup_printf("%s@%.*s", a->user, (int)host_length(a->registrar), a->registrar);
}

gboolean gw_account_same_registrar(const char *a, const char *b) {
  const gsize n = host_length(a), k = host_length(b);
  return n == k && !g_ascii_strncasecmp(a, b, n) && (!a[n] || !b[k] || !strcmp(a + n, b + k));
}

/* With its port or without. */
static gboolean is_at(const char *registrar, const char *domain) {
  return !g_ascii_strcasecmp(registrar, domain) ||
         (strlen(domain) == host_length(registrar) &&
          !g_ascii_strncasecmp(registrar, domain, strlen(domain)));
}

static const char *find(const char *const *registrars, const char *domain) {
  for (; registrars && *registrars; registrars++)
    if (is_at(*registrars, domain)) return *registrars;
  return NULL;
}

static const char *choose(const char *domain, const char *field, const char *const *registrars) {
  if (domain) return find(registrars, domain);
  if (field && *field) return find(registrars, field);
  return registrars && registrars[0] && !registrars[1] ? registrars[0] : NULL;
}

/* What needs no escaping anywhere in SIP (RFC 3261 25.1, user, without what could be meant as a separator). */
static gboolean is_user(const char *s) {
  gsize n = strlen(s);
  return n > 0 && n <= MAX_USER &&
         strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.!~*+") == n;
}

static gboolean is_password(const char *s) {
  if (!*s || strlen(s) > MAX_PASSWORD || !g_utf8_validate(s, -1, NULL)) return FALSE;
  for (const char *p = s; *p; p = g_utf8_next_char(p))
    if (g_unichar_iscntrl(g_utf8_get_char(p))) return FALSE;
  return TRUE;
}

/* The old one goes nowhere but where it was meant for. */
static const char *password_of(const gw_account_words *w, const gw_account *had, const char *user,
                               const char *registrar) {
  if (w->password && *w->password) return w->password;
  return had && !strcmp(had->user, user) && !strcmp(had->registrar, registrar) ? had->password
                                                                               : NULL;
}

gw_account *gw_account_read(const gw_account_words *w, const char *const *registrars,
                            const gw_account *had, const char **ret_why) {
  const char *typed = w->user ? w->user : "";
  if (g_str_has_prefix(typed, "sip:")) typed += strlen("sip:");
  const char *at = strrchr(typed, '@');
  g_autofree char *user = at ? g_strndup(typed, (gsize)(at - typed)) : g_strdup(typed);
  const char *registrar = choose(at ? at + 1 : NULL, w->registrar, registrars);
  *ret_why = "the user name is missing, or not one of a SIP account";
  if (!is_user(user)) return NULL;
  *ret_why = "that provider is not one that can be used here";
  if (!registrar) return NULL;
  const char *password = password_of(w, had, user, registrar);
  *ret_why = "the password is missing, too long, or has control characters";
  if (!password || !is_password(password)) return NULL;
  g_autofree char *name =
      w->name && g_utf8_validate(w->name, -1, NULL) ? gw_nick_clean(w->name) : NULL;
  *ret_why = NULL;
  return gw_account_new(user, registrar, password, name);
}
