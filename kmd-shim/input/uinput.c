/* SPDX-License-Identifier: MIT */
/* Input as devices of the kernel: for consoles and kiosks; takes the right to write /dev/uinput. */
#include <errno.h>
#include <fcntl.h>
#include <linux/uinput.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kmd-shim/input/hid-keys.h"
#include "kmd-shim/input/input.h"

#define NOTCH 120
#define TRACKING_IDS 65536

typedef struct {
    int fd;
    int touch_fd;     /* a touch screen beside it: no device is both */
    int32_t tracking; /* number of the next contact */
    unsigned down;    /* contacts: bit n is contact n */
    int32_t rest_x, rest_y;
} Uinput;

/* ---- keys: the US layout, which is what ASCII codes speak of ---- */

typedef struct {
    uint16_t key;
    bool shift;
} Key;

static Key key_of(uint32_t code)
{
    static const struct {
        const char *plain, *shifted;
        uint16_t first; /* keys follow one another */
    } rows[] = {
        {"1234567890-=", "!@#$%^&*()_+", KEY_1},
        {"qwertyuiop[]", "QWERTYUIOP{}", KEY_Q},
        {"asdfghjkl;'`", "ASDFGHJKL:\"~", KEY_A},
        {"\\zxcvbnm,./", "|ZXCVBNM<>?", KEY_BACKSLASH},
    };
    static const struct {
        uint32_t code;
        uint16_t key;
    } controls[] = {{0x08, KEY_BACKSPACE}, {0x09, KEY_TAB},  {0x0a, KEY_ENTER}, {0x0d, KEY_ENTER},
                    {0x1b, KEY_ESC},       {' ', KEY_SPACE}, {0x7f, KEY_DELETE}};

    for (size_t i = 0; i < G_N_ELEMENTS(controls); i++)
        if (controls[i].code == code)
            return (Key){controls[i].key, false};
    for (size_t i = 0; code < 0x80 && i < G_N_ELEMENTS(rows); i++) {
        const char *plain = strchr(rows[i].plain, (int) code);
        const char *shifted = strchr(rows[i].shifted, (int) code);
        if (plain)
            return (Key){(uint16_t) (rows[i].first + (plain - rows[i].plain)), false};
        if (shifted)
            return (Key){(uint16_t) (rows[i].first + (shifted - rows[i].shifted)), true};
    }
    return (Key){0, false};
}

/* ---- device ---- */

static void emit_to(int fd, uint16_t type, uint16_t code, int32_t value)
{
    struct input_event event = {.type = type, .code = code, .value = value};
    ssize_t written = write(fd, &event, sizeof(event));

    (void) written; /* the kernel takes all or nothing; there is no one to tell */
}

static void emit(Uinput *self, uint16_t type, uint16_t code, int32_t value)
{
    emit_to(self->fd, type, code, value);
}

static void sync_events(Uinput *self)
{
    emit(self, EV_SYN, SYN_REPORT, 0);
}

static bool set_axis(int fd, uint16_t code, uint32_t size_px)
{
    struct uinput_abs_setup axis = {.code = code,
                                    .absinfo = {.maximum = (int32_t) (size_px ? size_px - 1 : 1)}};

    return ioctl(fd, UI_SET_ABSBIT, code) == 0 && ioctl(fd, UI_ABS_SETUP, &axis) == 0;
}

static bool set_up(int fd, uint32_t width_px, uint32_t height_px)
{
    struct uinput_setup setup = {.id = {.bustype = BUS_VIRTUAL}, .name = "Miracast sink's input"};
    bool ok = ioctl(fd, UI_SET_EVBIT, EV_KEY) == 0 && ioctl(fd, UI_SET_EVBIT, EV_ABS) == 0 &&
              ioctl(fd, UI_SET_EVBIT, EV_REL) == 0 && ioctl(fd, UI_SET_RELBIT, REL_WHEEL) == 0 &&
              ioctl(fd, UI_SET_RELBIT, REL_HWHEEL) == 0;

    for (int key = KEY_ESC; ok && key <= KEY_COMPOSE; key++)
        ok = ioctl(fd, UI_SET_KEYBIT, key) == 0;
    for (int button = BTN_LEFT; ok && button <= BTN_MIDDLE; button++)
        ok = ioctl(fd, UI_SET_KEYBIT, button) == 0;
    return ok && set_axis(fd, ABS_X, width_px) && set_axis(fd, ABS_Y, height_px) &&
           ioctl(fd, UI_DEV_SETUP, &setup) == 0 && ioctl(fd, UI_DEV_CREATE) == 0;
}

/* Multi-touch of type B: slots that keep what is not sent again. */
static bool set_up_touch(int fd, uint32_t width_px, uint32_t height_px)
{
    struct uinput_setup setup = {.id = {.bustype = BUS_VIRTUAL, .product = 1},
                                 .name = MC_UINPUT_TOUCH_NAME};

    return ioctl(fd, UI_SET_EVBIT, EV_KEY) == 0 && ioctl(fd, UI_SET_EVBIT, EV_ABS) == 0 &&
           ioctl(fd, UI_SET_KEYBIT, BTN_TOUCH) == 0 &&
           ioctl(fd, UI_SET_PROPBIT, INPUT_PROP_DIRECT) == 0 && set_axis(fd, ABS_X, width_px) &&
           set_axis(fd, ABS_Y, height_px) && set_axis(fd, ABS_MT_SLOT, MC_INPUT_CONTACTS) &&
           set_axis(fd, ABS_MT_TRACKING_ID, TRACKING_IDS) &&
           set_axis(fd, ABS_MT_POSITION_X, width_px) &&
           set_axis(fd, ABS_MT_POSITION_Y, height_px) && ioctl(fd, UI_DEV_SETUP, &setup) == 0 &&
           ioctl(fd, UI_DEV_CREATE) == 0;
}

static void *uinput_open(const char *target, uint32_t width_px, uint32_t height_px,
                         const char **ret_why)
{
    const int mode = O_WRONLY | O_CLOEXEC | O_NONBLOCK;
    int fd = open("/dev/uinput", mode), touch_fd = -1;

    if (fd < 0) {
        *ret_why = errno == EACCES ? "/dev/uinput may not be written" : "there is no /dev/uinput";
        return NULL;
    }
    if (!set_up(fd, width_px, height_px) || (touch_fd = open("/dev/uinput", mode)) < 0 ||
        !set_up_touch(touch_fd, width_px, height_px)) {
        close(fd);
        if (touch_fd >= 0)
            close(touch_fd);
        *ret_why = "/dev/uinput made no device";
        return NULL;
    }
    Uinput *self = g_new0(Uinput, 1);
    self->fd = fd;
    self->touch_fd = touch_fd;
    return self;
}

static void uinput_close(void *target)
{
    Uinput *self = target;

    ioctl(self->fd, UI_DEV_DESTROY);
    close(self->fd);
    ioctl(self->touch_fd, UI_DEV_DESTROY);
    close(self->touch_fd);
    g_free(self);
}

static void uinput_move(void *target, int32_t x_px, int32_t y_px)
{
    Uinput *self = target;

    emit(self, EV_ABS, ABS_X, x_px);
    emit(self, EV_ABS, ABS_Y, y_px);
    sync_events(self);
}

static void uinput_button(void *target, unsigned button, bool pressed)
{
    static const uint16_t codes[] = {0, BTN_LEFT, BTN_MIDDLE, BTN_RIGHT};
    Uinput *self = target;

    emit(self, EV_KEY, codes[button], pressed);
    sync_events(self);
}

static bool uinput_key(void *target, uint32_t code, bool pressed)
{
    Uinput *self = target;
    Key key = code >= MC_KEY_HID ? (Key){mc_hid_key(code - MC_KEY_HID), false} : key_of(code);

    if (!key.key)
        return false;
    if (key.shift && pressed)
        emit(self, EV_KEY, KEY_LEFTSHIFT, 1);
    emit(self, EV_KEY, key.key, pressed);
    sync_events(self);
    if (key.shift && pressed) {
        emit(self, EV_KEY, KEY_LEFTSHIFT, 0);
        sync_events(self);
    }
    return true;
}

static void uinput_scroll(void *target, int32_t x_120, int32_t y_120)
{
    Uinput *self = target;

    self->rest_x += x_120;
    self->rest_y += y_120;
    emit(self, EV_REL, REL_WHEEL, self->rest_y / NOTCH);
    emit(self, EV_REL, REL_HWHEEL, self->rest_x / NOTCH);
    sync_events(self);
    self->rest_x %= NOTCH;
    self->rest_y %= NOTCH;
}

static void uinput_touch(void *target, unsigned contact, int32_t x_px, int32_t y_px, bool pressed)
{
    Uinput *self = target;
    const int fd = self->touch_fd;
    const unsigned before = self->down, bit = 1u << contact;

    self->down = pressed ? before | bit : before & ~bit;
    emit_to(fd, EV_ABS, ABS_MT_SLOT, (int32_t) contact);
    if (pressed && !(before & bit)) {
        emit_to(fd, EV_ABS, ABS_MT_TRACKING_ID, self->tracking);
        self->tracking = (self->tracking + 1) % TRACKING_IDS;
    } else if (!pressed) {
        emit_to(fd, EV_ABS, ABS_MT_TRACKING_ID, -1);
    }
    if (pressed) {
        emit_to(fd, EV_ABS, ABS_MT_POSITION_X, x_px);
        emit_to(fd, EV_ABS, ABS_MT_POSITION_Y, y_px);
    }
    if (!before != !self->down)
        emit_to(fd, EV_KEY, BTN_TOUCH, self->down != 0);
    emit_to(fd, EV_SYN, SYN_REPORT, 0);
}

const McInputTarget mc_input_uinput = {
    .name = "uinput",
    .open = uinput_open,
    .close = uinput_close,
    .move = uinput_move,
    .button = uinput_button,
    .key = uinput_key,
    .scroll = uinput_scroll,
    .touch = uinput_touch,
};
