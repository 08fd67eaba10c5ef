/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/tuned-function.h"

#include <ctype.h>

#define VIRT_CHECK "${f:virt_check:"

/* tuned asks virt-what; the flag is what that looks at on x86, too. */
static bool is_guest(const Root *root) {
        _cleanup_(freep) char *cpuinfo = NULL;

        if (root_read(root, "proc/cpuinfo", &cpuinfo) < 0)
                return false;
        const char *flags = strstr(cpuinfo, "\nflags");
        const char *found = flags ? strstr(flags, " hypervisor") : NULL;
        return found && found < flags + 1 + strcspn(flags + 1, "\n") &&
               (isspace((unsigned char) found[11]) || found[11] == '\0');
}

char *tuned_function_expand(const Root *root, const char *text) {
        const char *call = strstr(text, VIRT_CHECK);
        const char *first = call ? call + strlen(VIRT_CHECK) : NULL;
        const char *colon = first ? strchr(first, ':') : NULL;
        const char *end = colon ? strchr(colon, '}') : NULL;

        if (!end)
                return strdup(text);
        bool guest = is_guest(root);
        const char *chosen = guest ? first : colon + 1;
        size_t n = (size_t) ((guest ? colon : end) - chosen);
        _cleanup_(freep) char *once =
                text_format("%.*s%.*s%s", (int) (call - text), text, (int) n, chosen, end + 1);
        return once ? tuned_function_expand(root, once) : NULL;
}
