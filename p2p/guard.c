/* SPDX-License-Identifier: MIT */
#include "p2p/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    DATA_BYTES = 3072,
    MAX_WORDS = 32,
    REPLY_MS = 3000,  /* of a service on the bus */
    ANSWER_MS = 1000, /* of a control socket */
    MAX_REPLY_BYTES = 1 << 20,
};

typedef enum { KIND_DATAGRAM, KIND_BUS, KIND_PROGRAM } Kind;

/* One message: it arrives whole. */
typedef struct {
    unsigned slot, kind, replies, len; /* len 0: the slot is empty */
    char path[108];
    char data[DATA_BYTES];
} Entry;
G_STATIC_ASSERT(sizeof(Entry) <= 4096);

struct McGuard {
    int fd;                   /* to the other process; -1: none could be made */
    Entry held[MC_GUARD_MAX]; /* as the other process knows it */
};

/* --- the other process: after fork() of a program with threads, system calls alone -------------
 */

static int dial(const Entry *entry, int type)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

    memcpy(to.sun_path, entry->path, sizeof(to.sun_path));
    to.sun_path[sizeof(to.sun_path) - 1] = '\0';
    if (fd >= 0 && connect(fd, (struct sockaddr *) &to, sizeof(to)) < 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* The answer says that the command was carried out; what it says else nobody could do anything
 * about. */
static void send_command(int fd, const char *command, size_t len)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    char answer[64];

    if (send(fd, command, len, MSG_NOSIGNAL) > 0 && poll(&wait, 1, ANSWER_MS) == 1)
        while (recv(fd, answer, sizeof(answer), 0) >= 0)
            ;
}

/* Answers come to an address of the kernel's choice; without one each is waited for in vain. */
static void undo_datagram(const Entry *entry)
{
    struct sockaddr_un own = {.sun_family = AF_UNIX};
    int fd = dial(entry, SOCK_DGRAM | SOCK_NONBLOCK);
    const char *at = entry->data, *end = entry->data + entry->len;

    if (fd < 0)
        return;
    bind(fd, (struct sockaddr *) &own, sizeof(own.sun_family));
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t) (end - at));
        size_t len = (size_t) ((newline ? newline : end) - at);

        send_command(fd, at, len);
        at += len + 1;
    }
    close(fd);
}

/* False: it ended, or said nothing for too long. */
static bool read_all(int fd, uint8_t *data, size_t size)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};

    while (size) {
        ssize_t n = poll(&wait, 1, REPLY_MS) == 1 ? read(fd, data, size) : 0;

        if (n <= 0)
            return false;
        data += n;
        size -= (size_t) n;
    }
    return true;
}

static bool skip(int fd, size_t size)
{
    uint8_t rest[512];

    while (size) {
        size_t part = size < sizeof(rest) ? size : sizeof(rest);

        if (!read_all(fd, rest, part))
            return false;
        size -= part;
    }
    return true;
}

static uint32_t word(const uint8_t *bytes, bool little)
{
    return little
               ? (uint32_t) bytes[3] << 24 | (uint32_t) bytes[2] << 16 | bytes[1] << 8 | bytes[0]
               : (uint32_t) bytes[0] << 24 | (uint32_t) bytes[1] << 16 | bytes[2] << 8 | bytes[3];
}

/*   'l' or 'B' | type | flags | 1 | body length:32 | serial:32 | length of the fields:32
 *   fields, padded to 8 | body                       type 2: reply, 3: error, 4: signal */
static bool read_message(int fd, unsigned *replies)
{
    uint8_t head[16];

    if (!read_all(fd, head, sizeof(head)))
        return false;
    size_t body = word(head + 4, head[0] == 'l'), fields = word(head + 12, head[0] == 'l');
    if (body > MAX_REPLY_BYTES || fields > MAX_REPLY_BYTES)
        return false;
    *replies += head[1] == 2 || head[1] == 3;
    return skip(fd, (fields + 7) / 8 * 8 + body);
}

/* A bus forgets calls of someone who has left: we stay until they are answered. */
static void undo_bus(const Entry *entry)
{
    int fd = dial(entry, SOCK_STREAM);
    unsigned replies = 0;
    uint8_t c = 0;

    if (fd < 0)
        return;
    if (send(fd, entry->data, entry->len, MSG_NOSIGNAL) == (ssize_t) entry->len) {
        while (c != '\n' && read_all(fd, &c, 1)) /* the greeting's answer, a line */
            ;
        while (replies < entry->replies && read_message(fd, &replies))
            ;
    }
    close(fd);
}

static void undo_program(Entry *entry)
{
    char *argv[MAX_WORDS + 1] = {NULL};
    unsigned n = 0;

    entry->data[DATA_BYTES - 1] = '\0';
    for (size_t at = 0; at < entry->len && n < MAX_WORDS; at += strlen(entry->data + at) + 1)
        argv[n++] = entry->data + at;
    pid_t child = fork();
    if (child == 0) {
        execv(argv[0], argv);
        _exit(127);
    }
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
}

static void undo(Entry *entry)
{
    if (entry->kind == KIND_DATAGRAM)
        undo_datagram(entry);
    else if (entry->kind == KIND_BUS)
        undo_bus(entry);
    else
        undo_program(entry);
}

static void undo_all(Entry table[MC_GUARD_MAX])
{
    for (int i = MC_GUARD_MAX - 1; i >= 0; i--)
        if (table[i].len)
            undo(&table[i]);
}

static void keep_watch(int fd)
{
    static Entry table[MC_GUARD_MAX];
    Entry entry;
    ssize_t n;

    while ((n = read(fd, &entry, sizeof(entry))) == sizeof(entry) || (n < 0 && errno == EINTR))
        if (n > 0 && entry.slot < MC_GUARD_MAX && entry.len <= DATA_BYTES)
            table[entry.slot] = entry;
    undo_all(table);
}

/* Its own session, no file of ours: whoever waits for the end of our output must not wait for it.
 */
static void become_guard(int fd)
{
    int null = open("/dev/null", O_RDWR);

    setsid();
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    fd = dup2(fd, 3) < 0 ? fd : 3;
    for (int i = 0; i < 3; i++)
        dup2(null, i);
    close_range(4, ~0u, 0);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (chdir("/") == 0)
        keep_watch(fd);
    _exit(0);
}

/* --- our side -----------------------------------------------------------------------------------
 */

static int start_guard(void)
{
    int ends[2];
    pid_t child;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return -1;
    child = fork();
    if (child == 0) {
        if (fork() == 0) /* twice: nobody has to wait for the guard */
            become_guard(ends[0]);
        _exit(0);
    }
    close(ends[0]);
    if (child < 0) {
        close(ends[1]);
        return -1;
    }
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    return ends[1];
}

McGuard *mc_guard_new(void)
{
    McGuard *self = g_new0(McGuard, 1);

    self->fd = start_guard();
    return self;
}

/* The guard was killed: no matter, and no signal for us. */
static void tell(McGuard *self, const Entry *entry)
{
    self->held[entry->slot] = *entry;
    if (self->fd < 0)
        return;
    while (send(self->fd, entry, sizeof(*entry), MSG_NOSIGNAL) < 0 && errno == EINTR)
        ;
}

static bool hold(McGuard *self, unsigned slot, Kind kind, const char *path, const void *data,
                 size_t len, unsigned replies)
{
    Entry entry = {.slot = slot};

    if (slot >= MC_GUARD_MAX || len > sizeof(entry.data) ||
        (path && strlen(path) >= sizeof(entry.path)))
        return false;
    if (len) {
        entry.kind = kind;
        entry.len = (unsigned) len;
        entry.replies = replies;
        g_strlcpy(entry.path, path ? path : "", sizeof(entry.path));
        memcpy(entry.data, data, len);
    }
    if (memcmp(&entry, &self->held[slot], sizeof(entry)))
        tell(self, &entry);
    return true;
}

bool mc_guard_hold(McGuard *self, unsigned slot, const char *path, const char *command)
{
    return hold(self, slot, KIND_DATAGRAM, path, command, command ? strlen(command) : 0, 0);
}

bool mc_guard_hold_program(McGuard *self, unsigned slot, const char *const *argv)
{
    g_autoptr(GString) words = g_string_new(NULL);
    unsigned n = 0;

    for (; argv && argv[n]; n++)
        g_string_append_len(words, argv[n], (gssize) strlen(argv[n]) + 1);
    return n <= MAX_WORDS && hold(self, slot, KIND_PROGRAM, NULL, words->str, words->len, 0);
}

/* --- what is said to a bus ---------------------------------------------------------------------
 */

static bool append_call(GByteArray *bytes, const McGuardCall *call, guint32 serial)
{
    g_autoptr(GDBusMessage) message =
        g_dbus_message_new_method_call(call->name, call->path, call->interface, call->method);
    gsize size;

    g_dbus_message_set_serial(message, serial);
    g_dbus_message_set_flags(message, G_DBUS_MESSAGE_FLAGS_NO_AUTO_START);
    if (call->parameters)
        g_dbus_message_set_body(message, call->parameters);
    g_autofree guchar *blob =
        g_dbus_message_to_blob(message, &size, G_DBUS_CAPABILITY_FLAGS_NONE, NULL);
    if (blob)
        g_byte_array_append(bytes, blob, (guint) size);
    return blob != NULL;
}

/* All at once, as a bus takes it: who we are (the kernel vouches for it), Hello, the calls. */
bool mc_guard_hold_calls(McGuard *self, unsigned slot, const char *path, const McGuardCall *calls,
                         unsigned n)
{
    const McGuardCall hello = {"org.freedesktop.DBus", "/org/freedesktop/DBus",
                               "org.freedesktop.DBus", "Hello", NULL};
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autofree char *uid = g_strdup_printf("%u", (unsigned) geteuid());
    g_autoptr(GString) greeting = g_string_new("AUTH EXTERNAL ");
    bool ok;

    if (!n)
        return hold(self, slot, KIND_BUS, NULL, NULL, 0, 0);
    for (const char *p = uid; *p; p++)
        g_string_append_printf(greeting, "%02x", (unsigned char) *p);
    g_string_append(greeting, "\r\nBEGIN\r\n");
    g_byte_array_append(bytes, (const guint8 *) "", 1);
    g_byte_array_append(bytes, (const guint8 *) greeting->str, (guint) greeting->len);
    ok = append_call(bytes, &hello, 1);
    for (unsigned i = 0; i < n; i++)
        ok = append_call(bytes, &calls[i], i + 2) && ok;
    return ok && hold(self, slot, KIND_BUS, path, bytes->data, bytes->len, n + 1);
}

char *mc_guard_bus_path(void)
{
    g_autofree char *address = g_dbus_address_get_for_bus_sync(G_BUS_TYPE_SYSTEM, NULL, NULL);

    if (!address || !g_str_has_prefix(address, "unix:path="))
        return NULL;
    const char *path = address + strlen("unix:path=");
    return g_strndup(path, strcspn(path, ",;"));
}

/* --- end ---------------------------------------------------------------------------------------
 */

void mc_guard_free(McGuard *self)
{
    if (!self)
        return;
    for (unsigned i = 0; i < MC_GUARD_MAX; i++)
        if (self->held[i].len)
            mc_guard_hold(self, i, NULL, NULL);
    if (self->fd >= 0)
        close(self->fd);
    g_free(self);
}

void mc_guard_undo(McGuard *self)
{
    if (self)
        undo_all(self->held); /* still held: whoever is killed now is undone twice, not half */
    mc_guard_free(self);
}
