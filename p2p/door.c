/* SPDX-License-Identifier: MIT */
#include "p2p/door.h"

#include "p2p/dhcp.h"

void mc_door_init(McDoor *self,
                  void (*on_progress)(const char *step, const char *text, void *user_data),
                  void *user_data)
{
    *self = (McDoor){.on_progress = on_progress, .user_data = user_data};
    g_mutex_init(&self->lock);
}

void mc_door_clear(McDoor *self)
{
    mc_door_close(self);
    g_mutex_clear(&self->lock);
}

static void tell(McDoor *self, const char *text)
{
    if (self->on_progress)
        self->on_progress("firewall", text, self->user_data);
}

static bool allow(McDoor *self, McFirewallProtocol protocol, uint16_t port)
{
    g_autoptr(GError) error = NULL;

    if (mc_firewall_allow(self->firewall, protocol, port, &error))
        return true;
    g_autofree char *text = g_strdup_printf("[link.firewall] %s", error->message);
    tell(self, text);
    return false;
}

/* DHCP is heard beside the firewall, on packet sockets; but one that rejects would answer too. */
void mc_door_open(McDoor *self, const char *ifname, bool is_owner, uint16_t rtsp_port)
{
    mc_door_close(self);
    g_mutex_lock(&self->lock);
    self->firewall = mc_firewall_open(ifname);
    if (allow(self, MC_FIREWALL_TCP, rtsp_port) && *mc_firewall_kind(self->firewall)) {
        g_autofree char *text = g_strdup_printf("open for the sink on %s until it leaves (%s)",
                                                ifname, mc_firewall_kind(self->firewall));
        tell(self, text);
        allow(self, MC_FIREWALL_UDP, is_owner ? MC_DHCP_SERVER_PORT : MC_DHCP_CLIENT_PORT);
    }
    g_mutex_unlock(&self->lock);
}

void mc_door_add(McDoor *self, McFirewallProtocol protocol, uint16_t port)
{
    g_mutex_lock(&self->lock);
    if (self->firewall && *mc_firewall_kind(self->firewall))
        allow(self, protocol, port);
    g_mutex_unlock(&self->lock);
}

void mc_door_close(McDoor *self)
{
    g_mutex_lock(&self->lock);
    g_clear_pointer(&self->firewall, mc_firewall_close);
    g_mutex_unlock(&self->lock);
}
