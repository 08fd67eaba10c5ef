/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/judge/detect.h"

#include <math.h>

/* A mean that rose by less than this part of itself is as good as before. */
#define HARM_PART 0.5

static const char *const alarm_names[] = {
        [DETECT_QUIET] = "none",
        [DETECT_REGRESSION] = "regression",
        [DETECT_BUDGET] = "budget",
        [DETECT_ABSOLUTE] = "regression",
};

const char *detect_alarm_to_string(DetectAlarm alarm) {
        return alarm_names[alarm];
}

void detect_init(Detect *detect, const DetectConfig *config) {
        *detect = (Detect){.config = *config};
        for (size_t i = 0; i < DETECT_METRICS; i++)
                blocks_init(&detect->blocks[i], config->block_usec);
}

bool detect_is_judged(const Detect *detect, size_t metric) {
        return detect->config.weights[metric] > 0;
}

static double margin_of(const Detect *detect, size_t metric) {
        double margin = detect->config.margins[metric];

        return margin > 0 ? margin : DETECT_MARGIN;
}

void detect_arm(Detect *detect) {
        double block_sec = (double) detect->config.block_usec / USEC_PER_SEC;
        double before[BLOCKS_MAX];

        for (size_t i = 0; i < DETECT_METRICS; i++) {
                if (!detect_is_judged(detect, i))
                        continue;
                size_t n = blocks_copy(&detect->blocks[i], before);
                stream_arm(&detect->streams[i], before, n, block_sec, margin_of(detect, i));
                blocks_begin(&detect->blocks[i]);
                /* From here on those since the change are counted. */
                detect->blocks[i].n_gaps = detect->blocks[i].n_resets = 0;
        }
        detect->armed = true;
}

static void raise_alarm(Detect *detect, DetectAlarm alarm, size_t metric) {
        if (detect->alarm != DETECT_QUIET)
                return;
        detect->alarm = alarm;
        detect->alarm_metric = metric;
}

static void judge_block(Detect *detect, size_t metric, double share) {
        Stream *stream = &detect->streams[metric];
        bool has_before = stream_has_before(stream);
        unsigned length;

        stream_add(stream, share);
        double evidence = detect->config.weights[metric] * stream_evidence(stream, &length);
        if (evidence < 1 / (has_before ? DETECT_ALPHA : DETECT_ALPHA_ABSOLUTE) ||
            detect->alarm != DETECT_QUIET)
                return;
        raise_alarm(detect, has_before ? DETECT_REGRESSION : DETECT_ABSOLUTE, metric);
        detect->e_value = evidence;
        detect->told_usec = length * detect->config.block_usec;
}

static void take_news(Detect *detect, size_t metric, const BlocksNews *news) {
        Stream *stream = &detect->streams[metric];

        if (!detect->armed) {
                if (news->closed)
                        blocks_keep(&detect->blocks[metric], news->block);
                return;
        }
        if (news->gap)
                stream_break(stream);
        if (news->closed)
                judge_block(detect, metric, news->block);
        if (news->passed_sec > 0 && budget_add(&stream->budget, news->share, news->passed_sec))
                raise_alarm(detect, DETECT_BUDGET, metric);
}

DetectAlarm detect_add(Detect *detect,
                       usec_t at_usec,
                       const usec_t totals[static DETECT_METRICS],
                       const bool valid[static DETECT_METRICS]) {
        for (size_t i = 0; i < DETECT_METRICS; i++) {
                if (!detect_is_judged(detect, i))
                        continue;
                BlocksNews news = {0};
                if (valid[i])
                        news = blocks_add(&detect->blocks[i], at_usec, totals[i]);
                else
                        news.gap = blocks_miss(&detect->blocks[i]);
                take_news(detect, i, &news);
        }
        return detect->alarm;
}

void detect_break(Detect *detect) {
        for (size_t i = 0; i < DETECT_METRICS; i++)
                if (blocks_miss(&detect->blocks[i]) && detect->armed)
                        stream_break(&detect->streams[i]);
}

Interval detect_before(const Detect *detect, size_t metric) {
        return average_interval(&detect->streams[metric].before);
}

Interval detect_after(const Detect *detect, size_t metric) {
        return average_interval(&detect->streams[metric].after);
}

double detect_harm(const Detect *detect, size_t metric) {
        double margin = detect->config.margins[metric];

        if (!stream_has_before(&detect->streams[metric]))
                return ABSOLUTE_TOLERANCE;
        return MAX_OF(margin > 0 ? margin : DETECT_HARM,
                      detect_before(detect, metric).mean * HARM_PART);
}

/* How far the upper bound of the change stays below harm; not above 0 when it does not, or cannot
 * be told. */
static double distance_to_harm(const Detect *detect, size_t metric) {
        Interval before = {0}, after = detect_after(detect, metric);

        if (stream_has_before(&detect->streams[metric]))
                before = detect_before(detect, metric);
        Interval change = interval_change(before, after);
        return change.half < 0 ? -1 : detect_harm(detect, metric) - change.mean - change.half;
}

DetectOutcome detect_finish(const Detect *detect, size_t *ret_metric) {
        double nearest = INFINITY;

        for (size_t i = 0; i < DETECT_METRICS; i++) {
                double distance =
                        detect_is_judged(detect, i) ? distance_to_harm(detect, i) : INFINITY;
                if (distance >= nearest)
                        continue;
                nearest = distance;
                *ret_metric = i;
        }
        return nearest > 0 ? DETECT_KEEP : DETECT_INCONCLUSIVE;
}

double detect_evidence(const Detect *detect, size_t *ret_metric) {
        double best = 0;
        unsigned length;

        for (size_t i = 0; i < DETECT_METRICS; i++) {
                double evidence = detect_is_judged(detect, i)
                                          ? detect->config.weights[i] *
                                                    stream_evidence(&detect->streams[i], &length)
                                          : 0;
                if (evidence <= best)
                        continue;
                best = evidence;
                *ret_metric = i;
        }
        return best;
}
