/* client.c — the connection. */
#include "client/rpc/internal.h"
#include "protos/runtime/reasons.h"

#include <grpc/grpc_security.h>
#include <stdlib.h>

static grpc_arg integer_arg(const char *key, int value)
{
    grpc_arg arg;
    memset(&arg, 0, sizeof arg);
    arg.type = GRPC_ARG_INTEGER;
    arg.key = (char *)(uintptr_t)key;
    arg.value.integer = value;
    return arg;
}

static grpc_arg text_arg(const char *key, const char *value)
{
    grpc_arg arg;
    memset(&arg, 0, sizeof arg);
    arg.type = GRPC_ARG_STRING;
    arg.key = (char *)(uintptr_t)key;
    arg.value.string = (char *)(uintptr_t)value;
    return arg;
}

static grpc_channel_credentials *make_credentials(const pv_client_tls *tls)
{
    if (tls == NULL) { return grpc_insecure_credentials_create(); }
    grpc_ssl_pem_key_cert_pair pair = {tls->key, tls->certificate};
    return grpc_ssl_credentials_create(tls->ca, tls->certificate == NULL ? NULL : &pair, NULL,
                                       NULL);
}

static int or_default(int64_t value, int value_default)
{
    PV_ASSERT(value <= INT32_MAX);
    return value <= 0 ? value_default : (int)value;
}

static grpc_channel *make_channel(const pv_client_config *config,
                                  grpc_channel_credentials *credentials)
{
    size_t bytes_max = config->response_bytes_max == 0 ? PV_CLIENT_RESPONSE_BYTES_DEFAULT
                                                       : config->response_bytes_max;
    PV_ASSERT(bytes_max <= INT32_MAX);
    grpc_arg list[11];
    size_t count = 0;
    /* A call is sent once: what may be repeated, the caller knows. */
    list[count++] = integer_arg(GRPC_ARG_ENABLE_RETRIES, 0);
    /* A connection of its own for each client, and none through a proxy from the environment. */
    list[count++] = integer_arg(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    list[count++] = integer_arg(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    list[count++] = integer_arg(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, (int)bytes_max);
    list[count++] = integer_arg(GRPC_ARG_KEEPALIVE_TIME_MS,
                                or_default(config->keepalive_ms, PV_CLIENT_KEEPALIVE_MS));
    list[count++] =
        integer_arg(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                    or_default(config->keepalive_timeout_ms, PV_CLIENT_KEEPALIVE_TIMEOUT_MS));
    /* By default the core stops to ping a stream on which nothing is sent after the second time. */
    list[count++] = integer_arg(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
    list[count++] = integer_arg(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 5000);
    if (config->tls != NULL && config->tls->server_name != NULL) {
        list[count++] = text_arg(GRPC_SSL_TARGET_NAME_OVERRIDE_ARG, config->tls->server_name);
    }
    if (config->user_agent != NULL) {
        list[count++] = text_arg(GRPC_ARG_PRIMARY_USER_AGENT_STRING, config->user_agent);
    }
    grpc_channel_args args = {count, list};
    return grpc_channel_create(config->target, credentials, &args);
}

pv_status pv_client_create(const pv_client_config *config, pv_error *error, pv_client **ret_client)
{
    grpc_init();
    grpc_channel_credentials *credentials = make_credentials(config->tls);
    if (credentials == NULL) {
        grpc_shutdown_blocking();
        return pv_refuse(error, &pv_reason_internal,
                         "the CA, certificate or key for %s cannot be used", config->target);
    }
    pv_client *client = (pv_client *)calloc(1, sizeof *client);
    PV_ASSERT(client != NULL);
    client->channel = make_channel(config, credentials);
    grpc_channel_credentials_release(credentials);
    client->deadline_ms =
        config->deadline_ms <= 0 ? PV_CLIENT_DEADLINE_MS_DEFAULT : config->deadline_ms;
    *ret_client = client;
    return pv_ok();
}

void pv_client_destroy(pv_client *client)
{
    if (client == NULL) { return; }
    grpc_channel_destroy(client->channel);
    free(client);
    /* The core ends in threads of its own; this waits for them if nobody else uses it. */
    grpc_shutdown_blocking();
}
