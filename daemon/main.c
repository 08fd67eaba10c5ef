/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/memctld.h"

int main(int argc, char **argv) {
        return memctld_run(argc, argv, NULL);
}
