#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A TLS client (OpenSSL's own hello) that chooses how its first flight is cut. Prints "PORT OUTCOME MILLISECONDS BYTES":
outcome handshake, answer, reset, closed or timeout; bytes of the first flight.

--piece N    bytes a write, one TCP segment each        --record N   handshake bytes a TLS record
--pad N      bytes of ALPN names, which make it long    --mss N      TCP maximum segment size
--no-sni     no server_name                             --wait S     seconds until it gives up
--sni NAME   another name than the one connected to      --hold S     after the handshake, wait, then ask
"""
import argparse
import socket
import ssl
import time


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument('address')
    p.add_argument('port', type=int)
    p.add_argument('name')
    p.add_argument('--piece', type=int, default=0)
    p.add_argument('--record', type=int, default=0)
    p.add_argument('--pad', type=int, default=0)
    p.add_argument('--mss', type=int, default=0)
    p.add_argument('--wait', type=float, default=5)
    p.add_argument('--no-sni', action='store_true')
    p.add_argument('--sni')
    p.add_argument('--hold', type=float, default=0)
    return p.parse_args()


def tls(args):
    """The client's side of TLS, in memory."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if args.pad:
        context.set_alpn_protocols(['http/1.1'] + ['x%0199d' % i for i in range(args.pad // 201)])
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    return context.wrap_bio(incoming, outgoing, server_hostname=None if args.no_sni else args.sni or args.name), incoming, outgoing


def records(flight, size):
    """The same handshake message in records of size bytes. RFC 8446, 5.1: a message may span records."""
    body = flight[5:]
    return b''.join(flight[:3] + len(body[i:i + size]).to_bytes(2, 'big') + body[i:i + size] for i in range(0, len(body), size))


def send(sock, flight, piece):
    for i in range(0, len(flight), piece or len(flight)):
        if i:
            time.sleep(0.003)
        sock.sendall(flight[i:i + (piece or len(flight))])


def shake(sock, args, sent):
    client, incoming, outgoing = tls(args)
    first = True
    while True:
        try:
            client.do_handshake()
            if flight := outgoing.read():
                sock.sendall(flight)
            return ask(sock, client, incoming, outgoing, args.hold) if args.hold else 'handshake'
        except ssl.SSLWantReadError:
            flight = outgoing.read()
        if first and args.record:
            flight = records(flight, args.record)
        if first:
            sent.append(len(flight))
        if flight:
            send(sock, flight, args.piece if first else 0)
        first = False
        data = sock.recv(65536)
        if not data:
            return 'closed'
        incoming.write(data)


def ask(sock, client, incoming, outgoing, hold):
    """A request on the open connection, and whether anything comes back."""
    time.sleep(hold)
    client.write(b'GET /hello HTTP/1.0\r\n\r\n')
    sock.sendall(outgoing.read())
    while data := sock.recv(65536):
        incoming.write(data)
        try:
            client.read(1)
            return 'answer'
        except ssl.SSLWantReadError:  # session tickets
            continue
    return 'closed'


def main():
    args, sent = arguments(), []
    with socket.socket(socket.AF_INET6 if ':' in args.address else socket.AF_INET) as sock:
        sock.settimeout(args.wait)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if args.mss:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, args.mss)
        sock.connect((args.address, args.port))
        port, start = sock.getsockname()[1], time.monotonic()
        try:
            outcome = shake(sock, args, sent)
        except (ConnectionResetError, BrokenPipeError):
            outcome = 'reset'
        except TimeoutError:
            outcome = 'timeout'
        except ssl.SSLError as error:
            outcome = 'alert:' + (error.reason or 'unknown')
        print(port, outcome, round((time.monotonic() - start) * 1000), *sent)


main()
