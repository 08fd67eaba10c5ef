/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/fault/fault-preload.h"

EXPORTED int socket(int domain, int type, int protocol) {
        return (int) FAIL_OR(call_before(FAULT_SOCKET, FAULT_ELSEWHERE, "socket", 0),
                             syscall(SYS_socket, domain, type, protocol));
}

EXPORTED int bind(int fd, const struct sockaddr *address, socklen_t size) {
        return (int) FAIL_OR(call_before(FAULT_SOCKET, FAULT_ELSEWHERE, "bind", 0),
                             syscall(SYS_bind, fd, address, size));
}

EXPORTED int listen(int fd, int backlog) {
        return (int) FAIL_OR(call_before(FAULT_SOCKET, FAULT_ELSEWHERE, "listen", 0),
                             syscall(SYS_listen, fd, backlog));
}

EXPORTED int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags) {
        return (int) FAIL_OR(call_before(FAULT_SOCKET, FAULT_ELSEWHERE, "accept", 0),
                             syscall(SYS_accept4, fd, address, size, flags));
}

EXPORTED int getsockopt(int fd, int level, int name, void *value, socklen_t *size) {
        return (int) FAIL_OR(call_before(FAULT_SOCKET, FAULT_ELSEWHERE, "getsockopt", 0),
                             syscall(SYS_getsockopt, fd, level, name, value, size));
}

EXPORTED int setsockopt(int fd, int level, int name, const void *value, socklen_t size) {
        return (int) FAIL_OR(call_before(FAULT_SOCKET, FAULT_ELSEWHERE, "setsockopt", 0),
                             syscall(SYS_setsockopt, fd, level, name, value, size));
}

/* Of a datagram nothing is sent, or all. */
static bool is_stream(int fd) {
        int type = 0;
        socklen_t size = sizeof(type);

        return syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 &&
               type == SOCK_STREAM;
}

static ssize_t do_send(int fd, const struct msghdr *message, int flags) {
        FaultAction action = call_before(FAULT_SEND, FAULT_ELSEWHERE, "send", 0);
        struct msghdr cut_message = *message;
        struct iovec first;

        if (action == FAULT_SHORT && is_stream(fd) && message->msg_iovlen > 0) {
                first = message->msg_iov[0];
                first.iov_len = cut(action, first.iov_len);
                cut_message.msg_iov = &first;
                cut_message.msg_iovlen = 1;
        }
        return FAIL_OR(action, syscall(SYS_sendmsg, fd, &cut_message, flags));
}

EXPORTED ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
        return do_send(fd, message, flags);
}

EXPORTED ssize_t
sendto(int fd, const void *data, size_t size, int flags, const struct sockaddr *to, socklen_t n) {
        struct iovec part = {.iov_base = (void *) data, .iov_len = size};

        return do_send(fd,
                       &(struct msghdr){.msg_name = (void *) to,
                                        .msg_namelen = n,
                                        .msg_iov = &part,
                                        .msg_iovlen = 1},
                       flags);
}

EXPORTED ssize_t send(int fd, const void *data, size_t size, int flags) {
        return sendto(fd, data, size, flags, NULL, 0);
}

EXPORTED ssize_t recvmsg(int fd, struct msghdr *message, int flags) {
        FaultAction action = call_before(FAULT_RECEIVE, FAULT_ELSEWHERE, "receive", 0);
        size_t whole = message->msg_iovlen == 1 ? message->msg_iov[0].iov_len : 0;

        if (whole > 0)
                message->msg_iov[0].iov_len = cut(action, whole);
        ssize_t n = FAIL_OR(action, syscall(SYS_recvmsg, fd, message, flags));
        if (whole > 0)
                message->msg_iov[0].iov_len = whole;
        return n;
}
