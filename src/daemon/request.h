/* request.h - one command on its way: who handles it answers exactly once, now or later. Internal
 * to src/daemon. Thread: control.  Owner: gw_request_reply frees the request; it outlives its
 * connection.  Calls back: never. */
#ifndef GW_REQUEST_H
#define GW_REQUEST_H
#include "daemon/control.h"
#include "daemon/json.h"

typedef struct gw_request gw_request;
/* exit: 0, 1, 2 (architecture of tipringctl). out: text for people, taken, may be NULL; on failure
 * one line why and what to do. json: taken, may be NULL. */
void gw_request_reply(gw_request *, int exit, char *out, JsonNode *json);
void gw_request_fail(gw_request *, const char *fmt, ...) G_GNUC_PRINTF(2, 3);  /* exit 1 */
void gw_request_usage(gw_request *, const char *fmt, ...) G_GNUC_PRINTF(2, 3); /* exit 2 */

/* Runs the command of args; always ends in a reply (commands.c). */
void gw_command_run(gw_request *, gw_control_env *, const char *const *args);

/* For tests and the control socket: a request whose reply goes to fn. user may be told that nobody
 * waits any more. */
gw_request *gw_request_new(void (*fn)(int exit, const char *out, JsonNode *json, void *user),
                           void *user);
void gw_request_orphan(gw_request *); /* the connection is gone: fn is not called any more */

/* The words of a request line {"cmd":["call","list"]}: bounded, NULL-terminated. NULL and the
 * error. Pure. */
char **gw_request_words(const char *line, gsize n, GError **);
char *gw_request_answer(int exit, const char *out,
                        JsonNode *json); /* the answer line, with its newline. Pure. */

#endif
