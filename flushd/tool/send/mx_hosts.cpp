#include "flushd/tool/send/mx_hosts.hpp"

#include "flushd/core/address_text.hpp"

#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

namespace flushd::tool {

namespace {

using clock = std::chrono::steady_clock;

// Per name server and question.
constexpr int seconds_to_answer = 2, attempts = 2;

constexpr std::size_t longest_answer = 65535;

/// Its own state of the resolver, since each thread needs one.
class resolver {
public:
    resolver() {
        is_ready_ = ::res_ninit(&state_) == 0;
        state_.retrans = seconds_to_answer;
        state_.retry = attempts;
    }
    resolver(const resolver&) = delete;
    resolver& operator=(const resolver&) = delete;
    ~resolver() {
        if (is_ready_)
            ::res_nclose(&state_);
    }

    /// Nothing when there was no answer.
    std::optional<std::vector<std::string>> hosts_of(const std::string& domain) {
        std::vector<std::string> result;
        if (!is_ready_)
            return std::nullopt;
        const int size = ::res_nquery(&state_, domain.c_str(), ns_c_in, ns_t_mx, answer_.data(),
                                      static_cast<int>(answer_.size()));
        if (size < 0) {
            if (state_.res_h_errno == HOST_NOT_FOUND)
                return result;
            if (state_.res_h_errno != NO_DATA)
                return std::nullopt;
        } else if (!parse_mx_answer(answer_.data(),
                                    std::min(answer_.size(), static_cast<std::size_t>(size)),
                                    result)) {
            return std::nullopt;
        } else if (!result.empty()) {
            std::erase(result, std::string()); // "." takes no mail
            return result;
        }
        result.push_back(domain);
        return result;
    }

private:
    struct __res_state state_ {};
    bool is_ready_ = false;
    std::vector<unsigned char> answer_ = std::vector<unsigned char>(longest_answer);
};

bool is_name(const std::string& domain) {
    return !domain.empty() && domain.find_first_of("[]/ :") == std::string::npos;
}

} // namespace

bool parse_mx_answer(const unsigned char* bytes, std::size_t size,
                     std::vector<std::string>& hosts) {
    ns_msg message{};
    if (::ns_initparse(bytes, static_cast<int>(size), &message) < 0)
        return false;
    for (int i = 0; i < ns_msg_count(message, ns_s_an); ++i) {
        ns_rr record{};
        char name[NS_MAXDNAME];
        constexpr int preference = 2; // bytes before the name
        if (::ns_parserr(&message, ns_s_an, i, &record) < 0)
            return false;
        if (ns_rr_type(record) != ns_t_mx) // a CNAME on the way
            continue;
        if (ns_rr_rdlen(record) <= preference ||
            ::dn_expand(ns_msg_base(message), ns_msg_end(message), ns_rr_rdata(record) + preference,
                        name, sizeof name) < 0)
            return false;
        auto host = lower_case(name);
        while (host.ends_with('.'))
            host.pop_back();
        hosts.push_back(std::move(host));
    }
    return true;
}

mx_answers find_mx_hosts(const std::vector<std::string>& domains, const mx_limits& limits) {
    mx_answers result;
    const auto end = clock::now() + limits.time;
    const auto count = std::min(domains.size(), limits.domains);
    result.unknown = domains.size() - count;
    std::atomic<std::size_t> next = 0;
    std::mutex guard;
    const auto work = [&] {
        resolver mine;
        for (auto i = next++; i < count; i = next++) {
            std::optional<std::vector<std::string>> hosts;
            if (!is_name(domains[i]))
                hosts = {domains[i]};
            else if (clock::now() < end)
                hosts = mine.hosts_of(domains[i]);
            const std::lock_guard lock(guard);
            if (hosts)
                result.hosts[domains[i]] = std::move(*hosts);
            else
                ++result.unknown;
        }
    };
    {
        std::vector<std::jthread> threads;
        try {
            while (threads.size() + 1 < std::min(limits.at_once, count))
                threads.emplace_back(work);
        } catch (const std::system_error&) {
            // The user may have no more threads: fewer questions at once.
        }
        work();
    }
    return result;
}

} // namespace flushd::tool
