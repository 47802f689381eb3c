/* X.server.pv.c: adapters from erased message types to the typed handler functions. The table refers to
 * every function, so that one that is not written fails the link. */
#include "bazel/codegen/emit.h"
#include "bazel/codegen/emit_parts.h"
#include "protos/runtime/rules.h"

static void put_unary(const gen_method *method, gen_text *out)
{
    gen_print(out,
              "\nstatic pv_status %s__unary(pv_call *call, const ProtobufCMessage *request,\n"
              "                           ProtobufCMessage *response)\n"
              "{\n"
              "    return %s(call, (const %s *)(const void *)request,\n"
              "              (%s *)(void *)response);\n"
              "}\n",
              method->short_name, method->short_name, method->request->short_name,
              method->response->short_name);
}

static void put_receive(const gen_method *method, gen_text *out)
{
    gen_print(out,
              "\nstatic pv_status %s__receive(pv_call *call, const ProtobufCMessage *request)\n"
              "{\n"
              "    return %s_receive(call, (const %s *)(const void *)request);\n"
              "}\n",
              method->short_name, method->short_name, method->request->short_name);
}

static void put_finish(const gen_method *method, gen_text *out)
{
    gen_print(out,
              "\nstatic pv_status %s__finish(pv_call *call, ProtobufCMessage *response)\n"
              "{\n"
              "    return %s_finish(call, (%s *)(void *)response);\n"
              "}\n",
              method->short_name, method->short_name, method->response->short_name);
}

static void put_next(const gen_method *method, gen_text *out)
{
    bool bidi = gen_kind(method) == PV_METHOD_BIDI_STREAM;
    const char *request =
        bidi ? "" : gen_format("(const %s *)(const void *)request, ", method->request->short_name);
    gen_print(out,
              "\nstatic pv_status %s__next(pv_call *call, const ProtobufCMessage *request,\n"
              "                          ProtobufCMessage *response, pv_step *ret_step)\n"
              "{\n"
              "%s"
              "    return %s_next(call, %s(%s *)(void *)response,\n"
              "                   ret_step);\n"
              "}\n",
              method->short_name,
              bidi ? "    (void)request; /* a bidi stream gets its requests one by one */\n" : "",
              method->short_name, request, method->response->short_name);
}

static void put_adapters(const gen_method *method, gen_text *out)
{
    switch ((pv_method_kind)gen_kind(method)) {
    case PV_METHOD_UNARY: put_unary(method, out); break;
    case PV_METHOD_SERVER_STREAM: put_next(method, out); break;
    case PV_METHOD_CLIENT_STREAM:
        put_receive(method, out);
        put_finish(method, out);
        break;
    case PV_METHOD_BIDI_STREAM:
        put_receive(method, out);
        put_next(method, out);
        break;
    }
}

static const char *handler_row(const gen_method *method)
{
    const char *name = method->short_name;
    switch ((pv_method_kind)gen_kind(method)) {
    case PV_METHOD_UNARY: return gen_format(".unary = %s__unary", name);
    case PV_METHOD_SERVER_STREAM: return gen_format(".next = %s__next", name);
    case PV_METHOD_CLIENT_STREAM:
        return gen_format(".receive = %s__receive, .finish = %s__finish", name, name);
    case PV_METHOD_BIDI_STREAM:
        return gen_format(".receive = %s__receive, .next = %s__next", name, name);
    }
    return "";
}

void gen_emit_server(const gen_file *file, gen_text *out)
{
    gen_emit_banner(file, out);
    gen_print(out, "#include \"%s.pv.h\"\n", file->stem);
    for (size_t i = 0; i < file->services.count; i++) {
        const gen_service *service = file->services.items[i];
        if (!service->served) { continue; }
        for (size_t j = 0; j < service->methods.count; j++) {
            put_adapters(service->methods.items[j], out);
        }
        gen_print(out, "\nstatic const pv_handler %s__handlers[] = {\n", service->short_name);
        for (size_t j = 0; j < service->methods.count; j++) {
            gen_print(out, "    {%s},\n", handler_row(service->methods.items[j]));
        }
        gen_print(out, "};\n\nconst pv_service %s__service = {&%s__info, %s__handlers};\n",
                  service->short_name, service->short_name, service->short_name);
    }
}
