#include "tests/fuzz/fuzz.h"

#include "kinds.pv.h"
#include "purvey/catalog.pv.h"

static size_t method_count(void)
{
    size_t count = 0;
    for (size_t i = 0; i < pv_catalog__service_count; i++) {
        count += pv_catalog__services[i]->method_count;
    }
    return count;
}

const pv_message_info *pv_fuzz_message(unsigned number)
{
    size_t at = number % (method_count() * 2 + 1);
    if (at == 0) { return &pz_kinds__info; }
    bool response = at % 2 == 0;
    at = (at - 1) / 2;
    for (size_t i = 0; i < pv_catalog__service_count; i++) {
        const pv_service_info *service = pv_catalog__services[i];
        if (at < service->method_count) {
            const pv_method_info *method = &service->methods[at];
            return response ? method->response : method->request;
        }
        at -= service->method_count;
    }
    return &pz_kinds__info;
}
