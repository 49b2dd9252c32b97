/**
 * What this product promises, a sentence each. A test names the promise that it proves by its id, in brackets at the
 * start of its name; `requirements.test.ts` fails on an id that is not here, and on a promise without a test.
 */
export const requirements: Readonly<Record<string, string>> = {
  "agent.abort.before":
    "A start whose signal has aborted does nothing, and names the calls that an earlier one had begun.",
  "agent.abort.bounded":
    "A tool call that never settles holds an abort up for 5.5 s at most, and counts as having ignored it.",
  "agent.abort.lost":
    "A start that has lost its job stops, and its refused writes are no unhandled rejections.",
  "agent.abort.model": "An abort ends the model's answer, says so, and nothing more is written.",
  "agent.abort.tools": "An abort tells which tool calls had run, which have stopped, and which ignored it.",
  "agent.abort.waiting": "An abort ends every wait: for a store, a cool-down, a retry.",
  "agent.approval.budget": "Calls that wait for an approval keep their places in the budget of calls.",
  "agent.approval.decide":
    "An approved call runs, with edited arguments if there are any; a denied one is told to the model with its reason.",
  "agent.approval.expire": "A call that nobody decides on in time is denied.",
  "agent.approval.gone": "An approved call of a tool that is no longer there is told to the model.",
  "agent.approval.late":
    "a call that needs an approval only when it is to be sent is told to the model, and asks the next time",
  "agent.approval.park":
    "Calls that need an approval ask for it with their turn; the others run, and then the job parks.",
  "agent.approval.policy": "The strictest of the tool's approval policy and the job's counts.",
  "agent.calls.ids": "A call whose id was used before gets another.",
  "agent.cool_down.grow":
    "A provider that names no time cools down longer each time, across starts too, until a turn finishes.",
  "agent.cool_down.park": "A long cool-down parks the job, a little staggered, and the model is not asked.",
  "agent.cool_down.wait": "A short cool-down is begun for all who use the provider, and waited for in place.",
  "agent.deltas.bounded": "A burst of text is not held back beyond 16 KB.",
  "agent.deltas.end":
    "At the end of an answer what is left of its text is taken out or dropped, and no timer stays.",
  "agent.deltas.kinds": "Thinking and text are never mixed in one delta, and keep their order.",
  "agent.deltas.pace":
    "The first piece of an answer is written at once, later ones together for at most 50 ms.",
  "agent.drain":
    "A start that is told to drain finishes its turn and its calls, and the next goes on after them.",
  "agent.drain.end": "A draining start still ends a job that has nothing left to ask.",
  "agent.drain.postponed":
    "a draining start postpones calls that only wait for a server or a place, and the next start makes them, with their approval",
  "agent.drain.retry": "A draining start leaves the next try of a turn to another.",
  "agent.host.abort": "Over the real host an abort proves which tool has stopped and which ignored it.",
  "agent.host.calls":
    "Over the real host the loop gets answers, refused arguments, progress and a tool's own error.",
  "agent.host.connecting":
    "a chat, and the calls of an earlier start, wait for the job's own servers while they connect, and for no others",
  "agent.host.drain":
    "over the real host a call that waits for a place when its worker shuts down is made by the next",
  "agent.journal.failure":
    "A step that cannot be stored rejects the start, also one that nothing waited for.",
  "agent.offer.choice":
    "A tool choice binds the first turn, and one that names no offered tool fails the job.",
  "agent.offer.filter":
    "The model is offered the tools of the job's servers, and none when the job wants none.",
  "agent.offer.warnings": "A job says once that it has no tools, or that some were left out.",
  "agent.resume.anywhere": "A job that was cut off at any step ends as if it had not been.",
  "agent.resume.discard": "A turn that was cut off is taken back before anything else is written.",
  "agent.resume.once":
    "After a crash no turn that finished is asked for again, and no call that returned is made again.",
  "agent.resume.order": "Results that came before a crash and after it stand in the order of their calls.",
  "agent.resume.unknown":
    "A call that was begun before a crash runs again if that does no harm; of any other the model is told that nothing is known.",
  "agent.resume.warnings": "What a job was warned of once is not said again after a crash.",
  "agent.retry.backoff":
    "A turn that failed is taken back if anybody saw it, and tried again with growing, jittered waits, ten times at most.",
  "agent.retry.bug": "What is no fault of the model rejects the start.",
  "agent.retry.cool_down":
    "A cool-down lasts as the provider says, else as a backoff, and never fails a job by itself.",
  "agent.retry.never": "A model's fault that no retry mends fails the job with its code.",
  "agent.sampling.budget": "What a tool asks a model is bounded by the job's budget.",
  "agent.sampling.cool_down":
    "A provider that asks to wait when a tool has asked it is asked by nobody for that time.",
  "agent.sampling.fault":
    "A model that fails or cools down is told to the tool that asked, and fails no job.",
  "agent.sampling.resume": "What a tool has asked before a crash counts after it.",
  "agent.sampling.stop": "A tool that asks a model hears that its answer was cut off, or refused.",
  "agent.sampling.usage": "A tool that asks for a model gets the job's own, and the job's usage counts it.",
  "agent.stop.budget":
    "When a budget is spent, no call that it bounds is made any more, and the job ends with what it has.",
  "agent.stop.cut":
    "The tools of a turn that was cut off or refused do not run, and its conversation stays whole.",
  "agent.stop.iterations":
    "The tools of the last turn that may ask for them still run, and no turn comes after.",
  "agent.stop.output":
    "A turn may have what the request allows, and no more than the budget of tokens has left.",
  "agent.stop.turn":
    "A turn that asks for no tool ends the job, and so does one that was cut off or refused.",
  "agent.tools.bug": "A bug in one call takes no answer from the others, and then rejects the start.",
  "agent.tools.caller":
    "All calls of one start of a chat job come from one caller, and those of another from another.",
  "agent.tools.failed": "A tool's own error and a call without an answer both go back to the model.",
  "agent.tools.held":
    "No call that had to wait is sent before it is certain that the job is still this start's.",
  "agent.tools.intent": "No tool runs before its intent is stored, together with the turn that asked for it.",
  "agent.tools.lost":
    "A call whose answer was lost is made once more where that does no harm, and never where it may.",
  "agent.tools.malformed":
    "A call whose arguments are no JSON does not run, and the model is shown what it wrote.",
  "agent.tools.names": "A model may call a tool by its unified name, or by a bare one that one server has.",
  "agent.tools.parallel":
    "The calls of a turn run side by side, and the model gets their results in its own order.",
  "agent.tools.progress":
    "A call's progress is written at most once in 100 ms, and the last report is never lost.",
  "agent.tools.result": "A tool's whole answer is kept in the log, and the model gets its view of it.",
  "agent.tools.timeout":
    "Of a call that took too long the model is told that it may have happened, unless a repeat does no harm.",
  "agent.tools.unknown": "A tool that is not offered is answered with those that are, and fails no job.",
  "agent.turn.answer": "A turn is begun, streamed and finished, and its text is the job's.",
  "agent.turn.previous":
    "The conversation of an earlier job comes first, and its call ids are not used again.",
  "agent.warnings.price":
    "a job says once that a budget of dollars bounds nothing on a model without a price",
  "api.bad.ambiguous": "A bare tool name that several servers have is refused with the choices.",
  "api.bad.arguments": "Arguments that do not fit the tool are refused, each with its path.",
  "api.bad.body_size": "A body over the limit is refused, told by its length or sent in chunks.",
  "api.bad.body_size.bounded":
    "Of a refused body 256 MiB are read at most, for 30 s, and 5 s of silence; none of it is kept.",
  "api.bad.body_size.close": "Who sends all before reading gets the answer to a body that is not read.",
  "api.bad.body_size.expect": "Who asks before sending is refused at once.",
  "api.bad.body_size.next": "The connection of a body that is not read takes the next request.",
  "api.bad.body_size.streamed": "An answer that refuses nothing never waits for the rest of a body.",
  "api.bad.content_encoding": "A JSON body that says that it is packed is refused.",
  "api.bad.content_type": "A body that does not say that it is JSON is refused.",
  "api.bad.depth": "Arguments that are nested too deeply are refused.",
  "api.bad.encoding": "A body that is not UTF-8 is refused instead of changed.",
  "api.bad.expect": "An expectation that is unknown is refused with a problem.",
  "api.bad.fuzz": "Random requests never meet a bug and never hang.",
  "api.bad.json": "A body that is no JSON is refused.",
  "api.bad.many":
    "a request that is wrong in millions of places is refused in a small answer, with the first hundred errors",
  "api.bad.method": "A wrong method is refused with Allow.",
  "api.bad.route": "A route that does not exist answers a problem that names /docs.",
  "api.bad.schema":
    "A request that does not fit its schema is refused with every wrong path, unknown keys included.",
  "api.bad.server": "An unknown server is refused with the names that exist.",
  "api.bad.tool": "An unknown tool is refused with the names that exist.",
  "api.bad.unparsable": "What is not HTTP, and headers that are too large, are refused with a problem.",
  "api.bad.unparsable.behind":
    "What follows a request that is whole does not take its answer away; the connection ends after it.",
  "api.batch": "Each line of a batch makes a job, whose result comes back under the line's own name.",
  "api.batch.array": "A JSON array of at most MAX_BODY_BYTES is a batch as well.",
  "api.batch.array.deep":
    "an element of an array that nests too deeply is rejected like any other line, and harms none",
  "api.batch.bad_line": "A bad line is reported with its number, code and path, and harms no other.",
  "api.batch.cancel": "A cancel ends the upload and all jobs of the batch that have not ended.",
  "api.batch.cap":
    "At the key's cap an upload waits for room, and is answered with 429 and what it has after a minute.",
  "api.batch.chunk": "What jobs go on with counts towards the size of what is written together.",
  "api.batch.coding": "The codings of an upload are named in any case, and gzip by its old name too.",
  "api.batch.custom_id": "A line whose name is no whole text is refused, as it would come back changed.",
  "api.batch.cut": "An upload without a key that breaks off leaves a batch that ends with what it got.",
  "api.batch.events": "Progress comes at most ten times a second and ends with the batch.",
  "api.batch.events.expired":
    "a stream of a batch ends when its retention is over before its reader had come to the end",
  "api.batch.events.time": "An event of a batch says the same whenever it is read, its time too.",
  "api.batch.gzip": "A packed upload is unpacked as it comes, and bounded by what it unpacks to.",
  "api.batch.jobs": "The jobs of a batch are jobs like others, name their batch and are listed by it.",
  "api.batch.killed": "An upload whose api is killed goes on at another api, and nothing runs twice.",
  "api.batch.large_line": "A line of 20 MB is rejected without being kept, and harms no other.",
  "api.batch.memory": "The api's memory does not grow with the lines of a batch.",
  "api.batch.memory.body": "What has been read of an upload is not kept until its end.",
  "api.batch.options": "What the query says holds for the lines that do not say it themselves.",
  "api.batch.rejections": "Of many bad lines all are counted, and the first thousand told.",
  "api.batch.repeat": "The same file sent again is the same batch, and a line that differs is rejected.",
  "api.batch.results": "Results come in the order of completion or of the input, and go on behind a cursor.",
  "api.batch.results.large": "Large results of a batch come whole.",
  "api.batch.resume":
    "An upload that breaks off goes on when the same file comes again under its key, and nothing runs twice.",
  "api.batch.split": "Lines are the same however their bytes arrive.",
  "api.batch.tenants": "A batch is its key's alone.",
  "api.batch.two_uploads": "Of two uploads of one batch the newer goes on, and nothing runs twice.",
  "api.batch.too_long": "A batch ends with its ten millionth line, and says so.",
  "api.batch.worker_killed": "A batch's counts are right after a worker was killed.",
  "api.cluster.batch":
    "On a Redis Cluster a batch with a concurrency of its own runs, gives its results in order and is known under its key.",
  "api.cluster.batch.cancel": "On a Redis Cluster a batch is cancelled.",
  "api.cluster.bulk": "On a Redis Cluster jobs are cancelled one by one, retried together and counted.",
  "api.cluster.schedule": "On a Redis Cluster a schedule submits its job, pauses and is deleted.",
  "api.cluster.webhook": "On a Redis Cluster a job's end is told by webhook, and can be told again.",
  "api.config.defaults": "The api needs only REDIS_URL; an empty or blank variable counts as absent.",
  "api.config.host": "HOST may be an IPv6 address in brackets or a name in capitals.",
  "api.config.keys":
    "Malformed keys are reported together by their place, never with a secret; only hashes are kept.",
  "api.config.keys.presentable":
    "A secret in API_KEYS that no request could present is refused by its place.",
  "api.config.keys.shared":
    "A secret under two names in `API_KEYS` is refused, and both are told without it.",
  "api.config.loopback": "Without keys the api refuses to listen on anything but loopback.",
  "api.config.wrong": "The api's wrong settings are reported together.",
  "api.docs": "/docs and all that it loads is served from here.",
  "api.events.bad_id": "An event id that is nonsense or past the end is refused.",
  "api.events.close": "A client that hangs up cancels nothing and leaves no subscription.",
  "api.events.ended": "A reader that knows the terminal event gets 204.",
  "api.events.expired":
    "a stream ends when the retention of its job is over before its reader had come to the end",
  "api.events.frames": "An SSE frame has id, event and data, and the ids have no gaps.",
  "api.events.gapless": "Every stream has every event once and in order, however it meets the log.",
  "api.events.head": "HEAD on a stream keeps nothing open.",
  "api.events.headers": "A stream is neither stored nor buffered on its way.",
  "api.events.live": "A stream that was opened before its job ran sees everything, live.",
  "api.events.one_subscriber": "All streams of an api share one subscriber connection.",
  "api.events.page": "The JSON page lists the same events, with the cursor of the next page.",
  "api.events.reread": "A quiet stream reads the log again at each comment, for what no message has told of.",
  "api.events.resume": "A reader that comes back with its last id gets exactly what comes after it.",
  "api.events.same_bytes": "An event reads the same byte for byte on every read.",
  "api.events.slow_reader": "A reader that takes nothing does not hold the others up.",
  "api.execute": "The execute route answers 200 with the tool's answer and the job that did it.",
  "api.execute.arguments":
    "The execute route answers 422 with a path for arguments that do not fit, and does nothing.",
  "api.execute.cancelled": "A call that somebody cancels says so in the execute route's answer.",
  "api.execute.failure": "The execute route answers 200 with success false when the tool failed.",
  "api.execute.unknown":
    "The execute route answers 404 for an unknown server or tool, and names those that exist.",
  "api.first-answer.late": "A late answer of the first worker counts while the second is silent.",
  "api.first-answer.nobody":
    "Without an answer there is none, and when nobody waits any more no other worker is asked.",
  "api.first-answer.silence":
    "When one worker stays silent, the next is asked as well, and the silent one is no longer waited for once that answers.",
  "api.first-answer.turns":
    "The next worker is asked when one has no answer, and nobody after the first answer.",
  "api.fleet.empty": "Without a worker the lists are empty, and jobs are accepted and judged later.",
  "api.fleet.health": "GET /mcp/health tells which servers are connected or rest.",
  "api.fleet.health.resting": "A lazy server that rests without an error is well.",
  "api.fleet.servers":
    "GET /mcp/servers tells each server's status, tools and last error; one that fails harms no other.",
  "api.fleet.tools":
    "Tools are listed under unique names that are fit for model providers, all together or by server.",
  "api.fleet.transports": "A job reaches a real MCP server over stdio, Streamable HTTP, SSE and WebSocket.",
  "api.fleet.workers": "GET /workers lists the live workers, and no longer those that have left.",
  "api.health": "/health/live and /health/ready answer without a key.",
  "api.host": "Every form of a valid Host is served, as a URL writes it or not.",
  "api.http_1_0": "A request in HTTP/1.0, which needs no Host, is answered.",
  "api.idempotency": "The same key and request give the first job again, and another request is refused.",
  "api.idempotency.header": "A malformed or too long key is 400.",
  "api.idempotency.refused": "A refused request takes no key.",
  "api.idempotency.routes": "`POST /chat` and execute take the key too.",
  "api.idempotency.wait": "A repeat is waited for and streamed like the first.",
  "api.jobs.accept":
    "A submission streams when Accept names event streams, in any case, and likes them no less than JSON.",
  "api.jobs.busy_server": "Waiting for a busy server does not use up a job's time.",
  "api.jobs.byte_order_mark": "A JSON body that begins with a byte order mark is read without it.",
  "api.jobs.call_rejected": "A call that the server refuses fails its job with what the server said.",
  "api.jobs.delay": "A delayed job is queued until it is due, and holds nobody back.",
  "api.jobs.large": "Arguments and results that are too large to publish arrive whole.",
  "api.jobs.list": "GET /jobs lists the newest jobs first.",
  "api.jobs.list.bad": "Wrong query values are refused together, each by its name.",
  "api.jobs.list.filter": "Filters find exactly the jobs that fit.",
  "api.jobs.list.pages": "A walk over the pages meets every job once, also while others are submitted.",
  "api.jobs.long_poll":
    "GET /jobs/{id}?wait answers when the job has ended, or with the running job when the time is over.",
  "api.jobs.long_poll.bad": "A malformed or too long ?wait is refused.",
  "api.jobs.metadata": "Metadata comes back unchanged.",
  "api.jobs.not_found": "An id that does not exist, or is none, answers 404.",
  "api.jobs.prefer_wait":
    "Prefer: wait answers 200 with the finished job, or 202 with the job as it is when the time is over.",
  "api.jobs.prefer_wait.bad": "A malformed or too long Prefer: wait is refused, and nothing is submitted.",
  "api.jobs.priority": "Of the jobs that wait, the one with the lowest priority number starts first.",
  "api.jobs.progress": "a tool job's events tell the progress of its call, the last report before its end",
  "api.jobs.retention":
    "A finished job and its log expire after the job's retention, and no job before its end.",
  "api.jobs.stream":
    "POST /jobs with Accept: text/event-stream streams the job's events from the first to the last.",
  "api.jobs.submit":
    "POST /jobs answers 202 with the job and its Location; the job that has run shows when, where and with what result.",
  "api.jobs.timeout": "A job that runs longer than timeout_ms, counted from its start, fails with timeout.",
  "api.jobs.tool_error":
    "A tool that reports an error fails its job with tool_error, and its answer is kept.",
  "api.jobs.tool_name":
    "A unified name, a unified name beside its server, and a bare name that one server has all find their tool.",
  "api.keys.accepted":
    "A key works by its secret, given plainly or as a hash, and one name may have several.",
  "api.keys.admin": "A key with the scope admin sees, lists, cancels and retries the jobs of every key.",
  "api.keys.file":
    "A keys' file that was named must be there, and one that is taken away never opens the api.",
  "api.keys.file.wrong": "A keys' file that is not right is refused with every path, and never shown.",
  "api.keys.limits":
    "A key has the limits of its file, and one over its cap is told to wait while others go on.",
  "api.keys.me": "A key sees its scopes, limits, weight and use.",
  "api.keys.open": "Health and documentation need no key, and with keys every Host and Origin is served.",
  "api.keys.rate":
    "Requests of a key are counted over all apis, and beyond its limit they are refused with Retry-After.",
  "api.keys.reload":
    "Every api follows a change of the keys' file, by itself and when one of them is told to reload.",
  "api.keys.reload.bug":
    "A fault of the api's own while it reads the keys leaves them as they are, and is logged.",
  "api.keys.reload.invalid":
    "A keys' file that is not right changes nothing, and the reload names its paths.",
  "api.keys.required": "With API_KEYS every guarded route needs a key, and tells nothing without one.",
  "api.keys.scopes":
    "A key reaches only the routes of its scopes, and a refusal names the scope that is missing.",
  "api.keys.secret": "No secret is logged.",
  "api.keys.shared":
    "A secret of the file that `API_KEYS` has under another name is refused at start and at reload.",
  "api.keys.tenants": "A key sees only its own jobs; others do not exist for it.",
  "api.keys.tools":
    "Servers and tools that a key may not use are for it as if they were not there, in lists, jobs and chats.",
  "api.keys.tools.worker": "The worker refuses servers and tools of a key that the api could not judge.",
  "api.keys.wrong": "A wrong or malformed key is refused.",
  "api.loopback.host": "Without keys only requests for loopback names are served.",
  "api.loopback.origin": "Without keys only pages from loopback may call.",
  "api.memory": "The api's memory does not grow with the jobs that have passed.",
  "api.metrics.fleet": "The metrics tell what runs, what is parked, and which servers are connected.",
  "api.metrics.queue": "What the metrics say waits, is delayed and has ended is what was submitted.",
  "api.metrics.streams": "The metrics count the event streams that are open.",
  "api.openapi": "/openapi.json is valid and describes every route.",
  "api.openapi.bodies": "/openapi.json describes a request body where one is read, and nowhere else.",
  "api.openapi.headers": "/openapi.json describes the headers of requests and answers.",
  "api.openapi.described": "Every query value that the documentation names is described there.",
  "api.openapi.query": "/openapi.json describes a number in a query as one, with its bounds and its default.",
  "api.openapi.streams": "/openapi.json describes streams with the schema of their items.",
  "api.prompts.get": "A prompt is filled in through a worker, and what does not fit is refused.",
  "api.prompts.list": "Lists a server's prompts with their arguments.",
  "api.refresh": "`refresh=true` shows what a server has not announced; without a worker it answers at once.",
  "api.reload.calls": "A job in flight finishes on the server that a reload takes away.",
  "api.reload.dead": "A worker that dies meanwhile is reported, and not waited for beyond 15 s.",
  "api.reload.errors": "A new server that cannot start is named in the answer.",
  "api.reload.fleet": "Every live worker says what it did, and the lists are published when it answers.",
  "api.reload.invalid": "An invalid file is 422 with paths, and changes nothing.",
  "api.reload.invalid.others": "Of each worker a refused reload says only what that worker has answered.",
  "api.reload.invalid.visible": "A refused reload tells a key only of the servers that it may use.",
  "api.reload.many": "Many reloads in a row leave one process for each worker.",
  "api.reload.nobody": "Without a worker the answer says so.",
  "api.reload.unchanged": "The same file changes nothing.",
  "api.request_id": "Every answer has a request id; the client's own is used when it is fit for a log.",
  "api.resources.away": "A server that no worker has connected is 409.",
  "api.resources.limit": "A resource over the server's limit is refused, with both sizes.",
  "api.resources.list": "Lists a server's resources and templates.",
  "api.resources.query": "A malformed query is 400.",
  "api.resources.read": "Reads text and bytes through a worker that has the server.",
  "api.resources.silent": "A worker that gives no answer does not keep another from reading.",
  "api.resources.unknown": "An unknown resource or server is 404.",
  "api.result.misfit":
    "A finished job keeps structured content that does not fit its schema, and says where.",
  "api.retry": "Retry and bulk retry over HTTP; other states are refused.",
  "api.retry.empty": "A retry without a body means the defaults, whatever its headers say of it.",
  "api.retry.filter": "A bulk retry goes by status or by batch too; an empty filter is refused.",
  "api.stop.bounded": "A request that never ends holds up an api's stop for its grace alone.",
  "api.stop.upload":
    "An upload to an api that stops is told what its batch has got, and goes on at another one.",
  "api.stream.slices":
    "A large page of a stream is given out in slices and is whole at the end; a small one is one chunk.",
  "api.stream.steady":
    "A reader that takes a slice now and then gets a page to its end, however long it takes.",
  "api.stream.stuck":
    "A reader that takes nothing for a minute is dropped, also at the end of a stream; one that waits for more is not.",
  "api.tools.resting": "Tools and arguments of a server that rests are checked as those of any other.",
  "api.tools.withheld": "A server's tools are listed with those that nobody can use, and why.",
  "approvals.away":
    "a tool job of a key with narrowed tools asks for its approval also while its server rests",
  "approvals.bad": "A body that is no decision is refused, and another key's job does not exist.",
  "approvals.clock": "A job's time stands still while it waits for a word.",
  "approvals.conflict":
    "A decision on an unknown, decided or ended call is 409, and of two at once one counts.",
  "approvals.deny": "The model is told of a denial and its reason, and the tool is never called.",
  "approvals.edit": "A call may be approved with other arguments if they fit the tool.",
  "approvals.late": "a call that waits for its server while its approval becomes necessary asks for it",
  "approvals.park":
    "A call that needs a word parks its job, tells its arguments, holds no place and goes on once approved.",
  "approvals.policy":
    "The strictest policy of server and job decides, and a tool without annotations counts as destructive.",
  "approvals.some": "Of a turn's calls, those that need no word run at once.",
  "approvals.tool_job": "A tool job asks for approval as well.",
  "approvals.worker_gone": "An approval works after the worker that asked is gone.",
  "cancel.fleet": "A cancel reaches its job on whichever worker it runs.",
  "cancel.ignored": "A tool that ignores a cancel is waited for some five seconds at most, and is named.",
  "cancel.model": "A cancel closes the model's stream and frees the place within a second.",
  "cancel.queued": "Queued and delayed jobs are cancelled at once and never run.",
  "cancel.race": "A cancel that races the end gives one end: 202 means cancelled, 200 means completed.",
  "cancel.stream": "Streams and waits end with the cancel.",
  "cancel.tool":
    "A cancel tells the tool, frees the place within a second, and the job says what had run and what was stopped.",
  "cancel.tool_job": "A tool job is cancelled likewise.",
  "cancel.twice": "Two cancels make one end, and a finished job stays as it is.",
  "cancel.unknown":
    "A cancel names the call that was under way when its worker died: it has not proved to have stopped.",
  "chaos.checks.calls": "A call that was made twice, or against what its job says, is a violation.",
  "chaos.checks.log": "A log with a gap, two ends, a repeated step or a stale end is a violation.",
  "chaos.checks.outcome":
    "A wrong answer, an ignored cancel, a second job for one key and no end are violations.",
  "chaos.checks.right": "A job that was taken over and ended once is no violation.",
  "chaos.checks.stream": "A reader that missed, repeated or misread an event is a violation.",
  "chaos.command": "The chaos command takes a seed, sizes and a report file, and says what it cannot read.",
  "chaos.detects.fence": "Without fencing the chaos suite finds a call that was made twice.",
  "chaos.detects.replay":
    "Without journal replay the chaos suite finds a call and a turn that were made twice.",
  "chaos.detects.two_ends": "A terminal event that is written twice is found by the chaos suite.",
  "chaos.recovery": "A recovery lasts from the kill of a job's worker to its next start.",
  "chaos.run":
    "While workers, apis, MCP servers and Redis are killed, paused and cut off, no promise is broken.",
  "chaos.seed": "The faults and jobs of a chaos run follow from its seed alone.",
  "chat.auth": "A missing or refused model key fails the job at once, and the error names the variable.",
  "chat.bad.header": "Headers and JSON of chat requests are judged as for every job.",
  "chat.bad.request":
    "A chat request that does not fit is refused with the path and a message that says what is right.",
  "chat.bad.size": "A body of exactly the limit reaches the model whole; one byte more is refused.",
  "chat.conversation":
    "With either provider every step of a conversation is seen in the documented order, and every event has exactly the contract's form.",
  "chat.cool_down.cancel": "A parked job is cancelled at once.",
  "chat.cool_down.park": "A job that waits long for its provider is parked, holds no place, and goes on.",
  "chat.cool_down.shared": "A provider's cool-down holds for every worker.",
  "chat.deltas":
    "The first delta is passed on at once, later ones are put together, and nothing of the text is lost.",
  "chat.demo": "Without a key the default model shows a real loop with a real tool.",
  "chat.faults.backoff": "5xx are tried again.",
  "chat.faults.broken":
    "A cut, stalled, malformed or failing stream takes its turn back and makes it again, and the deltas that are kept are the answer.",
  "chat.faults.rejected": "What a provider refuses fails at once with its own words.",
  "chat.faults.retry_after": "429 and 529 with Retry-After are waited for, with no attempt burned.",
  "chat.faults.silent": "A provider that never begins is cut off and asked again.",
  "chat.faults.truncated_call":
    "A tool call that was cut off does not run, and the conversation stays whole.",
  "chat.jobs": "POST /jobs takes a chat job, waited for or read later.",
  "chat.limits.budget":
    "A job that has spent its budget of tokens, cost or tool calls completes with what it has.",
  "chat.limits.iterations":
    "A model that calls tools for ever is stopped after `max_tool_iterations`, its last tools included.",
  "chat.limits.stop": "An answer cut at its limit, and a refusal, end the job and are named.",
  "chat.models":
    "GET /models and /health/ready tell aliases, limits, prices and which providers are configured, and no key.",
  "chat.models.default":
    "The api says what the default is: a worker without its key fails the job and uses no other model.",
  "chat.options.choice": "`tool_choice` binds the first turn; `none` offers no tool.",
  "chat.options.model": "System, temperature, max_tokens and messages reach the model as they are.",
  "chat.options.no_tools": "Where no tools are to be had it is plain chat, with a warning.",
  "chat.options.outside":
    "A tool choice outside what the request lets the chat use is refused; a bare one is looked up among its mcp_servers.",
  "chat.options.plain": "`enable_mcp: false` is plain chat, without a warning.",
  "chat.options.servers": "`mcp_servers` narrows what the model is offered and what it can call.",
  "chat.options.unknown": "Models, servers and tools that do not exist are refused with those that do.",
  "chat.previous":
    "`previous_job_id` goes on with that job's whole conversation, which is no part of the new request or its events.",
  "chat.previous.bound":
    "No job or line of a batch goes on with a conversation that is larger than MAX_BODY_BYTES.",
  "chat.previous.cut": "A job cancelled in a tool call can be gone on with.",
  "chat.previous.tenant": "Another key's job does not exist as a previous job.",
  "chat.previous.unusable": "A previous job that does not exist, is no chat or has not ended is refused.",
  "chat.reconnect.anywhere": "A stream that breaks at any byte goes on after its last whole event.",
  "chat.reconnect.live":
    "A reader that breaks off again and again while the job runs has the unbroken log, byte for byte.",
  "chat.results.large": "The model gets head and tail of a large result, the log all of it.",
  "chat.results.media": "An image or PDF that a tool returns reaches the model as such.",
  "chat.results.too_large": "A result over the cap is refused alone, and the model is told.",
  "chat.secret": "A model's key is in no event, job or log, even when the provider repeats it.",
  "chat.streamed":
    "POST /chat with `stream: true` or Accept, and POST /jobs with Accept, answer with the job's events from the first to the last.",
  "chat.streams.hang_up": "A client that hangs up on POST /chat leaves its job to run.",
  "chat.streams.leave": "Clients that connect and leave keep nothing open and stop nothing.",
  "chat.streams.slow_reader": "A slow reader of a fast stream holds nobody up and misses nothing.",
  "chat.tool.late": "A worker that has lost a chat job sends none of its calls that had to wait.",
  "chat.tool.lost": "The model is told so.",
  "chat.tools.bare": "A bare tool name finds the one server that has it, and no one of several.",
  "chat.tools.deep": "Arguments that nest too deep are told to the model, and fail no job.",
  "chat.tools.error": "What goes wrong in a tool is told to the model and fails no job.",
  "chat.tools.parallel":
    "The tools of one turn run side by side, and the model gets their results in its order.",
  "chat.tools.unknown": "A call of a tool that does not exist is answered with those that do.",
  "chat.usage": "Tokens and cost are counted by turn and by job, alike for both providers.",
  "chat.waited": "POST /chat answers 200 with the finished job.",
  "cli.approve":
    "A call that waits for an approval is told with the command that approves it, and that command works.",
  "cli.batch":
    "The command line runs every job of a file, appends the results, and is quiet when it is piped.",
  "cli.batch.disk": "a disk that is full is told on one line with the file, and the exit code is 2",
  "cli.batch.exit": "Failed jobs and rejected lines of a batch are told, and the exit code is 1.",
  "cli.batch.output": "Results of another batch are never mixed up or overwritten.",
  "cli.batch.output.pipe":
    "Results of a batch go to a named pipe or the shell's own, and nothing is left beside it.",
  "cli.batch.output.place":
    "--restart writes the results anew through a link, and never over the file of the jobs itself.",
  "cli.batch.pipe": "A batch reads stdin and writes stdout.",
  "cli.batch.rate": "A batch's rate is that of the last ten seconds, and the time left follows from it.",
  "cli.batch.refusal": "What the api refuses of a batch that is known from before is told with its cure.",
  "cli.batch.results": "Results of a batch go on behind the last whole one of their file.",
  "cli.batch.resume":
    "After Ctrl-C, or half a written line, the same command goes on, and each result comes once.",
  "cli.batch.whole": "a batch whose lines do not all arrive is an error; lines with nothing on them are none",
  "cli.batches": "The command line lists, shows and cancels batches.",
  "cli.chat": "Piped, a chat prints the answer alone; its message may come from stdin.",
  "cli.completion": "The command line completes commands in the shell.",
  "cli.errors.input": "A wrong command, option or file is refused with one line, and the exit code is 2.",
  "cli.errors.key": "A missing or wrong key is told with the variable that holds it, and never repeated.",
  "cli.errors.no_server":
    "Without a server the error names the URL and how to start one, and the exit code is 3.",
  "cli.errors.refused": "What the api refuses is told on one line with its code.",
  "cli.errors.status": "The exit code says whether the api has refused a request or failed at it.",
  "cli.exit": "A tool that fails is told on stderr, and the exit code is 1.",
  "cli.fleet": "The command line tells of servers, tools and workers.",
  "cli.help": "Every command has help that fits the terminal.",
  "cli.interrupt": "The first Ctrl-C cancels the job, says so, and the exit code is 130.",
  "cli.jobs": "The command line lists, shows, watches, cancels and retries jobs.",
  "cli.jobs.each":
    "of several jobs that are cancelled or retried each is told of, also when one is not there",
  "cli.jobs.retry": "The command line retries what has failed of a batch.",
  "cli.json": "With --json stdout has JSON and nothing else.",
  "cli.node": "An older Node hands over to the project's own.",
  "cli.pipe": "A reader that has read enough is no error.",
  "cli.schedules": "The command line puts, lists, pauses and deletes schedules.",
  "cli.table":
    "A table has one line for each row, fits the terminal, and holds nothing that a terminal would obey.",
  "cli.terminal.approve":
    "On a terminal an approval is asked for, and the answer counts; NO_COLOR takes the colours away.",
  "cli.terminal.chat": "On a terminal text and tool calls are shown as they come.",
  "cli.terminal.progress": "On a terminal a batch shows how far it is.",
  "cli.tool": "The command line calls a tool with typed arguments and prints its answer alone.",
  "cli.tool.arguments":
    "key=value words become what the tool's schema wants, and what cannot is refused by name.",
  "cli.tool.timeout": "seconds with a fraction become whole milliseconds",
  "cli.tool.unknown": "a tool is called also when its schema cannot be known, and what is guessed is told",
  "client.abort":
    "An abort ends a request of the client, and the wait for its next try, with its own reason.",
  "client.approve": "The client approves a call, with other arguments if there are any, or denies it.",
  "client.batches":
    "The client makes a batch of a list, and reads its results in the order that is asked for, from any cursor.",
  "client.batches.abort":
    "An abort stops a stream that is a batch's source, also while it waits for its next line.",
  "client.batches.cancel": "The client cancels a batch, and the batch's events end with that.",
  "client.batches.long": "A long upload is made again as long as each try sends more than those before it.",
  "client.batches.resume":
    "An upload that breaks is made again under its key, and no job is made twice, no result read twice.",
  "client.batches.silence": "Results on a connection that has died are asked for again after their last one.",
  "client.batches.slow": "A line is sent while its source waits for the next, and an abort stops the source.",
  "client.batches.source":
    "A generator, a function and NDJSON make a batch; bad lines and the source's own errors are told.",
  "client.browser": "The client works in a browser without any other package.",
  "client.cancel": "The client cancels jobs and lets them go on, one or many.",
  "client.chat": "A chat streams its text over all turns, and can be waited for, continued and cancelled.",
  "client.chat.discarded": "Text of a turn that is taken back is told, and comes anew.",
  "client.deliveries": "The client tells what a job's webhook was told.",
  "client.errors":
    "What the api refuses is a MillraceError, no api at all a connection error that names the URL.",
  "client.errors.connection": "An api that cannot be reached is named, with the reason.",
  "client.errors.foreign": "An answer that is not the api's is told as such.",
  "client.errors.problem": "A problem is told with its code, cure, paths and request.",
  "client.events":
    "Events come typed and in order, each once, through connections that break, and end with the job.",
  "client.events.end": "The end of a log is its end only when nothing comes after it.",
  "client.events.frames": "Frames are read whatever pieces they come in, and a reader that leaves hangs up.",
  "client.events.leave": "Who leaves the loop of events hangs up, and an abort throws its reason.",
  "client.events.resume":
    "A stream that breaks goes on after its last event; events that come again are left out, missing ones asked for again.",
  "client.events.silence": "A connection that is silent for too long counts as broken.",
  "client.fleet": "The client tells of the api, its workers and its models.",
  "client.key":
    "The client tells what its key may do; a key that cannot be sent is refused without being repeated.",
  "client.key.idempotency": "An idempotency key that no header can carry is refused before anything is sent.",
  "client.list": "A long list is read page by page.",
  "client.mcp": "The client tells of servers, tools, resources and prompts.",
  "client.mcp.execute":
    "The client calls a tool and waits; a tool's failure is an answer, a call that cannot succeed an error.",
  "client.retry.bounded": "Waits between tries grow, are jittered, follow Retry-After and end.",
  "client.retry.clean": "A wait that is over leaves nothing on its caller's signal.",
  "client.retry.request": "A request is sent again until it is answered.",
  "client.retry.when":
    "What may pass is sent again; what must not happen twice only when it was surely not done.",
  "client.schedules": "The client puts, pauses, resumes, lists and deletes schedules.",
  "client.submit": "The client submits jobs, looks them up, waits for them and lists them.",
  "client.submit.once": "A submission that nobody knows of is sent again and makes one job.",
  "client.url":
    "Paths are put under the url, names stay inside their segment, and what is no url is refused.",
  "client.wait":
    "The client waits through connections that break; an abort ends the waiting and not the job.",
  "config.default": "The default configuration fits its schema and has three real servers.",
  "config.documented": "Every example of the documentation loads, in all three forms.",
  "config.fingerprint":
    "The same settings hash alike; what the connection depends on changes its hash, other settings do not.",
  "config.formats.all_errors":
    "What is wrong at the top of a file is told together with what is wrong in a server.",
  "config.formats.desktop": "A file of Claude Desktop or Cursor loads, with each transport.",
  "config.formats.empty": "A file without servers is fine in each form.",
  "config.formats.error_paths":
    "The path of a wrong server of a configuration file is told whole, also when its name has a colon.",
  "config.formats.errors": "What is wrong in another format is named by the path as the file has it.",
  "config.formats.own_keys": "Our own settings work in the other formats as well.",
  "config.formats.references": "What VS Code would fill in is a variable, and a default stays one.",
  "config.formats.unknown": "Unknown keys of the other formats have no effect, and a warning names them.",
  "config.formats.vscode": "A file of VS Code loads; its inputs become variables, and a warning names them.",
  "config.formats.which": "A file in none of the forms, or in more than one, is refused.",
  "config.mcp.approval":
    "A server's approval is one policy or one for each glob of tool names; the strictest that fits counts, and wrong values are refused with the allowed ones.",
  "config.mcp.auth":
    "Bearer and both client-credential forms load; contradictions are refused by path, an empty value fails its server alone.",
  "config.mcp.broken": "Broken JSON names the file, line and column.",
  "config.mcp.excerpt": "Broken JSON is told of by its place, without an excerpt of the file.",
  "config.mcp.lost_name": "A server whose name would be lost is refused.",
  "config.mcp.missing": "A missing default file means no servers and a warning; a named one is an error.",
  "config.mcp.overrides": "The environment wins over the file's top level, a server's own value over both.",
  "config.mcp.paths": "Every wrong path of a file is named in one message.",
  "config.mcp.resolved": "Settings are complete, in milliseconds and frozen; inactive servers are left out.",
  "config.mcp.settings":
    "Every setting of a server reaches its settings, and a wrong one is refused with its path.",
  "config.mcp.unusable": "A URL or header that cannot be sent fails its server alone, with the cure.",
  "config.mcp.url": "A URL of the wrong kind fails its server alone and reveals no value.",
  "config.mcp.variables":
    "${VAR} and ${VAR:-default} work in command, args, env, url and headers; a missing one fails its server alone, by name.",
  "config.models.default": "The alias `default` stands for whichever provider is configured, else the demo.",
  "config.models.local": "a base URL may name this machine, or another one by a short name",
  "config.models.mark": "A byte order mark at the beginning of the models file does not count.",
  "config.models.missing": "A models file that was named must be there.",
  "config.models.wrong": "A wrong models file is refused with the place of what is wrong.",
  "config.redis_url":
    "A REDIS_URL that cannot be read is refused with the cure, and its password is never shown.",
  "config.schema.fresh": "The committed JSON Schema is the one that the zod schema gives.",
  "contract.arguments.async":
    "A schema that calls itself asynchronous is checked as any other, and never leaves a promise.",
  "contract.arguments.bad-schema":
    "A tool schema that cannot be compiled leaves the judgement to the server.",
  "contract.arguments.costly": "A check that asks too many questions is given up, and the server judges.",
  "contract.arguments.default": "What is required and has a default may be left out: the server fills it in.",
  "contract.arguments.dialect": "A tool schema of any JSON Schema dialect is used.",
  "contract.arguments.dialect.old":
    "A schema of an older dialect is checked by its own rules, also when it does not name it.",
  "contract.arguments.enum": "A value is found among those that are allowed, whatever they are made of.",
  "contract.arguments.enum.many":
    "Many values are found among very many allowed ones; too many large ones are left to the server.",
  "contract.arguments.many":
    "of arguments that are wrong in many places the first hundred are told, of large ones the first",
  "contract.arguments.memory":
    "A schema that nobody holds any more is let go, also one that cannot be compiled.",
  "contract.arguments.paths": "Everything in the arguments that does not fit is named with its path.",
  "contract.arguments.pattern":
    "Patterns are checked in linear time; those that cannot be are left to the server.",
  "contract.arguments.pattern.names":
    "A pattern that is left to the server refuses no name and no value wrongly.",
  "contract.arguments.recursive":
    "A schema that refers to itself is followed; one that does so without end accepts everything.",
  "contract.arguments.unique":
    "Unique items are compared by their values, and hundreds of thousands are left to the server.",
  "contract.conversation.close":
    "Each call that was not made, or was postponed, gets a result that says that it did not run.",
  "contract.conversation.close.unknown":
    "A call that was made and has not returned gets a result that says that it may have happened.",
  "contract.conversation.fold": "A job's steps make its conversation, results in the order of their calls.",
  "contract.issues.key": "A wrong key of a map is told with what is wrong with it.",
  "contract.issues.kind":
    "Of a value of the wrong kind only that is told, in plain words, and of a number the bound that counts.",
  "contract.issues.missing":
    "A value that is missing is said to be missing, and a text in the place of a number is told that it must be one.",
  "contract.issues.union":
    "Of several forms of a value the one that fits as a whole says what is wrong inside.",
  "contract.names.refuse": "A name that means nothing, or too much, is refused with what there is.",
  "contract.names.resolve": "A tool is found by every form of its name.",
  "contract.names.unknown-yet": "What a connecting server may have is left open.",
  "contract.request.bounds": "Numbers of a request are taken within their bounds, and refused beyond them.",
  "contract.request.defaults": "A request needs a type and a tool, nothing else.",
  "contract.request.depth": "How deep arguments nest is bounded.",
  "contract.request.lost_key": "A key that would be lost, `__proto__`, is refused with its path.",
  "contract.request.numbers": "A number that JSON cannot hold is refused.",
  "contract.request.strict": "Unknown keys and values out of range are refused with their path.",
  "contract.values.bounds": "A value may have just as many levels and values as are allowed.",
  "contract.values.count": "Values are counted at every level, also very many of one, up to the limit.",
  "contract.view.blocks": "In a model's view text stays, and images and PDFs become what models look at.",
  "contract.view.cap":
    "A model's view has at most 50 KB of text: beginning, end, and how much is missing, with no character cut in two.",
  "contract.view.notes": "What no model can look at becomes a short note, never base64.",
  "contract.view.spellings":
    "Images and PDFs are shown also when their type or base64 is spelt in another usual way.",
  "contract.view.structured":
    "Structured content is shown where there is no text, and nothing is said to be nothing.",
  "contract.view.structured.base64":
    "Structured content is shown without the images and other base64 media in it.",
  "contracts.output.path": "Structured content that does not fit its schema is told with its path.",
  "deploy.compose":
    "The composition wants API keys, keeps its data, bounds its logs, and gives workers time to drain.",
  "deploy.confined":
    "In Kubernetes no pod has rights, secrets, network access or memory beyond what it needs, and there are volumes where it writes.",
  "deploy.image": "Each image has the packages that its process imports, readable to its user, and no more.",
  "deploy.keda":
    "The autoscaler asks for metrics that there are, with a key that there is, and wants a worker for as many jobs as one has places.",
  "deploy.kubernetes":
    "The manifests name ports, paths, files and settings that there are, a worker has more time to stop than it drains, an api stays while nodes are emptied, and no dead process stays.",
  "deploy.settings": "the composition passes every setting on, and the documentation has it",
  "drain.deploy": "A chat job moves to another worker between two steps, and its reader sees one log.",
  "drain.second_signal": "A later second signal ends a worker at once, with its jobs as a crash leaves them.",
  "examples.bash": "The example in bash runs a tool, a chat and a batch with curl alone.",
  "examples.python": "The example in Python does so with the standard library alone.",
  "examples.typescript": "The example in TypeScript does so with the typed client.",
  "faults.redis.absent": "The api starts without Redis, answers 503 soon, and works once Redis is there.",
  "faults.redis.killed": "A Redis that crashes and comes back costs no job and no event.",
  "faults.redis.memory": "Who is refused because Redis has no memory left is told so, and of the cure.",
  "faults.redis.paused": "While Redis hangs the api answers 503 soon, and works when it goes on.",
  "faults.redis.upload":
    "An upload is told soon that Redis hangs, and goes on when the same file comes again.",
  "host.answers.broken":
    "An answer that is not valid JSON fails the request that it certainly answers, and no other.",
  "host.answers.http": "Over HTTP an answer is read as loosely, and one that is broken fails its call.",
  "host.answers.loose":
    "An answer with an error of null, unknown members, no version or a byte order mark is one, and an array holds several.",
  "host.approval.policy":
    "The host tells the policy of a tool by its server and own name; a tool whose server is gone always waits.",
  "host.call.abort": "An aborted call rejects at once and the server is told, and only then.",
  "host.call.in_flight": "A call in flight on a server that dies fails at once and is not made again.",
  "host.call.limit": "A server gets no more calls at once than its limit.",
  "host.call.lost":
    "A server that dies during a call makes it `server_unavailable`, over every transport, and others do not notice.",
  "host.call.oversize": "Arguments that would end a stdio server's connection are refused, and harm nobody.",
  "host.call.progress": "Progress reaches the caller.",
  "host.call.prolonged": "Progress gives a call its timeout anew, up to ten times as much; silence ends it.",
  "host.call.refused": "What cannot run is refused before the server is asked.",
  "host.call.rejected": "A protocol error of the server keeps its message.",
  "host.call.timeout": "A call is cut off after `tool_timeout`, counted from when it runs.",
  "host.call.too_large": "A result over the limit is refused alone.",
  "host.call.tool_error": "A tool that answers isError has been called successfully.",
  "host.call.wait": "A call for a server that is away ends with the tool timeout or its own signal.",
  "host.cancel.clean": "A watch that is over leaves no timer and no listener.",
  "host.cancel.ignored":
    "A tool that goes on to its end, never stops, or blocks its server is reported as not having given in, within 5 s.",
  "host.cancel.lost":
    "A connection lost or closed meanwhile ends the watch: a stdio server's calls have ended, a remote one's cannot be known to have.",
  "host.cancel.proof":
    "An aborted call tells whether its server gave in: a pong and quiet after the notice, or an error in answer to it.",
  "host.cancel.unsent": "Nothing is reported of a call that was never sent, timed out or has ended.",
  "host.channel": "Answers find their requests, and an abort, a loss or a failed sending ends them at once.",
  "host.close": "Closing before the start, twice and while connecting is harmless.",
  "host.failure.command": "A missing command is named with the cure and harms no other server.",
  "host.failure.cwd": "A stdio server starts in its cwd, and one that is no folder is named.",
  "host.failure.problem": "A server with a configuration problem fails alone.",
  "host.failure.refused": "What a server refuses while it is connected is told as its own words.",
  "host.failure.remote": "A remote server that cannot be reached says where and why.",
  "host.failure.start": "A start that the system refuses at once is told with its cure.",
  "host.failure.stderr": "A server that dies at its start leaves its last words in `last_error`.",
  "host.failure.stderr.first": "Of much that a server wrote its first lines are told, and its last.",
  "host.failure.timeout": "A server that never answers is an error after its timeout.",
  "host.filters.call": "A filtered tool cannot be called by any name, and its server hears nothing.",
  "host.filters.globs": "Allow and deny globs decide on raw names; deny wins.",
  "host.filters.idle": "A glob that fits no tool is told of once.",
  "host.filters.list": "Lists and reports have only the tools that the globs let through.",
  "host.filters.reload": "Other globs count at once, also for a call that waits in line.",
  "host.guard.lost": "A guard that dies is reported.",
  "host.guard.order": "The guard ends what is registered, the last first.",
  "host.guard.together": "Groups of equal rank are all told to end at once, and wait for none of the others.",
  "host.handshake.mend": "An odd optional member of a server's handshake does not lose the server.",
  "host.handshake.told": "A handshake that cannot be mended is told in one line.",
  "host.health.beside":
    "Calls that are lost, or answered with an HTTP status, end no call that runs beside them: pings decide.",
  "host.health.dead": "A connection that answers no ping is given up after three.",
  "host.health.idle": "A day of idleness is a ping every 30 s and a listing every 5 min, and nothing grows.",
  "host.health.passive":
    "Three calls in a row without an answer give a connection up; an answer between them does not.",
  "host.health.refusal": "A server that does not know ping is alive.",
  "host.health.slow": "A slow tool is never pinged at and never marks its server dead.",
  "host.health.unsent":
    "A call that cannot be sent ends no other that runs; a connection on which nothing else runs is made anew.",
  "host.health.used": "A connection that is used is not pinged.",
  "host.health.wedged":
    "a server that hangs under a steady load is asked after the first call that times out, and given up",
  "host.http.accepted":
    "A request that is only accepted has failed, unless its answer comes with that, or may come on another stream.",
  "host.http.answered":
    "Over Streamable HTTP nobody asks for more of a stream that has brought an error, or was too large.",
  "host.http.broken_off": "a call whose stream breaks off without its answer is lost at once, alone",
  "host.http.cancelled": "The stream of a request that is cancelled ends with that, and nothing is added.",
  "host.http.content_type": "An answer of an unfit content type says what it has to be.",
  "host.http.ended": "A connection whose event stream simply ends says so.",
  "host.http.failing":
    "Calls that fail with 500, or are cut off, end no call that runs beside them, over HTTP and SSE; nor does a 401 or 404 over SSE.",
  "host.http.half_answered": "Calls that are given up after the beginning of their answer keep no socket.",
  "host.http.hung": "That a call over HTTP was ended by us is no sign of its server's life.",
  "host.http.no_body": "A response without a body is passed on as it is; one with a body is read whole.",
  "host.http.not_resumed": "A call whose stream cannot be resumed is lost, alone.",
  "host.http.paced": "a stream that is opened again and again is opened once a second, and calls go on",
  "host.http.refused":
    "what is turned away with 4xx has not run and harms no other call; of a 5xx nobody knows",
  "host.http.reopened": "The stream of a session is opened again, however often its server refuses that.",
  "host.http.resumed":
    "A call whose stream ends too early gets its answer over another, which ends with it, whatever it is.",
  "host.http.session_ended": "A session whose handshake fails half-way is ended.",
  "host.http.streams":
    "80 cancelled calls leave no 80 sockets, and the session goes on with nothing resumed.",
  "host.http.too_large": "an endless answer over HTTP fails its call alone, and says what to do",
  "host.http.unanswered":
    "A response that holds no answer to its request fails that at once, with the server's words if it has any.",
  "host.http.unreachable": "a call that could not be sent waits for its server, and runs when it is back",
  "host.http.unsent": "A call for which no socket can be opened ends no call that runs on another.",
  "host.http.wedged": "calls that are given up on a server that answers nothing any more keep no socket",
  "host.instances.announced": "What a copy announces is listed from that copy.",
  "host.instances.lost": "A copy that dies takes no call from the others, is named, and comes back.",
  "host.instances.settled":
    "A server whose only copy dies while another makes its first attempt is waited for again.",
  "host.instances.spread": "Calls are spread over the copies of a server, and its tools are listed once.",
  "host.lazy.rest":
    "A lazy server rests after its idle timeout, keeps its tools listed, and comes back for a call.",
  "host.library":
    "The host works alone, as a library: the example program starts servers, calls, reads, reloads, and ends by itself.",
  "host.list.announced": "Changes announced before, during and after a listing are all listed.",
  "host.list.bad_tool": "A bad tool definition loses that tool alone, with a warning that names it.",
  "host.list.changed": "Announced changes are listed, a burst of them once.",
  "host.list.deep": "A tool whose definition nests too deep is left out alone, with a warning.",
  "host.list.hangs": "A list that hangs costs none of the others, and a server with tools connects.",
  "host.list.kept": "What a lost server offers stays known for five minutes.",
  "host.list.large":
    "A tool whose definition is too large is left out, and so is what a server's tools have too much together.",
  "host.list.large.counted":
    "Tools that are left out or listed twice take nothing from what all may have together.",
  "host.list.none": "An answer without the list that was asked for is told of.",
  "host.list.pages": "All pages are read; an endless list is cut with a warning.",
  "host.list.restless":
    "A list that is announced as changed again and again, and is the same, is read ever less often.",
  "host.list.ttl": "A list is read again when its server says, between 5 s and an hour.",
  "host.listener": "A listener that throws keeps no reload and no end from being whole.",
  "host.names.legal": "A unified name fits model providers, and a legal one stays as it is.",
  "host.names.listed":
    "500 tools in pages, odd names among them, are all listed and can be called by unified name.",
  "host.names.many": "500 tools with odd names are named legally, uniquely and in order.",
  "host.names.order": "The order of tools does not depend on the order of servers.",
  "host.names.unique": "No two tools share a unified name.",
  "host.pin.block": "A tool that changes is neither listed nor called, until it is as it was or approved.",
  "host.pin.change":
    "Another description, schema or annotation is a change, told of once with the new hash; key order is none.",
  "host.pin.configured": "A pin of the configuration counts from the first listing on.",
  "host.pin.flood":
    "A server that changes its tools at every listing is remembered and told of within bounds.",
  "host.pin.off": "Without pinning a tool may change.",
  "host.pin.reconnect":
    "A server that comes back with a changed tool is found out before a waiting call is sent.",
  "host.pin.warn": "A tool that changes is logged with its new hash, and still works.",
  "host.probe.patience":
    "A server over HTTP is lost after three pings that stay unanswered, and not while an HTTP status comes for them.",
  "host.processes.close": "Close leaves no child and no grandchild.",
  "host.processes.crash": "What a crashed server leaves behind is ended.",
  "host.processes.early":
    "A stdio server starts before the code that speaks to it is loaded, and ends when its connection is closed meanwhile.",
  "host.processes.environment":
    "A server sees its own variables and a handful more, Node's cache of compiled modules among them.",
  "host.processes.guard": "SIGKILL of the host leaves no server, grandchild or guard.",
  "host.progress.late": "Of a call that is over no progress is heard any more.",
  "host.questions.abandoned":
    "What a tool asks whose call was cancelled or has timed out is put to no other job.",
  "host.questions.defaults": "A form is answered with its defaults only if they fit it.",
  "host.questions.elicitation": "A question for a human is declined, or answered with its form's defaults.",
  "host.questions.one_call":
    "A server that may ask a model gets one call at a time, so each is answered by its own job.",
  "host.questions.refused": "A tool whose call has no model, or whose model refuses, is told so.",
  "host.questions.roots": "A server is told of the configured roots.",
  "host.questions.sampling": "A tool that asks for a model is answered by whoever made the call.",
  "host.questions.undeclared":
    "A server is told of what it may ask and of nothing else, and nothing else is answered or hangs.",
  "host.questions.url": "A URL that a server wants opened is never accepted.",
  "host.reconnect.backoff":
    "The wait before an attempt is anything up to a ceiling that doubles from 0.25 s to 30 s.",
  "host.reconnect.bounded": "A server that never comes up never has two processes.",
  "host.reconnect.breaker":
    "After five short lives in a row a server is probed about once a minute, until it lives.",
  "host.reconnect.forever":
    "After 10,000 failed attempts it still tries, one at a time, with at most a line a minute in the log.",
  "host.reconnect.killed":
    "A server that is killed, however often, comes back by itself with one process, and calls that came meanwhile run there.",
  "host.reconnect.problem": "A server whose configuration is wrong is not tried.",
  "host.reconnect.start":
    "A server that could not start, or hung in its handshake, is tried again until it can.",
  "host.reference.remote": "The everything server works over its HTTP and SSE transports.",
  "host.reference.stdio": "The reference servers work, started by their own bins.",
  "host.refresh": "A refresh lists what a server did not announce.",
  "host.reload.calls":
    "Calls in flight finish on the old server, which takes calls until the new one has connected, and then ends.",
  "host.reload.close": "A host that closes in the middle of a reload leaves no process.",
  "host.reload.diff":
    "A reload compares by content and starts only what has changed; the rest keeps its process.",
  "host.reload.errors":
    "A new server that cannot start is reported and harms no other; a call to one that never came up waits for its replacement.",
  "host.reload.keep": "A change that the connection does not depend on keeps the process.",
  "host.reload.many": "Many reloads at once leave only the last one's process.",
  "host.reload.twins": "Two servers of one name are refused, and nothing has changed.",
  "host.reload.waiting": "A call that waits for a lost server goes over to the one that takes its place.",
  "host.report.bounded": "A server with very many resources has the first of them published, and says so.",
  "host.required": "The host names the required servers that are not connected.",
  "host.resolve.errors": "An unknown or ambiguous name says what there is.",
  "host.resolve.names": "A tool is found by every form of its name that a request may use.",
  "host.resolve.waiting": "A name that a connecting server may own waits for that server.",
  "host.result.deep": "A result that nests too deep is refused alone.",
  "host.result.limit": "A server's own result limit counts, and the error names the setting.",
  "host.result.odd": "what a tool returned is kept, however odd it is",
  "host.result.raw": "An image is kept as the server sent it.",
  "host.result.schema":
    "Structured content is checked; what does not fit is kept and says where, and the call has not failed.",
  "host.result.size": "A limit is exact to the byte, and a value far below it is not serialised for that.",
  "host.retire": "A server that is taken away finishes its calls and leaves no process.",
  "host.secrets.cut": "of a secret at the end of a line that is cut nothing is left",
  "host.secrets.redacted": "No secret reaches `last_error`, an error or a log.",
  "host.session.gone":
    "A call that a restarted HTTP server refuses because of its session runs once more in a new one; over SSE as well.",
  "host.session.word":
    "A 404, or a 400 that speaks of sessions, is that call's alone while pings are answered.",
  "host.slots":
    "So many run at once; those that wait, each a caller of its own, in the order in which they came.",
  "host.slots.fair":
    "Callers that wait for a place take turns, so many calls of one do not hold up another's single call.",
  "host.slots.shared": "Calls of all servers share the host's places, and say that they wait for one.",
  "host.sse.unreadable":
    "An event of an SSE server that cannot be read is left out, and the connection goes on.",
  "host.start.warm":
    "Waiting for warmth is bounded, and a call waits for its connecting server until it aborts.",
  "host.stdio.broken":
    "A broken answer fails its request, and another broken line on stdout is told of once.",
  "host.stdio.flood": "A server that floods its stdout answers all the same, and harms no other.",
  "host.stdio.last_line":
    "The last line of a server that ends counts without its line break, if it is whole.",
  "host.stdio.launch":
    "A stdio server that starts before anybody speaks to it loses no word, and when it dies by then it is known what of.",
  "host.stdio.lines": "Messages come whole however the bytes were cut; one that is too long is told of once.",
  "host.stdio.stdout_closed": "A server that closes its stdout and lives on is lost and ended.",
  "host.stdio.too_long":
    "An answer over stdio that is larger than any message may be fails its own request, and what runs beside it goes on.",
  "host.stdio.unread": "what a server does not read is bounded, and what is refused then has not run",
  "host.texts.bound":
    "Of a long text that a server writes, in errors, reasons and progress, the beginning and the end are kept, with its secrets hidden.",
  "host.transport.http":
    "Lists and calls over Streamable HTTP with the configured headers, and ends its session.",
  "host.transport.sse": "Lists and calls over SSE with the configured headers.",
  "host.transport.stdio": "Lists and calls over stdio, whatever else is on stdout.",
  "host.transport.websocket": "Lists and calls over WebSocket with the configured headers.",
  "host.websocket.silent":
    "A WebSocket whose other side is silent is closed all the same, with what waits on it.",
  "model.answers.broken-off":
    "An answer that the server says it broke off is none, whatever its word for it.",
  "model.answers.ended":
    "An answer that has said how it ended is whole, though its stream is cut off behind that.",
  "model.answers.endless": "An answer without an end is cut off as by its token limit.",
  "model.answers.endless.empty": "Events, blocks and calls that bring nothing come to an end as well.",
  "model.answers.endless.usage":
    "An answer that was cut off counts about as many tokens as it had; what the provider counted is not estimated.",
  "model.answers.ids": "Ids of tool calls that are missing, odd or taken are replaced by unique ones.",
  "model.answers.malformed-input": "Arguments that are no JSON object are kept as written, and are no error.",
  "model.answers.no_stream": "Of a page that comes in place of an answer only the beginning is read.",
  "model.answers.odd": "Ids, names and texts of an answer that are no texts become texts.",
  "model.answers.parts": "Lists of parts, and blocks that share an index, are read whole.",
  "model.answers.stop-reason": "The end of a turn, its token limit and a refusal are told apart.",
  "model.answers.text": "Text comes in deltas and whole.",
  "model.answers.thinking":
    "Thinking comes in deltas apart from the text, with its signature if there is one.",
  "model.answers.tool-calls": "Parallel tool calls keep their order, ids and arguments.",
  "model.answers.usage": "Tokens are counted once, those of the cache apart, and have a cost.",
  "model.anthropic.cache": "Tools, system and the ends of this and the last request are cached.",
  "model.anthropic.errors":
    "A result that is an error is marked as one where it is text alone, as Anthropic wants it; others say so in words.",
  "model.anthropic.request": "A conversation goes to Anthropic as it is, but for what the provider refuses.",
  "model.anthropic.temperature": "A temperature is asked for in the API version that takes it.",
  "model.anthropic.thinking": "`off` says nothing of thinking.",
  "model.anthropic.tool-choice": "Anthropic is told the tool choice; a forced call leaves thinking out.",
  "model.config.default": "The default models file is valid, and its models are known to the SDKs.",
  "model.demo.abort": "The demo stops between two words.",
  "model.demo.arguments": "The demo reads arguments from a JSON object or from pairs.",
  "model.demo.choice": "The demo obeys the tool choice.",
  "model.demo.introduction": "Without a tool the demo says what it is and which tools there are.",
  "model.demo.long": "A message that is too long for the demo, or full of braces, holds nobody up.",
  "model.demo.names": "A short name that several tools share names none.",
  "model.demo.result": "The demo reports a tool's result, what it is, and how to have a real model.",
  "model.demo.stream": "The demo streams word by word, the same every time.",
  "model.errors.broken": "An answer that ends too soon or makes no sense may be tried again.",
  "model.errors.key": "A refused key is named by its variable and not shown.",
  "model.errors.key.blanks": "Blanks and line ends around a key are no part of it.",
  "model.errors.key.unfit":
    "A key that no header can hold is named by its variable, not shown, and asks nobody.",
  "model.errors.logged": "A failed answer is told to the logger with its code.",
  "model.errors.no-stream":
    "A page or a document in place of a stream is told as that, with the server's own words.",
  "model.errors.retry-after": "A provider's wish to wait is read in each of its forms, an hour at most.",
  "model.errors.secret": "A key that a provider repeats is taken out, and a long message is cut.",
  "model.errors.table": "Each failure of a provider has its code, and says whether to try again.",
  "model.errors.unconfigured": "A model without its key names the variable and asks nobody.",
  "model.errors.unreachable": "A provider that is not there may be tried again.",
  "model.http.keep-alive": "Turns that follow each other share a connection.",
  "model.http.ping": "A ping counts as life.",
  "model.http.proxy": "The environment's proxy is used, but for the hosts in NO_PROXY.",
  "model.limits.abort": "An abort rejects with its reason and closes the connection.",
  "model.limits.clean": "An answer leaves no listener and no timer.",
  "model.limits.many": "Very many answers stream at once.",
  "model.limits.stall": "A silent answer is cut off; a slow and steady one is not.",
  "model.limits.timeout": "An answer that takes too long as a whole is a model_timeout.",
  "model.load.again": "What could not be loaded for one answer of a model is loaded again for the next.",
  "model.openai.dialect":
    "A server that refuses a request and says what it wants in its place gets it, from then on.",
  "model.openai.extra": "What comes along with a call is kept with it.",
  "model.openai.keyless": "A server of one's own is asked without a key.",
  "model.openai.pieces": "Tool calls are put together whatever a server does with index, id and name.",
  "model.openai.request": "A conversation is translated, images and files of tool results included.",
  "model.openai.token-limit": "OpenAI is told max_completion_tokens, other servers max_tokens.",
  "model.openai.tool-choice": "OpenAI-compatible servers are told the tool choice.",
  "model.requests.names": "calls by names that no provider takes go back under names that all of them take",
  "model.requests.plain": "Without tools nothing is said of tools.",
  "model.starts.paced": "Answers that start at once take turns of the event loop, in their order.",
  "model.tool-input.malformed": "What is no JSON object is kept, 2,000 characters at most.",
  "model.tool-input.read": "Arguments are read from JSON, and nothing means none.",
  "model.tool-input.unfit": "Arguments that no client may submit are kept as those that are no JSON object.",
  "model.tools.bounded": "References that double at each step take no time.",
  "model.tools.cached": "A tool's schema is made fit once.",
  "model.tools.folded": "Alternatives at a schema's root become one object.",
  "model.tools.left-out": "A tool that no provider would take is left out with the reason.",
  "model.tools.plain": "An object schema stays as it is, but for `$schema`.",
  "model.usage.cost": "A turn's cost is exact to a billionth of a dollar, and 0 without a price.",
  "model.usage.odd":
    "A count of tokens that is none counts nothing, and an answer without usage is an answer.",
  "model.usage.places": "Usage is read wherever a server tells it, and what was counted stays.",
  "model.usage.thinking": "Tokens of thinking that only a server's total counts are output.",
  "network.address": "Every form of a private, link-local or metadata address is recognised.",
  "network.certificate": "A certificate that is not trusted is named as such, with the cure.",
  "network.dns": "The address is checked after DNS, over HTTP, SSE and WebSocket.",
  "network.guard": "A connection reaches public addresses, and the configured host only.",
  "network.redirect":
    "A redirect to another origin is not followed, takes no credentials, and is named in last_error; one within the server is followed.",
  "network.released": "After its release a connection opens no socket, and leaves none.",
  "oauth.bearer": "A bearer token is sent as a header.",
  "oauth.bound": "After one authorization server has given a token, no other gets the credentials.",
  "oauth.busy": "A refusal that passes is told with its code and status, and is not needs_auth.",
  "oauth.issuer": "An authorization server whose metadata is another's gets no credentials.",
  "oauth.lost": "A session whose token is refused and cannot be renewed is lost.",
  "oauth.needs_auth": "A server without credentials is needs_auth at once and says what to do.",
  "oauth.odd_answers": "A server for machines alone, with nulls in its answers, gives tokens.",
  "oauth.odd_answers.told": "An authorization server's answer that is not valid is told in one line.",
  "oauth.private_key_jwt": "A signed assertion works.",
  "oauth.refused":
    "Refused credentials, or an authorization server for humans only, are needs_auth with its reason and without the secret.",
  "oauth.renew": "A token that expires in the middle of a session is replaced once for all calls together.",
  "oauth.reuse": "The next connection uses the token again.",
  "oauth.secret": "A client's secret works, sent as basic or post.",
  "oauth.sse": "Client credentials work over SSE.",
  "oauth.unreachable": "An authorization server that is away is an error that passes.",
  "protocol.choice": "A protocol that is set is the only one tried.",
  "protocol.modern":
    "A server of 2026-07-28 alone is found out and used over stdio and HTTP: tools, resources, prompts, ping.",
  "protocol.modern.cancel": "A cancelled call ends on such a server too, with proof.",
  "protocol.modern.changes": "A tool that such a server adds is announced.",
  "protocol.modern.mended":
    "Answers of a new server that lack something, or are no objects, are read all the same, and none is waited for in vain.",
  "protocol.modern.odd": "One odd entry loses no list there either.",
  "protocol.modern.progress": "Its progress arrives in order.",
  "protocol.modern.questions": "A tool of such a server that asks what it may not is told of with the cure.",
  "protocol.verdict": "The old handshake is tried once and the verdict remembered for later connections.",
  "recovery.loop-blocked": "A lone worker whose loop was blocked past its lock ends its job.",
  "recovery.worker-killed":
    "A killed worker's job runs elsewhere, with no attempt burned and no gap in its log.",
  "recovery.worker-killed.servers": "The servers of a killed worker have time to end what they have started.",
  "recovery.worker-paused": "A worker stopped for 15 s writes nothing when it comes back.",
  "resources.cap": "More than 10,000 entries are cut with a warning.",
  "resources.changes": "A changed list is announced.",
  "resources.closing": "What is being read when a host closes may be read elsewhere.",
  "resources.complete": "Completion passes through with what is known.",
  "resources.details": "Resources, templates and prompts are listed with details and read.",
  "resources.huge":
    "A remote resource of more than 64 MiB is refused with that reason, and no other worker is asked.",
  "resources.odd": "An odd entry is left out with a warning.",
  "resources.refused":
    "What a server does not have, or refuses, is refused with its code and a bounded message.",
  "resources.timeout":
    "A resource that hangs is a timeout that names its cure, its server stays connected, and one that is away is said to be away.",
  "schedule.access": "A job of a schedule may use what its key may, and stays as long.",
  "schedule.admin":
    "an admin sees the schedules of all keys, and pauses, resumes and deletes them by their key",
  "schedule.clock_change":
    "A cron time keeps its hour across a clock change; one that the day leaves out fires right after the gap, one that comes twice fires once.",
  "schedule.clock_change.zones":
    "In whatever zone, times of day run once around each change of the clock, and what fires in every hour goes on evenly.",
  "schedule.cron.invalid":
    "A cron expression that never fires or cannot be understood is refused with its reason.",
  "schedule.cron.leap_day": "29 February fires in leap years.",
  "schedule.cut":
    "A changed schedule of which BullMQ was not told, because the api died, is planned by the sweeper.",
  "schedule.delete": "A deleted schedule is gone with its past, and the job that it has submitted goes on.",
  "schedule.http":
    "A schedule can be put, looked up, listed, paused, resumed and deleted over HTTP, and its jobs run.",
  "schedule.input": "A schedule that is not right is refused with a path and a cure.",
  "schedule.interval": "An interval keeps to its anchor, whenever its next time is asked for.",
  "schedule.last_job":
    "Many schedules are listed without the results of their last jobs, and with what those failed of.",
  "schedule.limits":
    "The jobs of schedules count against the caps that their key had when they were put; a time at the cap is left out.",
  "schedule.limits.newer":
    "Limits that other jobs of a key have brought go before those that its schedules remember.",
  "schedule.many": "A key has so many schedules at most, and may change each of them.",
  "schedule.missed": "Times that were missed while no worker was there are made up for by one job.",
  "schedule.not_computed":
    "A schedule whose next time cannot be computed is an error in the log, and its tick is tried again.",
  "schedule.once":
    "Each time of a schedule makes one job, with several workers and with one that dies before or after it submitted.",
  "schedule.overtaken": "A change that was overtaken on its way to BullMQ plans what is stored.",
  "schedule.pause":
    "A pause keeps what is due from happening; a resumed schedule goes on with the next time.",
  "schedule.pages": "Schedules are listed page by page, an admin's key by key, also while some are deleted.",
  "schedule.put":
    "The same schedule again changes nothing; another one replaces what was planned, also what had been fetched.",
  "schedule.put.paused":
    "A paused schedule that is put again stays paused, unless the request says otherwise.",
  "schedule.run_time":
    "Server and tool are judged when a schedule runs, and what is wrong is its last error.",
  "schedule.runs": "The latest run of a schedule stands, and one that is gone keeps none.",
  "schedule.tenant": "A schedule is its key's: others neither see nor change it, unless they are admins.",
  "service.stop": "The first signal stops a process, its repetition does nothing, and a later one ends it.",
  "service.watch.away": "A file that is taken away is no change before it is back.",
  "service.watch.disposed": "Nothing is told of a file whose watch has ended.",
  "service.watch.folders":
    "A watched file is followed when another folder takes the place of its own, and when its folder cannot be watched.",
  "service.watch.links": "A change of what a watched link leads to in another folder is noticed.",
  "service.watch.since": "A change between the reading of a file and the beginning of its watch is noticed.",
  "service.watch.unreadable":
    "A watched file that can no longer be looked at is a change, and so is its return.",
  "setup.redis.link": "The set-up leaves one place where the Redis binary is found.",
  "setup.repeat": "A set-up that has nothing to do says nothing and changes nothing.",
  "smoke.environment":
    "A missing REDIS_URL and wrong values end each process with code 1 and name all of them.",
  "smoke.loopback": "The real api refuses to listen elsewhere without keys.",
  "smoke.mcp_config":
    "A named configuration file that is broken, wrong or missing ends the worker with the path in the message.",
  "smoke.missing_command":
    "A server whose command is missing has status error and names it; the others work.",
  "smoke.port_in_use": "A port that is in use ends the api with code 1 and the cure.",
  "smoke.tool_job":
    "The real processes run a job on the default servers, stop with code 0 and leave no process.",
  "start.keys_file":
    "a file of hashed keys is enough to listen for others, and webhooks then do not reach this machine",
  "start.killed": "A start that is killed leaves nothing over, and its jobs are there at the next one.",
  "start.other_servers": "The commands that `npm start` prints are such as the connected servers can answer.",
  "start.port":
    "A start gets ready on every port that it can tell, also on those that fetch refuses, and refuses PORT=0.",
  "start.run": "A start runs everything, prints a command that works, and leaves nothing after Ctrl-C.",
  "start.webhooks": "Webhooks need no settings on a machine of one's own.",
  "store.admission.at_once": "A key well below its window costs no round trip more.",
  "store.admission.attempts": "A job that waits for its next attempt takes no place and goes before nobody.",
  "store.admission.away": "A line knows that a job waits before another worker can bring it back.",
  "store.admission.back": "A job that runs again after it was parked keeps new ones of its key out.",
  "store.admission.cancel":
    "A job that is cancelled in line, or fails there for its queue timeout, leaves it.",
  "store.admission.cancel.feed": "Cancelling admitted jobs lets others of the key in.",
  "store.admission.flood":
    "A flood of one key's jobs delays another key's job by no more than one job's time.",
  "store.admission.gate":
    "No more jobs of a gate than its limit are past it, and the next ones pass when one ends.",
  "store.admission.gate.again": "Jobs that come in again stay where they are, at their gate and past it.",
  "store.admission.gate.back":
    "a job that comes back counts at its gate, so no other passes before there is room, and leaves nothing there when it is cancelled",
  "store.admission.gate.cancel": "A cancel lets the next job pass, at the gate and past it.",
  "store.admission.gate.cap": "Jobs that wait at a gate count for what their key may have.",
  "store.admission.gate.delayed": "A delayed job passes its gate when it is due.",
  "store.admission.interleave": "The jobs of a key that comes later interleave with those that wait already.",
  "store.admission.max_queued": "A key at its cap is refused, and nothing of the refused jobs is left.",
  "store.admission.max_queued.delayed": "Delayed jobs count for the cap.",
  "store.admission.max_queued.key":
    "A refused job's idempotency key is free again, also for another request.",
  "store.admission.max_running":
    "No more of a key's jobs of a kind run at a time than its cap, and others' are not held up.",
  "store.admission.max_running.full": "A place of a key at its cap that becomes free is taken at once.",
  "store.admission.max_running.slow":
    "jobs that come one after the other, seconds apart, are held to their key's cap as well",
  "store.admission.order":
    "A job that comes in when others of its key have gone stays behind those that are left.",
  "store.admission.parked": "A parked job takes no place.",
  "store.admission.place":
    "The first ten places of each key interleave with those of others, and all behind are equal.",
  "store.admission.priority": "In line the lowest number goes first, and urgent jobs do not wait for room.",
  "store.admission.priority.capped": "A key at its cap lets an urgent job in when the next one ends.",
  "store.admission.priority.order":
    "The jobs of one key start by their priority, in whatever order and by whatever api they came.",
  "store.admission.priority.others": "A priority moves jobs of other keys by no place.",
  "store.admission.priority.places":
    "A job stands behind all of its key that come in before it, though their priorities differ.",
  "store.admission.retry": "A retried job waits in line like a new one, as its new generation.",
  "store.admission.standing":
    "A line that nobody has heard of, or in which jobs wait, is asked before anything goes into BullMQ.",
  "store.admission.standing.full": "A key near its window or its cap asks its line.",
  "store.admission.standing.many":
    "A process knows a bounded number of lines, however many keys have come and gone.",
  "store.admission.standing.old": "Of old news few jobs are taken to be gone, many are not.",
  "store.admission.standing.own": "What a process has entered since it last heard of a line counts.",
  "store.admission.standing.priority": "Jobs of several priorities are put in order by the line.",
  "store.admission.standing.slow": "jobs that come seldom ask their line where few others would be too many",
  "store.admission.starved": "A key whose jobs wait behind those of others for long gets on.",
  "store.admission.usage": "What waits and runs is counted, of a key and of all.",
  "store.admission.usage.oldest": "The age of the oldest waiting job counts from when it could be run first.",
  "store.admission.weight": "Keys with more to do than there are workers share by their weights.",
  "store.admission.window": "At most a window of a key's jobs is in BullMQ, and all run in their order.",
  "store.alarm":
    "A ring is heard once, also by a reader that waits later, and nobody waits when the signal has aborted.",
  "store.approval.all": "A job is woken only when its last waiting call is decided.",
  "store.approval.anew": "An approval of a job that was begun anew is of the call that asks now.",
  "store.approval.decide": "A decision stands in the log with its reason or its arguments.",
  "store.approval.long": "A decision reads little of a long log.",
  "store.approval.not-pending": "A call that cannot be decided says why, and nothing changes.",
  "store.approval.once": "Of many decisions at once one counts, and one is logged.",
  "store.approval.repeat": "Deciding again wakes a job whose decider did not come to it.",
  "store.approval.requested": "The record knows of a waiting call from its event on.",
  "store.approval.run-again": "A job goes on with another start when a decision comes between.",
  "store.approval.run-idle":
    "After a run that came too late to deny a call, the next start knows that nothing has begun.",
  "store.approval.run-too-late": "A run does not decide what has been decided since it began.",
  "store.attempts":
    "A retryable failure is tried again after its backoff until no attempt is left; a manual retry has attempts of its own.",
  "store.attempts.backoff": "Backoff grows with jitter, or stays fixed, and ends when no attempt is left.",
  "store.attempts.refused": "Permanent errors, and calls that may have happened, are not tried again.",
  "store.attempts.time": "The next attempt of a job has its whole time, and its time in the queue is over.",
  "store.attempts.wait": "A job that waits for its next attempt is queued and can be cancelled.",
  "store.batch.cancel.upload":
    "Jobs that an upload was writing when its batch was cancelled are cancelled and counted as well.",
  "store.batch.cap": "Lines that the key's cap has refused for too long are not the batch's.",
  "store.batch.cap.cancel":
    "An upload that waits at the key's cap makes no more jobs once its batch is cancelled.",
  "store.batch.cap.order": "Lines wait at the cap for those before them in their file.",
  "store.batch.cap.progress":
    "An upload waits at the key's cap for as long as some of its lines get in every minute.",
  "store.batch.cap.superseded":
    "An upload that gives up at the key's cap takes no lines of a newer one back.",
  "store.batch.counts":
    "A job's end counts once in its batch, however often and in whatever order it is told.",
  "store.batch.expiry": "A batch that has ended expires with its longest-lived job.",
  "store.batch.gaps":
    "A reader in input order gets lines that were withdrawn at the cap when their upload goes on.",
  "store.batch.gaps.ended":
    "Lines that were withdrawn hold no reader up who reads a batch in input order when they will not come any more.",
  "store.batch.id": "The id of a batch's job is made of its batch and its line.",
  "store.batch.open.late": "An upload that Redis has opened too late is closed, as nobody has it.",
  "store.batch.redis":
    "An upload ends soon when Redis goes silent, and is closed when nothing of it is written any more.",
  "store.batch.redis.cut":
    "An upload whose connection to Redis breaks while its jobs are written is told that Redis was away.",
  "store.batch.rejections":
    "A line of a batch that is rejected again counts once, and the last word on it is told.",
  "store.batch.resume.unwritten":
    "A line that was taken, never written and then sent again changed, rejected or empty counts as no job.",
  "store.batch.retry": "A batch whose job is retried runs again and counts how it ends at last.",
  "store.batch.retry.cut": "The sweeper tells a batch of a retry that was cut off before its batch knew.",
  "store.batch.retry.early":
    "A job that is retried before its batch has heard of its end counts as it ends at last, and gives one result then.",
  "store.batch.retry.lost": "A batch ends although a failover has lost the retry of one of its jobs.",
  "store.batch.sweep.alive": "An upload that goes on after a long silence is not closed by the sweeper.",
  "store.batch.sweep.cancel": "A cancel goes on in a worker when its api has died.",
  "store.batch.sweep.ends": "An end that nobody has told its batch is found by the sweeper.",
  "store.batch.sweep.opened":
    "A batch that is opened long after its key was taken is not forgotten by a sweeper that comes meanwhile.",
  "store.batch.sweep.resumed":
    "A batch that is sent again is looked at soon, also when the sweeper comes at that moment.",
  "store.batch.sweep.unnoted": "A batch counts on the job of a line only when the sweeper knows of it.",
  "store.batch.sweep.upload": "The sweeper closes an upload whose api has died, and its lines are right.",
  "store.batch.taken-over":
    "What an upload was writing when a newer one took over is the batch's, also when that one is cut off at once.",
  "store.cancel.anew": "A cancel tells nothing of what a job had done before it was begun anew.",
  "store.cancel.changed": "A job that a worker has claimed since is not ended as one that waits.",
  "store.cancel.dead-worker": "A cancel is kept for the next run while a job's worker is dead.",
  "store.cancel.ended": "A cancel changes nothing of a job that has ended.",
  "store.cancel.late-message": "A cancel's message that comes after its job's retry stops nothing.",
  "store.cancel.long": "A cancel reads no results of a parked job.",
  "store.cancel.long.batch": "A batch's cancel reads no results of its parked jobs.",
  "store.cancel.lost":
    "A running job is stopped although the message to its worker is lost while the connection stands.",
  "store.cancel.lost-message": "A cancel whose message was lost is found after a reconnect.",
  "store.cancel.parked": "A cancelled parked job tells what it had done, and leaves the queue.",
  "store.cancel.queued":
    "A queued or delayed job is cancelled at once from any process, and leaves the queue.",
  "store.cancel.race": "Whenever a cancel comes, there is one terminal event and the answer is true.",
  "store.cancel.running":
    "A cancel stops a job on its worker, and the terminal event tells what was stopped.",
  "store.cancel.tenant": "Another tenant's job, or what is no job, is not known to a cancel.",
  "store.cancel.too-late": "An outcome that comes after the cancel's request is not taken.",
  "store.cancel.tool":
    "A tool job whose cancel came before its outcome could be written says what its call had done.",
  "store.cancel.tool.attempt":
    "A tool job that is cancelled between two attempts says whether the one before had made its call.",
  "store.cancel.tool.parked":
    "A tool job that is cancelled while it waits for its approval has made no call.",
  "store.cancel.tool.reopened":
    "A reopened tool job that is cancelled before its start has made no call since.",
  "store.cancel.twice": "Two cancels at once count as one.",
  "store.cancel.wait": "A request that waits for a job hears of its cancel.",
  "store.claim.newer": "A run takes a job only when it is newer than the stored one.",
  "store.claim.terminal": "A job that has ended, or that does not exist, is not claimed.",
  "store.clock":
    "Api and worker go by Redis' clock, on which times are judged, also when the machine's own differs by a minute.",
  "store.cluster.check": "On a Cluster each node whose settings lose jobs is warned of by its name.",
  "store.cluster.control": "On a Cluster jobs are cancelled, approved, retried and found by their key.",
  "store.cluster.counts": "On a Cluster the counts of many keys' lines are asked for together.",
  "store.cluster.delay": "On a Cluster a delayed job runs when it is due.",
  "store.cluster.drain": "On a Cluster a job is handed over.",
  "store.cluster.fleet": "On a Cluster workers announce themselves, answer and leave.",
  "store.cluster.follow": "On a Cluster a reader sees a whole log, live, whichever node has it.",
  "store.cluster.run":
    "On a Cluster tool jobs are submitted together, run, waited for and listed, and their keys spread.",
  "store.cluster.sweep": "On a Cluster a cut-off submission is completed, and an overdue job fails.",
  "store.cluster.url": "A Cluster is named by some of its nodes.",
  "store.cluster.url.shown": "No log shows the password of a Redis.",
  "store.conversation.anew":
    "Of a job that was retried from its start, what it did before does not count as its conversation's size.",
  "store.conversation.bound":
    "What a job goes on with is what the model saw of large results, and none at all when it is too large.",
  "store.conversation.chain": "A conversation goes on with the one before, and workers get it.",
  "store.conversation.ended": "A chat job that has ended gives its conversation, however it ended.",
  "store.conversation.hidden": "No reader is shown the conversation that came before.",
  "store.conversation.none": "There is no conversation of an open job, of a tool job, or for others.",
  "store.cool-down.clocks": "A provider's cool-down lasts as long for workers whose clocks differ.",
  "store.cool-down.longest": "The longest of several cool-downs stands, whatever their order.",
  "store.cool-down.over": "A cool-down ends at its time and leaves nothing in Redis.",
  "store.cool-down.reads": "Jobs that ask for a cool-down at the same time share one read.",
  "store.cool-down.shared": "Every worker knows a cool-down, which is its provider's alone.",
  "store.crash_loop":
    "Repeated worker deaths without a new step end the job; its log is kept and it can be retried.",
  "store.crash_loop.cancel":
    "A job whose cancel was accepted ends as cancelled, also when its workers die of it.",
  "store.crash_loop.cancel.tool":
    "A cancelled tool job whose workers died again and again names the call that they may have made.",
  "store.crash_loop.hand_back": "Giving a job back is no crash.",
  "store.crash_loop.newer": "A newer run that begins while the last take-over is judged goes on.",
  "store.crash_loop.over":
    "A worker that is not dead after all writes nothing into a job that ended as a crash loop.",
  "store.crash_loop.progress": "Only finished steps reset the count.",
  "store.crash_loop.runner": "The worker that takes such a job over ends it and drops its entry.",
  "store.cut.admit":
    "An admitted job that was lost on its way into BullMQ is put there by the sweeper, once.",
  "store.cut.attempt": "A death between the end of an attempt and its wait loses no attempt.",
  "store.cut.cancel": "A death between a cancel and the queue leaves an entry that runs nothing.",
  "store.cut.delayed": "A delayed job whose submission was cut off before its wait began waits all the same.",
  "store.cut.feed": "A line that nobody feeds any more is fed by the sweeper.",
  "store.cut.feeds": "Jobs run once each, although feeds are cut off again and again.",
  "store.cut.finish": "A death between a job's end and its entry's leaves an entry that runs nothing.",
  "store.cut.gate":
    "Jobs whose ends were not told while they were away leave nothing at their gate after a sweep.",
  "store.cut.later": "Delayed jobs whose ends were not told to their line are not counted after a sweep.",
  "store.cut.leave": "A worker that dies before the line hears of its jobs' ends holds nobody up.",
  "store.cut.mark": "A key that was not marked gives its job all the same.",
  "store.cut.park": "A death between a park and the queue delays the job no longer than its lock.",
  "store.cut.paused": "A parked job of which its line was not told takes no place after a sweep.",
  "store.cut.retry-note": "A retry that died before it wrote anything leaves the job as it was, and no note.",
  "store.cut.submission_cap":
    "a submission that died before its line, and is repeated when its key is at its cap, is let in by the sweeper",
  "store.cut.submission_gate":
    "Lines of a batch that died before their line wait at the batch's gate when the sweeper lets them in.",
  "store.cut.submission_line": "A submission that was cut off before its line is let in by the sweeper.",
  "store.deadline.absolute": "A job keeps its deadline when another worker takes over.",
  "store.delayed":
    "A delayed job is queued, joins its line when it is due, and leaves nothing when it is cancelled.",
  "store.delayed.flood": "Many jobs that become due together hold nobody's job up, and each runs once.",
  "store.drain.fetched": "A job that is being fetched when its worker begins to drain is left to another.",
  "store.drain.held": "A job that waits for its server while its worker drains is handed over at once.",
  "store.drain.released":
    "A job that has waited for its place, and runs when its worker drains, is left to its end.",
  "store.drain.step":
    "A job goes on with another worker after the step in which its own began to drain, without a backoff.",
  "store.drain.timeout":
    "A step that outlasts the drain timeout is aborted, and its job waits for no backoff.",
  "store.ends": "Who waits for a job hears of its end, and of lost messages, until the wait is over.",
  "store.fence": "A run that was taken over cannot write any more.",
  "store.fence.worker":
    "A worker cannot write to a job any more when another worker has claimed the same run of it, as after a failover that has forgotten the first claim.",
  "store.finished":
    "Jobs that have ended are counted by outcome and by how long they took, and no count ever sinks.",
  "store.first_request": "Whatever is asked first of a store waits for its connection instead of failing.",
  "store.fleet.burst":
    "Changes of a worker's catalogue that come while one is being written are told by one more write.",
  "store.fleet.change": "The fleet shows a changed catalogue, and a worker that leaves.",
  "store.fleet.dead": "The fleet forgets a worker whose heartbeat has expired.",
  "store.fleet.heartbeat": "A heartbeat that fails for another reason than Redis is told as a warning.",
  "store.fleet.holders":
    "Of a server's workers those that are connected come first, and first the one heard of last.",
  "store.fleet.lapse": "After an outage nothing false is said of a worker's servers.",
  "store.fleet.merge": "The workers' servers are merged: the best status wins.",
  "store.fleet.names": "A server may be called as something that every object has, such as `constructor`.",
  "store.fleet.shared":
    "Who asks while the fleet is read shares the reading, also when an older one ends meanwhile.",
  "store.fleet.visible": "A key is told of no tool that it may not use, withheld ones neither.",
  "store.follow.again": "A follower reads the log again when it could not be read.",
  "store.follow.gap": "A follower that missed messages reads the log.",
  "store.follow.large": "A follower wakes for an event that is too large to publish.",
  "store.follow.large_events": "large events are read a few at a time, in order and without gaps",
  "store.follow.live": "Live events are the same as a later replay.",
  "store.follow.one-connection": "All followers of a process share one subscriber connection.",
  "store.follow.reconnect": "A follower misses nothing when connections break.",
  "store.follow.slow": "A slow reader costs a bounded piece of memory.",
  "store.follow.started": "A follower hears at once that its job has been started.",
  "store.follow.subscribed":
    "A follower reads the log when its subscription stands, so that nothing falls in between.",
  "store.follow.unsubscribed":
    "An accepted job is followed although its subscription cannot be made at first.",
  "store.held.burst": "of the jobs that a worker takes at once, few leave it open whether they have begun",
  "store.held.cost": "A job that need not wait writes nothing for it.",
  "store.held.late": "a run that has stalled since its claim begins nothing when another has taken its job",
  "store.held.leaks": "A worker keeps nothing of runs that have ended.",
  "store.held.lost": "A run that has to wait stops when another has taken its job.",
  "store.held.time":
    "While a tool job waits for a place its time stands still, also when its worker drains or dies.",
  "store.idempotency": "One key makes one job for a tenant; another request under it is refused.",
  "store.idempotency.cap": "A job that a repeat is told of while the key's cap refuses it stays.",
  "store.idempotency.concurrent": "Requests with one key at the same time make one job, written once.",
  "store.idempotency.cut": "A repeat completes, under the same id, what died between key and job.",
  "store.idempotency.expired": "A key whose job was deleted after its retention makes no second job.",
  "store.idempotency.held": "A refused request leaves its key to another that may still write the same job.",
  "store.idempotency.lifetime": "A key lives as long as its job's retention, a day at least.",
  "store.idempotency.memory": "A full Redis that refuses part of a job under a key writes nothing of it.",
  "store.idempotency.refused":
    "Taking away what a refused request has left touches nothing of a newer one under its key.",
  "store.idempotency.unnoted": "A repeat is told of a job only when the sweeper knows of it.",
  "store.idempotency.unwritten":
    "A repeat writes the job of which Redis refused a part, although its key was marked.",
  "store.idempotency.unwritten.lost":
    "A repeat writes the job of which Redis refused a part, also when its first writer could do nothing more.",
  "store.kill.approve": "A decision cut off at any command, and repeated, counts once and wakes its job.",
  "store.kill.cancel": "A cancel cut off at any command, and repeated, ends its job once.",
  "store.kill.keyed": "A repeat after an api was killed at any command has one job that runs once.",
  "store.kill.retry": "A retry cut off at any command, and repeated, runs its job once more.",
  "store.kill.run": "A worker killed at any command leaves a job that another ends, with no step twice.",
  "store.kill.submit": "An api killed at any command of a submission leaves a job that runs once, or none.",
  "store.leaks": "Of jobs of every kind nothing is left in Redis when their retention is over.",
  "store.list.expired": "A page is filled although jobs in between have expired.",
  "store.list.large": "A page is bounded by its size, and a walk over the pages meets every job.",
  "store.list.slow": "A page is bounded in time, and a walk over the pages finds every job.",
  "store.list.status": "A job that has ended since its record was read is not listed as running.",
  "store.list.tenants": "A page over all tenants passes over nobody's jobs, however far apart they are.",
  "store.lock.beat":
    "A lock is renewed every 2 s though answers of Redis come late, with few renewals under way at once.",
  "store.lock.entry":
    "A job that was begun, and whose entry its queue has forgotten since, is put back once its lock must be lost, and goes on elsewhere.",
  "store.lock.fetched":
    "A job that was fetched keeps its lock while it waits for others to be fetched before it begins.",
  "store.lock.lone": "A lone worker that has lost a job's lock takes it back and ends it.",
  "store.lock.lost": "A worker that has lost a job's lock aborts, and another goes on.",
  "store.lock.partition": "A worker that was cut off finds that its job is another's, and begins nothing.",
  "store.lock.place":
    "A worker that has lost its job to another leaves it its place, so that no more run than may.",
  "store.lock.place.stale":
    "A start that comes too late leaves the job that another worker runs its place in its line.",
  "store.lock.renewed":
    "A job that comes back to its worker at once, while its run before is still being put away, keeps its lock.",
  "store.log.expired": "A log that expires between two looks at it is gone, which is no bug.",
  "store.lost_log": "A job whose log is lost is gone: nobody starts it, and it is in no other job's way.",
  "store.lost_log.begun":
    "A job whose log is lost while it runs is not begun again by what it has written since.",
  "store.park": "A parked job holds no slot, and its log tells of park and return.",
  "store.park.between": "A wake-up between the record's park and the queue's is not lost.",
  "store.park.between.cancel":
    "A job that is cancelled and retried between the record's park and the queue's leaves no entry.",
  "store.park.clock": "A job's clock stands still for an approval, and not for a cool-down.",
  "store.park.crash": "A job goes on whose worker died between record and queue.",
  "store.park.deadline": "A cool-down does not outlast the job's deadline.",
  "store.park.drain": "A worker that closes leaves its parked jobs to others.",
  "store.park.first": "Parked jobs that come back start before all new ones.",
  "store.park.over": "A job that asks for an approval when its time is over fails, and waits for nobody.",
  "store.park.past": "A run gets what earlier runs wrote, without its own start.",
  "store.park.prompt": "A job whose approval was there before it parked comes back at once.",
  "store.park.time": "A parked job wakes at its time, again and again.",
  "store.park.until": "Readers are told on Redis' clock until when a job is parked.",
  "store.park.wake": "No wake-up is lost, at whatever moment it comes.",
  "store.priority": "A key's jobs run by priority, 0 first.",
  "store.queue-timeout.claim": "A worker that comes too late does not start the job.",
  "store.queue-timeout.claim.retried":
    "A worker that comes too late for a job fails nothing that was retried since.",
  "store.queue-timeout.cut": "A retry that was cut off before its deadline was noted has it after a sweep.",
  "store.queue-timeout.delay": "The time in the queue counts from when a delayed job is due.",
  "store.queue-timeout.left": "A started or cancelled job leaves no deadline entry.",
  "store.queue-timeout.many": "One sweep fails all overdue jobs, however many.",
  "store.queue-timeout.retried":
    "A job that is retried while a sweep looks at it has its new time in the queue, and keeps its deadline entry.",
  "store.queue-timeout.started": "A job started in time, or without a limit, is left alone.",
  "store.queue-timeout.sweep":
    "A job not started in time fails with `queue_timeout`, and who waits hears of it.",
  "store.rates.first": "The first request of a key that is counted may come together with others.",
  "store.reads": "Many reads of large jobs do not hold up what is asked for after them.",
  "store.reads.lists": "Who asks for one job does not wait behind those who search for many.",
  "store.reads.places": "A read that waits for a place begins when another has ended, however that ended.",
  "store.reads.refused": "Reads that wait for a place are refused as soon as Redis does not answer another.",
  "store.record.compact": "A record stays in Redis' compact encoding.",
  "store.redis.busy": "A script of somebody else that blocks Redis is waited for like Redis itself.",
  "store.redis.cut":
    "A job ends right and once although its worker and the api cannot reach Redis for a while.",
  "store.redis.failover": "Jobs are taken, run and waited for again after the primary has become a replica.",
  "store.redis.failover.run": "A run that meets a replica writes its steps to the new primary, once.",
  "store.redis.silent": "A Redis that does not answer in time is given up, and no sooner.",
  "store.redis.stall":
    "A Redis that answers is not given up where the process that asks, or connects, stood still.",
  "store.redis_check": "Warns at start of eviction and of a missing append-only file, and of nothing else.",
  "store.requests.abort": "Who no longer waits is free at once.",
  "store.requests.answers": "Every worker that is asked answers, and no other.",
  "store.requests.failed": "A worker that fails at a request says so at once, and answers the next.",
  "store.requests.fresh": "What a worker has done for a request is seen by who has asked.",
  "store.requests.large": "An answer may have megabytes, and nothing of it stays in Redis.",
  "store.requests.lost": "An answer of a worker whose announcement was lost is found soon.",
  "store.requests.silent": "A worker that gives no answer is waited for only so long.",
  "store.retention": "A finished job expires by itself after its retention.",
  "store.retry.anew": "A job that is opened again has its whole time, and no cancel of before.",
  "store.retry.busy": "A retry works while the queue holds the old attempt's entry.",
  "store.retry.cut": "The sweeper queues a job whose retry was cut off after the record.",
  "store.retry.follow": "A reader at the old end gets what a retry adds.",
  "store.retry.journal": "A failed job goes on with its finished steps as a new attempt.",
  "store.retry.many": "Retries in bulk by filter, newest first.",
  "store.retry.many.batch": "A retry in bulk keeps to its batch and its tenant.",
  "store.retry.refused": "Only a failed or cancelled job is reopened, once, by its tenant.",
  "store.retry.start": "A job that begins anew sees none of its earlier steps or approvals.",
  "store.run": "A finished job leaves nothing in BullMQ.",
  "store.run.bug": "A bug fails the job with `internal_error` and says no more.",
  "store.run.concurrency": "A worker runs at most so many jobs at once.",
  "store.run.cost": "A tool job takes eight script calls, and shares a ninth with others.",
  "store.run.drain": "A draining worker takes no more jobs and lets those that run finish.",
  "store.run.hand-back": "A job that outlasts the drain timeout goes back to the queue.",
  "store.run.large-request": "A request that is too large to travel with the queue entry is fetched.",
  "store.run.timeout": "A job is aborted at its deadline and fails with `timeout`.",
  "store.run.timeout.over": "The deadline of a job that has ended aborts nothing any more.",
  "store.scan.leading": "Of an event that is cut off its whole members are read.",
  "store.scan.names": "A call is found by its whole id, wherever that stands in its event.",
  "store.scan.parts": "Redis looks at a few megabytes of a long log in one go.",
  "store.step.repeated": "A command that the client library repeats writes once.",
  "store.submit": "A submission writes record, log, index and queue entry, and leaves no note.",
  "store.submit.beside":
    "A submission hears its own outcome whatever Redis refuses of one that is written with it.",
  "store.submit.late": "A submission that has waited for longer than its request does is not written.",
  "store.submit.unnoted": "A job whose note Redis refuses is let in, or nothing of it is left.",
  "store.sweep.index": "Index entries of expired jobs are taken out, and no others.",
  "store.sweep.isolated": "A repair of the sweeper that fails is named in the log, and the others are made.",
  "store.sweep.isolated.line": "A line that the sweeper cannot look after holds up none of the others.",
  "store.sweep.isolated.schedule":
    "Schedules that the sweeper cannot plan, however many, hold up none of the others.",
  "store.sweep.isolated.submission":
    "Submissions that the sweeper cannot complete, however many, hold up none of the others.",
  "store.sweep.isolated.timeout":
    "Overdue jobs that cannot be failed, however many, hold up none of the others.",
  "store.sweep.news":
    "A repair of the sweeper that goes on failing is told of once a minute or when the reason changes, and so is that it works again.",
  "store.sweep.nothing-written": "What a submission left that never wrote its record is deleted.",
  "store.sweep.order": "That a starved job cannot be put before others is told, unless it has gone.",
  "store.sweep.repeat": "The sweeper does not delete a job that a repeat has written meanwhile.",
  "store.sweep.submission": "A submission that was cut off is completed.",
  "store.sweep.tenants": "A tenant of whom nothing is left is forgotten, and no other.",
  "store.sweep.tenants.back": "A tenant that comes back just when it is forgotten is known afterwards.",
  "store.sweep.tenants.many": "The sweeper goes in few steps through many tenants who have few jobs.",
  "store.sweep.twice": "A job whose queue entry was there all the same does not run twice.",
  "store.take.all": "Workers overlook no entry of a queue, whenever it comes.",
  "store.take.beside": "A worker that looks into its queue beside its wait, or later, asks Redis.",
  "store.take.once": "A worker is woken once for a queue's entry that comes alone.",
  "store.unknown": "A run knows whether the one before it was cut off and may have begun.",
  "store.unknown.clean": "After a park or a failed attempt nothing is unknown.",
  "store.unknown.entry": "What is known of the runs of one queue entry says nothing of the runs of the next.",
  "store.unknown.hand_back": "A job given back idle is known not to have begun.",
  "store.unknown.held": "A run that died while it waited has begun nothing.",
  "store.unknown.held.before": "A run that waits does not hide what a run before it may have begun.",
  "store.unknown.held.claim": "a run that was claimed as held is known not to have begun until it says so",
  "store.wait": "A waiting submission gets the finished job, however large, or gives up in time.",
  "store.wait.lost": "Who waits for a job's end learns of it although the message was lost.",
  "store.wait.outage": "An accepted job is answered with its id although Redis goes.",
  "store.work.open":
    "Of a job that ends without its executor's word, a call that was begun and has not returned counts as one that has ignored the cancel.",
  "store.work.postponed": "a postponed call is not among those that a job has made",
  "store.write.closing": "An end that Redis refuses for a while is written, and nothing after it.",
  "store.write.failed": "A run writes nothing after what Redis has refused for good.",
  "store.write.late": "A run writes nothing after it has parked its job.",
  "store.write.lost": "A refused write aborts its execution, although nobody waits for it.",
  "store.write.order": "Unawaited writes keep their order, the last step after them, in few commands.",
  "store.write.outage": "Redis killed amid many writes loses and repeats nothing.",
  "store.write.refused": "After the first refusal every write, park and end is refused.",
  "store.write.repeated": "A step whose answer was lost with the connection is written once.",
  "tasks.call": "A tool that runs as a task is called like any other, with progress, also when it fails.",
  "tasks.cancel": "An aborted task call rejects at once and its task is cancelled, with proof.",
  "tasks.cancel.unmade": "A task that is not made within 5 s of its cancelling is given up.",
  "tasks.poll.session":
    "A session that is lost after the task was made is a lost connection; before it, nothing has run.",
  "tasks.poll.unsent":
    "A task is asked for again when a question about it could not be sent, until the call's signal ends.",
  "tasks.refused": "What the server refuses of a task is a refusal, not a lost connection.",
  "testing.documents.links": "Every link between the documents leads to a file, and to a heading in it.",
  "testing.documents.promises":
    "Every promise in docs/guarantees.md names a test, and every test that it names exists.",
  "testing.model.anthropic.stop": "The scripted Anthropic answer has the scripted stop reason.",
  "testing.model.anthropic.strict":
    "The scripted Anthropic server refuses what the provider would, with the place, and no more.",
  "testing.model.anthropic.text":
    "Anthropic's SDK reads scripted text in deltas of the scripted length, pings between.",
  "testing.model.anthropic.thinking": "Scripted thinking comes first and is signed.",
  "testing.model.anthropic.tools":
    "Anthropic's SDK reads parallel tool calls in order, with ids of their own or scripted ones.",
  "testing.model.anthropic.usage": "Anthropic's usage is counted whole at the end, the cache apart.",
  "testing.model.anthropic.whole": "Without streaming Anthropic's SDK gets the same answer as one body.",
  "testing.model.close": "Closing the model server ends open connections and all that waits for requests.",
  "testing.model.errors.body": "A body that is no JSON object is 400.",
  "testing.model.errors.path": "A path that the model server does not have is 404.",
  "testing.model.errors.status": "A scripted error has the provider's own shape, type and Retry-After.",
  "testing.model.errors.stream": "A scripted error within a stream follows its deltas.",
  "testing.model.faults.cut": "A scripted cut ends the connection after so many deltas, which have arrived.",
  "testing.model.faults.malformed": "A scripted line that is no JSON reaches the client.",
  "testing.model.faults.slow": "An answer keeps the scripted pace.",
  "testing.model.faults.stall": "A stalled answer stays open until the client goes, and that is seen.",
  "testing.model.faults.whole": "An answer that is not streamed is cut, spoilt or held back likewise.",
  "testing.model.key": "A key other than the model server's is answered with 401.",
  "testing.model.load": "Very many streams at once are served whole, or end with their clients.",
  "testing.model.openai.stop": "The scripted OpenAI answer has the scripted finish reason or refusal.",
  "testing.model.openai.strict":
    "The scripted OpenAI server refuses what the provider would, with the parameter, and no more.",
  "testing.model.openai.text":
    "OpenAI's SDK reads scripted text in deltas of the scripted length, then [DONE].",
  "testing.model.openai.thinking": "Scripted thinking comes first, as reasoning_content.",
  "testing.model.openai.tools":
    "OpenAI's SDK reads parallel tool calls in order, with ids of their own or scripted ones, even empty.",
  "testing.model.openai.usage":
    "OpenAI's usage comes in a last chunk when it is asked for, the cache included.",
  "testing.model.openai.whole": "Without streaming OpenAI's SDK gets the same answer as one body.",
  "testing.model.program":
    "The model server's program serves a script file to both SDKs and stops cleanly, whatever is under way.",
  "testing.model.program.wrong":
    "A wrong command, script or port ends the program with 1 and a clear message.",
  "testing.model.record": "The latest requests are kept, and can be waited for.",
  "testing.model.script.asked": "{{asked}} becomes what a human said last, in texts and in inputs.",
  "testing.model.script.attempts":
    "Successive requests for one turn of one conversation go through its list.",
  "testing.model.script.last": "{{last}} becomes the text of the last message, tool results included.",
  "testing.model.script.set": "A new script serves from then on, and counts attempts anew.",
  "testing.model.script.turns":
    "The turn is the number of answers since a human spoke; the last entry serves all later ones.",
  "testing.model.script.wrong": "A wrong script is refused with the places of its mistakes.",
  "testing.proxy.black_hole":
    "A black hole of the test proxy swallows silently, and what it held stays dead.",
  "testing.proxy.cut": "A cut breaks every connection through the test proxy, and new ones pass.",
  "testing.proxy.pass": "What both sides send passes the test proxy, until either closes.",
  "testing.proxy.pause": "What is sent during a pause of the test proxy arrives after it.",
  "testing.redis.faults": "The test Redis can be paused, killed and restarted with its data.",
  "testing.redis.folder":
    "The test Redis starts empty whatever lies in the temporary folder, and leaves nothing there.",
  "testing.requirements.cited": "Every promise has a test, and every test a promise.",
  "testing.run.killed": "What a test run has started ends when the run is killed.",
  "timeouts.cool_down": "A job parked for its provider ends at its own deadline.",
  "timeouts.job": "A job whose time is over, in the model or in a tool, fails with `timeout` and stops both.",
  "timeouts.model": "A model's answer that takes too long fails the job with `model_timeout`.",
  "timeouts.queue":
    "A job that nobody starts in time fails with `queue_timeout` and never runs; one that was started is left alone.",
  "timeouts.queue.no_worker":
    "A job that waits too long fails with `queue_timeout` also where there is no worker at all.",
  "timeouts.tool": "A tool that never returns is cut off after `tool_timeout`, and the model is told.",
  "tools.boundaries": "Lint refuses every import across a boundary, and no other.",
  "trace.bad": "A malformed traceparent is refused, and nothing is submitted.",
  "trace.batch":
    "A batch upload's traceparent reaches the tool calls of all its jobs, and a malformed one is refused.",
  "trace.job": "A request's traceparent reaches every tool call of its job, and no reader is shown it.",
  "trace.traceparent": "A call carries its traceparent in `_meta`, in both protocols.",
  "webhook.answer":
    "What a receiver answers is told for what it is: 304 is no redirect, and 101 no failure to reach it.",
  "webhook.approval": "A call that waits for its approval is told when the webhook asks for it.",
  "webhook.approval.decided": "An approval that was decided before it could be told is told no more.",
  "webhook.attempts": "The last 50 attempts of a delivery are kept, and all of them counted.",
  "webhook.config": "Webhook secrets are long enough, and allowed hosts have neither scheme nor port.",
  "webhook.cut":
    "A crash between a job's end and its delivery loses no webhook, and a note that is looked at twice makes one delivery.",
  "webhook.events":
    "Each end of a job is told, also one that no worker wrote, and only the events that the webhook names.",
  "webhook.expire": "A job's deliveries expire with it, and not before.",
  "webhook.expire.decided": "the delivery of an approval that has been decided expires with its job",
  "webhook.expire.lost": "Nothing is left of a job with deliveries whose log is lost.",
  "webhook.expire.pending": "a job stays until its webhook is told, and then for its retention at most",
  "webhook.fair":
    "Receivers that do not answer take a bounded number of places, and hold up nobody else's webhooks.",
  "webhook.fault":
    "A delivery that fails for a fault of the worker's is logged and tried again, and what a receiver refuses is not logged as one.",
  "webhook.gone": "After a 410 no event of the job is sent, unless a replay asks for it.",
  "webhook.independent":
    "A job ends without waiting for its webhook, and jobs without one leave no trace of any.",
  "webhook.input": "A webhook that is not right is refused with its path.",
  "webhook.no_secret": "A worker without a secret leaves deliveries to the workers that have one.",
  "webhook.not_configured": "Without WEBHOOK_SECRET a job with a webhook is refused, and the cure named.",
  "webhook.order": "Deliveries are told in the order of their events, whichever was made first.",
  "webhook.payload":
    "A webhook has the job as it ended, and no request and result when that is longer than 1 MiB.",
  "webhook.payload.limit": "A webhook of exactly 1 MiB has all, and one that is longer is shortened.",
  "webhook.policy":
    "2xx is delivered, 410 is over, all else is tried again with growing, jittered waits for a day.",
  "webhook.port": "A webhook may go to any port, also to one that browsers keep from.",
  "webhook.private": "Private addresses are not reached unless WEBHOOK_ALLOW_HOSTS names them.",
  "webhook.redirect": "A redirect is not followed.",
  "webhook.replay":
    "A delivery can be sent once more, before its time or after its end, and what was planned before does nothing.",
  "webhook.retried": "an end is told although the job was retried before that, and each end once",
  "webhook.retry": "A receiver that fails gets the webhook again, under the same id and with the same body.",
  "webhook.secret": "A key learns the secret of its own webhooks, which is no other key's.",
  "webhook.shutdown": "A worker that shuts down breaks its deliveries off, and another one makes them.",
  "webhook.signed":
    "A webhook is signed as Standard Webhooks, with each secret of the installation, and its URL reaches no log.",
  "webhook.silent":
    "A receiver that never answers is given up on after 10 s, and holds up neither the job nor other webhooks.",
  "webhook.worker_killed": "A delivery whose worker died is made by another, under the same id.",
  "worker.access.away":
    "A tool that a key may not use is refused also while its server is away and lists none.",
  "worker.access.connecting": "a job waits for no server that its key may not use",
  "worker.access.name":
    "A job waits for its server also when several that its key may not use have the tool.",
  "worker.approval.expired":
    "A tool job's call on which nobody decides in time is denied, and its error says so.",
  "worker.approval.late": "A call that needs an approval only when it is sent asks for it then.",
  "worker.config.defaults": "The worker needs only REDIS_URL.",
  "worker.config.overrides": "The environment's settings for MCP servers are passed on.",
  "worker.config.proxy": "A proxy that is no URL is refused with the cure, and its password is never shown.",
  "worker.config.wrong": "The worker's wrong settings are reported together.",
  "worker.health": "The container's check tells whether its worker is in the fleet.",
  "worker.reload.shared": "One reload runs at a time, and all who ask during it share the next.",
  "worker.required.background":
    "A worker that waits for a required server keeps schedules and times in the queue all the same.",
  "worker.required":
    "A worker takes no jobs until its required servers are connected, and says what it waits for.",
  "worker.tool.cancelled_late":
    "Every ending of a tool job's call says under which list a cancel names it, or that it never ran.",
  "worker.tool.hand_back": "A job that still waited for its server at shutdown simply runs elsewhere.",
  "worker.tool.held": "The record tells a call that waits for a place from one that has been sent.",
  "worker.tool.lost": "A server that dies in a call leaves its outcome unknown.",
  "worker.tool.lost.again":
    "A call whose answer was lost is named by a cancel, also when it waited to be made again as its worker left.",
  "worker.tool.stopped":
    "A tool job that is stopped says whether its call may have happened, and only then is not repeated by itself.",
  "worker.tool.timeout": "A call that took too long is not made again by itself, unless that does no harm.",
  "worker.tool.unknown": "A begun call is repeated only where that does no harm.",
  "worker.tool.unknown.approval": "a call that nobody has approved has not been made by a worker that died",
  "worker.tool.unknown.reason":
    "The error of an unknown outcome names a worker's shutdown besides its death.",
  "worker.tool.unknown_server": "A worker without a job's server says that this is so on that worker.",
  "worker.watch":
    "A file that changes is read again however it is saved, and one log line says what was done.",
};
