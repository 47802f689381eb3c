/* Client stubs in X.pv.h: thin typed wrappers over protos/runtime/stub.h. */
#include "bazel/codegen/emit_parts.h"
#include "bazel/codegen/names.h"
#include "protos/runtime/rules.h"

static const char *table_name(const gen_method *method)
{
    return gen_format("%s__METHOD", gen_upper(method->short_name));
}

static void put_unary(const gen_method *method, gen_text *out)
{
    gen_print(out,
              "static inline pv_status %s(pv_client *client, pv_arena *arena,\n"
              "    const pv_client_options *options, const %s *request,\n"
              "    %s **ret_response, pv_error *ret_error)\n"
              "{\n"
              "    ProtobufCMessage *response = NULL;\n"
              "    pv_status status = pv_client_unary(client, %s, arena, options,\n"
              "                                       &request->base, &response, ret_error);\n"
              "    if (pv_is_ok(status)) { *ret_response = (%s *)(void *)response; }\n"
              "    return status;\n"
              "}\n",
              method->stub_name, method->request->short_name, method->response->short_name,
              table_name(method), method->response->short_name);
}

/* The request, when there is one only, goes out when the call is opened. */
static void put_open(const gen_method *method, gen_text *out)
{
    pv_method_kind kind = (pv_method_kind)gen_kind(method);
    bool requested = kind == PV_METHOD_UNARY || kind == PV_METHOD_SERVER_STREAM;
    const char *parameter =
        requested ? gen_format(" const %s *request,", method->request->short_name) : "";
    gen_print(out,
              "static inline pv_status %s_open(pv_client *client, pv_arena *arena,\n"
              "    const pv_client_options *options,%s\n"
              "    pv_client_call **ret_call, pv_error *ret_error)\n"
              "{\n"
              "    return pv_client_start(client, %s, arena, options, %s,\n"
              "                           ret_call, ret_error);\n"
              "}\n",
              method->stub_name, parameter, table_name(method),
              requested ? "&request->base" : "NULL");
}

static void put_send(const gen_method *method, gen_text *out)
{
    gen_print(out,
              "static inline pv_status %s_send(pv_client_call *call, const %s *request)\n"
              "{\n"
              "    return pv_client_send(call, &request->base);\n"
              "}\n",
              method->stub_name, method->request->short_name);
}

static void put_receive(const gen_method *method, gen_text *out)
{
    gen_print(out,
              "/* OK with a NULL response is the end of the stream: end the call with "
              "pv_client_finish. */\n"
              "static inline pv_status %s_receive(pv_client_call *call, pv_arena *arena,\n"
              "    %s **ret_response)\n"
              "{\n"
              "    ProtobufCMessage *response = NULL;\n"
              "    pv_status status = pv_client_receive(call, arena, &response);\n"
              "    if (pv_is_ok(status)) { *ret_response = (%s *)(void *)response; }\n"
              "    return status;\n"
              "}\n",
              method->stub_name, method->response->short_name, method->response->short_name);
}

/* The one answer. */
static void put_finish(const gen_method *method, gen_text *out)
{
    gen_print(
        out,
        "/* Says that all is sent, takes the answer and ends the call, also when it failed. */\n"
        "static inline pv_status %s_finish(pv_client_call *call, pv_arena *arena,\n"
        "    %s **ret_response)\n"
        "{\n"
        "    ProtobufCMessage *response = NULL;\n"
        "    pv_status status = pv_client_answer(call, arena, &response);\n"
        "    if (pv_is_ok(status)) { *ret_response = (%s *)(void *)response; }\n"
        "    return status;\n"
        "}\n",
        method->stub_name, method->response->short_name, method->response->short_name);
}

void gen_emit_stub(const gen_method *method, gen_text *out)
{
    gen_put(out, "\n");
    gen_put_comment(out, gen_format("Calls %s.", method->element.label));
    switch ((pv_method_kind)gen_kind(method)) {
    case PV_METHOD_UNARY:
        put_unary(method, out);
        put_open(method, out);
        put_finish(method, out);
        break;
    case PV_METHOD_SERVER_STREAM:
        put_open(method, out);
        put_receive(method, out);
        break;
    case PV_METHOD_CLIENT_STREAM:
        put_open(method, out);
        put_send(method, out);
        put_finish(method, out);
        break;
    case PV_METHOD_BIDI_STREAM:
        put_open(method, out);
        put_send(method, out);
        put_receive(method, out);
        break;
    }
}
