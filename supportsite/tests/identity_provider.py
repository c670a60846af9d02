"""A small identity provider: discovery, sign-in, tokens and keys over real HTTP, real RS256.

It also plays the bad ones: down, slow, dripping, speaking HTML, pointing elsewhere.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from contextlib import suppress
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

CLIENT_ID, CLIENT_SECRET = "supportsite", "the-client's-secret"


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """One key per name for all tests: making one takes a tenth of a second."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def ec_key(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def ed_key(name: str) -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.generate()


def jwk(key: Any, **members: Any) -> dict[str, Any]:
    """The public half of a private key."""
    kind = {
        rsa.RSAPrivateKey: jwt.algorithms.RSAAlgorithm,
        ec.EllipticCurvePrivateKey: jwt.algorithms.ECAlgorithm,
        ed25519.Ed25519PrivateKey: jwt.algorithms.OKPAlgorithm,
    }
    algorithm = next(
        algorithm_name for key_type, algorithm_name in kind.items() if isinstance(key, key_type)
    )
    return {**algorithm.to_jwk(key.public_key(), as_dict=True), **members}


class IdentityProvider:
    """On loopback until ``close``; ``mood`` says how it behaves, ``keys`` what it publishes."""

    def __init__(self) -> None:
        self.keys = [jwk(rsa_key("one"), kid="one", use="sig", alg="RS256")]
        self.mood = "well"
        self.requests: list[str] = []
        self.person: dict[str, Any] = {}
        """The claims of whoever signs in next."""
        self.id_token: dict[str, Any] = {}
        """What the next ID token says otherwise than it should."""
        self._codes: dict[str, dict[str, str]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=[0.02], daemon=True).start()

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def jwks_url(self) -> str:
        return f"{self.issuer}/keys"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def sign(
        self, claims: dict[str, Any], *, kid: str | None = "one", key: Any = None, **header: Any
    ) -> str:
        headers = {**({"kid": kid} if kid else {}), **header}
        algorithm = headers.pop("alg", "RS256")
        return jwt.encode(claims, key or rsa_key("one"), algorithm=algorithm, headers=headers)

    # --- What it answers --------------------------------------------------------------------------

    def _handler(provider) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with suppress(OSError):
                    provider._get(self)

            def do_POST(self) -> None:
                with suppress(OSError):
                    provider._post(self)

            def log_message(self, *_: Any) -> None:
                """Silent."""

        return Handler

    def _get(self, to: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(to.path)
        self.requests.append(parts.path)
        match parts.path:
            case "/keys":
                self._in_its_mood(to, {"keys": self.keys})
            case "/.well-known/openid-configuration":
                self._in_its_mood(to, self._configuration())
            case "/authorize":
                self._authorize(to, {name: v[0] for name, v in parse_qs(parts.query).items()})
            case _:
                _send(to, 404, {})

    def _configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": self.jwks_url,
        }

    def _authorize(self, to: BaseHTTPRequestHandler, parameters: dict[str, str]) -> None:
        """Whoever comes is signed in already; the code is good once."""
        code = f"code-{len(self._codes)}"
        self._codes[code] = parameters
        query = urlencode({"code": code, "state": parameters["state"]})
        target = f"{parameters['redirect_uri']}?{query}"
        to.send_response(302)
        to.send_header("Location", target)
        to.end_headers()

    def _post(self, to: BaseHTTPRequestHandler) -> None:
        self.requests.append(to.path)
        text = to.rfile.read(int(to.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(text).items()}
        parameters = self._codes.pop(form.get("code", ""), None)
        verifier = form.get("code_verifier", "").encode()
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier).digest()).rstrip(b"=").decode()
        if (
            parameters is None
            or form.get("client_secret") != CLIENT_SECRET
            or digest != parameters.get("code_challenge")
            or form.get("redirect_uri") != parameters["redirect_uri"]
        ):
            return _send(to, 400, {"error": "invalid_grant"})
        now = int(time.time())
        claims = {
            **{"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 60},
            **{"nonce": parameters["nonce"], **self.person, **self.id_token},
        }
        tokens = {"access_token": "a", "token_type": "Bearer", "id_token": self.sign(claims)}
        return self._in_its_mood(to, tokens)

    def _in_its_mood(self, to: BaseHTTPRequestHandler, document: dict[str, Any]) -> None:
        match self.mood:
            case "well":
                _send(to, 200, document)
            case "down":
                to.connection.close()
            case "failing":
                _send(to, 503, document)
            case "elsewhere":
                to.send_response(302)
                to.send_header("Location", f"{self.issuer}/keys?elsewhere")
                to.end_headers()
            case "html":
                _send(to, 200, b"<html>Please sign in</html>")
            case "garbage":
                _send(to, 200, b"\x00\xff" * 50)
            case "deep":
                _send(to, 200, b'{"keys":' + b"[" * 100_000)
            case "no keys":
                _send(to, 200, {"keys": []})
            case "endless":
                _send(to, 200, b" " * 1_000_000)
            case "slow":
                time.sleep(4)
                _send(to, 200, document)
            case "dripping":
                _drip(to, b"HTTP/1.0 200 OK\r\n\r\n" + json.dumps(document).encode())
            case "dripping headers":
                _drip(to, b"HTTP/1.0 200 OK\r\n" + b"X: y\r\n" * 50)


BAD_MOODS = (
    *("down", "failing", "elsewhere", "html", "garbage", "deep", "no keys", "endless"),
    *("slow", "dripping", "dripping headers"),
)


def _send(to: BaseHTTPRequestHandler, status: int, content: Any) -> None:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    to.send_response(status)
    to.send_header("Content-Type", "application/json")
    to.send_header("Content-Length", str(len(body)))
    to.end_headers()
    to.wfile.write(body)


def _drip(to: BaseHTTPRequestHandler, content: bytes) -> None:
    """A byte at a time, so that no time-out between two bytes is ever reached."""
    for at in range(40):
        to.wfile.write(content[at : at + 1])
        to.wfile.flush()
        time.sleep(0.1)
    to.close_connection = True
