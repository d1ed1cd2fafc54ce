-- For wrk: goes through the lines of a file ("token id", one request each) against one of three routes, against
-- /healthz, which asks nobody, or with a hundred events a request; and prints what it saw as one line of numbers:
-- requests, seconds, failures, p50, p99 (ms).
--   wrk -s load.lua URL -- ROUTE FILE [GARMENT]
local rows, at, route, garment = {}, 0, nil, nil
local event = '{"event_type":"widget_opened","metadata":{"page":"/products/tee","position":3}}'

function init(args)
    route, garment = args[1], args[3]
    for line in io.lines(args[2]) do
        local token, id = line:match("(%S+) (%S+)")
        rows[#rows + 1] = { token, id }
    end
    at = math.random(#rows)
end

function request()
    at = at % #rows + 1
    local headers = { Authorization = "Bearer " .. rows[at][1], Host = "bench" }
    if route == "avatar" then
        return wrk.format("GET", "/v1/avatars/" .. rows[at][2], headers)
    end
    if route == "floor" then
        return wrk.format("GET", "/healthz", headers)
    end
    headers["Content-Type"] = "application/json"
    if route == "event" then
        return wrk.format("POST", "/v1/events", headers, event)
    end
    if route == "batch" then
        return wrk.format("POST", "/v1/events", headers, '{"events":[' .. event .. string.rep("," .. event, 99) .. "]}")
    end
    return wrk.format("POST", "/v1/tryons", headers,
        '{"avatar_id":"' .. rows[at][2] .. '","garment_id":"' .. garment .. '","drape":false}')
end

function done(summary, latency)
    local e = summary.errors
    io.write(string.format("RESULT %d %.6f %d %.3f %.3f\n", summary.requests, summary.duration / 1e6,
        e.connect + e.read + e.write + e.status + e.timeout, latency:percentile(50) / 1000,
        latency:percentile(99) / 1000))
end
