/* doctor.h — `purvey doctor`: everything that a call needs, tried piece by piece in the order in which it is needed,
 * and told in plain words. Internal to the doctor's files.
 *   doctor.c          what was found, told as lines or as JSON
 *   doctor_way.c      profile, files, the way to the server, its certificate
 *   doctor_service.c  what the service says: who I am, its clock, its state
 *   doctor_rights.c   what may be called, and why not what may not
 * What is found wrong has a reason: one of trouble.h, or of the service. */
#ifndef PV_CLIENT_CLI_DOCTOR_H
#define PV_CLIENT_CLI_DOCTOR_H

#include "client/cli/extra.h"
#include "client/cli/profile.h"
#include "purvey/account/v1/identity_service.pv.h"

#include <jansson.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    PV_DOCTOR_SERVER_DAYS = 14, /* left for the server's certificate: from then on a warning */
    PV_DOCTOR_CLOCK_S = 60      /* more than that the clocks may not differ */
};

typedef enum pv_doctor_level {
    PV_DOCTOR_OK = 0,
    PV_DOCTOR_WARNING, /* works now, will not always */
    PV_DOCTOR_PROBLEM,
    PV_DOCTOR_SKIPPED /* could not be tried, because of a problem before */
} pv_doctor_level;

typedef struct pv_doctor {
    pv_cli *cli;
    pv_options options;
    bool methods; /* --methods: name each */
    pv_profile profile;
    bool has_pair;    /* certificate and key can be used */
    pv_exit exit;     /* of the first problem */
    json_t *findings; /* what was found, for -o json; NULL: it is told at once */
    json_t *rights;   /* of each method, likewise */
} pv_doctor;

/* Tells what was found about `check`, one word. */
__attribute__((format(printf, 3, 4))) void pv_doctor_fine(pv_doctor *self, const char *check,
                                                          const char *format, ...);
__attribute__((format(printf, 3, 4))) void pv_doctor_skip(pv_doctor *self, const char *check,
                                                          const char *format, ...);
/* A refusal as a problem, or as a warning. */
void pv_doctor_refused(pv_doctor *self, const char *check, pv_doctor_level level,
                       const pv_error *error);

/* False: the calls behind cannot be tried. */
bool pv_doctor_files(pv_doctor *self);
bool pv_doctor_way(pv_doctor *self);

void pv_doctor_service(pv_doctor *self);
void pv_doctor_rights(pv_doctor *self, const pv_who_am_iresponse *who);

#ifdef __cplusplus
}
#endif
#endif
