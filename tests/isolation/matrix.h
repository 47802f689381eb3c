/* matrix.h — every method, every field of its request that names an object, every kind of id, every caller. What must
 * hold of each row whatever the golden table says is judged here; the rows are the table's lines. */
#ifndef PV_TESTS_ISOLATION_MATRIX_H
#define PV_TESTS_ISOLATION_MATRIX_H

#include "tests/isolation/tenants.h"

namespace purvey {

class Matrix {
  public:
    explicit Matrix(Tenants &of) : tenants(of) {}

    /* The lines of a method, each for one field and caller; `faults` grows by what must not be. */
    std::vector<std::string> rows(const pv_method_info *method);

    std::vector<std::string> faults;
    bool dry = false; /* ids of others too are tried without effect */

  private:
    struct Field : IdField {
        bool filter = false; /* stands in the text of the request's `filter` */
    };
    /* A request with places for ids. */
    struct Base {
        Json request;
        std::vector<Field> places;
        bool served = false; /* the caller is answered OK */
        std::string outcome;
    };

    std::vector<Field> fields_of(const pv_method_info *method) const;
    std::vector<Json> recipes(const pv_method_info *method);
    std::vector<std::string> candidates(const Caller &caller, const std::string &prefix) const;
    void complete(const pv_method_info *method, Json &request) const;
    static void put(Json &request, const Field &field, const std::string &id);
    Answer ask(const Actor &actor, const pv_method_info *method, const Json &request) const;
    static std::string outcome(const Answer &answer);
    bool search(const Caller &caller, const pv_method_info *method, Base &base, size_t place,
                int &budget);
    Base base_for(const Caller &caller, const pv_method_info *method, const Field &field);

    std::string row(const Caller &caller, const pv_method_info *method, const Field &field);
    std::string refused_row(const Caller &caller, const pv_method_info *method, const Field &field);
    std::string absent_and_foreign(const Caller &caller, const pv_method_info *method,
                                   const Base &base, const Field &field);
    bool named_in_own(const Caller &caller, const std::string &id) const;
    bool named_in_trail(const Caller &caller, const std::string &id) const;
    std::string malformed(const Caller &caller, const pv_method_info *method, const Base &base,
                          const Field &field);
    void fault(const pv_method_info *method, const Field &field, const std::string &caller,
               const std::string &what);

    Tenants &tenants;
    std::vector<Stored> stored;
};

} // namespace purvey

#endif
