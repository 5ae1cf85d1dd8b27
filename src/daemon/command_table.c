#include "daemon/command_table.h"
#include <string.h>

#define CALL                                                                                       \
  "{\"id\",\"direction\",\"phone\",\"name\",\"number\",\"room\",\"nick\",\"flavour\",\"state\","   \
  "\"muted\",\"hand\",\"since\",\"sip\":{...},\"peers\":[{...}]}"

const gw_command_row gw_command_table[GW_N_COMMANDS] = {
    [GW_CMD_INIT] = {"init",
                     "[--domain NAME] [--secret TEXT] [--room ROOMJID] [--password TEXT] "
                     "[--phone NUMBER] [--number NUMBER] [--force]",
                     0, 13, TRUE,
                     "Asks what was not given of: domain of the phones, secret of that component, "
                     "room, password of the first phone. Writes the configuration (-c FILE) and "
                     "prints what the XMPP server needs for it. --phone (100) and --number (8000): "
                     "numbers of the phone and of the room; --force replaces a file that exists.",
                     "{\"file\",\"phone\",\"password\",\"number\",\"room\",\"prosody_global\","
                     "\"prosody_components\",\"prosody_groups\",\"ejabberd\","
                     "\"ejabberd_commands\"}"},
    [GW_CMD_CHECK] = {"check", "", 0, 0, TRUE,
                      "The doctor: configuration, names, log-in at the XMPP server, rooms, ports, "
                      "addresses, trunks, clock; one line each: ok, or what to do. Works without a daemon.",
                      "[{\"what\",\"ok\",\"detail\",\"mend\"}]"},
    [GW_CMD_STATUS] = {"status", "[--wait SECONDS]", 0, 2, FALSE,
                       "Streams, phones, calls and load. With --wait: returns 0 as soon as SIP "
                       "listens and the XMPP stream is up, 1 after that many seconds.",
                       "{\"version\",\"up_since\",\"ready\",\"xmpp\":{\"state\",\"jid\",\"since\"},"
                       "\"sip\":{\"listen\"},\"phones\":{\"known\",\"registered\"},\"trunks\":{"
                       "\"known\",\"registered\"},\"calls\":{\"now\",\"max\"},\"workers\":[{"
                       "\"rooms\",\"load\"}]}"},
    [GW_CMD_CALL_LIST] = {"call list", "", 0, 0, FALSE, "Calls that run.", "[" CALL "]"},
    [GW_CMD_CALL_SHOW] = {"call show", "ID", 1, 1, FALSE,
                          "One call, ended ones too, with its steps and their times.",
                          CALL " with \"hops\":[{\"event\",\"ms\"}], \"cause\", "
                               "\"sip_status\", \"jingle_reason\" and \"ended\""},
    [GW_CMD_CALL_TRACE] = {"call trace", "ID", 1, 1, FALSE,
                           "One call, ended ones too, as a ladder: SIP, room, call words, Jingle, "
                           "ICE, DTLS and media with their milliseconds.",
                           "{\"id\",\"events\":[{\"ms\",\"lane\",\"from\",\"to\",\"text\"}],"
                           "\"dropped\"}"},
    [GW_CMD_CALL_HANGUP] = {"call hangup", "ID", 1, 1, FALSE, "Ends a call.", NULL},
    [GW_CMD_CALL_MUTE] = {"call mute", "ID", 1, 1, FALSE, "Nobody hears this phone any more.",
                          NULL},
    [GW_CMD_CALL_UNMUTE] = {"call unmute", "ID", 1, 1, FALSE, "The phone is heard again.", NULL},
    [GW_CMD_CALL_DIAL] = {"call dial", "NUMBER ROOM", 2, 2, FALSE,
                          "Calls a phone and puts it into a room when it is answered, without "
                          "asking for a PIN. ROOM: its number or its JID. Prints the id of the "
                          "new call; call show tells what became of it.",
                          "{\"id\"}"},
    [GW_CMD_ROOM_LIST] = {"room list", "", 0, 0, FALSE, "Numbers that lead into rooms.",
                          "[{\"number\",\"room\",\"flavour\",\"watching\",\"participants\","
                          "\"calls\",\"source\",\"problem\"}]"},
    [GW_CMD_ROOM_ADD] = {"room add", "NUMBER ROOMJID [KEY=VALUE...]", 2, 32, FALSE,
                         "Adds a number that leads into a room; keys as in the file, lists parted "
                         "by commas. It is kept over restarts.",
                         "{\"number\",\"room\"}"},
    [GW_CMD_ROOM_REMOVE] = {"room remove", "NUMBER", 1, 1, FALSE,
                            "Removes a room that was added that way.", NULL},
    [GW_CMD_PHONE_LIST] = {"phone list", "", 0, 0, FALSE, "Phones and where they are registered.",
                           "[{\"number\",\"name\",\"registered\",\"contacts\",\"source\"}]"},
    [GW_CMD_PHONE_ADD] =
        {"phone add", "NUMBER [KEY=VALUE...]", 1, 32, FALSE,
         "Adds a phone; keys as in the file. Makes and prints a password if none "
         "is given, and what is to be typed into the phone. It is kept over restarts.",
         "{\"number\",\"password\"}"},
    [GW_CMD_PHONE_REMOVE] = {"phone remove", "NUMBER", 1, 1, FALSE,
                             "Removes a phone that was added that way, and its registrations.",
                             NULL},
    [GW_CMD_TRUNK_LIST] = {"trunk list", "", 0, 0, FALSE, "Telephone providers.",
                           "[{\"name\",\"state\",\"since\",\"reason\"}]"},
    [GW_CMD_ACCOUNT_LIST] = {"account list", "", 0, 0, FALSE,
                             "SIP accounts that people have brought (xmpp.registration), and how "
                             "they stand at their registrars. State off: not used, since the "
                             "configuration does not let it.",
                             "[{\"jid\",\"account\",\"name\",\"state\",\"since\",\"reason\"}]"},
    [GW_CMD_ACCOUNT_REMOVE] = {"account remove", "JID", 1, 1, FALSE,
                               "Removes the account of that person, who is told.", NULL},
    [GW_CMD_ROUTE_EXPLAIN] = {"route explain", "FROM TO", 2, 2, FALSE,
                              "Which rule a call from FROM to TO would meet, or why it is refused. "
                              "FROM: number of a phone, JID of a person, trunk:NAME, or operator. "
                              "TO: a number, or an address.",
                              "{\"allowed\",\"room\",\"trunk\",\"code\",\"tried\":[{\"rule\","
                              "\"matched\",\"why\"}]}"},
    [GW_CMD_HISTORY] = {"history", "[--since TIME] [--limit N]", 0, 4, FALSE,
                        "Ended calls, newest first, at most N (100). TIME: 30m, 2h, 7d, "
                        "2026-11-22 or 2026-11-22T10:00:00Z.",
                        "[call show documents]"},
    [GW_CMD_CONFIG] = {"config", "", 0, 0, FALSE,
                       "All keys in force, secrets masked; * marks those that are not the default.",
                       "{\"xmpp.mode\":\"component\", ...}"},
    [GW_CMD_LOG] = {"log", "LEVEL", 1, 1, FALSE,
                    "Logs from now on: error, warn, info, debug or trace.", NULL},
    [GW_CMD_RELOAD] = {"reload", "", 0, 0, FALSE,
                       "Takes the configuration file into use without dropping a call; a broken "
                       "file leaves the old one in force.",
                       NULL},
    [GW_CMD_DRAIN] = {"drain", "", 0, 0, FALSE,
                      "No new calls; the daemon ends when the last one has.", "{\"calls\"}"},
    [GW_CMD_VERSION] = {"version", "", 0, 0, FALSE, "Versions of this program and of the daemon.",
                        "{\"version\",\"daemon\"}"},
};

/* Arguments that a name eats: "call show" against {"call", "show", ...}; 0: another command. */
static guint name_matches(const char *name, const char *const *args) {
  guint used = 0;
  while (*name) {
    gsize n = strcspn(name, " ");
    if (!args[used] || strlen(args[used]) != n || strncmp(args[used], name, n) != 0) return 0;
    used++;
    name += n + (name[n] == ' ');
  }
  return used;
}

gw_command gw_command_find(const char *const *args, const char *const **ret_rest) {
  for (guint i = 0; i < GW_N_COMMANDS; i++) {
    guint used = name_matches(gw_command_table[i].name, args);
    if (!used) continue;
    *ret_rest = args + used;
    return i;
  }
  return GW_N_COMMANDS;
}

char *gw_command_usage(gw_command command, guint n_rest) {
  const gw_command_row *row = &gw_command_table[command];
  if (n_rest >= row->min && n_rest <= row->max) return NULL;
  return g_strdup_printf("usage: tipringctl %s%s%s", row->name, *row->arguments ? " " : "",
                         row->arguments);
}

gboolean gw_command_options(const char *const *rest, const char *const *names,
                            const char **ret_values, const char **ret_wrong) {
  for (; *rest; rest += 2) {
    guint i = 0;
    while (names[i] && strcmp(names[i], *rest) != 0)
      i++;
    if (!names[i] || !rest[1]) {
      *ret_wrong = *rest;
      return FALSE;
    }
    ret_values[i] = rest[1];
  }
  return TRUE;
}
