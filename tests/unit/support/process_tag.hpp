// What stands before the text of a log record.
#pragma once

#include <unistd.h>

#include <string>

inline std::string process_tag(const std::string& name) {
    return name + "[" + std::to_string(::getpid()) + "]: ";
}
