/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What others do, written anew from their sources, on memory pressure alone. Each tells when it
 * first says that the change made things worse. */

#include "tests/bench/detector-trace.h"

typedef enum Peer {
        /* memory.full avg10 above 60 % for 30 s: systemd-oomd's default; systemd
         * src/oom/oomd-util.c, oomd_pressure_above(), and oomd-manager.h. */
        PEER_OOMD_60,
        /* memory.full avg60 above 2 % for 15 s, avg10 above 2 % and not falling fast: oomd's
         * detector pressure_rising_beyond, looked at every 5 s; facebookincubator/oomd
         * src/oomd/plugins/PressureRisingBeyond.cpp. */
        PEER_OOMD_2,
        /* Mann-Whitney's interval for the shift of 10 s blocks, at 98 %, above a quarter of the
         * estimate, looked at every minute; spinnaker/kayenta kayenta-judge
         * .../classifiers/metric/MannWhitneyClassifier.scala and NetflixACAJudge.scala,
         * kayenta-mannwhitney MannWhitney.scala. */
        PEER_KAYENTA,
        /* One-sided CUSUM of 10 s blocks, k = sd/2, h = 5 sd (Page 1954; Montgomery, "Introduction
         * to Statistical Quality Control", chapter 9). */
        PEER_CUSUM,
        _PEER_MAX,
} Peer;

const char *peer_to_string(Peer peer);
/* Seconds after the change; 0: never. */
size_t peer_run(Peer peer, const Trace *trace, size_t n_before);
