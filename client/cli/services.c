#include "client/cli/services.h"

#include "purvey/catalog.pv.h"

pv_service_list pv_services_all(void)
{
    return (pv_service_list){.services = pv_catalog__services, .count = pv_catalog__service_count};
}
