/* SPDX-License-Identifier: MIT */
/* screen CARD WIDTH HEIGHT FILE: a program on a graphics card's screen. It shows the pictures whose
 * numbers come on standard input, one a line, and says each number once it is shown; FILE is what
 * was drawn (PPM). The screen is its own until its input ends. */
#include <drm_fourcc.h>
#include <stdio.h>
#include <stdlib.h>

#include "drm-client.h"

int main(int argc, char **argv)
{
    char line[32];

    if (argc != 5)
        return 2;
    DrmClient *client = drm_client_new(argv[1]);
    drm_client_mode(client, (uint32_t) atoi(argv[2]), (uint32_t) atoi(argv[3]),
                    DRM_FORMAT_XRGB8888);
    while (fgets(line, sizeof(line), stdin)) {
        const unsigned picture = (unsigned) atoi(line);
        drm_client_show(client, picture);
        drm_client_save(client, argv[4]);
        printf("shown: %u\n", picture);
        fflush(stdout);
    }
    drm_client_free(client);
    return 0;
}
