#include "base/cause.h"
#include <string.h>

typedef struct {
  const char *word, *jingle, *phrase, *text;
  guint sip, q850;
} cause_row;

/* The one table; SIP and Jingle columns follow the mapping in docs/conformance.md
 * (draft-ietf-stox-media never became an RFC, so the pairs are ours). */
static const cause_row rows[GW_N_CAUSES] = {
    [GW_CAUSE_NONE] = {"none", "success", "OK", "Nothing has ended.", 480, 16},
    [GW_CAUSE_NORMAL] = {"normal", "success", "Temporarily Unavailable", "The call was hung up.",
                         480, 16},
    [GW_CAUSE_CANCELLED] = {"cancelled", "cancel", "Request Terminated",
                            "The call was given up before it was answered.", 487, 16},
    [GW_CAUSE_BUSY] = {"busy", "busy", "Busy Here", "The other side is busy.", 486, 17},
    [GW_CAUSE_REJECTED] = {"rejected", "decline", "Decline", "The call was declined.", 603, 21},
    [GW_CAUSE_NOT_FOUND] = {"not-found", "gone", "Not Found", "This number is not known here.", 404,
                            1},
    [GW_CAUSE_FORBIDDEN] = {"forbidden", "decline", "Forbidden", "The room does not let you in.",
                            403, 21},
    [GW_CAUSE_AUTH] = {"auth", "decline", "Forbidden", "The password is wrong.", 403, 21},
    [GW_CAUSE_BAD_REQUEST] = {"bad-request", "general-error", "Bad Request",
                              "The request was malformed.", 400, 111},
    [GW_CAUSE_NO_CODEC] = {"no-codec", "incompatible-parameters", "Not Acceptable Here",
                           "There is no codec in common.", 488, 88},
    [GW_CAUSE_ICE_FAILED] = {"ice-failed", "connectivity-error", "Temporarily Unavailable",
                             "No network path was found.", 480, 41},
    [GW_CAUSE_DTLS_FAILED] = {"dtls-failed", "security-error", "Not Acceptable Here",
                              "The encryption could not be set up.", 488, 88},
    [GW_CAUSE_TIMEOUT] = {"timeout", "timeout", "Request Timeout", "Nobody answered in time.", 408,
                          18},
    [GW_CAUSE_PEER_GONE] = {"peer-gone", "gone", "Temporarily Unavailable",
                            "The other side has gone.", 480, 18},
    [GW_CAUSE_NO_MEDIA] = {"no-media", "media-error", "Temporarily Unavailable",
                           "Nobody in the call sends any sound.", 480, 41},
    [GW_CAUSE_ROOM_CLOSED] = {"room-closed", "gone", "Gone", "The room was closed.", 410, 22},
    [GW_CAUSE_XMPP_DOWN] = {"xmpp-down", "gone", "Service Unavailable",
                            "The meeting server cannot be reached.", 503, 38},
    [GW_CAUSE_SFU_DOWN] = {"sfu-down", "gone", "Service Unavailable",
                           "The media server of the meeting cannot be reached.", 503, 38},
    [GW_CAUSE_OVERLOAD] = {"overload", "busy", "Service Unavailable", "All lines are in use.", 503,
                           42},
    [GW_CAUSE_ALTERNATIVE] = {"alternative", "alternative-session", "Temporarily Unavailable",
                              "Another session takes over.", 480, 16},
    [GW_CAUSE_SHUTDOWN] = {"shutdown", "gone", "Service Unavailable",
                           "The gateway is shutting down.", 503, 38},
    [GW_CAUSE_INTERNAL] = {"internal", "general-error", "Server Internal Error",
                           "Something went wrong in the gateway.", 500, 41},
};

static const cause_row *row(gw_cause c) {
  return &rows[(guint)c < GW_N_CAUSES ? c : GW_CAUSE_INTERNAL];
}

const char *gw_cause_word(gw_cause c) {
  return row(c)->word;
}

const char *gw_cause_text(gw_cause c) {
  return row(c)->text;
}

guint gw_cause_sip(gw_cause c) {
  return row(c)->sip;
}

const char *gw_cause_sip_phrase(gw_cause c) {
  return row(c)->phrase;
}

guint gw_cause_q850(gw_cause c) {
  return row(c)->q850;
}

const char *gw_cause_jingle(gw_cause c) {
  return row(c)->jingle;
}

gw_cause gw_cause_from_sip(guint status) {
  static const struct {
    guint status;
    gw_cause cause;
  } map[] = {
      {400, GW_CAUSE_BAD_REQUEST}, {401, GW_CAUSE_AUTH},      {403, GW_CAUSE_REJECTED},
      {404, GW_CAUSE_NOT_FOUND},   {407, GW_CAUSE_AUTH},      {408, GW_CAUSE_TIMEOUT},
      {410, GW_CAUSE_NOT_FOUND},   {415, GW_CAUSE_NO_CODEC},  {480, GW_CAUSE_TIMEOUT},
      {484, GW_CAUSE_NOT_FOUND},   {485, GW_CAUSE_NOT_FOUND}, {486, GW_CAUSE_BUSY},
      {487, GW_CAUSE_CANCELLED},   {488, GW_CAUSE_NO_CODEC},  {503, GW_CAUSE_OVERLOAD},
      {600, GW_CAUSE_BUSY},        {603, GW_CAUSE_REJECTED},  {604, GW_CAUSE_NOT_FOUND},
      {606, GW_CAUSE_NO_CODEC},    {607, GW_CAUSE_REJECTED},  {608, GW_CAUSE_REJECTED},
  };
  if (status < 300) return GW_CAUSE_NONE;
  if (status < 400)
    return GW_CAUSE_REJECTED; /* it wants the call elsewhere, and elsewhere we do not go */
  for (guint i = 0; i < G_N_ELEMENTS(map); i++)
    if (map[i].status == status) return map[i].cause;
  return status >= 500 && status < 600 ? GW_CAUSE_INTERNAL : GW_CAUSE_PEER_GONE;
}

gw_cause gw_cause_from_q850(guint value, gw_cause otherwise) {
  static const struct {
    guint value;
    gw_cause cause;
  } map[] = {
      {1, GW_CAUSE_NOT_FOUND},  {17, GW_CAUSE_BUSY},     {18, GW_CAUSE_TIMEOUT},
      {19, GW_CAUSE_TIMEOUT},   {21, GW_CAUSE_REJECTED}, {22, GW_CAUSE_NOT_FOUND},
      {28, GW_CAUSE_NOT_FOUND}, {34, GW_CAUSE_OVERLOAD}, {41, GW_CAUSE_NO_MEDIA},
      {42, GW_CAUSE_OVERLOAD},  {88, GW_CAUSE_NO_CODEC},
  };
  for (guint i = 0; i < G_N_ELEMENTS(map); i++)
    if (map[i].value == value) return map[i].cause;
  return otherwise;
}

gw_cause gw_cause_from_jingle(const char *reason) {
  static const struct {
    const char *reason;
    gw_cause cause;
  } map[] = {
      {"success", GW_CAUSE_NORMAL},
      {"busy", GW_CAUSE_BUSY},
      {"decline", GW_CAUSE_REJECTED},
      {"cancel", GW_CAUSE_CANCELLED},
      {"timeout", GW_CAUSE_TIMEOUT},
      {"expired", GW_CAUSE_TIMEOUT},
      {"gone", GW_CAUSE_PEER_GONE},
      {"connectivity-error", GW_CAUSE_ICE_FAILED},
      {"failed-transport", GW_CAUSE_ICE_FAILED},
      {"failed-application", GW_CAUSE_NO_CODEC},
      {"media-error", GW_CAUSE_NO_MEDIA},
      {"incompatible-parameters", GW_CAUSE_NO_CODEC},
      {"unsupported-applications", GW_CAUSE_NO_CODEC},
      {"unsupported-transports", GW_CAUSE_NO_CODEC},
      {"security-error", GW_CAUSE_DTLS_FAILED},
      {"alternative-session", GW_CAUSE_ALTERNATIVE},
      {"general-error", GW_CAUSE_INTERNAL},
  };
  for (guint i = 0; reason && i < G_N_ELEMENTS(map); i++)
    if (!strcmp(map[i].reason, reason)) return map[i].cause;
  return GW_CAUSE_PEER_GONE;
}

gw_cause gw_cause_from_condition(const char *condition, gw_cause otherwise) {
  static const struct {
    const char *condition;
    gw_cause cause;
  } map[] = {
      {"item-not-found", GW_CAUSE_NOT_FOUND},
      {"jid-malformed", GW_CAUSE_NOT_FOUND},
      {"forbidden", GW_CAUSE_FORBIDDEN},
      {"not-allowed", GW_CAUSE_FORBIDDEN},
      {"not-authorized", GW_CAUSE_FORBIDDEN},
      {"registration-required", GW_CAUSE_FORBIDDEN},
      {"timeout", GW_CAUSE_TIMEOUT},
      {"remote-server-timeout", GW_CAUSE_TIMEOUT},
      {"remote-server-not-found", GW_CAUSE_TIMEOUT},
      {"resource-constraint", GW_CAUSE_BUSY}, /* a limit of theirs */
      {"not-acceptable", GW_CAUSE_NO_CODEC},
  };
  for (guint i = 0; condition && i < G_N_ELEMENTS(map); i++)
    if (!strcmp(map[i].condition, condition)) return map[i].cause;
  return otherwise;
}
