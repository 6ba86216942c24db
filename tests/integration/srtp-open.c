/* SPDX-License-Identifier: MIT */
/* srtp-open IN_PORT OUT_PORT gcm|cm HEX: stands before a sink that knows no SRTP.  libsrtp alone,
 * none of our code; what does not open is dropped and counted. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <srtp2/srtp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static struct sockaddr_in local(const char *port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons((uint16_t) atoi(port))};

    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return addr;
}

static srtp_t open_session(const char *kind, const char *hex)
{
    static unsigned char key[64];
    srtp_policy_t policy = {.ssrc = {.type = ssrc_any_inbound}, .key = key, .window_size = 128};
    srtp_t session = NULL;

    for (size_t i = 0; i < sizeof(key) && hex[2 * i] && hex[2 * i + 1]; i++)
        sscanf(hex + 2 * i, "%2hhx", &key[i]);
    if (!strcmp(kind, "gcm")) {
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
    } else {
        srtp_crypto_policy_set_rtp_default(&policy.rtp);
        srtp_crypto_policy_set_rtcp_default(&policy.rtcp);
    }
    srtp_init();
    return srtp_create(&session, &policy) == srtp_err_status_ok ? session : NULL;
}

int main(int argc, char **argv)
{
    srtp_t session = argc == 5 ? open_session(argv[3], argv[4]) : NULL;
    int fd = socket(AF_INET, SOCK_DGRAM, 0), clear = 0;
    unsigned char datagram[2048] __attribute__((aligned(8)));

    if (!session)
        return 2;
    struct sockaddr_in in = local(argv[1]), out = local(argv[2]);
    if (bind(fd, (struct sockaddr *) &in, sizeof(in)) < 0)
        return 1;
    printf("ready\n");
    fflush(stdout);
    for (;;) {
        int len = (int) recv(fd, datagram, sizeof(datagram), 0);
        if (len > 16 && datagram[12] == 0x47)
            clear++; /* a TS packet that anyone could read */
        if (len > 0 && srtp_unprotect(session, datagram, &len) == srtp_err_status_ok)
            sendto(fd, datagram, (size_t) len, 0, (struct sockaddr *) &out, sizeof(out));
        if (clear == 50) {
            printf("in the clear\n");
            fflush(stdout);
        }
    }
}
