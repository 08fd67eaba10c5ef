/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/syntax.h"

typedef struct Syntax {
        const char *libyaml;
        const char *hint;
} Syntax;

/* clang-format off */
static const Syntax syntaxes[] = {
        {"mapping values are not allowed in this context",
         "check the indentation; text that holds \": \" must be in quotes"},
        {"did not find expected key",
         "this line is indented otherwise than its neighbours, or a quote or bracket is not closed"},
        {"could not find expected ':'",
         "expected a line like \"key: value\""},
        {"did not find expected '-' indicator",
         "every entry of this list begins with \"- \" in the same column"},
        {"block sequence entries are not allowed in this context",
         "a list begins on the line below its key"},
        {"found character that cannot start any token",
         "text that begins with this character must be in quotes"},
        {"did not find expected comment or line break",
         "a comparison must be in quotes: \">= 4GiB\""},
        {"found unexpected end of stream",
         "a quote is opened and not closed"},
        {"did not find expected ',' or '}'",
         "a \"{\" is opened and not closed"},
        {"did not find expected ',' or ']'",
         "a \"[\" is opened and not closed"},
};
/* clang-format on */

const char *syntax_hint(const char *libyaml, const char *at) {
        if (at && *at == '\t')
                return "indent with blanks, not with tabs";
        for (size_t i = 0; i < ELEMENTSOF(syntaxes); i++)
                if (streq(syntaxes[i].libyaml, libyaml))
                        return syntaxes[i].hint;
        return NULL;
}
