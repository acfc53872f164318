#include "allocation_failure.hpp"

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <new>

namespace {

// How many allocations are still to come up to the one that fails; 0 or less: none will.
std::atomic<long> left{0};
std::atomic<bool> has_failed{false};

bool fails_now() {
    // Most of the time nothing is armed, and threads should not write to one place then.
    if (left.load(std::memory_order_relaxed) <= 0 || left.fetch_sub(1) != 1)
        return false;
    has_failed = true;
    return true;
}

void* allocate(std::size_t size) {
    if (!fails_now())
        if (void* const memory = std::malloc(size > 0 ? size : 1))
            return memory;
    throw std::bad_alloc();
}

void* allocate(std::size_t size, std::size_t alignment) {
    void* memory = nullptr;
    if (!fails_now() && ::posix_memalign(&memory, alignment, size > 0 ? size : 1) == 0)
        return memory;
    throw std::bad_alloc();
}

} // namespace

namespace allocation_failure {

void arm(std::size_t n) {
    has_failed = false;
    left = static_cast<long>(n);
}

void disarm() { left = 0; }

bool happened() { return has_failed; }

} // namespace allocation_failure

// All forms: a sanitizer has its own of those that are left out, and finds that the two do not
// match.
void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void* operator new(std::size_t size, std::align_val_t alignment) {
    return allocate(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
    return allocate(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    try {
        return allocate(size);
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}
void* operator new[](std::size_t size, const std::nothrow_t& nothrow) noexcept {
    return operator new(size, nothrow);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }

// Boost.Asio takes the memory of coroutines and handlers from here.
extern "C" void* aligned_alloc(std::size_t alignment, std::size_t size) {
    void* memory = nullptr;
    if (!fails_now() && ::posix_memalign(&memory, alignment, size) == 0)
        return memory;
    errno = ENOMEM;
    return nullptr;
}
