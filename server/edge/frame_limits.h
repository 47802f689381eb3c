/* frame_limits.h — the bounds of what a client may do with HTTP/2 frames, each with its reason. "Core" is the gRPC C
 * core 1.51 behind the edge; what its calls and frames cost was measured there. */
#ifndef PV_SERVER_EDGE_FRAME_LIMITS_H
#define PV_SERVER_EDGE_FRAME_LIMITS_H

enum {
    /* Largest frame: HTTP/2's own first value (RFC 9113, 4.2). DATA may be as large as the server has allowed in its
     * SETTINGS: the core asks for frames of 4 MiB and more, which its clients then send; flow control bounds them. */
    PV_FRAMES_FRAME_BYTES_MAX = 16 * 1024,

    /* Largest header block, compressed. The core refuses metadata above 8 KiB, but only after its parser has read
     * them, in time that grows with the square of the block: 4 MiB take 0.4 s, 16 MiB 20 s. */
    PV_FRAMES_BLOCK_BYTES_MAX = 16 * 1024,

    /* CONTINUATION frames of one block, empty ones too. A block that fits the frame size needs none. */
    PV_FRAMES_CONTINUATIONS_MAX = 4,

    /* Largest SETTINGS: 32 of them. HTTP/2 and gRPC together know fewer than ten. */
    PV_FRAMES_SETTINGS_BYTES_MAX = 32 * 6,

    /* Streams open at once, from the first frame on. A client that has not read our SETTINGS assumes 100, as nghttp2,
     * Go and .NET do; the core advertises no more, but holds a client to it only after the ACK. */
    PV_FRAMES_STREAMS_MAX = 100,

    /* Streams reset by either side, since a client can make the server reset ("made you reset", CVE-2025-8671). One
     * costs the core 13 KiB and 50 us, and a call record of ours. Honest clients reset in bursts, when the deadlines of
     * all open calls pass: the burst holds that twice. Of 500 at once the server took 11 MiB, of 200 from 1.5 to 3. A
     * reset of what is answered already counts half, and the server's own of what the client has reset nothing: they
     * cost nothing more. */
    PV_FRAMES_RESETS_PER_SECOND = 100,
    PV_FRAMES_RESETS_BURST = 200,

    /* PING, SETTINGS, PRIORITY, WINDOW_UPDATE, GOAWAY, unknown types, empty or padded DATA, and acknowledgements of
     * nothing. Without calls a client has reason for some ten in a connection's first second and one in ten seconds
     * after that. */
    PV_FRAMES_CONTROLS_PER_SECOND = 100,
    PV_FRAMES_CONTROLS_BURST = 400,

    /* With calls it has more reason: two WINDOW_UPDATEs for each DATA frame it gets, as simple clients send them, and
     * a PING, as Go's measures the line. So each frame of an answer, and each 16 KiB of a larger one, lets it send
     * three more. An answer costs the server more than a hundred such frames. */
    PV_FRAMES_CONTROLS_EARNED = 3,

    /* Kept for later at most: what a window of 16 MiB earns, since its updates come after it. */
    PV_FRAMES_CONTROLS_EARNED_MAX = 3072
};

/* In milliseconds. */
enum {
    /* From the end of the handshake to the client's first SETTINGS: clients send them with their Finished. */
    PV_FRAMES_PREFACE_MS = 5 * 1000,

    /* From the server's SETTINGS to their acknowledgement. It waits behind what the client is sending: a megabyte
     * takes a slow line (1 Mbit/s) eight seconds. */
    PV_FRAMES_SETTINGS_MS = 30 * 1000,

    /* For a header block, or a frame other than DATA, from its first byte to its last: at most 16 KiB. */
    PV_FRAMES_FRAME_MS = 10 * 1000,

    /* Between two bytes inside a DATA frame: TCP on a bad line repeats for so long. */
    PV_FRAMES_DATA_MS = 30 * 1000,

    /* From the server's PING to any byte of the client. The core itself gives up after ten seconds. */
    PV_FRAMES_PING_MS = 30 * 1000,

    /* Without an open stream. The core says GOAWAY after a quarter of an hour; this is for those who then stay. */
    PV_FRAMES_IDLE_MS = 20 * 60 * 1000
};

#endif
