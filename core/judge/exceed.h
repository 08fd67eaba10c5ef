/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Is the stall share now above what this host did before? Answered by ranks alone, for blocks of
 * one length, as an e-value: a number that is at least x with probability at most 1/x, however long
 * and however often one looks, when nothing has changed (Ville's inequality; Howard, Ramdas,
 * McAuliffe, Sekhon 2021, "Time-uniform, nonparametric, nonasymptotic confidence sequences").
 *
 * Nothing has changed means: the blocks before and since are exchangeable. Let th_a be the (a+1)-th
 * largest of n blocks before. n values cut the line into n+1 gaps, whose probabilities are
 * together Dirichlet(1, ..., 1); a+1 of these gaps lie above th_a. So when e of the t-1 blocks
 * since have exceeded th_a, the next one does with probability at most
 *
 *     q = (a + 1 + e) / (n + t)                                              (a Pólya urn)
 *
 * and that holds given the counts of all th_a together, when no values tie. (What ties with th_a
 * does not exceed it, and e may then be too low at times; that the bets below still do not gain on
 * average is tested over all orders of values with ties.) A gambler who stakes on "exceeds" with
 * odds r >= q, r chosen before the block is seen, multiplies a wealth by r/q when it does, else by
 * (1-r)/(1-q): on average at most 1. What is bet on here is more, that the block exceeds th_a by a
 * margin that matters; as r >= q this pays never more than the bet on th_a itself, block by block,
 * so what holds for that one holds for this one. (For this, e counts what exceeds th_a, not the
 * margin.) An average of such wealths over a, r and the block with which betting begins is again
 * one.
 *
 * r/q is capped: one block, however tall, says little more than that a burst came.
 */

#include "core/base/util.h"

#define EXCEED_LEVELS 6 /* a = 0, 1, 3, 7, 15, 31 */
#define EXCEED_ODDS 3   /* r = 0.95, 0.5, 2q (at most 0.95) */
/* Fewer blocks before than this say nothing. */
#define EXCEED_BASELINE_MIN 3

typedef struct ExceedLevel {
        double threshold; /* th_a */
        double raised;    /* th_a and the margin */
        double far;       /* th_a and the margin of the fast lane */
        unsigned n_exceeded;
        double wealth[EXCEED_ODDS]; /* staked so far, without the cash */
        double fast;
} ExceedLevel;

typedef struct Exceed {
        unsigned n; /* blocks before */
        unsigned t; /* blocks since */
        double cap;
        double cap_fast;
        size_t n_levels;
        ExceedLevel levels[EXCEED_LEVELS];
        double staked; /* share of the wealth that bets; the rest is cash */
        double e_value;
} Exceed;

/*
 * blocks: n values before the change, shares of time (or of bursts: sums of shares); sorted here,
 * in place. margin: a rise that matters, at least. cap: what one block can multiply the wealth by,
 * at most; cap_fast: of the bets on jumps that nobody would call noise. Without EXCEED_BASELINE_MIN
 * blocks the e-value stays 1.
 */
void exceed_arm(
        Exceed *exceed, double *blocks, size_t n, double margin, double cap, double cap_fast);

/* One block since the change. Allocates nothing. */
void exceed_add(Exceed *exceed, double share);
