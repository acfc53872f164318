#include "flushd/daemon/delivery_share.hpp"

#include <algorithm>
#include <utility>

namespace flushd {

namespace {

constexpr std::size_t first_window = 100;

} // namespace

delivery_share::part::part(delivery_share& owner, std::size_t messages)
    : owner_(owner), is_large_(messages > small_send),
      window_(std::min(is_large_ ? first_window : small_send, owner.most_.messages)) {
    ++owner_.open_;
}

delivery_share::part::~part() {
    update(0, 0);
    close();
}

void delivery_share::part::close() {
    if (std::exchange(is_open_, false))
        --owner_.open_;
}

void delivery_share::part::update(std::size_t messages, std::size_t recipients,
                                  std::size_t unread) {
    owner_.messages_ += messages - messages_;
    owner_.recipients_ += recipients - recipients_;
    owner_.unread_ += unread - unread_;
    messages_ = messages;
    recipients_ = recipients;
    unread_ = unread;
}

void delivery_share::part::succeeded(std::size_t messages) {
    window_ = std::min(window_ + messages, owner_.most_.messages);
}

std::size_t delivery_share::part::room() const {
    if (owner_.most_.messages == 0)
        return unlimited;
    const auto most = room_in_incoming();
    if (const auto room = usual_room(); room > 0)
        return std::min(room, most);
    // However much others have in delivery, each send goes on.
    const auto least =
        std::min(window_, std::max<std::size_t>(1, owner_.most_.messages / (4 * owner_.open_ + 1)));
    return messages_ < least ? std::min(least - messages_, most) : 0;
}

std::size_t delivery_share::part::room_in_incoming() const {
    if (!is_large_)
        return unlimited;
    return owner_.unread_ <= most_unread / 2 ? most_unread - owner_.unread_ : 0;
}

std::size_t delivery_share::part::usual_room() const {
    const auto& most = owner_.most_;
    if (owner_.messages_ >= most.messages ||
        (most.recipients > 0 && owner_.recipients_ >= most.recipients))
        return 0;
    const auto fair =
        std::max<std::size_t>(1, most.messages / std::max<std::size_t>(1, owner_.open_));
    const auto own = std::min(window_, fair);
    return own > messages_ ? std::min(own - messages_, most.messages - owner_.messages_) : 0;
}

} // namespace flushd
