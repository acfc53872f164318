#include "postfix_proto/anvil_protocol.hpp"

#include "postfix_proto/attribute_encoder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace postfix_proto {

namespace {

std::string_view name_of(anvil_request what) {
    switch (what) {
    case anvil_request::connect:
        return "connect";
    case anvil_request::disconnect:
        return "disconnect";
    case anvil_request::message:
        return "message";
    case anvil_request::recipient:
        return "recipient";
    case anvil_request::new_tls:
        return "newtls";
    case anvil_request::new_tls_status:
        return "newtls_status";
    case anvil_request::auth:
        return "auth";
    case anvil_request::lookup:
        break;
    }
    return "lookup";
}

/// The attributes that follow the status in a reply.
std::vector<wanted_attribute> wanted(anvil_request what, anvil_counts& to) {
    switch (what) {
    case anvil_request::connect:
        return {{"count", to.connections}, {"rate", to.connection_rate}};
    case anvil_request::disconnect:
        return {};
    case anvil_request::message:
        return {{"rate", to.message_rate}};
    case anvil_request::recipient:
        return {{"rate", to.recipient_rate}};
    case anvil_request::new_tls:
    case anvil_request::new_tls_status:
        return {{"rate", to.new_tls_rate}};
    case anvil_request::auth:
        return {{"rate", to.auth_rate}};
    case anvil_request::lookup:
        break;
    }
    return {{"count", to.connections},   {"rate", to.connection_rate}, {"mail", to.message_rate},
            {"rcpt", to.recipient_rate}, {"newtls", to.new_tls_rate},  {"auth", to.auth_rate}};
}

std::vector<wanted_attribute> with_status(std::int32_t& status,
                                          std::vector<wanted_attribute> others) {
    others.insert(others.begin(), {"status", status});
    return others;
}

} // namespace

std::string encode(anvil_request what, std::string_view service, std::string_view client) {
    auto ident = fmt::format("{}:{}", service, client);
    std::replace_if(
        ident.begin(), ident.end(),
        [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, '?');
    return attribute_encoder(attribute_form::plain)
        .add("request", name_of(what))
        .add("ident", ident)
        .finish();
}

// The counts may be missing: a reply that reports a failure has none.
anvil_reply::anvil_reply(anvil_request what)
    : expected_(1 + wanted(what, counts_).size()),
      scanner_(with_status(status_, wanted(what, counts_))) {}

std::string anvil_reply::complaint() const {
    if (scanner_.count() > 0 && status_ != 0)
        return fmt::format("status {}", status_);
    if (scanner_.count() < expected_)
        return fmt::format("{} of {} attributes", scanner_.count(), expected_);
    return {};
}

} // namespace postfix_proto
