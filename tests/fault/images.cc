#include "tests/fault/images.h"

#include "base/status.h"

#include <algorithm>
#include <fcntl.h>
#include <unistd.h>

namespace purvey {

Images::Images(const std::string &path)
    : file(open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600))
{
    PV_ASSERT(file >= 0);
}

Images::~Images()
{
    close(file);
}

void Images::write(uint64_t index, const std::string &bytes)
{
    off_t at = static_cast<off_t>(index * kSector);
    PV_ASSERT(pwrite(file, bytes.data(), bytes.size(), at) == static_cast<ssize_t>(bytes.size()));
}

void Images::make_durable(const Sector &sector)
{
    size_t end = (sector.index + 1) * kSector;
    if (durable.size() < end) { durable.resize(end); }
    durable.replace(sector.index * kSector, kSector, sector.bytes);
    write(sector.index, sector.bytes);
}

void Images::add(const DiskCall &call, bool in_flight)
{
    calls++;
    before_flight = pending.size();
    flying = in_flight;
    if (call.sync) {
        for (const Sector &sector : pending) { make_durable(sector); }
        pending.clear();
        version++;
        return;
    }
    size_t end = (call.offset + call.bytes.size() + kSector - 1) / kSector * kSector;
    if (current.size() < end) { current.resize(end); }
    current.replace(call.offset, call.bytes.size(), call.bytes);
    for (uint64_t index = call.offset / kSector; index < end / kSector; index++) {
        Sector sector = {index, calls, current.substr(index * kSector, kSector)};
        if (!call.durable || in_flight) {
            pending.push_back(sector);
            continue;
        }
        // A newer sector that is durable cannot be written over by an older one.
        pending.erase(std::remove_if(pending.begin(), pending.end(),
                                     [&](const Sector &old) { return old.index == index; }),
                      pending.end());
        make_durable(sector);
        version++;
    }
}

void Images::land()
{
    PV_ASSERT(flying);
    pending.resize(before_flight);
    flying = false;
    calls--;
}

Images::Choice Images::random_choice(Chance *chance) const
{
    Choice choice;
    uint64_t kind = chance->below(5);
    static const uint64_t odds[] = {4, 1, 7}; // of eight
    uint64_t odd = kind < 3 ? odds[kind] : 0;
    size_t torn = pending.empty() ? 0 : pending[chance->below(pending.size())].call;
    uint64_t kept = chance->below(17); // sectors of the torn call that arrived
    size_t call = 0;
    bool taken = false;
    for (const Sector &sector : pending) {
        if (sector.call != call) { taken = chance->one_in(2); }
        call = sector.call;
        bool in = kind == 3 ? taken : chance->below(8) < odd;
        if (kind == 4) { in = call != torn || kept > 0; }
        if (kind == 4 && call == torn && kept > 0) { kept--; }
        choice.sectors.push_back(in);
    }
    choice.full_length = chance->one_in(3);
    return choice;
}

std::vector<Images::Choice> Images::choices(Chance *chance, int random) const
{
    Choice none, all, last, before;
    size_t newest = pending.empty() ? 0 : pending.back().call;
    for (const Sector &sector : pending) {
        none.sectors.push_back(false);
        all.sectors.push_back(true);
        last.sectors.push_back(sector.call == newest);
        before.sectors.push_back(sector.call != newest);
    }
    std::vector<Choice> list = {none, all, last, before};
    for (int i = 0; i < random; i++) { list.push_back(random_choice(chance)); }
    return list;
}

bool Images::is_new(const Choice &choice)
{
    uint64_t hash = version;
    auto fold = [&](uint64_t number) {
        hash = (hash ^ number) * UINT64_C(0xff51afd7ed558ccd);
        hash ^= hash >> 32;
    };
    for (size_t i = 0; i < pending.size(); i++) {
        if (choice.sectors[i]) {
            fold(pending[i].index);
            fold(pending[i].call);
        }
    }
    fold(choice.full_length && durable.size() < current.size());
    return seen.insert(hash).second;
}

void Images::build(const Choice &choice)
{
    for (size_t i = 0; i < pending.size(); i++) {
        if (choice.sectors[i]) { write(pending[i].index, pending[i].bytes); }
    }
    if (choice.full_length) { PV_ASSERT(ftruncate(file, static_cast<off_t>(current.size())) == 0); }
}

void Images::undo(const Choice &choice)
{
    for (size_t i = 0; i < pending.size(); i++) {
        uint64_t index = pending[i].index;
        if (choice.sectors[i] && index * kSector < durable.size()) {
            write(index, durable.substr(index * kSector, kSector));
        }
    }
    PV_ASSERT(ftruncate(file, static_cast<off_t>(durable.size())) == 0);
}

void Images::restore()
{
    PV_ASSERT(pwrite(file, durable.data(), durable.size(), 0) ==
              static_cast<ssize_t>(durable.size()));
    PV_ASSERT(ftruncate(file, static_cast<off_t>(durable.size())) == 0);
}

void Images::cut(uint64_t bytes)
{
    PV_ASSERT(ftruncate(file, static_cast<off_t>(bytes)) == 0);
}

} // namespace purvey
