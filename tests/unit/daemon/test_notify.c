/* What the service manager is told, and when it wants to hear that we live. */
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "daemon/notify.h"

static void test_told(void) {
  struct sockaddr_un at = {.sun_family = AF_UNIX};
  g_autofree char *dir = g_dir_make_tmp("tipring-notify-XXXXXX", NULL);
  g_autofree char *path = g_build_filename(dir, "s", NULL);
  char got[64] = "";
  int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  g_strlcpy(at.sun_path, path, sizeof at.sun_path);
  g_assert_cmpint(bind(fd, (struct sockaddr *)&at, sizeof at), ==, 0);
  g_setenv("NOTIFY_SOCKET", path, TRUE);
  g_assert_true(gw_notify("READY=1"));
  g_assert_cmpint(recv(fd, got, sizeof got - 1, MSG_DONTWAIT), ==, 7);
  g_assert_cmpstr(got, ==, "READY=1");
  close(fd);
  g_assert_false(gw_notify("READY=1")); /* nobody there any more */
  g_setenv("NOTIFY_SOCKET", "relative", TRUE);
  g_assert_false(gw_notify("READY=1"));
  g_unsetenv("NOTIFY_SOCKET");
  g_assert_false(gw_notify("READY=1"));
  unlink(path);
  rmdir(dir);
}

static void set(const char *name, const char *value) {
  if (value)
    g_setenv(name, value, TRUE);
  else
    g_unsetenv(name);
}

static void test_watchdog(void) {
  g_autofree char *own = g_strdup_printf("%d", (int)getpid());
  g_autofree char *other = g_strdup_printf("%d", (int)getpid() + 1);
  const struct {
    const char *us, *pid;
    gint64 expected;
  } rows[] = {{NULL, NULL, 0},
              {"10000000", NULL, 5000000},
              {"10000000", own, 5000000},
              {"10000000", other, 0}, /* meant for a parent of ours */
              {"10000000", "me", 0},
              {"", own, 0},
              {"0", own, 0},
              {"-5", own, 0},
              {"10s", own, 0},
              {"99999999999999999999", own, 0},
              {NULL, own, 0}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    set("WATCHDOG_USEC", rows[i].us);
    set("WATCHDOG_PID", rows[i].pid);
    g_test_message("%s %s", rows[i].us, rows[i].pid);
    g_assert_cmpint(gw_notify_watchdog_us(), ==, rows[i].expected);
  }
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/notify/told", test_told);
  g_test_add_func("/notify/watchdog", test_watchdog);
  return g_test_run();
}
