/* SPDX-License-Identifier: MIT */
#include "p2p/radio.h"

#include <gio/gio.h>
#include <linux/nl80211.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <string.h>
#include <unistd.h>

/* An answer is three dumps, each a row of messages:
 *
 *   nlmsghdr | genlmsghdr (cmd) | attributes
 *
 *   NEW_WIPHY      in pieces: a piece has some attributes of one card, a band's channels in several
 *   NEW_INTERFACE  one for each interface
 *   GET_REG        the regulatory domain: of all cards, or with a wiphy index of that one */

#define HT_CAP_40MHZ (1u << 1)
#define VHT_CAP_160MHZ_MASK (3u << 2)

/* What limits a channel's width beside its flags. */
typedef struct {
    bool ht40, vht, vht160;
} Band;

typedef struct {
    McRadioCard card; /* first: the array's element is the card */
    Band bands[NUM_NL80211_BANDS];
    uint8_t band_of[MC_RADIO_MAX_CHANNELS];
    bool own_domain;
} Reading;

static Reading *reading_of(GPtrArray *cards, struct nlattr **attrs)
{
    Reading *made;
    unsigned wiphy;

    if (!attrs[NL80211_ATTR_WIPHY])
        return NULL;
    wiphy = nla_get_u32(attrs[NL80211_ATTR_WIPHY]);
    for (unsigned i = 0; i < cards->len; i++)
        if (((McRadioCard *) cards->pdata[i])->wiphy == wiphy)
            return cards->pdata[i];
    if (cards->len >= 64) /* more than any machine has: no dump of a kernel */
        return NULL;
    made = g_new0(Reading, 1);
    made->card.wiphy = wiphy;
    g_ptr_array_add(cards, made);
    return made;
}

static unsigned type_bit(int type)
{
    switch (type) {
    case NL80211_IFTYPE_STATION:
        return MC_RADIO_STATION;
    case NL80211_IFTYPE_AP:
        return MC_RADIO_AP;
    case NL80211_IFTYPE_P2P_CLIENT:
        return MC_RADIO_P2P_CLIENT;
    case NL80211_IFTYPE_P2P_GO:
        return MC_RADIO_P2P_GO;
    case NL80211_IFTYPE_P2P_DEVICE:
        return MC_RADIO_P2P_DEVICE;
    default:
        return 0;
    }
}

/* A nest of flags whose numbers are interface types. */
static unsigned types_of(struct nlattr *nest)
{
    struct nlattr *flag;
    unsigned types = 0;
    int left;

    nla_for_each_nested(flag, nest, left) types |= type_bit(nla_type(flag));
    return types;
}

static unsigned u32_of(struct nlattr *attr)
{
    return attr && nla_len(attr) >= 4 ? nla_get_u32(attr) : 0;
}

static void text_of(struct nlattr *attr, char *ret, size_t size)
{
    if (attr)
        nla_strlcpy(ret, attr, size);
}

static void read_limits(McRadioCombination *combination, struct nlattr *nest)
{
    struct nlattr *item, *tb[NUM_NL80211_IFACE_LIMIT];
    int left;

    nla_for_each_nested(item, nest, left)
    {
        if (combination->n_limits == MC_RADIO_MAX_LIMITS ||
            nla_parse_nested(tb, MAX_NL80211_IFACE_LIMIT, item, NULL) < 0 ||
            !tb[NL80211_IFACE_LIMIT_TYPES])
            continue;
        combination->limits[combination->n_limits].types = types_of(tb[NL80211_IFACE_LIMIT_TYPES]);
        combination->limits[combination->n_limits++].max = u32_of(tb[NL80211_IFACE_LIMIT_MAX]);
    }
}

static void read_combinations(McRadioFacts *facts, struct nlattr *nest)
{
    struct nlattr *item, *tb[NUM_NL80211_IFACE_COMB];
    int left;

    nla_for_each_nested(item, nest, left)
    {
        McRadioCombination *combination = &facts->combinations[facts->n_combinations];

        if (facts->n_combinations == MC_RADIO_MAX_COMBINATIONS ||
            nla_parse_nested(tb, MAX_NL80211_IFACE_COMB, item, NULL) < 0 ||
            !tb[NL80211_IFACE_COMB_LIMITS])
            continue;
        memset(combination, 0, sizeof *combination);
        combination->max_interfaces = u32_of(tb[NL80211_IFACE_COMB_MAXNUM]);
        combination->max_channels = u32_of(tb[NL80211_IFACE_COMB_NUM_CHANNELS]);
        read_limits(combination, tb[NL80211_IFACE_COMB_LIMITS]);
        facts->n_combinations++;
    }
}

static unsigned width_by_flags(struct nlattr **tb)
{
    if (tb[NL80211_FREQUENCY_ATTR_NO_HT40_PLUS] && tb[NL80211_FREQUENCY_ATTR_NO_HT40_MINUS])
        return 20;
    if (tb[NL80211_FREQUENCY_ATTR_NO_80MHZ])
        return 40;
    return tb[NL80211_FREQUENCY_ATTR_NO_160MHZ] ? 80 : 160;
}

static void read_channel(Reading *self, unsigned band, struct nlattr *item)
{
    static const struct {
        int attr;
        unsigned flag;
    } flags[] = {
        {NL80211_FREQUENCY_ATTR_DISABLED, MC_RADIO_CHANNEL_DISABLED},
        {NL80211_FREQUENCY_ATTR_NO_IR, MC_RADIO_CHANNEL_NO_IR},
        {NL80211_FREQUENCY_ATTR_RADAR, MC_RADIO_CHANNEL_RADAR},
        {NL80211_FREQUENCY_ATTR_INDOOR_ONLY, MC_RADIO_CHANNEL_INDOOR_ONLY},
        {NL80211_FREQUENCY_ATTR_IR_CONCURRENT, MC_RADIO_CHANNEL_IR_CONCURRENT},
    };
    McRadioFacts *facts = &self->card.facts;
    struct nlattr *tb[NL80211_FREQUENCY_ATTR_MAX + 1];
    McRadioChannel *channel = &facts->channels[facts->n_channels];

    if (facts->n_channels == MC_RADIO_MAX_CHANNELS ||
        nla_parse_nested(tb, NL80211_FREQUENCY_ATTR_MAX, item, NULL) < 0 ||
        !u32_of(tb[NL80211_FREQUENCY_ATTR_FREQ]))
        return;
    channel->freq_mhz = nla_get_u32(tb[NL80211_FREQUENCY_ATTR_FREQ]);
    channel->flags = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++)
        if (tb[flags[i].attr])
            channel->flags |= flags[i].flag;
    channel->max_width_mhz = width_by_flags(tb);
    self->band_of[facts->n_channels++] = (uint8_t) band;
}

static void read_bands(Reading *self, struct nlattr *nest)
{
    struct nlattr *item, *channel, *tb[NL80211_BAND_ATTR_MAX + 1];
    int left, left_channels;

    nla_for_each_nested(item, nest, left)
    {
        unsigned number = (unsigned) nla_type(item);

        if ((number != NL80211_BAND_2GHZ && number != NL80211_BAND_5GHZ &&
             number != NL80211_BAND_6GHZ) || /* others carry no Wi-Fi Direct */
            nla_parse_nested(tb, NL80211_BAND_ATTR_MAX, item, NULL) < 0)
            continue;
        Band *band = &self->bands[number];
        if (tb[NL80211_BAND_ATTR_HT_CAPA] && nla_len(tb[NL80211_BAND_ATTR_HT_CAPA]) >= 2)
            band->ht40 = nla_get_u16(tb[NL80211_BAND_ATTR_HT_CAPA]) & HT_CAP_40MHZ;
        if (tb[NL80211_BAND_ATTR_VHT_CAPA] && nla_len(tb[NL80211_BAND_ATTR_VHT_CAPA]) >= 4) {
            band->vht = true;
            band->vht160 = nla_get_u32(tb[NL80211_BAND_ATTR_VHT_CAPA]) & VHT_CAP_160MHZ_MASK;
        }
        if (tb[NL80211_BAND_ATTR_FREQS])
            nla_for_each_nested(channel, tb[NL80211_BAND_ATTR_FREQS], left_channels)
                read_channel(self, number, channel);
    }
}

static void on_wiphy(Reading *self, struct nlattr **attrs)
{
    text_of(attrs[NL80211_ATTR_WIPHY_NAME], self->card.phy, sizeof self->card.phy);
    if (attrs[NL80211_ATTR_SUPPORTED_IFTYPES])
        self->card.facts.types |= types_of(attrs[NL80211_ATTR_SUPPORTED_IFTYPES]);
    if (attrs[NL80211_ATTR_INTERFACE_COMBINATIONS])
        read_combinations(&self->card.facts, attrs[NL80211_ATTR_INTERFACE_COMBINATIONS]);
    if (attrs[NL80211_ATTR_WIPHY_BANDS])
        read_bands(self, attrs[NL80211_ATTR_WIPHY_BANDS]);
}

static void on_interface(Reading *self, struct nlattr **attrs)
{
    McRadioCard *card = &self->card;
    unsigned type = type_bit((int) u32_of(attrs[NL80211_ATTR_IFTYPE]));
    unsigned freq_mhz = u32_of(attrs[NL80211_ATTR_WIPHY_FREQ]);

    if (type == MC_RADIO_P2P_DEVICE)
        card->has_p2p_device = true;
    /* A connected station's name is the card's; else the first one's. */
    if (type != MC_RADIO_STATION || (card->ifname[0] && !freq_mhz))
        return;
    text_of(attrs[NL80211_ATTR_IFNAME], card->ifname, sizeof card->ifname);
    card->facts.has_station = true;
    card->facts.station_freq_mhz = freq_mhz;
}

static void on_domain(GPtrArray *cards, struct nlattr **attrs)
{
    Reading *own = reading_of(cards, attrs);

    for (unsigned i = 0; i < cards->len; i++) {
        Reading *self = cards->pdata[i];

        if (own ? self != own : self->own_domain)
            continue;
        text_of(attrs[NL80211_ATTR_REG_ALPHA2], self->card.facts.country,
                sizeof self->card.facts.country);
        self->own_domain = own != NULL;
    }
}

static void narrow(Reading *self)
{
    for (unsigned i = 0; i < self->card.facts.n_channels; i++) {
        const Band *band = &self->bands[self->band_of[i]];
        unsigned most = !band->ht40 ? 20 : !band->vht ? 40 : !band->vht160 ? 80 : 160;
        McRadioChannel *channel = &self->card.facts.channels[i];

        if (self->band_of[i] != NL80211_BAND_6GHZ) /* there HE counts, always 80 */
            channel->max_width_mhz = MIN(channel->max_width_mhz, most);
    }
}

static void parse_message(GPtrArray *cards, const struct nlmsghdr *header)
{
    struct nlattr *attrs[NL80211_ATTR_MAX + 1];
    const struct genlmsghdr *message = nlmsg_data(header);
    Reading *self;

    if (nlmsg_datalen(header) < (int) GENL_HDRLEN ||
        nla_parse(attrs, NL80211_ATTR_MAX, genlmsg_attrdata(message, 0),
                  genlmsg_attrlen(message, 0), NULL) < 0)
        return;
    if (message->cmd == NL80211_CMD_GET_REG) {
        on_domain(cards, attrs);
        return;
    }
    if (!(self = reading_of(cards, attrs)))
        return;
    if (message->cmd == NL80211_CMD_NEW_WIPHY)
        on_wiphy(self, attrs);
    else if (message->cmd == NL80211_CMD_NEW_INTERFACE)
        on_interface(self, attrs);
}

GPtrArray *mc_radio_parse(const uint8_t *dump, size_t len)
{
    GPtrArray *cards = g_ptr_array_new_with_free_func(g_free);
    /* A copy, as netlink wants its headers aligned. */
    g_autofree uint8_t *copy = g_memdup2(dump, len);
    struct nlmsghdr *header = (struct nlmsghdr *) copy;
    int left = (int) MIN(len, (size_t) G_MAXINT / 2);

    for (; copy && nlmsg_ok(header, left); header = nlmsg_next(header, &left))
        if (header->nlmsg_type >= NLMSG_MIN_TYPE)
            parse_message(cards, header);
    for (unsigned i = 0; i < cards->len; i++)
        narrow(cards->pdata[i]);
    return cards;
}

static int on_valid(struct nl_msg *message, void *user_data)
{
    const struct nlmsghdr *header = nlmsg_hdr(message);

    g_byte_array_append(user_data, (const uint8_t *) header, header->nlmsg_len);
    /* Each starts aligned, as on the wire. */
    g_byte_array_set_size(user_data, (guint) NLMSG_ALIGN(((GByteArray *) user_data)->len));
    return NL_OK;
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *error, void *user_data)
{
    *(int *) user_data = error->error;
    return NL_STOP;
}

static int on_done(struct nl_msg *message, void *user_data)
{
    *(int *) user_data = 0;
    return NL_STOP;
}

static bool ask(struct nl_sock *sock, int family, uint8_t cmd, GByteArray *dump)
{
    struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
    struct nl_msg *message = nlmsg_alloc();
    int state = 1;

    genlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, NLM_F_DUMP, cmd, 0);
    if (cmd == NL80211_CMD_GET_WIPHY)
        nla_put_flag(message, NL80211_ATTR_SPLIT_WIPHY_DUMP);
    nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, dump);
    nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_done, &state);
    nl_cb_err(cb, NL_CB_CUSTOM, on_error, &state);
    if (nl_send_auto(sock, message) < 0)
        state = -1;
    while (state > 0)
        if (nl_recvmsgs(sock, cb) < 0)
            state = -1;
    nlmsg_free(message);
    nl_cb_put(cb);
    return state == 0;
}

GByteArray *mc_radio_dump(GError **error)
{
    struct nl_sock *sock = nl_socket_alloc();
    GByteArray *dump = g_byte_array_new();
    int family = -1;
    bool ok = sock && genl_connect(sock) == 0 && (family = genl_ctrl_resolve(sock, "nl80211")) >= 0;

    if (!ok)
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                    "the kernel has no Wi-Fi (nl80211): no driver is loaded");
    else if (!(ok = ask(sock, family, NL80211_CMD_GET_WIPHY, dump) &&
                    ask(sock, family, NL80211_CMD_GET_INTERFACE, dump)))
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "nl80211 does not list its cards");
    else
        ask(sock, family, NL80211_CMD_GET_REG, dump); /* without: the country is not known */
    if (sock)
        nl_socket_free(sock);
    if (ok)
        return dump;
    g_byte_array_unref(dump);
    return NULL;
}

static void read_driver(McRadioCard *card)
{
    g_autofree char *path = g_strdup_printf("/sys/class/ieee80211/%s/device/driver", card->phy);
    g_autofree char *target = g_file_read_link(path, NULL);
    g_autofree char *name = target ? g_path_get_basename(target) : NULL;

    if (name)
        g_strlcpy(card->facts.driver, name, sizeof card->facts.driver);
}

GPtrArray *mc_radio_cards(GError **error)
{
    GByteArray *dump = mc_radio_dump(error);
    GPtrArray *cards = NULL;

    if (!dump)
        return NULL;
    cards = mc_radio_parse(dump->data, dump->len);
    g_byte_array_unref(dump);
    for (unsigned i = 0; i < cards->len; i++)
        read_driver(cards->pdata[i]);
    return cards;
}

static unsigned worth(const McRadioCard *card)
{
    McPlanWish wish = {.persistent_id = -1};
    McPlan plan;

    if (mc_plan_make(&card->facts, &wish, &plan) != MC_PLAN_OK)
        return 0;
    return 1 + (plan.can_be_go ? 2u : 0u) + (plan.can_be_client ? 2u : 0u) +
           (plan.two_channels ? 0u : 1u) + (card->ifname[0] ? 1u : 0u);
}

const McRadioCard *mc_radio_best(const GPtrArray *cards)
{
    const McRadioCard *best = NULL;

    for (unsigned i = 0; i < cards->len; i++)
        if (!best || worth(cards->pdata[i]) > worth(best))
            best = cards->pdata[i];
    return best;
}

bool mc_radio_facts(const char *ifname, McRadioFacts *ret, GError **error)
{
    g_autoptr(GPtrArray) cards = mc_radio_cards(error);
    const McRadioCard *found = NULL;

    if (!cards)
        return false;
    if (!ifname[0])
        found = mc_radio_best(cards);
    for (unsigned i = 0; ifname[0] && i < cards->len; i++)
        if (!strcmp(((McRadioCard *) cards->pdata[i])->ifname, ifname))
            found = cards->pdata[i];
    if (!found) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "no Wi-Fi card%s%s",
                    ifname[0] ? " has the interface " : " is here", ifname);
        return false;
    }
    *ret = found->facts;
    return true;
}
