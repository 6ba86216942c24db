/* SPDX-License-Identifier: MIT */
/* Scan results as wpa_supplicant prints them, with the bytes of MS-MICE 4.1 in them; and a socket
 * that answers as wpa_supplicant does, a part of them at a time. */
#include "p2p/mice/beacons.h"

#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* The example's attribute (Dummy1-Kabylake, capability 05), and one with 27 (PIN), an address. */
#define EXAMPLE                                                                                    \
    "1049001b000137"                                                                               \
    "2001000105"                                                                                   \
    "2002000f44756d6d79312d4b6162796c616b65"
#define WITH_PIN                                                                                   \
    "1049001b000137"                                                                               \
    "2001000127"                                                                                   \
    "200200024142"                                                                                 \
    "200500093139322e302e322e37"
#define WSC(bytes, attributes) "dd" bytes "0050f204" attributes
#define BLOCK(id, ies) "id=" id "\nie=" ies "\n====\n"

typedef struct {
    McMiceAnnouncement sinks[8];
    unsigned count;
} Heard;

static void on_heard(const McMiceAnnouncement *sink, void *user_data)
{
    Heard *heard = user_data;

    g_assert_cmpuint(heard->count, <, G_N_ELEMENTS(heard->sinks));
    heard->sinks[heard->count++] = *sink;
}

static unsigned parse(const char *reply, unsigned *ret_last, Heard *heard)
{
    g_autofree char *exact = g_strdup(reply); /* reading past it is seen */

    return mc_mice_beacons_parse(exact, ret_last, on_heard, heard);
}

static const char reply[] = BLOCK("3", "0003666f6f") BLOCK("5", "000474657374" WSC("23", EXAMPLE))
    BLOCK("9", WSC("23", WITH_PIN)) "id=11\nie=dd230050f2";

static void test_example(void)
{
    Heard heard = {0};
    unsigned last = 0;

    g_assert_cmpuint(parse(reply, &last, &heard), ==, 3);
    g_assert_cmpuint(last, ==, 9); /* the block that was cut is asked for again */
    g_assert_cmpuint(heard.count, ==, 2);
    g_assert_cmpstr(heard.sinks[0].host, ==, "Dummy1-Kabylake");
    g_assert_false(heard.sinks[0].encrypts);
    g_assert_cmpstr(heard.sinks[1].host, ==, "AB");
    g_assert_cmpstr(heard.sinks[1].address, ==, "192.0.2.7");
    g_assert_true(heard.sinks[1].encrypts && heard.sinks[1].shows_pin);
}

static void test_odd(void)
{
    static const char *const odd[] = {
        "",
        "FAIL\n",
        "UNKNOWN COMMAND\n",
        "====\n====\n",
        "id=1\n====\n",
        "ie=00\n====\n",
        BLOCK("7", "") BLOCK("8", "0") BLOCK("9", "zz") BLOCK("10", "dd"),
        BLOCK("7", WSC("ff", EXAMPLE)),
        BLOCK("7", WSC("23", "1049ffff000137")),
        BLOCK("99999999999999999999", WSC("04", "")),
        "bssid=x\nmie=" WSC("23", EXAMPLE) "\n====\n",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(odd); i++) {
        Heard heard = {0};
        unsigned last = 0;
        parse(odd[i], &last, &heard);
        g_assert_cmpuint(heard.count, ==, 0);
    }
    for (size_t len = 0; len < sizeof(reply); len++) { /* cut at each byte */
        g_autofree char *cut = g_strndup(reply, len);
        Heard heard = {0};
        unsigned last = 0;
        parse(cut, &last, &heard);
        g_assert_cmpuint(heard.count, <=, 2);
    }
}

/* ---- the socket ---- */

typedef struct {
    int fd;
    char *folder, *path;
    GString *asked;
} Supplicant;

/* Answers until it is asked "END". */
static gpointer serve(gpointer user_data)
{
    Supplicant *self = user_data;
    char text[256];
    struct sockaddr_un from;

    for (;;) {
        socklen_t len = sizeof(from);
        const ssize_t n =
            recvfrom(self->fd, text, sizeof(text) - 1, 0, (struct sockaddr *) &from, &len);
        g_assert_cmpint(n, >, 0);
        text[n] = '\0';
        if (!strcmp(text, "END"))
            return NULL;
        g_string_append_printf(self->asked, "%s;", text);
        const char *answer = strstr(text, "RANGE=ALL")  ? BLOCK("5", WSC("23", EXAMPLE)) "id=9\nie="
                             : strstr(text, "RANGE=6-") ? BLOCK("9", WSC("23", WITH_PIN))
                                                        : "";
        sendto(self->fd, answer, strlen(answer), 0, (struct sockaddr *) &from, len);
    }
}

static void supplicant_open(Supplicant *self)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    self->folder = g_dir_make_tmp("beacons-XXXXXX", NULL);
    self->path = g_build_filename(self->folder, "wlan7", NULL);
    self->asked = g_string_new(NULL);
    g_strlcpy(address.sun_path, self->path, sizeof(address.sun_path));
    self->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(bind(self->fd, (struct sockaddr *) &address, sizeof(address)), ==, 0);
}

static void supplicant_close(Supplicant *self, GThread *thread)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    g_strlcpy(address.sun_path, self->path, sizeof(address.sun_path));
    sendto(fd, "END", 3, 0, (struct sockaddr *) &address, sizeof(address));
    g_thread_join(thread);
    close(fd);
    close(self->fd);
    g_unlink(self->path);
    g_rmdir(self->folder);
    g_free(self->path);
    g_free(self->folder);
    g_string_free(self->asked, TRUE);
}

/* A program that somebody starts meanwhile has none of our sockets. */
static void check_inherited(const McMiceAnnouncement *sink, void *user_data)
{
    unsigned *sockets = user_data;

    for (int fd = 3; fd < 256; fd++) {
        struct stat of = {0};
        if (fstat(fd, &of) < 0 || !S_ISSOCK(of.st_mode))
            continue;
        ++*sockets;
        g_assert_cmpint(fcntl(fd, F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);
    }
}

static void test_inherited(void)
{
    Supplicant supplicant;
    McSupplicantConfig config = {0};
    unsigned sockets = 0;

    supplicant_open(&supplicant);
    g_strlcpy(config.control, supplicant.folder, sizeof(config.control));
    GThread *thread = g_thread_new("supplicant", serve, &supplicant);
    g_assert_true(mc_mice_beacons_read(&config, check_inherited, &sockets));
    g_assert_cmpuint(sockets, >=, 2);
    supplicant_close(&supplicant, thread);
}

static void test_asking(void)
{
    Supplicant supplicant;
    McSupplicantConfig config = {0};
    McMiceAnnouncement found;
    Heard heard = {0};

    supplicant_open(&supplicant);
    g_strlcpy(config.control, supplicant.folder, sizeof(config.control));
    GThread *thread = g_thread_new("supplicant", serve, &supplicant);
    g_assert_true(mc_mice_beacons_read(&config, on_heard, &heard));
    g_assert_cmpuint(heard.count, ==, 2);
    g_assert_true(mc_mice_beacons_find(&config, "ab.local", &found));
    g_assert_cmpstr(found.address, ==, "192.0.2.7");
    g_assert_true(mc_mice_beacons_find(&config, "dummy1-kabylake", &found));
    g_assert_false(mc_mice_beacons_find(&config, "dummy1", &found));
    g_assert_false(mc_mice_beacons_find(&config, "abc", &found));
    g_assert_true(g_str_has_prefix(supplicant.asked->str,
                                   "BSS RANGE=ALL MASK=0x20401;BSS RANGE=6- MASK=0x20401;"
                                   "BSS RANGE=10- MASK=0x20401;"));
    supplicant_close(&supplicant, thread);
    g_strlcpy(config.control, "/nonexistent", sizeof(config.control));
    g_assert_false(mc_mice_beacons_read(&config, on_heard, &heard));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mice/beacons/example", test_example);
    g_test_add_func("/mice/beacons/odd", test_odd);
    g_test_add_func("/mice/beacons/asking", test_asking);
    g_test_add_func("/mice/beacons/inherited", test_inherited);
    return g_test_run();
}
