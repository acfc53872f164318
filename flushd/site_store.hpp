/// The directory of logfiles, for those who can wait.
#pragma once

#include "flushd/site_file.hpp"
#include "flushd/site_log.hpp"

#include "postfix_proto/queue_path.hpp"

#include <utility> // Boost 1.74's coroutine headers need it before them

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <optional>
#include <string>
#include <system_error>
#include <variant>

namespace flushd {

/// Finds, opens and locks logfiles. A lock that another process holds (a stock flush(8) holds it
/// for a whole send) is waited for without holding up anything else; like Postfix, for as long as
/// it takes.
class site_store {
public:
    site_store(boost::asio::io_context& context, const postfix_proto::queue_layout& layout)
        : context_(context), layout_(layout) {}

    [[nodiscard]] std::string path(const site_file& site) const {
        return layout_.path(postfix_proto::queue_name::flush, site.name());
    }

    /// Appends a queue ID to the site's logfile, which is made if need be. Without an error the
    /// line has been written.
    [[nodiscard]] boost::asio::awaitable<std::error_code> add(site_file site,
                                                              postfix_proto::queue_id id);

    /// Opens and locks the site's logfile for reading and dropping.
    [[nodiscard]] boost::asio::awaitable<std::variant<site_log, std::error_code>>
    open_locked(const site_file& site);

    /// Takes the lock again.
    [[nodiscard]] boost::asio::awaitable<std::error_code> lock(site_log& file);

private:
    boost::asio::io_context& context_;
    const postfix_proto::queue_layout& layout_;
};

} // namespace flushd
