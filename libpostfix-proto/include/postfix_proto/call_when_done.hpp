/// Runs an asynchronous operation and passes its result to a callback, for programs that do not use
/// coroutines.
#pragma once

#include "postfix_proto/awaitable.hpp"
#include "postfix_proto/boost_version.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <exception>

namespace postfix_proto {

/// Starts the coroutine that a client's member returns, and calls `handler` with the result, in the
/// thread that runs the context and never from within this call:
///
///     flush_client client(context);
///     call_when_done(context, client.send_site("customer.tld"),
///                    [](flush_result result) { ... });
///     context.run();
///
/// Clients report their failures in the result. The context's run() throws any exception, such as
/// one for lack of memory or one of the handler's own.
///
/// The context must outlive the operation. If the client is destroyed first, see the documentation
/// of the client. To cancel the operation by a slot, use Asio's co_spawn(), see the tutorial.
template <typename Result, typename Handler>
void call_when_done(boost::asio::io_context& context, boost::asio::awaitable<Result> task,
                    Handler handler) {
    // Not at once: what need not wait may be done within co_spawn() already, and a handler that
    // asks for the next thing, and the next, would be called deeper and deeper.
    boost::asio::post(
        context, [&context, task = std::move(task), handler = std::move(handler)]() mutable {
            boost::asio::co_spawn(context, std::move(task),
                                  [handler = std::move(handler)](const std::exception_ptr& failure,
                                                                 Result result) mutable {
                                      if (failure)
                                          std::rethrow_exception(failure);
                                      handler(std::move(result));
                                  });
        });
}

} // namespace postfix_proto
