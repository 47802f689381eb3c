/* authority.h — `purvey authority ...`: what an operator does with the certificate authority of a server, on its
 * machine or where its folder lies. Everything works on files alone; a server that runs on them is told to read them
 * again. */
#ifndef PV_CLIENT_CLI_AUTHORITY_H
#define PV_CLIENT_CLI_AUTHORITY_H

#include "client/cli/store.h"
#include "server/identity/rotation.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const pv_extra pv_extra_authority_show;
extern const pv_extra pv_extra_authority_prepare;
extern const pv_extra pv_extra_authority_activate;
extern const pv_extra pv_extra_authority_retire;
extern const pv_extra pv_extra_authority_renew_server;
extern const pv_extra pv_extra_authority_readmit;

/* One run of one of them. */
typedef struct pv_authority_command {
    pv_store_command store; /* first: what the guard of the store hands out is the whole */
    const char *root_key;   /* the file of --root-key; NULL: in the folder */
    const char *server_key; /* likewise of --server-ca-key */
    const char *out;        /* the folder of --out */
    bool compromised;
    const char *hosts[PV_HOSTS_MAX];
    size_t host_count;
    const char *folder; /* of the authority */
    pv_error error;
} pv_authority_command;

/* The certificates that are accepted of one issuing authority, as the store says. */
typedef struct pv_issued {
    pv_issuing_info by;
    uint64_t certificates;
    pv_time last_end; /* of them */
} pv_issued;

/* Lists the issuing authorities. `ret_known`: the store was there, and certificates are counted. False after a
 * message. */
bool pv_authority_count(pv_authority_command *command, const pv_issued **ret_list,
                        size_t *ret_count, bool *ret_known);

/* Says why it was refused. */
pv_exit pv_authority_tell(pv_authority_command *command);

/* Work for `show` and `readmit`. */
pv_exit pv_authority_show(pv_store_command *command);
pv_exit pv_authority_readmit(pv_store_command *command);

#ifdef __cplusplus
}
#endif
#endif
