/* SPDX-License-Identifier: MIT */
#include "p2p/firewall.h"

#include <gio/gio.h>
#include <string.h>
#include <unistd.h>

#include "p2p/firewall-zone.h"
#include "p2p/guard.h"
#include "p2p/link.h"

enum { SLOT_ZONE, SLOT_RULES };

struct McFirewall {
    char ifname[16];
    char tag[64]; /* of our rules */
    char *nft;    /* path of the program; NULL: not here */
    char *kind;
    McFirewallChain chains[MC_FIREWALL_MAX_CHAINS];
    unsigned n_chains;
    char *undo; /* for sh; NULL: nothing was inserted */
    McFirewallZone *zone;
    McGuard *guard;
    GError *problem; /* why nothing can be opened; NULL: it can, or need not */
};

#define WHAT_HELPS "; if the sink does not come in, allow TCP port 7236 on its interface yourself"

/* --- nft ----------------------------------------------------------------------------------------
 */

/* What it printed; NULL with what it complained of. */
static char *run(const char *const *argv, const char *input, GError **error)
{
    g_autoptr(GSubprocess) process =
        g_subprocess_newv(argv,
                          G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE |
                              G_SUBPROCESS_FLAGS_STDERR_PIPE,
                          error);
    g_autofree char *out = NULL, *complaint = NULL;

    if (!process || !g_subprocess_communicate_utf8(process, input, NULL, &out, &complaint, error))
        return NULL;
    if (g_subprocess_get_successful(process))
        return g_steal_pointer(&out);
    complaint[strcspn(complaint, "\n")] = '\0';
    g_set_error(error, MC_LINK_ERROR, MC_LINK_ERROR_FAILED, "nft: %s" WHAT_HELPS, complaint);
    return NULL;
}

/* It stands where a user's PATH seldom looks. */
static char *find_nft(void)
{
    static const char *const places[] = {"/usr/sbin/nft", "/sbin/nft"};
    char *found = g_find_program_in_path("nft");

    for (size_t i = 0; i < G_N_ELEMENTS(places) && !found; i++)
        if (access(places[i], X_OK) == 0)
            found = g_strdup(places[i]);
    return found;
}

static void look_at_rules(McFirewall *self)
{
    const char *const argv[] = {self->nft, "-j", "-t", "-s", "list", "ruleset", NULL};
    g_autofree char *ruleset = run(argv, NULL, &self->problem);
    int n = ruleset && *ruleset ? mc_firewall_refusing_chains(ruleset, self->chains) : 0;

    self->n_chains = (unsigned) MAX(n, 0);
}

/* The lease comes before the rule: what it undoes is found by the tag. */
static bool insert(McFirewall *self, McFirewallProtocol protocol, uint16_t port, GError **error)
{
    const char *const argv[] = {self->nft, "-f", "-", NULL};
    g_autofree char *rules =
        mc_firewall_rules(self->chains, self->n_chains, self->tag, self->ifname, protocol, port);

    if (!self->undo) {
        self->undo = mc_firewall_undo(self->chains, self->n_chains, self->nft, self->tag);
        mc_guard_hold_program(self->guard, SLOT_RULES,
                              (const char *const[]){"/bin/sh", "-c", self->undo, NULL});
    }
    g_autofree char *out = run(argv, rules, error);
    return out != NULL;
}

static void remove_rules(McFirewall *self)
{
    const char *const argv[] = {"/bin/sh", "-c", self->undo, NULL};
    g_autoptr(GError) error = NULL;
    g_autofree char *out = run(argv, NULL, &error);

    if (!out)
        g_debug("%s", error->message);
}

/* --- life ---------------------------------------------------------------------------------------
 */

static void describe(McFirewall *self)
{
    GString *text = g_string_new(NULL);

    if (self->zone)
        g_string_append_printf(text, "firewalld, zone %s", mc_firewall_zone_name(self->zone));
    for (unsigned i = 0; i < self->n_chains; i++)
        g_string_append_printf(text, "%s%s %s %s",
                               i            ? ", "
                               : *text->str ? "; nftables, "
                                            : "nftables, ",
                               self->chains[i].family, self->chains[i].table, self->chains[i].name);
    self->kind = g_string_free(text, FALSE);
}

McFirewall *mc_firewall_open(const char *ifname)
{
    McFirewall *self = g_new0(McFirewall, 1);

    g_strlcpy(self->ifname, ifname, sizeof(self->ifname));
    g_snprintf(self->tag, sizeof(self->tag), "miracast %d %s", (int) getpid(), self->ifname);
    if (mc_firewall_name_is_plain(self->ifname)) {
        self->guard = mc_guard_new();
        self->zone = mc_firewall_zone_open(self->ifname, self->guard, SLOT_ZONE, &self->problem);
        self->nft = find_nft();
        if (self->nft && !self->problem)
            look_at_rules(self);
    }
    describe(self);
    return self;
}

bool mc_firewall_allow(McFirewall *self, McFirewallProtocol protocol, uint16_t port, GError **error)
{
    if (self->problem) {
        g_propagate_error(error, g_error_copy(self->problem));
        return false;
    }
    return (!self->zone || mc_firewall_zone_allow(self->zone, protocol, port, error)) &&
           (!self->n_chains || insert(self, protocol, port, error));
}

const char *mc_firewall_kind(const McFirewall *self)
{
    return self->kind;
}

void mc_firewall_close(McFirewall *self)
{
    if (!self)
        return;
    if (self->undo)
        remove_rules(self);
    mc_firewall_zone_close(self->zone);
    mc_guard_free(self->guard);
    g_clear_error(&self->problem);
    g_free(self->undo);
    g_free(self->nft);
    g_free(self->kind);
    g_free(self);
}
