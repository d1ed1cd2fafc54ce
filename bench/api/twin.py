"""A peer for script/bench api and nothing else: three routes of the service as FastAPI + uvicorn would have them, over
the same tables, doing the same look-ups and writing the same rows. TWIN_DB is sqlite:FILE or postgres://…, TWIN_KEY
the secret that links are signed with."""
import base64
import datetime
import hashlib
import hmac
import json
import os
import sqlite3
import sys
import time
import uuid
from typing import Any, Dict, List, Optional

from fastapi import FastAPI, Header, HTTPException, Request, Response
from pydantic import BaseModel

app = FastAPI()


class SameHeadAndLog:
    """What the service sends with every answer, and the line it writes about each."""

    def __init__(self, app):
        self.inner = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.inner(scope, receive, send)
        began, request_id, status = time.monotonic(), os.urandom(8).hex(), 0

        async def with_head(message):
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] += [
                    (b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"),
                    (b"vary", b"Origin"), (b"x-request-id", request_id.encode())]
            await send(message)

        await self.inner(scope, receive, with_head)
        route = scope.get("route")
        sys.stderr.write('{"at":"request","id":"%s","method":"%s","route":"%s","status":%d,"ms":%d}\n' % (
            request_id, scope["method"], route.path if route else "-", status, (time.monotonic() - began) * 1000))


app.add_middleware(SameHeadAndLog)
DB = os.environ["TWIN_DB"]
KEY = os.environ["TWIN_KEY"].encode()
lite = None
pool = None


@app.on_event("startup")
async def connect():
    global lite, pool
    if DB.startswith("sqlite:"):
        lite = sqlite3.connect(DB[7:], isolation_level=None)
        lite.execute("PRAGMA journal_mode=WAL")
        lite.execute("PRAGMA synchronous=NORMAL")
        lite.execute("PRAGMA foreign_keys=ON")
        lite.row_factory = sqlite3.Row
    else:
        import asyncpg

        # As behind a pooler in transaction mode, which the service is written for: no named statements.
        pool = await asyncpg.create_pool(DB, min_size=4, max_size=8, statement_cache_size=0)


def now_ms() -> int:
    return int(time.time() * 1000)


def iso(ms: int) -> str:
    t = datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc)
    return t.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (ms % 1000)


def ms_of(t) -> int:
    return t if isinstance(t, int) else int(t.timestamp() * 1000)


async def one(sql_lite: str, sql_pg: str, *args):
    if lite:
        return lite.execute(sql_lite, args).fetchone()
    return await pool.fetchrow(sql_pg, *args)


def bearer(authorization: Optional[str]) -> str:
    if not authorization or not authorization.startswith("Bearer "):
        raise HTTPException(401, "sign in first")
    return hashlib.sha256(authorization[7:].encode()).hexdigest()


async def shopper(authorization: Optional[str]) -> str:
    row = await one(
        "SELECT user_id FROM guest_tokens WHERE hash = ? AND expires_at > ?",
        "SELECT user_id FROM guest_tokens WHERE hash = $1 AND expires_at > to_timestamp($2::bigint / 1000.0)",
        bearer(authorization), now_ms())
    if not row:
        raise HTTPException(401, "this token is not known or has expired")
    return str(row[0])


def link(base: str, path: str) -> str:
    expires = str(now_ms() // 1000 + 1800)
    mac = hmac.new(KEY, ("GET\navatars\n%s\n%s" % (path, expires)).encode(), hashlib.sha256).digest()
    signature = base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
    return "%sv1/blobs/avatars/%s?expires=%s&signature=%s" % (base, path, expires, signature)


def parsed(x):
    return json.loads(x) if isinstance(x, str) else x


AVATAR = ("SELECT id, status, progress, failure, answers, measurements, glb_url, web_glb_url, smpl_params_url, "
          "preview_url, created_at, updated_at FROM avatars WHERE id = ")


async def avatar_of(user: str, avatar_id: str):
    row = await one(AVATAR + "? AND user_id = ?", AVATAR + "$1::uuid AND user_id = $2::uuid", avatar_id, user)
    if not row:
        raise HTTPException(404, "there is no such avatar")
    return row


@app.get("/v1/avatars/{avatar_id}")
async def get_avatar(avatar_id: uuid.UUID, request: Request, authorization: Optional[str] = Header(None)):
    user = await shopper(authorization)
    row = await avatar_of(user, str(avatar_id))
    tag = '"%s-%d"' % (row["status"], ms_of(row["updated_at"]))
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"ETag": tag})
    doc = parsed(row["measurements"]) or {}
    base = str(request.base_url)
    files = {"avatar.glb": row["glb_url"], "avatar.web.glb": row["web_glb_url"], "params.npz": row["smpl_params_url"],
             "preview.png": row["preview_url"]}
    body = {
        "id": str(row["id"]), "status": row["status"], "progress": row["progress"], "failure": row["failure"],
        "answers": parsed(row["answers"]), "measurements": doc.get("measurements"), "mode": doc.get("mode"),
        "verdict": doc.get("verdict"), "files": {k: link(base, v) for k, v in files.items() if v}, "job_id": None,
        "created_at": iso(ms_of(row["created_at"])), "updated_at": iso(ms_of(row["updated_at"])),
    }
    return Response(json.dumps(body, separators=(",", ":")), media_type="application/json",
                    headers={"Cache-Control": "private, no-cache", "ETag": tag})


class Event(BaseModel):
    event_type: str
    id: Optional[str] = None
    session_id: Optional[uuid.UUID] = None
    garment_id: Optional[uuid.UUID] = None
    user_id: Optional[uuid.UUID] = None
    metadata: Dict[str, Any] = {}


@app.post("/v1/events", status_code=202)
async def add_event(event: Event, authorization: Optional[str] = Header(None)):
    key = await one(
        "SELECT brand_id, scopes FROM api_keys WHERE hash = ? AND revoked_at IS NULL AND (expires_at IS NULL OR "
        "expires_at > ?)",
        "SELECT brand_id, scopes FROM api_keys WHERE hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR "
        "expires_at > to_timestamp($2::bigint / 1000.0))",
        bearer(authorization), now_ms())
    if not key:
        raise HTTPException(401, "this key is not known")
    if "events" not in parsed(key["scopes"]):
        raise HTTPException(403, "this key is not good for events")
    args = (str(uuid.uuid4()), str(key["brand_id"]), event.event_type, event.id, json.dumps(event.metadata),
            now_ms())
    if lite:
        added = lite.execute(
            "INSERT INTO events (id, brand_id, event_type, dedupe_key, metadata, created_at) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING", args).rowcount
    else:
        done = await pool.execute(
            "INSERT INTO events (id, brand_id, event_type, dedupe_key, metadata, created_at) VALUES ($1::uuid, "
            "$2::uuid, $3, $4, $5::jsonb, to_timestamp($6::bigint / 1000.0)) ON CONFLICT DO NOTHING", *args)
        added = int(done.rsplit(" ", 1)[1])
    return {"accepted": added, "repeated": 1 - added}
