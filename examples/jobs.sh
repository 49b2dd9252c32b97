#!/usr/bin/env bash
# A tool job, a chat and a batch with nothing but curl. Run it beside `npm start` with `bash examples/jobs.sh`;
# MILLRACE_URL and MILLRACE_API_KEY say where and as whom.
set -euo pipefail

url=${MILLRACE_URL:-http://127.0.0.1:8000}

# The key goes through a file, where no list of processes shows it.
call() {
  curl -sS --fail-with-body "$@" --config <(
    if [ -n "${MILLRACE_API_KEY:-}" ]; then printf 'header = "authorization: Bearer %s"\n' "$MILLRACE_API_KEY"; fi
  )
}

# Under one key a request makes one job, so that curl may send it again.
new_key() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }

echo "tool:"
call "$url/jobs" --retry 3 -H 'content-type: application/json' -H 'prefer: wait=60' -H "idempotency-key: $(new_key)" \
  -d '{"type":"tool","tool":"everything__get-sum","arguments":{"a":1,"b":2}}'
echo

# -N shows each event when it comes.
echo "chat:"
call "$url/chat" -N -H 'content-type: application/json' -H "idempotency-key: $(new_key)" \
  -d '{"message":"get-sum a=3 b=4","stream":true}'

# One job on each line; the header Location names the batch. Its events end when it ends; then all results are there.
echo "batch:"
batch=$(
  for number in 1 2 3 4 5; do
    echo '{"type":"tool","tool":"everything__get-sum","arguments":{"a":'$number',"b":'$number'},"custom_id":"double-'$number'"}'
  done | call "$url/batches?concurrency=2" -H 'content-type: application/x-ndjson' -H "idempotency-key: $(new_key)" \
    --data-binary @- -o /dev/null -D - | tr -d '\r' | sed -n 's/^[Ll]ocation: //p'
)
call "$url$batch/events" -N -o /dev/null
call "$url$batch/results?order=input"
