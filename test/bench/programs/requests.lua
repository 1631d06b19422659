-- Load generator, run by wrk: the same request over and over, or the paths of a file in turn. Counts go to a file as
-- JSON, for wrk's own output is meant for people.
local function read_file(name)
  local file = assert(io.open(os.getenv(name), 'rb'))
  local text = file:read('*a')
  file:close()
  return text
end

wrk.method = os.getenv('BENCH_METHOD')
if os.getenv('BENCH_BODY_FILE') then
  wrk.headers['Content-Type'] = os.getenv('BENCH_CONTENT_TYPE')
  wrk.body = read_file('BENCH_BODY_FILE')
end

if os.getenv('BENCH_PATHS_FILE') then
  local requests = {}
  local sent = 0
  function init()
    for path in read_file('BENCH_PATHS_FILE'):gmatch('[^\n]+') do requests[#requests + 1] = wrk.format(nil, path) end
  end
  function request()
    sent = sent + 1
    return requests[sent % #requests + 1]
  end
end

function done(summary, latency)
  local errors = summary.errors
  local file = assert(io.open(os.getenv('BENCH_RESULT_FILE'), 'w'))
  file:write(string.format(
    '{"requests":%d,"seconds":%.6f,"p50Ms":%.3f,"p99Ms":%.3f,"statusErrors":%d,"socketErrors":%d,"timeouts":%d}',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.status, errors.connect + errors.read + errors.write, errors.timeout
  ))
  file:close()
end
