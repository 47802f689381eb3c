/* log.h — one JSON object per line on stderr. Fields are bounded (256 bytes of a value are kept)
 * and escaped, so that one record is one line whatever a peer sends. Secrets are never passed
 * in. Threads: any; a record is written with one write(2). */
#ifndef PV_BASE_LOG_H
#define PV_BASE_LOG_H

#include "base/view.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum pv_log_level {
    PV_LOG_DEBUG = 0,
    PV_LOG_INFO = 1,
    PV_LOG_WARN = 2,
    PV_LOG_ERROR = 3
} pv_log_level;

/* Least level that is written; PV_LOG_INFO at start. */
void pv_log_set_level(pv_log_level level);

typedef struct pv_log_field {
    const char *key;
    pv_view text;   /* used when data is not NULL */
    int64_t number; /* else */
} pv_log_field;

static inline pv_log_field pv_log_text(const char *key, const char *text)
{
    pv_log_field field;
    field.key = key;
    field.text = pv_view_text(text == NULL ? "" : text);
    field.number = 0;
    return field;
}

static inline pv_log_field pv_log_number(const char *key, int64_t number)
{
    pv_log_field field;
    field.key = key;
    field.text = pv_view_of(NULL, 0);
    field.number = number;
    return field;
}

/* Writes {"time":...,"level":...,"event":event, fields...}. `event` is a short static name. */
void pv_log(pv_log_level level, const char *event, const pv_log_field *fields, size_t count);

#ifdef __cplusplus
}
#endif
#endif
