/* SPDX-License-Identifier: MIT */
#include "encoder/urgency.h"

#include <sys/resource.h>
#include <unistd.h>

#define NICE (-11) /* what sound servers take */

/* Nice values are a thread's own on Linux, against POSIX. */
void mc_urgency_raise(void)
{
    (void) !setpriority(PRIO_PROCESS, (id_t) gettid(), NICE);
}
