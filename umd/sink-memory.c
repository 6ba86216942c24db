/* SPDX-License-Identifier: MIT */
#include "umd/sink-memory.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#define MAX_SINKS 200u
#define MAX_FILE_BYTES (256u * 1024)

static const char *const changing[] = {"wfd_client_rtp_ports", "wfd_content_protection",
                                       "wfd_uibc_capability", "microsoft_cursor",
                                       "wfd_display_edid"};

static bool changes(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(changing); i++)
        if (!g_ascii_strcasecmp(name, changing[i]))
            return true;
    return false;
}

void mc_sink_memory_key(const McWfdCaps *caps, char ret_key[MC_SINK_KEY_BYTES])
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

    for (guint i = 0; caps->params && i < caps->params->len; i++) {
        const McParam *param = g_ptr_array_index(caps->params, i);
        if (changes(param->name))
            continue;
        g_checksum_update(sum, (const guchar *) param->name, (gssize) strlen(param->name) + 1);
        g_checksum_update(sum, (const guchar *) param->value, (gssize) strlen(param->value) + 1);
    }
    g_strlcpy(ret_key, g_checksum_get_string(sum), MC_SINK_KEY_BYTES);
}

static char *file_path(void)
{
    return g_build_filename(g_get_user_state_dir(), "miracast", "sinks", NULL);
}

/* An empty one where there is none that can be read. */
static GKeyFile *load(void)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *path = file_path();
    g_autofree char *text = NULL;
    GStatBuf info;
    gsize len;

    if (g_stat(path, &info) < 0 || !S_ISREG(info.st_mode) || info.st_size > MAX_FILE_BYTES ||
        !g_file_get_contents(path, &text, &len, NULL) || len > MAX_FILE_BYTES ||
        !g_key_file_load_from_data(file, text, len, G_KEY_FILE_NONE, NULL)) {
        g_key_file_unref(g_steal_pointer(&file));
        return g_key_file_new();
    }
    return g_steal_pointer(&file);
}

McSinkMemory mc_sink_memory_load(const char *key)
{
    g_autoptr(GKeyFile) file = load();
    const int rung = g_key_file_get_integer(file, key, "rung", NULL);

    return (McSinkMemory){.rung = rung > 0 && rung < MC_N_RUNGS ? (McRung) rung : MC_RUNG_CHOSEN,
                          .patient = g_key_file_get_boolean(file, key, "patient", NULL)};
}

/* The file stays small: what was stored first goes first. */
static void make_room(GKeyFile *file)
{
    gsize count;
    g_auto(GStrv) groups = g_key_file_get_groups(file, &count);

    for (gsize i = 0; i + MAX_SINKS <= count; i++)
        g_key_file_remove_group(file, groups[i], NULL);
}

static bool save(GKeyFile *file)
{
    g_autofree char *path = file_path(), *folder = g_path_get_dirname(path), *text = NULL;
    g_autoptr(GError) error = NULL;
    gsize len;

    text = g_key_file_to_data(file, &len, NULL);
    if (g_mkdir_with_parents(folder, 0700) == 0 &&
        g_file_set_contents_full(path, text, (gssize) len, G_FILE_SET_CONTENTS_CONSISTENT, 0600,
                                 &error))
        return true;
    g_warning("%s cannot be written: %s", path, error ? error->message : g_strerror(errno));
    return false;
}

bool mc_sink_memory_store(const char *key, const char *name, const McSinkMemory *memory)
{
    g_autoptr(GKeyFile) file = load();
    const bool known = g_key_file_has_group(file, key);

    if (!memory->rung && !memory->patient) {
        if (!known)
            return true;
        g_key_file_remove_group(file, key, NULL);
        return save(file);
    }
    if (!known)
        make_room(file);
    g_key_file_set_string(file, key, "name", name ? name : "");
    g_key_file_set_integer(file, key, "rung", memory->rung);
    g_key_file_set_boolean(file, key, "patient", memory->patient);
    return save(file);
}
