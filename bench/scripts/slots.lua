-- Asks for the free slots of rooms and days, at random. Arguments: a token, and a file with one path a line.

local threads = 0

function setup(thread)
   thread:set("number", threads)
   threads = threads + 1
end

function init(args)
   local head = " HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port .. "\r\nAuthorization: Bearer " .. args[1] .. "\r\n\r\n"
   messages = {}
   for path in io.lines(args[2]) do
      messages[#messages + 1] = "GET " .. path .. head
   end
   math.randomseed(number + 1)
end

function request()
   return messages[math.random(#messages)]
end

-- Without a function `response`, so that the bodies, of some kilobytes, are not handed to Lua.
function done(summary, latency, requests)
   local errors = summary.errors
   io.write(string.format(
      'RESULT {"seconds":%.6f,"answers":%d,"others":%d,"lost":%d,"bytes":%d,' ..
      '"p50_ms":%.4f,"p99_ms":%.4f,"max_ms":%.4f}\n',
      summary.duration / 1e6, summary.requests, errors.status,
      errors.connect + errors.read + errors.write + errors.timeout, summary.bytes,
      latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3))
end
