// A policy service: each site may say ETRN once in so many seconds. In master.cf:
//     etrn_pause unix - n n - 1 etrn_pause -o etrn_pause=60s
// and in main.cf: smtpd_etrn_restrictions = check_policy_service unix:private/etrn_pause
#include <postfix_proto/attribute_encoder.hpp>
#include <postfix_proto/attribute_scanner.hpp>
#include <postfix_proto/service.hpp>

using namespace postfix_proto;
using steady = std::chrono::steady_clock;

class etrn_pause final : public service {
public:
    explicit etrn_pause(const service_setup& setup)
        : pause_(setup.main_cf.get_time("etrn_pause", 's', std::chrono::seconds(1))) {}

    boost::asio::awaitable<void> serve(client_connection& smtpd) override {
        wanted_attribute::map request;
        attribute_scanner scanner({wanted_attribute::entries(request)});
        attribute_decoder decoder(8192, attribute_form::plain);
        for (std::string input; !co_await smtpd.read_some(input); input.clear()) {
            std::string_view rest = input;
            const auto progress = scanner.feed(decoder, rest);
            if (progress == attribute_scanner::progress::malformed)
                co_return;
            if (progress == attribute_scanner::progress::need_more)
                continue;
            attribute_encoder reply(attribute_form::plain);
            reply.add("action",
                      is_early(request["etrn_domain"]) ? "DEFER asked a moment ago" : "DUNNO");
            if (co_await smtpd.write(reply.finish()))
                co_return;
            smtpd.expect_request();
            request.clear();
            scanner.restart();
        }
    }

private:
    bool is_early(const std::string& site) {
        const auto now = steady::now();
        std::erase_if(last_, [&](const auto& entry) { return now - entry.second >= pause_; });
        return !site.empty() && !last_.try_emplace(site, now).second;
    }

    std::chrono::seconds pause_;
    std::map<std::string, steady::time_point> last_;
};

int main(int argc, char* argv[]) {
    return run_service(argc, argv,
                       {.own_parameters = {{"etrn_pause", "60s"}},
                        .make = [](auto& setup) { return std::make_unique<etrn_pause>(setup); }});
}
