#include "tests/fault/disk.h"

#include "storage/store.h"

#include <lmdb.h>

#include <cerrno>
#include <cstdarg>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <set>

extern "C" {
int __real_open(const char *path, int flags, ...);
int __real_close(int file);
ssize_t __real_pwrite(int file, const void *bytes, size_t size, off_t offset);
ssize_t __real_write(int file, const void *bytes, size_t size);
ssize_t __real_writev(int file, const struct iovec *parts, int count);
int __real_fdatasync(int file);
int __real_fsync(int file);
int __real_msync(void *address, size_t size, int flags);
int __real_mdb_env_open(MDB_env *env, const char *path, unsigned flags, mdb_mode_t mode);
pv_status __real_pv_batch_commit(pv_batch *batch);

int __wrap_open(const char *path, int flags, ...);
int __wrap_close(int file);
ssize_t __wrap_pwrite(int file, const void *bytes, size_t size, off_t offset);
ssize_t __wrap_write(int file, const void *bytes, size_t size);
ssize_t __wrap_writev(int file, const struct iovec *parts, int count);
int __wrap_fdatasync(int file);
int __wrap_fsync(int file);
int __wrap_msync(void *address, size_t size, int flags);
int __wrap_mdb_env_open(MDB_env *env, const char *path, unsigned flags, mdb_mode_t mode);
pv_status __wrap_pv_batch_commit(pv_batch *batch);
}

namespace purvey {

namespace {

constexpr size_t kShort = 512; // bytes of a short write

std::set<int> &data_files()
{
    static std::set<int> files;
    return files;
}

MDB_env *&opened_last()
{
    static MDB_env *env;
    return env;
}

bool is_data(int file)
{
    return data_files().count(file) > 0;
}

void record(int file, uint64_t offset, const std::string &bytes)
{
    if (!disk().recording) { return; }
    DiskCall call;
    call.durable = (fcntl(file, F_GETFL) & O_DSYNC) == O_DSYNC;
    call.offset = offset;
    call.bytes = bytes;
    disk().calls.push_back(call);
}

void record_sync()
{
    if (!disk().recording) { return; }
    DiskCall call;
    call.sync = true;
    disk().calls.push_back(call);
}

// Whether this call is the one that fails.
bool fails(Call call)
{
    Disk &of = disk();
    of.counts[static_cast<size_t>(call)]++;
    bool now = call == of.failure.call && of.failure.number > 0 &&
               of.counts[static_cast<size_t>(call)] == of.failure.number;
    of.failed = of.failed || now;
    return now;
}

// The bytes at a place of data.mdb; fails as planned.
ssize_t write_at(int file, Call call, const std::string &bytes, off_t offset)
{
    size_t size = bytes.size();
    const Failure &failure = disk().failure;
    if (fails(call)) {
        if (failure.error == 0) { size = size < kShort ? size / 2 : kShort; }
        if (failure.error != 0 && !failure.done) {
            errno = failure.error;
            return -1;
        }
    }
    ssize_t done = __real_pwrite(file, bytes.data(), size, offset);
    if (done > 0) {
        record(file, static_cast<uint64_t>(offset), bytes.substr(0, static_cast<size_t>(done)));
    }
    if (disk().failed && failure.done && call == failure.call &&
        disk().counts[static_cast<size_t>(call)] == failure.number) {
        errno = failure.error;
        return -1;
    }
    return done;
}

// A write at the file's position, which moves behind it.
ssize_t write_on(int file, Call call, const std::string &bytes)
{
    off_t offset = lseek(file, 0, SEEK_CUR);
    ssize_t done = write_at(file, call, bytes, offset);
    if (done > 0) { (void)lseek(file, offset + done, SEEK_SET); }
    return done;
}

int sync_with(int file, int (*real)(int))
{
    if (!is_data(file)) { return real(file); }
    if (fails(Call::kSync)) {
        if (disk().failure.done) { (void)real(file); }
        errno = disk().failure.error;
        return -1;
    }
    int code = real(file);
    if (code == 0) { record_sync(); }
    return code;
}

} // namespace

void Disk::plan(const Failure &next)
{
    failure = next;
    failed = false;
    memset(counts, 0, sizeof counts);
}

void Disk::plant(unsigned flags)
{
    PV_ASSERT(mdb_env_set_flags(opened_last(), flags, 1) == MDB_SUCCESS);
}

Disk &disk()
{
    static Disk one;
    return one;
}

const char *name_of(Call call)
{
    static const char *const names[kCallKinds] = {"pwrite", "writev", "fdatasync", "msync"};
    return names[static_cast<size_t>(call)];
}

unsigned flags_named(const std::string &name)
{
    return name == "nosync" ? MDB_NOSYNC : name == "nometasync" ? MDB_NOMETASYNC : 0;
}

} // namespace purvey

using purvey::Call;
using purvey::disk;

int __wrap_open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    int mode = (flags & O_CREAT) != 0 ? va_arg(arguments, int) : 0;
    va_end(arguments);
    int file = __real_open(path, flags, mode);
    const char *name = strrchr(path, '/');
    if (file >= 0 && name != nullptr && strcmp(name, "/data.mdb") == 0) {
        purvey::data_files().insert(file);
    }
    return file;
}

int __wrap_close(int file)
{
    purvey::data_files().erase(file);
    return __real_close(file);
}

ssize_t __wrap_pwrite(int file, const void *bytes, size_t size, off_t offset)
{
    if (!purvey::is_data(file)) { return __real_pwrite(file, bytes, size, offset); }
    return purvey::write_at(file, Call::kWrite, std::string(static_cast<const char *>(bytes), size),
                            offset);
}

ssize_t __wrap_write(int file, const void *bytes, size_t size)
{
    if (!purvey::is_data(file)) { return __real_write(file, bytes, size); }
    return purvey::write_on(file, Call::kWrite,
                            std::string(static_cast<const char *>(bytes), size));
}

ssize_t __wrap_writev(int file, const struct iovec *parts, int count)
{
    if (!purvey::is_data(file)) { return __real_writev(file, parts, count); }
    std::string bytes;
    for (int i = 0; i < count; i++) {
        bytes.append(static_cast<const char *>(parts[i].iov_base), parts[i].iov_len);
    }
    return purvey::write_on(file, Call::kVector, bytes);
}

int __wrap_fdatasync(int file)
{
    return purvey::sync_with(file, __real_fdatasync);
}

int __wrap_fsync(int file)
{
    return purvey::sync_with(file, __real_fsync);
}

int __wrap_msync(void *address, size_t size, int flags)
{
    if (purvey::fails(Call::kMap)) {
        errno = disk().failure.error;
        return -1;
    }
    return __real_msync(address, size, flags);
}

int __wrap_mdb_env_open(MDB_env *env, const char *path, unsigned flags, mdb_mode_t mode)
{
    purvey::opened_last() = env;
    return __real_mdb_env_open(env, path, flags, mode);
}

pv_status __wrap_pv_batch_commit(pv_batch *batch)
{
    pv_status status = __real_pv_batch_commit(batch);
    if (disk().committed) { disk().committed(pv_is_ok(status)); }
    return status;
}
