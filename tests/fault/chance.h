// chance.h — a small generator of choices, so that a seed means the same on every machine.
#ifndef PV_TESTS_FAULT_CHANCE_H
#define PV_TESTS_FAULT_CHANCE_H

#include <cstdint>

namespace purvey {

class Chance {
  public:
    explicit Chance(uint64_t seed) : state(seed) {}

    uint64_t next()
    {
        state += UINT64_C(0x9e3779b97f4a7c15);
        uint64_t z = state;
        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        return z ^ z >> 31;
    }
    uint64_t below(uint64_t bound) { return next() % bound; }
    bool one_in(uint64_t bound) { return below(bound) == 0; }

  private:
    uint64_t state;
};

} // namespace purvey

#endif
