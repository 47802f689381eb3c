/* upload.h — sending one report's rows of the usage file over one stream, with a progress bar, resumably. */
#ifndef PV_CLIENT_DEMO_UPLOAD_H
#define PV_CLIENT_DEMO_UPLOAD_H

#include "client/demo/chain.h"
#include "purvey/usage/v1/usage_report_service.pv.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct upload {
    struct chain *chain;
    size_t report;     /* index in the survey */
    uint64_t crash_at; /* kill the server once this many records were sent; 0: never */
} upload;

/* Uploads all accepted rows of the report from the first one, and resumes when the connection breaks. */
bool upload_run(upload *of, pv_upload_usage_records_response **ret_response);

/* Row of the file that became this record number. */
bool upload_row_of(const upload *of, uint64_t record_number, pv_focus_row *ret_row);

#ifdef __cplusplus
}
#endif

#endif
