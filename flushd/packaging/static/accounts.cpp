// Of the program that has its C library inside. getpwnam(3) and initgroups(3) load what
// /etc/nsswitch.conf names, and that is made for the machine's own C library: another release than
// ours at best. So accounts are those of /etc/passwd and /etc/group, where mail_owner is.

#include <nss.h>

#include <initializer_list>

namespace {

[[gnu::constructor]] void look_into_files_only() {
    for (const char* database : {"passwd", "group", "initgroups"})
        __nss_configure_lookup(database, "files");
}

} // namespace
