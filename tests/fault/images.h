// images.h — the files that a loss of power could leave, built from what a workload wrote and synced.
//
// The model: the disk writes sectors of 512 bytes whole. A sector is durable once a sync that began after its write has
// returned, or when its write was O_DSYNC. Of what is not durable any subset may have reached the disk, in any order,
// also the first part of a page only. The file is as long as the last sector that reached it, or as long as it was
// made: its length travels apart from its bytes.
#ifndef PV_TESTS_FAULT_IMAGES_H
#define PV_TESTS_FAULT_IMAGES_H

#include "tests/fault/disk.h"
#include "tests/fault/workload.h"

#include <set>
#include <string>
#include <vector>

namespace purvey {

class Images {
  public:
    static constexpr size_t kSector = 512;

    // Keeps the image in the file at `path`.
    explicit Images(const std::string &path);
    ~Images();
    Images(const Images &) = delete;
    Images &operator=(const Images &) = delete;

    // One more call has happened; with `in_flight` it has only begun: its sectors may be on the disk or not.
    void add(const DiskCall &call, bool in_flight = false);
    void land(); // the call in flight is over

    // One choice among what is not durable.
    struct Choice {
        std::vector<bool> sectors;
        bool full_length = false;
    };
    // Choices worth looking at now: nothing, everything, the last call alone, all but the last, and this many
    // at random.
    std::vector<Choice> choices(Chance *chance, int random) const;
    // Whether this image was not there before; then it counts.
    bool is_new(const Choice &choice);

    void build(const Choice &choice);
    void undo(const Choice &choice); // back to the durable file
    void restore();                  // the same after somebody wrote into the image
    void cut(uint64_t bytes);        // the durable file, shorter

    uint64_t durable_bytes() const { return durable.size(); }

  private:
    struct Sector {
        uint64_t index;
        size_t call;
        std::string bytes;
    };
    void write(uint64_t index, const std::string &bytes);
    void make_durable(const Sector &sector);
    Choice random_choice(Chance *chance) const;

    int file;
    std::string current; // what readers of the file see
    std::string durable;
    std::vector<Sector> pending; // in the order of writing
    size_t calls = 0;
    bool flying = false;
    size_t before_flight = 0;
    uint64_t version = 0; // of the durable file
    std::set<uint64_t> seen;
};

} // namespace purvey

#endif
