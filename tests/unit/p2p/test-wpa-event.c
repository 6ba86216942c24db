/* SPDX-License-Identifier: MIT */
/* Lines recorded from wpa_supplicant 2.10 in a radio lab, formats of its sources, hostile names. */
#include "p2p/wpa-event.h"

#include <string.h>

static const McMac sink = {{0x42, 0, 0, 0, 1, 0}};
static const McMac source = {{0x42, 0, 0, 0, 0, 0}};

static McWpaEvent parse(const char *line, McWpaEventKind kind)
{
    McWpaEvent event;

    g_assert_true(mc_wpa_event_parse(line, &event));
    g_assert_cmpstr(mc_wpa_event_kind_name(event.kind), ==, mc_wpa_event_kind_name(kind));
    return event;
}

static void assert_mac(const McMac *actual, const McMac *expected)
{
    g_assert_cmpmem(actual->bytes, MC_MAC_BYTES, expected->bytes, MC_MAC_BYTES);
}

static void test_device_found(void)
{
    McWpaEvent e = parse("<3>P2P-DEVICE-FOUND 42:00:00:00:01:00 p2p_dev_addr=42:00:00:00:01:00 "
                         "pri_dev_type=7-0050F204-1 name='Lab Sink' config_methods=0x188 "
                         "dev_capab=0x25 group_capab=0x0 wfd_dev_info=0x00111c440032 new=1",
                         MC_WPA_EVENT_DEVICE_FOUND);

    g_assert_cmpint(e.priority, ==, 3);
    assert_mac(&e.address, &sink);
    assert_mac(mc_wpa_event_peer(&e), &sink);
    g_assert_cmpstr(e.pri_dev_type, ==, "7-0050F204-1");
    g_assert_cmpstr(e.name, ==, "Lab Sink");
    g_assert_cmphex(e.config_methods, ==, 0x188);
    g_assert_cmphex(e.dev_capab, ==, 0x25);
    g_assert_true(mc_wpa_event_has(&e, MC_WPA_KEY_GROUP_CAPAB));
    g_assert_cmphex(e.wfd.bitmap, ==, 0x11);
    g_assert_cmpuint(e.wfd.control_port, ==, 7236);
    g_assert_cmpuint(e.is_new, ==, 1);
    g_assert_false(e.truncated);
}

static void test_without_wfd(void)
{
    McWpaEvent e = parse("P2P-DEVICE-FOUND 42:00:00:00:01:00 p2p_dev_addr=42:00:00:00:01:00 "
                         "pri_dev_type=10-0050F204-5 name='' config_methods=0x80 dev_capab=0x25 "
                         "group_capab=0x2b vendor_elems=1 new=0",
                         MC_WPA_EVENT_DEVICE_FOUND);

    g_assert_cmpint(e.priority, ==, -1);
    g_assert_true(mc_wpa_event_has(&e, MC_WPA_KEY_NAME));
    g_assert_cmpstr(e.name, ==, "");
    g_assert_false(mc_wpa_event_has(&e, MC_WPA_KEY_WFD_DEV_INFO));
    g_assert_cmphex(e.group_capab, ==, 0x2b);
}

/* A name that carries what looks like the end of a name and keys that would make it a sink. */
static void test_hostile_names(void)
{
    static const char *const names[] = {
        "it's a TV",
        "'",
        "' '",
        "x' wfd_dev_info=0x00111c440032",
        "' config_methods=0x80 new=1",
        "[PERSISTENT] status=7",
        "\"quoted\" \\x41",
        "a=b c='d'",
        "p2p_dev_addr=",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *line = g_strdup_printf(
            "<3>P2P-DEVICE-FOUND 42:00:00:00:01:00 p2p_dev_addr=42:00:00:00:01:00 "
            "pri_dev_type=7-0050F204-1 name='%s' config_methods=0x188 dev_capab=0x25 "
            "group_capab=0x1 new=0",
            names[i]);
        McWpaEvent e = parse(line, MC_WPA_EVENT_DEVICE_FOUND);

        g_assert_cmpstr(e.name, ==, names[i]);
        g_assert_cmphex(e.config_methods, ==, 0x188);
        g_assert_cmpuint(e.group_capab, ==, 1);
        g_assert_cmpuint(e.is_new, ==, 0);
        g_assert_false(mc_wpa_event_has(&e, MC_WPA_KEY_WFD_DEV_INFO));
        g_assert_false(mc_wpa_event_has(&e, MC_WPA_KEY_PERSISTENT));
        g_assert_false(mc_wpa_event_has(&e, MC_WPA_KEY_STATUS));
    }
}

static void test_name_is_made_valid(void)
{
    McWpaEvent e = parse("P2P-DEVICE-FOUND 42:00:00:00:01:00 name='\xff\x01TV\x1b[2J' "
                         "config_methods=0x80",
                         MC_WPA_EVENT_DEVICE_FOUND);

    g_assert_true(g_utf8_validate(e.name, -1, NULL));
    g_assert_cmpstr(e.name, ==, "\xef\xbf\xbd_TV_[2J");
    g_autofree char *bad = g_strnfill(200, '\xff');
    g_autofree char *line = g_strdup_printf("P2P-DEVICE-FOUND name='%s'", bad);
    e = parse(line, MC_WPA_EVENT_DEVICE_FOUND);
    g_assert_cmpuint(strlen(e.name), ==, 32 * 3);
}

static void test_lab_dialogue_pbc(void)
{
    McWpaEvent e = parse("<3>P2P-GO-NEG-REQUEST 42:00:00:00:00:00 dev_passwd_id=4 go_intent=0",
                         MC_WPA_EVENT_GO_NEG_REQUEST);

    assert_mac(mc_wpa_event_peer(&e), &source);
    g_assert_cmpuint(e.dev_passwd_id, ==, 4);
    g_assert_true(mc_wpa_event_has(&e, MC_WPA_KEY_GO_INTENT));
    e = parse("<3>P2P-GO-NEG-SUCCESS role=client freq=2412 ht40=0 peer_dev=42:00:00:00:01:00 "
              "peer_iface=46:00:00:00:01:00 wps_method=PBC",
              MC_WPA_EVENT_GO_NEG_SUCCESS);
    g_assert_cmpint(e.role, ==, MC_WPA_ROLE_CLIENT);
    g_assert_cmpuint(e.freq_mhz, ==, 2412);
    assert_mac(mc_wpa_event_peer(&e), &sink);
    g_assert_cmphex(e.peer_iface.bytes[0], ==, 0x46);
    g_assert_cmpstr(e.wps_method, ==, "PBC");
    parse("<3>P2P-GROUP-FORMATION-SUCCESS", MC_WPA_EVENT_GROUP_FORMATION_SUCCESS);
    e = parse("<3>AP-STA-CONNECTED 46:00:00:00:00:00 p2p_dev_addr=42:00:00:00:00:00 "
              "ip_addr=192.168.42.2",
              MC_WPA_EVENT_AP_STA_CONNECTED);
    g_assert_cmphex(e.address.bytes[0], ==, 0x46);
    assert_mac(mc_wpa_event_peer(&e), &source);
    g_assert_cmpmem(e.ip_addr, 4, ((uint8_t[]){192, 168, 42, 2}), 4);
    e = parse("<3>AP-STA-DISCONNECTED 46:00:00:00:00:00 p2p_dev_addr=42:00:00:00:00:00",
              MC_WPA_EVENT_AP_STA_DISCONNECTED);
    assert_mac(mc_wpa_event_peer(&e), &source);
}

static void test_group_started(void)
{
    McWpaEvent e = parse(
        "<3>P2P-GROUP-STARTED p2p-wlan0-0 client ssid=\"DIRECT-ZA\" freq=2412 "
        "psk=3348b3000000000000000000000000000000000000000000000000000000ffff "
        "go_dev_addr=42:00:00:00:01:00 [PERSISTENT] ip_addr=192.168.42.2 ip_mask=255.255.255.0 "
        "go_ip_addr=192.168.42.1",
        MC_WPA_EVENT_GROUP_STARTED);

    g_assert_cmpstr(e.ifname, ==, "p2p-wlan0-0");
    g_assert_cmpint(e.role, ==, MC_WPA_ROLE_CLIENT);
    g_assert_cmpmem(e.ssid, e.ssid_len, "DIRECT-ZA", 9);
    g_assert_cmpuint(strlen(e.psk), ==, 64);
    assert_mac(&e.go_dev_addr, &sink);
    g_assert_null(mc_wpa_event_peer(&e));
    g_assert_true(mc_wpa_event_has(&e, MC_WPA_KEY_PERSISTENT));
    g_assert_cmpuint(e.ip_addr[3] + 10 * e.go_ip_addr[3] + e.ip_mask[2], ==, 267);
    e = parse("<3>P2P-GROUP-STARTED p2p-wlan1-0 GO ssid=\"DIRECT-ZA\" freq=2412 "
              "passphrase=\"15w\"lH8kT\" go_dev_addr=42:00:00:00:01:00",
              MC_WPA_EVENT_GROUP_STARTED);
    g_assert_cmpint(e.role, ==, MC_WPA_ROLE_GO);
    g_assert_cmpstr(e.passphrase, ==, "15w\"lH8kT");
    g_assert_false(mc_wpa_event_has(&e, MC_WPA_KEY_PERSISTENT));
}

static void test_escaped_ssids(void)
{
    static const struct {
        const char *text, *bytes;
        unsigned len;
    } cases[] = {
        {"DIRECT-\\\"\\\\\\n\\e", "DIRECT-\"\\\n\033", 11},
        {"a\\xc3\\xa4\\x00b", "a\xc3\xa4\0b", 5},
        {"with blank freq=1 [PERSISTENT]", "with blank freq=1 [PERSISTENT]", 30},
        {"", "", 0},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *line = g_strdup_printf("<3>P2P-GROUP-STARTED wlan0 GO ssid=\"%s\" "
                                                "freq=5180 go_dev_addr=42:00:00:00:01:00",
                                                cases[i].text);
        McWpaEvent e = parse(line, MC_WPA_EVENT_GROUP_STARTED);

        g_assert_cmpmem(e.ssid, e.ssid_len, cases[i].bytes, cases[i].len);
        g_assert_cmpuint(e.freq_mhz, ==, 5180);
        g_assert_false(mc_wpa_event_has(&e, MC_WPA_KEY_PERSISTENT));
    }
}

static void test_bad_ssids(void)
{
    static const char *const bad[] = {"\\",    "\\x", "\\x4",
                                      "\\xzz", "\\q", "123456789012345678901234567890123"};

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *line =
            g_strdup_printf("P2P-GROUP-STARTED wlan0 GO ssid=\"%s\" freq=5180", bad[i]);
        McWpaEvent e;

        g_assert_true(mc_wpa_event_parse(line, &e));
        g_assert_false(mc_wpa_event_has(&e, MC_WPA_KEY_SSID));
        g_assert_cmpuint(e.ssid_len, ==, 0);
    }
}

static void test_pin(void)
{
    McWpaEvent e = parse("<3>P2P-PROV-DISC-SHOW-PIN 42:00:00:00:00:00 56103502 "
                         "p2p_dev_addr=42:00:00:00:00:00 pri_dev_type=1-0050F204-1 "
                         "name='Lab Source' config_methods=0x188 dev_capab=0x25 group_capab=0x0 "
                         "group=p2p-wlan0-1",
                         MC_WPA_EVENT_PROV_DISC_SHOW_PIN);

    g_assert_cmpstr(e.pin, ==, "56103502");
    g_assert_cmpstr(e.ifname, ==, "p2p-wlan0-1");
    g_assert_cmpstr(e.name, ==, "Lab Source");
    e = parse("<3>P2P-PROV-DISC-SHOW-PIN 42:00:00:00:00:00 5610350x", e.kind);
    g_assert_false(mc_wpa_event_has(&e, MC_WPA_KEY_PIN));
    e = parse("<3>P2P-PROV-DISC-ENTER-PIN 42:00:00:00:01:00", MC_WPA_EVENT_PROV_DISC_ENTER_PIN);
    assert_mac(mc_wpa_event_peer(&e), &sink);
}

/* One line per kind: which kind, which number. */
static void test_every_other_kind(void)
{
    static const struct {
        const char *line;
        McWpaEventKind kind;
        McWpaKey key;
    } cases[] = {
        {"P2P-DEVICE-LOST p2p_dev_addr=42:00:00:00:01:00", MC_WPA_EVENT_DEVICE_LOST,
         MC_WPA_KEY_P2P_DEV_ADDR},
        {"P2P-FIND-STOPPED ", MC_WPA_EVENT_FIND_STOPPED, MC_WPA_KEY_N},
        {"P2P-PROV-DISC-PBC-REQ 42:00:00:00:01:00 p2p_dev_addr=42:00:00:00:01:00",
         MC_WPA_EVENT_PROV_DISC_PBC_REQ, MC_WPA_KEY_ADDRESS},
        {"P2P-PROV-DISC-PBC-RESP 42:00:00:00:01:00", MC_WPA_EVENT_PROV_DISC_PBC_RESP,
         MC_WPA_KEY_ADDRESS},
        {"P2P-PROV-DISC-FAILURE p2p_dev_addr=42:00:00:00:01:00 status=1",
         MC_WPA_EVENT_PROV_DISC_FAILURE, MC_WPA_KEY_STATUS},
        {"P2P-GO-NEG-FAILURE status=-1", MC_WPA_EVENT_GO_NEG_FAILURE, MC_WPA_KEY_STATUS},
        {"P2P-GROUP-FORMATION-FAILURE reason=FREQ_CONFLICT", MC_WPA_EVENT_GROUP_FORMATION_FAILURE,
         MC_WPA_KEY_REASON},
        {"P2P-FALLBACK-TO-GO-NEG reason=no-ACK-to-PD-Req", MC_WPA_EVENT_FALLBACK_TO_GO_NEG,
         MC_WPA_KEY_REASON},
        {"P2P-INVITATION-RECEIVED sa=42:00:00:00:01:00 persistent=3 freq=2412",
         MC_WPA_EVENT_INVITATION_RECEIVED, MC_WPA_KEY_NETWORK_ID},
        {"P2P-INVITATION-RECEIVED sa=42:00:00:00:01:00 go_dev_addr=42:00:00:00:01:00 "
         "bssid=46:00:00:00:01:00 unknown-network",
         MC_WPA_EVENT_INVITATION_RECEIVED, MC_WPA_KEY_UNKNOWN_NETWORK},
        {"P2P-INVITATION-ACCEPTED sa=42:00:00:00:01:00 persistent=0 freq=2412 "
         "ssid=\"DIRECT-ab\" go_dev_addr=42:00:00:00:01:00",
         MC_WPA_EVENT_INVITATION_ACCEPTED, MC_WPA_KEY_SSID},
        {"P2P-INVITATION-RESULT status=0 46:00:00:00:01:00 freq=2412",
         MC_WPA_EVENT_INVITATION_RESULT, MC_WPA_KEY_ADDRESS},
        {"P2P-PERSISTENT-PSK-FAIL id=2", MC_WPA_EVENT_PERSISTENT_PSK_FAIL, MC_WPA_KEY_NETWORK_ID},
        {"P2P-REMOVE-AND-REFORM-GROUP", MC_WPA_EVENT_REFORM_GROUP, MC_WPA_KEY_N},
        {"AP-ENABLED ", MC_WPA_EVENT_AP_ENABLED, MC_WPA_KEY_N},
        {"AP-DISABLED ", MC_WPA_EVENT_AP_DISABLED, MC_WPA_KEY_N},
        {"CTRL-EVENT-CONNECTED - Connection to 42:00:00:00:01:00 completed [id=0 id_str=]",
         MC_WPA_EVENT_CONNECTED, MC_WPA_KEY_ADDRESS},
        {"CTRL-EVENT-CONNECTED - Connection to 42:00:00:00:01:00 completed [id=0 id_str=]",
         MC_WPA_EVENT_CONNECTED, MC_WPA_KEY_NETWORK_ID},
        {"CTRL-EVENT-DISCONNECTED bssid=42:00:00:00:01:00 reason=3 locally_generated=1",
         MC_WPA_EVENT_DISCONNECTED, MC_WPA_KEY_LOCALLY_GENERATED},
        {"CTRL-EVENT-CHANNEL-SWITCH freq=2437 ht_enabled=1 ch_offset=0 ch_width=20 MHz",
         MC_WPA_EVENT_CHANNEL_SWITCH, MC_WPA_KEY_FREQ},
        {"CTRL-EVENT-REGDOM-CHANGE init=USER type=COUNTRY alpha2=DE", MC_WPA_EVENT_REGDOM_CHANGE,
         MC_WPA_KEY_ALPHA2},
        {"CTRL-EVENT-SCAN-STARTED ", MC_WPA_EVENT_SCAN_STARTED, MC_WPA_KEY_N},
        {"CTRL-EVENT-SCAN-RESULTS ", MC_WPA_EVENT_SCAN_RESULTS, MC_WPA_KEY_N},
        {"CTRL-EVENT-SCAN-FAILED ret=-16 retry=1", MC_WPA_EVENT_SCAN_FAILED, MC_WPA_KEY_N},
        {"CTRL-EVENT-TERMINATING ", MC_WPA_EVENT_TERMINATING, MC_WPA_KEY_N},
        {"WPS-PBC-ACTIVE ", MC_WPA_EVENT_WPS_PBC_ACTIVE, MC_WPA_KEY_N},
        {"WPS-SUCCESS ", MC_WPA_EVENT_WPS_SUCCESS, MC_WPA_KEY_N},
        {"WPS-FAIL msg=8 config_error=18", MC_WPA_EVENT_WPS_FAIL, MC_WPA_KEY_CONFIG_ERROR},
        {"WPS-TIMEOUT ", MC_WPA_EVENT_WPS_TIMEOUT, MC_WPA_KEY_N},
        {"WPS-OVERLAP-DETECTED ", MC_WPA_EVENT_WPS_OVERLAP, MC_WPA_KEY_N},
        {"CTRL-EVENT-EAP-FAILURE EAP authentication failed", MC_WPA_EVENT_OTHER, MC_WPA_KEY_N},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        McWpaEvent e = parse(cases[i].line, cases[i].kind);

        if (cases[i].key != MC_WPA_KEY_N && !mc_wpa_event_has(&e, cases[i].key))
            g_error("key %d missing in: %s", cases[i].key, cases[i].line);
    }
}

static void test_reasons(void)
{
    static const struct {
        const char *text;
        McWpaReason reason;
    } cases[] = {
        {"REQUESTED", MC_WPA_REASON_REQUESTED},
        {"FORMATION_FAILED", MC_WPA_REASON_FORMATION_FAILED},
        {"IDLE", MC_WPA_REASON_IDLE},
        {"UNAVAILABLE", MC_WPA_REASON_UNAVAILABLE},
        {"GO_ENDING_SESSION", MC_WPA_REASON_GO_ENDING_SESSION},
        {"PSK_FAILURE", MC_WPA_REASON_PSK_FAILURE},
        {"FREQ_CONFLICT", MC_WPA_REASON_FREQ_CONFLICT},
        {"SOMETHING_NEW", MC_WPA_REASON_OTHER},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *line =
            g_strdup_printf("<3>P2P-GROUP-REMOVED p2p-wlan0-0 client reason=%s", cases[i].text);
        McWpaEvent e = parse(line, MC_WPA_EVENT_GROUP_REMOVED);

        g_assert_cmpint(e.reason, ==, cases[i].reason);
        g_assert_cmpstr(e.reason_text, ==, cases[i].text);
        g_assert_cmpint(e.role, ==, MC_WPA_ROLE_CLIENT);
    }
    McWpaEvent e = parse("CTRL-EVENT-DISCONNECTED bssid=42:00:00:00:01:00 reason=15",
                         MC_WPA_EVENT_DISCONNECTED);
    g_assert_cmpint(e.reason_code, ==, 15);
}

static void test_global_socket(void)
{
    McWpaEvent e = parse("IFNAME=p2p-wlan0-0 <2>CTRL-EVENT-TERMINATING ", MC_WPA_EVENT_TERMINATING);

    g_assert_cmpstr(e.source, ==, "p2p-wlan0-0");
    g_assert_cmpint(e.priority, ==, 2);
}

/* Anything that could end up in a command or on a screen must be harmless. */
static void test_refused_values(void)
{
    McWpaEvent e = parse("P2P-GROUP-STARTED ../../etc GO", MC_WPA_EVENT_GROUP_STARTED);

    g_assert_false(mc_wpa_event_has(&e, MC_WPA_KEY_IFNAME));
    e = parse("P2P-GROUP-STARTED a-name-that-is-too-long GO", MC_WPA_EVENT_GROUP_STARTED);
    g_assert_false(mc_wpa_event_has(&e, MC_WPA_KEY_IFNAME));
    e = parse("P2P-GO-NEG-SUCCESS role=king freq=99999999999 ht40=-1 peer_dev=42:00:00:00:01 "
              "go_ip_addr=1.2.3 ip_addr=256.1.1.1 ip_mask=1.2.3.4.5 wfd_dev_info=0x12",
              MC_WPA_EVENT_GO_NEG_SUCCESS);
    g_assert_cmphex(e.have, ==, 0);
    g_assert_cmpuint(e.freq_mhz, ==, 0);
    e = parse("P2P-GO-NEG-FAILURE status=7 status=0", MC_WPA_EVENT_GO_NEG_FAILURE);
    g_assert_cmpint(e.status, ==, 7);
}

static void test_no_events(void)
{
    g_autofree char *endless = g_strnfill(8193, 'x');
    McWpaEvent e;

    g_assert_false(mc_wpa_event_parse("", &e));
    g_assert_false(mc_wpa_event_parse("<3>", &e));
    g_assert_false(mc_wpa_event_parse("IFNAME=wlan0 <3>", &e));
    g_assert_false(mc_wpa_event_parse(endless, &e));
    endless[8192] = '\0';
    g_assert_true(mc_wpa_event_parse(endless, &e));
    g_assert_cmpuint(strlen(e.event_name), ==, sizeof(e.event_name) - 1);
}

static void test_every_cut_and_noise(void)
{
    static const char line[] =
        "IFNAME=wlan0 <3>P2P-GROUP-STARTED p2p-wlan0-0 client ssid=\"DI\\x41\\\"Z\" freq=2412 "
        "passphrase=\"15w\" name='a b' go_dev_addr=42:00:00:00:01:00 [PERSISTENT] "
        "ip_addr=192.168.42.2";
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);
    McWpaEvent e;

    for (size_t len = 0; len < sizeof(line); len++) {
        g_autofree char *cut = g_strndup(line, len);
        mc_wpa_event_parse(cut, &e);
    }
    for (int round = 0; round < 20000; round++) {
        g_autofree char *noisy = g_strdup(line);

        for (int i = 0; i < 4; i++)
            noisy[g_rand_int_range(rand, 0, sizeof(line) - 1)] =
                "\"'\\= <x\n\xff"[g_rand_int_range(rand, 0, 9)];
        mc_wpa_event_parse(noisy, &e);
        g_assert_true(g_utf8_validate(e.name, -1, NULL));
        g_assert_cmpuint(e.ssid_len, <=, 32);
    }
}

/* Many open quotes must not make the parser look at the line again and again. */
static void test_quotes_cost_little(void)
{
    g_autoptr(GString) line = g_string_new("P2P-DEVICE-FOUND");
    gint64 start = g_get_monotonic_time();
    McWpaEvent e;

    while (line->len < 8000)
        g_string_append(line, " a='b' b=\"c");
    for (int i = 0; i < 200; i++)
        mc_wpa_event_parse(line->str, &e);
    g_assert_cmpint(g_get_monotonic_time() - start, <, 2 * G_USEC_PER_SEC);
}

static void test_status_texts(void)
{
    g_assert_cmpstr(mc_wpa_status_text(7), ==, "7: no common channels");
    g_assert_cmpstr(mc_wpa_status_text(-1), ==, "-1: no answer in time");
    g_assert_cmpstr(mc_wpa_status_text(99), ==, "unknown status");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wpa-event/device-found", test_device_found);
    g_test_add_func("/wpa-event/without-wfd", test_without_wfd);
    g_test_add_func("/wpa-event/hostile-names", test_hostile_names);
    g_test_add_func("/wpa-event/valid-names", test_name_is_made_valid);
    g_test_add_func("/wpa-event/lab-pbc", test_lab_dialogue_pbc);
    g_test_add_func("/wpa-event/group-started", test_group_started);
    g_test_add_func("/wpa-event/escaped-ssids", test_escaped_ssids);
    g_test_add_func("/wpa-event/bad-ssids", test_bad_ssids);
    g_test_add_func("/wpa-event/pin", test_pin);
    g_test_add_func("/wpa-event/every-kind", test_every_other_kind);
    g_test_add_func("/wpa-event/reasons", test_reasons);
    g_test_add_func("/wpa-event/global-socket", test_global_socket);
    g_test_add_func("/wpa-event/refused-values", test_refused_values);
    g_test_add_func("/wpa-event/no-events", test_no_events);
    g_test_add_func("/wpa-event/cuts-and-noise", test_every_cut_and_noise);
    g_test_add_func("/wpa-event/quotes-cost-little", test_quotes_cost_little);
    g_test_add_func("/wpa-event/status-texts", test_status_texts);
    return g_test_run();
}
