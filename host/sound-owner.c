/* SPDX-License-Identifier: MIT */
/* Who a virtual output belongs to: a process, by number and start. */
#include <glib.h>
#include <string.h>

#include "host/sound-route.h"

/* A number alone may be another process's by now. */
char *mc_sound_route_owner(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int) pid);
    g_autofree char *stat = NULL;
    g_auto(GStrv) fields = NULL;

    if (!g_file_get_contents(path, &stat, NULL, NULL))
        return NULL;
    const char *name_end = strrchr(stat, ')'); /* the name may hold anything */
    fields = name_end ? g_strsplit(name_end + 1, " ", 0) : NULL;
    if (!fields || g_strv_length(fields) < 21) /* proc(5): starttime is field 22 */
        return NULL;
    return g_strdup_printf("%d:%s", (int) pid, fields[20]);
}
