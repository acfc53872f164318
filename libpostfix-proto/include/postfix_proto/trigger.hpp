/// Sends triggers, the short requests that wake a Postfix service.
#pragma once

#include "postfix_proto/boost_version.hpp"
#include "postfix_proto/deadline_list.hpp"
#include "postfix_proto/log.hpp"
#include "postfix_proto/repeated_warning.hpp"
#include "postfix_proto/service_connection.hpp"
#include "postfix_proto/work_in_hand.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>

namespace postfix_proto {

/// What qmgr(8) understands on `public/qmgr` (mail_proto.h, Postfix 3.7).
enum class qmgr_request : char {
    scan_incoming = 'I', ///< look for new mail
    scan_deferred = 'D', ///< look for mail whose time has come
    flush_dead = 'F',    ///< forget dead destinations and throttled transports
    scan_all = 'A',      ///< ignore the time stamps of the queue files
};

/// Requests that travel in one trigger; qmgr(8) applies them together, whatever their order
/// (qmgr_trigger_event(), Postfix 3.7):
///
///     qmgr_request::flush_dead | qmgr_request::scan_incoming
class qmgr_requests {
public:
    /// Contains this request only.
    constexpr qmgr_requests(qmgr_request one) noexcept : bits_(bit(one)) {}

    /// The union of both.
    [[nodiscard]] friend constexpr qmgr_requests operator|(qmgr_requests a,
                                                           qmgr_requests b) noexcept {
        a.bits_ = static_cast<std::uint8_t>(a.bits_ | b.bits_);
        return a;
    }
    /// Whether all of `others` are among them.
    [[nodiscard]] constexpr bool include(qmgr_requests others) const noexcept {
        return (bits_ & others.bits_) == others.bits_;
    }
    /// The letters that are sent, without the NUL.
    [[nodiscard]] std::string letters() const;

private:
    static constexpr std::uint8_t bit(qmgr_request one) noexcept {
        switch (one) {
        case qmgr_request::flush_dead:
            return 1;
        case qmgr_request::scan_all:
            return 2;
        case qmgr_request::scan_deferred:
            return 4;
        case qmgr_request::scan_incoming:
            break;
        }
        return 8;
    }

    std::uint8_t bits_;
};

/// Combines two requests.
[[nodiscard]] constexpr qmgr_requests operator|(qmgr_request a, qmgr_request b) noexcept {
    return qmgr_requests(a) | qmgr_requests(b);
}

/// Sends triggers to one service, by the path of its socket or FIFO relative to the current
/// directory.
///
/// To a socket it sends the bytes and a NUL, and keeps the connection open until the service has
/// closed it: a service that accepts a connection and finds it closed may never see the request
/// (unix_trigger(), Postfix 3.7). To a FIFO it sends the bytes only.
///
/// A trigger carries no data. One that the service has not read yet will be read after everything
/// that happened before a further one was requested, so it also replaces that one. However long a
/// service is stopped, and however many callers want to wake it meanwhile, at most one trigger of a
/// kind waits for it.
///
/// The sender must outlive the io_context's run.
class trigger_sender {
public:
    /// `timeout` (trigger_timeout) bounds how long one trigger may take to be written. A trigger is
    /// work in hand until the receiver has taken it.
    trigger_sender(boost::asio::io_context& context, std::string path, std::chrono::seconds timeout,
                   work_in_hand& work, logger& log);

    /// Completes when the requests have been written, alone or together with those of another
    /// caller, or when that has failed. A path that is missing, or is neither a socket nor a FIFO,
    /// causes a warning. A service that does not listen causes none, as in Postfix: it scans its
    /// queue when it starts.
    [[nodiscard]] boost::asio::awaitable<bool> send(qmgr_requests requests);

private:
    struct trigger;

    boost::asio::awaitable<bool> send_to_socket(qmgr_requests requests);
    boost::asio::awaitable<boost::system::error_code> connect(trigger& one);
    boost::asio::awaitable<bool> send_to_fifo(std::string requests);
    boost::asio::awaitable<void> wait_for_close(std::shared_ptr<trigger> one);
    [[nodiscard]] std::shared_ptr<trigger> find_unread(qmgr_requests requests) const;

    boost::asio::io_context& context_;
    std::string path_;
    std::chrono::seconds timeout_;
    deadline_list close_deadlines_;
    std::list<std::weak_ptr<trigger>> under_way_; // until the receiver has closed it
    work_in_hand& work_;
    logger& log_;
    repeated_warning cannot_tell_, not_taken_;
};

/// Blocking variant, for programs that have nothing else to do: sends one trigger and, to a socket,
/// waits until the service has closed the connection, which it normally does at once. All of it may
/// take as long as `limit`. Returns nothing on success, and a failure when the service could not be
/// reached, or has not taken the trigger in time.
[[nodiscard]] std::optional<service_failure> send_trigger(qmgr_requests requests, std::string path,
                                                          std::chrono::milliseconds limit);

} // namespace postfix_proto
