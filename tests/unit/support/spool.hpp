// A Postfix queue directory for the length of a test, which becomes the working directory, and a
// stand-in for qmgr(8) that records its triggers.
#pragma once

#include "temporary_directory.hpp"

#include "postfix_proto/file_descriptor.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

class spool {
public:
    spool() : previous_(std::filesystem::current_path()) {
        std::filesystem::current_path(directory_.path());
        for (const char* name : {"flush", "deferred", "incoming", "active", "public"})
            std::filesystem::create_directory(name);
        queue_manager_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::string_view("public/qmgr").copy(address.sun_path, sizeof(address.sun_path));
        if (::bind(queue_manager_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) <
                0 ||
            ::listen(queue_manager_, 100) < 0)
            throw std::runtime_error("stand-in for qmgr");
    }
    spool(const spool&) = delete;
    spool& operator=(const spool&) = delete;
    ~spool() {
        ::close(queue_manager_);
        std::filesystem::current_path(previous_);
    }

    /// The triggers so far, "F" and "I" without their NULs. Closes the connections, as qmgr does.
    std::string take_triggers() {
        std::string triggers;
        int client = -1;
        while ((client = ::accept(queue_manager_, nullptr, nullptr)) >= 0) {
            char message[8] = {};
            const ssize_t size = ::recv(client, message, sizeof(message), MSG_DONTWAIT);
            if (size == 2 && message[1] == '\0')
                triggers += message[0];
            else
                triggers += "<bad trigger of " + std::to_string(size) + " bytes>";
            ::close(client);
        }
        return triggers;
    }

    /// One trigger that has been read, and whose connection is open until this goes.
    struct read_trigger {
        postfix_proto::file_descriptor connection;
        std::string bytes;
    };
    read_trigger accept_and_read() {
        read_trigger result{
            postfix_proto::file_descriptor(::accept(queue_manager_, nullptr, nullptr)), {}};
        char message[8] = {};
        const ssize_t size =
            ::recv(result.connection.get(), message, sizeof(message), MSG_DONTWAIT);
        if (size > 0)
            result.bytes.assign(message, static_cast<std::size_t>(size));
        return result;
    }

    [[nodiscard]] std::string file(std::string_view name) const { return directory_.file(name); }

    static void message(std::string_view queue, std::string_view id) {
        const auto path = std::string(queue) + "/" + std::string(id);
        std::ofstream(path) << "a message\n";
        ::chmod(path.c_str(), 0700);
        const timespec long_ago[2] = {{1000, 0}, {1000, 0}};
        ::utimensat(AT_FDCWD, path.c_str(), long_ago, 0);
    }
    static bool has(std::string_view queue, std::string_view id) {
        return std::filesystem::exists(std::filesystem::path(queue) / id);
    }

    static void write(const std::string& path, std::string_view content) {
        std::ofstream(path) << content;
    }
    static std::string content(const std::string& path) {
        std::ostringstream result;
        result << std::ifstream(path).rdbuf();
        return result.str();
    }

    /// Sets access and modification time to so many seconds ago.
    static void make_older(const std::string& path, long seconds) {
        timespec now{};
        ::clock_gettime(CLOCK_REALTIME, &now);
        const timespec times[2] = {{now.tv_sec - seconds, 0}, {now.tv_sec - seconds, 0}};
        ::utimensat(AT_FDCWD, path.c_str(), times, 0);
    }

private:
    temporary_directory directory_;
    std::filesystem::path previous_;
    int queue_manager_ = -1;
};
