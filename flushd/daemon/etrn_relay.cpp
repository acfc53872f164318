#include "flushd/daemon/etrn_relay.hpp"

#include "postfix_proto/errors.hpp"
#include "postfix_proto/log.hpp"
#include "postfix_proto/spawn.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <unordered_map>

namespace flushd {

namespace asio = boost::asio;
using namespace postfix_proto;

namespace {

// Forgetting what is old takes a look at all sites.
constexpr std::chrono::seconds between_looks{1};

bool is_address(const std::string& host) {
    boost::system::error_code error;
    asio::ip::make_address(host, error);
    return !error;
}

} // namespace

std::optional<etrn_relay_settings> etrn_relay_settings::read(const service_setup& setup) {
    etrn_relay_settings result;
    for (const auto& [letter, list] : setup.options.own) {
        const auto before = result.hosts.size();
        if (const auto mistake = add_hosts(list, result.hosts); !mistake.empty())
            throw startup_error("-H option: " + mistake);
        if (result.hosts.size() == before && list.find_first_not_of(" \t,") == std::string::npos)
            throw startup_error(fmt::format("-H option: no host in \"{}\"", list));
    }
    if (result.hosts.empty())
        return std::nullopt;
    if (result.hosts.size() > most_hosts)
        throw startup_error(fmt::format("-H option: more than {} hosts", most_hosts));
    // A process that ends remembers nothing, and hosts that name each other would never stop.
    const auto& set_here = setup.options.overrides;
    if (std::any_of(set_here.begin(), set_here.end(),
                    [](const auto& parameter) { return parameter.first == "max_use"; }))
        throw startup_error("-H option: does not work with max_use");
    result.hello = setup.main_cf.get("myhostname");
    result.names = name_service::read();
    return result;
}

bool etrn_relay_settings::has_names() const {
    return !std::all_of(hosts.begin(), hosts.end(),
                        [](const smtp_host& host) { return is_address(host.name); });
}

/// Which sites are being asked for, or have been of late.
class etrn_relay::memory : public std::enable_shared_from_this<memory> {
public:
    memory(std::chrono::seconds quiet, std::size_t most) : quiet_(quiet), most_(most) {}

    enum class verdict { ask, asked_before, too_many };

    verdict look(const std::string& site) {
        const auto now = clock::now();
        if (const auto found = sites_.find(site); found != sites_.end())
            return found->second.is_over(now, quiet_) ? verdict::ask : verdict::asked_before;
        if (sites_.size() >= most_ && now >= next_look_) {
            std::erase_if(sites_, [&](const auto& one) { return one.second.is_over(now, quiet_); });
            next_look_ = now + between_looks;
        }
        return sites_.size() < most_ ? verdict::ask : verdict::too_many;
    }

    /// It is being asked for as long as somebody has the result.
    std::shared_ptr<void> begin(const std::string& site) {
        struct guard {
            guard(std::shared_ptr<memory> m, std::string s)
                : owner(std::move(m)), site(std::move(s)) {
                owner->sites_[site].is_being_asked = true;
            }
            guard(const guard&) = delete;
            guard& operator=(const guard&) = delete;
            ~guard() {
                auto& it = owner->sites_[site];
                it.is_being_asked = false;
                it.last = clock::now();
            }
            std::shared_ptr<memory> owner;
            std::string site;
        };
        return std::make_shared<guard>(shared_from_this(), site);
    }

private:
    struct state {
        bool is_being_asked = false;
        clock::time_point last{};

        [[nodiscard]] bool is_over(clock::time_point now, std::chrono::seconds quiet) const {
            return !is_being_asked && now - last >= quiet;
        }
    };

    std::chrono::seconds quiet_;
    std::size_t most_;
    clock::time_point next_look_{};
    std::unordered_map<std::string, state> sites_;
};

struct etrn_relay::peer {
    peer(asio::io_context& context, smtp_host h, const etrn_relay_settings& settings)
        : host(std::move(h)), turns(context, settings.most_at_once, settings.most_waiting) {}

    smtp_host host;
    postfix_proto::turns turns;
};

etrn_relay::etrn_relay(const service_runtime& runtime, counters& counts,
                       etrn_relay_settings settings)
    : runtime_(runtime), counts_(counts), settings_(std::move(settings)),
      memory_(std::make_shared<memory>(settings_.quiet, settings_.most_sites)),
      unsent_(runtime.log), refused_(runtime.log), dropped_(runtime.log) {
    for (const auto& host : settings_.hosts)
        hosts_.emplace_back(runtime.context, host, settings_);
}

etrn_relay::~etrn_relay() = default;

void etrn_relay::request(const std::string& site) noexcept {
    try {
        request_now(site);
    } catch (const std::exception& failure) {
        dropped_("etrn: other hosts are not asked: {}", failure.what());
    }
}

void etrn_relay::request_now(const std::string& site) {
    std::string name = site;
    if (!is_address_literal(site)) {
        auto ascii = settings_.to_ascii(site);
        if (!ascii) // no name that another host would take
            return;
        name = *std::move(ascii);
    }
    switch (memory_->look(name)) {
    case memory::verdict::ask:
        break;
    case memory::verdict::asked_before:
        runtime_.log.debug("etrn site={}, was asked for already", name);
        return;
    case memory::verdict::too_many:
        counts_.add(counter::other_hosts_dropped, hosts_.size());
        dropped_("etrn: more than {} sites in {} s: other hosts are not asked for all of them",
                 settings_.most_sites, settings_.quiet.count());
        return;
    }
    const auto until_asked = memory_->begin(name);
    const auto end = clock::now() + settings_.limit;
    for (auto& one : hosts_)
        spawn(runtime_.context, ask(one, name, end, until_asked), runtime_.log, "etrn",
              runtime_.work.start());
}

asio::awaitable<void> etrn_relay::ask(peer& host, std::string site, clock::time_point end,
                                      std::shared_ptr<void> until_asked) {
    const auto name = host.host.str();
    auto turn = co_await host.turns.take_before(end);
    if (!turn) {
        counts_.add(counter::other_hosts_dropped);
        dropped_("etrn host={}: too many requests at once: some are left out", name);
        co_return;
    }
    const auto answer = co_await ask_each_address(host.host, site, end);
    if (!answer) {
        counts_.add(counter::other_hosts_failed);
        unsent_("etrn site={}, host={}: {}", site, name, answer.error());
    } else if (answer->is_good()) {
        counts_.add(counter::other_hosts_accepted);
        runtime_.log.info("etrn site={}, host={}, answer={}", site, name, answer->str());
    } else {
        counts_.add(counter::other_hosts_refused);
        refused_("etrn site={}, host={}, answer={}", site, name, answer->str());
    }
    until_asked.reset();
}

/// Each address gets its part of what time there is.
asio::awaitable<result<smtp_reply, std::string>>
etrn_relay::ask_each_address(const smtp_host& host, std::string site, clock::time_point end) {
    const auto found = co_await find_addresses(runtime_.context, settings_.names, host.name, end);
    if (!found)
        co_return unexpected(found.error());
    std::string failure;
    auto left = static_cast<int>(found->size());
    for (const auto& address : *found) {
        const auto until = clock::now() + (end - clock::now()) / left--;
        etrn_conversation what;
        what.host = {address, host.port};
        what.where = fmt::format("{}[{}]:{}", host.name, address.to_string(), host.port);
        what.hello = settings_.hello;
        what.site = site;
        auto answer = co_await request_by_etrn(runtime_.context, std::move(what), until);
        if (answer)
            co_return answer;
        failure = answer.error();
    }
    co_return unexpected(failure);
}

} // namespace flushd
