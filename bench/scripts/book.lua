-- Asks for reservations: each request for a stretch of time of its own, or, if told so, mostly for stretches taken before.
-- Arguments: first moment, slots of a thread, seconds of a slot, first taken moment, name of the rooms, number of rooms,
--            name of the keys or "-", and how many requests in ten ask for what is taken.

local MINUTE, HOUR = 60, 3600
local TAKEN_HOURS = 100
local threads = {}

function setup(thread)
   thread:set("number", #threads)
   table.insert(threads, thread)
end

function init(args)
   slot_seconds = tonumber(args[3])
   first_moment = tonumber(args[1]) + number * tonumber(args[2]) * slot_seconds
   taken_moment = tonumber(args[4])
   taken_year = '"start_time":"' .. os.date("!%Y-", taken_moment)
   rooms, next_slot = {}, {}
   for index = 1, tonumber(args[6]) do
      rooms[index] = string.format("%s-%04d", args[5], index)
      next_slot[index] = 0
   end
   key_name = args[7]
   taken_in_ten = tonumber(args[8])
   head = "POST /reservations HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port ..
      "\r\nContent-Type: application/json\r\n"
   sent, created, conflicts, needless, others = 0, 0, 0, 0, 0
   math.randomseed(number + 1)
end

local function moment(seconds)
   return os.date("!%Y-%m-%dT%H:%M:%SZ", seconds)
end

local function stretch(room)
   if sent % 10 < taken_in_ten then
      -- Twenty minutes in the middle of an hour that somebody holds.
      return taken_moment + (sent % TAKEN_HOURS) * HOUR + 20 * MINUTE, 20 * MINUTE
   end
   local slot = next_slot[room]
   next_slot[room] = slot + 1
   return first_moment + slot * slot_seconds, slot_seconds
end

function request()
   local room = math.random(#rooms)
   local start, length = stretch(room)
   sent = sent + 1
   local body = '{"room_id":"' .. rooms[room] .. '","start_time":"' .. moment(start) ..
      '","end_time":"' .. moment(start + length) .. '"}'
   local key = ""
   if key_name ~= "-" then
      key = "Idempotency-Key: " .. key_name .. "-" .. number .. "-" .. sent .. "\r\n"
   end
   return head .. key .. "Content-Length: " .. #body .. "\r\n\r\n" .. body
end

function response(status, headers, body)
   if status == 201 then
      created = created + 1
   elseif status == 409 then
      conflicts = conflicts + 1
      -- The answer says what is in the way: anything but what was taken before means a free time was refused.
      if not body:find(taken_year, 1, true) then
         needless = needless + 1
      end
   else
      others = others + 1
   end
end

function done(summary, latency, requests)
   local counts = { created = 0, conflicts = 0, needless = 0, others = 0 }
   for _, thread in ipairs(threads) do
      for name, count in pairs(counts) do
         counts[name] = count + thread:get(name)
      end
   end
   local errors = summary.errors
   io.write(string.format(
      'RESULT {"seconds":%.6f,"answers":%d,"created":%d,"conflicts":%d,"needless":%d,"others":%d,"lost":%d,' ..
      '"bytes":%d,"p50_ms":%.4f,"p99_ms":%.4f,"max_ms":%.4f}\n',
      summary.duration / 1e6, summary.requests, counts.created, counts.conflicts, counts.needless, counts.others,
      errors.connect + errors.read + errors.write + errors.timeout, summary.bytes,
      latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3))
end
