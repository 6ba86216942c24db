/* SPDX-License-Identifier: MIT */
#include "kmd-shim/input/keysyms.h"

#include <stddef.h>

/* Printable codes are their own keysyms; control codes have keys of their own (X11/keysymdef.h). */
uint32_t mc_keysym(uint32_t code)
{
    static const struct {
        uint32_t code, keysym;
    } controls[] = {{0x08, 0xff08},  /* BackSpace */
                    {0x09, 0xff09},  /* Tab */
                    {0x0a, 0xff0d},  /* Return */
                    {0x0d, 0xff0d},  /* Return */
                    {0x1b, 0xff1b},  /* Escape */
                    {0x7f, 0xffff}}; /* Delete */

    for (size_t i = 0; i < sizeof(controls) / sizeof(*controls); i++)
        if (controls[i].code == code)
            return controls[i].keysym;
    return (code >= 0x20 && code <= 0x7e) || (code >= 0xa0 && code <= 0xff) ? code : 0;
}
