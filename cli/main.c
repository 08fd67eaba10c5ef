/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/memctl.h"

int main(int argc, char **argv) {
        return memctl_main(argc, argv);
}
