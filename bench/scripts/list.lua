-- Asks for a room's whole list again and again. Argument: the room's name.

function init(args)
   message = "GET /reservations/" .. args[1] .. " HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port .. "\r\n\r\n"
end

function request()
   return message
end

-- Without a function `response`, so that the bodies, of many megabytes, are not handed to Lua.
function done(summary, latency, requests)
   local errors = summary.errors
   io.write(string.format(
      'RESULT {"seconds":%.6f,"answers":%d,"others":%d,"lost":%d,"bytes":%d,' ..
      '"p50_ms":%.4f,"p99_ms":%.4f,"max_ms":%.4f}\n',
      summary.duration / 1e6, summary.requests, errors.status,
      errors.connect + errors.read + errors.write + errors.timeout, summary.bytes,
      latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3))
end
