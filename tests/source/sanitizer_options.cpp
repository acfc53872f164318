// Linked into flushd where it is built with sanitizers: master(8) hands on no environment, and its
// log has the exit status of a service only. tests/integration/inside-container looks for this one.
extern "C" {
const char* __asan_default_options();  // NOLINT(bugprone-reserved-identifier)
const char* __ubsan_default_options(); // NOLINT(bugprone-reserved-identifier)
const char* __tsan_default_options();  // NOLINT(bugprone-reserved-identifier)

// A process that has changed its user may not look for leaks in itself; the unit tests do.
const char* __asan_default_options() { return "exitcode=66:detect_leaks=0"; }
const char* __ubsan_default_options() { return "halt_on_error=1:exitcode=66"; }
const char* __tsan_default_options() { return "halt_on_error=1:exitcode=66"; }
}
