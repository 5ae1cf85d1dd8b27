/* door.h - the messages between control and a worker: commands one way, events the other.
 * Thread: any; a message belongs to whoever holds it.  Owner: the receiver frees with gw_cmd_free /
 * gw_event_free. Calls back: never. */
#ifndef GW_DOOR_H
#define GW_DOOR_H
#include "base/queue.h"
#include "gateway/media/estate.h"
#include "gateway/media/media.h"
#include "gateway/media/prompts.h"
#include "gateway/media/relays.h"

#define GW_DOOR_COMMANDS 4096 /* waiting commands of one worker */
#define GW_DOOR_EVENTS 16384  /* waiting events of all workers */
#define GW_LEG_CODECS 4       /* codecs a leg can prefer */

typedef enum {
  GW_CMD_ROOM,
  GW_CMD_LEG,
  GW_CMD_PEER,
  GW_CMD_LEG_REMOTE,
  GW_CMD_PEER_REMOTE,
  GW_CMD_PEER_AGREED,
  GW_CMD_PEER_TALKER,
  GW_CMD_MUTE,
  GW_CMD_RETIRE,
  GW_CMD_PLAY,
  GW_CMD_TONE,
  GW_CMD_INHERIT,
  GW_CMD_EXPECT,
  GW_CMD_HAND_OVER,
  GW_CMD_CLOSE,
  GW_CMD_QUIT
} gw_cmd_type;

typedef struct {
  gw_msg msg;
  gw_cmd_type type;
  gw_handle handle;
  gw_handle room;                 /* LEG, PEER */
  gw_handle leg;                  /* PEER; NONE: shared. INHERIT: whose peers */
  char local_address[64];         /* LEG, "" = none */
  char remote_hint[64];           /* LEG, "" = none */
  char codecs[GW_LEG_CODECS][16]; /* LEG, "" ends */
  gw_sdes_policy srtp;            /* LEG */
  gboolean offerer;               /* PEER, EXPECT */
  guint sessions;                 /* EXPECT */
  gw_media_use use;               /* PEER */
  gw_setup setup;                 /* PEER */
  char cname[64];                 /* PEER */
  char *talker;                   /* PEER, PEER_TALKER; or NULL */
  gw_relays *relays;              /* PEER, EXPECT, owned; NULL: none */
  gw_desc *remote, *agreed;       /* *_REMOTE, AGREED */
  gboolean muted;                 /* MUTE */
  const gw_prompt *prompt;        /* PLAY; NULL: stop. Lives as long as the engine */
  gw_prompt *spoken;              /* PLAY: this instead, once; owned, taken by the leg */
  guint hz, ms;                   /* TONE */
  gw_handle heir;                 /* HAND_OVER: who goes on */
  gw_estate *estate;              /* LEG: what it goes on with, owned; NULL: a new one */
} gw_cmd;

typedef enum {
  GW_EVENT_DESC,
  GW_EVENT_CANDIDATE,
  GW_EVENT_RESTARTED,
  GW_EVENT_STATE,
  GW_EVENT_DIGIT,
  GW_EVENT_PROMPT_END,
  GW_EVENT_HANDED_OVER,
  GW_EVENT_STATS
} gw_event_type;

typedef struct {
  gw_handle handle;
  gw_media_stats stats;
} gw_stats_row;

typedef struct {
  gw_msg msg;
  gw_event_type type;
  gw_handle handle;
  gw_desc *desc;
  gw_candidate candidate;
  gw_media_state state;
  gw_cause cause;
  char digit;
  guint ms;
  gw_estate *estate; /* HANDED_OVER to handle; owned, NULL: there is none */
  guint worker;      /* STATS: of this worker, with one row for each of its legs and peers */
  gw_worker_stats load;
  gw_stats_row *rows;
  guint n_rows;
} gw_event;

gw_cmd *gw_cmd_new(gw_cmd_type, gw_handle);
void gw_cmd_free(gw_msg *);
gw_event *gw_event_new(gw_event_type, gw_handle);
void gw_event_free(gw_msg *);

#endif
