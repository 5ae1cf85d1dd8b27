#include "gateway/flavour/flavour.h"

#define ROW(name) &gw_flavour_##name,
const gw_flavour_class *const gw_flavours[] = {GW_FLAVOUR_ROWS NULL};
#undef ROW

const gw_flavour_class *gw_flavour_for(const gw_room_facts *facts) {
  const gw_flavour_class *best = gw_flavours[0];
  for (guint i = 1; gw_flavours[i]; i++)
    if (gw_flavours[i]->probe(facts) > best->probe(facts)) best = gw_flavours[i];
  return best;
}

static void action_clear(gpointer data) {
  gw_action *a = data;
  g_free(a->jid);
  g_free(a->nick);
  g_free(a->sid);
  g_free(a->text);
  gw_word_free(a->word);
  gw_desc_free(a->desc);
  gw_muji_free(a->muji);
}

void gw_actions_init(gw_actions *actions) {
  actions->list = g_array_new(FALSE, TRUE, sizeof(gw_action));
  g_array_set_clear_func(actions->list, action_clear);
}

void gw_actions_clear(gw_actions *actions) {
  g_clear_pointer(&actions->list, g_array_unref);
}

gw_action *gw_actions_add(gw_actions *actions, gw_act_type type) {
  const gw_action a = {.type = type};
  g_array_append_val(actions->list, a);
  return gw_actions_at(actions, actions->list->len - 1);
}

guint gw_actions_count(const gw_actions *actions) {
  return actions->list ? actions->list->len : 0;
}

gw_action *gw_actions_at(const gw_actions *actions, guint i) {
  return &g_array_index(actions->list, gw_action, i);
}
