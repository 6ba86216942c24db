/* SPDX-License-Identifier: MIT */
#include "umd/protection.h"

#include <string.h>

#include "umd/hdcp/error.h"

struct McProtection {
    McUmdOptions options;
    McMedia *media;
    void (*on_settled)(void *user_data);
    void *user_data;
    McHdcpKeys *keys; /* NULL: none */
    McHdcpPairings *pairings;
    McHdcpContent *content;
    McHdcpChannel *channel; /* NULL: the sink has no receiver, or we no keys */

    GMutex lock; /* guards what follows, and the order in which the media is told */
    bool wanted;
    uint8_t type;
    McHdcpChannelState state;
    bool told;
    McProtectionMode told_mode;
};

static void say(McProtection *self, const char *text)
{
    if (self->options.on_progress)
        self->options.on_progress("protection", text, self->options.user_data);
}

/* ---- what the stream may show: a pure choice ---- */

static McProtectionMode choose(bool wanted, uint8_t type, const McHdcpChannelState *state)
{
    if (!wanted)
        return MC_PROTECTION_NONE;
    return state->authenticated && state->type >= type ? MC_PROTECTION_ENCRYPT
                                                       : MC_PROTECTION_WITHHOLD;
}

static const char *explain(const McProtection *self, McProtectionMode mode)
{
    switch (mode) {
    case MC_PROTECTION_NONE:
        return "the content is free to be seen";
    case MC_PROTECTION_ENCRYPT:
        return "protected content goes encrypted by HDCP";
    case MC_PROTECTION_WITHHOLD:
        break;
    }
    if (!self->keys)
        return "protected content is not shown: this computer has no HDCP keys (--hdcp-keys)";
    if (!self->channel)
        return "protected content is not shown: the sink has no HDCP 2 receiver";
    return self->state.authenticated
               ? "protected content is not shown: it needs a receiver of HDCP 2.2"
               : "protected content is not shown: HDCP is not established with the sink";
}

/* lock held. */
static McProtectionMode apply(McProtection *self)
{
    const McProtectionMode mode = choose(self->wanted, self->type, &self->state);

    if (mode == self->told_mode && self->told)
        return mode;
    mc_media_set_protection(self->media, mode);
    if (self->told || mode != MC_PROTECTION_NONE)
        say(self, explain(self, mode));
    self->told = true;
    self->told_mode = mode;
    return mode;
}

bool mc_protection_want(McProtection *self, bool protect, uint32_t type)
{
    g_mutex_lock(&self->lock);
    self->wanted = protect;
    self->type = protect && type ? 1 : 0;
    if (self->channel)
        mc_hdcp_channel_want_type(self->channel, self->type);
    const bool shown = apply(self) != MC_PROTECTION_WITHHOLD;
    g_mutex_unlock(&self->lock);
    return shown;
}

/* ---- the channel's callbacks ---- */

static void on_change(void *user_data)
{
    McProtection *self = user_data;

    g_mutex_lock(&self->lock);
    const bool was = self->state.authenticated;
    if (!self->channel) { /* being stopped */
        g_mutex_unlock(&self->lock);
        return;
    }
    mc_hdcp_channel_state(self->channel, &self->state);
    const McHdcpStatus *receiver = &self->state.receiver;
    g_autofree char *text = g_strdup_printf("HDCP 2.%u established%s%s", receiver->version,
                                            receiver->repeater ? " with a repeater" : "",
                                            receiver->paired_before ? ", known from before" : "");
    if (self->state.authenticated && !was)
        say(self, text);
    apply(self);
    g_mutex_unlock(&self->lock);
    self->on_settled(self->user_data);
}

static void on_error(const char *code, const char *message, void *user_data)
{
    McProtection *self = user_data;
    g_autofree char *text = g_strdup_printf("[%s] %s; the rest goes on", code, message);

    say(self, text);
}

void mc_protection_connect(McProtection *self, const char *kind, const char *ip, uint16_t port)
{
    g_autoptr(GError) error = NULL;
    McHdcpChannelConfig config = {
        .port = port,
        .machine = mc_hdcp_machine_config_default(),
        .content = self->content,
        .pairings_path = self->options.hdcp_pairings[0] ? self->options.hdcp_pairings : NULL,
        .on_change = on_change,
        .on_error = on_error,
        .user_data = self};

    if (!self->keys || !port || !g_str_has_prefix(kind, "HDCP2."))
        return;
    g_strlcpy(config.ip, ip, sizeof(config.ip));
    config.machine.keys = self->keys;
    config.machine.pairings = self->pairings;
    if (!strcmp(kind, "HDCP2.0")) {
        config.machine.version = 0;
        config.machine.precompute = false;
    }
    g_mutex_lock(&self->lock);
    self->channel = mc_hdcp_channel_new(&config, &error);
    if (self->channel && self->type)
        mc_hdcp_channel_want_type(self->channel, self->type);
    g_mutex_unlock(&self->lock);
    if (!self->channel)
        on_error(mc_hdcp_error_code(error->code), error->message, self);
}

bool mc_protection_settled(McProtection *self)
{
    McHdcpChannelState state = {.settled = true};

    if (self->channel)
        mc_hdcp_channel_state(self->channel, &state);
    return state.settled;
}

/* ---- life ---- */

static bool load(McProtection *self, GError **error)
{
    const McUmdOptions *options = &self->options;

    if (!options->hdcp_keys[0])
        return true;
    self->keys = mc_hdcp_keys_load(options->hdcp_keys, error);
    if (!self->keys ||
        (options->hdcp_srm[0] && !mc_hdcp_keys_load_srm(self->keys, options->hdcp_srm, error)))
        return false;
    self->pairings = mc_hdcp_pairings_new();
    g_autoptr(GError) damaged = NULL;
    if (self->pairings && options->hdcp_pairings[0] &&
        !mc_hdcp_pairings_load(self->pairings, options->hdcp_pairings, &damaged))
        on_error(mc_hdcp_error_code(damaged->code), damaged->message, self);
    return true;
}

McProtection *mc_protection_new(const McUmdOptions *options, McMedia *media,
                                void (*on_settled)(void *user_data), void *user_data,
                                GError **error)
{
    McProtection *self = g_new0(McProtection, 1);

    self->options = *options;
    self->media = media;
    self->on_settled = on_settled;
    self->user_data = user_data;
    g_mutex_init(&self->lock);
    self->content = mc_hdcp_content_new();
    if (load(self, error)) {
        mc_media_set_hdcp(media, &(McTsHdcp){mc_hdcp_content_encrypt, self->content, true});
        return self;
    }
    mc_protection_free(self);
    return NULL;
}

void mc_protection_stop(McProtection *self)
{
    g_mutex_lock(&self->lock);
    McHdcpChannel *channel = g_steal_pointer(&self->channel);
    g_mutex_unlock(&self->lock); /* its thread may wait for it, to tell */
    mc_hdcp_channel_free(channel);
}

void mc_protection_free(McProtection *self)
{
    if (!self)
        return;
    mc_protection_stop(self);
    mc_hdcp_content_free(self->content);
    mc_hdcp_pairings_free(self->pairings);
    mc_hdcp_keys_free(self->keys);
    g_mutex_clear(&self->lock);
    g_free(self);
}
