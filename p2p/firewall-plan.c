/* SPDX-License-Identifier: MIT */
#include "p2p/firewall-plan.h"

#include <json-glib/json-glib.h>
#include <string.h>

const char *mc_firewall_protocol_name(McFirewallProtocol protocol)
{
    return protocol == MC_FIREWALL_TCP ? "tcp" : "udp";
}

bool mc_firewall_name_is_plain(const char *name)
{
    if (!*name)
        return false;
    for (; *name; name++)
        if (!g_ascii_isalnum(*name) && !strchr("-_.", *name))
            return false;
    return true;
}

/* --- nftables: what is there -------------------------------------------------------------------
 */

/* "": it is not there, or no text. */
static const char *text(JsonObject *object, const char *key)
{
    JsonNode *node = json_object_get_member(object, key);
    const char *found = node && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_string(node) : NULL;

    return found ? found : "";
}

static JsonObject *member(JsonNode *node, const char *key)
{
    JsonObject *object = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    JsonNode *found = object ? json_object_get_member(object, key) : NULL;

    return found && JSON_NODE_HOLDS_OBJECT(found) ? json_node_get_object(found) : NULL;
}

/* What a statement may be that ends in a refusal, here or further on. "xt" is what iptables-nft
 * wrote and nft cannot read. */
static bool may_refuse(JsonObject *rule)
{
    static const char *const verdicts[] = {"drop", "reject", "jump", "goto", "queue", "vmap", "xt"};
    JsonNode *node = json_object_get_member(rule, "expr");
    JsonArray *statements = node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;

    for (guint i = 0; statements && i < json_array_get_length(statements); i++) {
        JsonNode *statement = json_array_get_element(statements, i);

        for (size_t v = 0; v < G_N_ELEMENTS(verdicts) && JSON_NODE_HOLDS_OBJECT(statement); v++)
            if (json_object_has_member(json_node_get_object(statement), verdicts[v]))
                return true;
    }
    return false;
}

static bool is_input(JsonObject *chain)
{
    const char *family = text(chain, "family");

    return strcmp(text(chain, "hook"), "input") == 0 &&
           (strcmp(family, "inet") == 0 || strcmp(family, "ip") == 0) &&
           strcmp(text(chain, "table"), "firewalld") != 0;
}

static bool has_refusing_rule(JsonArray *entries, JsonObject *chain)
{
    for (guint i = 0; i < json_array_get_length(entries); i++) {
        JsonObject *rule = member(json_array_get_element(entries, i), "rule");

        if (rule && strcmp(text(rule, "family"), text(chain, "family")) == 0 &&
            strcmp(text(rule, "table"), text(chain, "table")) == 0 &&
            strcmp(text(rule, "chain"), text(chain, "name")) == 0 && may_refuse(rule))
            return true;
    }
    return false;
}

static bool take_chain(JsonObject *chain, McFirewallChain *ret)
{
    const char *table = text(chain, "table"), *name = text(chain, "name");

    if (!mc_firewall_name_is_plain(table) || !mc_firewall_name_is_plain(name) ||
        strlen(table) >= sizeof(ret->table) || strlen(name) >= sizeof(ret->name))
        return false;
    g_strlcpy(ret->family, text(chain, "family"), sizeof(ret->family));
    g_strlcpy(ret->table, table, sizeof(ret->table));
    g_strlcpy(ret->name, name, sizeof(ret->name));
    return true;
}

int mc_firewall_refusing_chains(const char *ruleset, McFirewallChain *ret)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonNode *root =
        json_parser_load_from_data(parser, ruleset, -1, NULL) ? json_parser_get_root(parser) : NULL;
    JsonNode *list = root && JSON_NODE_HOLDS_OBJECT(root)
                         ? json_object_get_member(json_node_get_object(root), "nftables")
                         : NULL;
    int n = 0;

    if (!list || !JSON_NODE_HOLDS_ARRAY(list))
        return -1;
    JsonArray *entries = json_node_get_array(list);
    for (guint i = 0; i < json_array_get_length(entries) && n < MC_FIREWALL_MAX_CHAINS; i++) {
        JsonObject *chain = member(json_array_get_element(entries, i), "chain");

        if (chain && is_input(chain) &&
            (strcmp(text(chain, "policy"), "drop") == 0 || has_refusing_rule(entries, chain)))
            n += take_chain(chain, &ret[n]);
    }
    return n;
}

/* --- nftables: what opens it --------------------------------------------------------------------
 */

char *mc_firewall_rules(const McFirewallChain *chains, unsigned n, const char *tag,
                        const char *ifname, McFirewallProtocol protocol, uint16_t port)
{
    GString *script = g_string_new(NULL);

    for (unsigned i = 0; i < n; i++)
        g_string_append_printf(
            script, "insert rule %s %s %s iifname \"%s\" %s dport %u accept comment \"%s\"\n",
            chains[i].family, chains[i].table, chains[i].name, ifname,
            mc_firewall_protocol_name(protocol), port, tag);
    return g_string_free(script, FALSE);
}

/* `nft -a` ends each rule's line with "# handle N"; one `nft -f` is one transaction. */
char *mc_firewall_undo(const McFirewallChain *chains, unsigned n, const char *nft, const char *tag)
{
    GString *script = g_string_new("for c in");

    for (unsigned i = 0; i < n; i++)
        g_string_append_printf(script, " '%s %s %s'", chains[i].family, chains[i].table,
                               chains[i].name);
    g_string_append_printf(script,
                           "; do %s -a list chain $c | sed -n 's/.* comment \"%s\" # handle "
                           "\\([0-9]*\\)$/delete rule '\"$c\"' handle \\1/p'; done | %s -f -",
                           nft, tag, nft);
    return g_string_free(script, FALSE);
}

/* --- firewalld ---------------------------------------------------------------------------------
 */

const char *mc_firewall_free_zone(const char *const *zones, const char *const *busy,
                                  const char *default_zone)
{
    static const char *const wanted[] = {"P2P-WiFi-Display", "block", "drop", "dmz",
                                         "internal",         "work",  "home"};

    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++)
        if (g_strv_contains(zones, wanted[i]) && !g_strv_contains(busy, wanted[i]) &&
            strcmp(default_zone, wanted[i]) != 0)
            return wanted[i];
    return NULL;
}
