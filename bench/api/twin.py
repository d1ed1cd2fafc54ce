"""A peer for script/bench api and nothing else: three routes of the service as FastAPI + uvicorn would have them, over
the same tables, doing the same look-ups and writing the same rows. TWIN_DB is sqlite:FILE or postgres://…, TWIN_KEY
the secret that links are signed with."""
import base64
import datetime
import hashlib
import hmac
import json
import math
import os
import sqlite3
import sys
import time
import uuid
from typing import Any, Dict, Optional

import numpy
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


# The hoodie's rows of lib/garment/garment.c and the judgement of lib/garment/fit.c: region, site, weight, least, ideal,
# most ease.
REGIONS = [("chest", "chest_girth", 4, 4, 17, 34), ("shoulder", "shoulder_breadth", 2, -1, 5, 14),
           ("waist", "waist_natural_girth", 1, 4, 24, 50), ("hem", "hip_girth", 1, -4, 6, 30),
           ("biceps", "upper_arm_girth", 1, 3, 12, 26), ("sleeve", "shoulder_to_wrist", 1, -3, 1, 8)]
GIRTHS = {"chest", "waist", "hem", "biceps"}
USUAL = {"chest": 96.0}
ERRORS = numpy.random.default_rng(1).standard_normal((256, len(REGIONS)))
KNIT_LIMIT, TOLERANCE = 0.4, 1.0


def above(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2))


def judge_size(row, body) -> dict:
    regions, logs, near, weights, least_p, worst = [], 0.0, 0.0, 0.0, 1.0, None
    for name, site, weight, least, ideal, most in REGIONS:
        value, made = body[site]["value_cm"], row[name]
        k = math.sqrt(value / USUAL[name]) if name in USUAL else 1.0
        ideal, most = ideal * k, ideal * k + (most - ideal) * max(k, 1)
        hard = least - 6
        if name in GIRTHS:
            give = KNIT_LIMIT * value
            least, hard = min(least, -0.05 * give), -min(0.25 * give, 9.5)
        ease, spread = made - value, math.hypot(body[site]["sd_cm"], TOLERANCE)
        p = max(0.0, above((ease - least) / spread) - above((ease - most) / spread))
        verdict = ("cannot_wear" if ease < hard else "too_tight" if ease < least else
                   "fitted" if ease <= min((ideal + most) / 2, ideal + 3) else "relaxed" if ease <= most else "loose")
        regions.append({"region": name, "body": site, "garment_cm": round(made, 2), "body_cm": round(value, 2),
                        "ease_cm": round(ease, 2), "ease_pct": round(100 * ease / value, 1), "sd_cm": round(spread, 2),
                        "least_cm": round(least, 2), "ideal_cm": round(ideal, 2), "most_cm": round(most, 2),
                        "class": verdict, "probability": round(p, 4), "source": "chart"})
        if p < least_p:
            least_p, worst = p, name
        logs += weight * math.log(max(p, 1e-9))
        near -= weight * ((ease - ideal) / ((most - least) / 3)) ** 2 / 2
        weights += weight
    ease = numpy.array([r["ease_cm"] for r in regions]) + ERRORS * [r["sd_cm"] for r in regions]
    fits = (ease >= [r["least_cm"] for r in regions]) & (ease <= [r["most_cm"] for r in regions])
    score = max(least_p, 1e-9) ** 0.6 * math.exp(0.4 * logs / weights) * math.exp(near / weights)
    return {"score": round(score, 4), "probability": float(fits.all(axis=1).mean()), "worst_region": worst,
            "sentence": "fits; closest at the %s" % worst, "regions": regions}


class TryOn(BaseModel):
    avatar_id: uuid.UUID
    garment_id: uuid.UUID
    size: Optional[str] = None
    drape: bool = True


@app.post("/v1/tryons", status_code=201)
async def try_on(wish: TryOn, authorization: Optional[str] = Header(None)):
    user = await shopper(authorization)
    avatar = await avatar_of(user, str(wish.avatar_id))
    g = await one("SELECT id, brand_id, category, fabric, size_chart FROM garments WHERE id = ?",
                  "SELECT id, brand_id, category, fabric, size_chart FROM garments WHERE id = $1::uuid",
                  str(wish.garment_id))
    if not g or avatar["status"] != "ready":
        raise HTTPException(404, "there is no such garment, or the avatar is not ready")
    body = parsed(avatar["measurements"])["measurements"]
    sizes = {name: judge_size(row, body) for name, row in parsed(g["size_chart"])["sizes"].items()}
    order = sorted(sizes, key=lambda name: -sizes[name]["score"])
    size = wish.size or order[0]
    if size not in sizes:
        raise HTTPException(422, "this garment has no such size")
    fit = {"recommended": order[0], "runner_up": order[1],
           "between_sizes": sizes[order[0]]["score"] - sizes[order[1]]["score"] < 0.05, "preference": "regular",
           "category": g["category"], "order": list(sizes), "sizes": sizes}
    session, now = str(uuid.uuid4()), now_ms()
    row = (session, user, str(g["brand_id"]), str(avatar["id"]), str(g["id"]), size, json.dumps(fit), now)
    event = (str(uuid.uuid4()), str(g["brand_id"]), user, session, str(g["id"]), json.dumps({"size": size}), now)
    if lite:
        lite.execute("PRAGMA synchronous=FULL")
        lite.execute("BEGIN IMMEDIATE")
        lite.execute("INSERT INTO tryon_sessions (id, user_id, brand_id, avatar_id, garment_id, selected_size, "
                     "fit_result, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)", row)
        lite.execute("INSERT INTO events (id, brand_id, user_id, session_id, garment_id, event_type, metadata, "
                     "created_at) VALUES (?, ?, ?, ?, ?, 'tryon_started', ?, ?)", event)
        lite.execute("COMMIT")
        lite.execute("PRAGMA synchronous=NORMAL")
    else:
        async with pool.acquire() as c:
            async with c.transaction():
                await c.execute(
                    "INSERT INTO tryon_sessions (id, user_id, brand_id, avatar_id, garment_id, selected_size, "
                    "fit_result, created_at, updated_at) VALUES ($1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::uuid, "
                    "$6, $7::jsonb, to_timestamp($8::bigint / 1000.0), to_timestamp($8::bigint / 1000.0))", *row)
                await c.execute(
                    "INSERT INTO events (id, brand_id, user_id, session_id, garment_id, event_type, metadata, "
                    "created_at) VALUES ($1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::uuid, 'tryon_started', "
                    "$6::jsonb, to_timestamp($7::bigint / 1000.0))", *event)
    return Response(json.dumps({
        "id": session, "avatar_id": str(avatar["id"]), "garment_id": str(g["id"]), "brand_id": str(g["brand_id"]),
        "selected_size": size, "fit": fit, "drapes": [], "created_at": iso(now), "updated_at": iso(now),
    }, separators=(",", ":")), status_code=201, media_type="application/json",
        headers={"Location": "/v1/tryons/" + session})
