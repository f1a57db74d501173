-- Books seats, each person once. Arguments: the first event, how many there are, and a word that makes people new.

local threads = {}

function setup(thread)
   thread:set("number", #threads)
   table.insert(threads, thread)
end

function init(args)
   head = "POST /api/bookings/reserve HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port ..
      "\r\nContent-Type: application/json\r\n"
   first, events, word = tonumber(args[1]), tonumber(args[2]), args[3]
   created, conflicts, others, sent = 0, 0, 0, 0
end

function request()
   sent = sent + 1
   local body = string.format('{"event_id":%d,"user_id":"%s-%d-%d"}', first + sent % events, word, number, sent)
   return head .. "Content-Length: " .. #body .. "\r\n\r\n" .. body
end

function response(status)
   if status == 201 then
      created = created + 1
   elseif status == 409 then
      conflicts = conflicts + 1
   else
      others = others + 1
   end
end

function done(summary, latency, requests)
   local counts = { created = 0, conflicts = 0, others = 0 }
   for _, thread in ipairs(threads) do
      for name, count in pairs(counts) do
         counts[name] = count + thread:get(name)
      end
   end
   local errors = summary.errors
   io.write(string.format(
      'RESULT {"seconds":%.6f,"answers":%d,"created":%d,"conflicts":%d,"others":%d,"lost":%d,' ..
      '"bytes":%d,"p50_ms":%.4f,"p99_ms":%.4f,"max_ms":%.4f}\n',
      summary.duration / 1e6, summary.requests, counts.created, counts.conflicts, counts.others,
      errors.connect + errors.read + errors.write + errors.timeout, summary.bytes,
      latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3))
end
