/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The kernel shows one pool of reserved huge pages in up to four files: vm.nr_hugepages,
 * vm.nr_hugepages_mempolicy, hugepages.hugepages-2048kB.nr_hugepages, and each node's share of it
 * (mm/hugetlb.c). A plan that wrote two of them would take the second write for a change from
 * outside, and not give it back. Part of plan.c, apart for its size.
 */

#include "core/profile/plan.h"

/* Problem and -EINVAL when two settings, or a setting and an original to go back to, are the same
 * pool. */
int plan_check_pools(const Root *root, const Plan *plan, Problems *problems);
