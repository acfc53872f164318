#include "flushd/tool/command.hpp"
#include "flushd/tool/options.hpp"
#include "flushd/tool/queue/queue_context.hpp"
#include "flushd/tool/queue/waiting_report.hpp"
#include "flushd/tool/queue/waiting_table.hpp"
#include "flushd/tool/screen/interrupts.hpp"
#include "flushd/tool/screen/last_line.hpp"
#include "flushd/tool/screen/resize_watch.hpp"
#include "flushd/tool/top/top_model.hpp"
#include "flushd/tool/top/top_screen.hpp"

#include "postfix_proto/errors.hpp"
#include "postfix_proto/run_program.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace flushd::tool {

namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

// It pauses this many times as long as it reads, so that it takes less than a tenth of a processor.
constexpr int longest_share = 10;
// A signal that comes just before a wait is seen after this time.
constexpr milliseconds look_for_signals{200};
constexpr seconds send_limit{60};

struct top_options {
    seconds interval{2};
};

/// Ends the loop from within a survey.
struct quit_request {};

/// Runs `flushd send`, which knows all ways to send; returns what it says last.
std::string run_send(std::vector<std::string> arguments) {
    try {
        const auto result =
            postfix_proto::run_program(arguments, clock::now() + send_limit, std::size_t{1} << 20U);
        const auto said =
            text_for_line(last_line(result.errors.empty() ? result.output : result.errors));
        if (!said.empty())
            return said;
        return result.wait_status == 0 ? "sent" : "not sent";
    } catch (const postfix_proto::startup_error& error) {
        return text_for_line(error.what());
    }
}

class top_loop {
public:
    /// A send that is not finished when the loop ends is left in `sending`.
    top_loop(queue_context& queue, const top_options& options,
             std::optional<std::string> config_directory, std::future<std::string>& sending)
        : queue_(queue), options_(options), config_directory_(std::move(config_directory)),
          sending_(sending) {}

    void run() {
        screen_.draw(model_);
        try {
            while (true)
                ask_and_wait();
        } catch (const quit_request&) {
        }
    }

private:
    void ask_and_wait() {
        ask_again_ = false;
        auto question = model_.question();
        question.pause = [this] {
            if (clock::now() - looked_ >= milliseconds(50))
                react();
        };
        const auto begin = clock::now();
        auto report = ask_what_waits(queue_, question);
        if (!ask_again_) // else a key has changed what is asked for
            model_.take(std::move(report));
        screen_.draw(model_);
        const auto end =
            clock::now() +
            std::max<clock::duration>(options_.interval, longest_share * (clock::now() - begin));
        while (!ask_again_ && clock::now() < end) {
            const bool woken = resized_.wait_until(
                std::min(end, clock::now() + clock::duration(look_for_signals)), STDIN_FILENO);
            const auto keys = react();
            // A terminal that has gone can always be read, and gives nothing.
            idle_ = woken && keys == 0 ? idle_ + 1 : 0;
            if (idle_ > most_idle)
                throw quit_request();
        }
    }

    /// Does what the keys want; returns how many there were.
    std::size_t react() {
        looked_ = clock::now();
        if (interrupt_guard::is_interrupted())
            throw quit_request();
        if (resized_.take_change()) {
            screen_.resize();
            idle_ = 0;
        }
        std::size_t keys = 0;
        while (const auto key = screen_.read_key()) {
            ++keys;
            const auto action = model_.press(*key);
            if (action.what == top_action::quit)
                throw quit_request();
            ask_again_ = ask_again_ || action.what == top_action::ask_again;
            if (action.what == top_action::send)
                send(action.arguments);
        }
        if (sending_.valid() && sending_.wait_for(seconds(0)) == std::future_status::ready) {
            model_.tell(sending_.get());
            ask_again_ = true;
        }
        screen_.draw(model_);
        return keys;
    }

    void send(const std::vector<std::string>& arguments) {
        if (sending_.valid()) {
            model_.tell("the send before is not finished yet");
            return;
        }
        std::vector<std::string> words{"/proc/self/exe"};
        if (config_directory_)
            words.insert(words.end(), {"-c", *config_directory_});
        words.emplace_back("send");
        words.insert(words.end(), arguments.begin(), arguments.end());
        model_.tell("sending ...");
        sending_ = std::async(std::launch::async, run_send, std::move(words));
    }

    static constexpr int most_idle = 50;

    queue_context& queue_;
    const top_options& options_;
    std::optional<std::string> config_directory_;
    std::future<std::string>& sending_;
    const interrupt_guard signals_;
    const resize_watch resized_; // before the screen, which would take the signal
    top_screen screen_;
    top_model model_;
    clock::time_point looked_ = clock::now();
    bool ask_again_ = false;
    int idle_ = 0;
};

void run(const global_options& global, const top_options& options) {
    auto config_directory = global.config_directory;
    if (config_directory) // the working directory is about to change
        config_directory = std::filesystem::absolute(*config_directory).string();
    queue_context queue(enter_queue_directory(global.config_directory));
    std::future<std::string> sending;
    top_loop(queue, options, std::move(config_directory), sending).run();
    if (!sending.valid())
        return;
    if (sending.wait_for(seconds(0)) != std::future_status::ready)
        fmt::print(stderr, "flushd: waiting until delivery is requested\n");
    fmt::print("{}\n", sending.get());
}

} // namespace

void add_top(CLI::App& app, const global_options& global) {
    auto options = std::make_shared<top_options>();
    command_options command(app, "top",
                            "Show the mail that waits on the whole screen, and send it");
    command.footer(
        "Keys: up, down, Page Up, Page Down, Home and End move; left and right change the "
        "order; Enter opens a row, Esc goes back; s sends it, a blank marks it, S sends "
        "the marked ones; b groups by destination, relay, reason or sender; / filters; q "
        "quits.");
    command.duration({"--interval", "Time between two looks at the queue (default: 2s)"},
                     options->interval);
    command.action([options, &global] { run(global, *options); });
}

} // namespace flushd::tool
