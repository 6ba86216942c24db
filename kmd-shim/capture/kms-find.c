/* SPDX-License-Identifier: MIT */
#include "kmd-shim/capture/kms-find.h"

#include <stdlib.h>
#include <string.h>

#include "kmd-shim/capture/error.h"

#define FOLDER "/dev/dri"

static int by_number(const void *one, const void *other)
{
    return atoi(*(char *const *) one + strlen("card")) -
           atoi(*(char *const *) other + strlen("card"));
}

/* "card0", "card1", ...; none: there is no card at all. */
static GPtrArray *card_names(void)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) folder = g_dir_open(FOLDER, 0, NULL);
    const char *name;

    while (folder && (name = g_dir_read_name(folder)))
        if (g_str_has_prefix(name, "card") && g_ascii_isdigit(name[strlen("card")]))
            g_ptr_array_add(names, g_strdup(name));
    if (names->len)
        qsort(names->pdata, names->len, sizeof(gpointer), by_number);
    return names;
}

static void keep_error(GError **kept, GError **error)
{
    g_clear_error(kept);
    *kept = g_steal_pointer(error);
}

/* Every card that can be opened. Where none can, it is told what a person can do something about.
 */
static GPtrArray *open_cards(GError **error)
{
    g_autoptr(GPtrArray) names = card_names();
    g_autoptr(GError) first = NULL;
    GPtrArray *cards = g_ptr_array_new();

    if (!names->len)
        g_set_error_literal(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_NO_CARD,
                            "there is no graphics card with a kernel driver (" FOLDER ")");
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(FOLDER, g_ptr_array_index(names, i), NULL);
        g_autoptr(GError) why = NULL;
        McKmsCard *card = mc_kms_card_open(path, &why);
        if (card)
            g_ptr_array_add(cards, card);
        else if (!first || (why->code == MC_CAPTURE_ERROR_CARD_DENIED && first->code != why->code))
            keep_error(&first, &why);
    }
    if (!cards->len && first)
        g_propagate_error(error, g_steal_pointer(&first));
    return cards;
}

static McKmsCard *take_card(GPtrArray *cards, const char *name)
{
    McKmsCard *found = NULL;

    for (guint i = 0; i < cards->len; i++) {
        McKmsCard *card = g_ptr_array_index(cards, i);
        if (!found && name && !strcmp(mc_kms_card_name(card), name))
            found = card;
        else
            mc_kms_card_close(card);
    }
    return found;
}

McKmsCard *mc_kms_find(const char *wanted, McKmsScreen *ret_screen, GError **error)
{
    g_autoptr(GPtrArray) cards = open_cards(error);
    g_autoptr(GArray) screens = g_array_new(FALSE, FALSE, sizeof(McKmsScreen));

    if (!cards->len)
        return NULL;
    for (guint i = 0; i < cards->len; i++)
        mc_kms_card_list(g_ptr_array_index(cards, i), screens);
    const McKmsScreen *chosen =
        mc_kms_choose((const McKmsScreen *) (void *) screens->data, screens->len, wanted, error);
    if (chosen)
        *ret_screen = *chosen;
    return take_card(cards, chosen ? chosen->card : NULL);
}
