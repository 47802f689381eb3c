/* X.pv.h. Handlers and stubs see our short names and our types, never protobuf-c's long ones. */
#include "bazel/codegen/emit.h"
#include "bazel/codegen/emit_parts.h"
#include "bazel/codegen/names.h"
#include "protos/runtime/rules.h"

/* "name (type; rule): comment". */
static const char *describe(const gen_field *field)
{
    const char *rule = gen_rule_words(field);
    return gen_format("%s (%s%s%s)%s%s", field->proto->name, gen_type_name(field),
                      *rule == '\0' ? "" : "; ", rule, *field->element.comment == '\0' ? "" : ": ",
                      field->element.comment);
}

static void put_message(const gen_message *message, gen_text *out)
{
    const char *name = message->short_name;
    gen_put(out, "\n");
    bool said = *message->element.comment != '\0';
    gen_begin_comment(out, said ? message->element.comment : message->element.label);
    for (size_t i = 0; i < message->fields.count; i++) {
        gen_continue_comment(out, 2, describe(gen_field_at(message, i)));
    }
    gen_end_comment(out);
    gen_print(out, "typedef %s %s;\n", message->c_type, name);
    gen_print(out, "#define %s__INIT %s__INIT\n", gen_upper(name), message->c_upper);
    gen_print(out, "extern const pv_message_info %s__info;\n", name);
    if (message->object != NULL) {
        gen_print(out, "extern const pv_object_info %s__object;\n", name);
    }
}

static void put_enum(const gen_enum *enumeration, gen_text *out)
{
    gen_put(out, "\n");
    gen_put_comment(out, enumeration->element.comment);
    gen_print(out, "typedef %s %s;\n", enumeration->c_type, enumeration->short_name);
    for (size_t i = 0; i < enumeration->values.count; i++) {
        const gen_value *value = enumeration->values.items[i];
        gen_put_comment(out, value->element.comment);
        gen_print(out, "#define %s %s__%s\n", value->macro, enumeration->c_upper,
                  value->proto->name);
    }
    if (enumeration->vocabulary != PURVEY__RULES__V1__VOCABULARY__VOCABULARY_REASON) { return; }
    gen_put(out, "\n/* The reasons, for pv_refuse, and all of them in order of number. */\n");
    for (size_t i = 0; i < enumeration->values.count; i++) {
        const gen_value *value = enumeration->values.items[i];
        if (value->proto->number != 0) {
            gen_print(out, "extern const pv_reason %s;\n", value->symbol);
        }
    }
    gen_print(out, "extern const pv_reason *const %s__all[];\n", enumeration->short_name);
    gen_print(out, "extern const size_t %s__count;\n", enumeration->short_name);
}

static void put_handler(const gen_method *method, gen_text *out)
{
    const char *name = method->short_name;
    const char *request = method->request->short_name;
    const char *response = method->response->short_name;
    gen_put(out, "\n");
    gen_put_comment(out, method->element.comment);
    switch ((pv_method_kind)gen_kind(method)) {
    case PV_METHOD_UNARY:
        gen_print(out, "pv_status %s(pv_call *call, const %s *request,\n    %s *response);\n", name,
                  request, response);
        break;
    case PV_METHOD_SERVER_STREAM:
        gen_print(out,
                  "pv_status %s_next(pv_call *call, const %s *request,\n    %s *response, pv_step "
                  "*ret_step);\n",
                  name, request, response);
        break;
    case PV_METHOD_CLIENT_STREAM:
        gen_print(out, "pv_status %s_receive(pv_call *call, const %s *request);\n", name, request);
        gen_print(out, "pv_status %s_finish(pv_call *call, %s *response);\n", name, response);
        break;
    case PV_METHOD_BIDI_STREAM:
        gen_print(out, "pv_status %s_receive(pv_call *call, const %s *request);\n", name, request);
        gen_print(out, "pv_status %s_next(pv_call *call, %s *response,\n    pv_step *ret_step);\n",
                  name, response);
        break;
    }
}

static void put_service(const gen_service *service, gen_text *out)
{
    const char *name = service->short_name;
    gen_put(out, "\n");
    gen_put_comment(out, service->element.comment);
    gen_print(out, "extern const pv_service_info %s__info;\n", name);
    gen_print(out, "extern const pv_method_info %s__methods[%zu];\n", name, service->methods.count);
    for (size_t i = 0; i < service->methods.count; i++) {
        const gen_method *method = service->methods.items[i];
        gen_print(out, "#define %s__METHOD (&%s__methods[%zu])\n", gen_upper(method->short_name),
                  name, i);
    }
    if (!service->served) { return; }
    gen_put(out, "\n/* The service with its implementation, which is the functions below. */\n");
    gen_print(out, "extern const pv_service %s__service;\n", name);
    for (size_t i = 0; i < service->methods.count; i++) {
        put_handler(service->methods.items[i], out);
    }
}

void gen_emit_header(const gen_file *file, gen_text *out)
{
    const char *guard = gen_upper(gen_symbol(gen_format("%s.pv.h", file->stem)));
    gen_emit_banner(file, out);
    gen_print(out, "#ifndef %s\n#define %s\n\n#include \"%s.pb-c.h\"\n\n", guard, guard,
              file->stem);
    for (size_t i = 0; i < file->proto->n_dependency; i++) {
        gen_print(out, "#include \"%s.pv.h\"\n", gen_stem(file->proto->dependency[i]));
    }
    gen_put(out, "#include \"protos/runtime/rules.h\"\n");
    if (file->services.count > 0) {
        gen_put(out, "#include \"protos/runtime/call.h\"\n#include \"protos/runtime/stub.h\"\n");
    }
    gen_put(out, "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n");
    gen_put_comment(out, file->element.comment);
    gen_print(out, "extern const pv_file_info %s;\n", file->symbol);
    for (size_t i = 0; i < file->enums.count; i++) { put_enum(file->enums.items[i], out); }
    for (size_t i = 0; i < file->messages.count; i++) { put_message(file->messages.items[i], out); }
    for (size_t i = 0; i < file->services.count; i++) { put_service(file->services.items[i], out); }
    for (size_t i = 0; i < file->services.count; i++) {
        const gen_service *service = file->services.items[i];
        for (size_t j = 0; j < service->methods.count; j++) {
            gen_emit_stub(service->methods.items[j], out);
        }
    }
    gen_put(out, "\n#ifdef __cplusplus\n}\n#endif\n#endif\n");
}
