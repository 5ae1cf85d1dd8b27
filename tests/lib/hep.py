"""A capture server: takes HEP 3 packets over UDP and takes them apart, strictly."""
import socket
import struct
import threading
import time

NAMES = {1: "family", 2: "protocol", 3: "from_ip", 4: "to_ip", 5: "from_ip", 6: "to_ip", 7: "from_port", 8: "to_port", 9: "seconds",
         10: "microseconds", 11: "kind", 12: "id", 14: "key", 15: "payload", 17: "correlation"}
NUMBERS = {1: "B", 2: "B", 7: "H", 8: "H", 9: "I", 10: "I", 11: "B", 12: "I"}
FAMILIES = {2: socket.AF_INET, 10: socket.AF_INET6}


def decode(packet):
    """The chunks by name; ValueError for anything that is not as the format says."""
    if packet[:4] != b"HEP3" or struct.unpack(">H", packet[4:6])[0] != len(packet):
        raise ValueError("no HEP3 packet, or its length is wrong")
    at, out = 6, {}
    while at < len(packet):
        vendor, kind, size = struct.unpack(">HHH", packet[at:at + 6])
        value = packet[at + 6:at + size]
        if vendor or kind not in NAMES or size < 6 or at + size > len(packet) or NAMES[kind] in out:
            raise ValueError(f"chunk {vendor}/{kind} of {size} bytes at {at}")
        if kind in NUMBERS:
            value = struct.unpack(">" + NUMBERS[kind], value)[0]
        elif kind in (3, 4, 5, 6):
            value = socket.inet_ntop(FAMILIES[out["family"]], value)
        else:
            value = value.decode()
        out[NAMES[kind]] = value
        at += size
    return out


class CaptureServer:
    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind(("127.0.0.1", 0))
        self.port, self.messages, self.bad = self.socket.getsockname()[1], [], []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            packet = self.socket.recv(65536)
            try:
                self.messages.append({**decode(packet), "came": time.time()})
            except (ValueError, KeyError, struct.error, UnicodeDecodeError) as e:
                self.bad.append(f"{e}: {packet[:200]!r}")
