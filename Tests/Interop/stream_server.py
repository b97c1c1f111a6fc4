"""A Jetstream of version 1 on a WebSocket library that is not ours (see streams.sh).

Usage: stream_server.py PORT CERTIFICATE PRIVATE-KEY API-KEY [plain]. It serves /subscribe under TLS to who shows the key,
compresses unless told not to, and prints a line for each connection and for each refusal.
"""

import asyncio
import http
import json
import random
import ssl
import sys
import time
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import serve

port, certificate, private_key, api_key = sys.argv[1:5]
compression = None if "plain" in sys.argv[5:] else "deflate"
events: list[tuple[int, dict]] = []
letters = "abcdefghijklmnopqrstuvwxyz234567"


def identifier(length: int) -> str:
    return "".join(random.choice(letters) for _ in range(length))


def record_key(microseconds: int) -> str:
    """A TID, which says when the record was written."""
    alphabet, value, text = "234567abcdefghijklmnopqrstuvwxyz", microseconds << 10, ""
    for _ in range(13):
        value, digit = divmod(value, 32)
        text = alphabet[digit] + text
    return text


def event(number: int) -> tuple[int, dict]:
    now, did = time.time_ns() // 1000, "did:plc:" + identifier(24)
    if number % 3:
        body = {"kind": "identity", "identity": {"did": did, "handle": identifier(9) + ".test", "seq": number,
                                                 "time": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())}}
    else:
        subject = f"at://did:plc:{identifier(24)}/org.example.project/self"
        record = {"$type": "org.example.changeRequest", "title": f"Request {number}", "subject": {"uri": subject},
                  "text": "Would you take this? " * (number % 40)}
        body = {"kind": "commit", "commit": {
            "rev": record_key(now), "operation": "create", "collection": "org.example.changeRequest",
            "rkey": record_key(now), "record": record, "cid": "bafyrei" + identifier(52)}}
    return now, {"did": did, "time_us": now, **body}


async def produce() -> None:
    number = 0
    while True:
        events.append(event(number))
        number += 1
        await asyncio.sleep(0.02)


def admit(connection, request):
    if request.headers.get("Authorization") == "Bearer " + api_key:
        return None
    print("refused", flush=True)
    body = {"error": "AuthenticationRequired", "message": f"no such key: {request.headers.get('Authorization')}"}
    return connection.respond(http.HTTPStatus.UNAUTHORIZED, json.dumps(body))


async def subscribe(connection) -> None:
    query = parse_qs(urlsplit(connection.request.path).query)
    cursor = int(query.get("cursor", [events[-1][0]])[0])
    print("open", connection.protocol.extensions, flush=True)
    place = next((place for place, (moment, _) in enumerate(events) if moment >= cursor), len(events))
    while True:
        for _, message in events[place:]:
            # The servers of 2026 send short messages as they are, on the same connection; this library compresses all.
            await connection.send(json.dumps(message, separators=(",", ":")))
            place += 1
        await asyncio.sleep(0.02)


async def main() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private_key)
    producing = asyncio.create_task(produce())
    async with serve(subscribe, "127.0.0.1", int(port), ssl=context, compression=compression, process_request=admit):
        print("listening", flush=True)
        await producing


asyncio.run(main())
