/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The look-ups that the list of close reasons generates. */
#include "proxy/close_reason.h"

const char *
close_reason_word(enum close_reason reason)
{
    static const char *const words[CLOSE_REASON_COUNT] = {[CLOSE_NONE] = "open",
#define CLOSE_REASON_WORD(name, word, level, code) [CLOSE_##name] = (word),
        CLOSE_REASON_LIST(CLOSE_REASON_WORD)
#undef CLOSE_REASON_WORD
    };

    return words[reason];
}

enum log_level
close_reason_level(enum close_reason reason)
{
    static const enum log_level levels[CLOSE_REASON_COUNT] = {
        [CLOSE_NONE] = LOG_LEVEL_INFO,
#define CLOSE_REASON_LEVEL(name, word, level, code)                            \
    [CLOSE_##name] = LOG_LEVEL_##level,
        CLOSE_REASON_LIST(CLOSE_REASON_LEVEL)
#undef CLOSE_REASON_LEVEL
    };

    return levels[reason];
}

enum guide_code
close_reason_code(enum close_reason reason)
{
    static const enum guide_code codes[CLOSE_REASON_COUNT] = {
        [CLOSE_NONE] = SL_NONE,
#define CLOSE_REASON_CODE(name, word, level, code) [CLOSE_##name] = (code),
        CLOSE_REASON_LIST(CLOSE_REASON_CODE)
#undef CLOSE_REASON_CODE
    };

    return codes[reason];
}
