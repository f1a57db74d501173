-- Asks how many seats of one event are left. Argument: the event.

function init(args)
   sent = wrk.format("GET", "/api/events/" .. args[1])
end

function request()
   return sent
end

function done(summary, latency, requests)
   local errors = summary.errors
   io.write(string.format(
      'RESULT {"seconds":%.6f,"answers":%d,"others":%d,"lost":%d,"bytes":%d,"p50_ms":%.4f,"p99_ms":%.4f,"max_ms":%.4f}\n',
      summary.duration / 1e6, summary.requests, errors.status,
      errors.connect + errors.read + errors.write + errors.timeout, summary.bytes,
      latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3))
end
