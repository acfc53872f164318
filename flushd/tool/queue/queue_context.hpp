/// Describes the queue that a command works on.
#pragma once

#include "flushd/tool/postfix/instance.hpp"
#include "flushd/tool/queue/queue_files.hpp"
#include "flushd/tool/queue/site_names.hpp"

#include "postfix_proto/flush_client.hpp"
#include "postfix_proto/queue_path.hpp"
#include "postfix_proto/showq_client.hpp"

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace flushd::tool {

/// The queue of an instance. All paths are those that the service has, so the working directory
/// must be queue_directory: see enter_queue_directory().
class queue_context {
public:
    /// Throws tool_error.
    explicit queue_context(instance postfix);

    [[nodiscard]] const instance& postfix() const noexcept { return postfix_; }
    [[nodiscard]] const postfix_proto::queue_layout& layout() const noexcept { return layout_; }
    [[nodiscard]] const queue_files& files() const noexcept { return files_; }
    /// Initially, the names in fast_flush_domains.
    [[nodiscard]] site_names& names() noexcept { return names_; }

    /// The logfiles of sites that an operator has named. Throws tool_error for a text that cannot
    /// be a site.
    [[nodiscard]] logfile_name logfile_of(const std::string& site) const;
    [[nodiscard]] std::set<logfile_name> logfiles_of(const std::vector<std::string>& sites) const;

    /// The sites that an operator means, the most likely first: what was typed, or, if that is the
    /// name of a logfile as found in flush/, also the sites whose mail it lists. May ask showq(8)
    /// for them.
    [[nodiscard]] std::vector<std::string> sites_named(const std::string& typed);

    /// Throws tool_error with this text if the user may not use the sockets in public/.
    void refuse_without_services(const std::string& text) const;
    [[nodiscard]] postfix_proto::flush_client_settings
    flush_settings(std::chrono::milliseconds limit) const;
    [[nodiscard]] postfix_proto::showq_client_settings showq_settings() const;

    /// The time since which only flushd has provided the flush service: the last change of
    /// master.cf, if that names flushd. Nothing if it names another program, or cannot be read.
    [[nodiscard]] std::optional<std::chrono::nanoseconds> only_flushd_since() const;

    /// Asks showq(8) for the names of all destinations with deferred mail, which takes about 70 us
    /// for each queued message. Throws tool_error.
    void learn_names_from_queue();

private:
    instance postfix_;
    postfix_proto::queue_layout layout_;
    queue_files files_;
    site_names names_;
};

} // namespace flushd::tool
