/* The framing of the control socket, SOCK_SEQPACKET (docs/control.md): a request is one packet, the
 * magic, a count of 16 bits, 2 bytes of zero, and as many words, each ended by NUL. */
#ifndef CONTRACT_CONTROL_H
#define CONTRACT_CONTROL_H

#define CONTROL_MAGIC "OVL1"

enum {
    CONTROL_MAGIC_SIZE = 4,
    CONTROL_HEADER = 8,         /* bytes before the first word */
    CONTROL_STDIO = 3,          /* descriptors that come with a request: the caller's 0 to 2 */
    CONTROL_PACKET_MAX = 65536, /* bytes */
    CONTROL_WORDS_MAX = 1024
};

#endif
