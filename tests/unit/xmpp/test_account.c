/* Somebody's own SIP account as he writes it down: what is let through, and where his password may go. */
#include <string.h>
#include "xmpp/account.h"

static const char *const two[] = {"sip.example.net", "pbx.example.org:5070", NULL}, *const one[] = {"[2001:db8::5]:5070", NULL}, *const none[] = {NULL};

static void test_read(void) {
  static const struct {
    gw_account_words words;
    const char *const *registrars;
    const char *address, *registrar; /* NULL: refused */
  } rows[] = {
      {{"anna", "sip.example.net", "pw", "Anna"}, two, "anna@sip.example.net", "sip.example.net"},
      {{"anna@sip.example.net", NULL, "pw", NULL}, two, "anna@sip.example.net", "sip.example.net"},
      {{"sip:anna@SIP.example.NET", "", "pw", ""}, two, "anna@sip.example.net", "sip.example.net"},
      {{"anna@pbx.example.org", "sip.example.net", "pw", NULL}, two, "anna@pbx.example.org", "pbx.example.org:5070"},
      {{"anna@pbx.example.org:5070", NULL, "pw", NULL}, two, "anna@pbx.example.org", "pbx.example.org:5070"},
      {{"+493012345", NULL, "pw", NULL}, one, "+493012345@[2001:db8::5]", "[2001:db8::5]:5070"},
      {{"anna", NULL, "pw", NULL}, two, NULL, NULL}, /* at which? */
      {{"anna", "evil.example", "pw", NULL}, two, NULL, NULL},
      {{"anna@evil.example", "sip.example.net", "pw", NULL}, two, NULL, NULL},
      {{"anna@sip.example.net.evil.example", NULL, "pw", NULL}, two, NULL, NULL},
      {{"anna@sip.example.net:22", NULL, "pw", NULL}, two, NULL, NULL},
      {{"anna@sip.example", NULL, "pw", NULL}, two, NULL, NULL},
      {{"anna@", "sip.example.net", "pw", NULL}, two, NULL, NULL},
      {{"a@b@sip.example.net", NULL, "pw", NULL}, two, NULL, NULL},
      {{"anna;tag=x", "sip.example.net", "pw", NULL}, two, NULL, NULL},
      {{"anna\r\nVia: x", "sip.example.net", "pw", NULL}, two, NULL, NULL},
      {{"", "sip.example.net", "pw", NULL}, two, NULL, NULL},
      {{NULL, NULL, "pw", NULL}, two, NULL, NULL},
      {{"anna", "sip.example.net", "", NULL}, two, NULL, NULL},
      {{"anna", "sip.example.net", NULL, NULL}, two, NULL, NULL},
      {{"anna", "sip.example.net", "p\nw", NULL}, two, NULL, NULL},
      {{"anna", "sip.example.net", "\xff", NULL}, two, NULL, NULL},
      {{"anna", NULL, "pw", NULL}, none, NULL, NULL},
      {{"anna", "sip.example.net", "pw", NULL}, NULL, NULL, NULL},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    const char *why = NULL;
    g_autoptr(gw_account) a = gw_account_read(&rows[i].words, rows[i].registrars, NULL, &why);
    g_autofree char *address = a ? gw_account_address(a) : NULL;
    g_test_message("row %u", i);
    g_assert_cmpstr(address, ==, rows[i].address);
    g_assert_cmpstr(a ? a->registrar : NULL, ==, rows[i].registrar);
    g_assert_true((why == NULL) == (a != NULL));
  }
  g_autofree char *long_user = g_strnfill(65, 'a'), *long_password = g_strnfill(129, 'a');
  const char *why;
  g_assert_null(gw_account_read(&(gw_account_words){long_user, "sip.example.net", "pw", NULL}, two, NULL, &why));
  g_assert_null(gw_account_read(&(gw_account_words){"anna", "sip.example.net", long_password, NULL}, two, NULL, &why));
}

/* The old password stays for the same account, and is sent to no other place. */
static void test_change(void) {
  static const struct {
    gw_account_words words;
    const char *password;
  } rows[] = {
      {{"anna", "sip.example.net", NULL, "Anna B."}, "old"},
      {{"anna", "sip.example.net", "", NULL}, "old"},
      {{"anna", "sip.example.net", "new", NULL}, "new"},
      {{"anna", "pbx.example.org:5070", NULL, NULL}, NULL},
      {{"bert", "sip.example.net", NULL, NULL}, NULL},
  };
  g_autoptr(gw_account) had = gw_account_new("anna", "sip.example.net", "old", "Anna");
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    const char *why;
    g_autoptr(gw_account) a = gw_account_read(&rows[i].words, two, had, &why);
    g_assert_cmpstr(a ? a->password : NULL, ==, rows[i].password);
  }
  const char *why;
  g_autoptr(gw_account) a = gw_account_read(&(gw_account_words){"anna", "sip.example.net", "x", "  An\u202e\nna "}, two, NULL, &why);
  g_assert_null(strpbrk(a->name, "\r\n"));
  g_assert_null(strstr(a->name, "\u202e"));
  g_autoptr(gw_account) copy = gw_account_copy(a);
  g_assert_cmpstr(copy->name, ==, a->name);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/account/read", test_read);
  g_test_add_func("/account/change", test_change);
  return g_test_run();
}
