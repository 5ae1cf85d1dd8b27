/* log.h - structured log: LEVEL event key=value ... on stderr.
 * Thread: any; a line is formatted by the caller into a fixed record and written by one log thread, so no caller ever
 * waits for a disk.  When the writer cannot follow, lines are dropped and counted.  Owner: copies everything.
 * Calls back: never (only the hook that tests set).
 * Values that contain spaces, quotes or control characters are quoted and escaped: nothing from the network reaches a
 * terminal raw.  Values of the keys password, secret, pin, digit(s), authorization and key are replaced by "***".
 * Levels: error = operator must act, warn = a call was hurt, info = life of a call, debug = messages, trace = packets. */
#ifndef GW_LOG_H
#define GW_LOG_H
#include <glib.h>

typedef enum { GW_LOG_ERROR, GW_LOG_WARN, GW_LOG_INFO, GW_LOG_DEBUG, GW_LOG_TRACE } gw_log_level;

/* Context of a line: call id and room, either may be NULL. Copied at each call. */
typedef struct {
  const char *call; /* written as call=... */
  const char *room; /* written as room=... */
} gw_log_ctx;

void gw_log_start(gw_log_level max);      /* starts the writer thread; before it, lines are written directly */
void gw_log_stop(void);                   /* writes what is queued, ends the thread */
void gw_log_set_level(gw_log_level max);
gboolean gw_log_enabled(gw_log_level);
gboolean gw_log_level_parse(const char *word, gw_log_level *ret);
guint64 gw_log_dropped(void);

/* fmt: "key=%s key2=%u": pairs parted by one space; a %s value is escaped whole, whatever it contains, as long as it
 * stands alone behind its '='. fmt may be "". */
void gw_log(gw_log_level, const gw_log_ctx *ctx_or_null, const char *event, const char *fmt, ...) G_GNUC_PRINTF(4, 5);
#define gw_error(ctx, ...) gw_log(GW_LOG_ERROR, ctx, __VA_ARGS__)
#define gw_warn(ctx, ...) gw_log(GW_LOG_WARN, ctx, __VA_ARGS__)
#define gw_info(ctx, ...) gw_log(GW_LOG_INFO, ctx, __VA_ARGS__)
#define gw_debug(ctx, ...) do { if (gw_log_enabled(GW_LOG_DEBUG)) gw_log(GW_LOG_DEBUG, ctx, __VA_ARGS__); } while (0)
#define gw_trace(ctx, ...) do { if (gw_log_enabled(GW_LOG_TRACE)) gw_log(GW_LOG_TRACE, ctx, __VA_ARGS__); } while (0)

/* For tests: every finished line goes to fn as well (called on the logging thread of the caller, before queueing). */
void gw_log_set_hook(void (*fn)(const char *line, void *user), void *user);

#endif
