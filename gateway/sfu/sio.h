/* sio.h - Engine.IO 4 and socket.io 5 packets as they stand in the text frames of a WebSocket: text in, packets out.
 * Only the default namespace is spoken, and no binary attachments. Pure.
 * Thread: any.  Owner: a packet points into the text it was read from; frames are the caller's (g_free).
 * Calls back: never. */
#ifndef GW_SIO_H
#define GW_SIO_H
#include <glib.h>

typedef enum {
  GW_SIO_OPEN,          /* Engine.IO: data is the JSON of the handshake */
  GW_SIO_CLOSE,
  GW_SIO_PING,          /* the server asks (revision 4): answer with gw_sio_pong */
  GW_SIO_PONG,
  GW_SIO_CONNECT,       /* socket.io: our namespace stands */
  GW_SIO_REFUSED,       /* ... or does not; data: JSON with a message */
  GW_SIO_DISCONNECT,
  GW_SIO_EVENT,         /* data: JSON array, its name first */
  GW_SIO_ACK,           /* of event `id`; data: JSON array */
  GW_SIO_OTHER          /* well formed, nothing to us: upgrade, noop, another namespace, binary */
} gw_sio_type;
typedef struct {
  gw_sio_type type;
  gint64 id;            /* EVENT, ACK; -1 none */
  const char *data;     /* the rest, "" when there is none; not looked at */
} gw_sio_packet;

/* text: NUL-terminated. FALSE: malformed or over GW_MAX_SFU_FRAME; *ret is untouched then. */
gboolean gw_sio_read(const char *text, gw_sio_packet *ret);
char *gw_sio_event(gint64 id_or_minus_one, const char *json_array);
char *gw_sio_connect(void);
char *gw_sio_pong(const char *data);

#endif
