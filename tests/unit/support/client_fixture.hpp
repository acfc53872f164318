// What a test of a client needs: a loop, the path of a service, and services that behave in certain
// ways.
#pragma once

#include "catch.hpp"
#include "fake_service.hpp"
#include "temporary_directory.hpp"

#include "postfix_proto/call_when_done.hpp"
#include "postfix_proto/flush_request.hpp"
#include "postfix_proto/service_connection.hpp"
#include "postfix_proto/verify_client.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

struct client_fixture {
    temporary_directory dir;
    std::string path = dir.file("socket");
    boost::asio::io_context context{1};

    /// Until there is nothing left to do; for ever is a failure.
    void run() {
        context.restart();
        context.run_for(std::chrono::seconds(30));
        REQUIRE(context.stopped());
    }
    void run_for(std::chrono::milliseconds time) {
        context.restart();
        context.run_for(time);
    }

    /// Asks, and adds the answer to `answers` when it comes.
    template <typename Result>
    void ask(boost::asio::awaitable<Result> task, std::vector<Result>& answers) {
        postfix_proto::call_when_done(context, std::move(task),
                                      [&](Result one) { answers.push_back(std::move(one)); });
    }
};

/// Takes what it is told, and says nothing.
inline void stay_silent(const fake_client& client) { client.wait(); }

/// With a service that does that.
struct silent_fixture : client_fixture {
    fake_service service{path, stay_silent};
};

/// Silent to the first client only.
inline fake_service::script silent_at_first(fake_service::script serve) {
    return [serve = std::move(serve), is_first = true](const fake_client& client) mutable {
        if (std::exchange(is_first, false))
            client.wait();
        else
            serve(client);
    };
}

/// verify(8): says of each address that it is not that one.
inline void answer_queries(const fake_client& client) {
    using namespace std::string_literals;
    client.say("protocol\0address_verification_prrotocol\0\0"s);
    for (auto request = client.hear(); !request.empty(); request = client.hear()) {
        // The address is the last value.
        const auto end = request.size() - 2;
        const auto begin = request.rfind('\0', end - 1) + 1;
        client.say("status\0000\0recipient_status\0002\0reason\0not "s +
                   request.substr(begin, end - begin) + "\0\0"s);
    }
}

/// flush(8): says yes to one request.
inline void answer_request(const fake_client& client) {
    client.say(postfix_proto::flush_announcement());
    static_cast<void>(client.hear());
    client.say(encode(postfix_proto::flush_status::ok));
}

inline std::vector<postfix_proto::service_failure::reason>
reasons_of(const std::vector<postfix_proto::verify_answer>& answers) {
    std::vector<postfix_proto::service_failure::reason> result;
    for (const auto& one : answers) {
        REQUIRE(one.failure);
        result.push_back(one.failure->why);
    }
    return result;
}

/// What they say, or why they do not.
inline std::vector<std::string> texts_of(const std::vector<postfix_proto::verify_answer>& answers) {
    std::vector<std::string> result;
    for (const auto& one : answers)
        result.push_back(one.failure ? one.failure->text : one.reason);
    return result;
}
