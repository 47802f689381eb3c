#include "client/demo/sample.h"

#include <stdio.h>

enum { DAYS = 30, CUSTOMERS = 6 };

typedef struct offer {
    const char *vendor;
    const char *sku;
    const char *unit;
    const char *service;
    long price_e11;   /* price of a unit in 10^-11 */
    long quantity_e6; /* quantity of the first customer and day in 10^-6 */
} offer;

static const offer offers[] = {
    {"Vega", "VM-SMALL", "Hours", "Virtual machines", 1250000000, 24000000},
    {"Vega", "DISK", "GB-Months", "Block storage", 8000000000, 3300000},
    {"Vega", "REQ", "Requests", "Queue", 40000, 917000000},
    {"Lyra", "MAIL", "Users", "Mail", 13333333333, 1000000},
    {"Lyra", "CALLS", "Minutes", "Telephony", 1100000001, 412500000},
};

static void write_row(FILE *file, const char *category, const offer *of, int customer, int day,
                      long sign, int *id)
{
    long quantity = of->quantity_e6 * (customer + 1) + day * 1000L;
    __int128 cost = (__int128)quantity * of->price_e11 / 1000000;
    long whole = (long)(cost / 100000000000);
    long part = (long)(cost % 100000000000);
    fprintf(file,
            "%s%ld.%011ld,USD,2026-10-01 00:00:00,2026-11-01 00:00:00,%s,2026-10-%02d "
            "00:00:00,2026-10-%02d 23:59:59,"
            "%ld.%06ld,%s,%s,%d,%s,%s,CUST-%d,\"Customer \"\"%c\"\"\"\n",
            sign < 0 ? "-" : "", whole, part, category, day, day, quantity / 1000000,
            quantity % 1000000, of->unit, of->vendor, (*id)++, of->service, of->sku, customer + 1,
            'A' + customer);
}

bool sample_write(const char *path)
{
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        perror(path);
        return false;
    }
    int id = 1;
    fprintf(file, "BilledCost,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargeCategory,"
                  "ChargePeriodStart,"
                  "ChargePeriodEnd,ConsumedQuantity,ConsumedUnit,ProviderName,Id,ServiceName,SkuId,"
                  "SubAccountId,"
                  "SubAccountName\n");
    for (int day = 1; day <= DAYS; day++) {
        for (int customer = 0; customer < CUSTOMERS; customer++) {
            const offer *of = &offers[(day + customer) % (int)(sizeof offers / sizeof *offers)];
            write_row(file, "Usage", of, customer, day, 1, &id);
        }
    }
    write_row(file, "Tax", &offers[0], 0, DAYS, 1, &id);
    write_row(file, "Usage", &offers[1], 1, DAYS, -1, &id);
    write_row(file, "Credit", &offers[2], 2, DAYS, -1, &id);
    return fclose(file) == 0;
}
