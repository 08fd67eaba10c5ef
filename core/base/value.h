/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A knob's value: what a person writes with units, what the kernel prints with brackets, and the
 * one canonical text that is written. A Value holds no heap memory: copy it, compare it, forget it.
 */

#include "core/base/integer.h"

typedef enum ValueKind {
        VALUE_INTEGER,
        VALUE_BOOL,   /* the kernel takes 0 and 1; some print Y and N */
        VALUE_CHOICE, /* one word out of a list, "[madvise]" when read */
        VALUE_VECTOR, /* integers in a fixed order, blank or tab separated */
        _VALUE_KIND_MAX,
        _VALUE_KIND_INVALID = -EINVAL,
} ValueKind;

/* What one count means. Decides which suffixes a person may write. */
typedef enum ValueUnit {
        VALUE_UNIT_NONE,
        VALUE_UNIT_BYTES,     /* 64MiB allowed */
        VALUE_UNIT_KIB,       /* 64MiB allowed, becomes 65536 */
        VALUE_UNIT_PAGES,     /* a plain number */
        VALUE_UNIT_HUGEPAGES, /* a plain number */
        VALUE_UNIT_PERCENT,   /* 10 or 10% */
        VALUE_UNIT_PERMYRIAD, /* 1/10000: a plain number, or 0.5% = 50 */
        VALUE_UNIT_CENTISECS, /* 10s allowed, becomes 1000 */
        VALUE_UNIT_MSEC,      /* 10s allowed, becomes 10000 */
        VALUE_UNIT_SEC,       /* 12h allowed */
        _VALUE_UNIT_MAX,
        _VALUE_UNIT_INVALID = -EINVAL,
} ValueUnit;

#define VALUE_VECTOR_MAX 8
#define VALUE_WORD_MAX 32
/* Room for the longest canonical text: eight 64-bit numbers with sign and separator. */
#define VALUE_TEXT_MAX (VALUE_VECTOR_MAX * 22 + 1)

typedef struct Value {
        ValueKind kind;
        size_t n; /* numbers in use: 1 but for vectors, 0 for choices */
        Integer integers[VALUE_VECTOR_MAX];
        char word[VALUE_WORD_MAX];
} Value;

/* What values a knob takes on this kernel (see knob_value_type). */
typedef struct ValueType {
        ValueKind kind;
        ValueUnit unit;
        Integer min;
        Integer max;
        Integer gap_first; /* gap_first..gap_last lie in the range and are refused all the same; */
        Integer gap_last;  /* both 0: no gap */
        const char *const *choices; /* NULL-terminated; only for VALUE_CHOICE */
} ValueType;

const char *value_kind_to_string(ValueKind kind);
ValueKind value_kind_from_string(const char *name);
/* "KiB", "1/100 s", "" for none. */
const char *value_unit_to_string(ValueUnit unit);

/*
 * What a person wrote, with units, checked against kind and range. -EINVAL or -ERANGE, and then
 * *ret_why (the caller frees; may be NULL without memory) says what was wrong and what was
 * expected, fit to follow the knob's name: 'is 300, above the maximum 200'.
 */
int value_parse(const ValueType *type, const char *text, Value *ret, char **ret_why);

/*
 * What the kernel printed: white space around it, the chosen word in brackets, Y or N. The range
 * is not checked (the kernel may hold what it would not accept). -EINVAL when it cannot be that
 * kind.
 */
int value_parse_kernel(const ValueType *type, const char *text, Value *ret);

/* A number of units from a computation (of-ram), checked against the range like value_parse. */
int value_from_uint64(const ValueType *type, uint64_t number, Value *ret, char **ret_why);

/* Canonical text, without newline: what is written to the kernel and compared. */
void value_format(const Value *value, char buffer[static VALUE_TEXT_MAX]);
/* For people: "67584 KiB (66 MiB)", "3000 (30s)"; the caller frees. NULL without memory. */
char *value_format_human(const ValueType *type, const Value *value);
/* "0 to 200", "one of always, madvise, never"; the caller frees. */
char *value_type_format(const ValueType *type);

bool value_equal(const Value *a, const Value *b);
/* A single number that is 0: the member of a coupled pair that is not in force. */
bool value_is_zero(const Value *value);
