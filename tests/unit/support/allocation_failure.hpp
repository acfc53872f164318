// Makes the process run out of memory once, at a moment of the test's choice.
//
//     for (std::size_t n = 1;; ++n) {
//         allocation_failure::arm(n);
//         what_is_tested();
//         allocation_failure::disarm();
//         if (!allocation_failure::happened())
//             break; // it makes fewer than n allocations: all have been tried
//         CHECK(...);
//     }
#pragma once

#include <cstddef>

namespace allocation_failure {

/// The n-th allocation from now on, the first being number 1, throws std::bad_alloc (or gives a
/// null pointer, where it is asked for in that way); one before it and those after it do not. All
/// threads count. Forgets what happened before.
void arm(std::size_t n);

/// No allocation fails from now on. To be called before anything is checked: Catch2 allocates, too.
void disarm();

/// Whether one has failed since it was armed.
[[nodiscard]] bool happened();

} // namespace allocation_failure
