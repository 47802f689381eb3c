/* command.h — which command stands for which method: `purvey <noun> <verb>`. Everything is derived
 * from the generated tables, so that a new RPC is a new command.
 *
 * The noun is the service's name without "Service": TierAccountService is "tier-account". The verb
 * is the method's name without the noun's words, which may stand in the plural at their end; where
 * not all of them stand there, the first ones are taken: GetOrder is "order get", ListTierAccounts
 * "tier-account list", EndItemSale "item end-sale", UploadUsageRecords of UsageReportService
 * "usage-report upload-records", AnswerInquiry of OrderService "order answer-inquiry". Two methods
 * of one service never get the same verb: a test proves it over all services.
 *
 * Memory: static tables are borrowed; names are held in the struct. Threads: any. */
#ifndef PV_CLIENT_CLI_COMMAND_H
#define PV_CLIENT_CLI_COMMAND_H

#include "protos/runtime/rules.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of a noun or verb with its NUL; a longer name in a .proto stops the program at once. */
enum { PV_COMMAND_WORD_SIZE = 64 };

/* The services a program can call; the array is static. */
typedef struct pv_service_list {
    const pv_service_info *const *services;
    size_t count;
} pv_service_list;

typedef struct pv_command {
    const pv_service_info *service;
    const pv_method_info *method;
    char noun[PV_COMMAND_WORD_SIZE];
    char verb[PV_COMMAND_WORD_SIZE];
} pv_command;

/* "order" of "purvey.order.v1.OrderService". */
void pv_command_noun(const pv_service_info *service, char ret_noun[PV_COMMAND_WORD_SIZE]);

/* The command of a method; `index` is below service->method_count. */
void pv_command_of(const pv_service_info *service, size_t index, pv_command *ret_command);

/* The service of a noun; NULL if there is none. */
const pv_service_info *pv_command_find_noun(pv_service_list list, const char *noun);

/* The command of noun and verb. */
PV_MUST_USE bool pv_command_find(pv_service_list list, const char *noun, const char *verb,
                                 pv_command *ret_command);

/* The request's field that the ID behind the verb fills: "<object>_id", where the object is what
 * the method's name says behind its verb, else the noun, of either if need be only the last words
 * (report_id of a usage report), else the required id of the object that the method changes
 * (membership_id of an invitation). NULL: the command takes no ID. */
const ProtobufCFieldDescriptor *pv_command_id_field(const pv_command *command);

/* The unary method of the list that reads the object whose etag the command compares (the one it changes, else
 * the one that `field` names) and needs no more than `field` to do so; NULL if there is none.
 * `field` is what pv_command_id_field gave. */
const pv_method_info *pv_command_reader(pv_service_list list, const pv_command *command,
                                        const ProtobufCFieldDescriptor *field);

#ifdef __cplusplus
}
#endif
#endif
