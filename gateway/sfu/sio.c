#include "gateway/sfu/sio.h"
#include <string.h>
#include "base/limits.h"

#define ID_DIGITS 15 /* more cannot be an id of ours, and fewer never overflow */

static gboolean engine_type(char c, gw_sio_type *ret) {
  static const gw_sio_type types[] = {GW_SIO_OPEN,  GW_SIO_CLOSE, GW_SIO_PING, GW_SIO_PONG,
                                      GW_SIO_EVENT, GW_SIO_OTHER, GW_SIO_OTHER};
  if (c < '0' || c > '6') return FALSE;
  *ret = types[c - '0'];
  return TRUE;
}

static gboolean message_type(char c, gw_sio_type *ret) {
  static const gw_sio_type types[] = {GW_SIO_CONNECT, GW_SIO_DISCONNECT, GW_SIO_EVENT, GW_SIO_ACK,
                                      GW_SIO_REFUSED, GW_SIO_OTHER,      GW_SIO_OTHER};
  if (c < '0' || c > '6') return FALSE;
  *ret = types[c - '0'];
  return TRUE;
}

/* FALSE: too many digits. */
static gboolean read_id(const char **p, gint64 *ret) {
  const gsize n = strspn(*p, "0123456789");
  *ret = -1;
  if (n > ID_DIGITS) return FALSE;
  if (n) *ret = g_ascii_strtoll(*p, NULL, 10);
  *p += n;
  return TRUE;
}

static gboolean read_message(const char *p, gw_sio_packet *ret) {
  gw_sio_packet packet = {.id = -1};
  if (!message_type(*p++, &packet.type)) return FALSE;
  if (packet.type == GW_SIO_OTHER) {
    packet.data = p;
    *ret = packet;
    return TRUE;
  }
  if (*p == '/') { /* a namespace that is not ours, up to its comma */
    const char *comma = strchr(p, ',');
    packet.type = packet.type == GW_SIO_REFUSED ? GW_SIO_REFUSED : GW_SIO_OTHER;
    p = comma ? comma + 1 : p + strlen(p);
  }
  if (!read_id(&p, &packet.id)) return FALSE;
  if (packet.type == GW_SIO_ACK && packet.id < 0) return FALSE;
  packet.data = p;
  *ret = packet;
  return TRUE;
}

gboolean gw_sio_read(const char *text, gw_sio_packet *ret) {
  gw_sio_type type;
  if (strnlen(text, GW_MAX_SFU_FRAME + 1) > GW_MAX_SFU_FRAME || !engine_type(*text, &type))
    return FALSE;
  if (type == GW_SIO_EVENT) return read_message(text + 1, ret);
  *ret = (gw_sio_packet){.type = type, .id = -1, .data = text + 1};
  return TRUE;
}

char *gw_sio_event(gint64 id, const char *json) {
  return id < 0 ? g_strconcat("42", json, NULL)
                : g_strdup_printf("42%" G_GINT64_FORMAT "%s", id, json);
}

char *gw_sio_connect(void) {
  return g_strdup("40");
}

char *gw_sio_pong(const char *data) {
  return g_strconcat("3", data, NULL);
}
