#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A server that only listens: tells how each of its connections ended, one line each: "PEERPORT BYTES eof|reset|silence".

usage: server.py FAMILY PORT SECONDS-OF-SILENCE
"""
import socket
import sys
import threading


def serve(conn, port, silence):
    got, ending = 0, 'eof'
    conn.settimeout(silence)
    try:
        while data := conn.recv(65536):
            got += len(data)
    except ConnectionResetError:
        ending = 'reset'
    except TimeoutError:
        ending = 'silence'
    conn.close()
    print(port, got, ending, flush=True)


def main():
    family, port, silence = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    kind, anywhere = (socket.AF_INET6, '::') if family == '6' else (socket.AF_INET, '0.0.0.0')
    listener = socket.create_server((anywhere, port), family=kind)
    while True:
        conn, peer = listener.accept()
        threading.Thread(target=serve, args=(conn, peer[1], silence), daemon=True).start()


main()
