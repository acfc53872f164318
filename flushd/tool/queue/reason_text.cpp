#include "flushd/tool/queue/reason_text.hpp"

#include <algorithm>

namespace flushd::tool {

namespace {

constexpr std::string_view suspended = "delivery temporarily suspended: ";
constexpr std::size_t longest = 300;
// More of a reason is not looked at.
constexpr std::size_t longest_input = 1000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

enum class kind { plain, variable };

/// Such as 4.2.0.
bool is_enhanced_status(std::string_view word) {
    std::size_t dots = 0, digits = 0;
    for (const char c : word) {
        if (c == '.') {
            ++dots;
            if (digits == 0)
                return false;
            digits = 0;
        } else if (is_digit(c) && digits < 3) {
            ++digits;
        } else {
            return false;
        }
    }
    return dots == 2 && digits > 0 && word[1] == '.' &&
           (word[0] == '2' || word[0] == '4' || word[0] == '5');
}

/// Such as 450, or 450-4.2.0 in the first line of several.
bool is_reply_code(std::string_view word) {
    return word.size() >= 3 && (word[0] == '4' || word[0] == '5') && is_digit(word[1]) &&
           is_digit(word[2]) &&
           (word.size() == 3 ||
            (word[3] == '-' && (word.size() == 4 || is_enhanced_status(word.substr(4)))));
}

/// "mx.example.com", not "denied." or "e.g.".
bool is_host_name(std::string_view word) {
    const auto dot = word.find('.');
    return dot != std::string_view::npos && dot > 0 && dot + 2 < word.size() &&
           std::all_of(word.begin(), word.end(),
                       [](char c) { return is_letter(c) || c == '.' || c == '-' || c == '_'; });
}

bool is_day_or_month(std::string_view word) {
    constexpr std::string_view names =
        "Mon Tue Wed Thu Fri Sat Sun Jan Feb Mar Apr May Jun Jul Aug "
        "Sep Oct Nov Dec ";
    const auto found = names.find(word);
    return word.size() == 3 && found != std::string_view::npos && found % 4 == 0;
}

kind kind_of(std::string_view word, bool after_said) {
    if (word.find_first_of("@[") != std::string_view::npos ||
        word.find("://") != std::string_view::npos)
        return kind::variable;
    if (is_enhanced_status(word) || (after_said && is_reply_code(word)))
        return kind::plain;
    if (std::any_of(word.begin(), word.end(), is_digit))
        return kind::variable;
    return is_host_name(word) ? kind::variable : kind::plain;
}

class normaliser {
public:
    explicit normaliser(std::string& result) : result_(result), begin_(result.size()) {}

    [[nodiscard]] bool is_full() const { return result_.size() - begin_ >= longest; }

    void add(std::string_view word) {
        constexpr std::string_view opening = "<(\"'", closing = ">)\"'.,:;";
        const auto begin = word.find_first_not_of(opening);
        const auto end = word.find_last_not_of(closing);
        if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) {
            append(word);
            return;
        }
        auto core = word.substr(begin, end + 1 - begin);
        const auto tail = word.substr(end + 1);
        if (const auto equals = core.find('=');
            equals != std::string_view::npos && core.find("://") == std::string_view::npos &&
            kind_of(core.substr(equals + 1), false) == kind::variable) {
            append(word.substr(0, begin + equals + 1));
            result_ += '*';
            result_ += tail;
            was_variable_ = false;
        } else if (kind_of(core, after_said_) == kind::variable ||
                   (was_variable_ && is_day_or_month(core))) {
            add_variable(tail.substr(tail.starts_with('>') || tail.starts_with(')') ? 1 : 0));
        } else {
            const auto before = result_.size();
            append(word);
            if (is_day_or_month(core))
                date_begins_ = before;
        }
        after_said_ = word == "said:";
    }

    void finish() {
        if (result_.size() - begin_ > longest)
            result_.resize(begin_ + longest);
    }

private:
    void append(std::string_view word) {
        date_begins_ = std::string::npos;
        if (result_.size() > begin_)
            result_ += ' ';
        result_ += word;
        was_variable_ = false;
    }
    void add_variable(std::string_view tail) {
        if (date_begins_ != std::string::npos) // of "Fri, 27 Nov" the first word
            result_.resize(date_begins_);
        if (!was_variable_)
            append("*");
        else if (is_mark(result_.back()))
            result_.pop_back(); // of "a.tld, b.tld" the comma
        result_ += tail;
        was_variable_ = true;
    }
    static bool is_mark(char c) { return c == ',' || c == ':' || c == ';' || c == '.'; }

    std::string& result_;
    std::size_t begin_;
    std::size_t date_begins_ = std::string::npos; // if the last word may be part of a date
    bool after_said_ = true;                      // a reason may begin with the answer
    bool was_variable_ = false;
};

} // namespace

std::string_view first_reason(std::string_view reason) noexcept {
    while (reason.starts_with(suspended))
        reason.remove_prefix(suspended.size());
    return reason;
}

std::string essence_first(std::string_view reason) {
    reason = first_reason(reason);
    constexpr std::string_view connect = "connect to ", colon = ": ", said = " said: ";
    const auto turn = [reason](std::size_t end, std::size_t begin) {
        std::string result(reason.substr(begin));
        return result.append(" (").append(reason.substr(0, end)).append(")");
    };
    if (reason.starts_with(connect)) {
        if (const auto at = reason.find(colon); at != std::string_view::npos)
            return turn(at, at + colon.size());
    } else if (reason.starts_with("host ")) {
        if (const auto at = reason.find(said); at != std::string_view::npos)
            return turn(at, at + said.size());
    }
    return std::string(reason);
}

void append_normalised_reason(std::string_view reason, std::string& result) {
    reason = first_reason(reason).substr(0, longest_input);
    normaliser words(result);
    while (!reason.empty() && !words.is_full()) {
        const auto blank = std::min(reason.find(' '), reason.size());
        if (blank > 0)
            words.add(reason.substr(0, blank));
        reason.remove_prefix(std::min(blank + 1, reason.size()));
    }
    words.finish();
}

std::string normalised_reason(std::string_view reason) {
    std::string result;
    append_normalised_reason(reason, result);
    return result;
}

} // namespace flushd::tool
