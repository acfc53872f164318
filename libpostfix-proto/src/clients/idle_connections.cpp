#include "clients/idle_connections.hpp"

#include <utility>

namespace postfix_proto {

idle_connections::pointer idle_connections::take() {
    while (!kept_.empty()) {
        auto connection = std::move(kept_.back().connection);
        kept_.pop_back();
        if (connection->is_quiet())
            return connection;
    }
    return nullptr;
}

void idle_connections::keep(pointer connection) {
    const auto now = clock::now();
    if (now - connection->opened() >= connection_limit_)
        return;
    kept_.push_back({std::move(connection), now + idle_limit_});
    if (!is_waiting_)
        close_later();
}

void idle_connections::close_later() {
    is_waiting_ = true;
    timer_.expires_at(kept_.front().closing_time);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) // this object is being destroyed
            return;
        const auto now = clock::now();
        while (!kept_.empty() && kept_.front().closing_time <= now)
            kept_.pop_front();
        is_waiting_ = false;
        if (!kept_.empty())
            close_later();
    });
}

} // namespace postfix_proto
